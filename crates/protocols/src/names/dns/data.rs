//! The data of records as zone files write them.

use std::fmt::Write;
use std::net::Ipv6Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};

use super::names;
use super::types;
use super::wire::Record;

/// So many bytes of keys, hashes and unknown data are written.
const BYTES: usize = 64;
/// So many bytes of text are written.
const TEXT: usize = 1 << 10;
/// What stands for a credential.
const MASK: &str = "***";
/// What shows that data go on.
const MORE: char = '…';

/// What stands between two parts.
enum Part {
    Number8,
    Number16,
    Number32,
    Name,
    /// A text with its length before it.
    Text,
    /// Texts up to the end.
    Texts,
    /// A text without a length up to the end.
    Rest,
    Base64,
    Hex,
    /// A number of a type.
    Type,
    /// A bit for each type that there is.
    Types,
    /// Bytes with their length before them.
    Hashed,
}

/// Writes the data of a record of `message`; those that break the rules of their type come as they are.
pub(super) fn write(out: &mut String, message: &[u8], record: &Record<'_>) {
    let begin = out.len();
    let written = match (record.kind, record.data) {
        (1, [a, b, c, d]) => {
            ipv4(out, [*a, *b, *c, *d]);
            Some(())
        }
        (28, data) => ipv6(out, data),
        // Keys that two sides agree on, and what is signed with them.
        (249 | 250, _) => {
            out.push_str(MASK);
            Some(())
        }
        (64 | 65, _) => service(out, message, record).ok(),
        (kind, _) => match parts(kind) {
            [] => None,
            parts => write_parts(out, parts, message, record).ok(),
        },
    };
    if written.is_none() {
        out.truncate(begin);
        unknown(out, record.data);
    }
}

/// The digits of every byte, and how many they are.
#[expect(
    clippy::indexing_slicing,
    reason = "runs when the program is compiled, where a bad index is an error"
)]
static DIGITS: [([u8; 3], u8); 256] = {
    let mut digits = [([b'0'; 3], 1); 256];
    let mut byte = 0_u8;
    loop {
        let [hundreds, tens, ones] = [b'0' + byte / 100, b'0' + byte / 10 % 10, b'0' + byte % 10];
        digits[byte as usize] = match byte {
            0..10 => ([ones, 0, 0], 1),
            10..100 => ([tens, ones, 0], 2),
            100.. => ([hundreds, tens, ones], 3),
        };
        if byte == u8::MAX {
            break digits;
        }
        byte += 1;
    }
};

/// Writes an address as `Ipv4Addr` does, without its formatter: most answers are addresses.
fn ipv4(out: &mut String, bytes: [u8; 4]) {
    /// Three digits and a dot for each byte.
    const LONGEST: usize = 16;
    let (mut text, mut length) = ([b'.'; LONGEST], 0);
    for byte in bytes {
        let Some((digits, count)) = DIGITS.get(usize::from(byte)) else { return };
        if let Some(place) = text.get_mut(length..length + digits.len()) {
            place.copy_from_slice(digits);
        }
        length += usize::from(*count) + 1;
        if let Some(dot) = text.get_mut(length - 1) {
            *dot = b'.';
        }
    }
    out.push_str(crate::kit::text::utf8(text.get(..length - 1).unwrap_or_default()).unwrap_or_default());
}

fn ipv6(out: &mut String, data: &[u8]) -> Option<()> {
    let bytes: [u8; 16] = data.try_into().ok()?;
    _ = write!(out, "{}", Ipv6Addr::from(bytes));
    Some(())
}

/// What the data of a type consist of (the RFC of each).
fn parts(kind: u16) -> &'static [Part] {
    use Part::{Base64, Hashed, Hex, Name, Number8, Number16, Number32, Rest, Text, Texts, Type, Types};
    match kind {
        2 | 5 | 7 | 8 | 9 | 12 | 39 => &[Name],
        6 => &[Name, Name, Number32, Number32, Number32, Number32, Number32],
        13 => &[Text, Text],
        14 | 17 => &[Name, Name],
        15 | 18 | 21 | 36 => &[Number16, Name],
        16 | 99 => &[Texts],
        24 | 46 => &[Type, Number8, Number8, Number32, Number32, Number32, Number16, Name, Base64],
        25 | 48 | 60 => &[Number16, Number8, Number8, Base64],
        33 => &[Number16, Number16, Number16, Name],
        35 => &[Number16, Number16, Text, Text, Text, Name],
        37 => &[Number16, Number16, Number8, Base64],
        43 | 59 | 32_769 => &[Number16, Number8, Number8, Hex],
        44 => &[Number8, Number8, Hex],
        47 => &[Name, Types],
        50 => &[Number8, Number8, Number16, Hashed, Hashed, Types],
        51 => &[Number8, Number8, Number16, Hashed],
        52 | 53 => &[Number8, Number8, Number8, Hex],
        256 => &[Number16, Number16, Rest],
        257 => &[Number8, Text, Rest],
        _ => &[],
    }
}

fn write_parts(out: &mut String, parts: &[Part], message: &[u8], record: &Record<'_>) -> Read<()> {
    let wire = &mut Reader::new(record.data, 0, Ahead::End);
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        write_part(out, part, message, record, wire)?;
    }
    if wire.rest().is_empty() { Ok(()) } else { Err(wire.broken("data go on behind their end")) }
}

fn write_part(
    out: &mut String,
    part: &Part,
    message: &[u8],
    record: &Record<'_>,
    wire: &mut Reader<'_>,
) -> Read<()> {
    match part {
        Part::Number8 => number(out, wire.u8()?.into()),
        Part::Number16 => number(out, wire.be16()?.into()),
        Part::Number32 => number(out, wire.be32()?),
        Part::Name => {
            names::write(out, message, record.at + wire.taken());
            names::pass(wire)?;
        }
        Part::Text => text(out, wire)?,
        Part::Texts => {
            text(out, wire)?;
            while !wire.rest().is_empty() {
                out.push(' ');
                text(out, wire)?;
            }
        }
        Part::Rest => quoted(out, wire.take(wire.rest().len())?),
        Part::Base64 => cut(out, wire, |out, bytes| STANDARD.encode_string(bytes, out))?,
        Part::Hex => cut(out, wire, hex)?,
        Part::Type => out.push_str(&types::name(wire.be16()?)),
        Part::Types => bits(out, wire)?,
        Part::Hashed => {
            let length = wire.u8()?;
            let bytes = wire.take(length.into())?;
            if bytes.is_empty() { out.push('-') } else { hex(out, bytes) }
        }
    }
    Ok(())
}

#[inline]
pub(super) fn number(out: &mut String, number: u32) {
    let mut digits = [0; 10];
    let (mut rest, mut at) = (number, digits.len());
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        (rest, at) = (rest / 10, at - 1);
        if rest == 0 {
            break;
        }
    }
    out.push_str(crate::kit::text::utf8(digits.get(at..).unwrap_or_default()).unwrap_or_default());
}

/// Writes what is left, to a bound.
fn cut(out: &mut String, wire: &mut Reader<'_>, write: impl FnOnce(&mut String, &[u8])) -> Read<()> {
    let bytes = wire.take(wire.rest().len())?;
    write(out, bytes.get(..BYTES).unwrap_or(bytes));
    if bytes.len() > BYTES {
        out.push(MORE);
    }
    Ok(())
}

fn hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
        }
    }
}

fn text(out: &mut String, wire: &mut Reader<'_>) -> Read<()> {
    let length = wire.u8()?;
    let bytes = wire.take(length.into())?;
    if out.len() < TEXT {
        quoted(out, bytes);
    } else if !out.ends_with(MORE) {
        out.push(MORE);
    }
    Ok(())
}

fn quoted(out: &mut String, bytes: &[u8]) {
    let kept = bytes.get(..TEXT).unwrap_or(bytes);
    out.push('"');
    for byte in kept {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => _ = write!(out, "\\{byte:03}"),
        }
    }
    if kept.len() < bytes.len() {
        out.push(MORE);
    }
    out.push('"');
}

/// The types that there are: windows of a bit each (RFC 4034, 4.1.2).
fn bits(out: &mut String, wire: &mut Reader<'_>) -> Read<()> {
    let mut first = true;
    while !wire.rest().is_empty() {
        let (window, length) = (wire.u8()?, wire.u8()?);
        for (at, byte) in wire.take(length.into())?.iter().enumerate() {
            for bit in (0..8).filter(|bit| byte << bit & 0x80 != 0) {
                let kind = usize::from(window) << 8 | at << 3 | bit;
                if !std::mem::take(&mut first) {
                    out.push(' ');
                }
                out.push_str(&types::name(u16::try_from(kind).unwrap_or_default()));
            }
        }
    }
    Ok(())
}

/// A service binding: priority, name, parameters (RFC 9460, 2.2).
fn service(out: &mut String, message: &[u8], record: &Record<'_>) -> Read<()> {
    let wire = &mut Reader::new(record.data, 0, Ahead::End);
    number(out, wire.be16()?.into());
    out.push(' ');
    names::write(out, message, record.at + wire.taken());
    names::pass(wire)?;
    while !wire.rest().is_empty() {
        let key = wire.be16()?;
        let length = wire.be16()?;
        out.push(' ');
        parameter(out, key, wire.take(length.into())?)?;
    }
    Ok(())
}

fn parameter(out: &mut String, key: u16, value: &[u8]) -> Read<()> {
    let wire = &mut Reader::new(value, 0, Ahead::End);
    match key {
        1 => {
            out.push_str("alpn=");
            each(out, wire, |out, wire| {
                let length = wire.u8()?;
                names::write_label(out, wire.take(length.into())?);
                Ok(())
            })?;
        }
        3 => {
            out.push_str("port=");
            number(out, wire.be16()?.into());
        }
        4 => {
            out.push_str("ipv4hint=");
            each(out, wire, |out, wire| {
                ipv4(out, wire.array()?);
                Ok(())
            })?;
        }
        6 => {
            out.push_str("ipv6hint=");
            each(out, wire, |out, wire| {
                _ = write!(out, "{}", Ipv6Addr::from(wire.array::<16>()?));
                Ok(())
            })?;
        }
        2 => out.push_str("no-default-alpn"),
        _ => {
            match key {
                0 => out.push_str("mandatory="),
                5 => out.push_str("ech="),
                _ => _ = write!(out, "key{key}="),
            }
            cut(out, wire, hex)?;
        }
    }
    Ok(())
}

fn each(
    out: &mut String,
    wire: &mut Reader<'_>,
    mut write: impl FnMut(&mut String, &mut Reader<'_>) -> Read<()>,
) -> Read<()> {
    let mut first = true;
    while !wire.rest().is_empty() {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        write(out, wire)?;
    }
    Ok(())
}

/// The form of RFC 3597, 5: `\# length hex`.
fn unknown(out: &mut String, data: &[u8]) {
    _ = write!(out, "\\# {}", data.len());
    if !data.is_empty() {
        out.push(' ');
        hex(out, data.get(..BYTES).unwrap_or(data));
    }
    if data.len() > BYTES {
        out.push(MORE);
    }
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::names::dns::wire::Record;

    fn told(kind: u16, data: &[u8]) -> String {
        let message = [&b"\x04mail\x07example\0"[..], data].concat();
        let mut out = String::new();
        write(&mut out, &message, &Record { name: 0, kind, class: 1, ttl: 0, at: 14, data });
        out
    }

    #[test]
    fn data_are_written_as_zone_files_have_them() {
        for (kind, data, text) in [
            (15, &b"\0\x0a\xc0\0"[..], "10 mail.example"),
            (16, b"\x02ab\x00\x01\"", "\"ab\" \"\" \"\\\"\""),
            (47, b"\x01a\0\0\x06\x40\x01\0\0\0\x03", "a A MX RRSIG NSEC"),
            (50, b"\x01\0\0\x05\0\x02\xab\xcd\0\x01\x40", "1 0 5 - abcd A"),
            (65, b"\0\0\xc0\x05", "0 example"),
            (46, &[[0, 1, 13, 2].as_slice(), &[0; 14], b"\0ab"].concat(), "A 13 2 0 0 0 0 . YWI="),
            (64_000, b"\x01\xff", "\\# 2 01ff"),
            (249, b"a key", "***"),
        ] {
            assert_eq!(told(kind, data), text, "{kind}");
        }
    }

    #[test]
    fn data_that_break_their_type_come_as_they_are() {
        for (kind, data) in
            [(1, &b"\x01"[..]), (6, b"\0\0\x01"), (15, b"\0\x0a\xc0\0\0"), (16, b"\x09a"), (2, b"")]
        {
            assert!(told(kind, data).starts_with("\\# "), "{kind}: {}", told(kind, data));
        }
    }
}
