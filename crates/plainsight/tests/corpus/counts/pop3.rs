//! POP3.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("pop3/nDPI__pop3_stls.pcap", 3),
    ("pop3/suricata-verify__pop3-02-bug-7709__input.pcap", 10),
    ("pop3/suricata-verify__pop3-auth-01__input.pcap", 6),
    ("pop3/zeek__bad-list-retr-crafted.pcap", 3),
    ("pop3/zeek__pop3-unknown-commands.pcap", 4),
    ("pop3/zeek__pop3.pcap", 21),
];
