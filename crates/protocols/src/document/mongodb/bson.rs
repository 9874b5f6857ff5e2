//! Documents as they stand on the wire: elements one behind the other (<https://bsonspec.org/spec.html>).

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};

use super::wire::NAME;

pub(super) const DOUBLE: u8 = 0x01;
pub(super) const STRING: u8 = 0x02;
pub(super) const DOCUMENT: u8 = 0x03;
pub(super) const ARRAY: u8 = 0x04;
pub(super) const BINARY: u8 = 0x05;
pub(super) const UNDEFINED: u8 = 0x06;
pub(super) const OBJECT_ID: u8 = 0x07;
pub(super) const BOOLEAN: u8 = 0x08;
pub(super) const DATE: u8 = 0x09;
pub(super) const NULL: u8 = 0x0a;
pub(super) const REGEX: u8 = 0x0b;
pub(super) const POINTER: u8 = 0x0c;
pub(super) const CODE: u8 = 0x0d;
pub(super) const SYMBOL: u8 = 0x0e;
pub(super) const SCOPED_CODE: u8 = 0x0f;
pub(super) const INT32: u8 = 0x10;
pub(super) const TIMESTAMP: u8 = 0x11;
pub(super) const INT64: u8 = 0x12;
pub(super) const DECIMAL: u8 = 0x13;
pub(super) const MAX_KEY: u8 = 0x7f;
pub(super) const MIN_KEY: u8 = 0xff;

/// The longest pattern or options of a regular expression; the server takes 32 KiB.
const PATTERN: usize = 32 << 10;

/// The head of an element: what comes before its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) kind: u8,
    pub(super) name: &'a [u8],
    /// The bytes of its value, which come next.
    pub(super) size: u64,
}

/// A value, or the beginning of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    pub(super) kind: u8,
    /// Its bytes as far as they are there.
    pub(super) bytes: &'a [u8],
}

/// The head of the next element, which is passed over; `None` at the end of the document.
#[inline]
pub(super) fn head<'a>(wire: &mut Reader<'a>) -> Read<Option<Head<'a>>> {
    let kind = wire.u8()?;
    if kind == 0 {
        return Ok(None);
    }
    let name = wire.until(0, NAME)?;
    let size = size(kind, wire)?;
    Ok(Some(Head { kind, name, size }))
}

#[inline]
fn size(kind: u8, wire: &Reader<'_>) -> Read<u64> {
    Ok(match kind {
        DOUBLE | DATE | TIMESTAMP | INT64 => 8,
        STRING | CODE | SYMBOL => 4 + length(wire, 1)?,
        DOCUMENT | ARRAY | SCOPED_CODE => length(wire, 5)?,
        BINARY => 5 + length(wire, 0)?,
        UNDEFINED | NULL | MIN_KEY | MAX_KEY => 0,
        OBJECT_ID => 12,
        BOOLEAN => 1,
        REGEX => {
            let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
            ahead.until(0, PATTERN)?;
            ahead.until(0, PATTERN)?;
            ahead.taken() as u64
        }
        POINTER => 16 + length(wire, 1)?,
        INT32 => 4,
        DECIMAL => 16,
        _ => return Err(wire.broken("an element has a type that nobody knows")),
    })
}

/// The length that a value begins with, which is at least `least`.
#[inline]
fn length(wire: &Reader<'_>, least: u32) -> Read<u64> {
    let bytes = wire.peek(4)?.first_chunk().copied().unwrap_or_default();
    let length = u32::from_le_bytes(bytes);
    if length < least || length > u32::MAX / 2 {
        return Err(wire.broken("a value has an impossible length"));
    }
    Ok(length.into())
}

/// The length of the next document, which stays unread.
pub(super) fn document_size(from: &Reader<'_>) -> Read<u64> {
    let length = u32::from_le_bytes(from.peek(4)?.first_chunk().copied().unwrap_or_default());
    if length < 5 { Err(from.broken("a document has an impossible length")) } else { Ok(length.into()) }
}

/// The elements of a document or array that is there, its length first; they end where the bytes do.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    rest: &'a [u8],
}

/// The elements of `document`.
#[inline]
pub(super) fn elements(document: &[u8]) -> Elements<'_> {
    Elements { rest: document.get(4..).unwrap_or_default() }
}

impl<'a> Iterator for Elements<'a> {
    type Item = (&'a [u8], Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // Of a value that is cut, what is there is its beginning.
        let mut wire = Reader::new(self.rest, 0, Ahead::Hole(1));
        let head = head(&mut wire).ok().flatten();
        let Some(head) = head else {
            self.rest = &[];
            return None;
        };
        let bytes = wire.sample(head.size, usize::MAX).ok()?.bytes;
        self.rest = wire.rest();
        Some((head.name, Value { kind: head.kind, bytes }))
    }
}

/// The documents that stand one behind the other in `bytes`.
pub(super) fn documents(mut bytes: &[u8]) -> impl Iterator<Item = Value<'_>> {
    std::iter::from_fn(move || {
        let length = u32::from_le_bytes(*bytes.first_chunk()?).max(5);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (document, rest) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
        bytes = rest;
        Some(Value { kind: DOCUMENT, bytes: document })
    })
}

impl<'a> Value<'a> {
    /// The value of this name in the document that this is.
    pub(super) fn get(self, name: &[u8]) -> Option<Value<'a>> {
        if self.kind != DOCUMENT {
            return None;
        }
        elements(self.bytes).find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The bytes of the text that this is, as far as they are there, and whether that is all.
    #[inline]
    pub(super) fn text(self) -> Option<(&'a [u8], bool)> {
        if !matches!(self.kind, STRING | CODE | SYMBOL) {
            return None;
        }
        let (length, text) = self.bytes.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?.checked_sub(1)?;
        Some(text.get(..length).map_or((text, false), |text| (text, true)))
    }

    /// The bytes of the whole text that this is.
    pub(super) fn string(self) -> Option<&'a [u8]> {
        self.text().filter(|(_, whole)| *whole).map(|(text, _)| text)
    }

    /// The content of the binary that this is, and its subtype.
    pub(super) fn binary(self) -> Option<(u8, &'a [u8])> {
        if self.kind != BINARY {
            return None;
        }
        let (_, rest) = self.bytes.split_first_chunk::<4>()?;
        rest.split_first().map(|(subtype, content)| (*subtype, content))
    }

    /// The whole number that this is, whatever its type.
    #[inline]
    pub(super) fn number(self) -> Option<i64> {
        match self.kind {
            INT32 => Some(i32::from_le_bytes(self.bytes.try_into().ok()?).into()),
            INT64 | DATE | TIMESTAMP => Some(i64::from_le_bytes(self.bytes.try_into().ok()?)),
            DOUBLE => whole(f64::from_le_bytes(self.bytes.try_into().ok()?)),
            BOOLEAN => self.bytes.first().map(|byte| i64::from(*byte != 0)),
            _ => None,
        }
    }
}

/// A double without a fraction as a whole number.
fn whole(number: f64) -> Option<i64> {
    /// Larger ones have no exact neighbours.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() != 0.0 || number.abs() > EXACT {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and in bounds")]
    Some(number as i64)
}

/// The name of a type, as the query language calls it (`$type`).
pub(super) fn kind_name(kind: u8) -> &'static str {
    match kind {
        DOUBLE => "double",
        STRING => "string",
        DOCUMENT => "object",
        ARRAY => "array",
        BINARY => "binData",
        UNDEFINED => "undefined",
        OBJECT_ID => "objectId",
        BOOLEAN => "bool",
        DATE => "date",
        NULL => "null",
        REGEX => "regex",
        POINTER => "dbPointer",
        CODE => "javascript",
        SYMBOL => "symbol",
        SCOPED_CODE => "javascriptWithScope",
        INT32 => "int",
        TIMESTAMP => "timestamp",
        INT64 => "long",
        DECIMAL => "decimal",
        MIN_KEY => "minKey",
        MAX_KEY => "maxKey",
        _ => "unknown",
    }
}
