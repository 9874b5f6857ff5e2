/* Pairs: connections with both ends on this host, and at which of them each way is read. */
#pragma once

enum { LOW_END = 1, HIGH_END = 2 };

/* Both ends of one connection have this key: the lower end first. */
struct pair_key {
	u64 low[2];
	u64 high[2];
	u16 low_port;
	u16 high_port;
	u32 netns; /* of loopback addresses, which mean another host in each namespace */
};
struct pair {
	struct connection_key first;
	struct name name;
	struct connection_key second;
	u16 ends;	  /* how many ends have shown bytes */
	u8 is_assumed;	  /* the first end has no address of its own */
	u8 is_left;	  /* one of two ends is over: whoever comes begins another talk */
	u32 unused;
	u64 agreed;	  /* what both ends satisfy together, below the version by which they do */
	u64 spared;	  /* the sparser of the samples that their budgets leave, likewise */
	u64 claims[4];	  /* by layer * 2 + whether the lower end speaks: the generation of the end that is read */
};

/* Remembers the connections whose other end may be on this host; forgotten at the end of either. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct pair_key);
	__type(value, struct pair);
} pairs SEC(".maps");

/* Fills the key, and tells whether the local end is the lower one. */
static __always_inline u32 order(struct pair_key *key, u64 *local, u64 *remote, u16 local_port, u16 remote_port)
{
	bool local_is_low = local[0] != remote[0] ? local[0] < remote[0]
			  : local[1] != remote[1] ? local[1] < remote[1]
						  : local_port < remote_port;

	key->low[0] = local_is_low ? local[0] : remote[0];
	key->low[1] = local_is_low ? local[1] : remote[1];
	key->high[0] = local_is_low ? remote[0] : local[0];
	key->high[1] = local_is_low ? remote[1] : local[1];
	key->low_port = local_is_low ? local_port : remote_port;
	key->high_port = local_is_low ? remote_port : local_port;
	return local_is_low ? LOW_END : HIGH_END;
}

/* Fills the key that both ends share, and tells which end this is; 0 when there can be no second end. */
static __always_inline u32 pair_key_of(struct connection *of, u64 socket, struct pair_key *key)
{
	u64 local[2], remote[2];

	if (of->transport == UNIX || of->transport == UNIX_DATAGRAM) {
		struct sock *peer = unix_peer((struct sock *)socket);
		if (!peer || unix_peer(peer) != (struct sock *)socket)
			return 0;
		local[0] = socket, remote[0] = (u64)peer, local[1] = remote[1] = 0;
		return order(key, local, remote, 0, 0);
	}
	if (of->transport == PIPE) {
		local[0] = remote[0] = socket, local[1] = of->role, remote[1] = CLIENT + SERVER - of->role;
		return order(key, local, remote, 0, 0);
	}
	if (!of->transport || !of->remote_port || !of->local_port)
		return 0;
	halves(of->flags & NO_ADDRESS ? of->remote : of->local, local);
	halves(of->remote, remote);
	key->netns = is_loopback(of) ? of->netns : 0;
	return order(key, local, remote, of->local_port, of->remote_port);
}

static __always_inline bool is_same(struct connection_key *a, struct connection_key *b)
{
	return a->socket == b->socket && a->peer == b->peer;
}

/*
 * Leaves word for the other end; or finds it, if it was here first. Both may come at once, on two processors: the map
 * says which of them was first, or each would wait for the other and both would be read.
 *
 * A socket of datagrams without an address has the one that it is asked at, which is its peer's own if that is of this
 * host: so only a peer with that very address is its other end. Two without any may be strangers, one of them far away.
 */
__noinline int introduce(struct connection *of, struct connection_key *own)
{
	struct pair_key key = {};
	struct pair *found;

	if (!of || !own || !pair_key_of(of, own->socket, &key))
		return 0;
	bool is_assumed = of->flags & NO_ADDRESS;
	struct pair word = { .first = *own, .name = of->name, .ends = 1, .is_assumed = is_assumed };
	if (!bpf_map_update_elem(&pairs, &key, &word, BPF_NOEXIST))
		return 0;
	found = bpf_map_lookup_elem(&pairs, &key);
	if (found && !found->is_left && !is_same(&found->first, own)) {
		struct connection_key first = found->first;
		struct connection *other = bpf_map_lookup_elem(&connections, &first);
		if (other && other->name.generation == found->name.generation) {
			if (is_assumed && found->is_assumed) {
				of->flags |= ALONE;
				return 0;
			}
			of->partner = found->name;
			found->second = *own;
			found->ends = 2;
			return 0;
		}
	}
	bpf_map_update_elem(&pairs, &key, &word, BPF_ANY);
	return 0;
}

static __always_inline void end_left(struct connection_key *left)
{
	struct connection *of = bpf_map_lookup_elem(&connections, left);

	if (!of)
		return;
	end(of);
	bpf_map_delete_elem(&connections, left);
}

/* Ends what is left of a talk of datagrams, whose addresses begin another one. Not inside `introduce`: the stack is too short. */
static __noinline int renew(struct connection *of, struct connection_key *own)
{
	struct pair_key key = {};
	struct connection_key left[2];
	struct pair *found;

	if (!pair_key_of(of, own->socket, &key))
		return 0;
	found = bpf_map_lookup_elem(&pairs, &key);
	if (!found || !found->is_left)
		return 0;
	left[0] = found->first;
	left[1] = found->second;
	if (!is_same(&left[0], own))
		end_left(&left[0]);
	if (!is_same(&left[1], own))
		end_left(&left[1]);
	return 0;
}

/* Says of bytes in clear that they are told before anything can come of them: at the beginning of the call that writes them. */
#define AHEAD 8

/*
 * An end that tells what it wrote when the call is over may do so after the other end has told its answer: so both ways are
 * read at one end, whichever was first.
 */
static __always_inline void claim_both(struct pair *pair, u32 way, u64 own)
{
	u64 holder = __sync_val_compare_and_swap(&pair->claims[way ^ 1], 0, own);

	if (holder && holder != own)
		__sync_val_compare_and_swap(&pair->claims[way], 0, holder);
}

/*
 * Whether the bytes of this way are read at the other end, so that here they are only counted.
 *
 * In clear, each way is read at the end that shows its bytes first: the other one's library may be dark. On the wire both
 * ends see the same, but who sends may send from inside the kernel (sendfile), where nothing is to be seen, and who
 * receives may not: so where both ends are known, each way is read by its receiver.
 *
 * Who sent a datagram over the loopback is on this host, and may be told of after its answer was sent: that is left to it.
 */
__noinline int is_twice(struct connection *of, u64 socket, u32 which)
{
	struct pair_key key = {};
	u32 bit = 1 << (which & 3), end, way;
	struct pair *pair;

	if (!of)
		return 0;
	if (of->decided & bit)
		return of->twice & bit;
	end = of->flags & ALONE ? 0 : pair_key_of(of, socket, &key);
	pair = end ? bpf_map_lookup_elem(&pairs, &key) : 0;
	if (!pair) {
		of->decided |= bit;
		return 0;
	}
	bool low_speaks = (end == LOW_END) == ((which & 1) == OUT);
	way = (which & CLEAR * 2) + low_speaks;
	barrier_var(way); /* or the bound, which the compiler knows, is not there for the verifier of 6.1 */
	way &= 3;
	bool is_expected = of->transport == UDP && of->account.ways[IN].position && is_loopback(of);
	bool is_other_here = (pair->ends > 1 && !pair->is_left) || is_expected;
	if (which == OUT && is_other_here && !pair->claims[way]) {
		of->decided |= bit;
		of->twice |= bit;
		return 1;
	}
	if ((which & (CLEAR * 2 | 1 | AHEAD)) == CLEAR * 2 + OUT)
		claim_both(pair, way, of->name.generation);
	u64 holder = __sync_val_compare_and_swap(&pair->claims[way], 0, of->name.generation);
	of->decided |= bit;
	if (holder && holder != of->name.generation)
		of->twice |= bit;
	return of->twice & bit;
}

/*
 * A server's socket of datagrams is over, and its client's goes on, to another server perhaps or to nobody: what it says
 * is read at its own end from now on.
 */
static __always_inline void leave_client(struct pair *pair, struct connection_key *own)
{
	struct connection_key key = is_same(&pair->first, own) ? pair->second : pair->first;
	struct connection *other = bpf_map_lookup_elem(&connections, &key);

	if (!other)
		return;
	pair->claims[0] = pair->claims[1] = 0;
	other->decided &= ~(1 << OUT);
	other->twice &= ~(1 << OUT);
}

/*
 * An end is over. Its thread may have been put aside in the call that the other end answered, closed behind, and was gone
 * with before the call's exit here, or the other way round: at which end each way is read stays known until both are over,
 * or the second one would be read too.
 */
static __always_inline void part(struct connection *of, struct connection_key *own)
{
	struct pair_key key = {};
	struct pair *pair;

	if ((of->flags & ALONE) || !pair_key_of(of, own->socket, &key))
		return;
	pair = bpf_map_lookup_elem(&pairs, &key);
	if (!pair || (!is_same(&pair->first, own) && !is_same(&pair->second, own)))
		return;
	if (pair->ends < 2 || pair->is_left) {
		bpf_map_delete_elem(&pairs, &key);
		return;
	}
	pair->is_left = 1;
	if (of->transport == UDP && of->local_port < of->remote_port)
		leave_client(pair, own);
}
