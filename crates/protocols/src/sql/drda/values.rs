//! Values as text: what a parameter or a cell holds, by its type.

use std::fmt::Write;

use crate::sql::digits::signed;

use super::kinds::{Kind, number};
use super::manner::{Manner, Order};

/// So many bytes of a value are shown.
pub(super) const CELL: usize = 1 << 10;
/// What shows that a value goes on, or comes elsewhere.
pub(super) const MORE: char = '…';

/// Writes a value; what is no value of its type comes as hex.
pub(super) fn write(out: &mut String, kind: Kind, bytes: &[u8], manner: Manner) {
    let kept = bytes.get(..CELL).unwrap_or(bytes);
    match kind.number {
        number::INTEGER | number::SMALL | number::TINY | number::BIG => signed(out, manner.integer(kept)),
        number::BOOLEAN => out.push_str(if kept.iter().any(|byte| *byte != 0) { "true" } else { "false" }),
        number::FLOAT4 | number::FLOAT8 if !manner.has_hex_floats => float(out, kept, manner.order),
        number::DECIMAL => packed(out, kind, kept),
        number::DATE..=number::TIMESTAMP
        | number::CHAR
        | number::VARCHAR
        | number::LONG
        | number::SHORT_CHAR => {
            manner.single.push(out, kept);
        }
        number::MIXED | number::VARMIXED | number::LONG_MIXED | number::SHORT_MIXED => {
            manner.mixed.push(out, kept);
        }
        number::GRAPHIC | number::VARGRAPHIC | number::LONG_GRAPHIC => manner.double.push(out, kept),
        number::LOB..=number::LOB_MIXED => return out.push(MORE),
        _ => hex(out, kept),
    }
    if kept.len() < bytes.len() {
        out.push(MORE);
    }
}

/// Writes a long value that came in an object of its own.
pub(super) fn write_long(out: &mut String, lob: u8, bytes: &[u8], manner: Manner) {
    let number = match lob {
        number::LOB => number::VARBYTES,
        number::LOB_SINGLE => number::VARCHAR,
        number::LOB_DOUBLE => number::VARGRAPHIC,
        _ => number::VARMIXED,
    };
    write(out, Kind { number, may_be_null: false, length: 0 }, bytes, manner);
}

fn float(out: &mut String, bytes: &[u8], order: Order) {
    let mut bytes = bytes.to_vec();
    if order == Order::Little {
        bytes.reverse();
    }
    match *bytes.as_slice() {
        [a, b, c, d] => _ = write!(out, "{}", f32::from_be_bytes([a, b, c, d])),
        [a, b, c, d, e, f, g, h] => _ = write!(out, "{}", f64::from_be_bytes([a, b, c, d, e, f, g, h])),
        _ => hex(out, &bytes),
    }
}

/// Two digits a byte, of the last byte one and the sign.
fn packed(out: &mut String, kind: Kind, bytes: &[u8]) {
    let [_, scale] = kind.length.to_be_bytes();
    let nibbles: Vec<u8> = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let Some((sign @ 10..=15, digits)) = nibbles.split_last() else { return hex(out, bytes) };
    if digits.iter().any(|digit| *digit > 9) {
        return hex(out, bytes);
    }
    if matches!(sign, 11 | 13) {
        out.push('-');
    }
    let whole = digits.len().saturating_sub(scale.into());
    let first = digits.iter().take(whole.saturating_sub(1)).take_while(|digit| **digit == 0).count();
    for (at, digit) in digits.iter().enumerate().skip(first) {
        if at == whole {
            out.push_str(if whole == 0 { "0." } else { "." });
        }
        out.push(char::from(b'0' + digit));
    }
}

fn hex(out: &mut String, bytes: &[u8]) {
    out.push_str("0x");
    for digit in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        out.push(char::from_digit(digit.into(), 16).unwrap_or('?'));
    }
}

#[cfg(test)]
mod tests {
    use super::{CELL, write};
    use crate::sql::drda::kinds::{Kind, number};
    use crate::sql::drda::manner::{Manner, Order};

    fn text(number: u8, length: u16, bytes: &[u8], order: Order) -> String {
        let mut out = String::new();
        let kind = Kind { number, may_be_null: false, length };
        write(&mut out, kind, bytes, Manner { order, ..Manner::default() });
        out
    }

    #[test]
    fn values_are_written_as_people_write_them() {
        for (number, length, bytes, wanted) in [
            (number::INTEGER, 4, &b"\xff\xff\xff\xfe"[..], "-2"),
            (number::FLOAT8, 8, b"\x3f\xf8\0\0\0\0\0\0", "1.5"),
            (number::FLOAT4, 4, b"\x3e\x80\0\0", "0.25"),
            (number::DECIMAL, 0x0a02, b"\0\0\0\x01\x25\x1d", "-12.51"),
            (number::DECIMAL, 0x0505, b"\x12\x34\x5c", "0.12345"),
            (number::DECIMAL, 0x0300, b"\0\0\x7f"[1..].as_ref(), "7"),
            (number::DECIMAL, 0x0300, b"\0\x77", "0x0077"),
            (number::VARBYTES, 8, b"\x01\xff", "0x01ff"),
            (number::BOOLEAN, 1, b"\x01", "true"),
        ] {
            assert_eq!(text(number, length, bytes, Order::Big), wanted);
        }
        assert_eq!(text(number::FLOAT8, 8, b"\0\0\0\0\0\0\xf8\x3f", Order::Little), "1.5");
    }

    #[test]
    fn a_long_value_ends_with_a_sign() {
        let long = vec![b'a'; CELL + 1];
        assert!(text(number::VARCHAR, 0, &long, Order::Big).ends_with("a…"));
    }
}
