/* Memories: what waits for a session that never sees its socket, and by that the socket. */
#pragma once

/* A memory holds no more; where more seems to be, there is none. */
#define MOST (1ULL << 30)

static __always_inline u64 word_at(u64 address)
{
	u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (void *)address);
	return word;
}

/* How OpenSSL's memory for a session begins (`BIO_BUF_MEM`, `BUF_MEM`), and what it says that it is (BIO_TYPE_MEM). */
struct buffer_memory {
	u64 length;
	u64 data;
	u64 room;
};
#define IS_MEMORY 0x401

/* What waits in the memory at `memory`; false where that is something else. */
static __always_inline bool open_memory(u64 memory, struct buffer_memory *waiting)
{
	u64 reading = memory ? word_at(memory + 8) : 0;

	if (!reading || bpf_probe_read_user(waiting, sizeof(*waiting), (void *)reading))
		return false;
	return waiting->length <= waiting->room && waiting->room < MOST && (waiting->data || !waiting->length);
}

/*
 * What waits to be read by a session of OpenSSL's, if that is in memory. Where its parts stand differs by version: SSL keeps
 * its BIO at 16 (1.1, 3.0) or further on (3.2: 80), a BIO its kind at 0 (1.1) or 8, and what is behind it at 56 or 64.
 * Whatever else stands there does not say that it is a memory, and at last the bytes must be those of a read.
 */
static __noinline bool find_memory(u64 session, struct buffer_memory *waiting)
{
	const u32 places[] = { 16, 72, 80, 88 };

#pragma unroll
	for (u32 i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		u64 bio = word_at(session + places[i]);
		if (!bio)
			continue;
		if ((u32)word_at(word_at(bio + 8)) == IS_MEMORY &&
		    (open_memory(word_at(bio + 64), waiting) || open_memory(word_at(bio + 56), waiting)))
			return true;
		if ((u32)word_at(word_at(bio)) == IS_MEMORY && open_memory(word_at(bio + 56), waiting))
			return true;
	}
	return false;
}

/*
 * Looks for the socket of a session that is about to read: what waits in its memory begins with what a read brought, or
 * has no known beginning, and then nothing is guessed.
 */
static __noinline int match(struct session_key *session, struct thread *now)
{
	struct arrival arrival = { .tgid = session->tgid };
	struct buffer_memory waiting = {};
	struct connection *of;
	struct below *found;

	now->has_memory = find_memory(session->session, &waiting);
	if (!now->has_memory || waiting.length < ARRIVAL ||
	    bpf_probe_read_user(arrival.bytes, ARRIVAL, (void *)waiting.data))
		return 0;
	found = bpf_map_lookup_elem(&arrivals, &arrival);
	if (!found || found->pairing != CERTAIN)
		return 0;
	of = bpf_map_lookup_elem(&connections, &found->key);
	if (!of || of->name.generation != found->generation)
		return 0;
	now->below = *found;
	bpf_map_delete_elem(&arrivals, &arrival);
	return remember(session, &now->below);
}
