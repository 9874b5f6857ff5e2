/* Figures: what was seen, and what became of it; seen = delivered + sealed + twice + lost. */
#pragma once

enum figure {
	SEEN_CALLS,	 /* calls that moved bytes on a socket, or in clear */
	SEEN_BYTES,	 /* bytes that they moved */
	DELIVERED_BYTES, /* copied into the ring */
	SEALED_BYTES,	 /* ciphertext: counted, not copied */
	TWICE_BYTES,	 /* read at the other end of the same connection */
	LOST_BYTES,	 /* one figure for each cause */
	FULL_RING = LOST_BYTES + CAUSES, /* times that a record found no room */
	FAULTS,		 /* times that a program's memory could not be read */
	COMPAT_CALLS,	 /* calls of 32-bit programs on sockets, which are not read */
	VIOLATIONS,	 /* hooked functions that returned more than their buffer holds */
	CROWDED,	 /* calls without a connection entry, because the table refused */
	LOST_LIVES,	 /* starts and ends of processes that found no room */
	UNTOLD_ENDS,	 /* connections that ended and found no room to be told of */
	UNTOLD_BYTES,	 /* bytes lost on them, sealed, or read elsewhere, that no record tells of */
	LEFT_OUT_ENDS,	 /* connections that were left out whole, from their first byte to their end */
	LEFT_OUT_BYTES,	 /* bytes of those, whatever became of them */
	FIGURES,
};

/* Remembers the figures of each processor; nobody forgets them. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FIGURES);
	__type(key, u32);
	__type(value, u64);
} ledger SEC(".maps");

static __always_inline void count(u32 figure, u64 amount)
{
	u64 *total = bpf_map_lookup_elem(&ledger, &figure);
	if (total)
		__sync_fetch_and_add(total, amount); /* a hook may be interrupted by another */
}
