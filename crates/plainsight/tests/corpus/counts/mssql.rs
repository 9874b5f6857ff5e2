//! SQL Server.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[("tds/nDPI__mssql_tds.pcap", 19)];
