//! Frames: their lengths and headers, and numbers of variable length.

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;

use super::apis::{Api, api};

/// A broker takes no longer request (`socket.request.max.bytes`), but for one that was told to.
pub(super) const LONGEST: u32 = 100 << 20;
/// The shortest request says no more than its number, its version, its id and an empty name.
const SHORTEST: u32 = 10;
/// The shortest answer has its id, and nothing behind it is shorter than an error.
const SHORTEST_ANSWER: u32 = 6;
/// Requests of higher numbers are nobody's; what lies between those that are known and these may come to be.
const KEYS: u16 = 128;
/// Versions above this are nobody's: twice the highest of today.
const VERSIONS: u16 = 40;
/// Longer names of clients are none.
const CLIENT: u16 = 1 << 10;

/// `ControlledShutdown`, the only one whose first version names no client.
const CONTROLLED_SHUTDOWN: u16 = 7;

/// What a request begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    /// Which request it is; `None`, if nobody knows it.
    pub(super) api: Option<&'static Api>,
    pub(super) key: u16,
    pub(super) version: u8,
    /// What its answer is found by.
    pub(super) id: u32,
    /// What the client calls itself.
    pub(super) client: Option<&'a [u8]>,
    /// Bytes behind the header.
    pub(super) left: u64,
}

/// The header of the next request ("Request Header v0" to "v2"), which is passed over.
pub(super) fn header<'a>(wire: &mut Reader<'a>) -> Read<Header<'a>> {
    let length = wire.be32()?;
    let begin = wire.taken();
    let key = wire.be16()?;
    let version = wire.be16()?;
    if !(SHORTEST..=i32::MAX.unsigned_abs()).contains(&length) {
        return Err(wire.broken("a request has an impossible length"));
    }
    let version = u8::try_from(version).ok().filter(|version| u16::from(*version) <= VERSIONS);
    let Some(version) = version.filter(|_| key < KEYS) else {
        return Err(wire.broken("a request is none that there is"));
    };
    let id = wire.be32()?;
    let client = match (key, version) {
        (CONTROLLED_SHUTDOWN, 0) => None,
        _ => client(wire)?,
    };
    let api = api(key);
    if api.is_some_and(|api| api.is_flexible(version)) {
        tags(wire)?;
    }
    let read = (wire.taken() - begin) as u64;
    let left = u64::from(length).checked_sub(read);
    let left = left.ok_or_else(|| wire.broken("a request is shorter than its header"))?;
    Ok(Header { api, key, version, id, client, left })
}

fn client<'a>(wire: &mut Reader<'a>) -> Read<Option<&'a [u8]>> {
    match wire.be16()? {
        u16::MAX => Ok(None),
        length @ 0..=CLIENT => wire.take(length.into()).map(Some),
        _ => Err(wire.broken("a client has an impossible name")),
    }
}

/// The length of the next answer and its id, which are passed over: bytes behind the id, and the id.
#[inline]
pub(super) fn answer(wire: &mut Reader<'_>) -> Read<(u64, u32)> {
    let length = wire.be32()?;
    let id = wire.be32()?;
    if !(SHORTEST_ANSWER..=i32::MAX.unsigned_abs()).contains(&length) {
        return Err(wire.broken("an answer has an impossible length"));
    }
    Ok((u64::from(length - 4), id))
}

/// Passes over tagged fields (KIP-482).
pub(super) fn tags(wire: &mut Reader<'_>) -> Read<()> {
    for _ in 0..unsigned(wire)? {
        unsigned(wire)?;
        let size = unsigned(wire)?;
        wire.take(size as usize)?;
    }
    Ok(())
}

/// An unsigned number of variable length (`UNSIGNED_VARINT`).
#[inline]
pub(super) fn unsigned(wire: &mut Reader<'_>) -> Read<u32> {
    let mut number = 0;
    for place in 0..5 {
        let byte = wire.u8()?;
        number |= u32::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(wire.broken("a number does not end"))
}

/// A signed number of variable length (`VARINT`, `VARLONG`).
#[inline]
pub(super) fn signed(wire: &mut Reader<'_>) -> Read<i64> {
    let mut number = 0_u64;
    for place in 0..10 {
        let byte = wire.u8()?;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let magnitude = i64::try_from(number >> 1).unwrap_or_default();
            return Ok(if number & 1 == 0 { magnitude } else { !magnitude });
        }
    }
    Err(wire.broken("a number does not end"))
}

#[cfg(test)]
mod tests {
    use super::{signed, tags, unsigned};
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    #[test]
    fn numbers_have_seven_bits_a_byte() {
        for (bytes, number) in [(&b"\x00"[..], 0), (b"\x01", -1), (b"\x02", 1), (b"\x80\x02", 128)] {
            assert_eq!(signed(&mut Reader::new(bytes, 0, Ahead::Open)), Ok(number));
        }
        assert_eq!(unsigned(&mut Reader::new(b"\xac\x02", 0, Ahead::Open)), Ok(300));
        assert!(matches!(unsigned(&mut Reader::new(&[0xff; 5], 0, Ahead::Open)), Err(Stop::Broken(_))));
        assert!(matches!(signed(&mut Reader::new(&[0xff; 10], 0, Ahead::Open)), Err(Stop::Broken(_))));
    }

    #[test]
    fn tags_are_passed_over() {
        let mut wire = Reader::new(b"\x02\x00\x01a\x05\x00rest", 0, Ahead::Open);
        assert_eq!((tags(&mut wire), wire.rest()), (Ok(()), &b"rest"[..]));
        assert_eq!(tags(&mut Reader::new(b"\x01\x00\x09a", 0, Ahead::Open)), Err(Stop::Short));
    }
}
