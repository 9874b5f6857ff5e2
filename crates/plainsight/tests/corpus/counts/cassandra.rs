//! Cassandra. tshark 4.0 does not know its version 5.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("cassandra/beats__cassandra_create_keyspace.pcap", 4),
    ("cassandra/beats__cassandra_create_table.pcap", 8),
    ("cassandra/beats__cassandra_insert.pcap", 1),
    ("cassandra/beats__cassandra_mixed_frame.pcap", 17),
    ("cassandra/beats__cassandra_select_via_index.pcap", 1),
    ("cassandra/beats__cassandra_trace_err.pcap", 1),
    ("cassandra/nDPI__cassandra.pcap", 4),
];
