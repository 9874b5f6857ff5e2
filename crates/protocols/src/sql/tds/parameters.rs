//! The parameters of a call, and what comes back of them ([MS-TDS] 2.2.6.6 and 2.2.5.5.5).

use std::borrow::Cow;

use model::statement::Statement;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::Reader;
use crate::sql::utf16;

use super::cells::CELL;
use super::shape::Dialect;
use super::types::{self, Kind, Length, Place, number};
use super::values;
use super::wire::{name, short_text};

/// What no value of this length has.
const NULL_SHORT: u16 = u16::MAX;
const NULL_LONG: u32 = u32::MAX;
const NULL_PIECES: u64 = u64::MAX;
/// So many bytes of a value that comes in pieces are gathered: statements come so.
const GATHERED: usize = 128 << 10;
/// The flags of a parameter for which its default stands, and of one that the client encrypted.
const DEFAULT: u8 = 2;
const ENCRYPTED: u8 = 8;

/// A value with its type.
#[derive(Debug)]
pub(super) struct Value<'a> {
    kind: Kind,
    /// `None` is null.
    bytes: Option<Cow<'a, [u8]>>,
    /// How long it truly is.
    length: u64,
    /// What stands for it, where it is a table.
    instead: Option<String>,
}

impl Value<'_> {
    pub(super) fn is_null(&self) -> bool {
        self.bytes.is_none() && self.instead.is_none()
    }

    /// Writes it, as far as it is kept.
    pub(super) fn write(&self, out: &mut String) {
        match (&self.instead, &self.bytes) {
            (Some(table), _) => out.push_str(table),
            (None, Some(bytes)) => values::write(out, self.kind, bytes, self.length, CELL),
            (None, None) => {}
        }
    }

    /// The number that it is, if it is one: of a statement or of a cursor.
    pub(super) fn whole_number(&self) -> Option<i32> {
        let bytes = self.bytes.as_deref()?;
        matches!(self.kind.number, 0x26 | 0x38).then_some(())?;
        bytes.first_chunk().filter(|_| bytes.len() == 4).map(|bytes| i32::from_le_bytes(*bytes))
    }

    /// Writes the statement that it is, if it is one, at most `limit` letters of it: how many there are.
    pub(super) fn write_statement(&self, out: &mut Statement, limit: usize) -> Option<u64> {
        let bytes = self.bytes.as_deref()?;
        if matches!(self.kind.number, number::NVARCHAR | number::NCHAR | number::NTEXT) {
            out.write_with(|text| utf16::push(text, bytes, limit));
            return Some(self.length / 2);
        }
        let (text, letters) = self.statement(limit)?;
        out.write(&text);
        Some(letters)
    }

    /// The statement that it is, if it is one, at most `limit` letters of it, and how many there are.
    pub(super) fn statement(&self, limit: usize) -> Option<(Cow<'_, str>, u64)> {
        let bytes = self.bytes.as_deref()?;
        match self.kind.number {
            number::NVARCHAR | number::NCHAR | number::NTEXT => {
                Some((Cow::Owned(utf16::text(bytes, limit)), self.length / 2))
            }
            number::BIGVARCHAR | number::BIGCHAR | number::TEXT | 0x27 | 0x2f => {
                let kept = bytes.get(..limit).unwrap_or(bytes);
                Some((crate::kit::text::lossy(kept), self.length))
            }
            _ => None,
        }
    }
}

/// One parameter of a call.
#[derive(Debug)]
pub(super) struct Parameter<'a> {
    /// Its name with the `@`, as UTF-16; empty where it goes by its place.
    pub(super) name: &'a [u8],
    status: u8,
    pub(super) value: Value<'a>,
}

impl Parameter<'_> {
    /// Whether the procedure's own default stands for it.
    pub(super) fn is_default(&self) -> bool {
        self.status & DEFAULT != 0
    }
}

/// Reads the next parameter of a call.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, `Broken` when it is none.
pub(super) fn next<'a>(wire: &mut Reader<'a>, dialect: Dialect) -> Read<Parameter<'a>> {
    let name = short_text(wire)?;
    let status = wire.u8()?;
    let value = if wire.peek(1)? == [number::TABLE] { table(wire, dialect)? } else { typed(wire)? };
    if status & ENCRYPTED != 0 {
        cipher(wire)?;
    }
    Ok(Parameter { name, status, value })
}

/// Reads a type and a value of it.
pub(super) fn typed<'a>(wire: &mut Reader<'a>) -> Read<Value<'a>> {
    let (kind, _) = types::read(wire, Place::Parameter)?;
    value(kind, wire)
}

/// Reads a value of this type.
fn value<'a>(kind: Kind, wire: &mut Reader<'a>) -> Read<Value<'a>> {
    let length = match kind.length {
        Length::Fixed(0) => None,
        Length::Fixed(size) => Some(u64::from(size)),
        Length::Byte => Some(u64::from(wire.u8()?)).filter(|length| *length > 0),
        Length::Short => Some(wire.le16()?).filter(|length| *length != NULL_SHORT).map(u64::from),
        Length::Long => Some(u64::from(wire.le32()?)).filter(|length| *length > 0),
        Length::Pointer => Some(wire.le32()?).filter(|length| *length != NULL_LONG).map(u64::from),
        Length::Pieces => return pieces(kind, wire),
    };
    let bytes = match length {
        Some(length) => Some(Cow::Borrowed(wire.take(usize::try_from(length).map_err(|_| Stop::Short)?)?)),
        None => None,
    };
    Ok(Value { kind, bytes, length: length.unwrap_or_default(), instead: None })
}

/// A value in pieces; most have one.
fn pieces<'a>(kind: Kind, wire: &mut Reader<'a>) -> Read<Value<'a>> {
    if wire.le64()? == NULL_PIECES {
        return Ok(Value { kind, bytes: None, length: 0, instead: None });
    }
    let (mut bytes, mut length) = (Cow::Borrowed(&[][..]), 0);
    loop {
        let size = wire.le32()?;
        if size == 0 {
            return Ok(Value { kind, bytes: Some(bytes), length, instead: None });
        }
        let piece = wire.take(usize::try_from(size).map_err(|_| Stop::Short)?)?;
        length += u64::from(size);
        if bytes.is_empty() {
            bytes = Cow::Borrowed(piece);
        } else {
            let room = GATHERED.saturating_sub(bytes.len());
            bytes.to_mut().extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
    }
}

/// By which key a value was encrypted ([MS-TDS] 2.2.6.6, "ParamCipherInfo").
fn cipher(wire: &mut Reader<'_>) -> Read<()> {
    types::read(wire, Place::Parameter)?;
    if wire.u8()? == 0 {
        short_text(wire)?;
    }
    wire.take(1 + 4 + 4 + 4 + 8 + 1).map(drop)
}

/// A whole table as a parameter ([MS-TDS] 2.2.5.5.5.3), of which the name and the number of rows are told.
fn table<'a>(wire: &mut Reader<'a>, dialect: Dialect) -> Read<Value<'a>> {
    const NO_COLUMNS: u16 = u16::MAX;
    const END: u8 = 0;
    const ROW: u8 = 1;
    const ORDER_UNIQUE: u8 = 0x10;
    wire.u8()?;
    let parts = [short_text(wire)?, short_text(wire)?, short_text(wire)?];
    let mut kinds = Vec::new();
    let columns = wire.le16()?;
    for _ in 0..if columns == NO_COLUMNS { 0 } else { columns } {
        dialect.flags(wire)?;
        kinds.push(types::read(wire, Place::Column)?.0);
        short_text(wire)?;
    }
    loop {
        // Which columns are sorted or unique, each with flags; in which order they come.
        let size = match wire.u8()? {
            END => break,
            ORDER_UNIQUE => 3,
            _ => 2,
        };
        let count = wire.le16()?;
        wire.take(usize::from(count) * size)?;
    }
    let mut rows = 0_u64;
    while wire.u8()? == ROW {
        for kind in &kinds {
            value(*kind, wire)?;
        }
        rows += 1;
    }
    let named: Vec<_> = parts.iter().filter(|part| !part.is_empty()).map(|part| name(part)).collect();
    let instead = Some(format!("table {} of {rows} rows", named.join(".")));
    Ok(Value { kind: Kind::new(number::TABLE, Length::Pieces), bytes: None, length: 0, instead })
}
