//! Dubbo, which tshark does not read.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("dubbo/deepflow__dubbo-kryo.pcap", 2),
    // Its answer is in another capture.
    ("dubbo/deepflow__dubbo-sw8.pcap", 1),
    ("dubbo/deepflow__dubbo_hessian2.pcap", 1),
];
