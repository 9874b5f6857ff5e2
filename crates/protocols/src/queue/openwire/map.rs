//! Maps of names to simple values, as properties and the bodies of some messages are (`MarshallingSupport`).

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;

/// Lists and maps in values are not deeper.
const DEPTH: usize = 4;

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Number(i64),
    Float(f64),
    Text(&'a [u8]),
    /// Bytes, a list or a map: so many bytes or elements.
    Other(u64),
}

/// The names and values that these bytes begin with, as far as they can be read.
pub(super) fn pairs(bytes: &[u8]) -> impl Iterator<Item = (&[u8], Value<'_>)> {
    let mut wire = Reader::new(bytes, 0, Ahead::End);
    let count = wire.be32().unwrap_or_default();
    (0..count).map_while(move |_| {
        let name = short_text(&mut wire).ok()?;
        Some((name, value(&mut wire, 0).ok()?))
    })
}

fn short_text<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = wire.be16()?;
    wire.take(length.into())
}

fn value<'a>(wire: &mut Reader<'a>, depth: usize) -> Read<Value<'a>> {
    Ok(match wire.u8()? {
        0 => Value::Null,
        1 => Value::Boolean(wire.u8()? != 0),
        2 => Value::Number(i64::from(wire.u8()?.cast_signed())),
        3 => Value::Number(i64::from(wire.be16()?)),
        4 => Value::Number(i64::from(wire.be16()?.cast_signed())),
        5 => Value::Number(i64::from(wire.be32()?.cast_signed())),
        6 => Value::Number(wire.be64()?.cast_signed()),
        7 => Value::Float(f64::from_bits(wire.be64()?)),
        8 => Value::Float(f64::from(f32::from_bits(wire.be32()?))),
        9 => Value::Text(short_text(wire)?),
        10 => {
            let length = wire.be32()?;
            wire.take(length as usize)?;
            Value::Other(length.into())
        }
        11 if depth < DEPTH => {
            let count = wire.be32()?;
            for _ in 0..count {
                short_text(wire)?;
                value(wire, depth + 1)?;
            }
            Value::Other(count.into())
        }
        12 if depth < DEPTH => {
            let count = wire.be32()?;
            for _ in 0..count {
                value(wire, depth + 1)?;
            }
            Value::Other(count.into())
        }
        13 => {
            let length = wire.be32()?;
            Value::Text(wire.take(length as usize)?)
        }
        _ => return Err(wire.broken("a value is of no known kind")),
    })
}

impl Value<'_> {
    /// As text.
    pub(super) fn told(self) -> String {
        match self {
            Value::Null => "null".to_owned(),
            Value::Boolean(is) => is.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Text(text) => lossy(text).into_owned(),
            Value::Other(length) => format!("<{length}>"),
        }
    }
}
