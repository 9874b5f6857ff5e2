//! Compressed messages: what they hold, to a bound.

use std::io::Read as _;

use crate::kit::snappy;

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
        1 => snappy::read(body, most, &mut content),
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
