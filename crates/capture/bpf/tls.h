/* TLS libraries: what a program writes and reads in clear, and which socket runs below it. */
#pragma once

/* Threads that are inside a hooked function at once. */
#define THREADS 16384
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
};

struct below {
	struct connection_key key;
	u64 generation; /* of the connection when it was seen; 0: not met yet */
	u32 fd;
	u32 pairing;
};

/* A thread's call that has not returned, or its last one. */
struct inside {
	u64 session;
	u64 from;
	u64 room;
	u64 result;
	u32 purpose;	   /* 0: it returned */
	u32 is_seen;	   /* whether TLS records moved on that socket inside this very call */
	struct below seen; /* the socket on which this thread last saw the session's TLS records; pairing 0: none yet */
};

/* Remembers the hooked call of each thread, and is used again for its next one; the threads silent longest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, THREADS);
	__type(key, u64);
	__type(value, struct inside);
} calls SEC(".maps");

/* A thread's last read of TLS records outside of any hooked call, and the session that took it for its own. */
struct sighting {
	struct below below;
	u64 session;
};

/* Remembers each thread's last such read; forgotten by use. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, THREADS);
	__type(key, u64);
	__type(value, struct sighting);
} sightings SEC(".maps");

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

static __always_inline bool is_own(struct connection_key *a, struct connection_key *b)
{
	return a->socket == b->socket && a->peer == b->peer;
}

/* The call that this thread is inside of. */
static __always_inline struct inside *call_of(u64 thread)
{
	struct inside *call = bpf_map_lookup_elem(&calls, &thread);

	return call && call->purpose ? call : 0;
}

/* Keeps the last read of a thread outside of any call in place: to insert anew costs several times as much. */
static __always_inline void sight(u64 thread, struct below *below)
{
	struct sighting *before = bpf_map_lookup_elem(&sightings, &thread);
	struct sighting sighting = { .below = *below };

	if (before)
		*before = sighting;
	else
		bpf_map_update_elem(&sightings, &thread, &sighting, BPF_ANY);
}

/*
 * Bytes passed on a socket with ciphertext, or in `moving`, which may be looked at: if the thread is inside a hooked
 * call, and they are TLS records, it is that session's socket.
 */
__noinline int notice(struct connection *of, struct connection_key *key, u32 fd, struct call *moving)
{
	u64 thread = bpf_get_current_pid_tgid();

	if (!of || !key || !moving)
		return 0;
	struct inside *call = call_of(thread);
	struct below below = { .key = *key, .generation = of->name.generation, .fd = fd, .pairing = LIKELY };
	if (!call) {
		if (moving->which == IN)
			sight(thread, &below);
		return 0;
	}
	if (call->seen.pairing && is_own(&call->seen.key, key) && call->seen.generation == below.generation) {
		call->is_seen = 1;
		return 1;
	}
	u8 opening[16] = {};
	if (shape_of(moving, opening) == NO_TLS)
		return 0;
	below.pairing = CERTAIN;
	call->seen = below;
	call->is_seen = 1;
	return 1;
}

/* A session without a socket is a connection of its own, until its socket is found. */
static __always_inline struct connection_key unpaired(struct session_key *session)
{
	struct connection_key key = { .socket = session->session, .peer = session->tgid << 32 | 1 };
	return key;
}

static __noinline struct below *remember(struct session_key *session, struct below *below)
{
	struct connection_key alone = unpaired(session);
	struct connection *before = bpf_map_lookup_elem(&connections, &alone);

	bpf_map_update_elem(&sessions, session, below, BPF_ANY);
	if (before) {
		end(before);
		bpf_map_delete_elem(&connections, &alone);
	}
	return bpf_map_lookup_elem(&sessions, session);
}

/* Finds the socket below the session of a call that returns: seen inside the call, else known, else read just before. */
static __noinline struct below *pair(struct session_key *session, struct inside *call, u32 purpose)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct below *known = bpf_map_lookup_elem(&sessions, session);
	struct sighting *sighting;

	if (call->is_seen) {
		if (known && is_own(&known->key, &call->seen.key) && known->generation == call->seen.generation)
			return known;
		return remember(session, &call->seen);
	}
	if (known && (known->pairing == CERTAIN || purpose != P_HANDSHAKE))
		return known;
	if (purpose == P_WRITE || purpose == P_WRITE_EX || purpose == P_WRITE_FLAGS)
		return known;
	sighting = bpf_map_lookup_elem(&sightings, &thread);
	if (!sighting || (sighting->session && sighting->session != session->session))
		return known;
	sighting->session = session->session;
	struct below below = sighting->below;
	return remember(session, &below);
}

static __always_inline void tell_secured(struct connection *of, u8 pairing)
{
	struct head *record;

	if (of->pairing >= pairing)
		return;
	record = reserve(sizeof(*record));
	if (!record)
		return;
	begin(record, of, SECURED, bpf_get_current_pid_tgid());
	record->detail = pairing;
	bpf_ringbuf_submit(record, wake());
	of->pairing = pairing;
}

/* The connection below the session, or the session alone. */
static __always_inline struct connection *below_of(struct session_key *session, struct below *below,
						   struct connection_key *key, u32 *fd, u32 *pairing)
{
	struct connection *of;

	if (below) {
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

/* Bytes passed in clear above the socket `below`. */
static __noinline int said_in_clear(struct session_key *session, struct below *below, struct call *call)
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
	of->flags |= CIPHERTEXT | HAS_SAID;
	if (!own(of, &key, fd, call->which & 1)) {
		lose(of, call->which, RING_FULL, call->left);
		return 0;
	}
	if (is_twice(of, of->transport ? key.socket : 0, call->which)) {
		of->ways[call->which & 3].position += call->left;
		count(TWICE_BYTES, call->left);
		return 0;
	}
	tell_secured(of, pairing);
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

static __always_inline void set_fd(struct session_key *session, u32 fd)
{
	struct below below = { .fd = fd, .pairing = CERTAIN };
	struct connection *of;
	u64 inode = 0;

	below.key.socket = (u64)socket_of(fd, &inode);
	if (!below.key.socket)
		return;
	of = bpf_map_lookup_elem(&connections, &below.key);
	if (of)
		below.generation = of->name.generation;
	remember(session, &below);
}

static __always_inline void freed(struct session_key *session)
{
	struct connection_key alone = unpaired(session);
	struct connection *of = bpf_map_lookup_elem(&connections, &alone);

	bpf_map_delete_elem(&sessions, session);
	if (!of)
		return;
	end(of);
	bpf_map_delete_elem(&connections, &alone);
}

/* Where this thread's call is kept. */
static __always_inline struct inside *slot_of(u64 thread)
{
	struct inside *slot = bpf_map_lookup_elem(&calls, &thread);
	struct inside none = {};

	if (slot)
		return slot;
	bpf_map_update_elem(&calls, &thread, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&calls, &thread);
}

static __always_inline int entered(struct pt_regs *ctx)
{
	u64 thread = bpf_get_current_pid_tgid();
	u8 purpose = bpf_get_attach_cookie(ctx);
	struct session_key session = { .session = CALLED_WITH_1(ctx), .tgid = thread >> 32 };

	if (session.tgid == own_tgid)
		return 0;
	if (purpose == P_SET_FD) {
		set_fd(&session, CALLED_WITH_2(ctx));
		return 0;
	}
	if (purpose == P_FREE) {
		freed(&session);
		return 0;
	}
	struct inside *call = slot_of(thread);
	if (!call)
		return 0;
	/* Reading and writing do a handshake inside: the outer call sees its system calls. */
	if (purpose == P_HANDSHAKE && call->purpose && call->session == session.session)
		return 0;
	if (call->session != session.session)
		call->seen.pairing = NOT_PAIRED;
	call->session = session.session;
	call->from = CALLED_WITH_2(ctx);
	call->room = CALLED_WITH_3(ctx);
	call->result = CALLED_WITH_4(ctx);
	call->purpose = purpose;
	call->is_seen = 0;
	if (purpose == P_WRITE_FLAGS) {
		/* Apart from the one above, or clang makes one read of a computed place in the context, which is refused. */
		u64 fifth = CALLED_WITH_5(ctx);
		barrier_var(fifth);
		call->result = fifth;
	}
	return 0;
}

/* How many bytes the returning call moved: 0 for a failed one, which will be tried again and is then counted. */
static __always_inline u64 moved_in_clear(struct inside *call, s32 returned)
{
	u64 length = returned;

	if (returned <= 0 || call->purpose == P_HANDSHAKE)
		return 0;
	if (call->purpose == P_WRITE_EX || call->purpose == P_READ_EX || call->purpose == P_WRITE_FLAGS) {
		length = 0;
		if (bpf_probe_read_user(&length, sizeof(length), (void *)call->result))
			count(FAULTS, 1);
	}
	return length;
}

static __always_inline int left(struct pt_regs *ctx)
{
	u64 thread = bpf_get_current_pid_tgid();
	u64 cookie = bpf_get_attach_cookie(ctx);
	struct inside *call = call_of(thread);

	if (!call || call->purpose != (u8)cookie)
		return 0;
	struct session_key session = { .session = call->session, .tgid = thread >> 32 };
	u32 purpose = call->purpose;
	u64 length = moved_in_clear(call, RETURNED(ctx));
	call->purpose = 0;
	if (!is_trusted(cookie))
		return 0;
	struct below *below = pair(&session, call, purpose);
	if (length > call->room) {
		violate(cookie);
		return 0;
	}
	if (!length)
		return 0;
	struct call said = {
		.from = call->from, .room = length, .left = length, .which = CLEAR * 2 + OUT, .thread = thread,
	};
	if (purpose == P_READ || purpose == P_READ_EX)
		said.which = CLEAR * 2 + IN;
	return said_in_clear(&session, below, &said);
}

/* One hook for many places where the kernel can (6.6); else one for each place. */
SEC("uprobe.multi")
int entered_many(struct pt_regs *ctx)
{
	return entered(ctx);
}

SEC("uprobe.multi")
int left_many(struct pt_regs *ctx)
{
	return left(ctx);
}

SEC("uprobe")
int entered_one(struct pt_regs *ctx)
{
	return entered(ctx);
}

SEC("uprobe")
int left_one(struct pt_regs *ctx)
{
	return left(ctx);
}
