//! Fields and elements in either protocol: what kind of value comes, and how long it is.

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Binary,
    Compact,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A field that is one without more bytes.
    Is(bool),
    Boolean,
    Byte,
    Short,
    Int,
    Long,
    Double,
    Bytes,
    Struct,
    Map,
    /// A list or a set.
    List,
    Uuid,
}

impl Kind {
    fn of(encoding: Encoding, number: u8) -> Option<Kind> {
        Some(match (encoding, number) {
            (Encoding::Binary, 2) => Kind::Boolean,
            (Encoding::Binary, 3) | (Encoding::Compact, 3) => Kind::Byte,
            (Encoding::Binary, 4) | (Encoding::Compact, 7) => Kind::Double,
            (Encoding::Binary, 6) | (Encoding::Compact, 4) => Kind::Short,
            (Encoding::Binary, 8) | (Encoding::Compact, 5) => Kind::Int,
            (Encoding::Binary, 10) | (Encoding::Compact, 6) => Kind::Long,
            (Encoding::Binary, 11) | (Encoding::Compact, 8) => Kind::Bytes,
            (Encoding::Binary, 12) | (Encoding::Compact, 12) => Kind::Struct,
            (Encoding::Binary, 13) | (Encoding::Compact, 11) => Kind::Map,
            (Encoding::Binary, 14 | 15) | (Encoding::Compact, 9 | 10) => Kind::List,
            (Encoding::Binary, 16) | (Encoding::Compact, 13) => Kind::Uuid,
            (Encoding::Compact, 1 | 2) => Kind::Boolean,
            _ => return None,
        })
    }
}

/// The next field's number and kind; `None` at the end of its struct.
pub(super) fn field(encoding: Encoding, last: i16, wire: &mut Reader<'_>) -> Read<Option<(i16, Kind)>> {
    let first = wire.u8()?;
    if first == 0 {
        return Ok(None);
    }
    let (number, kind) = match encoding {
        Encoding::Binary => (wire.be16()?.cast_signed(), first),
        Encoding::Compact => match first >> 4 {
            0 => (i16::try_from(zigzag(wire)?).unwrap_or_default(), first & 15),
            more => (last.wrapping_add(i16::from(more)), first & 15),
        },
    };
    let kind = match (encoding, kind) {
        (Encoding::Compact, 1) => Some(Kind::Is(true)),
        (Encoding::Compact, 2) => Some(Kind::Is(false)),
        _ => Kind::of(encoding, kind),
    };
    let Some(kind) = kind else { return Err(wire.broken("a field is of no known type")) };
    Ok(Some((number, kind)))
}

/// How many elements a list has, and of which kind.
pub(super) fn list(encoding: Encoding, wire: &mut Reader<'_>) -> Read<(u32, Kind)> {
    let (count, kind) = match encoding {
        Encoding::Binary => {
            let kind = wire.u8()?;
            (u64::from(wire.be32()?), kind)
        }
        Encoding::Compact => {
            let first = wire.u8()?;
            match first >> 4 {
                15 => (varint(wire)?, first & 15),
                few => (u64::from(few), first & 15),
            }
        }
    };
    counted(encoding, count, kind, wire)
}

/// How many pairs a map has, and of which kinds.
pub(super) fn map(encoding: Encoding, wire: &mut Reader<'_>) -> Read<(u32, Kind, Kind)> {
    let (count, key, value) = match encoding {
        Encoding::Binary => {
            let (key, value) = (wire.u8()?, wire.u8()?);
            (u64::from(wire.be32()?), key, value)
        }
        Encoding::Compact => match varint(wire)? {
            0 => return Ok((0, Kind::Byte, Kind::Byte)),
            count => {
                let kinds = wire.u8()?;
                (count, kinds >> 4, kinds & 15)
            }
        },
    };
    let (count, key) = counted(encoding, count, key, wire)?;
    let (_, value) = counted(encoding, count.into(), value, wire)?;
    Ok((count, key, value))
}

fn counted(encoding: Encoding, count: u64, kind: u8, wire: &Reader<'_>) -> Read<(u32, Kind)> {
    let Some(count) = u32::try_from(count).ok().filter(|count| count.cast_signed() >= 0) else {
        return Err(wire.broken("a collection has an impossible length"));
    };
    match Kind::of(encoding, kind) {
        Some(kind) => Ok((count, kind)),
        // Of nothing, the kind may be anything.
        None if count == 0 => Ok((0, Kind::Byte)),
        None => Err(wire.broken("an element is of no known type")),
    }
}

/// The length of bytes.
pub(super) fn length(encoding: Encoding, wire: &mut Reader<'_>) -> Read<u32> {
    let length = match encoding {
        Encoding::Binary => u64::from(wire.be32()?),
        Encoding::Compact => varint(wire)?,
    };
    match u32::try_from(length) {
        Ok(length) if length.cast_signed() >= 0 => Ok(length),
        _ => Err(wire.broken("bytes have an impossible length")),
    }
}

/// A whole number of this kind, or the bits of a double.
pub(super) fn number(encoding: Encoding, kind: Kind, wire: &mut Reader<'_>) -> Read<i64> {
    Ok(match (encoding, kind) {
        (_, Kind::Is(is)) => i64::from(is),
        (Encoding::Binary, Kind::Boolean) | (_, Kind::Byte) => i64::from(wire.u8()?.cast_signed()),
        // One, and two for false.
        (Encoding::Compact, Kind::Boolean) => i64::from(wire.u8()? == 1),
        (Encoding::Binary, Kind::Short) => i64::from(wire.be16()?.cast_signed()),
        (Encoding::Binary, Kind::Int) => i64::from(wire.be32()?.cast_signed()),
        (Encoding::Binary, Kind::Long | Kind::Double) => wire.be64()?.cast_signed(),
        (Encoding::Compact, Kind::Double) => wire.le64()?.cast_signed(),
        (Encoding::Compact, _) => zigzag(wire)?,
        (Encoding::Binary, _) => return Err(wire.broken("a number is none")),
    })
}

/// A number of variable length, least significant bits first.
pub(super) fn varint(wire: &mut Reader<'_>) -> Read<u64> {
    let mut number = 0;
    for place in 0..10 {
        let byte = wire.u8()?;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(wire.broken("a number has no end"))
}

fn zigzag(wire: &mut Reader<'_>) -> Read<i64> {
    let number = varint(wire)?;
    Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}
