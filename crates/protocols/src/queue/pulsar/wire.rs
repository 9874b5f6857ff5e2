//! Frames: a length, the length of a command, the command, and messages behind some.

use model::conn::Speaker;

use crate::kit::protobuf::{Value, fields};
use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::commands::{Command, command};

/// A broker takes no longer frame: `maxMessageSize` is 5 MiB, unless somebody wanted far more.
const LONGEST: u32 = 128 << 20;
/// The shortest command is its number.
const SHORTEST: u32 = 4;
/// So many bytes of a frame are looked at.
pub(super) const LOOKED: usize = 64 << 10;

/// A frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) command: Command,
    /// The fields of the command, as far as they are there.
    pub(super) fields: &'a [u8],
    /// What stands behind the command, as far as it is there.
    pub(super) payload: &'a [u8],
}

/// Reads the lengths: of what stands behind them, and of the command.
fn lengths(wire: &mut Reader<'_>) -> Read<(u32, u32)> {
    let total = wire.be32()?;
    if !(SHORTEST..=LONGEST).contains(&total) {
        return Err(wire.broken("a frame has an impossible length"));
    }
    let size = wire.be32()?;
    match total.checked_sub(4).filter(|left| size <= *left && size >= 2) {
        Some(left) => Ok((left, size)),
        None => Err(wire.broken("a command is longer than its frame")),
    }
}

/// The next frame of `speaker`, which is passed over; `None` where its command was lost.
pub(super) fn frame<'a>(speaker: Speaker, wire: &mut Reader<'a>) -> Read<Option<Frame<'a>>> {
    let (left, size) = lengths(wire)?;
    let sample = wire.sample(left.into(), LOOKED)?;
    let there = (size as usize).min(sample.bytes.len());
    let (said, payload) = sample.bytes.split_at_checked(there).unwrap_or((sample.bytes, &[]));
    if said.len() < (size as usize).min(LOOKED) {
        return Ok(None);
    }
    match base(speaker, said) {
        Some((command, fields, _)) => Ok(Some(Frame { command, fields, payload })),
        None => Err(wire.broken("a command is none that this side says")),
    }
}

/// What a `BaseCommand` is, its fields, and how long they truly are: its number comes first, and its own field is the rest.
fn base(speaker: Speaker, said: &[u8]) -> Option<(Command, &[u8], usize)> {
    let rest = said.strip_prefix(&[0x08])?;
    let (number, rest) = number(rest)?;
    let command = command(number, speaker)?;
    let (tag, rest) = self::number(rest)?;
    let (length, rest) = self::number(rest)?;
    let length = usize::try_from(length).ok()?;
    (tag == number << 3 | 2).then_some((command, rest.get(..length).unwrap_or(rest), length))
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(place + 1..)?));
        }
    }
    None
}

/// Whether bytes begin with a frame of `speaker`: its lengths, and a command that ends where they say.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Read<()> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let (_, size) = lengths(&mut wire)?;
    let size = size as usize;
    let said = wire.rest().get(..size).unwrap_or(wire.rest());
    if said.len() < 12 && said.len() < size {
        return if said.is_empty() || said.first() == Some(&0x08) {
            Err(Stop::Short)
        } else {
            Err(wire.broken("a command does not begin like one"))
        };
    }
    let ends = base(speaker, said).is_some_and(|(_, fields, length)| {
        let begin = said.len() - fields.len();
        if fields.len() == length { begin + length == said.len() } else { begin + length == size }
    });
    if ends { Ok(()) } else { Err(wire.broken("a command does not begin like one")) }
}

/// The first field of this number: a number.
pub(super) fn numbered(message: &[u8], field: u64) -> Option<u64> {
    fields(message).find(|it| it.number == field).and_then(|it| match it.value {
        Value::Varint(number) | Value::Fixed64(number) => Some(number),
        Value::Fixed32(number) => Some(number.into()),
        Value::Bytes(_) | Value::Cut(_) => None,
    })
}

/// The first field of this number: bytes.
pub(super) fn bytes(message: &[u8], field: u64) -> Option<&[u8]> {
    fields(message).find(|it| it.number == field).and_then(|it| match it.value {
        Value::Bytes(bytes) => Some(bytes),
        Value::Cut(_) | Value::Varint(_) | Value::Fixed64(_) | Value::Fixed32(_) => None,
    })
}
