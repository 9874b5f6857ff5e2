//! Messages: their header, their question, and where each record begins (RFC 1035, 4.1).

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};

use super::names;
use super::types;

/// The bytes of a header.
pub(super) const HEADER: usize = 12;
/// A real message asks one thing; multicast ones ask for a dozen.
pub(super) const QUESTIONS: u16 = 64;
/// More records than a stream's message has room for, each of at least 11 bytes.
const RECORDS: u16 = 5957;

/// What every message begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) id: u16,
    flags: u16,
    /// How many questions, answers, authorities and additional records follow.
    pub(super) counts: [u16; 4],
}

impl Header {
    pub(super) fn read(wire: &mut Reader<'_>) -> Read<Header> {
        let [id, flags, counts @ ..] = words(&wire.array::<HEADER>()?);
        let header = Header { id, flags, counts };
        if header.is_sound() { Ok(header) } else { Err(wire.broken("a message does not begin like one")) }
    }

    /// Whether it is an answer.
    pub(super) fn is_answer(self) -> bool {
        self.flags >> 15 == 1
    }

    /// What kind of question it is.
    pub(super) fn opcode(self) -> Opcode {
        match self.flags >> 11 & 0xf {
            0 => Opcode::Query,
            1 => Opcode::Inverse,
            2 => Opcode::Status,
            4 => Opcode::Notify,
            5 => Opcode::Update,
            _ => Opcode::Other,
        }
    }

    /// Whether the server is the zone's own.
    pub(super) fn is_authoritative(self) -> bool {
        self.flags >> 10 & 1 == 1
    }

    /// Whether there was no room for all of it.
    pub(super) fn is_truncated(self) -> bool {
        self.flags >> 9 & 1 == 1
    }

    /// How it ended, but for the upper bits that `OPT` adds.
    pub(super) fn code(self) -> u16 {
        self.flags & 0xf
    }

    /// Whether the numbers are those of a message: noise and other protocols rarely have such.
    fn is_sound(self) -> bool {
        let [questions, answers, authorities, additional] = self.counts;
        let records = u32::from(answers) + u32::from(authorities) + u32::from(additional);
        // A question says nothing of how it ended, and an update of what there is.
        let asks = !self.is_answer() && self.code() != 0;
        self.opcode() != Opcode::Other
            && !asks
            && questions <= QUESTIONS
            && records <= RECORDS.into()
            && (questions > 0 || self.is_answer() && (answers > 0 || self.code() != 0))
    }
}

/// The numbers that a header is.
#[inline]
fn words(header: &[u8; HEADER]) -> [u16; 6] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *header;
    [[a, b], [c, d], [e, f], [g, h], [i, j], [k, l]].map(u16::from_be_bytes)
}

/// What kind of question a message is (IANA, "DNS OpCodes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Query,
    Inverse,
    Status,
    Notify,
    Update,
    Other,
}

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// Where its name stands in the message.
    pub(super) name: usize,
    pub(super) kind: u16,
    /// Its class; in multicast, the highest bit asks for an answer to the asker alone.
    pub(super) class: u16,
    /// Where its name ends in the message.
    pub(super) end: usize,
}

/// One record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    /// Where its name stands in the message.
    pub(super) name: usize,
    pub(super) kind: u16,
    /// Its class; in multicast, the highest bit says that older ones are void.
    pub(super) class: u16,
    /// Seconds.
    pub(super) ttl: u32,
    /// Where its data stand in the message.
    pub(super) at: usize,
    pub(super) data: &'a [u8],
}

/// Reads a question of a message that `wire` reads from its first byte.
#[inline]
pub(super) fn question(wire: &mut Reader<'_>) -> Read<Question> {
    let name = wire.taken();
    names::pass(wire)?;
    let end = wire.taken();
    let [a, b, c, d] = wire.array()?;
    Ok(Question { name, kind: u16::from_be_bytes([a, b]), class: u16::from_be_bytes([c, d]), end })
}

/// Reads a record of a message that `wire` reads from its first byte.
#[inline]
pub(super) fn record<'a>(wire: &mut Reader<'a>) -> Read<Record<'a>> {
    let name = wire.taken();
    names::pass(wire)?;
    let [a, b, c, d, ttl @ .., e, f] = wire.array::<10>()?;
    let [kind, class, length] = [[a, b], [c, d], [e, f]].map(u16::from_be_bytes);
    let at = wire.taken();
    Ok(Record { name, kind, class, ttl: u32::from_be_bytes(ttl), at, data: wire.take(length.into())? })
}

/// How long the message is that `bytes` begin with.
///
/// # Errors
/// `Stop::Short` while it is not all there.
pub(super) fn length(bytes: &[u8]) -> Read<usize> {
    let wire = &mut Reader::new(bytes, 0, Ahead::Open);
    let [questions, records @ ..] = Header::read(wire)?.counts;
    for _ in 0..questions {
        question(wire)?;
    }
    for _ in 0..records.iter().copied().map(u32::from).sum() {
        record(wire)?;
    }
    Ok(wire.taken())
}

/// How long the message is that `bytes` begin with, if it is one of real questions and records.
///
/// # Errors
/// `Stop::Short` while it is not all there.
pub(super) fn sound(bytes: &[u8]) -> Read<usize> {
    let wire = &mut Reader::new(bytes, 0, Ahead::Open);
    let header = Header::read(wire)?;
    let [questions, records @ ..] = header.counts;
    if header.counts == [0; 4] {
        return Err(wire.broken("a message of nothing may be anybody's"));
    }
    for _ in 0..questions {
        let question = question(wire)?;
        let first = bytes.get(question.name + 1..).unwrap_or_default();
        let known = types::is_known(question.kind) && is_class(question.class);
        if !known || is_netbios(first) || !names::is_whole(bytes, question.name) {
            return Err(wire.broken("nobody asks for this"));
        }
    }
    for _ in 0..records.iter().copied().map(u32::from).sum() {
        let record = record(wire)?;
        // The class of an `OPT` is a size.
        let known = record.kind == types::OPT || is_class(record.class);
        if !known || !types::is_known(record.kind) || !types::fits(record.kind, record.data) {
            return Err(wire.broken("a record is none"));
        }
    }
    Ok(wire.taken())
}

/// Whether a name begins like one of NetBIOS (RFC 1001, 14.1), whose messages are like these: 32 letters up to `P`.
fn is_netbios(name: &[u8]) -> bool {
    name.first_chunk::<32>().is_some_and(|letters| letters.iter().all(|letter| matches!(letter, b'A'..=b'P')))
}

/// Whether this is a class: Internet, Chaos, Hesiod, none, any.
fn is_class(class: u16) -> bool {
    matches!(class & 0x7fff, 1 | 3 | 4 | 254 | 255)
}
