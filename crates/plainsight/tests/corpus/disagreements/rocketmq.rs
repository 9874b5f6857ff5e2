//! RocketMQ.

use super::{Disagreement, Whose};

/// Why a request stays unanswered.
const DOUBTED: &str = "theirs: packets of both sides are missing while the requests wait, and what was said in them under the same numbers is unknown to us; we tell them as unanswered";

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[Disagreement {
    capture: "rocketmq/deepflow__rocketmq-consumer-skywalking.pcap",
    whose: Whose::Theirs,
    holding: "outcome=ok",
    times: 3,
    verdict: DOUBTED,
}];
