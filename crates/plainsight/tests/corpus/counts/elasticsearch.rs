//! Elasticsearch, by the paths that tshark tells of HTTP.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    // tshark 19 of HTTP: the others ask for `/` and for plain documents of an index.
    ("cassandra/beats__cassandra_mixed_frame.pcap", 12),
    ("http1/beats__http_100_continue.pcap", 1),
];
