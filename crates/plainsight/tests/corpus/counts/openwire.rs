//! OpenWire: what tshark counts of commands, but for those that keep a connection and for responses.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("openwire/deepflow__openwire_correlation_id.pcap", 74),
    ("openwire/deepflow__openwire_injected.pcap", 46),
    ("openwire/deepflow__openwire_loose_producer.pcap", 27),
    ("openwire/deepflow__openwire_tight_consumer.pcap", 47),
    ("openwire/deepflow__openwire_tight_producer.pcap", 27),
    ("openwire/nDPI__openwire.pcapng", 11),
];
