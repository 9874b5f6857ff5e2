//! FTP.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    Disagreement {
        capture: "ftp/zeek__bruteforce.pcap",
        whose: Whose::Theirs,
        holding: "user=bro command=QUIT",
        times: 30,
        verdict: "both: nobody is let in here; Zeek tells who asked to be",
    },
    Disagreement {
        capture: "ftp/zeek__bruteforce.pcap",
        whose: Whose::Ours,
        holding: "user=- command=QUIT",
        times: 30,
        verdict: "both: the same",
    },
    Disagreement {
        capture: "ftp/zeek__ftp-invalid-reply-code.pcap",
        whose: Whose::Theirs,
        holding: "command=PASV",
        times: 1,
        verdict: "ours: what the server says is no reply (RFC 959, 4.2); Zeek tells the reply before it once more",
    },
    Disagreement {
        capture: "ftp/zeek__ftp-invalid-reply-code.pcap",
        whose: Whose::Ours,
        holding: "command=PASV argument=- outcome=-",
        times: 1,
        verdict: "ours: the same",
    },
    Disagreement {
        capture: "ftp/zeek__ftp-missing-reply-code.pcap",
        whose: Whose::Theirs,
        holding: "command=SYST",
        times: 1,
        verdict: "ours: what the server says is no reply (RFC 959, 4.2); Zeek tells the reply before it once more",
    },
    Disagreement {
        capture: "ftp/zeek__ftp-missing-reply-code.pcap",
        whose: Whose::Ours,
        holding: "command=SYST argument=- outcome=-",
        times: 1,
        verdict: "ours: the same",
    },
    Disagreement {
        capture: "ftp/zeek__ftp-missing-space-after-reply-code.pcap",
        whose: Whose::Theirs,
        holding: "command=RETR",
        times: 1,
        verdict: "ours: what the server says is no reply (RFC 959, 4.2); Zeek tells the reply before it once more",
    },
    Disagreement {
        capture: "ftp/zeek__ftp-missing-space-after-reply-code.pcap",
        whose: Whose::Ours,
        holding: "command=RETR argument=- outcome=-",
        times: 1,
        verdict: "ours: the same",
    },
    Disagreement {
        capture: "ftp/zeek__ipv6-multiline-reply.pcap",
        whose: Whose::Theirs,
        holding: "command=RETR",
        times: 2,
        verdict: "ours: the server refuses it with 550, as tshark tells it, too; Zeek tells the reply before",
    },
    Disagreement {
        capture: "ftp/zeek__ipv6-multiline-reply.pcap",
        whose: Whose::Ours,
        holding: "command=RETR argument=libssh-0.5.2.tar.gz outcome=error",
        times: 2,
        verdict: "ours: the same",
    },
];
