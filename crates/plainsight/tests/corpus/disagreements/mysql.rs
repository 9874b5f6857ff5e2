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
        holding: "statement=SELECT * FROM `",
        times: 2,
        verdict: "theirs: it begins midway between two unusual ports, and we take the lower one for the server's; it is the client's",
    },
    Disagreement {
        capture: "mysql/deepflow__partial-packet-compressed.pcap",
        whose: Whose::Theirs,
        holding: "outcome=ok",
        times: 9,
        verdict: "theirs: see above; of the nine, eight are frames of one answer",
    },
    Disagreement {
        capture: "mysql/nDPI__mysql.pcapng",
        whose: Whose::Theirs,
        holding: "from port 36272",
        times: 1,
        verdict: "both: a greeting and the client's wish for TLS; a label to nDPI, no exchange to us",
    },
];
