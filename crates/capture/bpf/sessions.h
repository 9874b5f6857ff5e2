/* TLS sessions: which socket runs below each, and how sure that is. */
#pragma once

/* Sessions that are remembered with their sockets. */
#define SESSIONS 65536

/* What a hooked function does; the collector passes it in the low byte of the hook's cookie. */
enum purpose {
	P_WRITE = 1,
	P_READ = 2,
	P_WRITE_EX = 3,
	P_READ_EX = 4,
	P_HANDSHAKE = 5,
	P_SET_FD = 6,
	P_FREE = 7,
	P_WRITE_FLAGS = 8, /* as P_WRITE_EX, with flags before the result */
	P_WRITE_EARLY = 9, /* as P_WRITE_EX, and what it calls for the same session is part of it; so are those above */
	P_READ_EARLY = 10,
	P_FLUSH = 11, /* writes again what was written before: what it calls for the same session is no news */
	P_GO_WRITE = 12,   /* a write of Go's begins; above the hook stands where its socket's write is */
	P_GO_READ = 13,
	P_GO_WRITTEN = 14, /* a write of Go's returns */
	P_GO_HAS_READ = 15,
	P_GO_CLOSE = 16,
	P_READ_FLAGS = 17, /* as P_READ, with flags */
	P_RUSTLS_WRITE = 18,
	P_RUSTLS_RECEIVED = 19,
	P_RUSTLS_HELD = 20, /* no function: the write returned, and what it took is held */
	P_WRITE_AHEAD = 21, /* no function: the write was told when it began, and waits for the call that sends it */
};

/* Whether a session's writes are sent inside of them, each by calls of its own. */
enum manner {
	UNTRIED = 0,
	DIRECT = 1,   /* one was, as one record */
	INDIRECT = 2, /* one was not, though others were: it is not asked again */
};

struct below {
	struct connection_key key;
	u64 generation; /* of the connection when it was seen; 0: not met yet */
	u32 fd;
	u16 pairing;
	u16 muted; /* bit direction: this way is read at the other end, on this host; above those: the connection is left out */
	u32 ahead; /* bytes that were told of a write which did not take them: the next one brings them again */
	u32 manner;
};

/* A hooked call in which another session is used: TLS through a proxy that is spoken to over TLS. */
struct outer {
	u64 session;
	u64 from;
	u64 room;
	u64 result;
	u64 stack;
	u32 purpose; /* 0: there is none */
	u32 is_ahead;
};

/* What a thread does with TLS: its hooked call, and its last read of TLS records outside of any. */
struct thread {
	u64 session;
	u64 from;
	u64 room;
	u64 result;
	u64 stack;
	u32 purpose;	   /* 0: the call returned */
	u32 is_news;	   /* whether `below` was found inside this very call */
	u64 recalled;	   /* `changes` when `below` was looked up */
	struct below below; /* the socket below the session, as it was known or is found now; pairing 0: not yet */
	struct below read; /* the socket of that read; pairing 0: none yet */
	u64 reader;	   /* the session that took the read for its own */
	u64 is_go;	   /* whether its process is known to run Go's TLS */
	u32 entries;	   /* of hooked functions, that were not added to its process's yet */
	u32 returns;
	u32 stepped;
	u32 sent;	   /* bytes that went out inside of the hooked call, all that were to; NOT_WHOLE: or not all */
	u64 is_ahead;	   /* whether the hooked call is a write that was told when it began */
	u64 has_memory;	   /* what the session reads waits in memory, and is found there */
	struct call held;  /* what is written, and told at once or when the socket sends it */
	struct outer outer; /* the call around the hooked one */
	struct trial trial;
};

/* Remembers this of each thread that has to do with TLS; forgotten with the thread. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads SEC(".maps");

struct session_key {
	u64 session;
	u64 tgid;
};

/* Remembers which socket is below a session; forgotten when the library frees it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SESSIONS);
	__type(key, struct session_key);
	__type(value, struct below);
} sessions SEC(".maps");

/* Whether this connection is known for certain to be the one below. */
static __always_inline bool is_below(struct below *below, struct connection *of, struct connection_key *key)
{
	return below->pairing == CERTAIN && below->key.socket == key->socket && below->key.peer == key->peer &&
	       below->generation == of->name.generation;
}

/* What this thread does with TLS; null where it did nothing so far. */
static __always_inline struct thread *thread_now(u64 flags)
{
	return bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, flags);
}

/* A hooked function was entered. */
static __always_inline void meter_entry(struct thread *now, u64 cookie)
{
	now->stepped += cookie & STEPPED ? 1 : 0;
	if (rarely(++now->entries >= METERED)) {
		meter(0, now->entries, now->returns, now->stepped);
		now->entries = now->returns = now->stepped = 0;
	}
}

#define NOT_WHOLE (~0u)

static __always_inline void point(struct below *to, struct connection *of, struct connection_key *key, u32 fd, u32 pairing)
{
	to->key = *key;
	to->generation = of->name.generation;
	to->fd = fd;
	to->pairing = pairing;
	to->muted = 0;
	to->ahead = 0;
	to->manner = UNTRIED;
}

#include "arrivals.h"

/* Bytes passed inside a hooked call on a socket that is not known to be its session's: it is, if they are TLS records. */
__noinline int find(struct connection *of, struct connection_key *key, u32 fd, struct call *moving, struct thread *now)
{
	u8 opening[16] = {};

	if (!of || !key || !moving || !now)
		return 0;
	if (!moving->room)
		next_buffer(moving);
	if (shape_of(moving, opening) == NO_TLS)
		return 0;
	point(&now->below, of, key, fd, CERTAIN);
	now->is_news = 1;
	return 1;
}

/* Processes that run Go's TLS: a call goes on in threads that no call began in. Forgotten when they end or start a program. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, u8);
} go_processes SEC(".maps");

/* Whether there was any: most hosts have none, and ask no further. */
u64 some_go = 0;

static __always_inline bool is_of_go(struct thread *now)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (now && now->is_go)
		return true;
	return rarely(some_go) && bpf_map_lookup_elem(&go_processes, &tgid);
}

/* Whether there was any process with the agent for Java. */
u64 some_java = 0;

/* In `ahead.h`, `rustls.h`, `go.h` and `java.h`. */
static void went_out(struct thread *now, struct call *moving);
static int rustls_sends(struct connection *of, struct connection_key *key, u32 fd, struct call *moving, struct thread *now);
static int go_noticed(struct connection *of, struct connection_key *key, u32 fd, struct call *moving);
static int java_received(struct connection *of, struct connection_key *key, u32 fd, struct call *moving);

/*
 * Bytes passed on a socket with ciphertext, or in `moving`, which may be looked at: if the thread is inside a hooked
 * call, and they are TLS records, it is that session's socket. Go is asked where what passes is settled: before, there is a
 * handshake, and too little room on the stack.
 */
static __always_inline int notice(struct connection *of, struct connection_key *key, u32 fd, struct call *moving, bool is_settled)
{
	struct thread *now = thread_now(0);

	if (now && rarely(now->trial.cookie))
		weigh(&now->trial, moving, now->purpose);
	if (now && rarely(now->purpose == P_RUSTLS_HELD))
		return is_settled ? rustls_sends(of, key, fd, moving, now) : 0;
	if (now && now->purpose) {
		if (is_below(&now->below, of, key)) {
			if (moving->which == OUT)
				went_out(now, moving);
			return 1;
		}
		if (now->purpose != P_WRITE_AHEAD)
			return find(of, key, fd, moving, now);
	}
	if (is_of_go(now))
		return is_settled ? go_noticed(of, key, fd, moving) : 0;
	/* A socket whose session is known is no other one's. */
	if (moving->which != IN || (of->flags & PAIRED))
		return 0;
	if (rarely(some_java) && java_received(of, key, fd, moving))
		return 0;
	arrived(of, key, fd, moving);
	if (moving->is_ring) /* which tells what several reads brought at once */
		return 0;
	if (!now)
		now = thread_now(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (now) {
		point(&now->read, of, key, fd, LIKELY);
		now->reader = 0;
		/* What a thread reads before its first hooked call may be what that call is compared with. */
		if (rarely(trials && !now->session))
			weigh(&now->trial, moving, 0);
	}
	return 0;
}

/* A session without a socket is a connection of its own, until its socket is found. */
static __always_inline struct connection_key unpaired(struct session_key *session)
{
	struct connection_key key = { .socket = session->session, .peer = session->tgid << 32 | 1 };
	return key;
}

/*
 * Keeps the socket of a session; what was told of the session alone is over. Static, as all below that ask a map with
 * their arguments: in a function that is verified by itself, 6.1 lets no argument's memory be a key.
 */
static __noinline int remember(struct session_key *session, struct below *below)
{
	struct connection_key alone = unpaired(session);
	struct connection *before = bpf_map_lookup_elem(&connections, &alone);

	bpf_map_update_elem(&sessions, session, below, BPF_ANY);
	__sync_fetch_and_add(&changes, 1);
	if (before) {
		end(before);
		bpf_map_delete_elem(&connections, &alone);
	}
	return 0;
}

static __always_inline bool is_writing(u32 purpose)
{
	return purpose == P_WRITE || purpose == P_WRITE_EX || purpose == P_WRITE_FLAGS || purpose == P_WRITE_EARLY ||
	       purpose == P_FLUSH || purpose == P_RUSTLS_WRITE;
}

/* The thread's session uses its socket: what was read there is its own, or one that begins next would take it. */
static __always_inline void take(struct thread *now)
{
	if (now->read.key.socket == now->below.key.socket)
		now->reader = now->session;
}

/*
 * Finds the socket below the session of a call that returns, where it was neither known for certain nor seen inside the
 * call: the one that was read just before. A call that wrote `length` bytes may have finished the handshake, which took
 * what was read (Node's first request); one that only tried to says nothing of it.
 */
static __noinline int pair(struct session_key *session, struct thread *now, u32 purpose, u64 length)
{
	struct below *known;

	if (!now->below.pairing) {
		known = bpf_map_lookup_elem(&sessions, session); /* another thread may have found it meanwhile */
		if (known)
			now->below = *known;
	}
	if (now->below.pairing == CERTAIN || (is_writing(purpose) && (!length || now->reader)))
		return 0;
	if (now->below.pairing && purpose != P_HANDSHAKE) {
		take(now);
		return 0;
	}
	if (!now->read.pairing || now->has_memory || (now->reader && now->reader != session->session))
		return 0;
	now->reader = session->session;
	now->below = now->read;
	return remember(session, &now->below);
}

__noinline int tell_secured(struct connection *of, u32 pairing)
{
	struct head *record;

	if (!of)
		return 0;
	record = reserve(sizeof(*record));
	if (!record)
		return 0;
	begin(record, of, SECURED, bpf_get_current_pid_tgid());
	record->detail = pairing;
	bpf_ringbuf_submit(record, wake());
	of->pairing = pairing;
	return 0;
}

/* The connection below the session, or the session alone. */
static __always_inline struct connection *below_of(struct session_key *session, struct below *below,
						   struct connection_key *key, u32 *fd, u32 *pairing)
{
	struct connection *of;

	if (below->pairing) {
		*key = below->key;
		*fd = below->fd;
		*pairing = below->pairing;
		of = bpf_map_lookup_elem(&connections, key);
		if (of && of->transport && (!below->generation || below->generation == of->name.generation))
			return of;
	}
	*key = unpaired(session);
	*fd = ~0u;
	*pairing = GUESSED;
	of = bpf_map_lookup_elem(&connections, key);
	return of ? of : fresh(key);
}

/* In `below.muted`: each way is read at the other end; the connection is left out. */
enum { MUTED_OUT = 1 << OUT, MUTED_IN = 1 << IN, LEFT_OUT = 4 };

/* Keeps of a session that its calls need not be listened to, and why. */
static __always_inline void mute(struct session_key *session, u16 why)
{
	struct below *known = bpf_map_lookup_elem(&sessions, session);

	if (!known || (known->muted & why))
		return;
	known->muted |= why;
	__sync_fetch_and_add(&changes, 1);
}

static __noinline int set_fd(struct session_key *session, u32 fd)
{
	struct below below = { .fd = fd, .pairing = CERTAIN };
	struct connection *of;
	u64 inode = 0;

	below.key.socket = (u64)socket_of(fd, &inode);
	if (!below.key.socket)
		return 0;
	of = bpf_map_lookup_elem(&connections, &below.key);
	if (of)
		below.generation = of->name.generation;
	return remember(session, &below);
}

static __noinline int freed(struct session_key *session)
{
	struct below *known = bpf_map_lookup_elem(&sessions, session);
	struct connection_key alone = unpaired(session);
	struct thread *now = thread_now(0);
	struct connection *of;

	/* The next session may stand at the same address. */
	if (now && now->reader == session->session)
		now->read.pairing = NOT_PAIRED;
	if (known) {
		of = bpf_map_lookup_elem(&connections, &known->key);
		if (of)
			of->flags &= ~PAIRED;
		bpf_map_delete_elem(&sessions, session);
		__sync_fetch_and_add(&changes, 1);
	}
	of = bpf_map_lookup_elem(&connections, &alone);
	if (!of)
		return 0;
	end(of);
	bpf_map_delete_elem(&connections, &alone);
	return 0;
}

/*
 * Looks up what is known below a session. That a way is read at the other end holds while its connection lives; that it is
 * left out, until it is judged otherwise.
 */
static __noinline int recall(struct session_key *session, struct thread *now)
{
	struct below none = {}, *known;
	struct connection *of;

	now->session = session->session;
	now->recalled = *(volatile u64 *)&changes;
	now->is_news = 0;
	known = bpf_map_lookup_elem(&sessions, session);
	now->below = known ? *known : none;
	if (!now->below.muted)
		return 0;
	of = bpf_map_lookup_elem(&connections, &now->below.key);
	if (!of || of->name.generation != now->below.generation || now->below.pairing != CERTAIN)
		now->below.muted = 0;
	else if (!of->fate || of->judged != version)
		now->below.muted &= ~LEFT_OUT;
	return 0;
}
