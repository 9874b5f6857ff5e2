//! MongoDB.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("mongodb/beats__mongo_one_row.pcap", 1),
    ("mongodb/beats__mongodb_create_collection.pcap", 4),
    ("mongodb/beats__mongodb_find.pcap", 2),
    ("mongodb/beats__mongodb_inserts.pcap", 5),
    ("mongodb/beats__mongodb_more_rows.pcap", 1),
    ("mongodb/beats__mongodb_op_msg_opcode.pcap", 101),
    // An answer to what was asked before, a question, its answer.
    ("mongodb/beats__mongodb_reply_request_reply.pcap", 1),
    ("mongodb/beats__mongodb_use_db.pcap", 1),
];
