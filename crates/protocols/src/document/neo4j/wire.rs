//! Messages: chunks with lengths before them, ended by an empty one
//! (<https://neo4j.com/docs/bolt/current/bolt/message/>), and how a connection begins
//! (<https://neo4j.com/docs/bolt/current/bolt/handshake/>).

use model::conn::Speaker;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

/// What a client says first.
pub(super) const MAGIC: [u8; 4] = [0x60, 0x60, 0xb0, 0x17];
/// The bytes of that with four versions behind it.
pub(super) const PROPOSAL: usize = 20;
/// What stands for a list of versions, instead of one.
pub(super) const MANIFEST: [u8; 4] = [0, 0, 1, 0xff];
/// So much of a message is read.
pub(super) const BODY: usize = 64 << 10;
/// A message of one structure with a tag is no shorter.
const SHORTEST: u16 = 2;

/// The tags of messages: <https://neo4j.com/docs/bolt/current/bolt/message/>.
pub(super) mod tag {
    /// `HELLO`; `INIT` in versions 1 and 2.
    pub(in super::super) const HELLO: u8 = 0x01;
    pub(in super::super) const GOODBYE: u8 = 0x02;
    pub(in super::super) const ACK_FAILURE: u8 = 0x0e;
    pub(in super::super) const RESET: u8 = 0x0f;
    pub(in super::super) const RUN: u8 = 0x10;
    pub(in super::super) const BEGIN: u8 = 0x11;
    pub(in super::super) const COMMIT: u8 = 0x12;
    pub(in super::super) const ROLLBACK: u8 = 0x13;
    pub(in super::super) const DISCARD: u8 = 0x2f;
    pub(in super::super) const PULL: u8 = 0x3f;
    pub(in super::super) const TELEMETRY: u8 = 0x54;
    pub(in super::super) const ROUTE: u8 = 0x66;
    pub(in super::super) const LOGON: u8 = 0x6a;
    pub(in super::super) const LOGOFF: u8 = 0x6b;
    pub(in super::super) const SUCCESS: u8 = 0x70;
    pub(in super::super) const RECORD: u8 = 0x71;
    pub(in super::super) const IGNORED: u8 = 0x7e;
    pub(in super::super) const FAILURE: u8 = 0x7f;
}

/// What each side says: a tag, its name, and how many fields it has at least and at most.
const CLIENT: &[(u8, &str, [u8; 2])] = &[
    (tag::HELLO, "HELLO", [1, 2]),
    (tag::GOODBYE, "GOODBYE", [0, 0]),
    (tag::ACK_FAILURE, "ACK_FAILURE", [0, 0]),
    (tag::RESET, "RESET", [0, 0]),
    (tag::RUN, "RUN", [2, 3]),
    (tag::BEGIN, "BEGIN", [1, 1]),
    (tag::COMMIT, "COMMIT", [0, 0]),
    (tag::ROLLBACK, "ROLLBACK", [0, 0]),
    (tag::DISCARD, "DISCARD", [0, 1]),
    (tag::PULL, "PULL", [0, 1]),
    (tag::TELEMETRY, "TELEMETRY", [1, 1]),
    (tag::ROUTE, "ROUTE", [3, 3]),
    (tag::LOGON, "LOGON", [1, 1]),
    (tag::LOGOFF, "LOGOFF", [0, 0]),
];
const SERVER: &[(u8, &str, [u8; 2])] = &[
    (tag::SUCCESS, "SUCCESS", [1, 1]),
    (tag::RECORD, "RECORD", [1, 1]),
    (tag::IGNORED, "IGNORED", [0, 1]),
    (tag::FAILURE, "FAILURE", [1, 1]),
];

/// What a message of `speaker` is called that begins with these two bytes.
pub(super) fn name(speaker: Speaker, [marker, tag]: [u8; 2]) -> Option<&'static str> {
    let all = match speaker {
        Speaker::Client => CLIENT,
        Speaker::Server => SERVER,
    };
    let (_, name, [least, most]) = all.iter().find(|(known, ..)| *known == tag)?;
    let fields = marker.checked_sub(0xb0)?;
    (*least..=*most).contains(&fields).then_some(name)
}

/// Whether `bytes` begin with a message of `speaker`, and what follows it begins like one.
///
/// # Errors
/// [`Stop::Short`] when more bytes would tell, [`Stop::Broken`] when none begins here.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Read<()> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let length = one(speaker, &mut wire)?;
    let behind = bytes.get(2 + usize::from(length)..);
    match behind {
        // It goes on beyond what is there, of which the first field is as it must be.
        None if wire.taken() > 5 => Ok(()),
        None => Err(Stop::Short),
        Some([0, 0]) => Ok(()),
        Some([0, 0, next @ ..]) => match one(speaker, &mut Reader::new(next, 0, Ahead::Open)) {
            Ok(_) | Err(Stop::Short) => Ok(()),
            // What is said for nothing but to say something.
            Err(_) if next.starts_with(&[0, 0]) => Ok(()),
            Err(stop) => Err(stop),
        },
        Some([0] | []) => Err(Stop::Short),
        // Another chunk of the same.
        Some(_) if length > 1000 => Ok(()),
        Some(_) => Err(wire.broken("a message does not end where it says")),
    }
}

/// Whether a message begins here; how long its first chunk is.
fn one(speaker: Speaker, wire: &mut Reader<'_>) -> Read<u16> {
    let length = wire.be16()?;
    if length < SHORTEST {
        return Err(wire.broken("a message is too short"));
    }
    let marker = wire.u8()?;
    if !(0xb0..=0xb3).contains(&marker) {
        return Err(wire.broken("a message is no structure"));
    }
    let head = [marker, wire.u8()?];
    if name(speaker, head).is_none() {
        return Err(wire.broken("a message is none that this side sends"));
    }
    let [_, tag] = head;
    let is_alone = marker == 0xb0;
    if is_alone != (length == SHORTEST) {
        return Err(wire.broken("a message has another length than its fields"));
    }
    if is_alone {
        return Ok(length);
    }
    let first = wire.u8()?;
    let sound = match tag {
        tag::RUN => matches!(first, 0x80..=0x8f | 0xd0..=0xd2),
        tag::HELLO => matches!(first, 0xa0..=0xaf | 0xd8..=0xda | 0x80..=0x8f | 0xd0),
        tag::RECORD => matches!(first, 0x90..=0x9f | 0xd4..=0xd6),
        tag::TELEMETRY => first <= 0x7f,
        _ => matches!(first, 0xa0..=0xaf | 0xd8..=0xda),
    };
    if sound { Ok(length) } else { Err(wire.broken("a message does not begin with what it must")) }
}
