/* TLS libraries: what a program writes and reads in clear, by the functions that it calls. */
#pragma once

static __always_inline void count_seen(struct call *call)
{
	count(SEEN_CALLS, 1);
	count(SEEN_BYTES, call->left);
}

/* Bytes passed in clear above a connection that is left out: it is not listened to any more. */
__noinline int said_left_out(struct session_key *session, struct connection *of, u32 pairing, struct call *call)
{
	if (!session || !of || !call)
		return 0;
	of->flags |= CIPHERTEXT | HAS_SAID | (pairing == CERTAIN ? PAIRED : 0);
	struct session_key key = *session;
	mute(&key, LEFT_OUT);
	if (of->fate == UNWANTED)
		return 0;
	count_seen(call);
	if (of->twice & 1 << (call->which & 3))
		skip(of, call->which, call->left);
	else
		lose(of, call->which, cause_of(of->fate), call->left);
	return 0;
}

/* Bytes passed in clear above a connection that is owned. */
static __always_inline int said_above(struct session_key *session, struct connection *of, u64 socket, u32 pairing,
				      struct call *call)
{
	if (rarely(of->fate))
		return said_left_out(session, of, pairing, call);
	count_seen(call);
	turns_to_ciphertext(of, call->which, true);
	of->flags |= HAS_SAID | (pairing == CERTAIN ? PAIRED : 0);
	if (is_twice(of, of->transport ? socket : 0, call->which)) {
		skip(of, call->which, call->left);
		mute(session, call->which & 1 ? MUTED_IN : MUTED_OUT);
		return 0;
	}
	if (is_over_rate(call->thread, call->left)) {
		lose(of, call->which, RATE, call->left);
		return 0;
	}
	if (rarely(of->pairing < pairing))
		tell_secured(of, pairing);
	if (is_one_step(of, call))
		return copy(of, call->from, call->left, call->which | LOOKED, call->thread);
	return pass(of, call);
}

/* Bytes passed in clear above the socket `below`. */
static __always_inline int said_in_clear(struct session_key *session, struct below *below, struct call *call)
{
	struct connection_key key;
	struct connection *of;
	u32 fd, pairing;

	of = below_of(session, below, &key, &fd, &pairing);
	if (!of) {
		count(CROWDED, 1);
		return 0;
	}
	if (rarely(is_open(of, call->thread >> 32)))
		judge(of, &key, fd);
	if (rarely(of->fate))
		return said_left_out(session, of, pairing, call);
	if (rarely(!is_owned(of, call->thread >> 32, fd)) && !own(of, &key, fd, call->which & 1)) {
		count_seen(call);
		lose_here(of, of->transport ? key.socket : 0, call->which, call->left);
		return 0;
	}
	return said_above(session, of, key.socket, pairing, call);
}

/* What becomes of a call that was entered. */
enum { RETURN_WANTED = 0, RETURN_IDLE = 1 };

#include "ahead.h"
#include "rustls.h"

/* Keeps the call that goes on behind the one that begins. */
static __always_inline void set_aside(struct thread *now)
{
	now->outer.session = now->session;
	now->outer.from = now->from;
	now->outer.room = now->room;
	now->outer.result = now->result;
	now->outer.stack = now->stack;
	now->outer.purpose = now->purpose;
	now->outer.is_ahead = now->is_ahead;
}

/* A call stands where another one stood: the return of that was missed, and what was found since is not its own. */
static __always_inline void forget(struct thread *now, u64 stack)
{
	now->recalled = changes - 1;
	if (stack >= now->outer.stack)
		now->outer.purpose = 0;
}

/*
 * The session of the call that was set aside has no socket of its own, so it goes over the connection of the one that
 * returns. What they say are two streams: it is told as a connection of its own, with the same ends.
 */
static __noinline int lend(struct session_key *session, struct below *below)
{
	struct connection_key key = unpaired(session);
	struct connection *lower = bpf_map_lookup_elem(&connections, &below->key), *upper;

	if (!lower || below->pairing != CERTAIN || bpf_map_lookup_elem(&sessions, session) ||
	    bpf_map_lookup_elem(&connections, &key))
		return 0;
	upper = fresh(&key);
	if (!upper)
		return 0;
	upper->local_port = lower->local_port;
	upper->remote_port = lower->remote_port;
	upper->netns = lower->netns;
	upper->is_v6 = lower->is_v6;
	upper->role = lower->role;
	__builtin_memcpy(upper->local, lower->local, 16);
	__builtin_memcpy(upper->remote, lower->remote, 16);
	return 0;
}

/* Goes on with the call that was set aside. */
static __noinline int resume(struct thread *now)
{
	struct session_key session = { .session = now->outer.session, .tgid = bpf_get_current_pid_tgid() >> 32 };

	lend(&session, &now->below);
	recall(&session, now);
	now->from = now->outer.from;
	now->room = now->outer.room;
	now->result = now->outer.result;
	now->stack = now->outer.stack;
	now->purpose = now->outer.purpose;
	now->is_ahead = now->outer.is_ahead;
	now->sent = NOT_WHOLE; /* by the one that returned */
	now->outer.purpose = 0;
	return 0;
}

/* The flag of a read that takes nothing (NSPR's PR_MSG_PEEK). */
#define LOOK_AHEAD 2

/* Whether the collector measures what a hook costs at entry and return; it says so. */
u32 calibrates = 0;

static __always_inline int entered(struct pt_regs *ctx)
{
	u64 thread = bpf_get_current_pid_tgid();
	u64 cookie = bpf_get_attach_cookie(ctx);
	u8 purpose = cookie;
	struct session_key session = { .session = CALLED_WITH_1(ctx), .tgid = thread >> 32 };

	if (rarely(session.tgid == own_tgid)) /* whose own function tells what a hook costs */
		return calibrates ? RETURN_WANTED : RETURN_IDLE;
	if (is_deaf(cookie))
		return RETURN_IDLE;
	if (rarely(purpose == P_SET_FD)) {
		set_fd(&session, CALLED_WITH_2(ctx));
		return RETURN_IDLE;
	}
	if (rarely(purpose == P_FREE)) {
		freed(&session);
		return RETURN_IDLE;
	}
	if (rarely(purpose == P_RUSTLS_RECEIVED)) {
		rustls_received(ctx, &session, bpf_get_attach_cookie(ctx));
		return RETURN_IDLE;
	}
	struct thread *now = thread_now(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!now)
		return RETURN_IDLE;
	meter_entry(now, cookie);
	/*
	 * Reading and writing do a handshake inside, and those of early data read and write: the outer call sees their
	 * system calls. Early data is sent behind the common function, in a buffer that the outer one empties.
	 */
	if (rarely(now->purpose == P_RUSTLS_HELD))
		rustls_tells(now);
	if (rarely(now->purpose == P_WRITE_AHEAD))
		give_up(now);
	if (rarely(now->purpose)) {
		bool is_inside = ctx->sp < now->stack, is_same = now->session == session.session;
		if (is_inside && is_same && (purpose == P_HANDSHAKE || now->purpose >= P_WRITE_EARLY))
			return RETURN_IDLE;
		if (is_inside && !is_same)
			set_aside(now);
		else
			forget(now, ctx->sp);
	}
	if (now->session != session.session || now->recalled != changes)
		recall(&session, now);
	if (rarely(now->below.pairing != CERTAIN))
		match(&session, now);
	if (purpose != P_HANDSHAKE && (now->below.muted & (LEFT_OUT | (is_writing(purpose) ? MUTED_OUT : MUTED_IN)))) {
		now->purpose = 0;
		take(now);
		if (rarely(now->outer.purpose))
			resume(now);
		return RETURN_IDLE;
	}
	now->from = CALLED_WITH_2(ctx);
	now->room = CALLED_WITH_3(ctx);
	now->result = CALLED_WITH_4(ctx);
	now->stack = ctx->sp;
	now->purpose = purpose;
	now->sent = 0;
	now->is_ahead = 0;
	if (rarely(cookie & ON_TRIAL))
		try(&now->trial, cookie);
	if (rarely(purpose == P_RUSTLS_WRITE))
		rustls_writes(now, CALLED_WITH_2(ctx));
	if (purpose == P_WRITE_FLAGS) {
		/* Apart from the one above, or clang makes one read of a computed place in the context, which is refused. */
		u64 fifth = CALLED_WITH_5(ctx);
		barrier_var(fifth);
		now->result = fifth;
	}
	return is_tellable(now, purpose, cookie) ? tell_ahead(&session, now, cookie) : RETURN_WANTED;
}

/* How many bytes the returning call moved: 0 for a failed one, which will be tried again and is then counted. */
static __always_inline u64 moved_in_clear(struct thread *now, s32 returned)
{
	u64 length = returned;

	if (returned <= 0 || now->purpose == P_HANDSHAKE || now->purpose == P_FLUSH)
		return 0;
	if (now->purpose == P_READ_FLAGS)
		return now->result & LOOK_AHEAD ? 0 : length;
	if (now->purpose != P_WRITE && now->purpose != P_READ && now->purpose != P_RUSTLS_WRITE) {
		length = 0;
		if (bpf_probe_read_user(&length, sizeof(length), (void *)now->result))
			count(FAULTS, 1);
	}
	return length;
}

static __always_inline int told(struct pt_regs *ctx, struct thread *now, u64 cookie)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct session_key session = { .session = now->session, .tgid = thread >> 32 };
	u32 purpose = now->purpose;
	u64 length = moved_in_clear(now, RETURNED(ctx));
	now->purpose = 0;
	if (!is_trusted(cookie))
		return 0;
	if (rarely(now->is_news)) {
		now->is_news = 0;
		remember(&session, &now->below);
	} else if (rarely(now->below.pairing != CERTAIN))
		pair(&session, now, purpose, length);
	/* GnuTLS sends what it took from the call before, which failed, when it is called without bytes: those are lost. */
	if (rarely(length > now->room && now->from)) {
		violate(cookie);
		return 0;
	}
	if (now->is_ahead)
		return confirm(&session, now, length);
	if (!length)
		return 0;
	if (rarely(cookie & ON_TRIAL) &&
	    !is_believed(&now->trial, cookie, length, now->room, (is_writing(purpose) ? OUT : IN) | (now->below.pairing ? 2 : 0)))
		return 0;
	struct call said = {
		.from = now->from, .room = length, .left = length, .which = CLEAR * 2 + OUT, .thread = thread,
	};
	if (!is_writing(purpose))
		said.which = CLEAR * 2 + IN;
	if (rarely(purpose == P_RUSTLS_WRITE && !now->result && now->below.pairing != CERTAIN)) {
		now->held = said;
		now->purpose = P_RUSTLS_HELD;
		return 0;
	}
	if (rarely(purpose == P_RUSTLS_WRITE && now->result)) {
		said.vector = now->from;
		said.vectors = now->result;
		said.room = 0;
	}
	return said_in_clear(&session, &now->below, &said);
}

static __always_inline int left(struct pt_regs *ctx)
{
	struct thread *now = thread_now(0);
	u64 cookie = bpf_get_attach_cookie(ctx);

	if (rarely(!now || !now->purpose || now->purpose != (u8)cookie))
		return 0;
	/* The return of a call that was not followed, inside of this one: a return is at most its address above the entry. */
	if (rarely(ctx->sp - now->stack > sizeof(u64)))
		return 0;
	now->returns++;
	told(ctx, now, cookie);
	if (rarely(now->outer.purpose))
		resume(now);
	return 0;
}

/*
 * One hook for entry and return, which spares the return where the entry says so (6.13). At the return, the program is not
 * at the function's own place any more.
 */
SEC("uprobe.session")
int entered_or_left(struct pt_regs *ctx)
{
	if (bpf_get_func_ip(ctx) == CALLED_AT(ctx))
		return entered(ctx);
	left(ctx);
	return 0;
}

/* One hook for many places where the kernel can (6.6); else one for each place. */
SEC("uprobe.multi")
int entered_many(struct pt_regs *ctx)
{
	entered(ctx);
	return 0;
}

SEC("uprobe.multi")
int left_many(struct pt_regs *ctx)
{
	left(ctx);
	return 0;
}

SEC("uprobe")
int entered_one(struct pt_regs *ctx)
{
	entered(ctx);
	return 0;
}

SEC("uprobe")
int left_one(struct pt_regs *ctx)
{
	left(ctx);
	return 0;
}
