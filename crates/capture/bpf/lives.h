/* Lives: processes that begin, start a program, and end. */
#pragma once

/*
 * Descent goes on in what a process begins; which container it is in, a program that it starts may change. Says whether
 * the process is asked for by descent.
 */
static __always_inline bool inherit(struct task_struct *task, u8 kind, u32 tgid)
{
	u32 parent = BPF_CORE_READ(task, real_parent, tgid);
	struct member *member;

	if (kind == EXITED) {
		bpf_map_delete_elem(&members, &tgid);
		return false;
	}
	member = bpf_map_lookup_elem(&members, kind == FORKED ? &parent : &tgid);
	if (!member)
		return false;
	struct member own = *member;
	if (kind == EXECED)
		own.contained = 0;
	if (bpf_map_update_elem(&members, &tgid, &own, BPF_ANY))
		count(LOST_LIVES, 1);
	return own.descends >= choice_now()->descent;
}

static __always_inline int live(struct task_struct *task, u8 kind, const char *filename)
{
	struct life *record;
	u32 tgid = BPF_CORE_READ(task, tgid);
	bool is_asked = false;

	if (BPF_CORE_READ(task, pid) != tgid) /* a thread */
		return 0;
	if (kind != FORKED && rarely(some_go))
		bpf_map_delete_elem(&go_processes, &tgid);
	if (kind != FORKED && rarely(some_java))
		bpf_map_delete_elem(&java_processes, &tgid);
	if (kind == EXITED)
		bpf_map_delete_elem(&meters, &tgid);
	if (hears_pipes && kind == EXITED)
		leave_all_open(tgid);
	if (rarely(choice_now()->wishes & (BY_PID | BY_CONTAINER)))
		is_asked = inherit(task, kind, tgid);
	bool is_of_few = reaches_few && is_asked && kind == FORKED;
	if (rarely(is_of_few))
		few_began = 1;
	record = reserve(sizeof(*record));
	if (!record) {
		count(LOST_LIVES, 1);
		return 0;
	}
	__builtin_memset(&record->head, 0, sizeof(record->head));
	record->head.at = bpf_ktime_get_ns();
	record->head.kind = kind;
	record->head.user = tgid;
	record->parent = BPF_CORE_READ(task, real_parent, tgid);
	record->uid = (u32)bpf_get_current_uid_gid();
	BPF_CORE_READ_STR_INTO(&record->name, task, comm);
	record->filename[0] = 0;
	if (filename)
		bpf_probe_read_kernel_str(record->filename, sizeof(record->filename), filename);
	/* Everyone is to be hooked before that one speaks. */
	bpf_ringbuf_submit(record, is_of_few ? BPF_RB_FORCE_WAKEUP : wake());
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(forked, struct task_struct *parent, struct task_struct *child)
{
	return live(child, FORKED, 0);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(execed, struct task_struct *task, int before, struct linux_binprm *program)
{
	if (hears_pipes)
		join(JOINED_AT_START);
	return live(task, EXECED, BPF_CORE_READ(program, filename));
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exited, struct task_struct *task)
{
	return live(task, EXITED, 0);
}
