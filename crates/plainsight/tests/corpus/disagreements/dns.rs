//! DNS.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    Disagreement {
        capture: "dns/zeek__dns-two-responses.pcap",
        whose: Whose::Theirs,
        holding: "type=- name=www.cmu.edu",
        times: 1,
        verdict: "ours: the server answers one question twice; Zeek makes a row of the second answer, which belongs to none",
    },
    Disagreement {
        capture: "dns/zeek__dns-txt-multiple.pcap",
        whose: Whose::Theirs,
        holding: "type=- name=flkr._domainkey.flickr.com",
        times: 1,
        verdict: "ours: tshark, too, reads a question for TXT in it",
    },
    Disagreement {
        capture: "dns/zeek__dns-txt-multiple.pcap",
        whose: Whose::Ours,
        holding: "type=TXT name=flkr._domainkey.flickr.com",
        times: 1,
        verdict: "ours: the same",
    },
    Disagreement {
        capture: "dns/zeek__dns-wks.pcap",
        whose: Whose::Theirs,
        holding: "type=WKS name=zeek.example.net code=NOERROR answers=-",
        times: 1,
        verdict: "ours: the header says two answers, and they are there; Zeek tells none of a type that it cannot read",
    },
    Disagreement {
        capture: "dns/zeek__dns-wks.pcap",
        whose: Whose::Ours,
        holding: "answers=2",
        times: 1,
        verdict: "ours: the same",
    },
    Disagreement {
        capture: "dns/zeek__dns_notify2.pcap",
        whose: Whose::Theirs,
        holding: "type=SOA name=dhcp.lbnl.us code=REFUSED",
        times: 1,
        verdict: "both: a notice of a change (RFC 1996): Zeek tells the type, we tell the operation",
    },
    Disagreement {
        capture: "dns/zeek__dns_notify2.pcap",
        whose: Whose::Ours,
        holding: "type=NOTIFY name=dhcp.lbnl.us code=REFUSED",
        times: 1,
        verdict: "both: the same",
    },
    Disagreement {
        capture: "dns/zeek__dns_notify2.pcap",
        whose: Whose::Theirs,
        holding: "port=53669 type=- name=-",
        times: 1,
        verdict: "both: an answer without a question, of which we make no exchange",
    },
    Disagreement {
        capture: "dns/zeek__dynamic-update.pcap",
        whose: Whose::Theirs,
        holding: "type=- name=nwin",
        times: 2,
        verdict: "ours: an update (RFC 2136) says records where a question says answers; Zeek tells it as answers, we tell the zone and the operation",
    },
    Disagreement {
        capture: "dns/zeek__dynamic-update.pcap",
        whose: Whose::Ours,
        holding: "type=UPDATE name=stratolab.org",
        times: 2,
        verdict: "ours: the same",
    },
    Disagreement {
        capture: "dns/zeek__tkey.pcap",
        whose: Whose::Theirs,
        holding: "type=TKEY",
        times: 1,
        verdict: "ours: the header says one answer, and it is there; Zeek tells none of a type that it does not list",
    },
    Disagreement {
        capture: "dns/zeek__tkey.pcap",
        whose: Whose::Ours,
        holding: "type=TKEY",
        times: 1,
        verdict: "ours: the same",
    },
];
