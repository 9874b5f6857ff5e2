/* The few kernel structures that are read, declared by hand: CO-RE moves each field to where the running kernel has it. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

/* The names that libbpf's own headers use. */
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef signed char __s8;
typedef short __s16;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u64 __be64;
typedef u32 __wsum;
typedef u16 __sum16;
typedef _Bool bool;
#define true 1
#define false 0

enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_F_NO_PREALLOC = 1, BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0, BPF_RB_CONS_POS = 2 };
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

/* What is rare stands apart from the way that a hook mostly takes: that way is longer than the cache of instructions holds. */
#define rarely(condition) __builtin_expect(!!(condition), 0)

#define RELOCATED __attribute__((preserve_access_index))

struct ns_common {
	u32 inum;
} RELOCATED;
struct net {
	struct ns_common ns;
} RELOCATED;

/* Sockets, from the descriptor down. */
typedef struct {
	struct net *net;
} RELOCATED possible_net_t;
struct in6_addr {
	u8 bytes[16];
};
struct sock_common {
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	unsigned char skc_state;
	possible_net_t skc_net;
	unsigned long skc_flags;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
} RELOCATED;
struct socket;
struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	struct socket *sk_socket;
} RELOCATED;
struct inet_connection_sock {
	const void *icsk_ulp_ops;
} RELOCATED;
struct tcp_sock {
	u64 bytes_received;
	u64 bytes_acked;
	u32 rcv_nxt;
	u32 copied_seq;
	u32 snd_una;
	u32 write_seq;
} RELOCATED;
struct sockaddr_un {
	u16 sun_family;
	char sun_path[108];
} RELOCATED;
struct unix_address {
	int len;
	struct sockaddr_un name[0];
} RELOCATED;
struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
} RELOCATED;
struct super_block {
	u32 s_dev;
} RELOCATED;
struct inode {
	u16 i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
} RELOCATED;
struct file {
	struct inode *f_inode;
	void *private_data;
	unsigned int f_mode;
} RELOCATED;
struct pipe_inode_info {
	unsigned int tail;
	unsigned int readers;
	unsigned int writers;
} RELOCATED;
struct socket {
	struct sock *sk;
	struct file *file;
} RELOCATED;
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} RELOCATED;
struct files_struct {
	struct fdtable *fdt;
} RELOCATED;

/* A file's reference count, as it was called before 6.13. */
struct file___before_6_13 {
	struct {
		s64 counter;
	} f_count;
} RELOCATED;

/* And since. */
struct file___since_6_13 {
	struct {
		struct {
			s64 counter;
		} refcnt;
	} f_ref;
} RELOCATED;

/* Tasks. `flags` stands first. */
struct thread_info {
	unsigned long flags;
	u32 status;
} RELOCATED;
struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct files_struct *files;
	char comm[16];
} RELOCATED;
struct linux_binprm {
	const char *filename;
} RELOCATED;

/* Requests of io_uring. What each operation keeps stands at the request's own address. */
struct io_cqe {
	u64 user_data;
	s32 res;
	union {
		u32 flags;
		int fd; /* until it is done */
	};
};
struct xarray {
	void *xa_head;
} RELOCATED;
struct xa_node {
	unsigned char shift;
	void *slots[64];
} RELOCATED;
struct io_ring_ctx {
	unsigned int compat : 1;
	struct xarray io_bl_xa;
} RELOCATED;
struct io_buffer_list {
	void *buf_ring;
	u16 head;
	u16 mask;
	u16 flags;
} RELOCATED;
struct io_kiocb {
	struct file *file;
	u8 opcode;
	u32 flags;
	struct io_cqe cqe;
	struct io_ring_ctx *ctx;
	void *async_data;
} RELOCATED;
struct io_sr_msg {
	void *buf; /* or the message, where there is one */
	u32 len;
	u32 done_io;
	u32 msg_flags;
	u16 flags;
	u16 buf_group;
} RELOCATED;
enum iter_type { ITER_UBUF };
struct iov_iter {
	u8 iter_type;
	void *ubuf;
} RELOCATED;
struct msghdr {
	struct iov_iter msg_iter;
} RELOCATED;
struct io_async_msghdr {
	struct msghdr msg;
} RELOCATED;
struct io_rw {
	u64 addr;
	u32 len;
} RELOCATED;
struct io_splice {
	int splice_fd_in;
	u32 flags;
} RELOCATED;
struct io_close {
	int fd;
	u32 file_slot;
} RELOCATED;
struct io_accept {
	u32 file_slot;
} RELOCATED;
struct io_uring_cqe {
	u64 user_data;
	s32 res;
	u32 flags;
} RELOCATED;

/* What a program that walks a map is given. */
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
} RELOCATED;
struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
};
