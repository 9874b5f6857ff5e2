/*
 * Joints: which two streams are a program's standard input and output, with who started it at their other ends. Either is a
 * pipe, or one of a pair of sockets (Node's, and asyncio's before Python 3.12).
 */
#pragma once

enum { MODE_PIPE = 0010000, MAY_READ = 1, MAY_WRITE = 2 };
enum { STANDARD_INPUT = 0, STANDARD_OUTPUT = 1 };

/* So many descriptors of who started a program are looked at: the lowest that are free are given to what it opens. */
#define HELD 1024

enum standing { SINGLE = 0, JOINED_MIDWAY = 1, JOINED_AT_START = 2 };

/* A pipe or a socket that is one half of a connection. */
struct joint {
	u64 inode; /* its own */
	u64 asks;  /* the one on which the started program is asked, by which the connection is known */
	u64 asks_inode;
	u32 end; /* of a pipe, the end that reads it; of a socket, whose it is */
	u32 standing;
};

/* Remembers these; those that were used longest ago go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct joint);
} joints SEC(".maps");

/* What a file is of: a pipe, or a socket. As a number, as it goes into maps and functions. */
static __always_inline u64 held_by(struct file *file)
{
	return (u64)LOOK_POINTER(&file->private_data);
}

/* A standard stream of a program. */
struct standard {
	u64 object;
	u64 inode;
	u64 other; /* the socket at its other end; of a pipe, itself */
	u64 other_inode;
	u64 others_file; /* what a file that leads there holds */
};

/* Finds what a standard descriptor of this task leads to; false when that is no stream that can be joined. */
static __noinline bool find_standard(struct standard *to, u32 fd)
{
	struct file *file = file_of((struct task_struct *)bpf_get_current_task(), fd);
	struct inode *inode = LOOK(file, file, f_inode);
	u32 kind = LOOK(inode, inode, i_mode) & MODE_KIND, mode = LOOK(file, file, f_mode);

	if (kind == MODE_PIPE && (mode & (fd == STANDARD_INPUT ? MAY_READ : MAY_WRITE))) {
		to->inode = to->other_inode = LOOK(inode, inode, i_ino);
		to->object = to->other = to->others_file = held_by(file);
		return to->object;
	}
	struct sock *sk = socket_behind(file, &to->inode);
	if (!sk || transport_of(sk) != UNIX)
		return false;
	struct sock *other = unix_peer(sk);
	if (!other || unix_peer(other) != sk)
		return false;
	u64 socket = (u64)LOOK_POINTER(&other->sk_socket);
	struct file *others = LOOK(socket, socket, file);
	struct inode *of = LOOK(file, others, f_inode);
	to->object = (u64)sk;
	to->other = (u64)other;
	to->other_inode = LOOK(inode, of, i_ino);
	to->others_file = socket;
	return socket;
}

enum { WRITES_INPUT = 1, READS_OUTPUT = 2 };

/* Which of two other ends a descriptor is. A function of its own, so that the verifier looks at it once. */
__noinline int other_end_at(u64 slot, u64 input, u64 output)
{
	struct file *file = LOOK_POINTER((void *)slot);
	u64 holds = file ? held_by(file) : 0;

	if (!holds || (holds != input && holds != output))
		return 0;
	u32 mode = LOOK(file, file, f_mode);
	return (holds == input && (mode & MAY_WRITE) ? WRITES_INPUT : 0) |
	       (holds == output && (mode & MAY_READ) ? READS_OUTPUT : 0);
}

/* Whether a task holds the other ends of both: it can write to the one and read from the other. */
__noinline int holds_both(u64 task, u64 input, u64 output)
{
	struct files_struct *files = LOOK(task_struct, task, files);
	struct fdtable *table = LOOK(files_struct, files, fdt);
	u64 slots = (u64)LOOK_POINTER(&table->fd);
	u32 most = LOOK(fdtable, table, max_fds), found = 0;

	for (u32 fd = 0; fd < HELD; fd++) {
		if (fd >= most)
			break;
		found |= other_end_at(slots + fd * sizeof(void *), input, output);
		if (found == (WRITES_INPUT | READS_OUTPUT))
			return 1;
	}
	return 0;
}

static __always_inline void put_joint(u64 object, u64 inode, struct standard *asks, u32 end, u32 standing)
{
	struct joint joint = {
		.inode = inode, .asks = asks->object, .asks_inode = asks->inode, .end = end, .standing = standing
	};

	bpf_map_update_elem(&joints, &object, &joint, BPF_ANY);
}

/*
 * Joins the standard streams of this task, if who started it holds the other ends of both. What a shell puts between two
 * others has them with two others; what it starts instead of itself has them joined already.
 */
__noinline int join(u32 standing)
{
	struct standard input = {}, output = {};
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct joint *found;

	if (!find_standard(&input, STANDARD_INPUT) || !find_standard(&output, STANDARD_OUTPUT))
		return 0;
	found = bpf_map_lookup_elem(&joints, &input.object);
	if (input.object == output.object || (found && found->inode == input.inode))
		return 0;
	if (!holds_both((u64)LOOK_POINTER(&task->real_parent), input.others_file, output.others_file))
		return 0;
	put_joint(input.object, input.inode, &input, SERVER, standing);
	put_joint(output.object, output.inode, &input, output.object == output.other ? CLIENT : SERVER, standing);
	if (input.other != input.object)
		put_joint(input.other, input.other_inode, &input, CLIENT, standing);
	if (output.other != output.object)
		put_joint(output.other, output.other_inode, &input, CLIENT, standing);
	return 1;
}
