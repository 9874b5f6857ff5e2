//! NATS.

/// Captures that hold it, with their exchanges, counted by reading: tshark 4.0 does not know it.
pub(super) const HELD: &[(&str, usize)] = &[
    ("nats/deepflow__nats-err.pcap", 2),
    ("nats/deepflow__nats-nrpc1.pcap", 6),
    ("nats/deepflow__nats-nrpc2.pcap", 3),
    ("nats/deepflow__nats-nrpc3.pcap", 3),
    ("nats/deepflow__nats-opentelemetry.pcap", 7),
    ("nats/nDPI__nats.pcap", 2),
];
