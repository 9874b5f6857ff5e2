/* Metering: how often each process meets a hook of ours, which is what watching costs it. */
#pragma once

/* So many are counted where they happen before they are added to the process's own figures: a look-up costs more. A power of two. */
#define METERED 32

/* Says in the cookie of a hook that the instruction below it is run out of line, with a trap more. */
#define STEPPED (1ULL << 25)

struct meter {
	u64 calls;   /* system calls on sockets */
	u64 entries; /* hooked functions that were entered */
	u64 returns; /* and whose return was hooked */
	u64 stepped; /* entries at instructions that cost another trap */
};

/* Remembers this of each process that met hooks; forgotten when it ends. The oldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, struct meter);
} meters SEC(".maps");

static __noinline int meter(u64 calls, u64 entries, u64 returns, u64 stepped)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct meter *kept = bpf_map_lookup_elem(&meters, &tgid);
	struct meter first = { .calls = calls, .entries = entries, .returns = returns, .stepped = stepped };

	if (!kept)
		return bpf_map_update_elem(&meters, &tgid, &first, BPF_NOEXIST);
	__sync_fetch_and_add(&kept->calls, calls);
	__sync_fetch_and_add(&kept->entries, entries);
	__sync_fetch_and_add(&kept->returns, returns);
	__sync_fetch_and_add(&kept->stepped, stepped);
	return 0;
}

/* A system call moved bytes on this connection. */
static __always_inline void meter_call(struct connection *of)
{
	if (rarely(++of->calls % METERED == 0))
		meter(METERED, 0, 0, 0);
}
