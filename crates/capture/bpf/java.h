/*
 * Java: its TLS is code of the virtual machine, which no hook finds. Where a program has the agent (`java/`), that tells
 * what passes by writing to a file that keeps nothing, at positions that no file has. A session over a socket is told with
 * the socket's descriptor; one that the program itself moves the records of, with a number of its own and the records
 * that it opened: by these the socket is found that they were read from, in whatever thread.
 */
#pragma once

/* A position's highest bits, as the agent has them (`PlainsightTap.WORD`); below stand the kind and the name. */
#define JAVA_WORD 0x504c41
enum {
	JAVA_HELLO = 0,
	JAVA_SOCKET_OUT = 1,
	JAVA_SOCKET_IN = 2,
	JAVA_ENGINE_OUT = 3,
	JAVA_ENGINE_IN = 4,
	JAVA_RECORD = 5, /* the mark of a record that was opened */
	JAVA_GONE = 6,
};
/* Sets the agent's numbers apart from addresses, which other libraries' sessions have. */
#define JAVA_SESSION (1ULL << 63)

/* Processes with the agent. Forgotten when they end or start a program; the oldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, u8);
} java_processes SEC(".maps");

/*
 * Where the mark stands in a record: in a hello's random part, or among what is sealed (`PlainsightTap.MARK_AT`). Not all
 * records have one of their own: a server's session tickets of TLS 1.2 have its key's name there (RFC 5077, section 4), and
 * each HelloRetryRequest the same random (RFC 8446, section 4.1.3).
 */
#define MARK_AT 16
struct java_mark {
	u64 tgid;
	u64 bytes[2];
};

/*
 * Remembers on which socket each record was read whose session is not known; forgotten when it was opened. Two that are
 * alike say nothing. The oldest go.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct java_mark);
	__type(value, struct below);
} java_records SEC(".maps");

static __always_inline bool tells_of_java(u64 position)
{
	return rarely(position >> 40 == JAVA_WORD);
}

static __always_inline void java_runs(u32 tgid)
{
	u8 runs = 1;

	if (bpf_map_lookup_elem(&java_processes, &tgid))
		return;
	bpf_map_update_elem(&java_processes, &tgid, &runs, BPF_ANY);
	some_java = 1;
}

/* TLS records were read on a socket; true in a process whose agent tells whose they are. */
static __noinline int java_received(struct connection *of, struct connection_key *key, u32 fd, struct call *moving)
{
	struct java_mark mark = {};
	struct below below = {}, *other;
	u32 tgid = moving->thread >> 32;

	if (!bpf_map_lookup_elem(&java_processes, &tgid))
		return 0;
	if (!moving->room)
		next_buffer(moving);
	if (moving->room < MARK_AT + sizeof(mark.bytes) || moving->left < MARK_AT + sizeof(mark.bytes))
		return 1;
	mark.tgid = tgid;
	if (bpf_probe_read_user(mark.bytes, sizeof(mark.bytes), (void *)moving->from + MARK_AT))
		return 1;
	point(&below, of, key, fd, CERTAIN);
	other = bpf_map_lookup_elem(&java_records, &mark);
	if (other && (!other->pairing || other->key.socket != below.key.socket || other->generation != below.generation))
		below.pairing = NOT_PAIRED;
	bpf_map_update_elem(&java_records, &mark, &below, BPF_ANY);
	return 1;
}

/* A session opened a record: its socket is the one that was read. */
static __noinline int java_opened(struct session_key *session, u64 from)
{
	struct java_mark mark = { .tgid = session->tgid };
	struct below *found, below;

	if (bpf_probe_read_user(mark.bytes, sizeof(mark.bytes), (void *)from)) {
		count(FAULTS, 1);
		return 0;
	}
	found = bpf_map_lookup_elem(&java_records, &mark);
	if (!found || !found->pairing)
		return 0;
	below = *found;
	bpf_map_delete_elem(&java_records, &mark);
	return remember(session, &below);
}

/* The agent told of something; `said` is the caller's for the sake of the stack. */
static __noinline int java_told(u64 position, u64 from, u64 length, struct call *said)
{
	u64 thread = bpf_get_current_pid_tgid();
	u32 kind = position >> 32 & 0xff, name = position;
	struct session_key session = { .session = JAVA_SESSION | name, .tgid = thread >> 32 };
	struct below below = {}, *known;
	u64 inode = 0;

	java_runs(session.tgid);
	switch (kind) {
	case JAVA_RECORD:
		return java_opened(&session, from);
	case JAVA_GONE:
		return freed(&session);
	case JAVA_SOCKET_OUT:
	case JAVA_SOCKET_IN:
		below.key.socket = (u64)socket_of(name, &inode);
		below.fd = name;
		below.pairing = below.key.socket ? CERTAIN : NOT_PAIRED;
		break;
	case JAVA_ENGINE_OUT:
	case JAVA_ENGINE_IN:
		known = bpf_map_lookup_elem(&sessions, &session);
		if (known)
			below = *known;
		break;
	default:
		return 0;
	}
	said->which = CLEAR * 2 + (kind == JAVA_SOCKET_OUT || kind == JAVA_ENGINE_OUT ? OUT : IN);
	said->from = from;
	said->room = length;
	said->left = length;
	said->thread = thread;
	return said_in_clear(&session, &below, said);
}
