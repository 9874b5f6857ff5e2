/* The whole kernel side: each part is a header of its own, in the order in which bytes go through them. */
#include "kernel.h"
#include "machine.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "look.h"
#include "events.h"
#include "ledger.h"
#include "ring.h"
#include "sockets.h"
#include "connections.h"
#include "tell.h"
#include "account.h"
#include "pairs.h"
#include "meter.h"
#include "reach.h"
#include "choose.h"
#include "meet.h"
#include "pass.h"
#include "seal.h"
#include "trial.h"
#include "sessions.h"
#include "memory.h"
#include "tls.h"
#include "go.h"
#include "java.h"
#include "ends.h"
#include "joints.h"
#include "pipes.h"
#include "syscalls.h"
#include "uring.h"
#include "lives.h"

/* Names the records' types in the type information, where a test of the collector looks for them. */
const struct passed *types_passed SEC(".rodata.types");
const struct opened *types_opened SEC(".rodata.types");
const struct closed *types_closed SEC(".rodata.types");
const struct life *types_life SEC(".rodata.types");

char LICENSE[] SEC("license") = "GPL";
