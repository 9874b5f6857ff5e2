/*
 * Pipes, on request: what goes through one is read where it is taken out. The two streams that are a program's standard
 * input and output are one connection, of who started it with who it is.
 */
#pragma once

/* Whether pipes are heard. Constant, so that without it no program holds a line of this. */
const volatile u32 hears_pipes = 0;

/* Of a pipe that is no half of a connection, so many bytes are told: enough to see what it is. Nobody can answer on it. */
#define HEAD 4096

enum { PIPE_OUT_IS_OVER = 4096, PIPE_IN_IS_OVER = 8192, PIPE_IS_JOINED = 16384, PIPE_IS_LEFT = 32768 };

/* The collector's own pipes: who reads what it prints would be told of, which it would print. */
struct own_pipe {
	u64 inode;
	u64 device;
};

/* Remembers them; the collector sets them before it watches. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct own_pipe);
	__type(value, u8);
} own_pipes SEC(".maps");

/* Where a call on a pipe, or on a stream that is joined, belongs. */
struct piped {
	struct connection_key key; /* of the end that makes it */
	u64 object;		   /* the pipe or the socket */
	u64 object_inode;
	u64 inode; /* of the stream by which the connection is known */
	u64 file;
	u32 direction;
	u16 is_socket;
	u16 standing;
};

/* Remembers which end of which connection a process used by which descriptor; forgotten when that is closed. The oldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct descriptor);
	__type(value, struct piped);
} uses SEC(".maps");

/* Finds the connection of a call; false where it is of a socket that is no half of one. */
static __always_inline bool lead(struct piped *to, u64 file, u64 socket)
{
	struct inode *inode = LOOK(file, file, f_inode);
	struct joint *joint;

	if (!socket && (LOOK(inode, inode, i_mode) & MODE_KIND) != MODE_PIPE)
		return false;
	to->object = socket ? socket : held_by((struct file *)file);
	to->object_inode = LOOK(inode, inode, i_ino);
	to->file = file;
	to->is_socket = socket != 0;
	joint = bpf_map_lookup_elem(&joints, &to->object);
	if (joint && joint->inode == to->object_inode) {
		bool is_writer = !socket && to->direction == OUT;
		to->key.socket = joint->asks;
		to->key.peer = is_writer ? CLIENT + SERVER - joint->end : joint->end;
		to->inode = joint->asks_inode;
		to->standing = joint->standing;
		return true;
	}
	to->key.socket = to->object;
	to->key.peer = to->direction == IN ? SERVER : CLIENT;
	to->inode = to->object_inode;
	return !socket;
}

/*
 * Whether bytes were seen of the stream before: what it is was asked then. A function of its own, as the next, so that its key
 * is not on the stack below those who announce a connection: before 6.13 all frames of a call have 512 bytes together.
 */
static __noinline bool is_known(struct piped *to)
{
	struct connection_key key = { .socket = to->object, .peer = to->is_socket ? 0 : to->key.peer };
	struct connection *of = bpf_map_lookup_elem(&connections, &key);

	return of && of->inode == to->object_inode && of->name.tgid;
}

static __noinline bool is_collectors(struct piped *to)
{
	u64 file = to->file;
	struct inode *inode = LOOK(file, file, f_inode);
	struct super_block *of = LOOK(inode, inode, i_sb);
	struct own_pipe pipe = { .inode = to->object_inode, .device = LOOK(super_block, of, s_dev) };

	return bpf_map_lookup_elem(&own_pipes, &pipe);
}

/* One end is over. A function of its own, for the sake of the stack, as both are ended by it. */
static __noinline int end_one(u64 stream, u64 peer, u64 inode)
{
	return over(stream, peer, inode);
}

/* The memory of a stream was given to another one: both ends are over. */
static __noinline int end_both(u64 stream)
{
	for (u64 end = CLIENT; end <= SERVER; end++)
		end_one(stream, end, 0);
	return 0;
}

/* Whether nothing was taken out of a pipe yet: who reads it is heard from its first byte on. */
static __always_inline bool is_untouched(struct piped *to)
{
	u64 pipe = to->object; /* read here: within LOOK, 6.1 would look for it among the kernel's own structures */

	return !to->is_socket && to->direction == OUT && !LOOK(pipe_inode_info, pipe, tail);
}

/* The end that makes a call; null for what is not watched. */
static __noinline struct connection *meet_end(struct piped *to)
{
	struct connection *of = bpf_map_lookup_elem(&connections, &to->key);

	if (of && of->inode != to->inode) {
		end_both(to->key.socket);
		of = 0;
	}
	if (of)
		return of;
	if (is_collectors(to))
		return 0;
	of = fresh(&to->key);
	if (!of) {
		count(CROWDED, 1);
		return 0;
	}
	of->inode = to->inode;
	of->transport = PIPE;
	of->role = to->key.peer;
	if (to->standing == JOINED_AT_START || is_untouched(to))
		of->flags |= FROM_START;
	return of;
}

/* What a process uses is kept, for when it closes it. */
static __noinline int keep_use(struct piped *to, u32 fd)
{
	struct descriptor descriptor = { .tgid = bpf_get_current_pid_tgid() >> 32, .fd = fd };
	struct piped *kept = bpf_map_lookup_elem(&uses, &descriptor);

	if (kept && kept->file == to->file && kept->inode == to->inode && kept->direction == to->direction)
		return 0;
	bpf_map_update_elem(&uses, &descriptor, to, BPF_ANY);
	return 0;
}

/* Bytes on an end that is wanted, or was left out: read where they are taken out, and nowhere else. */
__noinline int take_in(struct connection *of, struct call *call, u32 is_told)
{
	if (!of || !call)
		return 0;
	u64 length = call->left;
	u32 direction = call->which & 1;

	count(SEEN_CALLS, 1);
	count(SEEN_BYTES, length);
	if (direction == OUT)
		skip(of, direction, length);
	else if (of->fate)
		lose(of, direction, cause_of(of->fate), length);
	else if (!is_told)
		lose(of, direction, RING_FULL, length);
	else if (!(of->flags & PIPE_IS_JOINED) && of->account.ways[IN].position >= HEAD)
		lose(of, direction, LIMIT, length);
	else if (is_over_rate(call->thread, length))
		lose(of, direction, RATE, length);
	else
		pass(of, call);
	return 0;
}

/* The same as `lead`, after asking of a standard stream that was not seen before what it is. */
static __noinline bool lead_or_join(struct piped *to, u64 file, u64 socket, u32 fd)
{
	bool is_ours = lead(to, file, socket);
	if (!to->object || fd > STANDARD_OUTPUT || to->standing || is_known(to) || is_collectors(to))
		return is_ours;
	return join(JOINED_MIDWAY) ? lead(to, file, socket) : is_ours;
}

/* Bytes moved on a pipe, or on a socket: whether that is dealt with here. */
__noinline int piped(struct call *call, u64 file, u64 socket, u32 fd)
{
	struct piped to = {};
	struct connection *of;

	if (!call)
		return 0;
	to.direction = call->which & 1;
	if (!lead_or_join(&to, file, socket, fd))
		return 0;
	call->thread = bpf_get_current_pid_tgid();
	of = call->thread >> 32 == own_tgid ? 0 : meet_end(&to);
	if (!of)
		return 1;
	of->flags &= ~PIPE_IS_LEFT;
	if (to.standing)
		of->flags |= PIPE_IS_JOINED;
	meter_call(of);
	if (is_open(of, call->thread >> 32))
		judge(of, &to.key, fd);
	if (of->fate)
		of->flags |= HAS_GAP;
	if (of->fate == UNWANTED) {
		__sync_fetch_and_add(&of->account.ways[to.direction & 1].position, call->left);
		return 1;
	}
	keep_use(&to, fd);
	take_in(of, call, of->fate || own(of, &to.key, fd, to.direction));
	return 1;
}

/* The same as `piped` by the descriptor alone. */
static __always_inline int piped_at(struct call *call, u64 socket, u32 fd)
{
	return piped(call, (u64)file_of((struct task_struct *)bpf_get_current_task(), fd), socket, fd);
}

/* Bytes that moved through a pipe inside of the kernel; in `call`, which is the caller's for the sake of the stack. */
static __always_inline int piped_unseen(struct call *call, u32 fd, u32 direction, u64 length)
{
	u64 inode = 0, socket = (u64)socket_of(fd, &inode);

	call->left = length;
	call->copied = call->room = call->vectors = 0;
	call->which = direction;
	return piped_at(call, socket, fd);
}

/* Memory became a pipe's, or a pipe's bytes came into memory: by which end it was called. */
static __always_inline int spliced_memory(struct call *call, u32 fd, u64 length)
{
	struct file *file = file_of((struct task_struct *)bpf_get_current_task(), fd);

	return piped_unseen(call, fd, LOOK(file, file, f_mode) & MAY_WRITE ? OUT : IN, length);
}

/* Whether one descriptor alone leads to a file: since 6.13, the count begins below. */
static __always_inline bool is_held_once(u64 file)
{
	struct file___before_6_13 *before = (void *)file;
	struct file___since_6_13 *since = (void *)file;

	if (bpf_core_field_exists(before->f_count))
		return BPF_CORE_READ(before, f_count.counter) == 1;
	return BPF_CORE_READ(since, f_ref.refcnt.counter) == 0;
}

/* Whether nobody is left on this side of a stream. */
static __always_inline bool is_abandoned(struct piped *use)
{
	u64 pipe = use->object;
	struct file___before_6_13 *file = (void *)use->file;
	u32 left;

	if (use->is_socket)
		return is_over((struct sock *)pipe, use->object_inode);
	left = use->direction == OUT ? LOOK(pipe_inode_info, pipe, writers) : LOOK(pipe_inode_info, pipe, readers);
	/* Until 6.5, a file is released after the call that closed it. */
	if (left == 1 && bpf_core_field_exists(file->f_count) && BPF_CORE_READ(file, f_count.counter) == 0)
		left = 0;
	return !left;
}

/* An end is over, and the other one too, if its process is gone and left it to others who never used it. */
static __noinline int end_with_other(u64 stream, u64 peer, u64 inode)
{
	struct connection_key key = { .socket = stream, .peer = CLIENT + SERVER - peer };
	struct connection *other = bpf_map_lookup_elem(&connections, &key);

	if (other && other->inode == inode && (other->flags & PIPE_IS_LEFT))
		return end_both(stream);
	return end_one(stream, peer, inode);
}

/* Some ways of an end are over; a connection of two streams is when both are. The key is the caller's, for the sake of the stack. */
static __always_inline int finish(struct connection_key *key, u64 inode, u32 ways)
{
	u32 both = PIPE_OUT_IS_OVER | PIPE_IN_IS_OVER;
	struct connection *of = bpf_map_lookup_elem(&connections, key);

	if (!of || of->inode != inode)
		return 0;
	of->flags |= ways;
	if (!(of->flags & PIPE_IS_JOINED) || (of->flags & both) == both)
		end_with_other(key->socket, key->peer, inode);
	return 0;
}

/* A descriptor was closed. */
__noinline int let_go(u32 fd)
{
	struct descriptor descriptor = { .tgid = bpf_get_current_pid_tgid() >> 32, .fd = fd };
	struct piped *found = bpf_map_lookup_elem(&uses, &descriptor);

	if (!found)
		return 0;
	struct connection_key key = found->key;
	u64 inode = found->inode;
	u32 way = found->direction == OUT ? PIPE_OUT_IS_OVER : PIPE_IN_IS_OVER;
	bool is_over = is_abandoned(found);
	bpf_map_delete_elem(&uses, &descriptor);
	return is_over ? finish(&key, inode, way) : 0;
}

/* Somebody read, and there was nothing: who wrote is gone, if that was a pipe. */
__noinline int ran_dry(u32 fd)
{
	struct descriptor descriptor = { .tgid = bpf_get_current_pid_tgid() >> 32, .fd = fd };
	struct piped *found = bpf_map_lookup_elem(&uses, &descriptor);

	if (!found || found->is_socket || found->direction != IN)
		return 0;
	u64 pipe = found->object, inode = found->inode;
	struct connection_key key = found->key;
	if (LOOK(pipe_inode_info, pipe, writers))
		return 0;
	finish(&key, inode, PIPE_IN_IS_OVER);
	key.peer = CLIENT + SERVER - key.peer;
	return finish(&key, inode, PIPE_OUT_IS_OVER);
}

/* Of a process that ends, so many descriptors are looked at; what it leaves open by others ends with the pipe. */
#define LEFT_OPEN 64

/* A process ends with this descriptor open: if nobody else has it, its end is over. */
__noinline int leave_open(u32 tgid, u32 fd)
{
	struct descriptor descriptor = { .tgid = tgid, .fd = fd };
	struct piped *found = bpf_map_lookup_elem(&uses, &descriptor);
	struct connection *of;

	if (!found)
		return 0;
	struct connection_key key = found->key;
	u64 inode = found->inode, file = found->file;
	bpf_map_delete_elem(&uses, &descriptor);
	if (is_held_once(file))
		return finish(&key, inode, PIPE_OUT_IS_OVER | PIPE_IN_IS_OVER);
	of = bpf_map_lookup_elem(&connections, &key);
	if (of && of->inode == inode && of->user == tgid)
		of->flags |= PIPE_IS_LEFT;
	return 0;
}

static __always_inline void leave_all_open(u32 tgid)
{
	for (u32 fd = 0; fd < LEFT_OPEN; fd++)
		leave_open(tgid, fd);
}
