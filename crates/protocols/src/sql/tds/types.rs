//! The types of columns and parameters: how they are described, and how long their values are ([MS-TDS] 2.2.5.4).

use std::borrow::Cow;

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;

use super::wire::{long_text, name, short_text};

/// A value of this length goes on in pieces ("PARTLENTYPE").
const MAX: u16 = 0xffff;

/// The numbers of the types that are looked at by number.
pub(super) mod number {
    pub(in super::super) const IMAGE: u8 = 0x22;
    pub(in super::super) const TEXT: u8 = 0x23;
    pub(in super::super) const GUID: u8 = 0x24;
    pub(in super::super) const DATE: u8 = 0x28;
    pub(in super::super) const TIME: u8 = 0x29;
    pub(in super::super) const DATETIME2: u8 = 0x2a;
    pub(in super::super) const DATETIMEOFFSET: u8 = 0x2b;
    pub(in super::super) const BIT: u8 = 0x32;
    pub(in super::super) const DATETIM4: u8 = 0x3a;
    pub(in super::super) const FLT4: u8 = 0x3b;
    pub(in super::super) const MONEY: u8 = 0x3c;
    pub(in super::super) const DATETIME: u8 = 0x3d;
    pub(in super::super) const FLT8: u8 = 0x3e;
    pub(in super::super) const VARIANT: u8 = 0x62;
    pub(in super::super) const NTEXT: u8 = 0x63;
    pub(in super::super) const BITN: u8 = 0x68;
    pub(in super::super) const DECIMALN: u8 = 0x6a;
    pub(in super::super) const NUMERICN: u8 = 0x6c;
    pub(in super::super) const FLTN: u8 = 0x6d;
    pub(in super::super) const MONEYN: u8 = 0x6e;
    pub(in super::super) const DATETIMN: u8 = 0x6f;
    pub(in super::super) const MONEY4: u8 = 0x7a;
    pub(in super::super) const BIGVARBINARY: u8 = 0xa5;
    pub(in super::super) const BIGVARCHAR: u8 = 0xa7;
    pub(in super::super) const BIGBINARY: u8 = 0xad;
    pub(in super::super) const BIGCHAR: u8 = 0xaf;
    pub(in super::super) const NVARCHAR: u8 = 0xe7;
    pub(in super::super) const NCHAR: u8 = 0xef;
    pub(in super::super) const UDT: u8 = 0xf0;
    pub(in super::super) const XML: u8 = 0xf1;
    pub(in super::super) const TABLE: u8 = 0xf3;
    pub(in super::super) const JSON: u8 = 0xf4;
    pub(in super::super) const VECTOR: u8 = 0xf5;
}

/// How the length of a value is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// Not at all: it is always so many bytes.
    Fixed(u8),
    /// In a byte; none is null.
    Byte,
    /// In two bytes; all bits are null.
    Short,
    /// In four bytes behind a pointer, which no null has; in parameters without one.
    Pointer,
    /// In four bytes; none is null.
    Long,
    /// In pieces, each with its length, behind the length of all.
    Pieces,
}

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) number: u8,
    pub(super) length: Length,
    /// The digits behind the point, or of a fraction of a second.
    pub(super) scale: u8,
    /// Whether texts of it are UTF-8 (collations from SQL Server 2019 on).
    pub(super) is_utf8: bool,
    /// The longest value, which tells small integers from large ones.
    pub(super) size: u8,
}

impl Kind {
    pub(super) fn new(number: u8, length: Length) -> Kind {
        Kind { number, length, scale: 0, is_utf8: false, size: 0 }
    }

    /// Its name in SQL.
    pub(super) fn name(self) -> &'static str {
        match (self.number, self.size) {
            (0x1f, _) => "null",
            (0x30, _) | (0x26, 1) => "tinyint",
            (number::BIT | number::BITN, _) => "bit",
            (0x34, _) | (0x26, 2) => "smallint",
            (0x38, _) | (0x26, 4) => "int",
            (0x7f, _) | (0x26, 8) => "bigint",
            (number::DATETIM4, _) | (number::DATETIMN, 4) => "smalldatetime",
            (number::FLT4, _) | (number::FLTN, 4) => "real",
            (number::MONEY4, _) | (number::MONEYN, 4) => "smallmoney",
            (number::MONEY | number::MONEYN, _) => "money",
            (number::DATETIME | number::DATETIMN, _) => "datetime",
            (number::FLT8 | number::FLTN, _) => "float",
            (number::GUID, _) => "uniqueidentifier",
            (0x37 | number::DECIMALN, _) => "decimal",
            (0x3f | number::NUMERICN, _) => "numeric",
            (number::DATE, _) => "date",
            (number::TIME, _) => "time",
            (number::DATETIME2, _) => "datetime2",
            (number::DATETIMEOFFSET, _) => "datetimeoffset",
            (0x2f | number::BIGCHAR, _) => "char",
            (0x27 | number::BIGVARCHAR, _) => "varchar",
            (0x2d | number::BIGBINARY, _) => "binary",
            (0x25 | number::BIGVARBINARY, _) => "varbinary",
            (number::NVARCHAR, _) => "nvarchar",
            (number::NCHAR, _) => "nchar",
            (number::TEXT, _) => "text",
            (number::NTEXT, _) => "ntext",
            (number::IMAGE, _) => "image",
            (number::VARIANT, _) => "sql_variant",
            (number::XML, _) => "xml",
            (number::UDT, _) => "udt",
            (number::TABLE, _) => "table",
            (number::JSON, _) => "json",
            (number::VECTOR, _) => "vector",
            _ => "int",
        }
    }
}

/// How a type that has a length of its own is known, where nothing more than its number says so.
fn fixed(number: u8) -> Option<u8> {
    Some(match number {
        0x1f => 0,
        0x30 | number::BIT => 1,
        0x34 => 2,
        0x38 | number::DATETIM4 | number::FLT4 | number::MONEY4 => 4,
        number::MONEY | number::DATETIME | number::FLT8 | 0x7f => 8,
        _ => return None,
    })
}

/// Where a type is described: a user's own type says more of itself in a result than in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Column,
    Parameter,
}

/// Reads a "TYPE_INFO"; a user's own type comes with its name.
///
/// # Errors
/// [`Stop::Short`](crate::kit::protocol::Stop::Short) when it is not whole, `Broken` when it is none.
pub(super) fn read(wire: &mut Reader<'_>, place: Place) -> Read<(Kind, Cow<'static, str>)> {
    let number = wire.u8()?;
    if let Some(size) = fixed(number) {
        let kind = Kind::new(number, Length::Fixed(size));
        return Ok((kind, Cow::Borrowed(kind.name())));
    }
    let mut kind = Kind::new(number, Length::Byte);
    match number {
        number::GUID | 0x26 | number::BITN | number::FLTN | number::MONEYN | number::DATETIMN => {
            kind.size = wire.u8()?;
        }
        0x37 | 0x3f | number::DECIMALN | number::NUMERICN => {
            let [_, _, scale] = wire.array()?;
            kind.scale = scale;
        }
        number::DATE => {}
        number::TIME | number::DATETIME2 | number::DATETIMEOFFSET => kind.scale = wire.u8()?,
        0x2f | 0x27 | 0x2d | 0x25 => _ = wire.u8()?,
        number::BIGVARBINARY | number::BIGBINARY => kind.length = short_or_pieces(wire)?,
        number::BIGVARCHAR | number::BIGCHAR | number::NVARCHAR | number::NCHAR => {
            kind.length = short_or_pieces(wire)?;
            kind.is_utf8 = collation(wire)?;
        }
        number::IMAGE => (kind.length, _) = (Length::Pointer, wire.le32()?),
        number::TEXT | number::NTEXT => {
            (kind.length, _) = (Length::Pointer, wire.le32()?);
            kind.is_utf8 = collation(wire)?;
        }
        number::VARIANT => (kind.length, _) = (Length::Long, wire.le32()?),
        number::VECTOR => (kind.length, kind.size) = (short_or_pieces(wire)?, wire.u8()?),
        number::JSON => kind.length = Length::Pieces,
        number::XML => {
            kind.length = Length::Pieces;
            if wire.u8()? != 0 {
                short_text(wire)?;
                short_text(wire)?;
                long_text(wire)?;
            }
        }
        number::UDT => {
            kind.length = Length::Pieces;
            return users_own(wire, place).map(|name| (kind, name));
        }
        _ => return Err(wire.broken("a value has an unknown type")),
    }
    Ok((kind, Cow::Borrowed(kind.name())))
}

fn short_or_pieces(wire: &mut Reader<'_>) -> Read<Length> {
    Ok(if wire.le16()? == MAX { Length::Pieces } else { Length::Short })
}

/// A "COLLATION": whether its texts are UTF-8.
fn collation(wire: &mut Reader<'_>) -> Read<bool> {
    let [_, _, _, flags, _] = wire.array()?;
    Ok(flags & 0x04 != 0)
}

/// A "UDT_INFO": the name of the type.
fn users_own(wire: &mut Reader<'_>, place: Place) -> Read<Cow<'static, str>> {
    if place == Place::Column {
        wire.le16()?;
    }
    short_text(wire)?;
    short_text(wire)?;
    let own = name(short_text(wire)?);
    if place == Place::Column {
        long_text(wire)?;
    }
    Ok(Cow::Owned(own.as_ref().to_owned()))
}

/// The type of the value inside of a variant, of which the properties are there ([MS-TDS] 2.2.5.5.4).
pub(super) fn inside_variant(number: u8, properties: &[u8]) -> Kind {
    let mut kind = Kind::new(number, Length::Byte);
    match (number, properties) {
        (number::DECIMALN | number::NUMERICN, [_, scale])
        | (number::TIME | number::DATETIME2 | number::DATETIMEOFFSET, [scale]) => kind.scale = *scale,
        (number::BIGVARCHAR | number::BIGCHAR, [_, _, _, flags, ..]) => kind.is_utf8 = flags & 0x04 != 0,
        _ => {}
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::{Length, Place, read};
    use crate::kit::reader::{Ahead, Reader};

    #[test]
    fn types_say_how_long_their_values_are() {
        let cases: [(&[u8], &str, Length); 8] = [
            (b"\x38", "int", Length::Fixed(4)),
            (b"\x26\x08", "bigint", Length::Byte),
            (b"\x6c\x11\x12\x02", "numeric", Length::Byte),
            (b"\xe7\x1e\0\x09\x04\xd0\0\x34", "nvarchar", Length::Short),
            (b"\xe7\xff\xff\x09\x04\xd0\0\x34", "nvarchar", Length::Pieces),
            (b"\x22\xff\xff\xff\x7f", "image", Length::Pointer),
            (b"\xf1\0", "xml", Length::Pieces),
            (b"\xf0\xff\xff\x01a\0\x01b\0\x03g\0e\0o\0\x01\0c\0", "geo", Length::Pieces),
        ];
        for (bytes, name, length) in cases {
            let mut wire = Reader::new(bytes, 0, Ahead::End);
            let (kind, own) = read(&mut wire, Place::Column).unwrap();
            assert_eq!((&*own, kind.length, wire.rest()), (name, length, &b""[..]));
        }
        assert!(read(&mut Reader::new(b"\x01", 0, Ahead::End), Place::Column).is_err());
    }
}
