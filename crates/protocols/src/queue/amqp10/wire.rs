//! Frames (part 2, section 2.3).

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};

/// Frames are no longer than what both sides agreed on, which is 1 MiB at most nearly everywhere; more is room to spare.
const LONGEST: u32 = 64 << 20;
/// Bytes before what a frame holds.
const HEAD: u32 = 8;
/// So many bytes of a frame are looked at.
const LOOKED: usize = 64 << 10;

/// What speaks in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Amqp,
    Sasl,
}

/// A frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) layer: Layer,
    pub(super) channel: u16,
    /// What it holds, as far as it is looked at or was not lost.
    pub(super) bytes: &'a [u8],
    pub(super) is_whole: bool,
}

/// The next frame, passed over.
///
/// # Errors
/// Short while what is looked at may still come, broken when there is no such frame.
pub(super) fn frame<'a>(wire: &mut Reader<'a>) -> Read<Frame<'a>> {
    let (size, offset, kind, channel) = (wire.be32()?, wire.u8()?, wire.u8()?, wire.be16()?);
    let extended = u32::from(offset) * 4;
    let layer = match kind {
        0 => Layer::Amqp,
        1 => Layer::Sasl,
        _ => return Err(wire.broken("no frame is of this kind")),
    };
    if !(HEAD..=LONGEST).contains(&size) || !(HEAD..=size).contains(&extended) {
        return Err(wire.broken("a frame is shorter or longer than it can be"));
    }
    let sample = wire.sample((size - HEAD).into(), LOOKED)?;
    let bytes = sample.bytes.get((extended - HEAD) as usize..).unwrap_or_default();
    Ok(Frame { layer, channel, bytes, is_whole: !sample.is_cut() })
}

impl<'a> Frame<'a> {
    /// A reader of what it holds.
    pub(super) fn reader(&self) -> Reader<'a> {
        Reader::new(self.bytes, 0, Ahead::End)
    }
}
