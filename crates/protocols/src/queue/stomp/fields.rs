//! Headers: their escapes, and what is told of them.

use std::borrow::Cow;

use model::details::Details;
use model::exchange::Text;

use crate::kit::text::lossy;

use crate::queue::message::{Headers, NAME};

use super::wire::Head;

/// Which version of the protocol is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Version {
    /// Nobody said so yet, or it was said before the watching began.
    #[default]
    Unknown,
    /// Without escapes.
    V10,
    V11,
    V12,
}

impl Version {
    /// The version that a `CONNECTED` names; 1.0 has no word for it.
    pub(super) fn named(name: Option<&[u8]>) -> Version {
        match name {
            None | Some(b"1.0") => Version::V10,
            Some(b"1.1") => Version::V11,
            Some(_) => Version::V12,
        }
    }
}

/// A header as it is meant; `None` where nobody knows whether it is escaped.
pub(super) fn meant(version: Version, value: &[u8]) -> Option<Cow<'_, [u8]>> {
    match version {
        // Servers of 1.0 take blanks around a value for none of it, and its own examples have some.
        Version::V10 => Some(Cow::Borrowed(value.trim_ascii())),
        _ if memchr::memchr(b'\\', value).is_none() => Some(Cow::Borrowed(value)),
        Version::Unknown => None,
        Version::V11 | Version::V12 => Some(Cow::Owned(unescaped(version, value))),
    }
}

/// What is escaped (1.1 and 1.2, "Value Encoding"); what is no escape stays as it is.
fn unescaped(version: Version, value: &[u8]) -> Vec<u8> {
    let mut meant = Vec::with_capacity(value.len());
    let mut bytes = value.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            meant.push(byte);
            continue;
        }
        match (bytes.next(), version) {
            (Some(b'n'), _) => meant.push(b'\n'),
            (Some(b'c'), _) => meant.push(b':'),
            (Some(b'\\'), _) => meant.push(b'\\'),
            (Some(b'r'), Version::V12) => meant.push(b'\r'),
            (other, _) => meant.extend([byte].into_iter().chain(other)),
        }
    }
    meant
}

/// A header as a text; `None` where nobody knows whether it is escaped.
pub(super) fn text(version: Version, value: &[u8]) -> Option<Text> {
    let meant = meant(version, value)?;
    Some(Text::from(&*lossy(meant.get(..NAME).unwrap_or(&meant))))
}

/// Headers that have a detail of their own. What has no name is told elsewhere, or is a credential.
const KNOWN: [(&str, &str); 32] = [
    ("destination", ""),
    ("content-length", ""),
    ("passcode", ""),
    ("login", ""),
    ("host", ""),
    ("server", ""),
    ("receipt-id", ""),
    ("message", ""),
    ("content-type", "content_type"),
    ("receipt", "receipt"),
    ("id", "id"),
    ("ack", "ack"),
    ("transaction", "transaction"),
    ("subscription", "subscription"),
    ("message-id", "message_id"),
    ("selector", "selector"),
    ("version", "version"),
    ("accept-version", "accept_version"),
    ("heart-beat", "heart_beat"),
    ("session", "session"),
    ("client-id", "client_id"),
    ("persistent", "persistent"),
    ("priority", "priority"),
    ("expires", "expires"),
    ("expiration", "expiration_ms"),
    ("reply-to", "reply_to"),
    ("correlation-id", "correlation"),
    ("timestamp", "timestamp"),
    ("type", "type"),
    ("redelivered", "redelivered"),
    ("prefetch-count", "prefetch"),
    ("durable", "durable"),
];

/// Tells the headers: a detail each of those that have a meaning, one for all others, credentials masked.
pub(super) fn tell(version: Version, head: &Head<'_>, details: &mut Details) {
    let mut others = Headers::default();
    for (at, (name, value)) in head.fields.iter().enumerate() {
        if head.fields.iter().take(at).any(|(before, _)| before == name) {
            continue;
        }
        // What may be escaped and may not is told as it came.
        let told = meant(version, value).unwrap_or(Cow::Borrowed(value));
        match KNOWN.iter().find(|(known, _)| known.as_bytes() == *name) {
            Some((_, "")) => {}
            Some((_, detail)) => {
                details.push((detail, (&*lossy(told.get(..NAME).unwrap_or(&told))).into()));
            }
            None => others.add(&meant(version, name).unwrap_or(Cow::Borrowed(name)), &lossy(&told)),
        }
    }
    details.extend(others.told().map(|told| ("headers", told)));
}

#[cfg(test)]
mod tests {
    use super::{Version, meant};

    fn told(version: Version, value: &str) -> Option<String> {
        meant(version, value.as_bytes()).map(|meant| String::from_utf8(meant.into_owned()).unwrap())
    }

    #[test]
    fn escapes_are_those_of_the_version() {
        assert_eq!(told(Version::V12, "a\\cb\\n\\r\\\\c").as_deref(), Some("a:b\n\r\\c"));
        assert_eq!(told(Version::V11, "a\\cb\\r").as_deref(), Some("a:b\\r"));
        assert_eq!(told(Version::V10, " a\\cb").as_deref(), Some("a\\cb"));
        assert_eq!(told(Version::V12, "a\\").as_deref(), Some("a\\"));
    }

    #[test]
    fn what_may_be_escaped_is_unknown() {
        assert_eq!(told(Version::Unknown, "a\\cb"), None);
        assert_eq!(told(Version::Unknown, " a b").as_deref(), Some(" a b"));
    }
}
