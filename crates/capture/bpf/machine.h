/* What differs between processors: where arguments stand, and the numbers of the system calls. */
#pragma once

#if defined(__TARGET_ARCH_x86)

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#define NUMBER(regs) ((regs)->orig_ax)
#define ARGUMENT_1(regs) ((regs)->di)
#define ARGUMENT_2(regs) ((regs)->si)
#define ARGUMENT_3(regs) ((regs)->dx)
#define ARGUMENT_4(regs) ((regs)->r10)
#define ARGUMENT_5(regs) ((regs)->r8)
#define CALLED_AT(ctx) ((ctx)->ip)
#define CALLED_WITH_1(ctx) ((ctx)->di)
#define CALLED_WITH_2(ctx) ((ctx)->si)
#define CALLED_WITH_3(ctx) ((ctx)->dx)
#define CALLED_WITH_4(ctx) ((ctx)->cx)
#define CALLED_WITH_5(ctx) ((ctx)->r8)
#define RETURNED(ctx) ((ctx)->ax)
/* Go's own calls (its internal ABI, since 1.17). */
#define GO_GOROUTINE(ctx) ((ctx)->r14)
#define GO_CALLED_WITH_1(ctx) ((ctx)->ax)
#define GO_CALLED_WITH_2(ctx) ((ctx)->bx)
#define GO_CALLED_WITH_3(ctx) ((ctx)->cx)
#define RETURNED_BY_GO(ctx) ((ctx)->ax)
/* TS_COMPAT: the call came through the 32-bit table, where the same numbers mean other calls. */
#define IS_COMPAT(task) (LOOK(task_struct, task, thread_info.status) & 2)
enum number {
	NR_READ = 0,
	NR_WRITE = 1,
	NR_CLOSE = 3,
	NR_PWRITE64 = 18,
	NR_READV = 19,
	NR_WRITEV = 20,
	NR_SENDFILE = 40,
	NR_CONNECT = 42,
	NR_ACCEPT = 43,
	NR_SENDTO = 44,
	NR_RECVFROM = 45,
	NR_SENDMSG = 46,
	NR_RECVMSG = 47,
	NR_SOCKETPAIR = 53,
	NR_SPLICE = 275,
	NR_TEE = 276,
	NR_VMSPLICE = 278,
	NR_ACCEPT4 = 288,
	NR_RECVMMSG = 299,
	NR_SENDMMSG = 307,
	NR_PREADV2 = 327,
	NR_PWRITEV2 = 328,
};

#elif defined(__TARGET_ARCH_arm64)

struct pt_regs {
	unsigned long regs[31], sp, pc, pstate, orig_x0;
	s32 syscallno;
	u32 unused;
};
#define NUMBER(ctx) ((ctx)->syscallno)
#define ARGUMENT_1(ctx) ((ctx)->orig_x0)
#define ARGUMENT_2(ctx) ((ctx)->regs[1])
#define ARGUMENT_3(ctx) ((ctx)->regs[2])
#define ARGUMENT_4(ctx) ((ctx)->regs[3])
#define ARGUMENT_5(ctx) ((ctx)->regs[4])
#define CALLED_AT(ctx) ((ctx)->pc)
#define CALLED_WITH_1(ctx) ((ctx)->regs[0])
#define CALLED_WITH_2(ctx) ((ctx)->regs[1])
#define CALLED_WITH_3(ctx) ((ctx)->regs[2])
#define CALLED_WITH_4(ctx) ((ctx)->regs[3])
#define CALLED_WITH_5(ctx) ((ctx)->regs[4])
#define RETURNED(ctx) ((ctx)->regs[0])
#define GO_GOROUTINE(ctx) ((ctx)->regs[28])
#define GO_CALLED_WITH_1(ctx) ((ctx)->regs[0])
#define GO_CALLED_WITH_2(ctx) ((ctx)->regs[1])
#define GO_CALLED_WITH_3(ctx) ((ctx)->regs[2])
#define RETURNED_BY_GO(ctx) ((ctx)->regs[0])
/* TIF_32BIT */
#define IS_COMPAT(task) (LOOK(task_struct, task, thread_info.flags) & (1 << 22))
enum number {
	NR_CLOSE = 57,
	NR_READ = 63,
	NR_WRITE = 64,
	NR_READV = 65,
	NR_WRITEV = 66,
	NR_PWRITE64 = 68,
	NR_SENDFILE = 71,
	NR_VMSPLICE = 75,
	NR_SPLICE = 76,
	NR_TEE = 77,
	NR_SOCKETPAIR = 199,
	NR_ACCEPT = 202,
	NR_CONNECT = 203,
	NR_SENDTO = 206,
	NR_RECVFROM = 207,
	NR_SENDMSG = 211,
	NR_RECVMSG = 212,
	NR_ACCEPT4 = 242,
	NR_RECVMMSG = 243,
	NR_SENDMMSG = 269,
	NR_PREADV2 = 286,
	NR_PWRITEV2 = 287,
};

#else
#error "this processor's registers are not described yet"
#endif
