//! The wire: data stream structures, which chain, and the objects in them, which are told by code points (DDM, chapters
//! "DSS" and "DDM objects").

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

/// The bytes of a structure's header: length, magic, format, correlation.
pub(super) const HEADER: usize = 6;
/// The bytes before each further piece of a long structure.
pub(super) const FURTHER: usize = 2;
/// What the third byte of every structure is.
pub(super) const MAGIC: u8 = 0xd0;
/// The bit of a length that says that more follows.
const MORE: u16 = 0x8000;
/// The bytes of an object's header: length, code point.
const OBJECT: usize = 4;

/// What a structure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A command.
    Request,
    /// A message about a command.
    Reply,
    /// Data of a command or of its reply.
    Object,
}

/// The header of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dss {
    pub(super) kind: Kind,
    /// The bytes of this piece behind its header.
    pub(super) body: u64,
    /// Whether the structure goes on in a further piece.
    pub(super) continues: bool,
    /// Whether another structure of the same chain follows.
    pub(super) chained: bool,
    /// Whether that one has the same correlation.
    pub(super) same: bool,
    /// Which command of its chain it is, or belongs to.
    pub(super) id: u16,
}

/// Reads the header of a structure, which stays unread.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when it is none.
pub(super) fn header(wire: &Reader<'_>) -> Read<Dss> {
    if wire.rest().get(2).is_some_and(|magic| *magic != MAGIC) {
        return Err(wire.broken("a structure has no magic byte"));
    }
    let [high, low, _, format, id @ ..] = *wire.rest().first_chunk::<HEADER>().ok_or(Stop::Short)?;
    let (length, continues) = length(u16::from_be_bytes([high, low]));
    let (chained, same) = (format & 0x40 != 0, format & 0x10 != 0);
    let kind = match format & 0x0f {
        1 | 5 => Kind::Request,
        2 => Kind::Reply,
        3 | 4 => Kind::Object,
        _ => return Err(wire.broken("a structure is of no kind")),
    };
    let fits = usize::from(length) >= HEADER + OBJECT && (!continues || length == !MORE);
    if !fits || format & 0x80 != 0 || (same && !chained) {
        return Err(wire.broken("a structure's header is none"));
    }
    let body = u64::from(length) - HEADER as u64;
    Ok(Dss { kind, body, continues, chained, same, id: u16::from_be_bytes(id) })
}

/// Reads the header of a further piece, which stays unread: how many bytes stand behind it, and whether one more follows.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when it is none.
pub(super) fn further(wire: &Reader<'_>) -> Read<(u64, bool)> {
    let header = *wire.rest().first_chunk::<FURTHER>().ok_or(Stop::Short)?;
    let (length, continues) = length(u16::from_be_bytes(header));
    match usize::from(length).checked_sub(FURTHER) {
        Some(body @ 1..) => Ok((body as u64, continues)),
        Some(0) | None => Err(wire.broken("a further piece of a structure is empty")),
    }
}

fn length(said: u16) -> (u16, bool) {
    (said & !MORE, said & MORE != 0)
}

/// What an object is, and what is there of it.
pub(super) type Object<'a> = (u16, Sample<'a>);

/// The objects one behind the other in `bytes`, of which there are `length` in truth.
pub(super) fn objects(bytes: &[u8], length: u64) -> impl Iterator<Item = Object<'_>> {
    let (mut rest, mut left) = (bytes, length);
    std::iter::from_fn(move || {
        let mut wire = Reader::new(rest, 0, Ahead::End);
        let (code, inside) = object(&mut wire).ok()?;
        left = left.checked_sub(wire.taken() as u64)?;
        let whole = inside.min(left);
        let kept = usize::try_from(whole).ok().and_then(|whole| wire.rest().get(..whole));
        let bytes = kept.unwrap_or(wire.rest());
        rest = wire.rest().get(bytes.len()..)?;
        left -= whole;
        Some((code, Sample { bytes, length: whole }))
    })
}

/// Reads the header of an object: its code point, and how many bytes stand behind it.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when it is none.
pub(super) fn object(wire: &mut Reader<'_>) -> Read<(u16, u64)> {
    let (said, code) = (wire.be16()?, wire.be16()?);
    let (header, is_long) = length(said);
    let wide = usize::from(header).checked_sub(OBJECT);
    match (wide, is_long) {
        (Some(inside), false) => Ok((code, inside as u64)),
        // The length proper stands behind the code point.
        (Some(wide @ (4 | 6 | 8)), true) => {
            let inside = wire.take(wide)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            Ok((code, inside))
        }
        // It goes on to where its structure ends.
        (Some(0), true) => Ok((code, u64::MAX)),
        (Some(_), true) | (None, _) => Err(wire.broken("an object's length is none")),
    }
}

/// The object that has this code point.
pub(super) fn find<'a>(within: &Sample<'a>, code: u16) -> Option<&'a [u8]> {
    objects(within.bytes, within.length).find(|(found, _)| *found == code).map(|(_, object)| object.bytes)
}

/// The first two bytes of the object that has this code point, as a number.
pub(super) fn number(within: &Sample<'_>, code: u16) -> Option<u16> {
    find(within, code)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::{Dss, Kind, further, header, objects};
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    fn reader(bytes: &[u8]) -> Reader<'_> {
        Reader::new(bytes, 0, Ahead::Open)
    }

    #[test]
    fn a_header_says_what_and_how_long_and_whose() {
        let wanted =
            Dss { kind: Kind::Request, body: 32, continues: false, chained: true, same: true, id: 2 };
        assert_eq!(header(&reader(b"\0\x26\xd0\x51\0\x02")), Ok(wanted));
        assert_eq!(header(&reader(b"\0\x26\xd0")), Err(Stop::Short));
        for broken in
            [&b"\0\x26\xd1"[..], b"\0\x09\xd0\x01\0\x01", b"\x80\x26\xd0\x01\0\x01", b"\0\x26\xd0\x11\0\x01"]
        {
            assert!(matches!(header(&reader(broken)), Err(Stop::Broken(_))), "{broken:?}");
        }
    }

    #[test]
    fn a_further_piece_says_whether_one_more_follows() {
        assert_eq!(further(&reader(b"\xff\xfe")), Ok((0x7ffc, true)));
        assert_eq!(further(&reader(b"\0\x03")), Ok((1, false)));
        assert!(matches!(further(&reader(b"\0\x02")), Err(Stop::Broken(_))));
    }

    #[test]
    fn objects_are_told_by_their_lengths() {
        let found: Vec<_> = objects(b"\0\x06\x11\xa2\0\x03\x80\x08\x24\x14\0\0\0\x02ab", 16)
            .map(|(code, object)| (code, object.bytes, object.length))
            .collect();
        assert_eq!(found, [(0x11a2, &b"\0\x03"[..], 2), (0x2414, b"ab", 2)]);
        assert_eq!(objects(b"\0\x03\x11\xa2", 4).count(), 0);
        let cut: Vec<_> = objects(b"\0\x0a\x11\xa2ab", 10).map(|(_, object)| object.is_cut()).collect();
        assert_eq!(cut, [true]);
    }
}
