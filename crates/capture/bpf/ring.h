/* The ring: records on their way to the collector, which is woken once a batch is waiting. */
#pragma once

/* Remembers records until the collector has read them. The collector sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} ring SEC(".maps");

/*
 * A wake-up interrupts two processors, which costs the thread that sends it more than a record does: it is sent for this
 * many waiting bytes, and below, the collector looks by itself.
 */
const volatile u32 wake_at = 1 << 20;

/* Where the collector stood when it was woken last: until it has moved, to wake it again is in vain. */
u64 woken_at = ~0ULL;

static __always_inline u64 wake(void)
{
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < wake_at)
		return BPF_RB_NO_WAKEUP;
	u64 stands_at = bpf_ringbuf_query(&ring, BPF_RB_CONS_POS);
	if (stands_at == woken_at)
		return BPF_RB_NO_WAKEUP;
	woken_at = stands_at;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void *reserve(u64 size)
{
	void *record = bpf_ringbuf_reserve(&ring, size, 0);
	if (!record)
		count(FULL_RING, 1);
	return record;
}
