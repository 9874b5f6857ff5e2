/* Meeting: from a call on a descriptor to its connection, which is announced before its first bytes. */
#pragma once

/* Where a datagram came from or went to: sockaddr_in and sockaddr_in6 in one. */
struct internet_address {
	u16 family;
	u16 port;
	u32 v4;
	u8 v6[16];
};

/* Remembers to whom each socket without a fixed peer sent last, for receivers that do not ask who answers; the oldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, u64);
	__type(value, struct internet_address);
} correspondents SEC(".maps");

/* Keys the datagrams of a socket without a fixed peer by their peer. */
static __always_inline u64 digest(struct internet_address *peer)
{
	u64 halves[2];

	if (peer->family == FAMILY_INET)
		return (u64)peer->v4 << 16 | peer->port;
	__builtin_memcpy(halves, peer->v6, 16);
	return (halves[0] ^ halves[1] * 0x9e3779b97f4a7c15ULL) + peer->port;
}

/* The peer of one datagram, where the socket has none; false when nobody says. */
static __always_inline bool read_peer(struct sock *sk, u64 name, struct internet_address *peer)
{
	u64 socket = (u64)sk;
	struct internet_address *last;

	if (LOOK(sock, sk, __sk_common.skc_dport))
		return false;
	if (!name) {
		last = bpf_map_lookup_elem(&correspondents, &socket);
		if (last)
			*peer = *last;
		return last;
	}
	if (bpf_probe_read_user(peer, sizeof(*peer), (void *)name) && bpf_probe_read_user(peer, 16, (void *)name))
		return false;
	if (peer->family != FAMILY_INET && peer->family != FAMILY_INET6)
		return false;
	bpf_map_update_elem(&correspondents, &socket, peer, BPF_ANY);
	return true;
}

static __always_inline void turn_to(struct connection *of, struct internet_address *peer)
{
	of->remote_port = __builtin_bswap16(peer->port);
	if (peer->family == FAMILY_INET6)
		__builtin_memcpy(of->remote, peer->v6, 16);
	else if (of->is_v6) /* an IPv4 peer of an IPv6 socket, written as ::ffff:a.b.c.d */
		of->remote[10] = of->remote[11] = 0xff, __builtin_memcpy(of->remote + 12, &peer->v4, 4);
	else
		__builtin_memcpy(of->remote, &peer->v4, 4);
	u64 own[2], other[2];
	halves(of->local, own);
	if (own[0] | own[1])
		return;
	/* The kernel sends to 127.0.0.0/8 from 127.0.0.1, and to any other address of this host from that itself. */
	if (!is_loopback(of)) {
		of->flags |= NO_ADDRESS;
		return;
	}
	halves(of->remote, other);
	__builtin_memcpy(of->local, of->remote, 16);
	if (!other[1] && of->is_v6)
		of->local[13] = of->local[14] = 0, of->local[15] = 1;
	else if (!other[1])
		of->local[1] = of->local[2] = 0, of->local[3] = 1;
}

/* The entry of a socket whose beginning was just seen. */
static __always_inline void found(struct sock *sk, u64 inode, u8 role)
{
	struct connection_key key = { .socket = (u64)sk };
	struct connection *made = bpf_map_lookup_elem(&connections, &key);

	if (made) /* the end of the one before was missed */
		end(made);
	made = fresh(&key);
	if (!made)
		return;
	made->inode = inode;
	made->role = role;
	made->flags = FROM_START;
}

struct descriptor {
	u32 tgid;
	u32 fd;
};
struct held {
	u64 socket;
	u64 peer; /* to whom it was used last */
	u64 inode;
};

/* Remembers which socket a process last used by which descriptor; forgotten when that is closed. The oldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct descriptor);
	__type(value, struct held);
} descriptors SEC(".maps");

/* TCP tells by itself when a socket is over; of all others the descriptors are kept. A pipe's stand in `uses`. */
static __always_inline bool is_held(struct connection *of, u32 fd)
{
	return of->transport <= TCP || of->held == fd || of->transport == PIPE;
}

static __always_inline bool is_owned(struct connection *of, u32 tgid, u32 fd)
{
	return (of->flags & ANNOUNCED) &&
	       ((of->user == tgid && is_held(of, fd)) || of->announcements >= ANNOUNCEMENTS);
}

__noinline int hold(struct connection *of, struct connection_key *key, u32 tgid, u32 fd)
{
	struct descriptor descriptor = { .tgid = tgid, .fd = fd };
	struct held held = {};

	if (!of || !key)
		return 0;
	held.socket = key->socket;
	held.peer = key->peer;
	held.inode = of->inode;
	bpf_map_update_elem(&descriptors, &descriptor, &held, BPF_ANY);
	of->held = fd;
	return 0;
}

/* Gives the connection to the process that moves its bytes, and tells so. */
__noinline int own(struct connection *of, struct connection_key *key, u32 fd, u32 direction)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (!of || !key)
		return 0;
	if (is_owned(of, tgid, fd))
		return 1;
	if (of->user != tgid || !is_held(of, fd))
		hold(of, key, tgid, fd);
	if ((of->flags & ANNOUNCED) && of->user == tgid)
		return 1;
	if (!of->name.tgid)
		name_it(of, key, tgid, fd);
	of->user = tgid;
	return announce(of, key, direction);
}

/* The connection of `sk`; null for what is not watched. */
static __noinline struct connection *meet(struct connection_key *key, u64 inode, u64 name)
{
	struct sock *sk = (struct sock *)key->socket;
	struct internet_address peer = {};
	struct connection *of;
	u8 transport = transport_of(sk);

	if (!transport)
		return 0;
	if (transport == UDP && read_peer(sk, name, &peer))
		key->peer = digest(&peer);
	of = bpf_map_lookup_elem(&connections, key);
	if (of && of->inode && of->inode != inode) { /* the socket's memory was given to another socket */
		end(of);
		of = 0;
	}
	if (!of)
		of = fresh(key);
	if (!of) {
		count(CROWDED, 1);
		return 0;
	}
	if (!of->transport) {
		of->inode = inode;
		of->transport = transport;
		if (transport == UDP)
			of->flags |= FROM_START;
		address(of, sk);
		if (key->peer)
			turn_to(of, &peer);
	}
	return of;
}

/* The connection of `sk`, by one look-up where it is known already; a datagram's key may hold its peer. */
static __always_inline struct connection *met(struct connection_key *key, u64 inode, u64 name)
{
	struct connection *of = bpf_map_lookup_elem(&connections, key);

	if (rarely(!of || of->inode != inode || !of->transport || of->transport == UDP))
		return meet(key, inode, name);
	return of;
}
