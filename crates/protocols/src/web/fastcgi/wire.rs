//! Records: a version, a kind, the request they are of, the length of what they carry and of what pads it (section 3.3).

use model::conn::Speaker;

use crate::kit::chain::{Chain, seek};
use crate::kit::protocol::{Read, Sought};
use crate::kit::reader::{Ahead, Reader};

/// The only version.
const VERSION: u8 = 1;
/// What `BEGIN_REQUEST` and `END_REQUEST` carry.
pub(super) const BODY: usize = 8;
/// The most bytes before the length of a name or a value, which has one byte or four (section 3.4).
const LONG: u8 = 0x80;
/// So many of the server's records in a row are no accident.
const CERTAIN: usize = 8;
/// The values that a web server asks for are named so (section 4.1).
const VALUES: &[u8] = b"FCGI_";

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Begin,
    Abort,
    End,
    Params,
    Stdin,
    Stdout,
    Stderr,
    Data,
    GetValues,
    GetValuesResult,
    UnknownType,
    /// One that came after this version.
    Other,
}

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) kind: Kind,
    /// 0 where it is of the connection.
    pub(super) id: u16,
    pub(super) length: u16,
    pub(super) padding: u8,
    reserved: u8,
}

impl Record {
    /// The next record's head.
    pub(super) fn read(wire: &mut Reader<'_>) -> Read<Record> {
        let [version, kind, a, b, c, d, padding, reserved] = wire.array()?;
        if version != VERSION {
            return Err(wire.broken("a record has no known version"));
        }
        let kind = match kind {
            1 => Kind::Begin,
            2 => Kind::Abort,
            3 => Kind::End,
            4 => Kind::Params,
            5 => Kind::Stdin,
            6 => Kind::Stdout,
            7 => Kind::Stderr,
            8 => Kind::Data,
            9 => Kind::GetValues,
            10 => Kind::GetValuesResult,
            11 => Kind::UnknownType,
            _ => Kind::Other,
        };
        let (id, length) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Ok(Record { kind, id, length, padding, reserved })
    }

    /// What is wrong with such a record of this speaker, if something is.
    pub(super) fn breach(&self, speaker: Speaker) -> Option<&'static str> {
        let (by, of_request) = match self.kind {
            Kind::Begin | Kind::Abort | Kind::Params | Kind::Stdin | Kind::Data => (Speaker::Client, true),
            Kind::End | Kind::Stdout | Kind::Stderr => (Speaker::Server, true),
            Kind::GetValues => (Speaker::Client, false),
            Kind::GetValuesResult | Kind::UnknownType => (Speaker::Server, false),
            Kind::Other => return None,
        };
        let is_short = matches!(self.kind, Kind::Begin | Kind::End) && usize::from(self.length) < BODY;
        if by != speaker {
            Some("a record is of the other side's kind")
        } else if of_request != (self.id != 0) {
            Some("a record has the wrong request's number")
        } else if is_short {
            Some("a record is too short for its kind")
        } else {
            None
        }
    }
}

/// The first words of `BEGIN_REQUEST`: its role, and whether its connection stays open (section 5.1).
fn is_beginning(record: &Record, wire: &mut Reader<'_>) -> Read<bool> {
    let is = record.kind == Kind::Begin && usize::from(record.length) == BODY && record.reserved == 0;
    if !is || record.breach(Speaker::Client).is_some() {
        return Ok(false);
    }
    let [high, role, flags, rest @ ..] = wire.array::<BODY>()?;
    Ok(high == 0 && (1..=3).contains(&role) && flags <= 1 && rest == [0; 5])
}

/// Whether a client's bytes begin with a request, or with a question for values.
fn begins_client(wire: &mut Reader<'_>) -> Read<bool> {
    let record = Record::read(wire)?;
    if record.kind != Kind::GetValues {
        return is_beginning(&record, wire);
    }
    if record.breach(Speaker::Client).is_some() || record.reserved != 0 || record.length < 7 {
        return Ok(false);
    }
    let [length, _] = wire.array()?;
    Ok(length < LONG && wire.take(VALUES.len())? == VALUES)
}

/// Whether a server's bytes are records up to the end of a request, or such as begin an answer that is `awaited`.
fn begins_server(wire: &mut Reader<'_>, awaited: impl Fn(u16) -> bool) -> Read<bool> {
    for _ in 0..CERTAIN {
        let record = Record::read(wire)?;
        if record.kind == Kind::Other || record.reserved != 0 || record.breach(Speaker::Server).is_some() {
            return Ok(false);
        }
        if record.kind == Kind::End {
            let [.., status, _, _, _] = wire.array::<BODY>()?;
            return Ok(usize::from(record.length) == BODY && status <= 3);
        }
        if record.kind == Kind::Stdout && awaited(record.id) && is_field(wire.rest()) {
            return Ok(true);
        }
        wire.take(usize::from(record.length) + usize::from(record.padding))?;
    }
    Ok(true)
}

/// Whether bytes begin as a field of a head does.
fn is_field(bytes: &[u8]) -> bool {
    let name = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    name > 0 && bytes.get(name) == Some(&b':')
}

/// Whether bytes are records of this speaker that nobody else would say.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Chain {
    begins_among(speaker, bytes, |_| false)
}

fn begins_among(speaker: Speaker, bytes: &[u8], awaited: impl Fn(u16) -> bool) -> Chain {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let begins = match speaker {
        Speaker::Client => begins_client(&mut wire),
        Speaker::Server => begins_server(&mut wire, awaited),
    };
    match begins {
        Ok(begins) => begins.into(),
        stopped => stopped.into(),
    }
}

/// Where the next record of this speaker is from which on it can be followed: a request's first, one before a response's
/// end, or the first of an answer that is `awaited`.
pub(super) fn find(speaker: Speaker, bytes: &[u8], awaited: impl Fn(u16) -> bool) -> Sought {
    seek(bytes, memchr::memchr_iter(VERSION, bytes), |rest| begins_among(speaker, rest, &awaited))
}

/// The next name and value (section 3.4), or nothing at the end and where it is cut.
pub(super) fn pair<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (name, value) = (length(rest)?, length(rest)?);
    let (name, behind) = rest.split_at_checked(name)?;
    let (value, behind) = behind.split_at_checked(value)?;
    *rest = behind;
    Some((name, value))
}

fn length(rest: &mut &[u8]) -> Option<usize> {
    let (first, behind) = rest.split_first()?;
    if *first < LONG {
        *rest = behind;
        return Some(usize::from(*first));
    }
    let (four, behind) = rest.split_first_chunk()?;
    *rest = behind;
    usize::try_from(u32::from_be_bytes(*four) & 0x7fff_ffff).ok()
}
