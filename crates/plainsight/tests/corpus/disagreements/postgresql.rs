//! PostgreSQL.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    Disagreement {
        capture: "postgresql/deepflow__pgsql-all.pcap",
        whose: Whose::Ours,
        holding: "statement=select SERIAL_NO",
        times: 1,
        verdict: "ours: 3,666 bytes in three segments (frames by tshark); DeepFlow reads one segment at a time",
    },
    Disagreement {
        capture: "postgresql/deepflow__pgsql-all.pcap",
        whose: Whose::Ours,
        holding: "statement=select policyNo",
        times: 1,
        verdict: "ours: 7,480 bytes in several segments; DeepFlow reads one segment at a time",
    },
    Disagreement {
        capture: "postgresql/deepflow__pgsql-all.pcap",
        whose: Whose::Ours,
        holding: "rows=1",
        times: 3,
        verdict: "ours: the answers to those two, and one that is longer than a segment; DeepFlow calls their segments `Other`",
    },
    Disagreement {
        capture: "postgresql/nDPI__ossfuzz_seed_fake_traces_2.pcapng",
        whose: Whose::Theirs,
        holding: "port 59038",
        times: 1,
        verdict: "both: a connection with nothing but the question for GSS encryption and its `no`; a label to nDPI, no exchange to us",
    },
    Disagreement {
        capture: "postgresql/nDPI__pgsql.pcap",
        whose: Whose::Theirs,
        holding: "port 59038",
        times: 1,
        verdict: "both: the question for GSS encryption and its `no`, no exchange",
    },
    Disagreement {
        capture: "postgresql/nDPI__pgsql.pcap",
        whose: Whose::Theirs,
        holding: "port 59036",
        times: 1,
        verdict: "both: the question for GSS encryption and its `no`, no exchange",
    },
    Disagreement {
        capture: "postgresql/zeek__greenhouse-app.pcap",
        whose: Whose::Theirs,
        holding: "(username, password_hash) VALUES ('zeek', 'scrypt:",
        times: 1,
        verdict: "ours: the column's name says that the value is a password's, so it is masked",
    },
    Disagreement {
        capture: "postgresql/zeek__greenhouse-app.pcap",
        whose: Whose::Ours,
        holding: "(username, password_hash) VALUES ('zeek', '***')",
        times: 1,
        verdict: "ours: as above",
    },
];
