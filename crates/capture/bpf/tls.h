/* TLS libraries: what a program writes and reads in clear, and which socket runs below it. */
#pragma once

/* Sessions that are remembered with their sockets. */
#define SESSIONS 65536
/* Hooks that are told apart; the collector counts beyond by the remainder. */
#define HOOKS 1024
/* Nonsense answers after which a hook is believed no more: one may be a race, three are a wrong place. */
#define VIOLATIONS_ALLOWED 3

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
};

struct below {
	struct connection_key key;
	u64 generation; /* of the connection when it was seen; 0: not met yet */
	u32 fd;
	u16 pairing;
	u16 muted; /* bit direction: this way is read at the other end, on this host */
};

/* A hooked call in which another session is used: TLS through a proxy that is spoken to over TLS. */
struct outer {
	u64 session;
	u64 from;
	u64 room;
	u64 result;
	u64 stack;
	u32 purpose; /* 0: there is none */
	u32 unused;
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
	struct outer outer; /* the call around the hooked one */
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

/* Remembers how often each hook's function answered nonsense; the collector forgets it with the hook. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOOKS);
	__type(key, u32);
	__type(value, u64);
} violations SEC(".maps");

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

static __always_inline void point(struct below *to, struct connection *of, struct connection_key *key, u32 fd, u32 pairing)
{
	to->key = *key;
	to->generation = of->name.generation;
	to->fd = fd;
	to->pairing = pairing;
	to->muted = 0;
}

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

/*
 * Bytes passed on a socket with ciphertext, or in `moving`, which may be looked at: if the thread is inside a hooked
 * call, and they are TLS records, it is that session's socket.
 */
static __always_inline int notice(struct connection *of, struct connection_key *key, u32 fd, struct call *moving)
{
	struct thread *now = thread_now(0);

	if (now && now->purpose) {
		if (is_below(&now->below, of, key))
			return 1;
		return find(of, key, fd, moving, now);
	}
	/* A socket whose session is known is no other one's. */
	if (moving->which != IN || (of->flags & PAIRED))
		return 0;
	if (!now)
		now = thread_now(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (now) {
		point(&now->read, of, key, fd, LIKELY);
		now->reader = 0;
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
	       purpose == P_FLUSH;
}

/*
 * Finds the socket below the session of a call that returns, where it was neither known for certain nor seen inside the
 * call: the one that was read just before.
 */
static __noinline int pair(struct session_key *session, struct thread *now, u32 purpose)
{
	struct below *known;

	if (!now->below.pairing) {
		known = bpf_map_lookup_elem(&sessions, session); /* another thread may have found it meanwhile */
		if (known)
			now->below = *known;
	}
	if (is_writing(purpose) || now->below.pairing == CERTAIN)
		return 0;
	if (now->below.pairing && purpose != P_HANDSHAKE)
		return 0;
	if (!now->read.pairing || (now->reader && now->reader != session->session))
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

/* Keeps of a session that this way is read at the other end. */
static __always_inline void mute(struct session_key *session, u32 direction)
{
	struct below *known = bpf_map_lookup_elem(&sessions, session);

	if (!known)
		return;
	known->muted |= 1 << direction;
	__sync_fetch_and_add(&changes, 1);
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
	count(SEEN_CALLS, 1);
	count(SEEN_BYTES, call->left);
	of->flags |= CIPHERTEXT | HAS_SAID | (pairing == CERTAIN ? PAIRED : 0);
	if (rarely(!is_owned(of, call->thread >> 32, fd)) && !own(of, &key, fd, call->which & 1)) {
		lose(of, call->which, RING_FULL, call->left);
		return 0;
	}
	if (is_twice(of, of->transport ? key.socket : 0, call->which)) {
		skip(of, call->which, call->left);
		mute(session, call->which & 1);
		return 0;
	}
	if (rarely(of->pairing < pairing))
		tell_secured(of, pairing);
	if (is_one_step(of, call))
		return copy(of, call->from, call->left, call->which | LOOKED, call->thread);
	return pass(of, call);
}

static __always_inline bool is_trusted(u64 cookie)
{
	u32 hook = (cookie >> 8) % HOOKS;
	u64 *counted = bpf_map_lookup_elem(&violations, &hook);

	return counted && *counted < VIOLATIONS_ALLOWED;
}

static __always_inline void violate(u64 cookie)
{
	u32 hook = (cookie >> 8) % HOOKS;
	u64 *counted = bpf_map_lookup_elem(&violations, &hook);

	if (counted)
		__sync_fetch_and_add(counted, 1);
	count(VIOLATIONS, 1);
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
	struct connection *of;

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

/* Looks up what is known below a session. That a way is read at the other end holds while its connection lives. */
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
	return 0;
}

/* Keeps the call that goes on behind the one that begins. */
static __always_inline void set_aside(struct thread *now)
{
	now->outer.session = now->session;
	now->outer.from = now->from;
	now->outer.room = now->room;
	now->outer.result = now->result;
	now->outer.stack = now->stack;
	now->outer.purpose = now->purpose;
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
	now->outer.purpose = 0;
	return 0;
}

/* What becomes of a call that was entered. */
enum { RETURN_WANTED = 0, RETURN_IDLE = 1 };

static __always_inline int entered(struct pt_regs *ctx)
{
	u64 thread = bpf_get_current_pid_tgid();
	u8 purpose = bpf_get_attach_cookie(ctx);
	struct session_key session = { .session = CALLED_WITH_1(ctx), .tgid = thread >> 32 };

	if (rarely(session.tgid == own_tgid))
		return RETURN_IDLE;
	if (rarely(purpose == P_SET_FD)) {
		set_fd(&session, CALLED_WITH_2(ctx));
		return RETURN_IDLE;
	}
	if (rarely(purpose == P_FREE)) {
		freed(&session);
		return RETURN_IDLE;
	}
	struct thread *now = thread_now(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!now)
		return RETURN_IDLE;
	/*
	 * Reading and writing do a handshake inside, and those of early data read and write: the outer call sees their
	 * system calls. Early data is sent behind the common function, in a buffer that the outer one empties.
	 */
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
	if (purpose != P_HANDSHAKE && (now->below.muted & (1 << (is_writing(purpose) ? OUT : IN)))) {
		now->purpose = 0;
		if (rarely(now->outer.purpose))
			resume(now);
		return RETURN_IDLE;
	}
	now->from = CALLED_WITH_2(ctx);
	now->room = CALLED_WITH_3(ctx);
	now->result = CALLED_WITH_4(ctx);
	now->stack = ctx->sp;
	now->purpose = purpose;
	if (purpose == P_WRITE_FLAGS) {
		/* Apart from the one above, or clang makes one read of a computed place in the context, which is refused. */
		u64 fifth = CALLED_WITH_5(ctx);
		barrier_var(fifth);
		now->result = fifth;
	}
	return RETURN_WANTED;
}

/* How many bytes the returning call moved: 0 for a failed one, which will be tried again and is then counted. */
static __always_inline u64 moved_in_clear(struct thread *now, s32 returned)
{
	u64 length = returned;

	if (returned <= 0 || now->purpose == P_HANDSHAKE || now->purpose == P_FLUSH)
		return 0;
	if (now->purpose != P_WRITE && now->purpose != P_READ) {
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
		pair(&session, now, purpose);
	/* GnuTLS sends what it took from the call before, which failed, when it is called without bytes: those are lost. */
	if (rarely(length > now->room && now->from)) {
		violate(cookie);
		return 0;
	}
	if (!length)
		return 0;
	struct call said = {
		.from = now->from, .room = length, .left = length, .which = CLEAR * 2 + OUT, .thread = thread,
	};
	if (!is_writing(purpose))
		said.which = CLEAR * 2 + IN;
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
