/* Beginnings and ends of sockets. */
#pragma once

enum { STATE_ESTABLISHED = 1, STATE_SYN_SENT = 2, STATE_SYN_RECEIVED = 3, STATE_CLOSE = 7 };

/* Ends the connection of a socket, if it had one. */
static __always_inline int over(u64 socket)
{
	struct connection_key key = { .socket = socket };
	struct connection *of = bpf_map_lookup_elem(&connections, &key);

	if (!of)
		return 0;
	end(of);
	part(of, key.socket);
	bpf_map_delete_elem(&connections, &key);
	return 0;
}

/* TCP says by itself who connected, who accepted, and when it is over; no call need be seen for it. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int before, int now)
{
	if (now == STATE_SYN_SENT)
		found(sk, 0, CLIENT);
	else if (before == STATE_SYN_RECEIVED && now == STATE_ESTABLISHED)
		found(sk, 0, SERVER);
	else if (now == STATE_CLOSE && !BPF_CORE_READ(sk, sk_socket)) /* else its program may still read what came */
		over((u64)sk);
	return 0;
}

/* Other sockets end when their last descriptor is closed, and so does a TCP socket that was reset before. */
__noinline int closing(u32 fd)
{
	u64 inode = 0;
	struct sock *sk = socket_of(fd, &inode);
	struct file *file;

	if (!sk)
		return 0;
	file = file_of((struct task_struct *)bpf_get_current_task(), fd);
	if (!file || !is_last_reference(file))
		return 0;
	if (transport_of(sk) != TCP || BPF_CORE_READ(sk, __sk_common.skc_state) == STATE_CLOSE)
		over((u64)sk);
	return 0;
}

/* Every system call of the host comes by here: the program is as small as can be. */
SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long number)
{
	return number == NR_CLOSE ? closing(ARGUMENT_1(regs)) : 0;
}
