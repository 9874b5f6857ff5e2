//! The types of records, the codes of answers (IANA, "Domain Name System (DNS) Parameters").

use std::borrow::Cow;

pub(super) const SOA: u16 = 6;
pub(super) const OPT: u16 = 41;
pub(super) const AXFR: u16 = 252;
pub(super) const IXFR: u16 = 251;

/// The name of a type, as zone files and RFC 3597 write it.
pub(super) fn name(kind: u16) -> Cow<'static, str> {
    match known(kind) {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(format!("TYPE{kind}")),
    }
}

/// Whether somebody asks for such records: a type that is assigned, or one for private use.
pub(super) fn is_known(kind: u16) -> bool {
    known(kind).is_some() || kind >= 65_280
}

fn known(kind: u16) -> Option<&'static str> {
    Some(match kind {
        1 => "A",
        2 => "NS",
        3 => "MD",
        4 => "MF",
        5 => "CNAME",
        6 => "SOA",
        7 => "MB",
        8 => "MG",
        9 => "MR",
        10 => "NULL",
        11 => "WKS",
        12 => "PTR",
        13 => "HINFO",
        14 => "MINFO",
        15 => "MX",
        16 => "TXT",
        17 => "RP",
        18 => "AFSDB",
        19 => "X25",
        20 => "ISDN",
        21 => "RT",
        22 => "NSAP",
        23 => "NSAP-PTR",
        24 => "SIG",
        25 => "KEY",
        26 => "PX",
        27 => "GPOS",
        28 => "AAAA",
        29 => "LOC",
        30 => "NXT",
        31 => "EID",
        32 => "NIMLOC",
        33 => "SRV",
        34 => "ATMA",
        35 => "NAPTR",
        36 => "KX",
        37 => "CERT",
        38 => "A6",
        39 => "DNAME",
        40 => "SINK",
        41 => "OPT",
        42 => "APL",
        43 => "DS",
        44 => "SSHFP",
        45 => "IPSECKEY",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        49 => "DHCID",
        50 => "NSEC3",
        51 => "NSEC3PARAM",
        52 => "TLSA",
        53 => "SMIMEA",
        55 => "HIP",
        56 => "NINFO",
        57 => "RKEY",
        58 => "TALINK",
        59 => "CDS",
        60 => "CDNSKEY",
        61 => "OPENPGPKEY",
        62 => "CSYNC",
        63 => "ZONEMD",
        64 => "SVCB",
        65 => "HTTPS",
        66 => "DSYNC",
        99 => "SPF",
        104 => "NID",
        105 => "L32",
        106 => "L64",
        107 => "LP",
        108 => "EUI48",
        109 => "EUI64",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        253 => "MAILB",
        254 => "MAILA",
        255 => "ANY",
        256 => "URI",
        257 => "CAA",
        258 => "AVC",
        259 => "DOA",
        260 => "AMTRELAY",
        32_768 => "TA",
        32_769 => "DLV",
        _ => return None,
    })
}

/// Whether data may be those of a record of this type, as far as a length tells.
pub(super) fn fits(kind: u16, data: &[u8]) -> bool {
    // An update deletes by records without data.
    match kind {
        1 => matches!(data.len(), 0 | 4),
        28 => matches!(data.len(), 0 | 16),
        _ => true,
    }
}

/// The name of a class that is not the Internet's.
pub(super) fn class(class: u16) -> Option<&'static str> {
    match class & 0x7fff {
        3 => Some("CH"),
        4 => Some("HS"),
        254 => Some("NONE"),
        255 => Some("ANY"),
        _ => None,
    }
}

/// The name of how an answer ended.
pub(super) fn code(code: u16) -> Cow<'static, str> {
    Cow::Borrowed(match code {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        11 => "DSOTYPENI",
        16 => "BADVERS",
        22 => "BADTRUNC",
        23 => "BADCOOKIE",
        _ => return Cow::Owned(format!("RCODE{code}")),
    })
}
