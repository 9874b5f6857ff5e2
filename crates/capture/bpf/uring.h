/* io_uring: what programs move on sockets by a ring instead of a system call each, told where the ring says that it is done. */
#pragma once

#include "lent.h"

/* Operations (`enum io_uring_op`) that move bytes on sockets, or make and close them. */
enum operation {
	OP_READV = 1,
	OP_WRITEV = 2,
	OP_READ_FIXED = 4,
	OP_WRITE_FIXED = 5,
	OP_SENDMSG = 9,
	OP_RECVMSG = 10,
	OP_ACCEPT = 13,
	OP_CONNECT = 16,
	OP_CLOSE = 19,
	OP_READ = 22,
	OP_WRITE = 23,
	OP_SEND = 26,
	OP_RECV = 27,
	OP_SPLICE = 30,
	OP_SEND_ZC = 47,
	OP_SENDMSG_ZC = 48,
	OP_READ_MULTISHOT = 49,
	OP_READV_FIXED = 60,
	OP_WRITEV_FIXED = 61,
};
/* Flags of a request (`REQ_F_`): its descriptor is a place in a table of the ring; success is not told. */
enum { IS_FIXED_FILE = 1 << 0, IS_QUIET = 1 << 6 };
/* Flags of a send or receive (`IORING_RECV_MULTISHOT`, `IORING_RECVSEND_BUNDLE`): each answer has a buffer; or several. */
enum { IS_MULTISHOT = 1 << 1, IS_BUNDLE = 1 << 4 };
/* SPLICE_F_FD_IN_FIXED */
#define IN_IS_FIXED (1U << 31)
/* PF_KTHREAD: rings of programs that died are finished by the kernel's own threads, which see nobody's memory. */
#define IS_OF_KERNEL 0x200000
/* IORING_CQE_F_MORE: the request goes on. */
#define HAS_MORE 2

/* Buffers of one vectored request that are kept; a web server's answer has 2 to 8. What is in others is lost as unseen. */
#define KEPT 16
/* Requests under way that are remembered. One that was forgotten loses its buffers, if it had a vector of them. */
#define REQUESTS 8192

/* What a request said when it was made, and may have changed or given back when it is done. */
struct request {
	u64 name; /* user address of the peer's address; 0: none */
	u32 fd;
	u32 vectors;
	struct vector kept[KEPT];
};

/* Remembers this of each request under way, by its address; forgotten when it is done. The oldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, REQUESTS);
	__type(key, u64);
	__type(value, struct request);
} requests SEC(".maps");

/* By what the answers of one request are known: the ring, and what the program called it. */
struct token {
	u64 ring;
	u64 user_data;
};

/* Remembers the requests that are answered many times, whose answers do not name them; the oldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, REQUESTS);
	__type(key, struct token);
	__type(value, u64);
} repeated SEC(".maps");

/* Whether there was any: most rings have none. */
u64 some_repeated = 0;

/* From 6.3 to 6.9 the answers of such a request are told later, when its buffer is another one. */
const volatile u32 answers_late = 0;

static __always_inline bool is_vectored(u8 operation)
{
	return operation == OP_READV || operation == OP_WRITEV || operation == OP_READV_FIXED || operation == OP_WRITEV_FIXED;
}

static __always_inline bool is_message(u8 operation)
{
	return operation == OP_SENDMSG || operation == OP_RECVMSG || operation == OP_SENDMSG_ZC;
}

static __always_inline bool is_sent(u8 operation)
{
	return operation == OP_SEND || operation == OP_RECV || operation == OP_SEND_ZC;
}

static __always_inline bool is_plain(u8 operation)
{
	return operation == OP_READ || operation == OP_WRITE || operation == OP_READ_FIXED || operation == OP_WRITE_FIXED ||
	       operation == OP_READ_MULTISHOT;
}

static __always_inline u32 direction_of(u8 operation)
{
	bool is_out = operation == OP_WRITE || operation == OP_WRITEV || operation == OP_WRITE_FIXED ||
		      operation == OP_WRITEV_FIXED || operation == OP_SEND || operation == OP_SENDMSG ||
		      operation == OP_SEND_ZC || operation == OP_SENDMSG_ZC;

	return is_out ? OUT : IN;
}

/* Where the bytes or the message of a send or receive stand; as a number, which a pointer is not. */
static __always_inline u64 buffer_of(u64 request)
{
	return (u64)BPF_CORE_READ((struct io_sr_msg *)request, buf);
}

static __always_inline struct token token_of(u64 request)
{
	struct token token = {
		.ring = (u64)BPF_CORE_READ((struct io_kiocb *)request, ctx),
		.user_data = LOOK(io_kiocb, request, cqe.user_data),
	};
	return token;
}

/* Copies the buffers of a request, which the program may have forgotten when it is done. */
static __always_inline void keep(struct request *known, u64 vector, u64 vectors)
{
	if (vectors > KEPT)
		vectors = KEPT;
	barrier_var(vectors);
	if (vectors > KEPT || bpf_probe_read_user(known->kept, vectors * sizeof(struct vector), (void *)vector))
		return;
	known->vectors = vectors;
}

static __always_inline void keep_message(struct request *known, u64 at)
{
	struct message message = {};

	if (bpf_probe_read_user(&message, sizeof(message), (void *)at))
		return;
	known->name = message.name;
	keep(known, message.vector, message.vectors);
}

/* A request that is answered many times. Two of one name would take each other's answers: neither is believed then. */
static __noinline int repeat(u64 request)
{
	struct token token = token_of(request);
	u64 *other = bpf_map_lookup_elem(&repeated, &token), none = 0;

	some_repeated = 1;
	return bpf_map_update_elem(&repeated, &token, other && *other != request ? &none : &request, BPF_ANY);
}

/* A send whose success nobody is told of: as long as it was asked for, which is what it is unless it fails. */
static __always_inline int sent_quietly(u64 request, u8 operation, u32 fd)
{
	u64 length = is_sent(operation) ? LOOK(io_sr_msg, request, len) : LOOK(io_rw, request, len);

	return unseen(fd, OUT, length);
}

/* Keeps of a request what is needed when it is done. Apart from who calls it, for the sake of the stack. */
static __noinline int note(u64 request, u8 operation, u32 fd)
{
	struct request known = { .fd = fd };

	if (is_message(operation) || is_vectored(operation)) {
		struct io_ring_ctx *ring = LOOK(io_kiocb, request, ctx);
		if (BPF_CORE_READ_BITFIELD_PROBED(ring, compat))
			count(COMPAT_CALLS, 1);
		else if (is_vectored(operation))
			keep(&known, LOOK(io_rw, request, addr), LOOK(io_rw, request, len));
		else
			keep_message(&known, buffer_of(request));
	}
	return bpf_map_update_elem(&requests, &request, &known, BPF_ANY);
}

/* A request is made. Files' are not kept: only those on sockets, and those of which the ring alone knows what they are on. */
static __always_inline int asked(u64 request)
{
	u8 operation = LOOK(io_kiocb, request, opcode);
	bool is_socket = is_sent(operation) || is_message(operation) || operation == OP_CONNECT;
	u64 inode = 0;

	if (!is_socket && !is_plain(operation) && !is_vectored(operation))
		return 0;
	u32 flags = LOOK(io_kiocb, request, flags);
	u32 fd = flags & IS_FIXED_FILE ? ~0u : LOOK(io_kiocb, request, cqe.fd);
	if (!is_socket && fd != ~0u && !socket_of(fd, &inode))
		return 0;
	if (rarely(flags & IS_QUIET) && direction_of(operation) == OUT && fd != ~0u &&
	    (is_sent(operation) || is_plain(operation)))
		return sent_quietly(request, operation, fd);
	if (operation == OP_READ_MULTISHOT || (operation == OP_RECV && LOOK(io_sr_msg, request, flags) & IS_MULTISHOT))
		repeat(request);
	return note(request, operation, fd);
}

/* Where the bytes of a request that is done stand; false when nobody can say. */
static __always_inline bool find_bytes(u64 request, u8 operation, struct request *known, struct call *call)
{
	if (is_plain(operation)) {
		call->from = LOOK(io_rw, request, addr);
	} else if (is_sent(operation)) {
		if (LOOK(io_sr_msg, request, flags) & IS_BUNDLE)
			return false;
		u64 buffer = buffer_of(request);
		/* What was moved by earlier tries stands before. */
		call->from = buffer ? buffer - LOOK(io_sr_msg, request, done_io) : lent(request);
		if (!call->from)
			return false;
	} else {
		if (!known || !known->vectors)
			return false;
		call->vector = (u64)known->kept;
		call->vectors = known->vectors;
		call->is_kept = 1;
		call->name = known->name;
		return true;
	}
	call->room = call->left;
	return true;
}

/* The kernel finishes a ring whose program is gone: nobody's memory is at hand, and the thread is nobody's. */
static __always_inline int moved_by_kernel(u64 socket, u32 direction, u64 length)
{
	struct connection_key key = { .socket = socket };
	struct connection *of = bpf_map_lookup_elem(&connections, &key);

	if (!of || !of->name.tgid || of->fate)
		return 0;
	count(SEEN_CALLS, 1);
	count(SEEN_BYTES, length);
	lose_here(of, socket, direction, length);
	return 0;
}

/* A request moved `length` bytes. */
static __noinline int carried_out(u64 request, u8 operation, struct request *known, u32 length, bool is_late)
{
	struct call call = { .left = length, .which = direction_of(operation), .is_ring = 1 };
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	u32 fd = known ? known->fd : ~0u;
	u64 inode = 0;

	struct sock *sk = socket_behind(LOOK(io_kiocb, request, file), &inode);
	if (!sk && !hears_pipes)
		return 0;
	call.thread = bpf_get_current_pid_tgid();
	if (call.thread >> 32 == own_tgid)
		return 0;
	if (rarely(LOOK(task_struct, task, flags) & IS_OF_KERNEL))
		return sk ? moved_by_kernel((u64)sk, call.which, length) : 0;
	if (!is_plain(operation) && !is_vectored(operation) &&
	    LOOK(io_sr_msg, request, msg_flags) & (PEEK | ERROR_QUEUE))
		return 0;
	bool is_seen = !is_late && find_bytes(request, operation, known, &call);
	u64 file = (u64)LOOK_POINTER(&((struct io_kiocb *)request)->file);
	if (hears_pipes && (piped(&call, file, (u64)sk, fd) || !sk))
		return 0;
	if (rarely(!is_seen))
		return moved_unseen((u64)sk, inode, fd, call.which, length);
	return moved_message((u64)sk, inode, &call, fd);
}

/* Between a pipe and a socket, at one or both ends. */
static __always_inline int spliced(u64 request, u64 length)
{
	u64 inode = 0;
	struct sock *sk = socket_behind(LOOK(io_kiocb, request, file), &inode);

	if (sk)
		return moved_unseen((u64)sk, inode, ~0u, OUT, length);
	if (LOOK(io_splice, request, flags) & IN_IS_FIXED)
		return 0;
	return unseen(LOOK(io_splice, request, splice_fd_in), IN, length);
}

/* Sockets that are made and closed by a ring, but for those that it keeps in a table of its own: those have no descriptor. */
static __always_inline int began_or_ended(u64 request, u8 operation, struct request *known, s32 result)
{
	if (operation == OP_CLOSE) {
		if (result || LOOK(io_close, request, file_slot))
			return 0;
		if (hears_pipes)
			let_go(LOOK(io_close, request, fd));
		return closed(LOOK(io_close, request, fd));
	}
	if (operation == OP_ACCEPT)
		return result < 0 || LOOK(io_accept, request, file_slot) ? 0 : made(result, SERVER);
	if (operation != OP_CONNECT || result || !known || known->fd == ~0u)
		return 0;
	made(known->fd, CLIENT);
	return connecting(known->fd);
}

/* The last answer was told: what is called the same from now on is another request. */
static __always_inline void repeat_no_more(u64 request)
{
	struct token token = token_of(request);
	u64 *found = bpf_map_lookup_elem(&repeated, &token);

	if (found && *found == request)
		bpf_map_delete_elem(&repeated, &token);
}

static __always_inline int done(u64 request)
{
	u8 operation = LOOK(io_kiocb, request, opcode);
	s32 result = LOOK(io_kiocb, request, cqe.res);
	struct request *known = bpf_map_lookup_elem(&requests, &request);

	if (result > 0 && operation == OP_SPLICE)
		return spliced(request, result);
	if (operation == OP_CLOSE || operation == OP_ACCEPT || operation == OP_CONNECT)
		began_or_ended(request, operation, known, result);
	else if (result > 0 && (is_plain(operation) || is_vectored(operation) || is_sent(operation) || is_message(operation)))
		carried_out(request, operation, known, result, false);
	if (known)
		bpf_map_delete_elem(&requests, &request);
	if (rarely(some_repeated) && (operation == OP_RECV || operation == OP_READ_MULTISHOT))
		repeat_no_more(request);
	return 0;
}

/* One of many answers, which does not name its request. */
static __always_inline int answered(u64 ring, u64 user_data, s32 result, u32 flags)
{
	struct token token = { .ring = ring, .user_data = user_data };
	u64 *found = some_repeated ? bpf_map_lookup_elem(&repeated, &token) : 0, request;

	if (!found || result <= 0 || !(flags & HAS_MORE))
		return 0;
	request = *found;
	if (!request || LOOK(io_kiocb, request, cqe.user_data) != user_data)
		return 0;
	u8 operation = LOOK(io_kiocb, request, opcode);
	if (operation != OP_RECV && operation != OP_READ_MULTISHOT)
		return 0;
	return carried_out(request, operation, bpf_map_lookup_elem(&requests, &request), result, answers_late);
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(ring_asked, struct io_kiocb *request)
{
	return asked((u64)request);
}

/* As it was called before 6.4. */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(ring_asked_before, struct io_kiocb *request)
{
	return asked((u64)request);
}

/* How the tracepoint is called where an answer is handed on as a whole. */
typedef void (*btf_trace_io_uring_complete___whole)(void *, struct io_ring_ctx *, void *, struct io_uring_cqe *);

SEC("tp_btf/io_uring_complete")
int ring_answered(u64 *ctx)
{
	if (ctx[1])
		return done(ctx[1]);
	if (!bpf_core_type_exists(btf_trace_io_uring_complete___whole))
		return answered(ctx[0], ctx[2], ctx[3], ctx[4]);
	struct io_uring_cqe *answer = (void *)ctx[2];
	return answered(ctx[0], LOOK(io_uring_cqe, answer, user_data), LOOK(io_uring_cqe, answer, res),
			LOOK(io_uring_cqe, answer, flags));
}
