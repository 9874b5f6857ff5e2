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
	HAS_SAID = 8,	     /* a byte passed */
	PAIRED = 16,	     /* the TLS session above it is known for certain */
	SAID_LAST = 32,	     /* the socket's end was sent: TCP counts it as a byte */
	CAME_TO_END = 64,    /* the socket's own figures were taken at its end */
	NO_ADDRESS = 128,    /* its socket has no local address: its own pair's is taken to be its peer's */
	ALONE = 256,	     /* the pair of its addresses is not its own */
	HAS_GAP = 512,	     /* some of it was left out: whoever hears of it joins midway */
	SEALED_OUT = 1024,   /* this way carried TLS, whose beginning was inside of another protocol's packets */
	SEALED_IN = 2048,
};

/* What becomes of a connection's bytes: all but the first are left out. */
enum fate {
	WATCHED = 0,
	UNWANTED = 1,	 /* it is not told of, and nothing is counted */
	SAMPLED_OUT = 2, /* others stand for it; its bytes are counted */
	OVER_BUDGET = 3, /* likewise, to keep to a budget */
};

static __always_inline u32 cause_of(u32 fate)
{
	return fate == SAMPLED_OUT ? SAMPLED : BUDGET;
}

struct name {
	u64 generation;
	u32 tgid;
	u32 fd;
};
/* The collector reads these too: its mirror is checked. */
struct connection {
	struct name name;
	struct account account;
	struct name partner;
	u64 inode;
	u32 user;
	u32 held; /* the descriptor that `descriptors` has of it */
	u32 netns;
	u16 local_port;
	u16 remote_port;
	u8 transport;
	u8 role;
	u8 is_v6;
	u8 announcements;
	u8 decided; /* bit layer * 2 + direction: it is settled at which end this way is read */
	u8 twice;   /* likewise: at the other end */
	u8 fate;
	u8 unused;
	u8 local[16];
	u8 remote[16];
	u32 flags;
	u32 pairing; /* of its TLS session, as it was told last */
	u32 sealed_calls[2];
	u64 agreed; /* what both ends satisfied together when the other one completed it, as in `struct pair` */
	u64 left_at[2]; /* by direction: where the wire stood when it was left out */
	u32 judged; /* by which version of what is wanted */
	u32 weight; /* it stands for so many connections */
	u32 limit; /* bytes of one call that are copied, to keep to a budget; 0: as of any */
	u32 calls; /* that moved bytes on it */
};
_Static_assert(sizeof(struct connection) == 488, "connection");

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

/*
 * Counts the ends of connections, and whatever changes between TLS sessions and them: what a thread knows of its session
 * holds for as long as nothing did.
 */
u64 changes = 0;

static __noinline struct connection *fresh(struct connection_key *key)
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

/* How an IPv4 address stands in an IPv6 socket, ::ffff:a.b.c.d: what is before it in the second half. */
#define MAPPED 0xffff0000

/* Both halves of an address; IPv4's alike, whatever socket they are of: a server on :: has ::ffff:a.b.c.d for a.b.c.d. */
static __always_inline void halves(u8 *address, u64 *half)
{
	__builtin_memcpy(half, address, 16);
	if (half[0] || (u32)half[1] != MAPPED)
		return;
	half[0] = half[1] >> 32;
	half[1] = 0;
}

/* 127.0.0.0/8 and ::1. */
static __always_inline bool is_loopback(struct connection *of)
{
	u64 remote[2];

	halves(of->remote, remote);
	return remote[1] ? !remote[0] && remote[1] == 1ULL << 56 : (u8)remote[0] == 127;
}
