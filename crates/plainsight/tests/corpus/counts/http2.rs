//! HTTP/2.

/// Captures that hold it, with their exchanges. tshark was told which ports speak it.
pub(super) const HELD: &[(&str, usize)] = &[
    ("http2/deepflow__httpv2-stream-id.pcap", 1),
    ("http2/nDPI__http2.pcapng", 1),
    ("http2/suricata-verify__app-layer-protocol-exact__input.pcap", 4),
    ("http2/suricata-verify__bug-5929-02__http2_multiple_headers.pcap", 1),
    ("http2/suricata-verify__dns-over-http2-limit__input.pcap", 1),
    ("http2/suricata-verify__dns-over-http2-post__dns_over_https_POST.pcap", 34),
    ("http2/suricata-verify__http2-bugfixes__input.pcap", 4),
    ("http2/suricata-verify__http2-compression-bug__input.pcap", 5),
    ("http2/suricata-verify__http2-continuation__input.pcap", 1),
    // tshark 0 requests and a response: what it answers was asked in HTTP/1.
    ("http2/suricata-verify__http2-deflate-case__input.pcap", 1),
    ("http2/suricata-verify__http2-deflate__http2_deflate.pcap", 1),
    ("http2/suricata-verify__http2-keywords__input.pcap", 6),
    ("http2/suricata-verify__http2-long-frame__input.pcap", 2),
    // tshark 0 requests and 3 responses, as above.
    ("http2/suricata-verify__http2-range__http2-range.pcap", 3),
];
