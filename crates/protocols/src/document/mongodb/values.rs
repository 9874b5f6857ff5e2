//! Values as text, each as its own kind of program writes it.

use std::fmt::Write;

use crate::kit::text::integer;

use super::bson::{self, Value};

/// What shows that a text goes on.
pub(super) const MORE: char = '…';
/// So many bytes of a binary value are shown.
const BYTES: usize = 64;
/// The days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Writes a floating point number as JSON knows it, or its name.
pub(super) fn double(out: &mut String, number: f64) {
    match number {
        f64::INFINITY => out.push_str("Infinity"),
        f64::NEG_INFINITY => out.push_str("-Infinity"),
        _ => _ = write!(out, "{number:?}"),
    }
}

/// Writes the hex digits of `bytes`.
pub(super) fn hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
        }
    }
}

/// Writes milliseconds since 1970 as ISO 8601, if its year has four digits.
pub(super) fn date(out: &mut String, millis: i64) -> Option<()> {
    let (year, month, day) = day(millis.div_euclid(DAY));
    if !(0..=9999).contains(&year) {
        return None;
    }
    let of_day = millis.rem_euclid(DAY);
    let (seconds, millis) = (of_day / 1000, of_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    digits::<4>(out, year);
    for (sign, number) in [('-', month), ('-', day), ('T', hour), (':', minute), (':', second)] {
        out.push(sign);
        digits::<2>(out, number);
    }
    if millis > 0 {
        out.push('.');
        digits::<3>(out, millis);
    }
    out.push('Z');
    Some(())
}

/// Writes the last `N` digits of a number that is not below zero.
#[inline]
fn digits<const N: usize>(out: &mut String, mut number: i64) {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    out.extend(digits.map(char::from));
}

/// The date of a day since 1970, in the Gregorian calendar counted from March, when leap days come last.
fn day(since: i64) -> (i64, i64, i64) {
    let days = since + EPOCH;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Writes a decimal number of 128 bits (IEEE 754, binary integer form) as its specification's text form.
pub(super) fn decimal(out: &mut String, bytes: [u8; 16]) {
    /// The largest coefficient has 34 digits; a larger one stands for 0.
    const LARGEST: u128 = 9_999_999_999_999_999_999_999_999_999_999_999;
    let bits = u128::from_le_bytes(bytes);
    if bits >> 127 == 1 {
        out.push('-');
    }
    match bits >> 122 & 0x1f {
        0x1f => return out.push_str("NaN"),
        0x1e => return out.push_str("Infinity"),
        _ => {}
    }
    // Coefficients of the second form are all too large.
    let (exponent, coefficient) = match bits >> 125 & 3 {
        3 => (bits >> 111 & 0x3fff, 0),
        _ => (bits >> 113 & 0x3fff, bits & ((1 << 113) - 1)),
    };
    let exponent = i32::try_from(exponent).unwrap_or_default() - 6176;
    let coefficient = if coefficient > LARGEST { 0 } else { coefficient };
    scaled(out, &coefficient.to_string(), exponent);
}

/// Writes digits times ten to the power of `exponent`.
fn scaled(out: &mut String, digits: &str, exponent: i32) {
    let count = i32::try_from(digits.len()).unwrap_or_default();
    let scientific = exponent + count - 1;
    if exponent > 0 || scientific < -6 {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        _ = write!(out, "{first}{point}{rest}E{scientific:+}");
        return;
    }
    let before = usize::try_from(count + exponent).unwrap_or_default();
    let (whole, fraction) = digits.split_at_checked(before).unwrap_or((digits, ""));
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if exponent < 0 {
        let zeros = usize::try_from(-exponent).unwrap_or_default().saturating_sub(digits.len());
        out.push('.');
        out.extend(std::iter::repeat_n('0', zeros));
        out.push_str(fraction);
    }
}

/// Writes a value that is neither text, document nor array as a cell; whether it was one.
pub(super) fn scalar(out: &mut String, value: Value<'_>) -> Option<()> {
    match value.kind {
        bson::INT32 | bson::INT64 => integer(out, value.number()?),
        bson::DOUBLE => double(out, f64::from_le_bytes(value.bytes.try_into().ok()?)),
        bson::BOOLEAN => out.push_str(if value.number()? == 0 { "false" } else { "true" }),
        bson::DATE => {
            let millis = value.number()?;
            date(out, millis).unwrap_or_else(|| integer(out, millis));
        }
        bson::OBJECT_ID => hex(out, value.bytes),
        bson::DECIMAL => decimal(out, value.bytes.try_into().ok()?),
        bson::BINARY => binary(out, value)?,
        _ => return None,
    }
    Some(())
}

fn binary(out: &mut String, value: Value<'_>) -> Option<()> {
    let (subtype, content) = value.binary()?;
    if subtype == 4 && content.len() == 16 {
        uuid(out, content);
        return Some(());
    }
    out.push_str("\\x");
    hex(out, content.get(..BYTES).unwrap_or(content));
    if content.len() > BYTES {
        out.push(MORE);
    }
    Some(())
}

/// Writes a UUID of 16 bytes.
pub(super) fn uuid(out: &mut String, bytes: &[u8]) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        hex(out, &[*byte]);
    }
}

#[cfg(test)]
mod tests {
    use super::{date, decimal, double};

    fn told(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn numbers_are_written_as_they_are() {
        assert_eq!([1.0, -0.5, 1e300].map(|n| told(|out| double(out, n))), ["1.0", "-0.5", "1e300"]);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_709_210_096_789, "2024-02-29T12:34:56.789Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
        ] {
            assert_eq!(told(|out| date(out, millis).unwrap()), text);
        }
        assert_eq!(date(&mut String::new(), i64::MAX), None);
    }

    /// Vectors of the specification of Decimal128.
    #[test]
    fn decimals_are_written_as_specified() {
        let number = |high: u64, low: u64| (u128::from(high) << 64 | u128::from(low)).to_le_bytes();
        for (bytes, text) in [
            (number(0x3040_0000_0000_0000, 1), "1"),
            (number(0xb040_0000_0000_0000, 0), "-0"),
            (number(0x303e_0000_0000_0000, 1), "0.1"),
            (number(0x3036_0000_0000_0000, 1234), "0.01234"),
            (number(0x303c_0000_0000_0000, 1250), "12.50"),
            (number(0x3042_0000_0000_0000, 1), "1E+1"),
            (number(0x3000_0000_0000_0000, 12), "1.2E-31"),
            (number(0x7c00_0000_0000_0000, 0), "NaN"),
            (number(0xf800_0000_0000_0000, 0), "-Infinity"),
            (number(0x6c10_0000_0000_0000, 7), "0"),
        ] {
            assert_eq!(told(|out| decimal(out, bytes)), text, "{bytes:02x?}");
        }
    }
}
