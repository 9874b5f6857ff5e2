/* Connections: who holds which socket, how far each direction got, and which end of a local pair is read. */
#pragma once

/* More live connections than this push out the one that was silent longest; it comes back as joined midway. */
#define CONNECTIONS 65536
/* Takeovers that are told for one connection; a pool that hands sockets around must not flood the ring. */
#define ANNOUNCEMENTS 8

enum flag {
	ANNOUNCED = 1,	     /* the collector knows it */
	FROM_START = 2,	     /* its establishment was seen */
	CIPHERTEXT = 4,	     /* the wire carries TLS */
	WIRE_DECIDED = 8,    /* which end's wire is read is settled */
	WIRE_TWICE = 16,     /* the other end's is */
	CLEAR_DECIDED = 32,
	CLEAR_TWICE = 64,
	HAS_SAID = 128, /* a byte passed */
};

struct name {
	u64 generation;
	u32 tgid;
	u32 fd;
};
struct way {
	u64 position;
	u64 owed[CAUSES]; /* lost, and not told yet */
};
struct connection {
	struct name name;
	struct name partner;
	u64 inode;
	u32 user;
	u32 netns;
	u16 local_port;
	u16 remote_port;
	u8 transport;
	u8 role;
	u8 is_v6;
	u8 announcements;
	u8 local[16];
	u8 remote[16];
	u32 flags;
	u32 pairing; /* of its TLS session, as it was told last */
	u64 sealed[2]; /* ciphertext, not told yet */
	u64 sealed_at;
	struct way ways[4]; /* layer * 2 + direction */
};

/* A socket; for a socket without a fixed peer, with a digest of the peer; for a TLS session without a socket, the session and its process. */
struct connection_key {
	u64 socket;
	u64 peer;
};

/* Remembers every connection that moved bytes; forgotten at its end, or when it was silent longest. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct connection_key);
	__type(value, struct connection);
} connections SEC(".maps");

/* Remembers one empty connection to copy from, because it is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct connection);
} blank SEC(".maps");

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
	u64 claims[2]; /* by layer: the generation of the end that is read */
};

/* Remembers the connections whose other end may be on this host; forgotten at the end of either. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct pair_key);
	__type(value, struct pair);
} pairs SEC(".maps");

static __always_inline struct connection *fresh(struct connection_key *key)
{
	u32 zero = 0;
	struct connection *empty = bpf_map_lookup_elem(&blank, &zero), *made;

	if (!empty || bpf_map_update_elem(&connections, key, empty, BPF_ANY))
		return 0;
	made = bpf_map_lookup_elem(&connections, key);
	if (made)
		made->name.generation = bpf_ktime_get_ns();
	return made;
}

static __always_inline void address(struct connection *of, struct sock *sk)
{
	of->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	if (of->transport != TCP && of->transport != UDP)
		return;
	of->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	of->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	of->is_v6 = BPF_CORE_READ(sk, __sk_common.skc_family) == FAMILY_INET6;
	if (of->is_v6) {
		bpf_core_read(of->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(of->remote, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		bpf_core_read(of->local, 4, &sk->__sk_common.skc_rcv_saddr);
		bpf_core_read(of->remote, 4, &sk->__sk_common.skc_daddr);
	}
}

static __always_inline bool is_loopback(struct connection *of)
{
	return of->is_v6 ? of->remote[15] == 1 || of->remote[12] == 127 : of->remote[0] == 127;
}

static __always_inline bool order(struct pair_key *key, u64 *local, u64 *remote, u16 local_port, u16 remote_port)
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
	return true;
}

/* Fills the key that both ends share; false when there can be no second end. */
static __always_inline bool pair_key_of(struct connection *of, u64 socket, struct pair_key *key)
{
	u64 local[2], remote[2];

	if (of->transport == UNIX || of->transport == UNIX_DATAGRAM) {
		struct sock *peer = unix_peer((struct sock *)socket);
		if (!peer || unix_peer(peer) != (struct sock *)socket)
			return false;
		local[0] = socket, remote[0] = (u64)peer, local[1] = remote[1] = 0;
		return order(key, local, remote, 0, 0);
	}
	if (!of->remote_port || !of->local_port)
		return false;
	__builtin_memcpy(local, of->local, 16);
	__builtin_memcpy(remote, of->remote, 16);
	key->netns = is_loopback(of) ? of->netns : 0;
	return order(key, local, remote, of->local_port, of->remote_port);
}

/* Finds the other end, if it was here first; else leaves word for it. */
__noinline int introduce(struct connection *of, struct connection_key *own)
{
	struct pair_key key = {};
	struct pair *found;

	if (!of || !own || !pair_key_of(of, own->socket, &key))
		return 0;
	found = bpf_map_lookup_elem(&pairs, &key);
	if (found && (found->first.socket != own->socket || found->first.peer != own->peer)) {
		struct connection_key first = found->first;
		struct connection *other = bpf_map_lookup_elem(&connections, &first);
		if (other && other->name.generation == found->name.generation) {
			of->partner = found->name;
			return 0;
		}
	}
	struct pair word = { .first = *own, .name = of->name };
	bpf_map_update_elem(&pairs, &key, &word, BPF_ANY);
	return 0;
}

/* Whether the bytes of this layer are read at the other end, so that here they are only counted. */
__noinline int is_twice(struct connection *of, u64 socket, u32 layer)
{
	struct pair_key key = {};
	u32 decided = layer == CLEAR ? CLEAR_DECIDED : WIRE_DECIDED;
	u32 twice = layer == CLEAR ? CLEAR_TWICE : WIRE_TWICE;

	if (!of)
		return 0;
	if (of->flags & decided)
		return of->flags & twice;
	of->flags |= decided;
	struct pair *pair = pair_key_of(of, socket, &key) ? bpf_map_lookup_elem(&pairs, &key) : 0;
	if (!pair)
		return 0;
	u64 holder = __sync_val_compare_and_swap(&pair->claims[layer & 1], 0, of->name.generation);
	if (holder && holder != of->name.generation)
		of->flags |= twice;
	return of->flags & twice;
}

static __always_inline void part(struct connection *of, u64 socket)
{
	struct pair_key key = {};

	if (pair_key_of(of, socket, &key))
		bpf_map_delete_elem(&pairs, &key);
}
