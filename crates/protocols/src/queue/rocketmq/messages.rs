//! Messages as brokers keep them, and as producers put several into one (`MessageDecoder`).

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};

/// What a message that is kept begins with, behind its length; since 5.1 a topic may be longer.
const MAGIC: [u32; 2] = [0xdaa3_20a7, 0xdaa3_20ab];
/// The bits of `MessageSysFlag`.
const COMPRESSED: u32 = 1;
const BORN_BY_IPV6: u32 = 1 << 4;
const KEPT_BY_IPV6: u32 = 1 << 5;

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) topic: &'a [u8],
    pub(super) queue: u32,
    pub(super) offset: u64,
    pub(super) body: &'a [u8],
    pub(super) packing: Option<&'static str>,
    /// `name \x01 value \x02`, as often as there are some.
    pub(super) properties: &'a [u8],
}

/// How a body is compressed whose flags are these: `MessageSysFlag` and `CompressionType`.
pub(super) fn packing(flags: u32) -> Option<&'static str> {
    if flags & COMPRESSED == 0 {
        return None;
    }
    Some(match flags >> 8 & 7 {
        0 | 3 => "zlib",
        1 => "lz4",
        2 => "zstd",
        _ => "unknown",
    })
}

impl<'a> Message<'a> {
    /// The next one that is kept.
    pub(super) fn kept(wire: &mut Reader<'a>) -> Read<Message<'a>> {
        let size = wire.be32()?;
        let Some(size) = size.checked_sub(4) else { return Err(wire.broken("a message has no length")) };
        let bytes = wire.take(size as usize)?;
        let mut inner = Reader::new(bytes, 0, Ahead::End);
        let magic = inner.be32()?;
        if !MAGIC.contains(&magic) {
            return Err(inner.broken("no message begins so"));
        }
        inner.be32()?;
        let queue = inner.be32()?;
        inner.be32()?;
        let offset = inner.be64()?;
        inner.be64()?;
        let flags = inner.be32()?;
        let host = |v6: u32| if flags & v6 == 0 { 8 } else { 20 };
        inner.take(8 + host(BORN_BY_IPV6) + 8 + host(KEPT_BY_IPV6) + 4 + 8)?;
        let length = inner.be32()?;
        let body = inner.take(length as usize)?;
        let length = if magic == MAGIC[0] { u16::from(inner.u8()?) } else { inner.be16()? };
        let topic = inner.take(length.into())?;
        let length = inner.be16()?;
        let properties = inner.take(length.into())?;
        Ok(Message { topic, queue, offset, body, packing: packing(flags), properties })
    }

    /// The next one of a batch, whose topic the request names.
    pub(super) fn batched(wire: &mut Reader<'a>) -> Read<Message<'a>> {
        let size = wire.be32()?;
        let Some(size) = size.checked_sub(4) else { return Err(wire.broken("a message has no length")) };
        let mut inner = Reader::new(wire.take(size as usize)?, 0, Ahead::End);
        inner.take(12)?;
        let length = inner.be32()?;
        let body = inner.take(length as usize)?;
        let length = inner.be16()?;
        let properties = inner.take(length.into())?;
        Ok(Message { topic: &[], queue: 0, offset: 0, body, packing: None, properties })
    }
}

/// The names and values of properties.
pub(super) fn properties(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|byte| *byte == 2).filter_map(|property| {
        let at = memchr::memchr(1, property)?;
        Some((property.get(..at)?, property.get(at + 1..)?))
    })
}
