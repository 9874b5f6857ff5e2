//! The packets of the binary protocol: "Packet Structure" of its specification.

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

use super::opcodes::{Opcode, by_code};
use super::wire::{CELL, KEY, VALUE};

/// What begins a request, and what a response.
pub(super) const REQUEST: u8 = 0x80;
pub(super) const RESPONSE: u8 = 0x81;
/// The bytes before extras, key and value.
pub(super) const HEADER: usize = 24;
/// A server's statuses: "Response Status".
const STATUSES: [u16; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20, 0x21, 0x81, 0x82, 0x83, 0x84, 0x85];

/// A packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) opcode: &'static Opcode,
    /// Of a response.
    pub(super) status: u16,
    pub(super) opaque: u32,
    pub(super) cas: u64,
    pub(super) extras: &'a [u8],
    pub(super) key: &'a [u8],
    pub(super) value: Sample<'a>,
}

/// The next packet that begins with `magic`, passed over; of a long value its beginning.
///
/// # Errors
/// [`Stop::Short`] when what is kept of it is not there, [`Stop::Broken`] when it is none.
pub(super) fn packet<'a>(magic: u8, wire: &mut Reader<'a>) -> Read<Packet<'a>> {
    let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
    let [first, code] = ahead.array()?;
    let opcode = by_code(code).filter(|_| first == magic);
    let Some(opcode) = opcode else { return Err(wire.broken("a packet has an unknown command")) };
    let key = usize::from(ahead.be16()?);
    let [extras, kind] = ahead.array()?;
    let status = ahead.be16()?;
    let body = u64::from(ahead.be32()?);
    let (opaque, cas) = (ahead.be32()?, ahead.be64()?);
    let value = body.checked_sub(key as u64 + u64::from(extras)).filter(|value| *value <= VALUE);
    let Some(value) = value.filter(|_| kind == 0 && key <= KEY) else {
        return Err(wire.broken("a packet has impossible lengths"));
    };
    let fits = match magic {
        REQUEST => opcode.kind.fits(usize::from(extras), key, value),
        _ => STATUSES.contains(&status),
    };
    if !fits {
        return Err(wire.broken("a packet does not fit its command"));
    }
    let extras = ahead.take(usize::from(extras))?;
    let key = ahead.take(key)?;
    let value = ahead.sample(value, CELL)?;
    wire.skip(ahead.taken() as u64 + ahead.debt());
    Ok(Packet { opcode, status, opaque, cas, extras, key, value })
}

/// A number of as many bytes as there are.
pub(super) fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Whether `bytes` begin with a packet, as far as they go.
pub(super) fn begins(magic: u8, bytes: &[u8]) -> Read<()> {
    match packet(magic, &mut Reader::new(bytes, 0, Ahead::Open)) {
        // The header alone says as much as the whole.
        Err(Stop::Short) if bytes.len() >= HEADER => Ok(()),
        read => read.map(drop),
    }
}
