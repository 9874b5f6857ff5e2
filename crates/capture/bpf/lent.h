/* Lent buffers: which one the kernel took for an answer, where the request itself does not say it any more. */
#pragma once

/* In the flags of an answer (`IORING_CQE_F_BUFFER`): its buffer's number stands in the upper half. */
#define HAS_BUFFER 1
#define NUMBER_SHIFT 16
/* `IOBL_BUF_RING` and `IOBL_INC`: buffers stand in a ring; and are used piece by piece. */
enum { IS_BUFFER_RING = 1, IS_PIECEWISE = 2 };
/* Buffers that are looked at from the last one taken on back: what was taken since, until its answer was told. */
#define TAKEN 32
/* How deep a group's number, of 16 bits, can lie in an array of 64 entries a level; and an inner node's mark. */
enum { LEVELS = 3, WIDTH = 64, INNER = 2, LOWEST_BITS = 3 };

struct io_uring_buf {
	u64 addr;
	u32 len;
	u16 bid;
	u16 resv;
};

/* The group of buffers of a ring that has this number; null where there is none. */
static __always_inline struct io_buffer_list *group_of(u64 request)
{
	struct io_ring_ctx *ring = BPF_CORE_READ((struct io_kiocb *)request, ctx);
	u64 entry = (u64)BPF_CORE_READ(ring, io_bl_xa.xa_head);
	u32 group = LOOK(io_sr_msg, request, buf_group);

	for (u32 level = 0; level < LEVELS; level++) {
		struct xa_node *node = (void *)(entry - INNER);
		if ((entry & LOWEST_BITS) != INNER)
			break;
		u32 slot = group >> (BPF_CORE_READ(node, shift) & 31) & (WIDTH - 1);
		bpf_core_read(&entry, sizeof(entry), &node->slots[slot]);
		group &= (1U << (BPF_CORE_READ(node, shift) & 31)) - 1;
	}
	return entry & LOWEST_BITS ? 0 : (void *)entry;
}

/* The buffer of an answer that a ring of buffers was asked for. */
static __noinline u64 taken(u64 request)
{
	u32 flags = LOOK(io_kiocb, request, cqe.flags);
	struct io_buffer_list *list = 0;

	if (!(flags & HAS_BUFFER) || !bpf_core_type_exists(struct io_buffer_list) ||
	    !bpf_core_field_exists(list->flags))
		return 0;
	list = group_of(request);
	if (!list || (BPF_CORE_READ(list, flags) & (IS_BUFFER_RING | IS_PIECEWISE)) != IS_BUFFER_RING)
		return 0;
	struct io_uring_buf *buffers = (void *)BPF_CORE_READ(list, buf_ring);
	u16 head = BPF_CORE_READ(list, head), mask = BPF_CORE_READ(list, mask);
	for (u32 back = 1; back <= TAKEN; back++) {
		struct io_uring_buf buffer = {};
		u16 place = (head - back) & mask;
		if (bpf_probe_read_kernel(&buffer, sizeof(buffer), buffers + place))
			return 0;
		if (buffer.bid == flags >> NUMBER_SHIFT)
			return buffer.addr;
	}
	return 0;
}

/* The buffer that the kernel took for an answer; 0: nobody can say. */
static __always_inline u64 lent(u64 request)
{
	struct io_async_msghdr *message = BPF_CORE_READ((struct io_kiocb *)request, async_data);

	if (!message)
		return taken(request);
	if (!bpf_core_field_exists(message->msg.msg_iter.ubuf) ||
	    BPF_CORE_READ(message, msg.msg_iter.iter_type) != bpf_core_enum_value(enum iter_type, ITER_UBUF))
		return 0;
	return (u64)BPF_CORE_READ(message, msg.msg_iter.ubuf);
}
