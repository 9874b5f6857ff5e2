//! IMAP.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("imap/mercury__imap2.pcap", 2),
    ("imap/peafowl__imap-ssl.pcapng", 2),
    ("imap/suricata-verify__imap-detection__input.pcap", 26),
    ("imap/zeek__imap-starttls.pcap", 2),
];
