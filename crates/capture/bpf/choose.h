/* Choosing: which connections are wanted and which of those are sampled, judged once for each and kept with it. */
#pragma once

/* The collector itself, whose sockets would feed on themselves. */
const volatile u32 own_tgid = 0;

/*
 * What may be wanted of a connection, a bit each. All that are asked for must hold, each at either end: `--pid 42 --name
 * postgres` is what 42 says to a server. What is not known here counts as holding, and the collector asks again.
 */
enum wish { BY_PID = 1, BY_NAME = 2, BY_UID = 4, BY_CONTAINER = 8, BY_PORT = 16, BY_DIRECTION = 32 };
/* The collector has not said yet which container the process is in. */
#define UNDECIDED 64

/* What is wanted. */
struct choice {
	u64 rate;   /* bytes a second that are copied of one process; 0: any */
	u32 wishes; /* what is asked for */
	u32 role;   /* by direction: which end the process must hold */
	u32 sample; /* one connection of so many is read */
	u32 descent; /* the version since which these processes are asked for */
	u32 containment; /* and these containers */
	u32 is_budgeted; /* some process has a step */
};

/*
 * The collector writes the choice that does not hold, and the terms of its version, before it says that it does: a
 * connection is never judged by half of one and half of another.
 */
struct choice choices[2] = {};
u32 version = 0;

static __always_inline struct choice *choice_now(void)
{
	return &choices[version & 1];
}

/* A value that is asked for by one kind of wish. */
struct term {
	u32 version;
	u32 wish;
	u8 value[16];
};

/* Remembers the values that are asked for; the collector forgets them when another choice holds. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct term);
	__type(value, u8);
} terms SEC(".maps");

/* What a process has from the one that began it, or from the collector: each with the version since which it holds. */
struct member {
	u32 descends;	  /* it, or one that it comes from, is asked for */
	u32 contained;	  /* its container was looked at */
	u32 is_contained; /* and is asked for */
};

/* Remembers this while processes are asked for by descent or container; forgotten when they end. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, u32);
	__type(value, struct member);
} members SEC(".maps");

static __noinline bool is_term(u32 wish, u64 low, u64 high)
{
	struct term term = { .version = version, .wish = wish };

	__builtin_memcpy(term.value, &low, 8);
	__builtin_memcpy(term.value + 8, &high, 8);
	return bpf_map_lookup_elem(&terms, &term);
}

/* Whether the name of the process, which its first thread has, is asked for. */
static __noinline bool is_named(void)
{
	struct task_struct *leader = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), group_leader);
	u64 name[2] = {};

	BPF_CORE_READ_STR_INTO(&name, leader, comm);
	return is_term(BY_NAME, name[0], name[1]);
}

static __always_inline bool is_ported(struct connection *of)
{
	if (!of->transport && !of->remote_port) /* a TLS session without its socket */
		return true;
	return (of->local_port && is_term(BY_PORT, of->local_port, 0)) ||
	       (of->remote_port && is_term(BY_PORT, of->remote_port, 0));
}

/* What the current process, at its end of a connection, has of what is asked for. */
static __noinline u32 satisfies(struct connection *of, struct choice *choice)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32, wishes = choice->wishes, has = 0;

	if (wishes & BY_PORT && is_ported(of))
		has |= BY_PORT;
	if (wishes & BY_DIRECTION) {
		if (of->role != NO_ROLE && of->role != choice->role)
			return has;
		has |= BY_DIRECTION;
	}
	if (wishes & (BY_PID | BY_CONTAINER)) {
		struct member *member = bpf_map_lookup_elem(&members, &tgid);
		if (member && member->descends >= choice->descent)
			has |= BY_PID;
		if (!member || member->contained < choice->containment)
			has |= UNDECIDED;
		else if (member->is_contained)
			has |= BY_CONTAINER;
	}
	if (wishes & BY_NAME && is_named())
		has |= BY_NAME;
	if (wishes & BY_UID && is_term(BY_UID, (u32)bpf_get_current_uid_gid(), 0))
		has |= BY_UID;
	return has;
}

static __always_inline bool holds(u32 has, u32 wishes)
{
	if (has & UNDECIDED)
		has |= BY_CONTAINER;
	return (has & wishes) == wishes;
}

/* The version stands above the wishes in `agreed`. */
#define WISH_BITS 8

/* Adds what one end has to what both have, and answers what the other one had. The ends may come at once, on two processors. */
static __always_inline u32 agree(struct pair *pair, u32 has)
{
	u64 before = pair->agreed, first = (u64)version << WISH_BITS | has;

	if ((before ^ first) >> WISH_BITS && __sync_val_compare_and_swap(&pair->agreed, before, first) == before)
		return 0;
	return __sync_fetch_and_or(&pair->agreed, (u64)has) & ((1 << WISH_BITS) - 1);
}

/* Has the other end judged anew, by what both have, which it may outlive this one with. */
static __noinline int alert(struct connection_key *key, u64 own, u32 has)
{
	struct connection *other = key->socket != own ? bpf_map_lookup_elem(&connections, key) : 0;

	if (!other)
		return 0;
	other->agreed = (u64)version << WISH_BITS | has;
	other->judged = 0;
	return 0;
}

static __always_inline u64 mix(u64 lot, u64 more)
{
	lot = (lot ^ more) * 0x9e3779b97f4a7c15ULL;
	return lot ^ lot >> 32;
}

/*
 * The lot that a connection draws, by which it is sampled or not: of both its ends, so that they agree, and another
 * collector does. A Unix socket or a pipe stands where another one stood: it is told apart by when its first end was met.
 */
static __always_inline u32 draw(struct connection *of, struct pair_key *key, struct pair *pair)
{
	if (!pair)
		return mix(0, of->name.generation);
	if (of->transport >= UNIX)
		return mix(0, pair->name.generation);
	u64 lot = mix(mix(0, key->low[0]), key->low[1]);
	lot = mix(mix(lot, key->high[0]), key->high[1]);
	return mix(lot, (u64)key->low_port << 16 | key->high_port);
}

/* How little of a process is read, to keep to what watching it may cost. */
struct step {
	u32 limit;  /* bytes of one call; 0: as of any */
	u32 sample; /* one connection of so many; 0: each */
};

/* Remembers this of the processes that cost too much; the collector forgets it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct step);
} steps SEC(".maps");

/* What is known of a connection from both of its ends. */
struct known {
	u32 has;
	u32 lot;
	u32 spared;
	u32 unused;
};

/* The sparser of two ends' samples holds for both; whether that is this end's. */
static __always_inline bool spare(struct pair *pair, struct known *known)
{
	u64 before = pair->spared, own = (u64)version << 32 | known->spared;

	if (before >> 32 == version && (u32)before >= known->spared) {
		known->spared = before;
		return false;
	}
	pair->spared = own;
	return known->spared;
}

/* Says what one end has, and asks what both have. */
__noinline int consult(struct connection *of, struct connection_key *own, u32 wishes, struct known *known)
{
	struct pair_key key = {};
	struct pair *pair = 0;

	if (!of || !own || !known)
		return 0;
	if (!(of->flags & ALONE) && pair_key_of(of, own->socket, &key))
		pair = bpf_map_lookup_elem(&pairs, &key);
	known->lot = draw(of, &key, pair);
	if (!pair)
		return 0;
	u32 own_has = known->has & ~UNDECIDED, before = wishes ? agree(pair, own_has) : 0;
	known->has |= before;
	if (spare(pair, known) || ((own_has & ~before) && holds(known->has, wishes))) {
		struct connection_key ends[2] = { pair->first, pair->second };
		alert(&ends[0], own->socket, known->has);
		alert(&ends[1], own->socket, known->has);
	}
	return 0;
}

/* A connection is not told of any more, or never was. */
static __always_inline bool dismiss(struct connection *of)
{
	if (of->fate > UNWANTED)
		own_up(of);
	if (!(of->flags & ANNOUNCED) && all_of(of))
		leave(of);
	else if (of->flags & ANNOUNCED && !tell_end(of))
		return false;
	of->flags &= ~ANNOUNCED;
	of->announcements = 0;
	of->pairing = 0;
	return true;
}

/* Puts a connection to what was judged; false when it could not be told, and is to be judged again. */
static __noinline bool assign(struct connection *of, struct connection_key *key, u32 fate, u32 weight)
{
	bool was_told = of->flags & ANNOUNCED;

	if (fate == of->fate && weight == of->weight)
		return true;
	__sync_fetch_and_add(&changes, 1);
	if (fate == UNWANTED && !dismiss(of))
		return false;
	if (of->fate == UNWANTED)
		begin_account(of, key->socket);
	if (of->fate > UNWANTED && fate == WATCHED)
		own_up(of);
	if (fate > UNWANTED && of->fate <= UNWANTED) {
		of->left_at[OUT] = of->account.ways[OUT].position;
		of->left_at[IN] = of->account.ways[IN].position;
	}
	of->fate = fate;
	of->weight = weight;
	return fate != WATCHED || !was_told || announce(of, key, OUT);
}

/* Whether a connection's lot is among one of so many. Who is among fewer is among more, so that few change when that does. */
static __always_inline bool is_drawn(u32 lot, u32 sample)
{
	return sample <= 1 || !((u64)lot * sample >> 32);
}

/* The first time that a connection is used, whether it is told of or not: its other end is to find it. */
static __always_inline void name_it(struct connection *of, struct connection_key *key, u32 tgid, u32 fd)
{
	of->name.tgid = tgid;
	of->name.fd = fd;
	if (of->transport == UDP)
		renew(of, key);
	introduce(of, key);
}

/* Judges a connection by what is wanted now. */
__noinline int judge(struct connection *of, struct connection_key *key, u32 fd)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32, fate = WATCHED;
	struct choice *choice = choice_now();
	struct known known = {};

	if (!of || !key)
		return 0;
	of->judged = version; /* first: the other end may open it again meanwhile */
	u32 wishes = choice->wishes, sample = choice->sample;
	struct step *step = bpf_map_lookup_elem(&steps, &tgid);
	of->limit = step ? step->limit : 0;
	if (wishes || sample > 1 || choice->is_budgeted) {
		known.spared = step ? step->sample : 0;
		if (!of->name.tgid)
			name_it(of, key, tgid, fd);
		known.has = satisfies(of, choice);
		if (of->agreed >> WISH_BITS == version)
			known.has |= of->agreed & ((1 << WISH_BITS) - 1) & ~UNDECIDED;
		consult(of, key, wishes, &known);
	}
	if (!holds(known.has, wishes))
		fate = UNWANTED;
	else if (!is_drawn(known.lot, sample))
		fate = SAMPLED_OUT;
	else if (!is_drawn(known.lot, known.spared))
		fate = OVER_BUDGET;
	if (known.spared > sample)
		sample = known.spared;
	bool is_told = assign(of, key, fate, fate == WATCHED ? sample : of->weight);
	/* What could not be told, or is not decided, is asked again at the next call. */
	if (!is_told || (wishes & BY_CONTAINER && known.has & UNDECIDED))
		of->judged = 0;
	if (fate == UNWANTED)
		of->user = tgid;
	return 0;
}

/* Whether a connection must be judged: never was by this choice, or was not wanted in the hands of another process. */
static __always_inline bool is_open(struct connection *of, u32 tgid)
{
	return of->judged != version || (of->fate == UNWANTED && of->user != tgid);
}

#define SECOND 1000000000ULL

/* What a process has used of its rate in the second that goes on. */
struct usage {
	u64 since;
	u64 bytes;
};

/* Remembers this of the processes that copied last, while there is a rate. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, struct usage);
} usages SEC(".maps");

/*
 * Whether a process may have so many bytes more copied in this second. What it may not have counts too: once it is over
 * its rate, what follows is left out until the second ends, in one piece; and one call alone is never too much.
 */
static __noinline bool affords(u32 tgid, u64 length, u64 rate)
{
	u64 now = bpf_ktime_get_ns();
	struct usage *use = bpf_map_lookup_elem(&usages, &tgid), first = { .since = now, .bytes = length };

	if (!use || now - use->since >= SECOND) {
		bpf_map_update_elem(&usages, &tgid, &first, BPF_ANY);
		return true;
	}
	return __sync_fetch_and_add(&use->bytes, length) + length <= rate;
}

/* Whether the bytes of a call are over the rate of their process. */
static __always_inline bool is_over_rate(u64 thread, u64 length)
{
	u64 rate = choice_now()->rate;

	return rarely(rate) && !affords(thread >> 32, length, rate);
}
