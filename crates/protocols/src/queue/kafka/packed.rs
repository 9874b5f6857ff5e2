//! Packed records: what they hold, to a bound.

use std::io::Read as _;

use crate::kit::{lz4, snappy};

/// The most bytes of packed records that are gathered: the first block of every way to pack, 64 KiB, and its head.
pub(super) const GATHERED: usize = (64 << 10) + 64;
/// The most bytes of window that a zstd frame may ask for.
const WINDOW: u64 = 8 << 20;
/// What Java's Snappy writes before its blocks: a magic, and two versions of four bytes.
const XERIAL: &[u8] = b"\x82SNAPPY\0";
const XERIAL_HEAD: usize = 16;

/// The bits of a batch's attributes that say how it is packed.
const WAY: u16 = 7;

/// How records are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Gzip,
    Snappy,
    Lz4,
    Zstd,
    /// None that anybody knows.
    Unknown,
}

impl Way {
    /// How a batch with these attributes is packed; `None` if it is not.
    #[inline]
    pub(super) fn of(attributes: u16) -> Option<Way> {
        match attributes & WAY {
            0 => None,
            1 => Some(Way::Gzip),
            2 => Some(Way::Snappy),
            3 => Some(Way::Lz4),
            4 => Some(Way::Zstd),
            _ => Some(Way::Unknown),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Way::Gzip => "gzip",
            Way::Snappy => "snappy",
            Way::Lz4 => "lz4",
            Way::Zstd => "zstd",
            Way::Unknown => "unknown",
        }
    }

    /// The first bytes of what is packed, at most `most`, as far as `packed` goes.
    pub(super) fn unpack(self, packed: &[u8], most: usize) -> Vec<u8> {
        let mut content = Vec::new();
        // The end of a sample is cut: what came before it counts.
        let mut read = |from: &mut dyn std::io::Read| _ = from.take(most as u64).read_to_end(&mut content);
        match self {
            Way::Gzip => read(&mut flate2::read::MultiGzDecoder::new(packed)),
            Way::Snappy => snappies(packed, most, &mut content),
            Way::Lz4 => lz4::read(packed, most, &mut content),
            Way::Zstd => {
                let mut frames = ruzstd::decoding::FrameDecoder::new();
                frames.set_max_window_size(WINDOW);
                let stream = ruzstd::decoding::StreamingDecoder::new_with_decoder(packed, frames);
                if let Ok(mut stream) = stream {
                    read(&mut stream);
                }
            }
            Way::Unknown => {}
        }
        content
    }
}

/// Reads one block, or those that Java's Snappy writes, each behind its length.
fn snappies(packed: &[u8], most: usize, content: &mut Vec<u8>) {
    if !packed.starts_with(XERIAL) {
        return snappy::read(packed, most, content);
    }
    let mut rest = packed.get(XERIAL_HEAD..).unwrap_or_default();
    while let Some((length, blocks)) = rest.split_first_chunk()
        && content.len() < most
    {
        let length = u32::from_be_bytes(*length) as usize;
        let mut block = Vec::new();
        snappy::read(blocks.get(..length).unwrap_or(blocks), most - content.len(), &mut block);
        content.append(&mut block);
        rest = blocks.get(length..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::Way;

    /// `python3 -c 'import snappy; print(snappy.compress(b"abcd" * 20 + b"xyz"))'`
    const SNAPPY: &[u8] = b"S\x0cabcd\xfe\x04\x00.\x04\x00\x08xyz";

    #[test]
    fn snappy_comes_bare_and_in_blocks() {
        let whole = [b"abcd".repeat(20), b"xyz".to_vec()].concat();
        assert_eq!(Way::Snappy.unpack(SNAPPY, 1000), whole);
        let mut blocks = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
        for _ in 0..2 {
            blocks.extend(b"\0\0\0\x10");
            blocks.extend(SNAPPY);
        }
        assert_eq!(Way::Snappy.unpack(&blocks, 1000), [whole.clone(), whole.clone()].concat());
        assert_eq!(Way::Snappy.unpack(&blocks, 90).len(), 90);
        for cut in 0..blocks.len() {
            assert!(Way::Snappy.unpack(&blocks[..cut], 1000).len() <= 2 * whole.len());
        }
    }

    #[test]
    fn a_bomb_ends_at_its_bound() {
        let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut zeros, &vec![0; 8 << 20]).unwrap();
        assert_eq!(Way::Gzip.unpack(&zeros.finish().unwrap(), 4096), [0; 4096]);
    }

    #[test]
    fn nothing_comes_of_what_nobody_knows() {
        assert_eq!([Way::of(0), Way::of(0x10), Way::of(5)], [None, None, Some(Way::Unknown)]);
        for way in [Way::Gzip, Way::Snappy, Way::Lz4, Way::Zstd, Way::Unknown] {
            assert!(way.unpack(b"", 100).is_empty() && way.unpack(b"\xff\xff", 100).is_empty());
        }
    }
}
