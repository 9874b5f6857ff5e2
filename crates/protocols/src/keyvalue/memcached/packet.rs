//! memcached's own packets of the binary protocol: its commands and statuses.

use crate::keyvalue::packet::{HEADER, Head, REQUEST};
use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

use super::opcodes::{Opcode, by_code};
use super::wire::{CELL, KEY, VALUE};

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
    let &[first, code] = wire.peek(2)? else { return Err(Stop::Short) };
    let opcode = by_code(code).filter(|_| first == magic);
    let Some(opcode) = opcode else { return Err(wire.broken("a packet has an unknown command")) };
    let head = Head::read(&mut ahead)?;
    if head.value > VALUE || head.datatype != 0 || head.key > KEY {
        return Err(wire.broken("a packet has impossible lengths"));
    }
    let fits = match magic {
        // memcached has no partitions: who names one is a client of Couchbase.
        REQUEST => head.status == 0 && opcode.kind.fits(head.extras, head.key, head.value),
        _ => STATUSES.contains(&head.status),
    };
    if !fits {
        return Err(wire.broken("a packet does not fit its command"));
    }
    let packet = head.packet(CELL, &mut ahead)?;
    wire.skip(ahead.taken() as u64 + ahead.debt());
    Ok(Packet {
        opcode,
        status: head.status,
        opaque: head.opaque,
        cas: head.cas,
        extras: packet.extras,
        key: packet.key,
        value: packet.value,
    })
}

/// Whether `bytes` begin with a packet, as far as they go.
pub(super) fn begins(magic: u8, bytes: &[u8]) -> Read<()> {
    match packet(magic, &mut Reader::new(bytes, 0, Ahead::Open)) {
        // The header alone says as much as the whole.
        Err(Stop::Short) if bytes.len() >= HEADER => Ok(()),
        read => read.map(drop),
    }
}
