//! RocketMQ.

use super::{Disagreement, Whose};

/// Why a request seems to take no time.
const LATE: &str = "theirs: packets between the exchanges are missing in the capture; until the answer acknowledges them, `replay` waits for them, and tells what stands behind them as heard then";
/// Why a request stays unanswered.
const DOUBTED: &str = "theirs: packets of both sides are missing while the requests wait, and what was said in them under the same numbers is unknown to us; we tell them as unanswered";

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    theirs("rocketmq/deepflow__rocketmq-consumer-otel.pcap", 2, LATE),
    ours("rocketmq/deepflow__rocketmq-consumer-otel.pcap", 2),
    theirs("rocketmq/deepflow__rocketmq-consumer-skywalking.pcap", 3, DOUBTED),
    theirs("rocketmq/deepflow__rocketmq-producer-otel.pcap", 2, LATE),
    ours("rocketmq/deepflow__rocketmq-producer-otel.pcap", 2),
    theirs("rocketmq/deepflow__rocketmq-producer-skywalking.pcap", 2, LATE),
    ours("rocketmq/deepflow__rocketmq-producer-skywalking.pcap", 2),
];

const fn theirs(capture: &'static str, times: usize, verdict: &'static str) -> Disagreement {
    Disagreement { capture, whose: Whose::Theirs, holding: "outcome=ok", times, verdict }
}

const fn ours(capture: &'static str, times: usize) -> Disagreement {
    Disagreement { capture, whose: Whose::Ours, holding: "outcome=ok latency=0", times, verdict: LATE }
}
