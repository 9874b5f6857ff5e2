//! FTP.
//!
//! tshark reads one command of each segment: of those that hold two, both are counted here. It takes the end of a command that
//! is longer than a segment for another one.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("ftp/suricata-verify__bug-3519__input.pcap", 7),
    ("ftp/suricata-verify__bug-8489__bug-8489-01__bug-8489-01.pcap", 4),
    ("ftp/suricata-verify__bug-8489__bug-8489-03__bug-8489-03.pcap", 6),
    ("ftp/suricata-verify__detect-ftp__ftp-mode-02__input.pcap", 6),
    ("ftp/suricata-verify__detect-ftp__ftp-passive-dynamic_port-02__ftp-passive-dynamic_port.pcap", 6),
    ("ftp/suricata-verify__filestore-ftp-active-mode__ftp-active-mode.pcap", 7),
    ("ftp/suricata-verify__filestore-ftp-passive-mode__ftp-passive-mode.pcap", 7),
    ("ftp/suricata-verify__firewall__ruletype-firewall-116-ftp-all-data-ipv4__input.pcap", 48),
    ("ftp/suricata-verify__ftp-retr-bypass-baseline__input.pcap", 6),
    ("ftp/suricata-verify__ftp__ftp-bounce__test.pcap", 6),
    ("ftp/suricata-verify__ftp__ftp-download-passive__input.pcap", 12),
    ("ftp/suricata-verify__ftp__ftp-too-long-command-first__ftp-too-long-command.pcap", 7),
    ("ftp/suricata-verify__ftp__ftp-too-long-command-higher-limit__ftp-too-long-command.pcap", 7),
    ("ftp/suricata-verify__ftp__ftp-upload-active__input.pcap", 12),
    ("ftp/suricata-verify__ftp__ftp-upload-passive__input.pcap", 12),
    ("ftp/zeek__bigtransfer.pcap", 12),
    ("ftp/zeek__bruteforce.pcap", 90),
    ("ftp/zeek__fake-long-commands.pcap", 9),
    ("ftp/zeek__ftp-invalid-reply-code.pcap", 4),
    ("ftp/zeek__ftp-many-port-expected.pcap.gz", 500),
    ("ftp/zeek__ftp-missing-reply-code.pcap", 4),
    ("ftp/zeek__ftp-missing-space-after-reply-code.pcap", 4),
    ("ftp/zeek__ftp-password-pass-command.pcap", 2),
    ("ftp/zeek__ipv4.pcap", 15),
    ("ftp/zeek__ipv6-multiline-reply.pcap", 11),
    ("ftp/zeek__ipv6-retr-samba.pcap", 12),
    ("ftp/zeek__ipv6-violation.pcap", 2),
    ("ftp/zeek__pe-single.pcap", 15),
    ("ftp/zeek__retr.pcap", 10),
    ("tls/zeek__globus-url-copy.pcap", 5),
];
