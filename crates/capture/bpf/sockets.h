/* Sockets: from a descriptor to the socket and its addresses, by the kernel's own structures, so that nothing goes stale. */
#pragma once

enum { FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10 };
enum { TYPE_STREAM = 1, TYPE_DATAGRAM = 2, TYPE_SEQPACKET = 5 };
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };
enum { MODE_KIND = 0170000, MODE_SOCKET = 0140000 };

static __always_inline struct file *file_of(struct task_struct *task, u32 fd)
{
	struct files_struct *files = LOOK(task_struct, task, files);
	struct fdtable *table = LOOK(files_struct, files, fdt);
	struct file **slots = LOOK(fdtable, table, fd);

	if (fd >= LOOK(fdtable, table, max_fds))
		return 0;
	return LOOK_POINTER(slots + fd);
}

/* The socket behind `file`, and its inode number; null for everything that is no socket. */
static __always_inline struct sock *socket_behind(struct file *file, u64 *inode_number)
{
	struct inode *inode = LOOK(file, file, f_inode);
	struct socket *socket;
	struct sock **sk;

	if ((LOOK(inode, inode, i_mode) & MODE_KIND) != MODE_SOCKET)
		return 0;
	*inode_number = LOOK(inode, inode, i_ino);
	socket = LOOK(file, file, private_data);
	sk = &socket->sk;
	return LOOK_POINTER(sk);
}

/* The socket behind `fd` of the current task, likewise. */
static __always_inline struct sock *socket_of(u32 fd, u64 *inode_number)
{
	return socket_behind(file_of((struct task_struct *)bpf_get_current_task(), fd), inode_number);
}

/* Whether the socket that had this inode number is over: its last descriptor is closed. */
static __always_inline bool is_over(struct sock *sk, u64 inode_number)
{
	struct socket *socket = LOOK(sock, sk, sk_socket);
	struct file *file = socket ? LOOK(socket, socket, file) : 0;
	struct inode *inode = file ? LOOK(file, file, f_inode) : 0;
	struct file___before_6_13 *before = (void *)file;

	if (!inode || LOOK(inode, inode, i_ino) != inode_number)
		return true;
	/* Until 6.5, a file is released after the call that closed it. */
	return bpf_core_field_exists(before->f_count) && BPF_CORE_READ(before, f_count.counter) == 0;
}

static __always_inline u8 transport_of(struct sock *sk)
{
	u16 family = LOOK(sock, sk, __sk_common.skc_family);
	u16 type = LOOK(sock, sk, sk_type);

	if (family == FAMILY_UNIX)
		return type == TYPE_STREAM ? UNIX : UNIX_DATAGRAM;
	if (family != FAMILY_INET && family != FAMILY_INET6)
		return NO_TRANSPORT;
	u16 protocol = LOOK(sock, sk, sk_protocol);
	if (protocol == PROTOCOL_TCP && type == TYPE_STREAM)
		return TCP;
	return protocol == PROTOCOL_UDP && type == TYPE_DATAGRAM ? UDP : NO_TRANSPORT;
}

static __always_inline struct sock *unix_peer(struct sock *sk)
{
	return BPF_CORE_READ((struct unix_sock *)sk, peer);
}

/* Copies the path that `sk` is bound to; answers its length, 0 when it has none. */
static __always_inline u8 unix_path(struct sock *sk, char *path)
{
	struct unix_address *address = sk ? BPF_CORE_READ((struct unix_sock *)sk, addr) : 0;
	u64 length = address ? (u32)BPF_CORE_READ(address, len) : 0;

	if (length <= sizeof(u16))
		return 0;
	length -= sizeof(u16);
	barrier_var(length);
	if (length > PATH)
		length = PATH;
	if (bpf_core_read(path, length, &address->name[0].sun_path))
		return 0;
	return length;
}
