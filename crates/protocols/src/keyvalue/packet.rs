//! The packets of memcached's binary protocol ("Packet Structure" of its specification), which Couchbase's is grown from.

use crate::kit::protocol::Read;
use crate::kit::reader::{Reader, Sample};

/// What begins a request, and what a response.
pub(super) const REQUEST: u8 = 0x80;
pub(super) const RESPONSE: u8 = 0x81;
/// The same with frame extras, which only Couchbase has.
pub(super) const FRAMED_REQUEST: u8 = 0x08;
pub(super) const FRAMED_RESPONSE: u8 = 0x18;
/// The bytes before extras, key and value.
pub(super) const HEADER: usize = 24;

/// What stands in the header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) magic: u8,
    pub(super) code: u8,
    /// The lengths of what follows.
    pub(super) frame: usize,
    pub(super) extras: usize,
    pub(super) key: usize,
    pub(super) value: u64,
    /// What the value is, a bit each.
    pub(super) datatype: u8,
    /// Of a response; of a request the partition.
    pub(super) status: u16,
    pub(super) opaque: u32,
    pub(super) cas: u64,
}

/// A packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) head: Head,
    pub(super) frame: &'a [u8],
    pub(super) extras: &'a [u8],
    pub(super) key: &'a [u8],
    pub(super) value: Sample<'a>,
}

impl Head {
    /// The next header, passed over.
    ///
    /// # Errors
    /// [`Stop::Short`](crate::kit::protocol::Stop::Short) when it is not there, `Broken` when its lengths contradict each other.
    pub(super) fn read(wire: &mut Reader<'_>) -> Read<Head> {
        let [magic, code, high, low, extras, datatype] = wire.array()?;
        let status = wire.be16()?;
        let body = u64::from(wire.be32()?);
        let (opaque, cas) = (wire.be32()?, wire.be64()?);
        let (frame, key) = match magic {
            FRAMED_REQUEST | FRAMED_RESPONSE => (usize::from(high), usize::from(low)),
            _ => (0, usize::from(u16::from_be_bytes([high, low]))),
        };
        let extras = usize::from(extras);
        let Some(value) = body.checked_sub((frame + extras + key) as u64) else {
            return Err(wire.broken("a packet is shorter than its parts"));
        };
        Ok(Head { magic, code, frame, extras, key, value, datatype, status, opaque, cas })
    }

    /// The packet that this header begins, passed over; of a long value no more than `kept` bytes are looked at.
    ///
    /// # Errors
    /// [`Stop::Short`](crate::kit::protocol::Stop::Short) when what is kept of it is not there.
    pub(super) fn packet<'a>(self, kept: usize, wire: &mut Reader<'a>) -> Read<Packet<'a>> {
        Ok(Packet {
            head: self,
            frame: wire.take(self.frame)?,
            extras: wire.take(self.extras)?,
            key: wire.take(self.key)?,
            value: wire.sample(self.value, kept)?,
        })
    }
}

/// A number of as many bytes as there are.
pub(super) fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
