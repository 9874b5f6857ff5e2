//! Redis.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    Disagreement {
        capture: "redis/zeek__attr.pcap",
        whose: Whose::Theirs,
        holding: "command=FAKE",
        times: 2,
        verdict: "both: typed lines that are no command of Redis, to a server made for Zeek's test; on bytes alone they are anybody's",
    },
    Disagreement {
        capture: "redis/zeek__excessive-pipelining.pcap",
        whose: Whose::Theirs,
        holding: "command=- outcome=ok",
        times: 7,
        verdict: "ours: twelve `PING` and twelve `+PONG`; Zeek was told to give up after five",
    },
    Disagreement {
        capture: "redis/zeek__excessive-pipelining.pcap",
        whose: Whose::Ours,
        holding: "command=PING outcome=ok",
        times: 7,
        verdict: "ours: the same",
    },
];
