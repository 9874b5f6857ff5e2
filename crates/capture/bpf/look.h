/* Looking into the kernel's structures: by plain loads where the kernel knows how (6.2), else by copies, each a call of its own. */
#pragma once

extern void *bpf_rdonly_cast(const void *address, u32 type) __ksym __weak;

/* A field of the `struct type` at `address`; 0 where nothing is. */
#define LOOK(type, address, field)                                                                                     \
	(bpf_ksym_exists(bpf_rdonly_cast)                                                                              \
		 ? ((struct type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(struct type)))->field    \
		 : BPF_CORE_READ((struct type *)(address), field))

/* The pointer at `address`, read as a number that stands first in some structure: such can be passed on, a field's pointer not. */
#define LOOK_POINTER(address) ((void *)LOOK(thread_info, address, flags))
