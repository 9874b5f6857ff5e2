/*
 * Writes that are told when they begin: nothing comes before them then, neither their answer nor what the other end reads.
 * Whether they succeed is known when they return; or, of a session whose writes are sent inside of them, by the call that
 * sends them, and the return is spared.
 *
 * A write that fails, or takes a part, is made again with the same bytes (SSL_write(3)): what was told is not told again.
 */
#pragma once

/* Whether the kernel spares returns that the entry does not want; the collector says so. */
const volatile u32 spares_returns = 0;

/* Longer writes than a signed length says are none. */
#define MOST_WRITTEN 0x7fffffff
/* ERESTARTSYS and what follows: the kernel makes the call again. */
#define RESTARTS 512

/* A record's header and the least that seals it. */
#define LEAST_ADDED (5 + CIPHER_ADDS)

/* Keeps how many bytes of a session's stream were told and not taken, and how its writes are sent. */
static __noinline int keep_ahead(struct session_key *session, struct thread *now, u32 ahead, u32 manner)
{
	struct below *known = bpf_map_lookup_elem(&sessions, session);

	if (known) {
		known->ahead = ahead;
		known->manner = manner;
	}
	if (now->below.ahead != ahead)
		__sync_fetch_and_add(&changes, 1);
	now->below.ahead = ahead;
	now->below.manner = manner;
	return 0;
}

/* A write that was told ahead, and whose return nobody sees, could not be sent as a whole: it will be made again. */
static __noinline int hold_up(struct thread *now)
{
	struct session_key session = { .session = now->session, .tgid = bpf_get_current_pid_tgid() >> 32 };

	now->purpose = 0;
	return keep_ahead(&session, now, now->room, INDIRECT);
}

/*
 * Another call begins, and nothing was sent of the write before: neither whole, nor in part, nor in vain. So it went
 * another way, as into a buffer.
 */
static __noinline int give_up(struct thread *now)
{
	struct session_key session = { .session = now->session, .tgid = bpf_get_current_pid_tgid() >> 32 };

	now->purpose = 0;
	return keep_ahead(&session, now, 0, INDIRECT);
}

/* Bytes went out below the session of a hooked call. */
static __always_inline void went_out(struct thread *now, struct call *moving)
{
	if (moving->left != moving->room) {
		now->sent = NOT_WHOLE;
		if (now->purpose == P_WRITE_AHEAD && moving->room)
			hold_up(now);
		return;
	}
	if (now->sent == NOT_WHOLE)
		return;
	now->sent += moving->left;
	if (now->purpose == P_WRITE_AHEAD && now->sent >= now->room + LEAST_ADDED)
		now->purpose = 0;
}

/* A call that sends failed, and its thread waits for a write to be sent. One that the kernel begins again is no news. */
static __always_inline int sent_nothing(long number, long result)
{
	struct thread *now;

	if ((number != NR_WRITE && number != NR_SENDTO && number != NR_SENDMSG) || result <= -RESTARTS)
		return 0;
	now = thread_now(0);
	return now && now->purpose == P_WRITE_AHEAD ? hold_up(now) : 0;
}

/* Whether a write that begins can be told: its function says what it takes, and its socket is known. */
static __always_inline bool is_tellable(struct thread *now, u8 purpose, u64 cookie)
{
	return (purpose == P_WRITE_EX || purpose == P_WRITE_FLAGS) && now->below.pairing == CERTAIN && !now->is_news &&
	       !(cookie & ON_TRIAL) && now->room && now->room <= MOST_WRITTEN;
}

/* Tells a write that begins, and answers whether its return is wanted. */
static __noinline int tell_ahead(struct session_key *session, struct thread *now, u64 cookie)
{
	u64 again = now->below.ahead, room = now->room;

	if (!is_trusted(cookie))
		return RETURN_WANTED;
	if (again > room) /* against the rules: it is not the same write */
		again = 0;
	struct call *said = &now->held; /* for there is little room on the stack before 6.13 */
	__builtin_memset(said, 0, sizeof(*said));
	said->from = now->from + again;
	said->room = said->left = room - again;
	said->which = (CLEAR * 2 + OUT) | AHEAD;
	said->thread = bpf_get_current_pid_tgid();
	now->is_ahead = 1;
	if (said->left)
		said_in_clear(session, &now->below, said);
	if (!spares_returns || now->below.ahead || now->below.manner != DIRECT || now->outer.purpose)
		return RETURN_WANTED;
	now->purpose = P_WRITE_AHEAD;
	return RETURN_IDLE;
}

/* A write that was told when it began returns. */
static __noinline int confirm(struct session_key *session, struct thread *now, u64 length)
{
	u32 ahead = now->room - length, manner = now->below.manner;

	if (!ahead && manner == UNTRIED && now->sent != NOT_WHOLE && length <= RECORD && seals(now->sent - 5, length))
		manner = DIRECT;
	if (ahead != now->below.ahead || manner != now->below.manner)
		keep_ahead(session, now, ahead, manner);
	return 0;
}
