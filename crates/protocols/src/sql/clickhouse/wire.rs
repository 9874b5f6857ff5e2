//! What packets are made of: numbers, texts, revisions; and those that begin a session.

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

/// The longest text that is read whole: a name, a message, a type. Statements and values are sampled.
pub(super) const TEXT: usize = 64 << 10;
/// The longest name of a program, and of what it logs in to.
const NAME: usize = 256;
/// A number takes at most so many bytes.
const VARINT: usize = 10;
/// Versions of programs have two digits.
const VERSION: u64 = 99;
/// The revisions that were ever spoken, and those that may come.
const REVISIONS: std::ops::RangeInclusive<u64> = 50_000..=59_999;

/// Revisions of the protocol from which on a thing is said (`src/Core/ProtocolDefines.h`).
///
/// Both sides speak the lower of their two.
pub(super) mod since {
    pub(in super::super) const TOTAL_ROWS: u64 = 51_554;
    pub(in super::super) const BLOCK_INFO: u64 = 51_903;
    pub(in super::super) const CLIENT_INFO: u64 = 54_032;
    pub(in super::super) const TIME_ZONE: u64 = 54_058;
    pub(in super::super) const QUOTA_KEY: u64 = 54_060;
    pub(in super::super) const DISPLAY_NAME: u64 = 54_372;
    pub(in super::super) const PATCH: u64 = 54_401;
    pub(in super::super) const WRITTEN: u64 = 54_420;
    pub(in super::super) const SETTINGS_AS_TEXT: u64 = 54_429;
    pub(in super::super) const SECRET: u64 = 54_441;
    pub(in super::super) const TRACE: u64 = 54_442;
    pub(in super::super) const FORWARDED: u64 = 54_443;
    pub(in super::super) const REFERER: u64 = 54_447;
    pub(in super::super) const DEPTH: u64 = 54_448;
    pub(in super::super) const START_TIME: u64 = 54_449;
    pub(in super::super) const REPLICAS: u64 = 54_453;
    pub(in super::super) const CUSTOM: u64 = 54_454;
    pub(in super::super) const ADDENDUM: u64 = 54_458;
    pub(in super::super) const PARAMETERS: u64 = 54_459;
    pub(in super::super) const ELAPSED: u64 = 54_460;
    pub(in super::super) const RULES: u64 = 54_461;
    pub(in super::super) const NONCE: u64 = 54_462;
    pub(in super::super) const TOTAL_BYTES: u64 = 54_463;
    pub(in super::super) const READ_ONLY: u64 = 54_467;
    pub(in super::super) const AGGREGATION: u64 = 54_469;
    pub(in super::super) const CHUNKS: u64 = 54_470;
    pub(in super::super) const REPLICAS_VERSION: u64 = 54_471;
    pub(in super::super) const ROLES: u64 = 54_472;
    pub(in super::super) const SERVER_SETTINGS: u64 = 54_474;
    pub(in super::super) const SCRIPT: u64 = 54_475;
    pub(in super::super) const TOKEN: u64 = 54_476;
    pub(in super::super) const PLAN: u64 = 54_477;
    pub(in super::super) const CLUSTER: u64 = 54_479;
    pub(in super::super) const PACKED_EVENTS: u64 = 54_481;
    pub(in super::super) const AGENT: u64 = 54_485;
}

/// A number of variable length, least significant bits first.
#[inline]
pub(super) fn varint(wire: &mut Reader<'_>) -> Read<u64> {
    let mut number = 0;
    for place in 0..VARINT {
        let byte = wire.u8()?;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(wire.broken("a number has no end"))
}

/// A text behind its length.
#[inline]
pub(super) fn text<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    bounded(wire, TEXT)
}

fn bounded<'a>(wire: &mut Reader<'a>, most: usize) -> Read<&'a [u8]> {
    match usize::try_from(varint(wire)?) {
        Ok(length) if length <= most => wire.take(length),
        Ok(_) | Err(_) => Err(wire.broken("a text is longer than any such")),
    }
}

/// The beginning of a text of any length, the rest of which is passed over.
pub(super) fn sampled<'a>(wire: &mut Reader<'a>, most: usize) -> Read<Sample<'a>> {
    let length = varint(wire)?;
    wire.sample(length, most)
}

/// What a client says first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hello<'a> {
    /// The program's name.
    pub(super) name: &'a [u8],
    /// Its version, and the revision that it speaks.
    pub(super) version: [u64; 3],
    pub(super) database: &'a [u8],
    pub(super) user: &'a [u8],
}

impl<'a> Hello<'a> {
    /// Reads it, from behind the packet's number.
    pub(super) fn read(wire: &mut Reader<'a>) -> Read<Hello<'a>> {
        let (name, version) = program(wire)?;
        let (database, user) = (bounded(wire, NAME)?, bounded(wire, NAME)?);
        // The password, or a token.
        text(wire)?;
        Ok(Hello { name, version, database, user })
    }
}

/// A program's name, and its version with the revision that it speaks.
pub(super) fn program<'a>(wire: &mut Reader<'a>) -> Read<(&'a [u8], [u64; 3])> {
    let name = bounded(wire, NAME)?;
    if name.is_empty() || !name.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(wire.broken("a program's name is no name"));
    }
    let version = [varint(wire)?, varint(wire)?, varint(wire)?];
    let [major, minor, revision] = version;
    if major > VERSION || minor > VERSION || !REVISIONS.contains(&revision) {
        return Err(wire.broken("a program's version is none"));
    }
    Ok((name, version))
}

/// What a server answers with.
#[derive(Clone, Debug)]
pub(super) struct Welcome {
    /// Its version.
    pub(super) version: [u64; 3],
    pub(super) patch: u64,
    /// Whether one of the directions may only go in chunks.
    pub(super) insists: bool,
}

impl Welcome {
    /// Reads it, from behind the packet's number, as a server says it to a client that speaks `offered`.
    pub(super) fn read(wire: &mut Reader<'_>, offered: u64) -> Read<Welcome> {
        let (_, version) = program(wire)?;
        let [.., speaks] = version;
        let spoken = speaks.min(offered);
        let mut welcome = Welcome { version, patch: 0, insists: false };
        if spoken >= since::REPLICAS_VERSION {
            varint(wire)?;
        }
        if spoken >= since::TIME_ZONE {
            text(wire)?;
        }
        if spoken >= since::DISPLAY_NAME {
            text(wire)?;
        }
        if spoken >= since::PATCH {
            welcome.patch = varint(wire)?;
        }
        if spoken >= since::CHUNKS {
            welcome.insists = [text(wire)?, text(wire)?].contains(&&b"chunked"[..]);
        }
        later(wire, spoken)?;
        Ok(welcome)
    }
}

/// What newer servers add: rules for passwords, a nonce, settings, versions of parts of the protocol.
fn later(wire: &mut Reader<'_>, spoken: u64) -> Read<()> {
    if spoken >= since::RULES {
        for _ in 0..varint(wire)? {
            text(wire)?;
            text(wire)?;
        }
    }
    if spoken >= since::NONCE {
        wire.take(8)?;
    }
    if spoken >= since::SERVER_SETTINGS {
        while !text(wire)?.is_empty() {
            varint(wire)?;
            text(wire)?;
        }
    }
    if spoken >= since::PLAN {
        varint(wire)?;
    }
    if spoken >= since::CLUSTER {
        varint(wire)?;
    }
    Ok(())
}

/// Reads something that must be there as a whole, of which nothing is taken when it is not.
pub(super) fn whole<'a, T>(wire: &mut Reader<'a>, read: impl FnOnce(&mut Reader<'a>) -> Read<T>) -> Read<T> {
    let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
    let told = read(&mut ahead)?;
    wire.skip(ahead.taken() as u64 + ahead.debt());
    Ok(told)
}

/// Whether `bytes` begin like a client's first packet.
pub(super) fn begins(bytes: &[u8]) -> Read<()> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    if wire.u8()? != super::asked::HELLO {
        return Err(wire.broken("no hello"));
    }
    Hello::read(&mut wire).map(drop)
}

/// Whether `bytes` begin like a server's first packet: a hello, or an exception.
pub(super) fn answers(bytes: &[u8]) -> Read<()> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    match wire.u8()? {
        super::answered::HELLO => program(&mut wire).map(drop),
        super::answered::EXCEPTION => exception(&mut wire).map(drop),
        _ => Err(wire.broken("no hello")),
    }
}

/// An error as it begins: its code and its name, which says in which space it is (`DB::Exception`).
pub(super) fn exception<'a>(wire: &mut Reader<'a>) -> Read<(i32, &'a [u8])> {
    let code = wire.le32()?.cast_signed();
    let name = bounded(wire, NAME)?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b":_ ".contains(byte);
    if name.is_empty() || !name.iter().all(is_name) {
        return Err(wire.broken("an exception has no name"));
    }
    Ok((code, name))
}

/// Whether what was tried ended for want of bytes.
pub(super) fn is_short<T>(read: &Read<T>) -> bool {
    matches!(read, Err(Stop::Short))
}
