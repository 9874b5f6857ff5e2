//! How a client of AMQP begins: which of the protocols of this name it speaks.

use crate::kit::chain::Chain;

/// A protocol of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 0-9-1, and how older clients wrote 0-9 and 0-8.
    Old,
    /// 1.0: the protocol itself, TLS within it, or the log-in that goes before it.
    One,
}

/// The greetings (2.2 of 1.0's second part, 4.2.2 of 0-9-1).
const GREETINGS: [(&[u8], Version); 6] = [
    (b"AMQP\0\0\x09\x01", Version::Old),
    (b"AMQP\x01\x01\0\x09", Version::Old),
    (b"AMQP\x01\x01\x08\0", Version::Old),
    (b"AMQP\0\x01\0\0", Version::One),
    (b"AMQP\x02\x01\0\0", Version::One),
    (b"AMQP\x03\x01\0\0", Version::One),
];

/// How long a greeting is.
pub(super) const LENGTH: usize = 8;

/// Whether bytes begin with a greeting of this version.
pub(super) fn greets(bytes: &[u8], version: Version) -> Chain {
    let mut its = GREETINGS.iter().filter(|(_, known)| *known == version).map(|(greeting, _)| *greeting);
    if its.clone().any(|greeting| bytes.starts_with(greeting)) {
        Chain::Sound
    } else if its.any(|greeting| greeting.starts_with(bytes)) {
        Chain::Open
    } else {
        Chain::Broken
    }
}
