//! Values as text: what a parameter or a cell holds, by its type ([MS-TDS] 2.2.5.5).

use std::fmt::Write;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;
use crate::sql::calendar;
use crate::sql::digits::{signed, unsigned};
use crate::sql::utf16;

use super::types::{Kind, inside_variant, number};

/// What shows that a value goes on.
const MORE: char = '…';
/// 1900-01-01 is so many days before 2000-01-01.
const SINCE_1900: i64 = 36_524;
/// 0001-01-01 is so many days before 2000-01-01.
const SINCE_1: i64 = 730_119;
/// Minutes of a day.
const MINUTES: i64 = 1_440;
/// Nobody is further from Greenwich, in minutes.
const ZONE: i64 = 14 * 60;

/// Writes a value of which `bytes` are there, `length` in all: at most `limit` bytes of it.
///
/// A longer text ends with `…`; what is no value of its type comes as hex.
#[inline]
pub(super) fn write(out: &mut String, kind: Kind, bytes: &[u8], length: u64, limit: usize) {
    let kept = bytes.get(..limit).unwrap_or(bytes);
    let is_cut = (kept.len() as u64) < length;
    match kind.number {
        number::NVARCHAR | number::NCHAR | number::NTEXT | number::XML => utf16::push(out, kept, limit),
        number::BIGVARCHAR | number::BIGCHAR | number::TEXT | number::JSON | 0x27 | 0x2f => {
            out.push_str(&lossy(kept));
        }
        _ if is_cut => hex(out, kept),
        _ => {
            let begin = out.len();
            if other(out, kind, kept).is_err() {
                out.truncate(begin);
                hex(out, kept);
            }
        }
    }
    if is_cut {
        out.push(MORE);
    }
}

/// Writes a value that is no text.
fn other(out: &mut String, kind: Kind, bytes: &[u8]) -> Read<()> {
    let mut wire = Reader::new(bytes, 0, Ahead::End);
    match kind.number {
        0x30 | 0x34 | 0x38 | 0x7f | 0x26 => integer(out, bytes),
        number::BIT | number::BITN => out.push(if bytes.iter().any(|b| *b != 0) { '1' } else { '0' }),
        number::FLT4 | number::FLT8 | number::FLTN => match bytes.len() {
            4 => _ = write!(out, "{}", f32::from_bits(wire.le32()?)),
            _ => _ = write!(out, "{}", f64::from_bits(wire.le64()?)),
        },
        number::MONEY | number::MONEY4 | number::MONEYN => money(out, &mut wire)?,
        number::DATETIME | number::DATETIM4 | number::DATETIMN => datetime(out, &mut wire)?,
        number::DATE => day(out, &mut wire)?,
        number::TIME => calendar::time(out, parts(&mut wire, bytes.len())?, kind.scale.into()),
        number::DATETIME2 => {
            let time = parts(&mut wire, bytes.len().saturating_sub(3))?;
            day(out, &mut wire)?;
            out.push(' ');
            calendar::time(out, time, kind.scale.into());
        }
        number::DATETIMEOFFSET => offset(out, kind, &mut wire)?,
        0x37 | 0x3f | number::DECIMALN | number::NUMERICN => decimal(out, kind.scale, &mut wire)?,
        number::GUID => guid(out, wire.array()?),
        number::VARIANT => variant(out, &mut wire)?,
        _ => hex(out, bytes),
    }
    Ok(())
}

/// A whole number; the smallest kind has no sign.
fn integer(out: &mut String, bytes: &[u8]) {
    match *bytes {
        [one] => unsigned(out, one.into()),
        [a, b] => signed(out, i16::from_le_bytes([a, b]).into()),
        [a, b, c, d] => signed(out, i32::from_le_bytes([a, b, c, d]).into()),
        [a, b, c, d, e, f, g, h] => signed(out, i64::from_le_bytes([a, b, c, d, e, f, g, h])),
        _ => hex(out, bytes),
    }
}

/// Ten-thousandths; of eight bytes, the upper half comes first.
fn money(out: &mut String, wire: &mut Reader<'_>) -> Read<()> {
    let amount = match wire.rest().len() {
        4 => i64::from(wire.le32()?.cast_signed()),
        _ => {
            let high = i64::from(wire.le32()?.cast_signed());
            high << 32 | i64::from(wire.le32()?)
        }
    };
    let minus = if amount < 0 { "-" } else { "" };
    let amount = amount.unsigned_abs();
    _ = write!(out, "{minus}{}.{:04}", amount / 10_000, amount % 10_000);
    Ok(())
}

/// Days since 1900 and three-hundredths of a second; or, in half the bytes, minutes.
fn datetime(out: &mut String, wire: &mut Reader<'_>) -> Read<()> {
    let (days, millis) = match wire.rest().len() {
        4 => (i64::from(wire.le16()?), u64::from(wire.le16()?) * 60_000),
        _ => {
            let days = i64::from(wire.le32()?.cast_signed());
            // The server shows the nearest thousandth.
            (days, (u64::from(wire.le32()?) * 10 + 1) / 3)
        }
    };
    calendar::day(out, days - SINCE_1900);
    out.push(' ');
    calendar::time(out, millis, 3);
    Ok(())
}

/// Three bytes of days since the year 1.
fn day(out: &mut String, wire: &mut Reader<'_>) -> Read<()> {
    calendar::day(out, days(wire)?);
    Ok(())
}

fn days(wire: &mut Reader<'_>) -> Read<i64> {
    let [first, second, third] = wire.array()?;
    Ok(i64::from(u32::from_le_bytes([first, second, third, 0])) - SINCE_1)
}

/// Parts of a second since midnight, in three to five bytes.
fn parts(wire: &mut Reader<'_>, length: usize) -> Read<u64> {
    if !(3..=5).contains(&length) {
        return Err(wire.broken("a time of an unknown length"));
    }
    Ok(wire.take(length)?.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// A moment in UTC, and the zone in minutes east in which it is shown.
fn offset(out: &mut String, kind: Kind, wire: &mut Reader<'_>) -> Read<()> {
    let scale = 10_i64.saturating_pow(kind.scale.into());
    let time = parts(wire, wire.rest().len().saturating_sub(5))?;
    let days = days(wire)?;
    let east = i64::from(wire.le16()?.cast_signed());
    if !(-ZONE..=ZONE).contains(&east) || kind.scale > 7 {
        return Err(wire.broken("a zone is none"));
    }
    let local = i64::try_from(time).unwrap_or_default() + east * 60 * scale;
    let length = MINUTES * 60 * scale;
    calendar::day(out, days + local.div_euclid(length));
    out.push(' ');
    calendar::time(out, local.rem_euclid(length).unsigned_abs(), kind.scale.into());
    let sign = if east < 0 { '-' } else { '+' };
    _ = write!(out, " {sign}{:02}:{:02}", east.abs() / 60, east.abs() % 60);
    Ok(())
}

/// A sign, and digits of which some stand behind the point.
fn decimal(out: &mut String, scale: u8, wire: &mut Reader<'_>) -> Read<()> {
    let minus = if wire.u8()? == 0 { "-" } else { "" };
    let bytes = wire.rest();
    if !matches!(bytes.len(), 4 | 8 | 12 | 16) {
        return Err(wire.broken("a decimal of an unknown length"));
    }
    let number = bytes.iter().rev().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let digits = format!("{number:0width$}", width = usize::from(scale) + 1);
    let (whole, rest) = digits.split_at_checked(digits.len() - usize::from(scale)).unwrap_or((&digits, ""));
    let point = if rest.is_empty() { "" } else { "." };
    _ = write!(out, "{minus}{whole}{point}{rest}");
    Ok(())
}

/// The first three parts have their least significant byte first.
fn guid(out: &mut String, bytes: [u8; 16]) {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let (first, second) = (u32::from_le_bytes([a, b, c, d]), u16::from_le_bytes([e, f]));
    _ = write!(out, "{first:08x}-{second:04x}-{:04x}-", u16::from_le_bytes([g, h]));
    for (at, byte) in rest.iter().enumerate() {
        let dash = if at == 2 { "-" } else { "" };
        _ = write!(out, "{dash}{byte:02x}");
    }
}

/// A value that says its type: the type, how many bytes of properties, these, the value.
fn variant(out: &mut String, wire: &mut Reader<'_>) -> Read<()> {
    let number = wire.u8()?;
    let properties = wire.u8()?;
    let kind = inside_variant(number, wire.take(properties.into())?);
    if number == number::VARIANT {
        return Err(wire.broken("a variant holds another"));
    }
    let rest = wire.rest();
    write(out, kind, rest, rest.len() as u64, usize::MAX);
    Ok(())
}

fn hex(out: &mut String, bytes: &[u8]) {
    out.push_str("0x");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::sql::tds::types::{Kind, Length, number};

    fn shown(number: u8, scale: u8, bytes: &[u8]) -> String {
        let mut out = String::new();
        let kind = Kind { scale, ..Kind::new(number, Length::Byte) };
        write(&mut out, kind, bytes, bytes.len() as u64, 1 << 10);
        out
    }

    #[test]
    fn values_show_as_the_server_shows_them() {
        let cases: [(u8, u8, &[u8], &str); 20] = [
            (0x26, 0, b"\xff", "255"),
            (0x26, 0, b"\xfe\xff", "-2"),
            (0x26, 0, b"\x02\0\0\0\0\0\0\x80", "-9223372036854775806"),
            (number::BITN, 0, b"\x01", "1"),
            (number::FLTN, 0, b"\0\0\xc0\x3f", "1.5"),
            (number::FLTN, 0, b"\0\0\0\0\0\xe0\x58\x40", "99.5"),
            (number::MONEYN, 0, b"\xff\xff\xff\xff\xf0\xd8\xff\xff", "-1.0000"),
            (number::MONEYN, 0, b"\x88\x13\0\0", "0.5000"),
            (number::DATETIMN, 0, b"\x5f\xb4\0\0\x01\0\0\0", "2026-06-04 00:00:00.003"),
            (number::DATETIMN, 0, b"\0\0\x3b\0", "1900-01-01 00:59:00"),
            (number::DATE, 0, b"\xdb\x48\x0b", "2025-10-24"),
            (number::TIME, 7, b"\x80\x96\x98\0\0", "00:00:01"),
            (number::DATETIME2, 3, b"\x01\0\0\0\xdb\x48\x0b", "2025-10-24 00:00:00.001"),
            (number::DATETIMEOFFSET, 0, b"\0\0\0\xdb\x48\x0b\xc4\xff", "2025-10-23 23:00:00 -01:00"),
            (number::NUMERICN, 2, b"\x00\x05\0\0\0", "-0.05"),
            (number::DECIMALN, 0, b"\x01\x0a\0\0\0", "10"),
            (
                number::GUID,
                0,
                b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10",
                "04030201-0605-0807-090a-0b0c0d0e0f10",
            ),
            (number::VARIANT, 0, b"\xe7\x07\0\0\0\0\0\0\0a\0", "a"),
            (number::BIGVARBINARY, 0, b"\x01\xff", "0x01ff"),
            (number::DATE, 0, b"\x01", "0x01"),
        ];
        for (number, scale, bytes, wanted) in cases {
            assert_eq!(shown(number, scale, bytes), wanted, "{number:#x}");
        }
    }

    #[test]
    fn what_is_cut_says_so() {
        let mut out = String::new();
        write(&mut out, Kind::new(number::NVARCHAR, Length::Short), b"a\0b\0c\0", 6, 4);
        assert_eq!(out, "ab…");
    }
}
