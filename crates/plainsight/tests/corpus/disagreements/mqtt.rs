//! MQTT.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    Disagreement {
        capture: "mqtt/nDPI__mqtt.pcap",
        whose: Whose::Theirs,
        holding: "MQTT from port 1883",
        times: 1,
        verdict: "ours: the first packet is the server's acknowledgement, and its sender is no client",
    },
    Disagreement {
        capture: "mqtt/nDPI__mqtt.pcap",
        whose: Whose::Ours,
        holding: "MQTT from port 41892",
        times: 1,
        verdict: "ours: the same",
    },
];
