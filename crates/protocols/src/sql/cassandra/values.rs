//! Values as text, much as CQL writes them (native_protocol_v5.spec 6).

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::{integer, lossy, shortened, utf8};
use crate::sql::calendar;

use super::types::Kind;
use super::wire;

/// So many bytes of a value are told.
pub(super) const CELL: usize = 1 << 10;
/// What ends a value of which more was said.
pub(super) const MORE: char = '…';
/// Days from 1970-01-01 to 2000-01-01.
const CENTURY: i64 = 10_957;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Dates are counted from this number of days before 1970-01-01 (section 6.5).
const DATES: i64 = 1 << 31;
/// More zeros are not written beside a decimal's digits.
const ZEROS: u32 = 64;

/// Writes a value of this kind.
pub(super) fn write(out: &mut String, kind: &Kind, value: &[u8]) {
    let begin = out.len();
    let told = match kind {
        Kind::Text => {
            let (text, all) = shortened(value, CELL);
            out.push_str(&text);
            if all { Some(()) } else { None }
        }
        kind => one(out, kind, value),
    };
    if told.is_none() || out.len() > begin + CELL.saturating_mul(2) + 8 {
        cut(out, begin);
    }
}

/// Ends a value at its limit.
fn cut(out: &mut String, begin: usize) {
    let end = (begin..=begin + CELL * 2).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(begin);
    out.truncate(end);
    out.push(MORE);
}

/// Writes a value of which the type is not told: as the text that it may be, else its bytes.
pub(super) fn untyped(out: &mut String, value: &[u8]) {
    let is_text = |text: &str| !text.bytes().any(|byte| byte < b' ' && !byte.is_ascii_whitespace());
    match utf8(value) {
        Some(text) if is_text(text) => write(out, &Kind::Text, value),
        _ => write(out, &Kind::Blob, value),
    }
}

/// Writes a value that is no text of its own; `None` where its bytes say no such thing, or go on.
fn one(out: &mut String, kind: &Kind, value: &[u8]) -> Option<()> {
    // What some drivers of old wrote for null.
    if value.is_empty() && !matches!(kind, Kind::Blob | Kind::Unknown) {
        return Some(());
    }
    match kind {
        Kind::Text => {
            out.push('\'');
            out.push_str(&lossy(value).replace('\'', "''"));
            out.push('\'');
        }
        Kind::Blob | Kind::Unknown => {
            let kept = value.get(..CELL).unwrap_or(value);
            out.push_str("0x");
            hex(out, kept);
            if kept.len() < value.len() {
                return None;
            }
        }
        Kind::Boolean => out.push_str(if value == [0] { "false" } else { "true" }),
        Kind::Integer => integer(out, whole(value)?),
        Kind::Varint => varint(out, value),
        Kind::Decimal => decimal(out, value)?,
        Kind::Float => float(out, f32::from_be_bytes(value.try_into().ok()?).into(), |out, number| {
            #[expect(clippy::cast_possible_truncation, reason = "it was one before")]
            let number = number as f32;
            _ = write!(out, "{number}");
        }),
        Kind::Double => float(out, f64::from_be_bytes(value.try_into().ok()?), |out, number| {
            _ = write!(out, "{number}");
        }),
        Kind::Timestamp => timestamp(out, whole(value)?),
        Kind::Date => {
            let days = i64::from(u32::from_be_bytes(value.try_into().ok()?)) - DATES;
            let before = calendar::day(out, days - CENTURY);
            out.push_str(before);
        }
        Kind::Time => calendar::time(out, u64::from_be_bytes(value.try_into().ok()?), 9),
        Kind::Duration => duration(out, value)?,
        Kind::Uuid => uuid(out, value.try_into().ok()?),
        Kind::Inet => address(out, value)?,
        Kind::List(_) | Kind::Set(_) | Kind::Map(_) | Kind::Tuple(_) | Kind::User(_) => {
            return many(out, kind, value).ok();
        }
    }
    Some(())
}

/// Writes what holds others.
fn many(out: &mut String, kind: &Kind, value: &[u8]) -> Read<()> {
    let mut wire = Reader::new(value, 0, Ahead::End);
    match kind {
        Kind::List(kind) => list(out, ['[', ']'], &mut wire, |out, wire| inner(out, kind, wire)),
        Kind::Set(kind) => list(out, ['{', '}'], &mut wire, |out, wire| inner(out, kind, wire)),
        Kind::Map(kinds) => list(out, ['{', '}'], &mut wire, |out, wire| {
            inner(out, &kinds.0, wire)?;
            out.push_str(": ");
            inner(out, &kinds.1, wire)
        }),
        Kind::Tuple(kinds) => {
            fields(out, ['(', ')'], kinds.iter(), &mut wire, |out, kind, wire| inner(out, kind, wire))
        }
        Kind::User(named) => fields(out, ['{', '}'], named.iter(), &mut wire, |out, (name, kind), wire| {
            out.push_str(name);
            out.push_str(": ");
            inner(out, kind, wire)
        }),
        _ => Ok(()),
    }
}

/// So many things as a number before them says, or as many as are told of.
fn list<'a>(
    out: &mut String,
    [open, close]: [char; 2],
    wire: &mut Reader<'a>,
    mut each: impl FnMut(&mut String, &mut Reader<'a>) -> Read<()>,
) -> Read<()> {
    let begin = out.len();
    out.push(open);
    for at in 0..wire.be32()? {
        if at > 0 {
            out.push_str(", ");
        }
        if out.len() > begin + CELL {
            return Err(wire.broken("no more is told"));
        }
        each(out, wire)?;
    }
    out.push(close);
    Ok(())
}

/// A thing of each kind; those behind the last that was said are null.
fn fields<'a, T>(
    out: &mut String,
    [open, close]: [char; 2],
    kinds: impl Iterator<Item = T>,
    wire: &mut Reader<'a>,
    mut each: impl FnMut(&mut String, T, &mut Reader<'a>) -> Read<()>,
) -> Read<()> {
    let begin = out.len();
    out.push(open);
    for (at, kind) in kinds.enumerate() {
        if wire.rest().is_empty() {
            break;
        }
        if at > 0 {
            out.push_str(", ");
        }
        if out.len() > begin + CELL {
            return Err(wire.broken("no more is told"));
        }
        each(out, kind, wire)?;
    }
    out.push(close);
    Ok(())
}

/// A thing in another.
fn inner(out: &mut String, kind: &Kind, wire: &mut Reader<'_>) -> Read<()> {
    match wire::bytes(wire)? {
        None => out.push_str("null"),
        Some(value) => match one(out, kind, value) {
            Some(()) => {}
            None => return Err(wire.broken("a value is none of its type")),
        },
    }
    Ok(())
}

/// A whole number of at most eight bytes.
fn whole(value: &[u8]) -> Option<i64> {
    let first = i64::from(value.first()?.cast_signed());
    let rest = value.get(1..).filter(|rest| rest.len() < 8)?;
    Some(rest.iter().fold(first, |number, byte| number << 8 | i64::from(*byte)))
}

/// A whole number of any length; one of more than sixteen bytes is shown by them.
fn varint(out: &mut String, value: &[u8]) {
    match wide(value) {
        Some(number) => _ = write!(out, "{number}"),
        None => {
            out.push_str("0x");
            hex(out, value.get(..CELL).unwrap_or(value));
        }
    }
}

fn wide(value: &[u8]) -> Option<i128> {
    let first = i128::from(value.first()?.cast_signed());
    let rest = value.get(1..).filter(|rest| rest.len() < 16)?;
    Some(rest.iter().fold(first, |number, byte| number << 8 | i128::from(*byte)))
}

/// How many digits stand behind the point, and all of them.
fn decimal(out: &mut String, value: &[u8]) -> Option<()> {
    let (scale, digits) = value.split_first_chunk()?;
    let scale = i32::from_be_bytes(*scale);
    let places = usize::try_from(scale).ok().filter(|_| scale.unsigned_abs() <= ZEROS);
    let (Some(places), Some(number)) = (places, wide(digits)) else {
        varint(out, digits);
        if scale != 0 {
            _ = write!(out, "E{}", -i64::from(scale));
        }
        return Some(());
    };
    let sign = if number < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", number.unsigned_abs(), width = places + 1);
    let (before, behind) = digits.split_at_checked(digits.len() - places)?;
    let point = if behind.is_empty() { "" } else { "." };
    _ = write!(out, "{sign}{before}{point}{behind}");
    Some(())
}

fn float(out: &mut String, number: f64, plain: impl Fn(&mut String, f64)) {
    if number.is_infinite() {
        out.push_str(if number > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        plain(out, number);
    }
}

fn timestamp(out: &mut String, milliseconds: i64) {
    let before = calendar::day(out, milliseconds.div_euclid(DAY) - CENTURY);
    out.push(' ');
    calendar::time(out, milliseconds.rem_euclid(DAY).unsigned_abs(), 3);
    out.push('Z');
    out.push_str(before);
}

/// Months, days, nanoseconds, each as a `[vint]` (section 3).
fn duration(out: &mut String, mut value: &[u8]) -> Option<()> {
    let begin = out.len();
    for unit in ["mo", "d", "ns"] {
        let (number, rest) = vint(value)?;
        value = rest;
        if number != 0 {
            integer(out, number);
            out.push_str(unit);
        }
    }
    if out.len() == begin {
        out.push_str("0ns");
    }
    Some(())
}

/// As many bytes follow the first one as it begins with ones; the lowest bit is the sign.
fn vint(value: &[u8]) -> Option<(i64, &[u8])> {
    let (first, rest) = value.split_first()?;
    let more = first.leading_ones();
    let (bytes, rest) = rest.split_at_checked(usize::try_from(more).ok()?)?;
    let own = u64::from(first.checked_shl(more).unwrap_or_default()) >> more;
    let number = bytes.iter().fold(own, |number, byte| number << 8 | u64::from(*byte));
    Some(((number >> 1).cast_signed() ^ -(number & 1).cast_signed(), rest))
}

fn address(out: &mut String, value: &[u8]) -> Option<()> {
    if let Ok(four) = <[u8; 4]>::try_from(value) {
        _ = write!(out, "{}", Ipv4Addr::from(four));
    } else {
        _ = write!(out, "{}", Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?));
    }
    Some(())
}

fn uuid(out: &mut String, bytes: &[u8; 16]) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        hex(out, std::slice::from_ref(byte));
    }
}

fn hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, untyped, write};

    fn told(kind: &Kind, value: &[u8]) -> String {
        let mut out = String::new();
        write(&mut out, kind, value);
        out
    }

    #[test]
    fn values_are_written_as_cql_writes_them() {
        let list = Kind::List(Box::new(Kind::Text));
        let map = Kind::Map(Box::new((Kind::Text, Kind::Integer)));
        let cases: [(&Kind, &[u8], &str); 22] = [
            (&Kind::Text, b"a'b", "a'b"),
            (&Kind::Integer, b"\xff\xff\xff\xfe", "-2"),
            (&Kind::Integer, b"\x7f", "127"),
            (&Kind::Integer, b"\x80\0\0\0\0\0\0\0", "-9223372036854775808"),
            (&Kind::Varint, b"\x01\0\0\0\0\0\0\0\0", "18446744073709551616"),
            (&Kind::Decimal, b"\0\0\0\x02\xff", "-0.01"),
            (&Kind::Decimal, b"\0\0\0\0\x0c", "12"),
            (&Kind::Decimal, b"\xff\xff\xff\xfe\x0c", "12E2"),
            (&Kind::Boolean, b"\x01", "true"),
            (&Kind::Float, b"\x3f\xc0\0\0", "1.5"),
            (&Kind::Double, b"\xff\xf0\0\0\0\0\0\0", "-Infinity"),
            (&Kind::Timestamp, b"\0\0\0\0\0\0\0\x01", "1970-01-01 00:00:00.001Z"),
            (&Kind::Timestamp, b"\xff\xff\xff\xff\xff\xff\xff\xff", "1969-12-31 23:59:59.999Z"),
            (&Kind::Date, b"\x80\0\0\0", "1970-01-01"),
            (&Kind::Time, b"\0\0\0\0\0\0\0\x07", "00:00:00.000000007"),
            (&Kind::Duration, b"\x02\x01\x81\xf4", "1mo-1d250ns"),
            (&Kind::Inet, b"\x7f\0\0\x01", "127.0.0.1"),
            (
                &Kind::Uuid,
                b"\x01\x23\x45\x67\x89\xab\xcd\xef\0\0\0\0\0\0\0\0",
                "01234567-89ab-cdef-0000-000000000000",
            ),
            (&list, b"\0\0\0\x02\0\0\0\x01a\xff\xff\xff\xff", "['a', null]"),
            (&map, b"\0\0\0\x01\0\0\0\x01a\0\0\0\x01\x07", "{'a': 7}"),
            (&Kind::Unknown, b"\xca\xfe", "0xcafe"),
            (&Kind::Uuid, b"\x01", "…"),
        ];
        for (kind, value, wanted) in cases {
            assert_eq!(told(kind, value), wanted, "{kind:?} {value:?}");
        }
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(told(&Kind::Text, &[b'a'; 5000]).len(), super::CELL + '…'.len_utf8());
        assert!(told(&Kind::Blob, &[7; 5000]).ends_with("07…"));
        let mut long = 5000_u32.to_be_bytes().to_vec();
        long.extend(b"\0\0\0\x01a".repeat(5000));
        assert!(told(&Kind::List(Box::new(Kind::Text)), &long).len() < 2 * super::CELL);
    }

    #[test]
    fn what_has_no_type_is_text_where_it_can_be() {
        let told = |value: &[u8]| {
            let mut out = String::new();
            untyped(&mut out, value);
            out
        };
        assert_eq!([told(b"ada@example.com"), told(b"\0\0\0\x07")], ["ada@example.com", "0x00000007"]);
    }
}
