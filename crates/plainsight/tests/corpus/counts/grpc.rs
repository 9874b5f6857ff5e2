//! gRPC.

/// Captures that hold it, with their exchanges. tshark was told which ports speak HTTP/2.
pub(super) const HELD: &[(&str, usize)] = &[
    ("grpc/deepflow__grpc-segmented.pcap", 1),
    ("grpc/deepflow__grpc-service-name.pcap", 1),
    ("grpc/deepflow__grpc-unary.pcap", 1),
    ("http2/deepflow__h2c_ascii.pcap", 1),
    // It begins midway, and the header table hides the content type: each request's data is one prefixed message.
    ("http2/deepflow__http2-multi.pcap", 2),
    // tshark 1: the other is between the client and a proxy, behind CONNECT.
    ("http2/suricata-verify__http2-errorcode__input.pcap", 2),
];
