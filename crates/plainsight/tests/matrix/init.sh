#!/bin/sh
# The first process of a guest: lets the program watch three calls, with different privileges, and tells on the console what it said.
# When it ends, for whatever reason, so does the guest.
set -e
export PATH=/usr/bin:/usr/sbin
/usr/bin/busybox --install -s /usr/bin || true # what is there already stays
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs none /tmp
ip link set lo up

# Runs the program's `watch` as the words after the name say, with more of its options, and makes three calls once it watches.
watch() {
	echo "=== begin $1"
	shift
	mkfifo /tmp/notes
	"$@" /usr/bin/plainsight watch --json $more >/tmp/seen 2>/tmp/notes &
	watching=$!
	while read -r note; do
		printf '%s\n' "$note"
		case $note in *"watching this host"*)
			/usr/bin/curl -s -o /dev/null http://127.0.0.1/plain || echo "the plain call failed"
			/usr/bin/curl -sk -o /dev/null https://127.0.0.1/tls || echo "the call over TLS failed"
			/usr/bin/uring_talk call 80 /ring >/dev/null || echo "the call by io_uring failed"
			kill -INT $watching
			;;
		esac
	done </tmp/notes
	status=0
	wait $watching || status=$?
	rm /tmp/notes
	cat /tmp/seen
	echo "=== end $status"
}

as_nobody() {
	set="-all,$1"
	shift
	# Not the shell's own, which knows fewer words.
	exec /usr/bin/setpriv --reuid=nobody --regid=nogroup --clear-groups \
		"--inh-caps=$set" "--ambient-caps=$set" "--bounding-set=$set" -- "$@"
}

echo "=== begin doctor"
status=0
/usr/bin/plainsight doctor --json || status=$?
echo "=== end $status"

/usr/sbin/nginx -e stderr -c /etc/nginx.conf &
more=
watch root env
more=--pipes
watch pipes env
more=
watch three as_nobody +bpf,+perfmon,+sys_ptrace
watch old as_nobody +sys_admin,+sys_ptrace
echo "=== over"
poweroff -f
