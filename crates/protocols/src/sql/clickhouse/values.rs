//! Values as text, as the server writes them; times are UTC.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::kit::text::lossy;
use crate::sql::{calendar, digits};

use super::types::{Kind, Plain};

/// So many bytes of a value are told.
pub(super) const CELL: usize = 1 << 10;
/// What ends a value of which more was said.
pub(super) const MORE: char = '…';
/// Days from 1970-01-01 to 2000-01-01.
const CENTURY: i64 = 10_957;
/// Seconds of a day.
const DAY: i64 = 86_400;
/// More digits are not written behind a point.
const PLACES: u32 = 76;
/// Times are counted down to parts of a second as small as this power of ten.
const SMALLEST: u32 = 9;

/// Writes a value of a fixed width.
pub(super) fn write(out: &mut String, plain: &Plain, value: &[u8]) {
    match plain {
        Plain::Signed(32) | Plain::Unsigned(32) => hex(out, value),
        Plain::Signed(16) => _ = write!(out, "{}", wide(value)),
        Plain::Unsigned(16) => _ = write!(out, "{}", wide(value).cast_unsigned()),
        Plain::Signed(_) => digits::signed(out, whole(value)),
        Plain::Unsigned(_) => digits::unsigned(out, number(value)),
        Plain::Float32 => float(out, f32::from_bits(bits(value)).into(), |out| {
            _ = write!(out, "{}", f32::from_bits(bits(value)));
        }),
        Plain::Float16 => {
            let wide = f32::from_bits(bits(value) << 16);
            float(out, wide.into(), |out| _ = write!(out, "{wide}"));
        }
        Plain::Float64 => {
            let wide = f64::from_bits(number(value));
            float(out, wide, |out| _ = write!(out, "{wide}"));
        }
        Plain::Bool => out.push_str(if number(value) == 0 { "false" } else { "true" }),
        Plain::Date(2) => _ = calendar::day(out, i64::from(bits(value)) - CENTURY),
        Plain::Date(_) => _ = calendar::day(out, whole(value) - CENTURY),
        Plain::DateTime => moment(out, i64::from(bits(value)), 0, 0),
        Plain::DateTime64(scale) => parts(out, whole(value), *scale, moment),
        Plain::Time => span(out, whole(value), 0, 0),
        Plain::Time64(scale) => parts(out, whole(value), *scale, span),
        Plain::Decimal(32, _) => hex(out, value),
        Plain::Decimal(_, scale) => decimal(out, wide(value), *scale),
        Plain::Uuid => uuid(out, value),
        Plain::Ipv4 => _ = write!(out, "{}", Ipv4Addr::from_bits(bits(value))),
        Plain::Ipv6 => match <[u8; 16]>::try_from(value) {
            Ok(bytes) => _ = write!(out, "{}", Ipv6Addr::from(bytes)),
            Err(_) => hex(out, value),
        },
        Plain::Enum(_, names) => {
            let number = whole(value);
            match names.iter().find(|(named, _)| i64::from(*named) == number) {
                Some((_, name)) => out.push_str(name),
                None => digits::signed(out, number),
            }
        }
        Plain::Nothing => out.push_str("NULL"),
    }
}

/// Whether such a value stands in quotes where others hold it.
pub(super) fn is_quoted(plain: &Plain) -> bool {
    match plain {
        Plain::Date(_) | Plain::DateTime | Plain::DateTime64(_) | Plain::Time | Plain::Time64(_) => true,
        Plain::Uuid | Plain::Ipv4 | Plain::Ipv6 | Plain::Enum(..) => true,
        Plain::Signed(_) | Plain::Unsigned(_) | Plain::Float16 | Plain::Float32 | Plain::Float64 => false,
        Plain::Bool | Plain::Decimal(..) | Plain::Nothing => false,
    }
}

/// Writes what a row has where nothing is said of it.
pub(super) fn default(out: &mut String, kind: &Kind) {
    if let Kind::Plain(plain) = kind {
        let zeros = [0; 32];
        write(out, plain, zeros.get(..usize::from(plain.width())).unwrap_or_default());
    }
}

/// Writes a text in quotes.
pub(super) fn quote(out: &mut String, text: &str) {
    out.push('\'');
    for letter in text.chars() {
        if matches!(letter, '\'' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('\'');
}

/// A number without a sign, of at most eight bytes.
pub(super) fn number(value: &[u8]) -> u64 {
    value.iter().take(8).rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The same of at most four.
fn bits(value: &[u8]) -> u32 {
    value.iter().take(4).rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// A number with its sign, of at most eight bytes.
fn whole(value: &[u8]) -> i64 {
    let unused = 64 - 8 * u32::try_from(value.len().clamp(1, 8)).unwrap_or(8);
    (number(value) << unused).cast_signed() >> unused
}

/// A number with its sign, of at most sixteen bytes.
fn wide(value: &[u8]) -> i128 {
    let unused = 128 - 8 * u32::try_from(value.len().clamp(1, 16)).unwrap_or(16);
    let number = value.iter().take(16).rev().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    (number << unused).cast_signed() >> unused
}

fn float(out: &mut String, number: f64, write: impl FnOnce(&mut String)) {
    match number {
        _ if number.is_nan() => out.push_str("nan"),
        f64::INFINITY => out.push_str("inf"),
        f64::NEG_INFINITY => out.push_str("-inf"),
        _ => write(out),
    }
}

/// Writes a moment: seconds since 1970-01-01, and parts of one.
fn moment(out: &mut String, seconds: i64, parts: u64, scale: u32) {
    let before = calendar::day(out, seconds.div_euclid(DAY) - CENTURY);
    out.push(' ');
    let of_day = seconds.rem_euclid(DAY).cast_unsigned();
    calendar::time(out, of_day * 10_u64.pow(scale) + parts, scale);
    out.push_str(before);
}

/// Writes a time of day, which may be longer than one.
fn span(out: &mut String, seconds: i64, parts: u64, scale: u32) {
    if seconds < 0 {
        out.push('-');
    }
    let whole = seconds.unsigned_abs().saturating_mul(10_u64.pow(scale));
    calendar::time(out, whole.saturating_add(parts), scale);
}

/// Writes what is counted in parts of a second.
fn parts(out: &mut String, count: i64, scale: u32, write: impl FnOnce(&mut String, i64, u64, u32)) {
    let scale = scale.min(SMALLEST);
    let unit = 10_i64.pow(scale);
    write(out, count.div_euclid(unit), count.rem_euclid(unit).cast_unsigned(), scale);
}

fn decimal(out: &mut String, number: i128, scale: u32) {
    let places = scale.min(PLACES) as usize;
    let digits = format!("{:0width$}", number.unsigned_abs(), width = places + 1);
    let (before, behind) = digits.split_at_checked(digits.len() - places).unwrap_or((&digits, ""));
    let sign = if number < 0 { "-" } else { "" };
    let point = if behind.is_empty() { "" } else { "." };
    _ = write!(out, "{sign}{before}{point}{behind}");
}

/// Writes a UUID, whose halves stand least significant byte first.
fn uuid(out: &mut String, value: &[u8]) {
    let (high, low) = value.split_at_checked(8).unwrap_or((value, &[]));
    let all = u128::from(number(high)) << 64 | u128::from(number(low));
    let digits = format!("{all:032x}");
    for (count, piece) in [0..8, 8..12, 12..16, 16..20, 20..32].into_iter().enumerate() {
        out.push_str(if count > 0 { "-" } else { "" });
        out.push_str(digits.get(piece).unwrap_or_default());
    }
}

/// Writes a number that is too wide for arithmetic, most significant byte first.
fn hex(out: &mut String, value: &[u8]) {
    out.push_str("0x");
    for byte in value.iter().rev() {
        _ = write!(out, "{byte:02x}");
    }
}

/// A text as it is told where it must be short.
pub(super) fn brief(bytes: &[u8], most: usize) -> String {
    let mut text = lossy(bytes).into_owned();
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push(MORE);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Plain, quote, write};

    #[test]
    fn values_are_written_as_the_server_writes_them() {
        for (plain, value, wanted) in [
            (Plain::Signed(2), &b"\xfe\xff"[..], "-2"),
            (Plain::Unsigned(8), &[0xff; 8], "18446744073709551615"),
            (Plain::Signed(16), &[0xff; 16], "-1"),
            (Plain::Float32, &1.5_f32.to_le_bytes(), "1.5"),
            (Plain::Float64, &f64::NAN.to_le_bytes(), "nan"),
            (Plain::Float16, b"\x80\x3f", "1"),
            (Plain::Date(2), b"\x00\x00", "1970-01-01"),
            (Plain::Date(4), b"\xff\xff\xff\xff", "1969-12-31"),
            (Plain::DateTime, &1_700_000_000_u32.to_le_bytes(), "2023-11-14 22:13:20"),
            (Plain::DateTime64(3), &(-1_i64).to_le_bytes(), "1969-12-31 23:59:59.999"),
            (Plain::Decimal(4, 2), &(-5_i32).to_le_bytes(), "-0.05"),
            (Plain::Ipv4, b"\x01\x00\x00\x7f", "127.0.0.1"),
            (
                Plain::Uuid,
                &[
                    0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99,
                    0x88,
                ],
                "00112233-4455-6677-8899-aabbccddeeff",
            ),
            (Plain::Enum(1, [(1, "one".into())].into()), b"\x01", "one"),
            (Plain::Enum(1, [].into()), b"\xff", "-1"),
        ] {
            let mut out = String::new();
            write(&mut out, &plain, value);
            assert_eq!(out, wanted, "{plain:?}");
        }
        let mut out = String::new();
        quote(&mut out, r"it's \ ");
        assert_eq!(out, r"'it\'s \\ '");
    }
}
