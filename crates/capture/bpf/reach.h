/* Reach: hooks stand in a file for whoever maps it, or for a few processes, each with its own; one kind is listened to. */
#pragma once

/* Says in the cookie of a hook that it stands for one process. */
#define FOR_ONE (1ULL << 26)

/* Whether it is the few that are listened to. Once it is everybody, the others stay for the calls that began by them. */
u32 reaches_few = 0;

/* Whether one of the few has begun another process, which has no hook. */
u32 few_began = 0;

/* Whether a hook is not listened to where a call begins: where it ends, it is whoever heard it begin. */
static __always_inline bool is_deaf(u64 cookie)
{
	return rarely(!(cookie & FOR_ONE) != !reaches_few);
}
