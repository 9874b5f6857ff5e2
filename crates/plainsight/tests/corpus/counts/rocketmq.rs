//! RocketMQ.

/// Captures that hold it, with their exchanges: DeepFlow's requests.
pub(super) const HELD: &[(&str, usize)] = &[
    ("rocketmq/deepflow__rocketmq-consumer-otel.pcap", 3),
    ("rocketmq/deepflow__rocketmq-consumer-skywalking.pcap", 3),
    ("rocketmq/deepflow__rocketmq-producer-otel.pcap", 3),
    ("rocketmq/deepflow__rocketmq-producer-skywalking.pcap", 3),
    ("rocketmq/deepflow__rocketmq-update-consumer-offset.pcap", 3),
];
