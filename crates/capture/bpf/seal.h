/* Ciphertext: told from plaintext by how a TLS record begins, then counted and not copied. */
#pragma once

/* A record's header, a handshake message's header and the version in it. */
#define OPENING 11

enum tls { NO_TLS = 0, TLS_RECORD = 1, TLS_HELLO = 2, TLS_SERVER_HELLO = 3 };

/* What `opening` looks like. A hello must agree with itself in two lengths and two versions; a record in one. */
static __always_inline u32 tls_shape(u8 *opening, u64 length)
{
	u32 record = (u32)opening[3] << 8 | opening[4];

	if (length < 5 || opening[0] < 0x14 || opening[0] > 0x17 || opening[1] != 3 || opening[2] > 4)
		return NO_TLS;
	if (!record || record > 16384 + 2048)
		return NO_TLS;
	if (length < OPENING || opening[0] != 0x16 || opening[6] || opening[9] != 3 || opening[10] > 4)
		return TLS_RECORD;
	if (opening[5] != 1 && opening[5] != 2)
		return TLS_RECORD;
	u32 message = (u32)opening[7] << 8 | opening[8];
	if (message + 4 > record)
		return TLS_RECORD;
	return opening[5] == 1 ? TLS_HELLO : TLS_SERVER_HELLO;
}

/* A record of TLS says its kind and its length before its bytes. */
#define APPLICATION_DATA 0x17
/* What ciphers add to a record at least: the sum by which they know it. */
#define CIPHER_ADDS 16
/* The first records of a longer write carry as much as a packet, less what is around it, as Go's do. */
#define SHORT_RECORD 1024

/* Whether a record can be the first one of so many bytes, and not one of the handshake that a first write does before. */
static __always_inline bool carries(u8 *opening, u64 length)
{
	u32 record = (u32)opening[3] << 8 | opening[4];

	return opening[0] == APPLICATION_DATA && (record >= length + CIPHER_ADDS || record >= SHORT_RECORD);
}

/* How the bytes of a call begin; what is too short to say stays empty. */
static __always_inline u32 shape_of(struct call *call, u8 *opening)
{
	u64 length = call->left;

	if (call->room < 5 || length < 5)
		return NO_TLS;
	u64 size = length >= OPENING && call->room >= OPENING ? OPENING : 5;
	barrier_var(size);
	if (size > OPENING)
		size = OPENING;
	bpf_probe_read_user(opening, size, (void *)call->from);
	return tls_shape(opening, size < OPENING ? 5 : length);
}

/* Whether a connection that nobody saw begin is taken for ciphertext by its first bytes: whole records, or a bare header. */
static __always_inline bool is_plainly_sealed(u8 *opening, u64 length)
{
	u64 record = 5 + ((u64)opening[3] << 8 | opening[4]);

	return opening[2] >= 1 && (length == 5 || length >= record);
}

/* A handshake record's header read alone, as OpenSSL does; a hello is longer than 40 bytes. */
static __always_inline bool is_bare_header(u8 *opening, u64 length)
{
	return length == 5 && opening[0] == 0x16 && (opening[3] || opening[4] > 40);
}

/*
 * Whether what of TLS passes now is carried by another protocol, in its own packets: the connection was seen from its
 * start, began in clear, and no client's hello stood at the begin of a call.
 */
static __always_inline bool is_carried(struct connection *of)
{
	u32 began = of->flags & (CIPHERTEXT | FROM_START | HAS_SAID | HAS_GAP);

	return of->transport == TCP && began == (FROM_START | HAS_SAID);
}

/*
 * TLS passed one way, and whether the wire is ciphertext from then on. Where another protocol carried the handshake, it
 * may seal its log-in alone and go on in clear: there, once data was sealed both ways.
 */
static __always_inline bool turns_to_ciphertext(struct connection *of, u32 direction, bool is_data)
{
	if (is_carried(of)) {
		if (is_data)
			of->flags |= direction & 1 ? SEALED_IN : SEALED_OUT;
		if ((of->flags & (SEALED_IN | SEALED_OUT)) != (SEALED_IN | SEALED_OUT))
			return false;
	}
	of->flags |= CIPHERTEXT;
	return true;
}

/* Whether this call's bytes are ciphertext. The client's hello is not sealed: it says in clear whom it wants. */
static __always_inline bool is_sealed(struct connection *of, u8 *opening, u64 length, u32 shape)
{
	bool first = !(of->flags & HAS_SAID);

	/* Who reads a packet's header first has the hello that it carries at the begin of its next call. */
	if (shape == TLS_SERVER_HELLO && is_carried(of))
		return false;
	of->flags |= HAS_SAID;
	if (shape == TLS_HELLO && !(of->flags & CIPHERTEXT) && length <= CHUNK) {
		of->flags |= CIPHERTEXT;
		return false;
	}
	if (shape == TLS_RECORD && is_bare_header(opening, length))
		of->flags |= CIPHERTEXT;
	if (shape >= TLS_HELLO || (first && shape == TLS_RECORD && is_plainly_sealed(opening, length)))
		of->flags |= CIPHERTEXT;
	return of->flags & CIPHERTEXT;
}

/* Ciphertext is told at the first call, and then once so many calls or bytes wait; reading the clock would cost more. */
#define SEALED_CALLS 64
#define SEALED_BATCH (256 << 10)

static __always_inline void seal(struct connection *of, u32 direction, u64 length)
{
	direction &= 1;
	__sync_fetch_and_add(&of->account.ways[direction].position, length);
	__sync_fetch_and_add(&of->account.sealed[direction], length);
	count(SEALED_BYTES, length);
	if (of->sealed_calls[direction]++ % SEALED_CALLS == 0 || of->account.sealed[direction] >= SEALED_BATCH)
		tell_sealed(of, direction);
}
