//! Values as text: what a parameter or a cell holds, by its type and its form on the wire.

use std::fmt::Write;

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;
use crate::kit::text::{lossy, utf8};
use crate::sql::digits;

use super::types::{
    BIT, DATE, DATETIME, DOUBLE, FLOAT, INT24, Kind, LONG, LONGLONG, NULL, SHORT, TIME, TIMESTAMP, TINY, YEAR,
};
use super::wire::counted;

/// What shows that a value goes on.
const MORE: char = '…';
/// Hours of a day.
const HOURS: u64 = 24;

/// A value in the binary form ("Binary Protocol Value").
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Signed(i64),
    Unsigned(u64),
    Float(f32),
    Double(f64),
    /// A date or a time, as its bytes.
    Moment(&'a [u8]),
    Bytes(&'a [u8]),
}

/// Reads the next value, which is not null.
///
/// # Errors
/// [`Stop::Short`](crate::kit::protocol::Stop::Short) when it is not whole, `Broken` when there is none of this type.
#[inline]
pub(super) fn binary<'a>(kind: Kind, wire: &mut Reader<'a>) -> Read<Value<'a>> {
    Ok(match (kind.number, kind.is_unsigned) {
        (LONGLONG, false) => Value::Signed(wire.le64()?.cast_signed()),
        (LONGLONG, true) => Value::Unsigned(wire.le64()?),
        (LONG | INT24, false) => Value::Signed(wire.le32()?.cast_signed().into()),
        (LONG | INT24, true) => Value::Unsigned(wire.le32()?.into()),
        (SHORT, false) => Value::Signed(wire.le16()?.cast_signed().into()),
        (SHORT, true) | (YEAR, _) => Value::Unsigned(wire.le16()?.into()),
        (TINY, false) => Value::Signed(wire.u8()?.cast_signed().into()),
        (TINY, true) => Value::Unsigned(wire.u8()?.into()),
        (FLOAT, _) => Value::Float(f32::from_bits(wire.le32()?)),
        (DOUBLE, _) => Value::Double(f64::from_bits(wire.le64()?)),
        (DATE | DATETIME | TIMESTAMP | TIME, _) => {
            let length = wire.u8()?;
            Value::Moment(wire.take(usize::from(length))?)
        }
        (NULL, _) => Value::Bytes(&[]),
        (_, _) if kind.is_known() => Value::Bytes(counted(wire)?),
        _ => return Err(wire.broken("a value has an unknown type")),
    })
}

/// Writes a value of the binary form, at most `limit` bytes of what is text in it.
pub(super) fn write(out: &mut String, kind: Kind, value: Value<'_>, limit: usize) {
    match value {
        Value::Signed(number) => digits::signed(out, number),
        Value::Unsigned(number) => digits::unsigned(out, number),
        Value::Float(number) => _ = write!(out, "{number}"),
        Value::Double(number) => _ = write!(out, "{number}"),
        Value::Moment(bytes) => {
            let begin = out.len();
            let written = if kind.number == TIME { time(out, bytes) } else { date(out, kind, bytes) };
            if written.is_none() {
                out.truncate(begin);
                hex(out, bytes);
            }
        }
        Value::Bytes(bytes) => text(out, kind, bytes, limit),
    }
}

/// Writes a value that comes as the text it shows as, or as bytes.
pub(super) fn text(out: &mut String, kind: Kind, value: &[u8], limit: usize) {
    let kept = value.get(..limit).unwrap_or(value);
    match kind.number {
        BIT if value.len() <= 8 => {
            digits::unsigned(out, value.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte)));
        }
        _ if kind.is_binary && !is_readable(kept) => hex(out, kept),
        _ => out.push_str(&lossy(kept)),
    }
    if kept.len() < value.len() {
        out.push(MORE);
    }
}

/// Whether bytes are a text that somebody wrote.
fn is_readable(bytes: &[u8]) -> bool {
    utf8(bytes).is_some_and(|text| !text.bytes().any(|b| b < b' ' && !b.is_ascii_whitespace()))
}

/// The text that [`text`] writes of a value, where it is the very bytes of the value: of most.
#[inline(always)]
pub(super) fn plain(kind: Kind, value: &[u8], limit: usize) -> Option<&str> {
    if value.len() <= limit && kind.number != BIT && !kind.is_binary { utf8(value) } else { None }
}

fn hex(out: &mut String, value: &[u8]) {
    out.push_str("0x");
    for byte in value {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
        }
    }
}

/// Year, month, day; hour, minute, second; microseconds: what is zero at the end is left out.
fn date(out: &mut String, kind: Kind, bytes: &[u8]) -> Option<()> {
    if !matches!(bytes.len(), 0 | 4 | 7 | 11) {
        return None;
    }
    let mut parts = [0; 11];
    parts.iter_mut().zip(bytes).for_each(|(part, byte)| *part = *byte);
    let [low, high, month, day, hour, minute, second, micros @ ..] = parts;
    _ = write!(out, "{:04}-{month:02}-{day:02}", u16::from_le_bytes([low, high]));
    if kind.number != DATE {
        _ = write!(out, " {hour:02}:{minute:02}:{second:02}");
        fraction(out, u32::from_le_bytes(micros));
    }
    Some(())
}

/// The sign, days; hours, minutes, seconds; microseconds.
fn time(out: &mut String, bytes: &[u8]) -> Option<()> {
    if !matches!(bytes.len(), 0 | 8 | 12) {
        return None;
    }
    let mut parts = [0; 12];
    parts.iter_mut().zip(bytes).for_each(|(part, byte)| *part = *byte);
    let [sign, first, second, third, fourth, hours, minutes, seconds, micros @ ..] = parts;
    let days = u64::from(u32::from_le_bytes([first, second, third, fourth]));
    let minus = if sign == 0 { "" } else { "-" };
    _ = write!(out, "{minus}{:02}:{minutes:02}:{seconds:02}", days * HOURS + u64::from(hours));
    fraction(out, u32::from_le_bytes(micros));
    Some(())
}

fn fraction(out: &mut String, micros: u32) {
    if micros != 0 {
        _ = write!(out, ".{micros:06}");
    }
}

/// Whether the value at the beginning of `wire` may be of this type: who does not know how many parameters there are
/// tries.
pub(super) fn fits(kind: Kind, wire: &mut Reader<'_>) -> bool {
    match kind.number {
        DATE | DATETIME | TIMESTAMP => {
            matches!(wire.peek(1), Ok([0 | 4 | 7 | 11])) && binary(kind, wire).is_ok()
        }
        TIME => matches!(wire.peek(1), Ok([0 | 8 | 12])) && binary(kind, wire).is_ok(),
        NULL => true,
        _ => binary(kind, wire).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Value, binary, text, write};
    use crate::kit::reader::{Ahead, Reader};
    use crate::sql::mysql::types::{BIT, DATE, DATETIME, LONGLONG, SHORT, TIME, TINY};

    fn read(number: u8, is_unsigned: bool, bytes: &[u8]) -> String {
        let kind = Kind { number, is_unsigned, is_binary: false };
        let mut wire = Reader::new(bytes, 0, Ahead::End);
        let mut out = String::new();
        write(&mut out, kind, binary(kind, &mut wire).unwrap(), 16);
        assert!(wire.rest().is_empty());
        out
    }

    #[test]
    fn binary_values_read_like_texts() {
        assert_eq!(read(TINY, false, &[0xff]), "-1");
        assert_eq!(read(TINY, true, &[0xff]), "255");
        assert_eq!(read(SHORT, false, &[0, 0x80]), "-32768");
        assert_eq!(read(LONGLONG, true, &[0xff; 8]), u64::MAX.to_string());
        assert_eq!(read(DATE, false, &[4, 0xea, 7, 11, 22]), "2026-11-22");
        assert_eq!(read(DATE, false, &[0]), "0000-00-00");
        assert_eq!(read(DATETIME, false, &[4, 0xea, 7, 11, 22]), "2026-11-22 00:00:00");
        assert_eq!(
            read(DATETIME, false, &[11, 0xea, 7, 11, 22, 1, 2, 3, 4, 0, 0, 0]),
            "2026-11-22 01:02:03.000004"
        );
        assert_eq!(read(TIME, false, &[8, 1, 1, 0, 0, 0, 2, 3, 4]), "-26:03:04");
        assert_eq!(read(DATE, false, &[1, 9]), "0x09");
    }

    #[test]
    fn bytes_are_hex_unless_they_can_be_read() {
        let write = |number, is_binary, value: &[u8]| {
            let mut out = String::new();
            text(&mut out, Kind { number, is_unsigned: false, is_binary }, value, 4);
            out
        };
        assert_eq!(write(252, true, b"\0\xff"), "0x00ff");
        assert_eq!(write(252, true, b"abcdef"), "abcd…");
        assert_eq!(write(252, false, b"a\xff"), "a\u{fffd}");
        assert_eq!(write(BIT, false, b"\x01\x02"), "258");
    }

    #[test]
    fn a_value_of_no_type_is_none() {
        let kind = Kind { number: 99, is_unsigned: false, is_binary: false };
        assert!(binary(kind, &mut Reader::new(b"\x01a", 0, Ahead::End)).is_err());
        assert_eq!(
            binary(Kind { number: 253, ..kind }, &mut Reader::new(b"\x01a", 0, Ahead::End)),
            Ok(Value::Bytes(b"a"))
        );
    }
}
