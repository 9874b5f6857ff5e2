/*
 * rustls: it moves no bytes itself. What a program writes is given to it, and is taken or not; what it reads is what a record
 * held. So a session's socket is likely the one that its thread read before a handshake's end, or before a record; and it
 * is certain once the thread sends a record that is long enough for what was written just before. Until then, a write is
 * held: programs move a session after its handshake, and at its new place it is another one.
 */
#pragma once

/* A record holds no more in clear (RFC 8446, section 5.1). */
#define RECORD 16384

/* A `Payload` of rustls 0.23: borrowed or owned, which the first word tells, its bytes and their number follow. */
struct rustls_payload {
	u64 owned;
	u64 from;
	u64 length;
};

/* Its `OutboundChunks`: bytes and their number behind a zero; or pieces, how many, and which bytes of them. */
struct rustls_chunks {
	u64 pieces;
	u64 second;
	u64 third;
	u64 end;
};

/* The buffers of a write: in `from` and `room`, or as many pieces as `result` says. What begins inside a piece is not read. */
static __noinline int rustls_writes(struct thread *now, u64 at)
{
	struct rustls_chunks chunks = {};

	now->from = 0;
	now->room = 0;
	now->result = 0;
	if (bpf_probe_read_user(&chunks, sizeof(chunks), (void *)at)) {
		count(FAULTS, 1);
		return 0;
	}
	if (!chunks.pieces) {
		now->from = chunks.second;
		now->room = chunks.third;
		return 0;
	}
	now->room = chunks.end - chunks.third;
	if (!chunks.third) {
		now->from = chunks.pieces;
		now->result = chunks.second;
	}
	return 0;
}

/* What was held is told of whatever is known to be below. */
static __noinline int rustls_tells(struct thread *now)
{
	struct session_key session = { .session = now->session, .tgid = bpf_get_current_pid_tgid() >> 32 };

	now->purpose = 0;
	return said_in_clear(&session, &now->below, &now->held);
}

/* A record was opened. */
static __always_inline int rustls_received(struct pt_regs *ctx, struct session_key *session, u64 cookie)
{
	struct thread *now = thread_now(BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct rustls_payload payload = {};

	if (!now || !is_trusted(cookie))
		return 0;
	meter_entry(now, cookie);
	if (bpf_probe_read_user(&payload, sizeof(payload), (void *)CALLED_WITH_2(ctx))) {
		count(FAULTS, 1);
		return 0;
	}
	if (rarely(now->purpose == P_RUSTLS_HELD))
		rustls_tells(now);
	if (now->session != session->session || now->recalled != changes)
		recall(session, now);
	if (rarely(now->below.pairing != CERTAIN))
		pair(session, now, P_READ, 0);
	if (rarely(payload.length > RECORD)) {
		violate(cookie);
		return 0;
	}
	struct call said = {
		.from = payload.from, .room = payload.length, .left = payload.length, .which = CLEAR * 2 + IN,
		.thread = bpf_get_current_pid_tgid(),
	};
	return payload.length ? said_in_clear(session, &now->below, &said) : 0;
}

/* Bytes passed on a socket with ciphertext, while a write is held. */
static __noinline int rustls_sends(struct connection *of, struct connection_key *socket, u32 fd, struct call *moving, struct thread *now)
{
	struct session_key session = { .session = now->session, .tgid = bpf_get_current_pid_tgid() >> 32 };
	u8 opening[16] = {};

	if (!moving->room)
		next_buffer(moving);
	if (moving->which != OUT || shape_of(moving, opening) == NO_TLS || !carries(opening, now->held.left))
		return 0;
	point(&now->below, of, socket, fd, CERTAIN);
	remember(&session, &now->below);
	now->recalled = changes;
	now->purpose = 0;
	return said_above(&session, of, socket->socket, CERTAIN, &now->held);
}
