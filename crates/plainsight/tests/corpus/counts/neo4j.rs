//! Neo4j.

/// Captures that hold it, with their exchanges, counted by hand: tshark 4.0 knows nothing of it.
pub(super) const HELD: &[(&str, usize)] = &[
    // A greeting, two resets, and a statement with its rows.
    ("neo4j_bolt/boltalyzer__CreateNode.pcap", 4),
];
