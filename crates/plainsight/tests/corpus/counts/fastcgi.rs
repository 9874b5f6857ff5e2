//! FastCGI, which tshark does not read.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[("fastcgi/deepflow__fastcgi.pcap", 1)];
