/*
 * Go's own TLS: what programs write and read in clear. Their stacks move while they run, so that no return address may be
 * changed, and a call ends in another thread than it began in: it is known by its goroutine and its place on that one's stack.
 */
#pragma once

/* Calls that go on at once: a goroutine waits in one for as long as its connection says nothing. */
#define GO_CALLS CONNECTIONS
/* In a method table (Go's internal/abi, ITab): the last method of a net.Conn by name, Write. */
#define GO_WRITE_METHOD (24 + 7 * 8)
/* In a poll.FD: Sysfd, behind its lock. */
#define GO_DESCRIPTOR 16

struct go_call_key {
	u64 goroutine;
	u32 tgid;
	u32 is_inner; /* it is made inside another one: TLS through a proxy that is spoken to over TLS */
};
/* Of a goroutine, its first field (Go's runtime, g and stack). */
struct go_stack {
	u64 low;
	u64 high;
};
struct go_call {
	struct session_key session;
	struct below below;
	struct call said;
	u64 room; /* the length of its buffer */
	struct go_stack stack;
	u32 depth; /* bytes of the stack above the call: as many wherever it is moved */
	u8 is_told;   /* at the system call that sent it */
	u8 has_inner; /* another one is made inside it */
	u16 unused;
};

/* Remembers the calls that go on; forgotten when they return. What never returns, because it panicked, goes as the oldest. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GO_CALLS);
	__type(key, struct go_call_key);
	__type(value, struct go_call);
} go_calls SEC(".maps");

/*
 * Finds the socket below a session: a tls.Conn begins with the net.Conn that it is on. If that is a *net.TCPConn, which its
 * method tells, it begins with a pointer to its poll.FD; of any other one only what was seen before.
 */
static __noinline int go_below(struct session_key *session, u64 tcp_write, struct below *below)
{
	struct below *known;
	struct {
		u64 methods;
		u64 value;
	} lower = {};
	struct connection_key key = {};
	struct connection *of;
	u64 method = 0, descriptor = 0, inode = 0;
	u32 fd = ~0u;

	if (bpf_probe_read_user(&lower, sizeof(lower), (void *)session->session) ||
	    bpf_probe_read_user(&method, sizeof(method), (void *)(lower.methods + GO_WRITE_METHOD)) || method != tcp_write) {
		known = bpf_map_lookup_elem(&sessions, session);
		if (known)
			*below = *known;
		return 0;
	}
	if (bpf_probe_read_user(&descriptor, sizeof(descriptor), (void *)lower.value) ||
	    bpf_probe_read_user(&fd, sizeof(fd), (void *)(descriptor + GO_DESCRIPTOR)))
		return 0;
	key.socket = (u64)socket_of(fd, &inode);
	of = key.socket ? met(&key, inode, 0) : 0;
	if (of && of->transport == TCP)
		point(below, of, &key, fd, CERTAIN);
	return 0;
}

/* The goroutine that runs a hooked place, and its stack. */
static __always_inline bool go_runs(struct pt_regs *ctx, struct go_call_key *key, struct go_stack *stack)
{
	key->goroutine = GO_GOROUTINE(ctx);
	key->tgid = bpf_get_current_pid_tgid() >> 32;
	if (rarely(key->tgid == own_tgid))
		return false;
	if (rarely(bpf_probe_read_user(stack, sizeof(*stack), (void *)key->goroutine))) {
		count(FAULTS, 1);
		return false;
	}
	return true;
}

/* So many bytes of a call passed. They are told from where they stand in the map: the frames of functions have little room. */
static __always_inline struct call *go_passed(struct go_call *call, u64 length)
{
	call->said.room = length;
	call->said.left = length;
	call->said.thread = bpf_get_current_pid_tgid();
	return &call->said;
}

/* A call begins; again, when it had to wait for a larger stack. */
static __always_inline int go_entered(struct pt_regs *ctx, u64 cookie)
{
	struct go_call call = { .session.session = GO_CALLED_WITH_1(ctx) };
	struct go_call_key key = {};
	struct go_call *around;
	struct thread *now;

	if (!go_runs(ctx, &key, &call.stack))
		return 0;
	call.session.tgid = key.tgid;
	if ((u8)cookie == P_GO_CLOSE)
		return freed(&call.session);
	call.said.from = GO_CALLED_WITH_2(ctx);
	call.room = GO_CALLED_WITH_3(ctx);
	call.said.which = CLEAR * 2 + ((u8)cookie == P_GO_WRITE ? OUT : IN);
	call.depth = call.stack.high - ctx->sp;
	go_below(&call.session, CALLED_AT(ctx) + (s32)(cookie >> 32), &call.below);
	around = bpf_map_lookup_elem(&go_calls, &key);
	if (rarely(around && around->depth < call.depth)) {
		around->has_inner = 1;
		key.is_inner = 1;
	}
	bpf_map_update_elem(&go_calls, &key, &call, BPF_ANY);
	now = thread_now(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (now) { /* its return is a place of its own */
		meter_entry(now, cookie);
		meter_entry(now, cookie);
	}
	if (now && !now->is_go) {
		u8 known = 1;

		bpf_map_update_elem(&go_processes, &key.tgid, &known, BPF_ANY);
		some_go = 1;
		now->is_go = 1;
	}
	return 0;
}

/* The call that returns here; null when its begin was not seen. */
static __noinline struct go_call *go_returning(struct go_call_key *key, u32 depth)
{
	struct go_call *outer = bpf_map_lookup_elem(&go_calls, key), *inner;

	if (outer && outer->depth == depth)
		return outer;
	key->is_inner = 1;
	inner = bpf_map_lookup_elem(&go_calls, key);
	if (!inner || inner->depth != depth)
		return 0;
	if (!outer)
		return inner;
	outer->has_inner = 0;
	if (!outer->below.pairing)
		lend(&outer->session, &inner->below);
	return inner;
}

static __always_inline int go_left(struct pt_regs *ctx, u64 cookie)
{
	struct go_call_key key = {};
	struct go_stack stack;
	struct go_call *call;
	s64 returned = RETURNED_BY_GO(ctx);

	if (!go_runs(ctx, &key, &stack))
		return 0;
	call = go_returning(&key, stack.high - ctx->sp);
	if (rarely(!call)) {
		if (returned > 0) /* it began before it was hooked, or the table refused it */
			count(CROWDED, 1);
		return 0;
	}
	if (rarely(returned > 0 && returned > call->room))
		violate(cookie);
	else if (returned > 0 && !call->is_told && is_trusted(cookie)) {
		/* A buffer on the goroutine's own stack was moved with it. */
		if (call->said.from - call->stack.low < call->stack.high - call->stack.low)
			call->said.from += stack.high - call->stack.high;
		said_in_clear(&call->session, &call->below, go_passed(call, returned));
	}
	bpf_map_delete_elem(&go_calls, &key);
	return 0;
}

/*
 * Bytes passed on a socket with ciphertext, in a thread that runs goroutines. Inside a call of the goroutine, its session's
 * socket is this one. What is written is told now and not when the call returns: the answer may be read in another
 * goroutine before that, and would be told before the question.
 */
static __noinline int go_noticed(struct connection *of, struct connection_key *socket, u32 fd, struct call *moving)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct go_call_key key = { .tgid = bpf_get_current_pid_tgid() >> 32 };
	struct go_call *call;
	u8 opening[16] = {};

	bpf_probe_read_kernel(&key.goroutine, sizeof(key.goroutine), &GO_GOROUTINE(regs));
	call = bpf_map_lookup_elem(&go_calls, &key);
	if (call && rarely(call->has_inner)) {
		key.is_inner = 1;
		call = bpf_map_lookup_elem(&go_calls, &key);
	}
	if (!call || call->is_told)
		return 0;
	bool is_write = (call->said.which & 1) == OUT;
	if (!is_write && call->below.pairing)
		return 1;
	if (!moving->room)
		next_buffer(moving);
	if (shape_of(moving, opening) == NO_TLS)
		return 0;
	if (rarely(!call->below.pairing)) {
		point(&call->below, of, socket, fd, CERTAIN);
		remember(&call->session, &call->below);
	}
	if (is_write && moving->which == OUT && carries(opening, call->room) && is_below(&call->below, of, socket)) {
		call->is_told = 1;
		said_above(&call->session, of, socket->socket, CERTAIN, go_passed(call, call->room));
	}
	return 1;
}

static __always_inline int go_at(struct pt_regs *ctx)
{
	u64 cookie = bpf_get_attach_cookie(ctx);
	u8 purpose = cookie;

	if (is_deaf(cookie))
		return 0;
	return purpose == P_GO_WRITTEN || purpose == P_GO_HAS_READ ? go_left(ctx, cookie) : go_entered(ctx, cookie);
}

/* As in `tls.h`: one hook for many places where the kernel can; else one for each place. */
SEC("uprobe.multi")
int go_many(struct pt_regs *ctx)
{
	return go_at(ctx);
}

SEC("uprobe")
int go_one(struct pt_regs *ctx)
{
	return go_at(ctx);
}
