//! What values are (`[option]`, native_protocol_v5.spec 4.2.5.2 and 6), and what their types are called.

use std::borrow::Cow;

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::wire::string;

/// Types that hold others deeper than this are an attack.
const DEPTH: usize = 8;
/// A type that holds more others is one too.
const FIELDS: u16 = 1024;

/// How a value is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Blob,
    Boolean,
    /// A whole number of 1, 2, 4 or 8 bytes.
    Integer,
    Varint,
    Decimal,
    Float,
    Double,
    Timestamp,
    Date,
    Time,
    Duration,
    Uuid,
    Inet,
    /// A class of the server's, or what the wire says nothing of.
    Unknown,
    List(Box<Kind>),
    Set(Box<Kind>),
    Map(Box<(Kind, Kind)>),
    Tuple(Box<[Kind]>),
    /// Fields with names.
    User(Box<[(Box<str>, Kind)]>),
}

/// A type: what it is called, and how its values are read.
pub(super) type Type = (Cow<'static, str>, Kind);

/// Reads an `[option]`.
pub(super) fn read(wire: &mut Reader<'_>) -> Read<Type> {
    within(wire, DEPTH)
}

/// Passes over an `[option]`.
pub(super) fn pass(wire: &mut Reader<'_>) -> Read<()> {
    pass_within(wire, DEPTH)
}

fn pass_within(wire: &mut Reader<'_>, depth: usize) -> Read<()> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(wire.broken("types hold each other too deeply"));
    };
    match wire.be16()? {
        0x00 => _ = string(wire)?,
        0x20 | 0x22 => pass_within(wire, depth)?,
        0x21 => {
            pass_within(wire, depth)?;
            pass_within(wire, depth)?;
        }
        0x30 => {
            string(wire)?;
            string(wire)?;
            for _ in 0..count(wire)? {
                string(wire)?;
                pass_within(wire, depth)?;
            }
        }
        0x31 => {
            for _ in 0..count(wire)? {
                pass_within(wire, depth)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn within(wire: &mut Reader<'_>, depth: usize) -> Read<Type> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(wire.broken("types hold each other too deeply"));
    };
    let (name, kind) = match wire.be16()? {
        0x00 => return Ok((Cow::Owned(lossy(string(wire)?).into_owned()), Kind::Unknown)),
        0x01 => ("ascii", Kind::Text),
        0x02 => ("bigint", Kind::Integer),
        0x03 => ("blob", Kind::Blob),
        0x04 => ("boolean", Kind::Boolean),
        0x05 => ("counter", Kind::Integer),
        0x06 => ("decimal", Kind::Decimal),
        0x07 => ("double", Kind::Double),
        0x08 => ("float", Kind::Float),
        0x09 => ("int", Kind::Integer),
        // What version 2 called text.
        0x0a | 0x0d => ("text", Kind::Text),
        0x0b => ("timestamp", Kind::Timestamp),
        0x0c => ("uuid", Kind::Uuid),
        0x0e => ("varint", Kind::Varint),
        0x0f => ("timeuuid", Kind::Uuid),
        0x10 => ("inet", Kind::Inet),
        0x11 => ("date", Kind::Date),
        0x12 => ("time", Kind::Time),
        0x13 => ("smallint", Kind::Integer),
        0x14 => ("tinyint", Kind::Integer),
        0x15 => ("duration", Kind::Duration),
        0x20 => return of_one(wire, depth, "list", Kind::List),
        0x21 => {
            let (key, of_key) = within(wire, depth)?;
            let (value, of_value) = within(wire, depth)?;
            return Ok((format!("map<{key}, {value}>").into(), Kind::Map(Box::new((of_key, of_value)))));
        }
        0x22 => return of_one(wire, depth, "set", Kind::Set),
        0x30 => return user(wire, depth),
        0x31 => return tuple(wire, depth),
        number => return Ok((format!("option {number}").into(), Kind::Unknown)),
    };
    Ok((Cow::Borrowed(name), kind))
}

fn of_one(wire: &mut Reader<'_>, depth: usize, name: &str, of: impl Fn(Box<Kind>) -> Kind) -> Read<Type> {
    let (inner, kind) = within(wire, depth)?;
    Ok((format!("{name}<{inner}>").into(), of(Box::new(kind))))
}

fn count(wire: &mut Reader<'_>) -> Read<u16> {
    let count = wire.be16()?;
    if count > FIELDS { Err(wire.broken("a type has too many fields")) } else { Ok(count) }
}

fn user(wire: &mut Reader<'_>, depth: usize) -> Read<Type> {
    let (keyspace, name) = (string(wire)?, string(wire)?);
    let called = format!("{}.{}", lossy(keyspace), lossy(name));
    let mut fields = Vec::new();
    for _ in 0..count(wire)? {
        let name = lossy(string(wire)?).into_owned();
        let (_, kind) = within(wire, depth)?;
        fields.push((name.into_boxed_str(), kind));
    }
    Ok((called.into(), Kind::User(fields.into())))
}

fn tuple(wire: &mut Reader<'_>, depth: usize) -> Read<Type> {
    let (mut names, mut kinds) = (Vec::new(), Vec::new());
    for _ in 0..count(wire)? {
        let (name, kind) = within(wire, depth)?;
        names.push(name);
        kinds.push(kind);
    }
    Ok((format!("tuple<{}>", names.join(", ")).into(), Kind::Tuple(kinds.into())))
}
