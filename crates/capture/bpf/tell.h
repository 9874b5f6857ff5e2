/* Telling: each record about one connection, written in place in the ring. */
#pragma once

/* `thread` is the thread that acts, below its process, as bpf_get_current_pid_tgid says it. */
static __always_inline void begin(struct head *head, struct connection *of, u8 kind, u64 thread)
{
	head->at = bpf_ktime_get_ns();
	head->generation = of->name.generation;
	head->tgid = of->name.tgid;
	head->fd = of->name.fd;
	head->user = thread >> 32;
	head->kind = kind;
	head->layer = 0;
	head->direction = 0;
	head->detail = 0;
}

/* Tells the collector that the connection exists; false when the ring is full. */
__noinline int announce(struct connection *of, struct connection_key *key, u32 direction)
{
	struct opened *record;

	if (!of || !key)
		return 0;
	u64 socket = of->transport ? key->socket : 0;
	record = reserve(sizeof(*record));
	if (!record)
		return 0;
	__builtin_memset(record, 0, sizeof(*record));
	begin(&record->head, of, OPENED, bpf_get_current_pid_tgid());
	record->head.direction = direction;
	record->partner_generation = of->partner.generation;
	record->partner_tgid = of->partner.tgid;
	record->partner_fd = of->partner.fd;
	record->socket = key->socket;
	record->peer = key->peer;
	record->transport = of->transport;
	record->role = of->role;
	record->midway = (of->flags & (FROM_START | HAS_GAP)) != FROM_START;
	record->is_v6 = of->is_v6;
	record->local_port = of->local_port;
	record->remote_port = of->remote_port;
	record->netns = of->netns;
	record->uid = (u32)bpf_get_current_uid_gid();
	__builtin_memcpy(record->local, of->local, 16);
	__builtin_memcpy(record->remote, of->remote, 16);
	record->weight = of->weight;
	struct task_struct *leader = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), group_leader);
	BPF_CORE_READ_STR_INTO(&record->name, leader, comm);
	if (of->transport == UNIX || of->transport == UNIX_DATAGRAM) {
		record->local_path_length = unix_path((struct sock *)socket, record->local_path);
		record->remote_path_length = unix_path(unix_peer((struct sock *)socket), record->remote_path);
	}
	bpf_ringbuf_submit(record, wake());
	of->flags |= ANNOUNCED;
	of->announcements++;
	return 1;
}

/* Tells ciphertext that was only counted. */
__noinline int tell_sealed(struct connection *of, u32 direction)
{
	struct passed *record;

	if (!of)
		return 0;
	direction &= 1;
	record = reserve(sizeof(*record));
	if (!record)
		return 0;
	begin(&record->head, of, SEALED, bpf_get_current_pid_tgid());
	record->head.direction = direction;
	u64 length = of->account.sealed[direction];
	record->length = length;
	record->position = of->account.ways[direction].position;
	record->captured = 0;
	record->thread = 0;
	bpf_ringbuf_submit(record, wake());
	__sync_fetch_and_add(&of->account.sealed[direction], -length);
	return 0;
}

static __always_inline u64 owed_by(struct way *way)
{
	return way->owed[RING_FULL] + way->owed[LIMIT] + way->owed[FAULT] + way->owed[UNSEEN] + way->owed[SAMPLED] +
	       way->owed[RATE] + way->owed[BUDGET];
}

static __always_inline bool owes(struct way *way)
{
	return owed_by(way);
}

/* Tells what one direction lost since the last record, cause by cause; what finds no room stays owed. */
__noinline int settle(struct connection *of, u32 which)
{
	u64 thread = bpf_get_current_pid_tgid(), from;
	struct passed *record;

	if (!of)
		return 0;
	struct way *way = &of->account.ways[which & 3];
	from = way->position - owed_by(way);
	for (u32 cause = 0; cause < CAUSES; cause++) {
		u64 length = way->owed[cause];
		if (!length)
			continue;
		record = reserve(sizeof(*record));
		if (!record)
			return 0;
		begin(&record->head, of, PASSED, thread);
		record->head.layer = (which >> 1) & 1;
		record->head.direction = which & 1;
		record->head.detail = cause;
		record->position = from;
		record->length = length;
		record->captured = 0;
		record->thread = thread;
		bpf_ringbuf_submit(record, wake());
		__sync_fetch_and_add(&way->owed[cause], -length);
		from += length;
	}
	return 0;
}

/* Bytes that the position has gone past already are lost. Two threads may move bytes on one socket at once: all sums are atomic. */
static __always_inline void owe(struct way *way, u32 cause, u64 length)
{
	if (cause >= CAUSES)
		return;
	__sync_fetch_and_add(&way->owed[cause], length);
	count(LOST_BYTES + cause, length);
}

static __always_inline void lose(struct connection *of, u32 which, u32 cause, u64 length)
{
	struct way *way = &of->account.ways[which & 3];

	__sync_fetch_and_add(&way->position, length);
	owe(way, cause, length);
}

/* Says of a way that its bytes were looked at, and are to be copied whatever they look like. */
#define LOOKED 4

/* Whether a record's bytes begin like one of TLS, as `tls_shape` would look into more closely. */
static __always_inline bool may_be_tls(u8 *bytes)
{
	return bytes[0] >= 0x14 && bytes[0] <= 0x17 && bytes[1] == 3 && bytes[2] <= 4;
}

/* The record's size is fixed when it is reserved: of each class, no more than half is wasted, and the verifier is satisfied. */
#define WRITE(SIZE)                                                                                         \
	do {                                                                                                \
		struct {                                                                                    \
			struct passed head;                                                                 \
			u8 bytes[SIZE];                                                                     \
		} *record = reserve(sizeof(*record));                                                       \
		u64 size = length;                                                                          \
		if (!record)                                                                                \
			goto full;                                                                          \
		barrier_var(size);                                                                          \
		if (size > SIZE)                                                                            \
			size = SIZE;                                                                        \
		if (bpf_probe_read_user(record->bytes, size, (void *)from)) {                               \
			bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);                                      \
			goto fault;                                                                         \
		}                                                                                           \
		if (which < LOOKED && may_be_tls(record->bytes)) {                                        \
			bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);                                      \
			__sync_fetch_and_add(&way->position, -(u64)length);                                 \
			return 0;                                                                           \
		}                                                                                           \
		begin(&record->head.head, of, PASSED, thread);                                              \
		record->head.head.layer = (which >> 1) & 1;                                                 \
		record->head.head.direction = which & 1;                                                    \
		record->head.position = position;                                                           \
		record->head.length = length;                                                               \
		record->head.captured = size;                                                               \
		record->head.thread = thread;                                                               \
		bpf_ringbuf_submit(record, wake());                                                         \
	} while (0)

/*
 * Copies one chunk, at most CHUNK bytes, into the ring; whatever happens, the position goes on. What a way owes is told
 * before what follows: until that has found room, all is lost. Only a chunk that was not looked at and may be ciphertext
 * is left alone, and the answer is 0.
 */
__noinline int copy(struct connection *of, u64 from, u32 length, u32 which, u64 thread)
{
	if (!of)
		return 0;
	struct way *way = &of->account.ways[which & 3];

	if (owes(way)) {
		lose(of, which, RING_FULL, length);
		return 1;
	}
	u64 position = __sync_fetch_and_add(&way->position, length);
	if (length <= 192)
		WRITE(192);
	else if (length <= 448)
		WRITE(448);
	else if (length <= 960)
		WRITE(960);
	else if (length <= 1984)
		WRITE(1984);
	else if (length <= 4032)
		WRITE(4032);
	else if (length <= 8128)
		WRITE(8128);
	else
		WRITE(CHUNK);
	count(DELIVERED_BYTES, length);
	return 1;
full:
	owe(way, RING_FULL, length);
	return 1;
fault:
	count(FAULTS, 1);
	owe(way, FAULT, length);
	return 1;
}
