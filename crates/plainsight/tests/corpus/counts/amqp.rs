//! AMQP 0-9-1.

/// Captures that hold it, with their exchanges: the methods that ask or tell something, as tshark 4.0 counts them too.
pub(super) const HELD: &[(&str, usize)] = &[
    ("amqp/beats__amqp_channel_error.pcap", 6),
    ("amqp/beats__amqp_emit_receive.pcap", 15),
    ("amqp/beats__amqp_publish.pcap", 7),
    ("amqp/deepflow__amqp1.pcap", 16),
    ("amqp/deepflow__amqp2.pcap", 6),
];
