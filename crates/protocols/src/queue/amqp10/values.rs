//! The type system (part 1): values, and how they are told as text.

use std::fmt::Write as _;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::{integer, lossy};

/// Values in values are told so deep.
const DEPTH: u8 = 6;

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Truth(bool),
    Whole(i64),
    /// What is larger than any signed number, too.
    Count(u64),
    Real(f64),
    Letter(u32),
    Uuid([u8; 16]),
    /// Decimals, which nobody writes.
    Opaque(&'a [u8]),
    Binary(&'a [u8]),
    Text(&'a [u8]),
    Symbol(&'a [u8]),
    List(Items<'a>),
    Map(Items<'a>),
    /// The constructor of its elements, and their bytes.
    Array(Items<'a>, u8),
    /// A descriptor and a value.
    Described(&'a [u8]),
}

/// The values of a compound one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Items<'a> {
    pub(super) count: u32,
    pub(super) bytes: &'a [u8],
}

impl<'a> Items<'a> {
    pub(super) fn reader(self) -> Reader<'a> {
        Reader::new(self.bytes, 0, Ahead::End)
    }
}

impl<'a> Value<'a> {
    /// The next value.
    ///
    /// # Errors
    /// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when there is no such type.
    pub(super) fn read(wire: &mut Reader<'a>) -> Read<Value<'a>> {
        let constructor = wire.u8()?;
        if constructor == 0 {
            let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
            pass(&mut ahead, DEPTH)?;
            pass(&mut ahead, DEPTH)?;
            return Ok(Value::Described(wire.take(ahead.taken())?));
        }
        Value::of(constructor, wire)
    }

    /// The value of this constructor (part 1, 1.6), which was passed over.
    fn of(constructor: u8, wire: &mut Reader<'a>) -> Read<Value<'a>> {
        Ok(match constructor {
            0x40 => Value::Null,
            0x41 => Value::Truth(true),
            0x42 => Value::Truth(false),
            0x43 | 0x44 => Value::Count(0),
            0x45 => Value::List(Items { count: 0, bytes: &[] }),
            0x50 | 0x52 | 0x53 => Value::Count(wire.u8()?.into()),
            0x51 | 0x54 | 0x55 => Value::Whole(wire.u8()?.cast_signed().into()),
            0x56 => Value::Truth(wire.u8()? != 0),
            0x60 => Value::Count(wire.be16()?.into()),
            0x61 => Value::Whole(wire.be16()?.cast_signed().into()),
            0x70 => Value::Count(wire.be32()?.into()),
            0x71 => Value::Whole(wire.be32()?.cast_signed().into()),
            0x72 => Value::Real(f32::from_bits(wire.be32()?).into()),
            0x73 => Value::Letter(wire.be32()?),
            0x80 => Value::Count(wire.be64()?),
            0x81 | 0x83 => Value::Whole(wire.be64()?.cast_signed()),
            0x82 => Value::Real(f64::from_bits(wire.be64()?)),
            0x98 => Value::Uuid(wire.array()?),
            0x74 => Value::Opaque(wire.take(4)?),
            0x84 => Value::Opaque(wire.take(8)?),
            0x94 => Value::Opaque(wire.take(16)?),
            0xa0 | 0xb0 => Value::Binary(sized(constructor, wire)?),
            0xa1 | 0xb1 => Value::Text(sized(constructor, wire)?),
            0xa3 | 0xb3 => Value::Symbol(sized(constructor, wire)?),
            0xc0 | 0xd0 => Value::List(items(constructor, wire)?),
            0xc1 | 0xd1 => Value::Map(items(constructor, wire)?),
            0xe0 | 0xf0 => {
                let Items { count, bytes } = items(constructor, wire)?;
                let (constructor, bytes) =
                    bytes.split_first().ok_or_else(|| wire.broken("an array has no type"))?;
                Value::Array(Items { count, bytes }, *constructor)
            }
            _ => return Err(wire.broken("no value has this type")),
        })
    }

    /// What a descriptor and its value are, by number (part 1, 1.1.4): symbols are not used by anybody that we know of.
    pub(super) fn described(self) -> Option<(u64, Value<'a>)> {
        let Value::Described(bytes) = self else { return None };
        let mut wire = Reader::new(bytes, 0, Ahead::End);
        let Ok(Value::Count(code)) = Value::read(&mut wire) else { return None };
        Some((code, Value::read(&mut wire).ok()?))
    }

    /// Its bytes, if it is text, symbol or binary.
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Value::Text(bytes) | Value::Symbol(bytes) | Value::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// It as a number.
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Value::Count(number) => Some(number),
            Value::Whole(number) => u64::try_from(number).ok(),
            _ => None,
        }
    }

    /// The values of a list.
    pub(super) fn list(self) -> Option<Items<'a>> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// Its text, at most about `room` bytes of it.
    pub(super) fn text(self, room: usize) -> String {
        let mut out = String::new();
        self.write(room, DEPTH, &mut out);
        if out.len() > room {
            let end = (0..=room).rev().find(|end| out.is_char_boundary(*end));
            out.truncate(end.unwrap_or_default());
            out.push('…');
        }
        out
    }

    fn write(self, room: usize, depth: u8, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Truth(truth) => out.push_str(if truth { "true" } else { "false" }),
            Value::Whole(number) => integer(out, number),
            Value::Count(number) => _ = write!(out, "{number}"),
            Value::Real(number) => _ = write!(out, "{number}"),
            Value::Letter(letter) => out.push(char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER)),
            Value::Uuid(id) => write_uuid(u128::from_be_bytes(id), out),
            Value::Opaque(bytes) => {
                out.push_str("0x");
                bytes.iter().for_each(|byte| _ = write!(out, "{byte:02x}"));
            }
            Value::Binary(bytes) | Value::Text(bytes) | Value::Symbol(bytes) => {
                out.push_str(&lossy(bytes.get(..room).unwrap_or(bytes)));
            }
            _ if depth == 0 => out.push('…'),
            Value::List(items) => {
                each(items, None, room, out, |_, value, out| value.write(room, depth - 1, out));
            }
            Value::Array(items, constructor) => {
                each(items, Some(constructor), room, out, |_, value, out| value.write(room, depth - 1, out));
            }
            Value::Map(items) => each(items, None, room, out, |at, value, out| {
                value.write(room, depth - 1, out);
                if at % 2 == 0 {
                    out.push('=');
                }
            }),
            Value::Described(_) => match self.described() {
                Some((_, value)) => value.write(room, depth - 1, out),
                None => out.push('…'),
            },
        }
    }
}

/// Writes the values of a compound one: those of a map come in pairs.
fn each(
    items: Items<'_>,
    constructor: Option<u8>,
    room: usize,
    out: &mut String,
    write: impl Fn(u32, Value<'_>, &mut String),
) {
    let mut wire = items.reader();
    out.push('[');
    for at in 0..items.count {
        let value = match constructor {
            Some(constructor) => Value::of(constructor, &mut wire),
            None => Value::read(&mut wire),
        };
        let Ok(value) = value else { break };
        if at > 0 && !out.ends_with('=') {
            out.push_str(", ");
        }
        if out.len() > room {
            break;
        }
        write(at, value, out);
    }
    out.push(']');
}

fn write_uuid(id: u128, out: &mut String) {
    let part = |from: u32, digits: u32| (id >> from) & ((1_u128 << (4 * digits)) - 1);
    _ = write!(
        out,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 8),
        part(80, 4),
        part(64, 4),
        part(48, 4),
        part(0, 12)
    );
}

/// Bytes behind their length, which has one byte or four, as the constructor says.
fn sized<'a>(constructor: u8, wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = length(constructor, wire)?;
    wire.take(length)
}

fn length(constructor: u8, wire: &mut Reader<'_>) -> Read<usize> {
    let is_short = matches!(constructor >> 4, 0xa | 0xc | 0xe);
    if is_short { Ok(wire.u8()?.into()) } else { Ok(usize::try_from(wire.be32()?).unwrap_or(usize::MAX)) }
}

fn items<'a>(constructor: u8, wire: &mut Reader<'a>) -> Read<Items<'a>> {
    let bytes = sized(constructor, wire)?;
    let mut inner = Reader::new(bytes, wire.position(), Ahead::End);
    let count = if matches!(constructor >> 4, 0xc | 0xe) { inner.u8().map(u32::from) } else { inner.be32() };
    let count = count.map_err(|_| wire.broken("a list is shorter than its count"))?;
    Ok(Items { count, bytes: inner.rest() })
}

/// Passes over a value, which may be described.
fn pass(wire: &mut Reader<'_>, depth: u8) -> Read<()> {
    let constructor = wire.peek(1)?;
    if constructor == [0] {
        let Some(depth) = depth.checked_sub(1) else { return Err(wire.broken("values are too deep")) };
        wire.skip(1);
        pass(wire, depth)?;
        return pass(wire, depth);
    }
    Value::read(wire).map(drop)
}

/// The descriptor that stands before a value: passed over, by number.
///
/// # Errors
/// [`Stop::Broken`] when the value is not described by a number.
pub(super) fn descriptor(wire: &mut Reader<'_>) -> Read<u64> {
    if wire.u8()? != 0 {
        return Err(wire.broken("a value is not described"));
    }
    match Value::read(wire)? {
        Value::Count(code) => Ok(code),
        _ => Err(wire.broken("a descriptor is no number")),
    }
}

/// How long the bytes are that stand next in full, where they are the binary of a section: passed over is what stands before.
pub(super) fn binary_length(wire: &mut Reader<'_>) -> Read<u64> {
    match wire.u8()? {
        0xa0 => Ok(wire.u8()?.into()),
        0xb0 => Ok(wire.be32()?.into()),
        _ => {
            Err(Stop::Broken(crate::kit::protocol::Broken { what: "data is no binary", at: wire.position() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value;
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    fn told(bytes: &[u8]) -> Result<String, Stop> {
        Value::read(&mut Reader::new(bytes, 0, Ahead::End)).map(|value| value.text(64))
    }

    #[test]
    fn values_are_told_as_text() {
        for (bytes, text) in [
            (&b"\x40"[..], "null"),
            (b"\x53\x10", "16"),
            (b"\x54\xff", "-1"),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
            (b"\xa1\x03abc", "abc"),
            (b"\xc0\x06\x03\x43\xa3\x01a\x41", "[0, a, true]"),
            (b"\xc1\x06\x02\xa1\x01k\x52\x07", "[k=7]"),
            (b"\xe0\x06\x02\x60\x00\x01\x00\x02", "[1, 2]"),
            (b"\x00\x53\x24\x45", "[]"),
            (
                b"\x98\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f",
                "00010203-0405-0607-0809-0a0b0c0d0e0f",
            ),
        ] {
            assert_eq!(told(bytes).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_value_is_not_told() {
        assert_eq!(told(b"\xa1\x03ab"), Err(Stop::Short));
        assert!(matches!(told(b"\x3f"), Err(Stop::Broken(_))));
        let deep: Vec<u8> = [0].repeat(100);
        assert!(matches!(told(&deep), Err(Stop::Broken(_))));
    }
}
