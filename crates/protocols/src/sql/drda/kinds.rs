//! The types of cells and parameters, as descriptions have them (FD:OCA triplets; DRDA, "Data definition and exchange").

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};

/// The triplet that lists the types of a group.
const GROUP: u8 = 0x76;
/// The triplet that lists more of them.
const MORE: u8 = 0x7f;
/// What the group of values is called.
const VALUES: u8 = 0xd0;
/// The bit of a length that says that the value itself comes behind the row.
const APART: u16 = 0x8000;
/// As many columns as a table or a statement may have.
const COLUMNS: usize = 5_000;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// Its number, without the bit that says that it may be null.
    pub(super) number: u8,
    /// Whether a byte before it says whether it is null.
    pub(super) may_be_null: bool,
    /// Its length; of decimal numbers how many digits, and how many of these behind the point.
    pub(super) length: u16,
}

/// The numbers of the types.
pub(super) mod number {
    pub(in super::super) const INTEGER: u8 = 0x02;
    pub(in super::super) const SMALL: u8 = 0x04;
    pub(in super::super) const TINY: u8 = 0x06;
    pub(in super::super) const FLOAT8: u8 = 0x0a;
    pub(in super::super) const FLOAT4: u8 = 0x0c;
    pub(in super::super) const DECIMAL: u8 = 0x0e;
    pub(in super::super) const ZONED: u8 = 0x10;
    pub(in super::super) const NUMERIC: u8 = 0x12;
    pub(in super::super) const BIG: u8 = 0x16;
    pub(in super::super) const LOCATOR: u8 = 0x18;
    pub(in super::super) const LOCATOR_DOUBLE: u8 = 0x1c;
    pub(in super::super) const ROWID: u8 = 0x1e;
    pub(in super::super) const DATE: u8 = 0x20;
    pub(in super::super) const TIMESTAMP: u8 = 0x24;
    pub(in super::super) const BYTES: u8 = 0x26;
    pub(in super::super) const VARBYTES: u8 = 0x28;
    pub(in super::super) const LONG_VARBYTES: u8 = 0x2a;
    pub(in super::super) const CHAR: u8 = 0x30;
    pub(in super::super) const VARCHAR: u8 = 0x32;
    pub(in super::super) const LONG: u8 = 0x34;
    pub(in super::super) const GRAPHIC: u8 = 0x36;
    pub(in super::super) const VARGRAPHIC: u8 = 0x38;
    pub(in super::super) const LONG_GRAPHIC: u8 = 0x3a;
    pub(in super::super) const MIXED: u8 = 0x3c;
    pub(in super::super) const VARMIXED: u8 = 0x3e;
    pub(in super::super) const LONG_MIXED: u8 = 0x40;
    pub(in super::super) const SHORT_BYTES: u8 = 0x44;
    pub(in super::super) const SHORT_CHAR: u8 = 0x46;
    pub(in super::super) const SHORT_MIXED: u8 = 0x48;
    pub(in super::super) const DECFLOAT: u8 = 0xba;
    pub(in super::super) const BOOLEAN: u8 = 0xbe;
    pub(in super::super) const LOB: u8 = 0xc8;
    pub(in super::super) const LOB_SINGLE: u8 = 0xca;
    pub(in super::super) const LOB_DOUBLE: u8 = 0xcc;
    pub(in super::super) const LOB_MIXED: u8 = 0xce;
}

impl Kind {
    /// Whether the value itself comes behind the row, in an object of its own.
    pub(super) fn is_apart(self) -> bool {
        (number::LOB..=number::LOB_MIXED).contains(&self.number) && self.length & APART != 0
    }

    /// Takes a value; `None` is null.
    ///
    /// # Errors
    /// [`Stop::Short`](crate::kit::protocol::Stop::Short) when it is not whole, `Broken` when it is of a type that we do not
    /// know.
    pub(super) fn take<'a>(self, wire: &mut Reader<'a>) -> Read<Option<&'a [u8]>> {
        if self.may_be_null && wire.u8()? & 0x80 != 0 {
            return Ok(None);
        }
        let length = self.size(wire)?;
        wire.take(length).map(Some)
    }

    /// How long a value is, which may stand before it.
    fn size(self, wire: &mut Reader<'_>) -> Read<usize> {
        let length = usize::from(self.length);
        let [digits, _] = self.length.to_be_bytes();
        Ok(match self.number {
            number::INTEGER..=number::FLOAT4
            | 0x14
            | number::BIG
            | number::LOCATOR..=number::LOCATOR_DOUBLE => length,
            number::DECIMAL => usize::from(digits) / 2 + 1,
            number::ZONED | number::NUMERIC => digits.into(),
            number::DATE..=number::BYTES
            | number::CHAR
            | number::MIXED
            | number::DECFLOAT
            | number::BOOLEAN => length,
            number::GRAPHIC => length * 2,
            number::VARGRAPHIC | number::LONG_GRAPHIC => usize::from(wire.be16()?) * 2,
            number::ROWID
            | number::VARBYTES
            | number::LONG_VARBYTES
            | number::VARCHAR
            | number::LONG
            | number::VARMIXED
            | number::LONG_MIXED => wire.be16()?.into(),
            number::SHORT_BYTES | number::SHORT_CHAR | number::SHORT_MIXED => wire.u8()?.into(),
            number::LOB..=number::LOB_MIXED => usize::from(self.length & !APART),
            _ => return Err(wire.broken("a value is of an unknown type")),
        })
    }
}

/// The types in a description.
///
/// # Errors
/// `Short` and `Broken` where it is none.
pub(super) fn described(description: &[u8]) -> Read<Vec<Kind>> {
    let mut wire = Reader::new(description, 0, Ahead::End);
    let (mut kinds, mut is_open) = (Vec::new(), false);
    while !wire.rest().is_empty() {
        let length = usize::from(wire.u8()?);
        let (triplet, name) = (wire.u8()?, wire.u8()?);
        let inside = length.checked_sub(3).ok_or(wire.broken("a triplet has no length"))?;
        let types = wire.take(inside)?;
        is_open = triplet == GROUP && name == VALUES || triplet == MORE && is_open;
        if is_open {
            kinds.extend(types.as_chunks::<3>().0.iter().map(|[number, high, low]| Kind {
                number: number & !1,
                may_be_null: number & 1 != 0,
                length: u16::from_be_bytes([*high, *low]),
            }));
        }
        if kinds.len() > COLUMNS {
            return Err(wire.broken("a description has too many types"));
        }
    }
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::{Kind, described, number};
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    #[test]
    fn a_description_lists_types_in_triplets() {
        let kinds = described(b"\x06\x76\xd0\x02\0\x04\x06\x7f\0\x33\0\x28\x06\x71\xe4\xd0\0\x01").unwrap();
        let wanted = [(number::INTEGER, false, 4), (number::VARCHAR, true, 40)];
        assert_eq!(kinds.iter().map(|k| (k.number, k.may_be_null, k.length)).collect::<Vec<_>>(), wanted);
        assert!(described(b"\x02\x76\xd0").is_err());
    }

    #[test]
    fn values_are_as_long_as_their_types_say() {
        let take = |number, length, bytes: &'static [u8]| {
            let kind = Kind { number, may_be_null: true, length };
            kind.take(&mut Reader::new(bytes, 0, Ahead::End))
        };
        assert_eq!(take(number::VARCHAR, 40, b"\0\0\x02ab"), Ok(Some(&b"ab"[..])));
        assert_eq!(take(number::VARGRAPHIC, 40, b"\0\0\x01\0a"), Ok(Some(&b"\0a"[..])));
        assert_eq!(take(number::DECIMAL, 0x0502, b"\0\x12\x34\x5c"), Ok(Some(&b"\x12\x34\x5c"[..])));
        assert_eq!(take(number::CHAR, 4, b"\xff"), Ok(None));
        assert_eq!(take(number::CHAR, 4, b"\0abc"), Err(Stop::Short));
        assert!(matches!(take(0x50, 4, b"\0abcd"), Err(Stop::Broken(_))));
    }
}
