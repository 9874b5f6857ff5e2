/* Accounts: what TCP itself counted of a socket, beside what was seen of it; and what is told when a connection is over. */
#pragma once

enum { STATE_FIN_WAIT_1 = 4, STATE_FIN_WAIT_2 = 5, STATE_CLOSED = 7, STATE_LAST_ACK = 9, STATE_CLOSING = 11 };
/* SOCK_DONE: the peer's end has come. */
#define PEER_IS_DONE (1 << 1)

/*
 * Bytes that programs gave to a socket and took from it, by its own sequence numbers: what was acknowledged and what is
 * still to be; what came, less what waits. Both ways count the end of the stream as a byte, and who connects, its beginning.
 */
static __always_inline void ask_socket(u64 socket, u64 *moved)
{
	u64 came = LOOK(tcp_sock, socket, bytes_received), acked = LOOK(tcp_sock, socket, bytes_acked);
	u32 next = LOOK(tcp_sock, socket, rcv_nxt), taken = LOOK(tcp_sock, socket, copied_seq);
	u32 first = LOOK(tcp_sock, socket, snd_una), last = LOOK(tcp_sock, socket, write_seq);

	moved[OUT] = acked + (u32)(last - first);
	moved[IN] = came - (u32)(next - taken);
	/* The end came in order and was read: nothing waits. */
	if (next == taken && (LOOK(sock, socket, __sk_common.skc_flags) & PEER_IS_DONE))
		moved[IN]--;
}

/* Whether the socket's own figures are of what programs move: where TLS runs inside the kernel, they are of its records. */
static __always_inline bool counts(struct connection *of, u64 socket)
{
	return of->transport == TCP && !LOOK(inet_connection_sock, socket, icsk_ulp_ops);
}

/* Whether a socket's end was sent. One that is let go of after the hooks were taken back says so by its state alone. */
static __always_inline bool has_said_last(struct connection *of, u64 socket)
{
	u8 state = LOOK(sock, socket, __sk_common.skc_state);

	return of->flags & SAID_LAST || state == STATE_FIN_WAIT_1 || state == STATE_FIN_WAIT_2 ||
	       state == STATE_LAST_ACK || state == STATE_CLOSING;
}

/* The same since the connection is followed. */
static __always_inline void ask(struct connection *of, u64 socket, u64 *moved)
{
	moved[OUT] = moved[IN] = NOT_COUNTED;
	if (!counts(of, socket))
		return;
	ask_socket(socket, moved);
	moved[OUT] -= of->account.before[OUT];
	moved[IN] -= of->account.before[IN];
	if (has_said_last(of, socket))
		moved[OUT]--;
	if ((of->flags & FROM_START) && of->role == CLIENT)
		moved[OUT]--;
}

/* A connection that nobody saw begin is met by a call that moved `length` bytes: what moved before was not seen. */
__noinline int joined(struct connection *of, u64 socket, u32 direction, u64 length)
{
	u64 moved[2] = {};

	if (!of || (of->flags & FROM_START) || !counts(of, socket))
		return 0;
	ask_socket(socket, moved);
	moved[direction & 1] -= length;
	of->account.before[OUT] = moved[OUT];
	of->account.before[IN] = moved[IN];
	return 0;
}

/*
 * A socket came to its end, or is let go of. What it counted is taken at both: a program may take what came until it lets
 * go of the socket, and who breaks a connection off clears the socket's figures (tcp_disconnect).
 */
static __always_inline void came_to_end(struct connection *of, u64 socket)
{
	u64 moved[2], *kept = of->account.socket;

	ask(of, socket, moved);
	if (!(of->flags & CAME_TO_END)) {
		kept[OUT] = moved[OUT];
		kept[IN] = moved[IN];
	} else if (moved[IN] != NOT_COUNTED && moved[IN] > kept[IN]) {
		kept[IN] = moved[IN];
	}
	of->flags |= CAME_TO_END;
}

/* Connections that ended while the ring was full, and wait beside it; what finds no room here either is counted. */
#define FAREWELLS 4096

/* Remembers their accounts until the collector has emptied the ring, which then takes them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FAREWELLS);
	__type(key, struct name);
	__type(value, struct account);
} farewells SEC(".maps");

/* How many were put there so far. */
u64 farewells_bid = 0;

/*
 * What passed in clear while the connection was left out, and its functions were not listened to: nobody counted it. It is
 * lost, as long as the ciphertext that carried it.
 */
__noinline int own_up(struct connection *of)
{
	if (!of)
		return 0;
	for (u32 direction = 0; direction < 2; direction++) {
		struct way *clear = &of->account.ways[CLEAR * 2 + direction];
		u64 position = of->account.ways[direction].position, passed = position - of->left_at[direction];

		of->left_at[direction] = position;
		if (!passed || !clear->position || (of->twice & 1 << (CLEAR * 2 + direction)))
			continue;
		count(SEEN_BYTES, passed);
		lose(of, CLEAR * 2 + direction, cause_of(of->fate), passed);
	}
	return 0;
}

/* All bytes that were seen of a connection. */
static __always_inline u64 all_of(struct connection *of)
{
	struct way *ways = of->account.ways;

	return ways[0].position + ways[1].position + ways[2].position + ways[3].position;
}

/* A connection of which nothing was told will not be: it was left out from its first byte on, and counts as a whole. */
static __always_inline void leave_out(struct connection *of)
{
	count(LEFT_OUT_ENDS, 1);
	count(LEFT_OUT_BYTES, all_of(of));
}

/* A connection's end, and what was lost on it, will not be told. */
static __always_inline void leave_untold(struct connection *of)
{
	u64 untold = of->account.sealed[OUT] + of->account.sealed[IN];

	for (u32 which = 0; which < 4; which++) {
		untold += of->account.ways[which].twice;
		for (u32 cause = 0; cause < CAUSES; cause++)
			untold += of->account.ways[which].owed[cause];
	}
	barrier_var(untold); /* one number on the stack, and not all of them */
	count(UNTOLD_ENDS, 1);
	count(UNTOLD_BYTES, untold);
}

/* Nobody was told of a connection, and nobody will be. */
static __always_inline void leave(struct connection *of)
{
	if (of->fate > UNWANTED)
		leave_out(of);
	else if (of->fate == WATCHED && of->name.tgid)
		leave_untold(of);
}

/* Tells the end of a connection, and with it everything that was still owed; false when the ring is full. */
__noinline int tell_end(struct connection *of)
{
	struct closed *record;

	if (!of)
		return 0;
	__sync_fetch_and_add(&changes, 1);
	if (!(of->flags & CAME_TO_END))
		of->account.socket[OUT] = of->account.socket[IN] = NOT_COUNTED;
	record = reserve(sizeof(*record));
	if (!record)
		return 0;
	begin(&record->head, of, CLOSED, bpf_get_current_pid_tgid());
	__builtin_memcpy(&record->account, &of->account, sizeof(record->account));
	bpf_ringbuf_submit(record, wake());
	return 1;
}

/*
 * A connection is over. Static, for the memory of a function's own argument may not go into a map before 6.2.
 */
static __noinline int end(struct connection *of)
{
	if (!(of->flags & ANNOUNCED)) {
		__sync_fetch_and_add(&changes, 1);
		leave(of);
		return 0;
	}
	if (rarely(of->fate))
		own_up(of);
	if (tell_end(of))
		return 0;
	if (bpf_map_update_elem(&farewells, &of->name, &of->account, BPF_ANY))
		leave_untold(of);
	else
		__sync_fetch_and_add(&farewells_bid, 1);
	return 0;
}

/* What is told of a connection from here on has an account of its own. The call that goes on counts as seen, too. */
__noinline int begin_account(struct connection *of, u64 socket)
{
	if (!of)
		return 0;
	__builtin_memset(&of->account, 0, sizeof(of->account));
	if (!(of->flags & HAS_GAP))
		return 0;
	/* What came to an end by now is counted with what was before. */
	of->flags &= ~(FROM_START | SAID_LAST | CAME_TO_END);
	return joined(of, socket, OUT, 0);
}

/*
 * Tells each connection that is open when the collector asks, with its key, and what its socket counted. Of those that
 * were left out from their first byte on, only how many they are.
 */
SEC("iter/bpf_map_elem")
int counted(struct bpf_iter__bpf_map_elem *ctx)
{
	struct connection *of = ctx->value;
	struct connection_key *key = ctx->key;
	u64 moved[2], socket;

	if (!of || !key || !of->name.tgid)
		return 0;
	if (of->fate && !(of->flags & ANNOUNCED)) {
		leave(of);
		return 0;
	}
	if (of->fate)
		own_up(of);
	socket = key->socket; /* read here: within LOOK, 6.1 would look for it among the kernel's own structures */
	ask(of, socket, moved);
	if (of->flags & CAME_TO_END)
		__builtin_memcpy(moved, of->account.socket, sizeof(moved));
	else if (LOOK(sock, socket, __sk_common.skc_state) == STATE_CLOSED)
		moved[OUT] = moved[IN] = NOT_COUNTED; /* it ended after the hooks were taken back: nobody knows how */
	bpf_seq_write(ctx->meta->seq, key, sizeof(*key));
	bpf_seq_write(ctx->meta->seq, of, sizeof(*of));
	bpf_seq_write(ctx->meta->seq, moved, sizeof(moved));
	return 0;
}
