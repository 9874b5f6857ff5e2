//! MySQL and MariaDB.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    Disagreement {
        capture: "mysql/deepflow__mysql-statement.pcap",
        whose: Whose::Ours,
        holding: "outcome=ok",
        times: 2,
        verdict: "ours: answers to COM_STMT_PREPARE (12 bytes, a zero, a number: frames by tshark), which DeepFlow calls `Other`",
    },
    Disagreement {
        capture: "mysql/deepflow__partial-packet-compressed.pcap",
        whose: Whose::Theirs,
        holding: "outcome=ok",
        times: 7,
        verdict: "ours: frames of an answer that is told with the first, as DeepFlow itself has one request for the eight of them",
    },
    Disagreement {
        capture: "mysql/nDPI__mysql.pcapng",
        whose: Whose::Theirs,
        holding: "from port 36272",
        times: 1,
        verdict: "both: a greeting and the client's wish for TLS; a label to nDPI, no exchange to us",
    },
];
