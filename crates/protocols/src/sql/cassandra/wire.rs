//! Envelopes: a header, and what their bodies are made of (native_protocol_v5.spec 2 and 3; before version 5 they are
//! called frames).

use model::conn::Speaker;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

/// The bytes of a header.
pub(super) const HEADER: u64 = 9;
/// No envelope is longer (section 2.5).
const LONGEST: u32 = 256 << 20;
/// So much of a body is read: of longer ones, which hold many rows or long values, what stands behind that is not.
pub(super) const BODY: usize = 64 << 10;
/// The bit of a version that says that the server speaks.
const ANSWER: u8 = 0x80;
/// The versions whose header has nine bytes: those of Cassandra, and two of DataStax's own.
const VERSIONS: [u8; 6] = [3, 4, 5, 6, 0x41, 0x42];
/// The longest id of a prepared statement that anybody gives: a digest.
const ID: u64 = 64;

/// The flags of a header (section 2.2).
pub(super) mod flag {
    pub(in super::super) const COMPRESSED: u8 = 0x01;
    pub(in super::super) const TRACING: u8 = 0x02;
    pub(in super::super) const PAYLOAD: u8 = 0x04;
    pub(in super::super) const WARNING: u8 = 0x08;
    /// The version is not settled yet.
    pub(in super::super) const BETA: u8 = 0x10;
    pub(super) const ALL: u8 = COMPRESSED | TRACING | PAYLOAD | WARNING | BETA;
}

/// What an envelope is (section 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Error,
    Startup,
    Ready,
    Authenticate,
    Options,
    Supported,
    Query,
    Result,
    Prepare,
    Execute,
    Register,
    Event,
    Batch,
    Challenge,
    Response,
    Success,
}

impl Opcode {
    fn of(speaker: Speaker, code: u8) -> Option<Opcode> {
        Some(match (speaker, code) {
            (Speaker::Server, 0x00) => Opcode::Error,
            (Speaker::Client, 0x01) => Opcode::Startup,
            (Speaker::Server, 0x02) => Opcode::Ready,
            (Speaker::Server, 0x03) => Opcode::Authenticate,
            (Speaker::Client, 0x05) => Opcode::Options,
            (Speaker::Server, 0x06) => Opcode::Supported,
            (Speaker::Client, 0x07) => Opcode::Query,
            (Speaker::Server, 0x08) => Opcode::Result,
            (Speaker::Client, 0x09) => Opcode::Prepare,
            (Speaker::Client, 0x0a) => Opcode::Execute,
            (Speaker::Client, 0x0b) => Opcode::Register,
            (Speaker::Server, 0x0c) => Opcode::Event,
            (Speaker::Client, 0x0d) => Opcode::Batch,
            (Speaker::Server, 0x0e) => Opcode::Challenge,
            (Speaker::Client, 0x0f) => Opcode::Response,
            (Speaker::Server, 0x10) => Opcode::Success,
            _ => return None,
        })
    }
}

/// What every envelope begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Without the bit that tells who speaks.
    pub(super) version: u8,
    pub(super) flags: u8,
    /// What an answer names its request by; -1 is nobody's.
    pub(super) stream: u16,
    pub(super) opcode: Opcode,
    /// Bytes of the body.
    pub(super) length: u32,
}

impl Header {
    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether bodies of this version are as version 5 has them.
    pub(super) fn is_fifth(self) -> bool {
        matches!(self.version, 5 | 6)
    }

    /// Bytes of the envelope.
    pub(super) fn size(self) -> u64 {
        HEADER + u64::from(self.length)
    }
}

/// The next header of `speaker`, which is passed over.
///
/// # Errors
/// [`Stop::Broken`] at the first byte that no header has.
#[inline]
pub(super) fn header(speaker: Speaker, wire: &mut Reader<'_>) -> Read<Header> {
    let first = wire.u8()?;
    let version = first & !ANSWER;
    if !VERSIONS.contains(&version) || (first & ANSWER != 0) != (speaker == Speaker::Server) {
        return Err(wire.broken("an envelope has a version that nobody speaks"));
    }
    let flags = wire.u8()?;
    if flags & !flag::ALL != 0 {
        return Err(wire.broken("an envelope has flags that nobody knows"));
    }
    let stream = wire.be16()?;
    let Some(opcode) = Opcode::of(speaker, wire.u8()?) else {
        return Err(wire.broken("an envelope is none that this side sends"));
    };
    let length = wire.be32()?;
    if length > LONGEST {
        return Err(wire.broken("an envelope has an impossible length"));
    }
    Ok(Header { version, flags, stream, opcode, length })
}

/// Whether `bytes` begin with an envelope of `speaker`.
///
/// # Errors
/// [`Stop::Short`] when more bytes would tell, [`Stop::Broken`] when none begins here.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Read<Header> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let header = header(speaker, &mut wire)?;
    if fits(header, &mut wire)? { Ok(header) } else { Err(wire.broken("a body does not begin like one")) }
}

/// Whether the body of this envelope begins here.
fn fits(header: Header, wire: &mut Reader<'_>) -> Read<bool> {
    let length = u64::from(header.length);
    if header.has(flag::COMPRESSED) && matches!(header.opcode, Opcode::Options | Opcode::Startup) {
        // What is packed and how is only agreed on by them (section 5).
        return Ok(false);
    }
    // Of what stands before the body, and of what is packed, nothing is known.
    if header.has(flag::COMPRESSED | flag::WARNING | flag::PAYLOAD) {
        return Ok(length > 0);
    }
    let length = match header.opcode {
        Opcode::Result | Opcode::Error | Opcode::Supported if header.has(flag::TRACING) => {
            wire.take(16)?;
            length.saturating_sub(16)
        }
        _ => length,
    };
    Ok(match header.opcode {
        Opcode::Options | Opcode::Ready => length == 0,
        Opcode::Startup | Opcode::Supported => length > 2 && counted(wire, length, is_setting)?,
        Opcode::Register => length > 2 && counted(wire, length, |name| name.ends_with(b"_CHANGE"))?,
        Opcode::Query | Opcode::Prepare => {
            let text = u64::from(wire.be32()?);
            text > 0 && text + 4 <= length && matches!(wire.u8()?, b' '..=b'~' | b'\t' | b'\r' | b'\n')
        }
        Opcode::Execute => (1..=ID.min(length.saturating_sub(4))).contains(&u64::from(wire.be16()?)),
        Opcode::Batch => wire.u8()? <= 2 && wire.be16()? > 0 && wire.u8()? <= 1,
        Opcode::Response | Opcode::Challenge | Opcode::Success => match wire.be32()? {
            u32::MAX => length == 4,
            token => u64::from(token) + 4 == length,
        },
        Opcode::Result => {
            let kind = wire.be32()?;
            (1..=5).contains(&kind) && (kind == 1) == (length == 4)
        }
        Opcode::Error => wire.be32()? < 0x3000 && u64::from(wire.be16()?) + 6 <= length,
        Opcode::Authenticate => {
            let name = wire.be16()?;
            u64::from(name) + 2 == length && is_printable(wire.take(name.into())?)
        }
        Opcode::Event => {
            let name = usize::from(wire.be16()?);
            name <= 32 && wire.take(name)?.ends_with(b"_CHANGE")
        }
    })
}

/// Whether a map or a list begins here, whose first name is such a one.
fn counted(wire: &mut Reader<'_>, length: u64, is: impl Fn(&[u8]) -> bool) -> Read<bool> {
    let (count, name) = (u64::from(wire.be16()?), u64::from(wire.be16()?));
    if count == 0 || count * 2 > length || name == 0 || name > 64.min(length) {
        return Ok(false);
    }
    Ok(is(wire.take(usize::try_from(name).unwrap_or(usize::MAX))?))
}

/// Whether this may name a setting: `CQL_VERSION`.
fn is_setting(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9'))
}

fn is_printable(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_graphic)
}

/// A body as far as it is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'a> {
    pub(super) bytes: &'a [u8],
    /// How long it truly is.
    pub(super) length: u64,
}

impl<'a> Body<'a> {
    /// A reader of it; behind what was cut off comes a hole.
    pub(super) fn reader(self) -> Reader<'a> {
        let cut = self.length.saturating_sub(self.bytes.len() as u64);
        Reader::new(self.bytes, HEADER, if cut > 0 { Ahead::Hole(cut) } else { Ahead::End })
    }
}

/// What came of reading a body: that it ended too early is a breach, unless its rest was lost or is not read.
pub(super) fn settle(body: &Reader<'_>, read: Read<()>) -> Read<()> {
    match read {
        Err(Stop::Short) if matches!(body.ahead(), Ahead::Hole(_)) => Ok(()),
        Err(Stop::Short) => Err(body.broken("a body is shorter than what it must say")),
        read => read,
    }
}

/// A `[string]`.
pub(super) fn string<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = wire.be16()?;
    wire.take(length.into())
}

/// `[short bytes]`.
pub(super) fn short_bytes<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    string(wire)
}

/// `[bytes]`; `None` is null.
pub(super) fn bytes<'a>(wire: &mut Reader<'a>) -> Read<Option<&'a [u8]>> {
    match usize::try_from(wire.be32()?.cast_signed()) {
        Ok(length) => wire.take(length).map(Some),
        Err(_) => Ok(None),
    }
}

/// Reads a `[string list]`, or the pairs of a `[string map]`, of which `each` reads one.
pub(super) fn each<'a>(wire: &mut Reader<'a>, mut each: impl FnMut(&mut Reader<'a>) -> Read<()>) -> Read<()> {
    (0..wire.be16()?).try_for_each(|_| each(wire))
}
