/* What crosses from the kernel to the collector: the one definition, which Rust's mirror is checked against. */
#pragma once

/* The longest record: one copy of this size still fits a size class, and halves the records of a 32 KiB read. */
#define CHUNK 16384
/* A Unix socket's path (sockaddr_un.sun_path), with room for a final zero. */
#define PATH 112
/* A program's path; longer ones are shortened, and read again from /proc. */
#define FILENAME 256

enum kind { OPENED = 1, PASSED = 2, SEALED = 3, SECURED = 4, CLOSED = 5, FORKED = 6, EXECED = 7, EXITED = 8 };
enum layer { WIRE = 0, CLEAR = 1 };
enum direction { OUT = 0, IN = 1 };
enum transport { NO_TRANSPORT = 0, TCP = 1, UDP = 2, UNIX = 3, UNIX_DATAGRAM = 4, PIPE = 5 };
enum role { NO_ROLE = 0, CLIENT = 1, SERVER = 2 };
enum pairing { NOT_PAIRED = 0, GUESSED = 1, LIKELY = 2, CERTAIN = 3 };
enum cause { RING_FULL = 0, LIMIT = 1, FAULT = 2, UNSEEN = 3, SAMPLED = 4, RATE = 5, BUDGET = 6, CAUSES = 7 };

/* Every record begins so. `tgid`, `fd` and `generation` name the connection; `user` is the process that acted. */
struct head {
	u64 at;
	u64 generation;
	u32 tgid;
	u32 fd;
	u32 user;
	u8 kind;
	u8 layer;
	u8 direction;
	u8 detail; /* SECURED: pairing. PASSED: cause of what was not captured */
};

/* `length` bytes from `position` on passed; the first `captured` of them follow, the rest was lost by `detail`. */
struct passed {
	struct head head;
	u64 position;
	u64 length;
	u32 captured;
	u32 thread;
};

/* A connection, before its first bytes, and again when another process took it over. */
struct opened {
	struct head head;
	u64 partner_generation; /* the end on this host that was seen first; 0: none */
	u32 partner_tgid;
	u32 partner_fd;
	u64 socket; /* by which the kernel side knows it, as `struct connection_key` */
	u64 peer;
	u8 transport;
	u8 role;
	u8 midway;
	u8 is_v6;
	u16 local_port;
	u16 remote_port;
	u32 netns;
	u32 uid;
	u8 local[16];
	u8 remote[16];
	char name[16];
	u8 local_path_length;
	u8 remote_path_length;
	u8 unused[2];
	u32 weight; /* it stands for so many connections */
	char local_path[PATH];
	char remote_path[PATH];
};

/* One direction of one layer: how far it got, how much of that is read at the other end, and what was lost and not told yet. */
struct way {
	u64 position;
	u64 twice;
	u64 owed[CAUSES];
};

/* What was counted of a connection. */
struct account {
	u64 sealed[2]; /* ciphertext, not told yet */
	u64 socket[2]; /* bytes that the socket itself counted, by direction; NOT_COUNTED: it does not */
	u64 before[2]; /* bytes that it had counted when it was met first */
	struct way ways[4]; /* layer * 2 + direction */
};
#define NOT_COUNTED (~0ULL)

/* The end of a connection, with what was still to be told. */
struct closed {
	struct head head;
	struct account account;
};

/* A process began, started a program, or ended. */
struct life {
	struct head head;
	u32 parent;
	u32 uid;
	char name[16];
	char filename[FILENAME];
};

/* Rust's mirror asserts the same sizes, so that neither side changes alone. */
_Static_assert(sizeof(struct head) == 32, "head");
_Static_assert(sizeof(struct passed) == 56, "passed");
_Static_assert(sizeof(struct opened) == 360, "opened");
_Static_assert(sizeof(struct closed) == 368, "closed");
_Static_assert(sizeof(struct life) == 312, "life");
