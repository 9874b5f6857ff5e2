//! Messages: their headers, and what a message must look like to be one.

use model::conn::Speaker;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};

/// The bytes of a header.
pub(super) const HEADER: u64 = 16;
/// A server takes no longer message (`maxMessageSizeBytes`).
const LONGEST: u32 = 48_000_000;
/// The shortest messages have four bytes behind their header.
const SHORTEST: u32 = 20;
/// Longer names are none: databases have at most 63 bytes, and their collections make it 255.
pub(super) const NAME: usize = 1 << 10;

/// The flags of an `OP_MSG`: a checksum stands behind its sections.
pub(super) const CHECKSUM: u32 = 1;
/// Another message follows without being asked for: of an answer, or in stead of one.
pub(super) const MORE_TO_COME: u32 = 1 << 1;
/// The flags that a reader of today must know; the upper half may be ignored.
const REQUIRED: u32 = 0xffff;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Reply,
    Update,
    Insert,
    Query,
    GetMore,
    Delete,
    KillCursors,
    /// `OP_COMMAND` and its reply, which the servers of 3.2 to 4.0 spoke among themselves.
    Internal,
    Compressed,
    Message,
}

impl Code {
    pub(super) fn of(code: u32) -> Option<Code> {
        Some(match code {
            1 => Code::Reply,
            2001 => Code::Update,
            2002 => Code::Insert,
            2004 => Code::Query,
            2005 => Code::GetMore,
            2006 => Code::Delete,
            2007 => Code::KillCursors,
            2010 | 2011 => Code::Internal,
            2012 => Code::Compressed,
            2013 => Code::Message,
            _ => return None,
        })
    }

    /// Whether this side sends such messages.
    fn is_of(self, speaker: Speaker) -> bool {
        match self {
            Code::Message | Code::Compressed | Code::Internal => true,
            Code::Reply => speaker == Speaker::Server,
            Code::Update | Code::Insert | Code::Query | Code::GetMore | Code::Delete | Code::KillCursors => {
                speaker == Speaker::Client
            }
        }
    }
}

/// What every message begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of the message, the header included.
    pub(super) length: u32,
    /// The number that its sender gave it.
    pub(super) id: u32,
    /// The number of the message that it answers.
    pub(super) answers: u32,
    pub(super) code: Code,
}

impl Header {
    /// Bytes behind the header.
    pub(super) fn rest(self) -> u64 {
        u64::from(self.length).saturating_sub(HEADER)
    }
}

/// The header of the next message of `speaker`, which is passed over.
#[inline]
pub(super) fn header(speaker: Speaker, wire: &mut Reader<'_>) -> Read<Header> {
    let length = wire.le32()?;
    let id = wire.le32()?;
    let answers = wire.le32()?;
    let code = wire.le32()?;
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(wire.broken("a message has an impossible length"));
    }
    match Code::of(code).filter(|code| code.is_of(speaker)) {
        Some(code) => Ok(Header { length, id, answers, code }),
        None => Err(wire.broken("a message has an operation code that nobody knows")),
    }
}

/// Whether bytes begin with a message of `speaker`: `Stop::Short` while too few of them are there.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Read<Header> {
    let wire = &mut Reader::new(bytes, 0, Ahead::Open);
    // What is there rules out most of what is none.
    let early = bytes
        .first_chunk()
        .is_some_and(|length| !(SHORTEST..=LONGEST).contains(&u32::from_le_bytes(*length)));
    if early {
        return Err(wire.broken("a message has an impossible length"));
    }
    let header = header(speaker, wire)?;
    // Shells of 3.0 wrote -1 for nothing.
    let asks = matches!(header.answers, 0 | u32::MAX);
    if speaker == Speaker::Client && !asks {
        return Err(wire.broken("a request answers nothing"));
    }
    let left = header.rest();
    let sound = match header.code {
        Code::Message => message(wire, left)?,
        Code::Reply => reply(wire, left)?,
        Code::Query => {
            let flags = wire.le32()?;
            flags <= 0xff && is_namespace(wire.until(0, NAME)?) && {
                wire.take(8)?;
                document(wire, left)?
            }
        }
        Code::Update | Code::Delete | Code::GetMore => {
            wire.le32()? == 0 && is_namespace(wire.until(0, NAME)?)
        }
        Code::Insert => wire.le32()? <= 1 && is_namespace(wire.until(0, NAME)?) && document(wire, left)?,
        Code::KillCursors => wire.le32()? == 0 && u64::from(wire.le32()?) * 8 + 8 == left,
        Code::Compressed => compressed(wire)?,
        // It tells nothing, so it is no beginning either.
        Code::Internal => false,
    };
    if sound { Ok(header) } else { Err(wire.broken("a message does not begin like one")) }
}

fn message(wire: &mut Reader<'_>, left: u64) -> Read<bool> {
    let flags = wire.le32()?;
    if flags & REQUIRED & !(CHECKSUM | MORE_TO_COME) != 0 {
        return Ok(false);
    }
    match wire.u8()? {
        0 => document(wire, left),
        1 => {
            let size = wire.le32()?;
            Ok((10..=left).contains(&u64::from(size)) && is_word(wire.until(0, NAME)?))
        }
        _ => Ok(false),
    }
}

fn reply(wire: &mut Reader<'_>, left: u64) -> Read<bool> {
    let flags = wire.le32()?;
    let _cursor = wire.le64()?;
    let _from = wire.le32()?;
    let count = wire.le32()?;
    if flags > 0xf || u64::from(count) * 5 > left {
        return Ok(false);
    }
    if count == 0 { Ok(left == 20) } else { document(wire, left) }
}

fn compressed(wire: &mut Reader<'_>) -> Read<bool> {
    let code = Code::of(wire.le32()?);
    let size = wire.le32()?;
    let way = wire.u8()?;
    Ok(code.is_some_and(|code| code != Code::Compressed) && size <= LONGEST && way <= 3)
}

/// Whether a document begins here, which has at most `left` bytes.
fn document(wire: &mut Reader<'_>, left: u64) -> Read<bool> {
    let size = u64::from(wire.le32()?);
    if !(5..=left).contains(&size) {
        return Ok(false);
    }
    let kind = wire.u8()?;
    if size == 5 || kind == 0 {
        return Ok(size == 5 && kind == 0);
    }
    Ok((1..=0x13).contains(&kind) && is_word(wire.until(0, NAME)?))
}

/// Whether this may be the name of an element: text without control characters.
fn is_word(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| *byte >= b' ' && *byte != 0x7f)
}

/// Whether this is a database and a collection.
fn is_namespace(name: &[u8]) -> bool {
    is_word(name) && memchr::memchr(b'.', name).is_some_and(|at| at > 0 && at + 1 < name.len())
}
