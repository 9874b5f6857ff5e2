//! Compressed messages: what they hold, to a bound.

use std::io::Read as _;

/// The most bytes of a compressed message that are gathered; a longer one is read to here.
pub(super) const GATHERED: usize = 128 << 10;
/// The most bytes that come of one; a batch of results is mostly shorter, and a bomb ends here.
const CONTENT: usize = 2 << 20;
/// The most bytes of window that a zstd frame may ask for.
const WINDOW: u64 = 8 << 20;

/// What a compressed body says, as far as it goes.
///
/// `None` for a way that nobody knows, and for bytes that say nothing.
pub(super) fn content(way: u8, body: &[u8], length: usize) -> Option<Vec<u8>> {
    let most = length.min(CONTENT);
    let mut content = Vec::new();
    // The end of a sample is cut: what came before it counts.
    let mut read = |from: &mut dyn std::io::Read| _ = from.take(most as u64).read_to_end(&mut content);
    match way {
        0 => read(&mut &*body),
        1 => snappy(body, most, &mut content),
        2 => read(&mut flate2::read::ZlibDecoder::new(body)),
        3 => {
            let mut frames = ruzstd::decoding::FrameDecoder::new();
            frames.set_max_window_size(WINDOW);
            let mut stream = ruzstd::decoding::StreamingDecoder::new_with_decoder(body, frames).ok()?;
            read(&mut stream);
        }
        _ => return None,
    }
    (!content.is_empty()).then_some(content)
}

/// Reads Snappy's block format (<https://github.com/google/snappy/blob/main/format_description.txt>) to its end, to
/// `most` bytes, or to the first byte that breaks it.
fn snappy(body: &[u8], most: usize, content: &mut Vec<u8>) {
    // The length comes first, seven bits a byte; the message has said it already.
    let Some(begin) = body.iter().take(5).position(|byte| byte & 0x80 == 0) else { return };
    let mut rest = body.get(begin + 1..).unwrap_or_default();
    while content.len() < most {
        let Some(next) = element(rest, most, content) else { return };
        rest = next;
    }
    content.truncate(most);
}

/// Reads one element: what comes behind it.
fn element<'a>(rest: &'a [u8], most: usize, content: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (tag, rest) = rest.split_first()?;
    let high = usize::from(tag >> 2);
    match tag & 3 {
        0 => {
            let (length, rest) = match high {
                60.. => little(rest, high - 59)?,
                _ => (high, rest),
            };
            let length = length.checked_add(1)?;
            let kept = rest.get(..length.min(rest.len()).min(most))?;
            content.extend_from_slice(kept);
            rest.get(length..)
        }
        1 => {
            let (low, rest) = little(rest, 1)?;
            repeat(content, (high >> 3) << 8 | low, 4 + (high & 7))?;
            Some(rest)
        }
        kind => {
            let (back, rest) = little(rest, if kind == 2 { 2 } else { 4 })?;
            repeat(content, back, high + 1)?;
            Some(rest)
        }
    }
}

/// A number of `size` bytes, the least significant first, and what comes behind it.
fn little(rest: &[u8], size: usize) -> Option<(usize, &[u8])> {
    let (bytes, rest) = rest.split_at_checked(size)?;
    Some((bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)), rest))
}

/// Adds `length` bytes that stand `back` bytes before the end, which they may overlap.
fn repeat(content: &mut Vec<u8>, back: usize, length: usize) -> Option<()> {
    let from = content.len().checked_sub(back).filter(|_| back > 0)?;
    if back >= length {
        content.extend_from_within(from..from + length);
        return Some(());
    }
    for at in from..from + length {
        content.push(*content.get(at)?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::content;

    /// `python3 -c 'import snappy; print(snappy.compress(b"abcd" * 20 + b"xyz"))'`
    const SNAPPY: &[u8] = b"S\x0cabcd\xfe\x04\x00.\x04\x00\x08xyz";

    #[test]
    fn snappy_is_read_whole_and_cut() {
        let whole = [b"abcd".repeat(20), b"xyz".to_vec()].concat();
        assert_eq!(content(1, SNAPPY, 1000).unwrap(), whole);
        assert_eq!(content(1, SNAPPY, 10).unwrap(), whole[..10]);
        for cut in 0..SNAPPY.len() {
            let read = content(1, &SNAPPY[..cut], 1000).unwrap_or_default();
            assert!(whole.starts_with(&read), "{cut}");
        }
    }

    #[test]
    fn what_points_before_the_beginning_ends_the_text() {
        assert_eq!(content(1, b"\x10\x00a\xfe\x09\x00", 1000).unwrap(), b"a");
        assert_eq!(content(1, b"\x10\xfe\x00\x00", 1000), None);
        assert_eq!(content(9, b"abc", 1000), None);
    }

    #[test]
    fn a_bomb_ends_at_its_bound() {
        let mut zeros = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut zeros, &vec![0; 8 << 20]).unwrap();
        let bomb = zeros.finish().unwrap();
        assert_eq!(content(2, &bomb, usize::MAX).unwrap().len(), super::CONTENT);
    }
}
