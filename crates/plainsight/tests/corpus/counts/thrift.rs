//! Thrift: the calls of the captures. One of them holds one call six times over, with the same numbers of TCP and the same times: it
//! passed once, and was seen again. Of a second capture of one connection tshark counts some.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("thrift/beats__ipv6_thrift.pcap", 17),
    ("thrift/beats__thrift_echo_binary.pcap", 1),
    ("thrift/beats__thrift_integration.pcap", 26),
];
