//! SQL Server.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    // Two more, of the client with the port 1111, are taken the other way round: their connection has no beginning, and the
    // lower port is taken for the server's.
    ("tds/nDPI__mssql_tds.pcap", 17),
];
