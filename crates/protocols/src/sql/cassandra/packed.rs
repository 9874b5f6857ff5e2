//! What is packed: bodies up to version 4 (native_protocol_v4.spec 5), the payloads of frames in version 5.

use crate::kit::lz4;
use crate::kit::snappy;

use super::wire::{BODY, Body};

/// The most bytes of a packed body that are looked at.
pub(super) const GATHERED: usize = 128 << 10;

/// How bodies are packed, as the client said when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Lz4,
    Snappy,
}

impl Way {
    /// The way of this name.
    pub(super) fn of(name: &[u8]) -> Option<Way> {
        if name.eq_ignore_ascii_case(b"lz4") {
            Some(Way::Lz4)
        } else {
            name.eq_ignore_ascii_case(b"snappy").then_some(Way::Snappy)
        }
    }
}

/// What a body holds, as far as it is kept, and how long it truly is.
///
/// `None` where it was not packed this way.
pub(super) fn body(way: Way, packed: Body<'_>) -> Option<(Vec<u8>, u64)> {
    let mut content = Vec::new();
    let length = match way {
        Way::Lz4 => {
            let (length, block) = packed.bytes.split_first_chunk()?;
            lz4::read_block(block, BODY, &mut content);
            u64::from(u32::from_be_bytes(*length))
        }
        Way::Snappy => {
            snappy::read(packed.bytes, BODY, &mut content);
            length(packed.bytes)?
        }
    };
    let is_whole = packed.length == packed.bytes.len() as u64;
    let wanted = usize::try_from(length).unwrap_or(usize::MAX).min(BODY);
    let fits = content.len() == wanted || !is_whole && content.len() < wanted;
    (fits && !content.is_empty()).then_some((content, length))
}

/// What the payload of a frame holds, which says how long it is.
pub(super) fn payload(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    lz4::read_block(packed, length, &mut content);
    (content.len() == length).then_some(content)
}

/// The length that Snappy's blocks begin with, seven bits a byte.
fn length(block: &[u8]) -> Option<u64> {
    let end = block.iter().take(5).position(|byte| byte & 0x80 == 0)?;
    let bytes = block.get(..=end)?;
    Some(bytes.iter().rev().fold(0, |length, byte| length << 7 | u64::from(byte & 0x7f)))
}
