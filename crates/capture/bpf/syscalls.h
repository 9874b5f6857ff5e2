/* System calls: at the exit of each that moves bytes, its arguments and its result are both at hand. */
#pragma once

/* Messages of one sendmmsg or recvmmsg that are looked at; a resolver sends 2, a busy server receives up to 32. */
#define MESSAGES 32
enum { PEEK = 2, ERROR_QUEUE = 0x2000 };
/* EINPROGRESS: a connection that does not wait to be established. */
#define IN_PROGRESS 115

struct message {
	u64 name;
	u32 name_length;
	u32 unused;
	u64 vector;
	u64 vectors;
	u64 control;
	u64 control_length;
	u32 flags;
	u32 unused_too;
};
struct numbered_message {
	struct message message;
	u32 length;
	u32 unused;
};

/* Bytes after which a way that is read at the other end is not looked at any more: a change to TLS is seen there, and in the answer. */
#define LOOKED_AT 4096

/* Whether this call's bytes are ciphertext. A connection that was found to be stays so. */
static __always_inline bool carries_ciphertext(struct connection *of, struct connection_key *key, u32 fd, struct call *call)
{
	u8 opening[16] = {};
	u64 length = call->left;
	u32 shape;

	if (of->flags & CIPHERTEXT) {
		notice(of, key, fd, call, false);
		return true;
	}
	shape = shape_of(call, opening);
	bool sealed = is_sealed(of, opening, length, shape);
	if ((shape || (of->flags & CIPHERTEXT)) && notice(of, key, fd, call, false) && shape != TLS_HELLO)
		return turns_to_ciphertext(of, call->which, opening[0] == APPLICATION_DATA);
	return sealed;
}

/* What the bytes of a call are has to be found out first. */
__noinline int judged(struct connection *of, struct connection_key *key, struct call *call, u32 fd)
{
	if (!of || !key || !call)
		return 0;
	u64 length = call->left;
	u32 direction = call->which & 1;

	if (!call->room)
		next_buffer(call);
	bool sealed = carries_ciphertext(of, key, fd, call);
	if (is_twice(of, key->socket, direction))
		skip(of, direction, length);
	else if (sealed)
		seal(of, direction, length);
	else if (is_over_rate(call->thread, length))
		lose(of, direction, RATE, length);
	else
		pass(of, call);
	return 0;
}

/* Judges a connection by a call that moved `length` bytes on it. */
static __always_inline void judge_call(struct connection *of, struct connection_key *key, u32 fd, u32 direction, u64 length)
{
	if (!of->name.tgid)
		joined(of, key->socket, direction, length);
	judge(of, key, fd);
}

/* Gives the connection to the process that moved `length` bytes on it. */
static __always_inline bool taken_over(struct connection *of, struct connection_key *key, u32 fd, u32 direction, u64 length)
{
	if (!of->name.tgid)
		joined(of, key->socket, direction, length);
	return own(of, key, fd, direction);
}

/*
 * Bytes moved on a connection that is left out. What they are is found out all the same: the TLS session above it must not
 * be taken for a connection of its own.
 */
__noinline int left_out(struct connection *of, struct connection_key *key, struct call *call, u32 fd)
{
	if (!of || !key || !call)
		return 0;
	u64 length = call->left;
	u32 direction = call->which & 1, fate = of->fate;

	if (of->flags & CIPHERTEXT)
		notice(of, key, fd, call, false);
	else if (of->account.ways[direction].position < LOOKED_AT) {
		if (!call->room)
			next_buffer(call);
		carries_ciphertext(of, key, fd, call);
	}
	of->flags |= HAS_GAP;
	if (fate == UNWANTED) {
		__sync_fetch_and_add(&of->account.ways[direction].position, length);
		return 0;
	}
	count(SEEN_CALLS, 1);
	count(SEEN_BYTES, length);
	if (is_twice(of, key->socket, direction))
		skip(of, direction, length);
	else if (of->flags & CIPHERTEXT) {
		__sync_fetch_and_add(&of->account.ways[direction].position, length);
		__sync_fetch_and_add(&of->account.sealed[direction], length);
		count(SEALED_BYTES, length);
	} else
		lose(of, direction, cause_of(fate), length);
	return 0;
}

/*
 * Bytes moved on a socket: to its connection, sealed, counted or copied. What is settled is dealt with here and takes
 * the shortest way: most of what a hook costs are the calls inside it.
 */
static __always_inline int moved(u64 socket, u64 inode, struct call *call, u32 fd)
{
	struct connection_key key = { .socket = socket };
	struct connection *of = met(&key, inode, call->name);
	u32 direction = call->which & 1, bit = 1 << direction;
	u64 length = call->left;

	if (!of)
		return 0;
	meter_call(of);
	if (rarely(is_open(of, call->thread >> 32)))
		judge_call(of, &key, fd, direction, length);
	if (rarely(of->fate))
		return left_out(of, &key, call, fd);
	count(SEEN_CALLS, 1);
	count(SEEN_BYTES, length);
	if (rarely(!is_owned(of, call->thread >> 32, fd)) && !taken_over(of, &key, fd, direction, length)) {
		lose_here(of, key.socket, direction, length);
		return 0;
	}
	bool twice = of->twice & bit;
	if (rarely(!(of->decided & bit) || !(of->flags & HAS_SAID)))
		return judged(of, &key, call, fd);
	if (of->flags & CIPHERTEXT) {
		notice(of, &key, fd, call, true);
		if (twice)
			skip(of, direction, length);
		else
			seal(of, direction, length);
		return 0;
	}
	if (twice && of->account.ways[direction].position >= LOOKED_AT) {
		skip(of, direction, length);
		return 0;
	}
	if (!twice && is_one_step(of, call)) {
		if (is_over_rate(call->thread, length)) {
			lose(of, direction, RATE, length);
			return 0;
		}
		if (copy(of, call->from, length, direction, call->thread))
			return 0;
	}
	return judged(of, &key, call, fd);
}

/* Bytes moved on a socket that nobody can look at: only their number is known. */
__noinline int moved_unseen(u64 socket, u64 inode, u32 fd, u32 direction, u64 length)
{
	struct connection_key key = { .socket = socket };
	struct connection *of = meet(&key, inode, 0);

	if (!of)
		return 0;
	if (is_open(of, bpf_get_current_pid_tgid() >> 32))
		judge_call(of, &key, fd, direction, length);
	if (of->fate == UNWANTED) {
		of->flags |= HAS_GAP;
		return 0;
	}
	count(SEEN_CALLS, 1);
	count(SEEN_BYTES, length);
	if ((of->fate || taken_over(of, &key, fd, direction, length)) && is_twice(of, key.socket, direction & 1)) {
		skip(of, direction, length);
		return 0;
	}
	lose(of, direction & 1, of->fate ? cause_of(of->fate) : UNSEEN, length);
	if (!of->fate)
		settle(of, direction & 1);
	return 0;
}

/* Bytes that moved between a socket and something else inside the kernel. */
__noinline int unseen(u32 fd, u32 direction, u64 length)
{
	u64 inode = 0;
	struct sock *sk = socket_of(fd, &inode);

	return sk ? moved_unseen((u64)sk, inode, fd, direction, length) : 0;
}

/* A socket's beginning, seen where it is made. */
__noinline int made(u32 fd, u32 role)
{
	u64 inode = 0;
	struct sock *sk = socket_of(fd, &inode);
	u8 transport = sk ? transport_of(sk) : NO_TRANSPORT;

	if (transport == UNIX || transport == UNIX_DATAGRAM)
		found(sk, inode, role);
	return 0;
}

/*
 * The end that connects is told of before either end can say anything, so that the other end finds it when it is met.
 * Told with its first bytes, it could come after a whole exchange was read at the other end: its thread may be put
 * aside between its call and the call's exit here, and the exchange would name one process only.
 */
__noinline int connecting(u32 fd)
{
	struct connection_key key = {};
	struct connection *of;
	u64 inode = 0;

	struct sock *sk = socket_of(fd, &inode);
	if (!sk || (u32)(bpf_get_current_pid_tgid() >> 32) == own_tgid)
		return 0;
	u8 transport = transport_of(sk);
	if (transport != TCP && transport != UNIX)
		return 0;
	key.socket = (u64)sk;
	of = meet(&key, inode, 0);
	if (!of)
		return 0;
	if (is_open(of, bpf_get_current_pid_tgid() >> 32))
		judge(of, &key, fd);
	if (!of->fate)
		own(of, &key, fd, OUT);
	return 0;
}

/*
 * A function of its own, so that the message is on the stack of no caller: before 6.13 the frames of all functions that
 * call one another have 512 bytes together.
 */
__noinline int load_message(struct call *call, u64 at)
{
	struct message message = {};

	if (!call)
		return 0;
	bpf_probe_read_user(&message, sizeof(message), (void *)at);
	call->name = message.name;
	call->vector = message.vector;
	call->vectors = message.vectors;
	call->room = 0;
	return 0;
}

__noinline int moved_message(u64 socket, u64 inode, struct call *call, u32 fd)
{
	return call ? moved(socket, inode, call, fd) : 0;
}

/* Each message in turn in `call`, which is the caller's for the sake of the stack. */
__noinline int moved_messages(u32 fd, u64 at, u32 messages, struct call *call)
{
	u64 inode = 0;
	struct sock *sk = socket_of(fd, &inode);

	if (!sk || !call)
		return 0;
	call->thread = bpf_get_current_pid_tgid();
	for (u32 i = 0; i < MESSAGES && i < messages; i++) {
		u32 length = 0;
		load_message(call, at);
		bpf_probe_read_user(&length, sizeof(length), (void *)(at + sizeof(struct message)));
		call->left = length;
		call->copied = 0;
		if (length)
			moved_message((u64)sk, inode, call, fd);
		at += sizeof(struct numbered_message);
	}
	return 0;
}

/* Those that have to do with several descriptors, or with no bytes. */
static __always_inline int rarer(struct pt_regs *regs, long number, long result, struct call *call)
{
	switch (number) {
	case NR_SENDFILE:
		if (hears_pipes && piped_unseen(call, ARGUMENT_1(regs), OUT, result))
			return 0;
		return unseen(ARGUMENT_1(regs), OUT, result);
	case NR_PWRITE64:
		return tells_of_java(ARGUMENT_4(regs)) ? java_told(ARGUMENT_4(regs), ARGUMENT_2(regs), result, call) : 0;
	case NR_SPLICE:
		if (!hears_pipes || !piped_unseen(call, ARGUMENT_1(regs), IN, result))
			unseen(ARGUMENT_1(regs), IN, result);
		if (hears_pipes && piped_unseen(call, ARGUMENT_3(regs), OUT, result))
			return 0;
		return unseen(ARGUMENT_3(regs), OUT, result);
	case NR_TEE: /* what it copies stays where it is */
		return hears_pipes ? piped_unseen(call, ARGUMENT_2(regs), OUT, result) : 0;
	case NR_VMSPLICE:
		return hears_pipes ? spliced_memory(call, ARGUMENT_1(regs), result) : 0;
	case NR_SENDMMSG:
		call->which = OUT;
		return moved_messages(ARGUMENT_1(regs), ARGUMENT_2(regs), result, call);
	case NR_RECVMMSG:
		if (ARGUMENT_4(regs) & (PEEK | ERROR_QUEUE))
			return 0;
		call->which = IN;
		return moved_messages(ARGUMENT_1(regs), ARGUMENT_2(regs), result, call);
	case NR_ACCEPT:
	case NR_ACCEPT4:
		return made(result, SERVER);
	}
	return 0;
}

static __always_inline int without_result(struct pt_regs *regs, long number)
{
	s32 both[2] = { -1, -1 };

	if (number == NR_CONNECT) {
		made(ARGUMENT_1(regs), CLIENT);
		return connecting(ARGUMENT_1(regs));
	}
	if (number == NR_CLOSE) {
		if (hears_pipes)
			let_go(ARGUMENT_1(regs));
		return closed(ARGUMENT_1(regs));
	}
	if (hears_pipes && (number == NR_READ || number == NR_READV))
		return ran_dry(ARGUMENT_1(regs));
	if (number != NR_SOCKETPAIR)
		return 0;
	bpf_probe_read_user(both, sizeof(both), (void *)ARGUMENT_4(regs));
	made(both[0], NO_ROLE);
	return made(both[1], NO_ROLE);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long result)
{
	struct call call = {};
	struct sock *sk;
	u64 inode = 0;

	long number = NUMBER(regs);
	if (result < 0)
		return result == -IN_PROGRESS && number == NR_CONNECT ? connecting(ARGUMENT_1(regs)) : sent_nothing(number, result);
	if (!result)
		return without_result(regs, number);
	switch (number) {
	case NR_READ:
	case NR_RECVFROM:
	case NR_READV:
	case NR_PREADV2:
	case NR_RECVMSG:
		call.which = IN;
		break;
	case NR_WRITE:
	case NR_SENDTO:
	case NR_WRITEV:
	case NR_PWRITEV2:
	case NR_SENDMSG:
		call.which = OUT;
		break;
	default:
		return rarer(regs, number, result, &call);
	}
	u32 fd = ARGUMENT_1(regs);
	sk = socket_of(fd, &inode);
	if (!sk && !hears_pipes)
		return 0;
	call.thread = bpf_get_current_pid_tgid();
	if (call.thread >> 32 == own_tgid)
		return 0;
	if (rarely(IS_COMPAT((struct task_struct *)bpf_get_current_task()))) {
		count(COMPAT_CALLS, 1);
		return 0;
	}
	call.left = result;
	switch (number) {
	case NR_READV:
	case NR_WRITEV:
	case NR_PREADV2:
	case NR_PWRITEV2:
		call.vector = ARGUMENT_2(regs);
		call.vectors = ARGUMENT_3(regs);
		break;
	case NR_RECVMSG:
		if (ARGUMENT_3(regs) & (PEEK | ERROR_QUEUE))
			return 0;
	case NR_SENDMSG:
		load_message(&call, ARGUMENT_2(regs));
		break;
	case NR_RECVFROM:
		if (ARGUMENT_4(regs) & (PEEK | ERROR_QUEUE))
			return 0;
	case NR_SENDTO:
		call.name = ARGUMENT_5(regs);
	default:
		call.from = ARGUMENT_2(regs);
		call.room = ARGUMENT_3(regs);
	}
	if (hears_pipes && (piped_at(&call, (u64)sk, fd) || !sk))
		return 0;
	return moved((u64)sk, inode, &call, fd);
}
