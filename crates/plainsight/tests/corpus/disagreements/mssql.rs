//! SQL Server.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[Disagreement {
    capture: "tds/nDPI__mssql_tds.pcap",
    whose: Whose::Theirs,
    holding: "MsSQL-TDS from port 1111",
    times: 1,
    verdict: "theirs: its beginning is missing, and the lower port, which is taken for the server's, is the client's",
}];
