/* Trials: a function that was found without its name is believed once what it moves fits the records on the socket. */
#pragma once

/* Hooks that are told apart; the collector counts beyond by the remainder. */
#define HOOKS 1024
/* Nonsense answers after which a hook is believed no more: one may be a race, three are a wrong place. */
#define VIOLATIONS_ALLOWED 3
/* Calls that fit a record before a hook is believed whatever comes: one may be chance. */
#define FITS_WANTED 3
/* Calls that do not, before it is believed, after which it never will be: a session that was open before has some. */
#define DOUBTS_ALLOWED 64
/* Says in the cookie of a hook that its function was found without its name. */
#define ON_TRIAL (1ULL << 24)

/* What a record carries at most (RFC 8446, section 5.1). */
#define RECORD 16384
/* What the length of a record has more than its bytes, by how it is sealed. */
enum {
	ADDED_CHACHA = 16,     /* the tag (RFC 7905) */
	ADDED_TLS_1_3 = 17,    /* the tag, and the type inside (RFC 8446, section 5.2) */
	ADDED_GCM = 24,	       /* the tag, and the nonce before it (RFC 5288) */
	ADDED_CBC = 16 + 20,   /* the vector, the code, and what fills the last block (RFC 5246, section 6.2.3.2) */
	BLOCK = 16,
	LONGEST_CODE = 48 - 20,
};

/* Records that are looked at in one call on a socket: what a handshake leaves behind goes out before the first data. */
#define RECORDS 8

/* Their lengths; 0: there is none. */
struct records {
	u16 lengths[RECORDS];
};

struct trust {
	u64 violations; /* answers that were nonsense */
	u64 fits[2];	/* by direction: calls whose bytes fitted a record, until it is believed */
	u64 doubts[2];	/* and those that fitted none */
	u64 withheld;	/* bytes that were not told, because nothing spoke for them */
};

/* Remembers how far each hook is to be believed; the collector forgets it with the hook. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOOKS);
	__type(key, u32);
	__type(value, struct trust);
} trusts SEC(".maps");

/* Whether there was a hook on trial; the collector sets it. */
u32 trials = 0;

/* What a thread knows for the hook on trial that it met last. */
struct trial {
	u64 cookie; /* of that hook; 0: there is none */
	struct records moved[2]; /* by direction; those that went out inside of the call alone */
	u32 wrote; /* bytes in clear that were written before any record went out; 0: none */
	u32 taken; /* bytes in clear that were read of a record by a reader that has less room */
};

static __always_inline struct trust *trust_of(u64 cookie)
{
	u32 hook = (cookie >> 8) % HOOKS;

	return bpf_map_lookup_elem(&trusts, &hook);
}

static __always_inline bool is_trusted(u64 cookie)
{
	struct trust *trust = trust_of(cookie);

	return trust && trust->violations < VIOLATIONS_ALLOWED;
}

static __always_inline void violate(u64 cookie)
{
	struct trust *trust = trust_of(cookie);

	if (trust)
		__sync_fetch_and_add(&trust->violations, 1);
	count(VIOLATIONS, 1);
}

/* Whether a record of this length is so many bytes, sealed. */
static __always_inline bool seals(u32 record, u64 length)
{
	u64 added = record - length;

	if (record < length)
		return false;
	if (added == ADDED_CHACHA || added == ADDED_TLS_1_3 || added == ADDED_GCM)
		return true;
	return record % BLOCK == 0 && added > ADDED_CBC && added <= ADDED_CBC + LONGEST_CODE + BLOCK;
}

/* Whether one of the records is so many bytes, sealed, or the first of so many. */
static __always_inline bool fits(struct records *records, u64 length)
{
	bool is_fit = false;

	if (length > RECORD)
		length = RECORD;
#pragma unroll
	for (u32 i = 0; i < RECORDS; i++)
		is_fit = is_fit || seals(records->lengths[i], length);
	return is_fit;
}

/* Whether a function is what it seems to be: what it moved fitted, and no less often than not. */
static __always_inline bool is_proven(struct trust *trust, u32 direction)
{
	u64 fits = trust->fits[direction & 1];

	return fits >= FITS_WANTED && fits >= trust->doubts[direction & 1];
}

/* Whether nothing is to be found out about a hook any more. */
static __always_inline bool is_settled(u64 cookie)
{
	struct trust *trust = trust_of(cookie);

	return !trust || (is_proven(trust, OUT) && is_proven(trust, IN));
}

/* Keeps whether a call's bytes fitted. */
static __always_inline void compared(struct trust *trust, u32 direction, bool is_fit)
{
	__sync_fetch_and_add(is_fit ? &trust->fits[direction & 1] : &trust->doubts[direction & 1], 1);
}

/* Looks for the records that begin in the first buffer of a call, one after the other; false when there is none. */
static __always_inline bool find_records(struct call *moving, struct records *found)
{
	u64 from = moving->from, room = moving->room < moving->left ? moving->room : moving->left;

#pragma unroll
	for (u32 i = 0; i < RECORDS; i++) {
		u8 header[8] = {};
		if (room < 5 || bpf_probe_read_user(header, 5, (void *)from))
			break;
		if (header[0] < 0x14 || header[0] > 0x17 || header[1] != 3 || header[2] > 4)
			break;
		u16 length = (u16)header[3] << 8 | header[4];
		found->lengths[i] = length;
		if (room < 5 + (u64)length)
			break;
		from += 5 + (u64)length;
		room -= 5 + (u64)length;
	}
	return found->lengths[0];
}

/*
 * Bytes passed on a socket with ciphertext, while the thread has a hook on trial: the records among them are kept. What
 * goes out behind a call carries what was written into the library's memory before, and nothing of what is written next.
 */
__noinline int weigh(struct trial *trial, struct call *moving, u32 is_inside)
{
	if (!trial || !moving)
		return 0;
	if (!moving->room)
		next_buffer(moving);
	struct records found = {};
	if (!find_records(moving, &found))
		return 0;
	if ((moving->which & 1) == IN) {
		trial->moved[IN] = found;
		trial->taken = 0;
		return 0;
	}
	if (is_inside)
		trial->moved[OUT] = found;
	if (is_inside || !trial->wrote)
		return 0;
	struct trust *trust = trust_of(trial->cookie);
	if (trust)
		compared(trust, OUT, fits(&found, trial->wrote));
	trial->wrote = 0;
	return 0;
}

/* A call on a hook on trial begins. */
static __always_inline void try(struct trial *trial, u64 cookie)
{
	struct records none = {};

	trial->cookie = is_settled(cookie) ? 0 : cookie;
	trial->moved[OUT] = none;
}

/* Whether a reader without room for all that a record carries has got a part of it. */
static __always_inline bool is_part(struct records *records, u64 length, u64 room)
{
	bool is_longer = false;

#pragma unroll
	for (u32 i = 0; i < RECORDS; i++)
		is_longer = is_longer || records->lengths[i] >= length + ADDED_CHACHA;
	return length == room && is_longer;
}

/*
 * Whether nothing speaks against bytes that no record was seen for, of a session that has a socket with TLS: a writer's
 * goes out later; a reader's may have come on another thread, if what was written did fit before.
 */
static __always_inline bool may_be(struct trust *trust, struct trial *trial, u32 direction)
{
	return direction == OUT ? !trial->wrote : trust->fits[OUT] > 0;
}

/* Whether the bytes of a call on trial are to be told: when bytes of this direction proved it before, or these do. */
__noinline int is_believed(struct trial *trial, u64 cookie, u64 length, u64 room, u32 way)
{
	u32 direction = way & 1, is_paired = way & 2;
	struct trust *trust = trust_of(cookie);
	struct records none = {};

	if (!trial || !trust)
		return 0;
	if (is_proven(trust, direction))
		return 1;
	struct records found = trial->moved[direction];
	u64 taken = direction == IN ? trial->taken : 0;
	if (fits(&found, taken + length)) {
		compared(trust, direction, true);
		return 1;
	}
	bool is_told = is_paired && !found.lengths[0] && may_be(trust, trial, direction);
	if (!is_told)
		__sync_fetch_and_add(&trust->withheld, length);
	if (direction == IN && is_part(&found, taken + length, taken + room)) {
		trial->taken += length;
		return 0;
	}
	trial->moved[direction] = none;
	if (is_told && direction == OUT)
		trial->wrote = length;
	else
		compared(trust, direction, false);
	return is_told;
}
