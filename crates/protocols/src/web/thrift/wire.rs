//! Frames and the heads of messages: what kind, which method, which number.

use model::conn::Speaker;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::veiled::Veil;

use super::encoding::{Encoding, length, varint};
use super::header::{self, header};
use super::walk::{Came, Walk};

/// Longer names are nobody's.
const NAME: u32 = 256;
/// Servers take frames of 16 MB by default, and some of 100.
const LONGEST: u32 = 256 << 20;
/// The first bytes of a message of version 1: of the binary protocol, and of the compact one.
const BINARY: [u8; 2] = [0x80, 0x01];
const COMPACT: u8 = 0x82;
/// A method's name of so many letters is no accident.
const TELLING: usize = 4;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Call,
    Reply,
    Exception,
    Oneway,
}

impl Sort {
    fn of(number: u8) -> Option<Sort> {
        Some(match number {
            1 => Sort::Call,
            2 => Sort::Reply,
            3 => Sort::Exception,
            4 => Sort::Oneway,
            _ => return None,
        })
    }

    /// Who says such messages.
    pub(super) fn speaker(self) -> Speaker {
        match self {
            Sort::Call | Sort::Oneway => Speaker::Client,
            Sort::Reply | Sort::Exception => Speaker::Server,
        }
    }
}

/// The head of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) encoding: Encoding,
    /// Whether its first bytes say which protocol it is.
    pub(super) marked: Marked,
    pub(super) sort: Sort,
    /// Behind its service's, where that is told.
    pub(super) name: &'a str,
    pub(super) number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marked {
    Yes,
    /// The binary protocol before it had versions.
    No,
}

impl<'a> Head<'a> {
    /// Reads a message's head.
    pub(super) fn read(wire: &mut Reader<'a>) -> Read<Head<'a>> {
        match wire.peek(1)? {
            [0x80] => Head::binary(wire),
            [COMPACT] => Head::compact(wire),
            _ => Head::old(wire),
        }
    }

    fn binary(wire: &mut Reader<'a>) -> Read<Head<'a>> {
        let mark = wire.array::<2>()?;
        let [zero, sort] = wire.array()?;
        let sort = Sort::of(sort).filter(|_| mark == BINARY && zero == 0);
        let Some(sort) = sort else { return Err(wire.broken("a message is of no known version")) };
        let name = name(wire.be32()?, wire)?;
        Ok(Head { encoding: Encoding::Binary, marked: Marked::Yes, sort, name, number: wire.be32()? })
    }

    fn old(wire: &mut Reader<'a>) -> Read<Head<'a>> {
        let name = name(wire.be32()?, wire)?;
        let Some(sort) = Sort::of(wire.u8()?) else {
            return Err(wire.broken("a message is of no known kind"));
        };
        Ok(Head { encoding: Encoding::Binary, marked: Marked::No, sort, name, number: wire.be32()? })
    }

    fn compact(wire: &mut Reader<'a>) -> Read<Head<'a>> {
        let [_, version] = wire.array()?;
        let sort = Sort::of(version >> 5).filter(|_| version & 0x1f == 1);
        let Some(sort) = sort else { return Err(wire.broken("a message is of no known version")) };
        // Java's says a number below zero in ten bytes, and others in five.
        let number = u32::try_from(varint(wire)? & u64::from(u32::MAX)).unwrap_or_default();
        let length = length(Encoding::Compact, wire)?;
        Ok(Head { encoding: Encoding::Compact, marked: Marked::Yes, sort, name: name(length, wire)?, number })
    }

    /// The service, where several share a connection, and the method (`TMultiplexedProtocol`).
    pub(super) fn method(&self) -> (Option<&'a str>, &'a str) {
        match self.name.rsplit_once(':') {
            Some((service, method)) => (Some(service), method),
            None => (None, self.name),
        }
    }

    /// Under what it waits, or what it answers.
    pub(super) fn key(&self) -> Key {
        match self.number {
            0 => Key::Turn,
            number => Key::Id(number.into()),
        }
    }

    /// Whether what it says is masked; of a session of Hive or Impala it is the password.
    pub(super) fn veil(&self) -> Veil {
        if self.name.ends_with("OpenSession") { Veil::On } else { Veil::of(self.name) }
    }
}

/// A message.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) head: Head<'a>,
    /// Its struct, of which all is there or only the first bytes.
    pub(super) fields: &'a [u8],
    /// What a header before it says: names and values.
    pub(super) pairs: &'a [[&'a [u8]; 2]],
}

/// A name of so many bytes.
fn name<'a>(length: u32, wire: &mut Reader<'a>) -> Read<&'a str> {
    if !(1..=NAME).contains(&length) {
        return Err(wire.broken("a method has an impossible name"));
    }
    let there = wire.rest();
    let there = there.get(..length as usize).unwrap_or(there);
    let is_name =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-' | b'/' | b'$');
    if !there.iter().all(is_name) {
        return Err(wire.broken("a method's name is none"));
    }
    Ok(std::str::from_utf8(wire.take(length as usize)?).unwrap_or_default())
}

/// The length of the frame that begins here, which is taken; `None` where a message begins without one.
pub(super) fn framed(wire: &mut Reader<'_>) -> Read<Option<u32>> {
    let [first, second, ..] = *wire.peek(4)? else { return Err(Stop::Short) };
    if [first, second] == BINARY || first == COMPACT {
        return Ok(None);
    }
    // A length, or that of a method's name in the binary protocol before it had versions: then the name follows.
    let mut behind = Reader::new(wire.rest(), wire.position(), wire.ahead());
    let length = behind.be32()?;
    match behind.peek(1)? {
        [0x80 | COMPACT | 0 | 0x0f] => {}
        _ => return Ok(None),
    }
    if length >= LONGEST {
        return Err(wire.broken("a frame is longer than any"));
    }
    wire.take(4)?;
    Ok(Some(length))
}

/// Whether bytes begin with a message of this speaker that nobody else would say.
///
/// The binary protocol says so in its first bytes. The others say little: one of theirs counts when all of it is there and
/// ends with what is there, or when it has a name of some letters and goes on as it should.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Chain {
    match message(speaker, &mut Reader::new(bytes, 0, Ahead::Open)) {
        Ok(is) => is.into(),
        stopped => stopped.into(),
    }
}

fn message(speaker: Speaker, wire: &mut Reader<'_>) -> Read<bool> {
    let Some(length) = framed(wire)? else {
        let head = Head::read(wire)?;
        if speaker != head.sort.speaker() || is_told(&head) {
            return Ok(speaker == head.sort.speaker());
        }
        return match Walk::new(head.encoding).on(wire)? {
            Came::ToTheEnd => Ok(wire.rest().is_empty()),
            Came::Part if is_telling(&head) => Ok(true),
            Came::Part => Err(Stop::Short),
        };
    };
    let length = length as usize;
    let rest = wire.rest();
    let (frame, ahead) = match rest.get(..length) {
        Some(frame) => (frame, Ahead::End),
        None => (rest, Ahead::Open),
    };
    let mut inner = Reader::new(frame, wire.position(), ahead);
    if inner.peek(2)? == header::MAGIC {
        if ahead == Ahead::Open {
            return Err(Stop::Short);
        }
        let headed = header(&mut inner)?;
        let head = Head::read(&mut Reader::new(&headed.message, 0, Ahead::End))?;
        return Ok(speaker == head.sort.speaker());
    }
    let head = Head::read(&mut inner)?;
    if speaker != head.sort.speaker() {
        return Ok(false);
    }
    // Before a message without a frame, the last bytes of a lost one may look like a length, so that the end must fit too.
    match Walk::new(head.encoding).on(&mut inner) {
        Ok(Came::ToTheEnd) => Ok(inner.taken() == length),
        Ok(Came::Part) | Err(Stop::Short) if ahead == Ahead::Open => {
            if is_telling(&head) {
                Ok(true)
            } else {
                Err(Stop::Short)
            }
        }
        Ok(Came::Part) | Err(_) => Ok(false),
    }
}

/// Whether a head is one that nobody else would say.
fn is_told(head: &Head<'_>) -> bool {
    match (head.encoding, head.marked) {
        (Encoding::Binary, marked) => marked == Marked::Yes,
        (Encoding::Compact, _) => head.name.len() >= TELLING,
    }
}

/// Whether a head is one that few others would say, with the first field of a struct behind it or a frame around it.
fn is_telling(head: &Head<'_>) -> bool {
    is_told(head) || head.name.len() >= TELLING
}
