//! The two hellos: what of them the reader of a session must know.

use crate::replay::bytes::{array, be8, be16};
use crate::replay::tls::keylog::Random;

/// The random of a ServerHello that asks the client to try again (RFC 8446, section 4.1.3).
const RETRY: Random = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
const SUPPORTED_VERSIONS: u16 = 43;

/// Whether bytes begin like a record with a ClientHello, consistent in its lengths.
#[inline]
pub(in crate::replay) fn is_client_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [0x16, 3, 0..=4, high, low, 1, 0, _, _, 3, ..]
        if record_holds(u16::from_be_bytes([*high, *low]), bytes))
}

/// Whether a record of this length can hold the ClientHello that it begins with, or its first part.
fn record_holds(record: u16, bytes: &[u8]) -> bool {
    let message = be16(bytes, 7).map_or(0, |low| usize::from(low) + 4);
    let record = usize::from(record);
    let session = be8(bytes, 43).unwrap_or(0);
    (42..=0x4000).contains(&record) && message >= 42 && message >= record && session <= 32
}

/// A ClientHello's random, from the message's body (RFC 5246, section 7.4.1.2).
pub(super) fn client_random(body: &[u8]) -> Option<Random> {
    array(body, 2).copied()
}

/// What a server answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Try again: the session begins anew, with the same random.
    Retry,
    /// This version, suite and random.
    Hello { version: Version, suite: u16, random: Random },
}

/// The versions that differ for a reader of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// TLS 1.2 and what came before it.
    Old,
    /// TLS 1.3 and its late drafts.
    New,
}

/// Reads a ServerHello's body (RFC 8446, section 4.1.3).
pub(super) fn answer(body: &[u8]) -> Option<Answer> {
    let random: Random = *array(body, 2)?;
    if random == RETRY {
        return Some(Answer::Retry);
    }
    let after = 35 + usize::from(be8(body, 34)?);
    let suite = be16(body, after)?;
    let extensions = body.get(after + 5..).unwrap_or_default();
    let version = if is_new(extensions) { Version::New } else { Version::Old };
    Some(Answer::Hello { version, suite, random })
}

/// Whether the extensions choose TLS 1.3.
fn is_new(mut extensions: &[u8]) -> bool {
    while let (Some(kind), Some(length)) = (be16(extensions, 0), be16(extensions, 2)) {
        if kind == SUPPORTED_VERSIONS {
            // 0x7fNN are the drafts; their key schedule is the final one from draft 20 on.
            return be16(extensions, 4).is_some_and(|version| version == 0x0304 || version >= 0x7f14);
        }
        extensions = extensions.get(4 + usize::from(length)..).unwrap_or_default();
    }
    false
}
