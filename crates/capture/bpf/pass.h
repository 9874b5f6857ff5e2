/* Passing: walks the buffers of one call and copies them chunk by chunk. */
#pragma once

/* Buffers and chunks looked at in one call: a writev of a web server has up to 64. The rest is lost by limit. */
#define STEPS 96

/* Bytes copied of one call; the rest is lost by limit. */
const volatile u64 call_limit = 256 << 10;

struct call {
	u64 name;    /* user address of the peer's address; 0: none */
	u64 vector;  /* address of the next iovec: a user's, or ours if it is kept */
	u64 from;    /* user address of the next byte */
	u64 room;    /* bytes in the current buffer */
	u64 left;    /* bytes of the call that were not looked at */
	u64 copied;
	u64 thread;  /* that made the call, below its process */
	u16 vectors; /* iovecs that were not looked at */
	u8 is_kept;  /* they were copied when the call began */
	u8 is_ring;  /* an io_uring did it: when it is told so says nothing of what its thread did before */
	u32 which;   /* layer * 2 + direction, and AHEAD */
};

struct vector {
	u64 from;
	u64 length;
};

/* Goes to the next buffer; false when there is none. */
static __always_inline bool next_buffer(struct call *call)
{
	struct vector vector = {};

	if (!call->vectors)
		return false;
	if (call->is_kept ? bpf_probe_read_kernel(&vector, sizeof(vector), (void *)call->vector)
			  : bpf_probe_read_user(&vector, sizeof(vector), (void *)call->vector)) {
		count(FAULTS, 1);
		return false;
	}
	call->vectors--;
	call->vector += sizeof(vector);
	call->from = vector.from;
	call->room = vector.length;
	return true;
}

/* One step of `pass`, a function of its own so that the verifier looks at it once: the next chunk, or the next buffer. */
__noinline int step(struct connection *of, struct call *call)
{
	if (!of || !call)
		return 0;
	u64 length = call->room;
	if (!length)
		return next_buffer(call);
	if (length > call->left)
		length = call->left;
	if (length > CHUNK)
		length = CHUNK;
	if (of->limit && length > of->limit - call->copied)
		length = of->limit - call->copied;
	copy(of, call->from, length, call->which | LOOKED, call->thread);
	call->from += length;
	call->room -= length;
	call->left -= length;
	call->copied += length;
	return 1;
}

__noinline int pass(struct connection *of, struct call *call)
{
	u64 limit = call_limit;
	u32 cause = LIMIT;

	if (!of || !call)
		return 0;
	if (of->limit && of->limit < limit) {
		limit = of->limit;
		cause = BUDGET;
	}
	struct way *way = &of->account.ways[call->which & 3];
	for (u32 i = 0; i < STEPS; i++) {
		if (!call->left || call->copied >= limit)
			break;
		if (owes(way))
			settle(of, call->which);
		if (!step(of, call)) {
			cause = UNSEEN; /* more than the buffers hold: a datagram's cut tail */
			break;
		}
	}
	if (call->left)
		lose(of, call->which, cause, call->left);
	if (owes(way))
		settle(of, call->which);
	return 0;
}

/* Whether the bytes of a call can be copied in one step: they stand together, and nothing is owed before them. */
static __always_inline bool is_one_step(struct connection *of, struct call *call)
{
	return call->left <= CHUNK && (!of->limit || call->left <= of->limit) && call->left <= call->room &&
	       !owes(&of->account.ways[call->which & 3]);
}

/* These bytes are read at the other end. */
static __always_inline void skip(struct connection *of, u32 which, u64 length)
{
	struct way *way = &of->account.ways[which & 3];

	__sync_fetch_and_add(&way->position, length);
	__sync_fetch_and_add(&way->twice, length);
	count(TWICE_BYTES, length);
}

/* Bytes of a connection that found no room to be told of are lost, unless they are read at its other end. */
static __always_inline void lose_here(struct connection *of, u64 socket, u32 which, u64 length)
{
	if (is_twice(of, socket, which))
		skip(of, which, length);
	else
		lose(of, which, RING_FULL, length);
}
