//! LZ4's frames, which may be cut anywhere: what comes before the cut is read.

use super::repetition::repeat;

/// What a frame begins with.
const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
/// Flags of a frame: checksums stand behind its blocks; how long it truly is stands in its head; a dictionary is named.
const BLOCK_CHECKSUMS: u8 = 1 << 4;
const CONTENT_SIZE: u8 = 1 << 3;
const DICTIONARY: u8 = 1;
/// The bit of a block's length that says that it is not packed.
const PLAIN: u32 = 1 << 31;
/// The shortest repetition.
const SHORTEST: usize = 4;

/// Reads a frame (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>) to its end, to `most` bytes, or to the
/// first byte that breaks it.
///
/// Checksums are passed over: some clients wrote wrong ones for years (KAFKA-3160).
pub fn read(frame: &[u8], most: usize, content: &mut Vec<u8>) {
    let Some(mut rest) = blocks(frame) else { return };
    let behind = if flags(frame) & BLOCK_CHECKSUMS == 0 { 0 } else { 4 };
    while content.len() < most {
        let Some((size, block)) = rest.split_first_chunk() else { break };
        let size = u32::from_le_bytes(*size);
        let length = (size & !PLAIN) as usize;
        if length == 0 {
            break;
        }
        let kept = block.get(..length).unwrap_or(block);
        if size & PLAIN != 0 {
            content.extend_from_slice(kept.get(..most - content.len()).unwrap_or(kept));
        } else {
            read_block(kept, most, content);
        }
        rest = block.get(length + behind..).unwrap_or_default();
    }
    content.truncate(most);
}

fn flags(frame: &[u8]) -> u8 {
    frame.get(MAGIC.len()).copied().unwrap_or_default()
}

/// The blocks behind the head of a frame.
fn blocks(frame: &[u8]) -> Option<&[u8]> {
    let rest = frame.strip_prefix(&MAGIC)?;
    let flags = flags(frame);
    let size = if flags & CONTENT_SIZE == 0 { 0 } else { 8 };
    let dictionary = if flags & DICTIONARY == 0 { 0 } else { 4 };
    // Two bytes of flags, and a checksum.
    rest.get(2 + size + dictionary + 1..)
}

/// Reads a block (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md>) likewise.
pub fn read_block(block: &[u8], most: usize, content: &mut Vec<u8>) {
    let mut rest = block;
    while content.len() < most {
        let Some(next) = sequence(rest, most, content) else { break };
        rest = next;
    }
    content.truncate(most);
}

/// Reads one sequence, bytes and a repetition: what comes behind it.
fn sequence<'a>(rest: &'a [u8], most: usize, content: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (token, rest) = rest.split_first()?;
    let (literals, rest) = length(usize::from(token >> 4), rest)?;
    let kept = rest.get(..literals.min(rest.len()).min(most))?;
    content.extend_from_slice(kept);
    // The last sequence ends with its bytes.
    let (back, rest) = rest.get(literals..)?.split_first_chunk()?;
    let (matched, rest) = length(usize::from(token & 15), rest)?;
    repeat(content, u16::from_le_bytes(*back).into(), (SHORTEST + matched).min(most))?;
    Some(rest)
}

/// A length of which the first four bits are known: the next bytes add to it while they are full.
fn length(mut length: usize, mut rest: &[u8]) -> Option<(usize, &[u8])> {
    if length < 15 {
        return Some((length, rest));
    }
    loop {
        let (more, behind) = rest.split_first()?;
        (length, rest) = (length.checked_add(usize::from(*more))?, behind);
        if *more < u8::MAX {
            return Some((length, rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{read, read_block};

    /// `python3 -c 'import lz4.frame; print(lz4.frame.compress(b"abcd" * 20 + b"xyz", store_size=False))'`
    const FRAME: &[u8] = b"\x04\"M\x18`@\x82\x0e\x00\x00\x00Oabcd\x04\x007Pcdxyz\x00\x00\x00\x00";
    /// The block in it.
    const BLOCK: &[u8] = b"Oabcd\x04\x007Pcdxyz";

    fn whole() -> Vec<u8> {
        [b"abcd".repeat(20), b"xyz".to_vec()].concat()
    }

    #[test]
    fn a_frame_is_read_whole_and_cut() {
        for cut in 0..=FRAME.len() {
            for most in [0, 10, 1000] {
                let mut content = Vec::new();
                read(&FRAME[..cut], most, &mut content);
                assert!(whole().starts_with(&content) && content.len() <= most, "{cut}");
                assert!(cut < FRAME.len() || content.len() == whole().len().min(most));
            }
        }
    }

    #[test]
    fn a_block_may_be_plain() {
        let mut frame = FRAME[..7].to_vec();
        for block in [&b"\x0e\x00\x00\x00"[..], BLOCK, b"\x03\x00\x00\x80end\x00\x00\x00\x00"] {
            frame.extend(block);
        }
        let mut content = Vec::new();
        read(&frame, 1000, &mut content);
        assert_eq!(content, [whole(), b"end".to_vec()].concat());
    }

    #[test]
    fn what_points_before_the_beginning_ends_the_text() {
        for block in [&b"\x10a\xff\x00"[..], b"\x10a\x00\x00", b"\xff\xff"] {
            let mut content = Vec::new();
            read_block(block, 1000, &mut content);
            assert!(content.len() <= 1);
        }
    }
}
