/* The whole kernel side: each part is a header of its own, in the order in which bytes go through them. */
#include "kernel.h"
#include "machine.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "events.h"
#include "ledger.h"
#include "ring.h"
#include "sockets.h"
#include "connections.h"
#include "tell.h"
#include "meet.h"
#include "seal.h"
#include "pass.h"
#include "tls.h"
#include "syscalls.h"
#include "ends.h"
#include "lives.h"

char LICENSE[] SEC("license") = "GPL";
