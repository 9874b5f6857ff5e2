//! LDAP.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    Disagreement {
        capture: "ldap/zeek__missing_krbtgt_ldap_request.pcapng",
        whose: Whose::Theirs,
        holding: "(|(|(|(|(|(attributeSyntax=2.5.5.17)(attributeSyntax=2.5.5.10))",
        times: 1,
        verdict: "ours: one `|` of six on the wire, as tshark tells it too; Zeek joins any number two by two",
    },
    Disagreement {
        capture: "ldap/zeek__missing_krbtgt_ldap_request.pcapng",
        whose: Whose::Ours,
        holding: "(|(attributeSyntax=2.5.5.17)(attributeSyntax=2.5.5.10)(attributeSyntax=2.5.5.15)",
        times: 1,
        verdict: "ours: the same",
    },
    Disagreement {
        capture: "ldap/zeek__pending-adds-10.pcap",
        whose: Whose::Theirs,
        holding: "opcode=add object=-",
        times: 10,
        verdict: "ours: each request names its entry; Zeek does not look into it",
    },
    Disagreement {
        capture: "ldap/zeek__pending-adds-10.pcap",
        whose: Whose::Ours,
        holding: "opcode=add object=cn=test,dc=example,dc=com",
        times: 10,
        verdict: "ours: the same",
    },
];
