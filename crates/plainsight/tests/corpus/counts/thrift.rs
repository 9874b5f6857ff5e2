//! Thrift: the calls of the captures; tshark counts some of a second capture of one connection.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("thrift/beats__ipv6_thrift.pcap", 17),
    ("thrift/beats__thrift_echo_binary.pcap", 6),
    ("thrift/beats__thrift_integration.pcap", 26),
];
