//! Kafka.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
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
