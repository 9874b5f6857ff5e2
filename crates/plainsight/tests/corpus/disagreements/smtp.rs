//! SMTP.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    Disagreement {
        capture: "smtp/zeek__smtp-bdat-gap.pcap",
        whose: Whose::Theirs,
        holding: "reply=OK: message queued",
        times: 1,
        verdict: "both: 1000 bytes are missing where 100 were announced; what else was asked in them nobody knows, so the reply may be another one's",
    },
    Disagreement {
        capture: "smtp/zeek__smtp-mail-transactions-invalid.pcap",
        whose: Whose::Ours,
        holding: "reply=OK id=1pgobM-001mwq-Vc",
        times: 1,
        verdict: "ours: Zeek was told to give up before; its other log of this capture has it too",
    },
];
