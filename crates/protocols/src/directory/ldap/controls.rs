//! Controls, which stand behind an operation or a result.

use std::fmt::Write as _;

use model::details::Details;
use model::exchange::Text;

use crate::kit::text::lossy;

use super::wire::{Elements, tag};

/// So many controls of a message are looked at.
const CONTROLS: usize = 16;
/// Longer OIDs are none.
const OID: usize = 128;
/// Longer names are nobody's.
const NAME: usize = 256;

/// RFC 2696.
const PAGES: &[u8] = b"1.2.840.113556.1.4.319";
/// RFC 4370.
const PROXY: &[u8] = b"2.16.840.1.113730.3.4.18";

/// Names of the controls that are known to be used.
const NAMES: &[(&str, &str)] = &[
    ("1.2.826.0.1.3344810.2.3", "matchedValues"),
    ("1.2.840.113556.1.4.1339", "domainScope"),
    ("1.2.840.113556.1.4.1340", "searchOptions"),
    ("1.2.840.113556.1.4.1413", "permissiveModify"),
    ("1.2.840.113556.1.4.417", "showDeleted"),
    ("1.2.840.113556.1.4.473", "sort"),
    ("1.2.840.113556.1.4.474", "sorted"),
    ("1.2.840.113556.1.4.528", "notification"),
    ("1.2.840.113556.1.4.529", "extendedDN"),
    ("1.2.840.113556.1.4.801", "securityDescriptor"),
    ("1.2.840.113556.1.4.805", "treeDelete"),
    ("1.2.840.113556.1.4.841", "dirSync"),
    ("1.3.6.1.1.12", "assertion"),
    ("1.3.6.1.1.13.1", "preRead"),
    ("1.3.6.1.1.13.2", "postRead"),
    ("1.3.6.1.1.21.2", "transaction"),
    ("1.3.6.1.1.22", "dontUseCopy"),
    ("1.3.6.1.4.1.4203.1.10.1", "subentries"),
    ("1.3.6.1.4.1.4203.1.9.1.1", "syncRequest"),
    ("1.3.6.1.4.1.4203.1.9.1.2", "syncState"),
    ("1.3.6.1.4.1.4203.1.9.1.3", "syncDone"),
    ("1.3.6.1.4.1.4203.666.5.12", "relax"),
    ("1.3.6.1.4.1.42.2.27.8.5.1", "passwordPolicy"),
    ("2.16.840.1.113730.3.4.15", "authorizationIdentity"),
    ("2.16.840.1.113730.3.4.16", "authorizationIdentityRequest"),
    ("2.16.840.1.113730.3.4.2", "manageDsaIT"),
    ("2.16.840.1.113730.3.4.3", "persistentSearch"),
    ("2.16.840.1.113730.3.4.4", "passwordExpired"),
    ("2.16.840.1.113730.3.4.5", "passwordExpiring"),
    ("2.16.840.1.113730.3.4.9", "virtualListView"),
];

/// Whose controls they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Request,
    Result,
}

/// Tells the controls of a message.
pub(super) fn tell(of: Of, controls: &[u8], details: &mut Details) {
    let mut list = Elements::of(controls);
    let Some(mut list) = list.within(tag::CONTROLS) else { return };
    let mut others = String::new();
    for _ in 0..CONTROLS {
        let Some(mut control) = list.within(tag::SEQUENCE) else { break };
        let Some(oid) = control.content(tag::OCTETS).filter(|oid| oid.len() <= OID) else { break };
        let is_critical = control.content(1).is_some_and(|all| all != [0]);
        let value = control.content(tag::OCTETS).unwrap_or_default();
        match oid {
            PAGES => page(of, value, details),
            PROXY if of == Of::Request => {
                let name = lossy(value.get(..NAME).unwrap_or(value));
                details.push(("on_behalf_of", Text::from(&*name).into()));
            }
            oid => {
                let name = NAMES.iter().find(|(known, _)| known.as_bytes() == oid).map(|(_, name)| *name);
                let name = name.map_or_else(|| lossy(oid), Into::into);
                let before = if others.is_empty() { "" } else { ", " };
                let _ = write!(others, "{before}{}{name}", if is_critical { "!" } else { "" });
            }
        }
    }
    if !others.is_empty() {
        details.push(("controls", Text::from(others).into()));
    }
}

/// How many entries are asked for at once; whether more are left.
fn page(of: Of, value: &[u8], details: &mut Details) {
    let mut value = Elements::of(value);
    let Some(mut value) = value.within(tag::SEQUENCE) else { return };
    let (Some(size), Some(cookie)) = (value.number(tag::INTEGER), value.content(tag::OCTETS)) else { return };
    match of {
        Of::Request => details.push(("page_size", size.into())),
        Of::Result => details.push(("more", i64::from(!cookie.is_empty()).into())),
    }
}
