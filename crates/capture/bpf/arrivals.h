/* Arrivals: what a session finds in its memory is what some read brought, whichever thread made that: so its socket is certain. */
#pragma once

/*
 * Bytes that are compared: a record's header, and more random ones or ciphertext than could be alike by chance. What is
 * shorter, an alert, is not kept.
 */
#define ARRIVAL 24
/* Reads that wait to be found in a session: of 40 connections at once, 100 each. */
#define ARRIVALS 4096
/* Calls on a connection after which its session will not be found any more: it is dark, or has no memory of this kind. */
#define PATIENCE 1024

struct arrival {
	u32 tgid;
	u8 bytes[ARRIVAL];
};

/* Remembers the socket of each read that no session was found for; the oldest go. Two that are alike say nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARRIVALS);
	__type(key, struct arrival);
	__type(value, struct below);
} arrivals SEC(".maps");

/* Ciphertext was read outside of any hooked call, on a socket whose session is not known. */
__noinline int arrived(struct connection *of, struct connection_key *key, u32 fd, struct call *moving)
{
	struct arrival arrival = { .tgid = bpf_get_current_pid_tgid() >> 32 };
	struct below below = {}, *other;

	if (!of || !key || !moving || of->calls > PATIENCE)
		return 0;
	if (!moving->room)
		next_buffer(moving);
	if (moving->left < ARRIVAL || moving->room < ARRIVAL ||
	    bpf_probe_read_user(arrival.bytes, ARRIVAL, (void *)moving->from))
		return 0;
	struct connection_key own = *key;
	point(&below, of, &own, fd, CERTAIN);
	other = bpf_map_lookup_elem(&arrivals, &arrival);
	if (other && (!other->pairing || other->key.socket != own.socket || other->generation != below.generation))
		below.pairing = NOT_PAIRED;
	bpf_map_update_elem(&arrivals, &arrival, &below, BPF_ANY);
	return 0;
}
