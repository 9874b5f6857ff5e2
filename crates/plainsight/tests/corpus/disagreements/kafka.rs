//! Kafka.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    Disagreement {
        capture: "kafka/deepflow__11-join-group-v7.pcap",
        whose: Whose::Theirs,
        holding: "command=",
        times: 1,
        verdict: "theirs: it begins midway between two unusual ports, and we take the lower one for the server's; it is the client's",
    },
    Disagreement {
        capture: "kafka/deepflow__11-join-group-v7.pcap",
        whose: Whose::Theirs,
        holding: "outcome=",
        times: 1,
        verdict: "theirs: it begins midway between two unusual ports, and we take the lower one for the server's; it is the client's",
    },
    Disagreement {
        capture: "kafka/deepflow__14-sync-group-v5.pcap",
        whose: Whose::Theirs,
        holding: "command=",
        times: 1,
        verdict: "theirs: it begins midway between two unusual ports, and we take the lower one for the server's; it is the client's",
    },
    Disagreement {
        capture: "kafka/deepflow__14-sync-group-v5.pcap",
        whose: Whose::Theirs,
        holding: "outcome=",
        times: 1,
        verdict: "theirs: it begins midway between two unusual ports, and we take the lower one for the server's; it is the client's",
    },
    Disagreement {
        capture: "kafka/nDPI__kafka.pcapng",
        whose: Whose::Theirs,
        holding: "from port 9092",
        times: 1,
        verdict: "ours: the server speaks first in the capture, which begins midway; nDPI takes it for the client",
    },
    Disagreement {
        capture: "kafka/nDPI__kafka.pcapng",
        whose: Whose::Ours,
        holding: "from port 58052",
        times: 1,
        verdict: "ours: the same",
    },
];
