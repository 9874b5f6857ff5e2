//! Values as text: what a parameter or a cell holds, by its type and its form on the wire.

use std::fmt::Write;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::{lossy, utf8};
use crate::sql::digits::{signed, unsigned};

use super::calendar;

/// Arrays have at most six dimensions (`MAXDIM`).
const DIMENSIONS: u32 = 6;
/// A numeric of more digits before or behind the point comes as hex: a dozen bytes can stand for 100,000 digits.
const DIGITS: u16 = 256;
/// A value's text may be so many times as long as its bytes; arrays of small numbers are the longest that are real.
const GROWTH: usize = 8;
/// What shows that a value goes on.
const MORE: char = '…';

/// Whether a value comes as text or in the server's binary form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Binary,
}

/// Writes a value of the type `oid` as text, at most `limit` bytes of what the wire holds.
///
/// A value that is longer ends with `…`. Binary forms that are not known come as `\x` and hex.
pub(super) fn write(out: &mut String, oid: u32, form: Form, value: &[u8], limit: usize) {
    let kept = value.get(..limit).unwrap_or(value);
    let begin = out.len();
    match form {
        Form::Text => out.push_str(&lossy(kept)),
        Form::Binary => {
            if binary(out, oid, kept).is_err() {
                out.truncate(begin);
                hex(out, kept);
            }
        }
    }
    let most = begin + limit.saturating_mul(GROWTH);
    if out.len() > most {
        let end = (0..=most).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(begin);
        out.truncate(end);
        out.push(MORE);
    } else if kept.len() < value.len() {
        out.push(MORE);
    }
}

/// The text that [`write`] writes of a value that comes as text, where it is the very bytes of the value: of most.
#[inline(always)]
pub(super) fn plain(value: &[u8], limit: usize) -> Option<&str> {
    if value.len() <= limit { utf8(value) } else { None }
}

/// Whether the values of this type are texts, which look the same in both forms.
#[inline]
pub(super) fn is_text(oid: u32) -> bool {
    matches!(oid, 18 | 19 | 25 | 114 | 142 | 705 | 1042 | 1043 | 1790)
}

/// The number that a binary value of this type is, if it is one that most results have.
#[inline]
pub(super) fn number(oid: u32, value: &[u8]) -> Option<i64> {
    Some(match oid {
        21 => i16::from_be_bytes(value.try_into().ok()?).into(),
        23 => i32::from_be_bytes(value.try_into().ok()?).into(),
        20 => i64::from_be_bytes(value.try_into().ok()?),
        _ => return None,
    })
}

fn hex(out: &mut String, value: &[u8]) {
    out.push_str("\\x");
    for byte in value {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
        }
    }
}

/// The binary forms are those of the types' `send` functions.
fn binary(out: &mut String, oid: u32, value: &[u8]) -> Read<()> {
    let mut wire = Reader::new(value, 0, Ahead::End);
    match oid {
        16 => out.push(if wire.u8()? == 0 { 'f' } else { 't' }),
        _ if is_text(oid) => out.push_str(&lossy(value)),
        3802 if wire.u8()? == 1 => out.push_str(&lossy(wire.rest())),
        _ if let Some(number) = number(oid, value) => signed(out, number),
        24 | 26 | 28 | 29 | 2202 | 2205 | 2206 | 4089 | 4096 => {
            unsigned(out, u32::from_be_bytes(exact(value, &wire)?).into());
        }
        5069 => unsigned(out, u64::from_be_bytes(exact(value, &wire)?)),
        700 => _ = write!(out, "{}", f32::from_be_bytes(exact(value, &wire)?)),
        701 => _ = write!(out, "{}", f64::from_be_bytes(exact(value, &wire)?)),
        1700 => numeric(out, &mut wire)?,
        1082 => calendar::date(out, i32::from_be_bytes(exact(value, &wire)?)),
        1083 => calendar::time(out, i64::from_be_bytes(exact(value, &wire)?)),
        1266 => calendar::time_with_zone(out, &mut wire)?,
        1114 => calendar::timestamp(out, i64::from_be_bytes(exact(value, &wire)?)),
        1184 => calendar::timestamp_with_zone(out, i64::from_be_bytes(exact(value, &wire)?)),
        1186 => calendar::interval(out, &mut wire)?,
        2950 => uuid(out, &exact(value, &wire)?),
        650 | 869 => address(out, oid == 650, &mut wire)?,
        143
        | 199
        | 651
        | 1000..=1028
        | 1041
        | 1115
        | 1182
        | 1183
        | 1185
        | 1187
        | 1231
        | 1270
        | 2951
        | 3807 => {
            array(out, &mut wire)?;
        }
        _ => return Err(wire.broken("a binary form that is not known")),
    }
    Ok(())
}

/// The value as exactly `N` bytes.
fn exact<const N: usize>(value: &[u8], wire: &Reader<'_>) -> Read<[u8; N]> {
    value.try_into().map_err(|_| wire.broken("a value has a length that its type has not"))
}

/// Groups of four decimal digits, the weight of the first, the sign, and how many digits follow the point.
fn numeric(out: &mut String, wire: &mut Reader<'_>) -> Read<()> {
    let groups = wire.be16()?;
    let weight = i32::from(wire.be16()?.cast_signed());
    let sign = wire.be16()?;
    let scale = usize::from(wire.be16()?);
    match sign {
        0x0000 => {}
        0x4000 => out.push('-'),
        0xc000 | 0xd000 | 0xf000 => {
            out.push_str(match sign {
                0xc000 => "NaN",
                0xd000 => "Infinity",
                _ => "-Infinity",
            });
            return Ok(());
        }
        _ => return Err(wire.broken("a numeric has an unknown sign")),
    }
    if usize::from(groups) * 2 > wire.rest().len() {
        return Err(wire.broken("a numeric has more digits than bytes"));
    }
    if weight >= i32::from(DIGITS / 4) || scale > usize::from(DIGITS) {
        return Err(wire.broken("a numeric has too many digits to show"));
    }
    let digits = wire.rest();
    let group = |place: i32| {
        let at = usize::try_from(weight - place).ok().filter(|at| *at < usize::from(groups))?;
        digits.get(at * 2..)?.first_chunk().map(|pair| u16::from_be_bytes(*pair))
    };
    if weight < 0 {
        out.push('0');
    }
    for place in (0..=weight).rev() {
        let value = group(place).unwrap_or(0);
        _ = if place == weight { write!(out, "{value}") } else { write!(out, "{value:04}") };
    }
    if scale > 0 {
        out.push('.');
        let end = out.len() + scale;
        let mut place = -1;
        while out.len() < end {
            _ = write!(out, "{:04}", group(place).unwrap_or(0));
            place -= 1;
        }
        out.truncate(end);
    }
    Ok(())
}

fn uuid(out: &mut String, bytes: &[u8; 16]) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        _ = write!(out, "{byte:02x}");
    }
}

/// The family, the bits of the network, whether it is a network, the length, and the address.
fn address(out: &mut String, network: bool, wire: &mut Reader<'_>) -> Read<()> {
    let _family = wire.u8()?;
    let bits = wire.u8()?;
    let _is_network = wire.u8()?;
    let whole = match wire.u8()? {
        4 => {
            _ = write!(out, "{}", std::net::Ipv4Addr::from(wire.array::<4>()?));
            32
        }
        16 => {
            _ = write!(out, "{}", std::net::Ipv6Addr::from(wire.array::<16>()?));
            128
        }
        _ => return Err(wire.broken("an address is neither of version 4 nor of 6")),
    };
    if network || bits != whole {
        _ = write!(out, "/{bits}");
    }
    Ok(())
}

/// The number of dimensions, whether there are nulls, the elements' type, the dimensions, the elements.
fn array(out: &mut String, wire: &mut Reader<'_>) -> Read<()> {
    let count = wire.be32()?;
    let _has_nulls = wire.be32()?;
    let oid = wire.be32()?;
    if count > DIMENSIONS {
        return Err(wire.broken("an array has too many dimensions"));
    }
    if count == 0 {
        out.push_str("{}");
        return Ok(());
    }
    let mut lengths = [0; DIMENSIONS as usize];
    for length in lengths.iter_mut().take(count as usize) {
        *length = wire.be32()?;
        let _first_index = wire.be32()?;
    }
    let lengths = lengths.get(..count as usize).unwrap_or_default();
    dimension(out, oid, lengths, wire)
}

fn dimension(out: &mut String, oid: u32, lengths: &[u32], wire: &mut Reader<'_>) -> Read<()> {
    let Some((length, inner)) = lengths.split_first() else { return element(out, oid, wire) };
    out.push('{');
    for at in 0..*length {
        if wire.rest().is_empty() {
            // The value was cut: what is there is shown.
            break;
        }
        if at > 0 {
            out.push(',');
        }
        dimension(out, oid, inner, wire)?;
    }
    out.push('}');
    Ok(())
}

fn element(out: &mut String, oid: u32, wire: &mut Reader<'_>) -> Read<()> {
    let length = i32::from_be_bytes(wire.array()?);
    let Ok(length) = usize::try_from(length) else {
        out.push_str("NULL");
        return Ok(());
    };
    let value = wire.rest().get(..length).unwrap_or(wire.rest());
    wire.skip(value.len() as u64);
    let begin = out.len();
    // An element that is itself an array does not exist on the wire; deep nesting ends here.
    if is_array(oid) || binary(out, oid, value).is_err() {
        out.truncate(begin);
        hex(out, value);
    }
    quote(out, begin);
    Ok(())
}

fn is_array(oid: u32) -> bool {
    matches!(oid, 143 | 199 | 651 | 1000..=1028 | 1041 | 1115 | 1182..=1187 | 1231 | 1270 | 2951 | 3807)
        && oid != 1184
        && oid != 1186
}

/// Puts the text from `begin` on into quotes when an array's reader would need them.
fn quote(out: &mut String, begin: usize) {
    let element = out.get(begin..).unwrap_or_default();
    let plain = |c: char| !(c.is_whitespace() || matches!(c, '{' | '}' | ',' | '"' | '\\'));
    if !element.is_empty() && element.chars().all(plain) && !element.eq_ignore_ascii_case("null") {
        return;
    }
    let mut quoted = String::with_capacity(element.len() + 2);
    quoted.push('"');
    for c in element.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    out.truncate(begin);
    out.push_str(&quoted);
}

#[cfg(test)]
mod tests {
    use super::{Form, write};

    fn read(oid: u32, value: &[u8]) -> String {
        let mut out = String::new();
        write(&mut out, oid, Form::Binary, value, 1024);
        out
    }

    #[test]
    fn binary_forms_read_like_the_text_forms() {
        assert_eq!(read(16, &[1]), "t");
        assert_eq!(read(23, &(-5_i32).to_be_bytes()), "-5");
        assert_eq!(read(1700, b"\0\x02\0\0\0\0\0\x02\0\x7b\x11\x94"), "123.45");
        assert_eq!(read(1700, b"\0\x01\xff\xff\x40\0\0\x04\0\x0c"), "-0.0012");
        assert_eq!(read(1700, b"\0\x01\0\x01\0\0\0\0\0\x01"), "10000");
        assert_eq!(read(869, b"\x02\x20\0\x04\x7f\0\0\x01"), "127.0.0.1");
        assert_eq!(read(650, b"\x02\x08\x01\x04\x0a\0\0\0"), "10.0.0.0/8");
        assert_eq!(read(16390, b"\x01\xff"), "\\x01ff");
        assert_eq!(read(23, b"\x01\xff"), "\\x01ff");
    }

    #[test]
    fn numbers_read_like_any() {
        for number in [0, 1, 9, 10, 99, 100, 4_294_967_295, i64::MAX, i64::MIN] {
            for number in [number, number.wrapping_neg(), number.wrapping_sub(1)] {
                assert_eq!(read(20, &number.to_be_bytes()), number.to_string());
                assert_eq!(read(5069, &number.to_be_bytes()), number.cast_unsigned().to_string());
            }
        }
        for number in i16::MIN..=i16::MAX {
            assert_eq!(read(21, &number.to_be_bytes()), number.to_string());
        }
        assert_eq!(read(23, &i32::MIN.to_be_bytes()), "-2147483648");
        assert_eq!(read(26, &u32::MAX.to_be_bytes()), "4294967295");
    }

    #[test]
    fn arrays_nest_and_quote() {
        let mut array = b"\0\0\0\x01\0\0\0\x01\0\0\0\x19\0\0\0\x03\0\0\0\x01".to_vec();
        array.extend_from_slice(b"\0\0\0\x01a\xff\xff\xff\xff\0\0\0\x03b,c");
        assert_eq!(read(1009, &array), "{a,NULL,\"b,c\"}");
        // A hostile array claims four billion elements in each of six dimensions.
        let mut hostile = b"\0\0\0\x06\0\0\0\x01\0\0\0\x19".to_vec();
        hostile.extend_from_slice(&[0xff; 48]);
        assert!(read(1009, &hostile).len() < 64);
    }

    #[test]
    fn a_long_value_is_cut_and_says_so() {
        let mut out = String::new();
        write(&mut out, 25, Form::Text, b"abcdef", 3);
        assert_eq!(out, "abc…");
    }
}
