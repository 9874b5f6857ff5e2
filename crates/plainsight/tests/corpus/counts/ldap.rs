//! LDAP.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("ldap/suricata-verify__bug-8619__cldap-leak.pcap", 7),
    ("ldap/suricata-verify__ldap-abandon__ldap.pcap", 1),
    ("ldap/suricata-verify__ldap-add__ldap.pcap", 1),
    ("ldap/suricata-verify__ldap-delete__ldap.pcap", 1),
    ("ldap/suricata-verify__ldap-extended__ldap.pcap", 1),
    ("ldap/suricata-verify__ldap-modify-dn__ldap.pcap", 1),
    ("ldap/suricata-verify__ldap-modify__ldap.pcap", 1),
    ("ldap/suricata-verify__ldap-search__ldap.pcap", 1),
    ("ldap/suricata-verify__ldap-starttls__input.pcap", 1),
    ("ldap/suricata-verify__ldap-udp__cldap.pcap", 1),
    ("ldap/zeek__aduser1-ntlm.pcap", 3),
    ("ldap/zeek__aduser1.pcap", 2),
    ("ldap/zeek__ctu-60387-63723-ldap.pcap", 4),
    ("ldap/zeek__ctu-sme-11-win7ad-1-ldap-tcp-50041.pcap", 4),
    // Each way is on a network of its own. Behind the log-in all is sealed: that is told, and tshark counts each piece.
    ("ldap/zeek__gap-data-missing.pcapng", 2),
    // The last one is sealed.
    ("ldap/zeek__krb5-sign-seal-01.pcap", 3),
    ("ldap/zeek__ldap-max-recursion.pcap", 100),
    ("ldap/zeek__ldap-starttls.pcap", 1),
    ("ldap/zeek__ldap-who-am-i.pcap", 3),
    ("ldap/zeek__ldap_invalid_credentials.pcap", 25),
    ("ldap/zeek__ldap_search_umlaut.pcap", 1),
    ("ldap/zeek__missing_krbtgt_ldap_request.pcapng", 6),
    // Each way is on a network of its own.
    ("ldap/zeek__modify-request.pcapng", 4),
    ("ldap/zeek__pending-adds-10.pcap", 10),
    ("ldap/zeek__pending-searches-10.pcap", 10),
    ("ldap/zeek__sasl-scram-sha-512.pcap", 4),
    // The last one is sealed.
    ("ldap/zeek__sasl-srp-who-am-i.pcap", 3),
];
