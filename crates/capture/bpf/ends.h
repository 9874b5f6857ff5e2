/* Beginnings and ends of sockets. */
#pragma once

enum { STATE_ESTABLISHED = 1, STATE_SYN_SENT = 2, STATE_SYN_RECEIVED = 3 };

/* Ends the connection of the socket with this inode number (0: whichever it has), if it had one. */
static __always_inline int over(u64 socket, u64 peer, u64 inode)
{
	struct connection_key key = { .socket = socket, .peer = peer };
	struct connection *of = bpf_map_lookup_elem(&connections, &key);

	if (!of || (inode && of->inode != inode))
		return 0;
	came_to_end(of, socket);
	end(of);
	part(of, &key);
	bpf_map_delete_elem(&connections, &key);
	return 0;
}

/* TCP says by itself who connected, who accepted, and when it is over; no call need be seen for it. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int before, int now)
{
	struct connection_key key = { .socket = (u64)sk };
	struct connection *of;

	if (now == STATE_SYN_SENT)
		found(sk, 0, CLIENT);
	else if (before == STATE_SYN_RECEIVED && now == STATE_ESTABLISHED)
		found(sk, 0, SERVER);
	if (now != STATE_FIN_WAIT_1 && now != STATE_LAST_ACK && now != STATE_CLOSED)
		return 0;
	of = bpf_map_lookup_elem(&connections, &key);
	if (of && now == STATE_CLOSED)
		came_to_end(of, key.socket);
	else if (of)
		of->flags |= SAID_LAST;
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(destroyed, struct sock *sk)
{
	return over((u64)sk, 0, 0);
}

/*
 * A descriptor was closed. Sockets other than TCP's end with their last one, and nothing tells of it: so the socket that
 * stood behind this one is looked at. It leads to it no more, but what it led to when it was used is kept.
 */
__noinline int closed(u32 fd)
{
	struct descriptor descriptor = { .tgid = bpf_get_current_pid_tgid() >> 32, .fd = fd };
	struct held *found = bpf_map_lookup_elem(&descriptors, &descriptor), held;

	if (!found)
		return 0;
	held = *found;
	bpf_map_delete_elem(&descriptors, &descriptor);
	if (is_over((struct sock *)held.socket, held.inode))
		over(held.socket, held.peer, held.inode);
	return 0;
}
