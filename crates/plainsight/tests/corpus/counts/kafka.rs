//! Kafka.

/// Captures that hold it, with their exchanges: tshark's requests.
pub(super) const HELD: &[(&str, usize)] = &[
    ("kafka/deepflow__00-produce-v2.pcap", 1),
    ("kafka/deepflow__00-produce-v7-sw8.pcap", 1),
    ("kafka/deepflow__00-produce-v9.pcap", 1),
    ("kafka/deepflow__01-fetch-v12-perf.pcap", 1),
    ("kafka/deepflow__01-fetch-v12-unknown.pcap", 1),
    ("kafka/deepflow__11-join-group-v7.pcap", 1),
    ("kafka/deepflow__14-sync-group-v5.pcap", 1),
    ("kafka/deepflow__18-api-versions-v3.pcap", 1),
    ("kafka/deepflow__mixed-with-unsupported.pcap", 3),
    ("kafka/nDPI__kafka.pcapng", 14),
];
