//! Eight bytes at a time, in one word: most names and words are no longer, and byte by byte each of them would cost as much.

/// A one in each byte.
const ONES: u64 = u64::MAX / 0xff;
/// The highest bit of each byte.
const TOPS: u64 = ONES << 7;

/// The first eight of these bytes, the first one lowest; zeros where there are fewer.
#[inline(always)]
#[must_use]
pub const fn packed(bytes: &[u8]) -> u64 {
    if let Some(all) = bytes.first_chunk() {
        return u64::from_le_bytes(*all);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        // They overlap, and are the same there.
        return widened(*first) | widened(*last) << (8 * (bytes.len() - size_of::<u32>()));
    }
    match bytes {
        [a, b, c] => widened([*a, *b, *c, 0]),
        [a, b] => widened([*a, *b, 0, 0]),
        [a] => widened([*a, 0, 0, 0]),
        _ => 0,
    }
}

const fn widened(four: [u8; 4]) -> u64 {
    let [a, b, c, d] = four;
    u64::from_le_bytes([a, b, c, d, 0, 0, 0, 0])
}

/// Whether any of eight bytes is below `limit`, which is at most 128.
#[inline(always)]
#[must_use]
pub const fn has_below(word: u64, limit: u8) -> bool {
    // What runs over into the next byte comes of one that is below.
    word.wrapping_sub(ONES * limit as u64) & !word & TOPS != 0
}

/// Whether any of eight bytes is this one.
#[inline(always)]
#[must_use]
pub const fn has(word: u64, byte: u8) -> bool {
    has_below(word ^ (ONES * byte as u64), 1)
}

/// Whether any of eight bytes is no ASCII.
#[inline(always)]
#[must_use]
pub const fn has_high(word: u64) -> bool {
    word & TOPS != 0
}

/// Whether `is` holds for all of these bytes, eight at a time; where there are fewer, the others are `filler`.
#[inline(always)]
#[must_use]
pub fn all(bytes: &[u8], filler: u8, is: impl Fn(u64) -> bool) -> bool {
    let (words, rest) = bytes.as_chunks();
    let filled = |rest: &[u8]| packed(rest) | (ONES * u64::from(filler)) << (8 * rest.len());
    words.iter().all(|word| is(u64::from_le_bytes(*word))) && (rest.is_empty() || is(filled(rest)))
}

/// So many bytes are looked at here for one that is sought; beyond, in wider blocks, for which a call is worth it.
const NEAR: usize = 32;

/// Where a byte stands first. Most that is sought ends a short name, for which a call is far.
#[inline]
#[must_use]
pub fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    let near = bytes.get(..NEAR).unwrap_or(bytes);
    let (words, rest) = near.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let differing = u64::from_le_bytes(*word) ^ (ONES * u64::from(byte));
        // The lowest bit of these is that of the first byte that does not differ.
        let same = differing.wrapping_sub(ONES) & !differing & TOPS;
        if same != 0 {
            return Some(8 * at + (same.trailing_zeros() / u8::BITS) as usize);
        }
    }
    if bytes.len() > NEAR {
        return memchr::memchr(byte, bytes.get(NEAR..)?).map(|at| at + NEAR);
    }
    rest.iter().position(|other| *other == byte).map(|at| 8 * words.len() + at)
}

#[cfg(test)]
mod tests {
    use super::{all, find, has, has_below, has_high, packed};

    #[test]
    fn a_byte_is_found_where_it_stands_first() {
        for length in 0..70 {
            for (at, byte) in (0..=length).flat_map(|at| [0_u8, 1, 0x7f, 0x80, 0xff].map(|byte| (at, byte))) {
                for other in [byte ^ 1, byte ^ 0x80, byte.wrapping_add(1), byte.wrapping_sub(1)] {
                    let mut bytes = vec![other; length];
                    bytes.iter_mut().skip(at).step_by(2).for_each(|place| *place = byte);
                    assert_eq!(find(byte, &bytes), Some(at).filter(|at| *at < length), "{byte} {bytes:?}");
                }
            }
        }
    }

    #[test]
    fn bytes_stand_in_a_word_from_its_lowest_on() {
        for length in 0..=9 {
            let bytes: Vec<u8> = (1..=length).collect();
            let mut wanted = [0; 8];
            bytes.iter().zip(&mut wanted).for_each(|(byte, place)| *place = *byte);
            assert_eq!(packed(&bytes).to_le_bytes(), wanted);
        }
    }

    #[test]
    fn a_byte_is_seen_wherever_it_stands_and_whatever_is_beside_it() {
        for (byte, other) in
            (0..=255).flat_map(|byte| [0_u8, 1, 31, 32, 127, 128, 255].map(|other| (byte, other)))
        {
            for at in 0..8 {
                let mut bytes = [other; 8];
                bytes[at] = byte;
                let word = u64::from_le_bytes(bytes);
                for limit in [1, 32, 33, 127, 128] {
                    assert_eq!(has_below(word, limit), byte < limit || other < limit, "{bytes:?} {limit}");
                }
                assert_eq!(has(word, 127), byte == 127 || other == 127);
                assert_eq!(has_high(word), byte > 127 || other > 127);
            }
        }
    }

    #[test]
    fn what_is_not_there_is_not_looked_at() {
        for length in 0..20 {
            let mut bytes = vec![b'a'; length];
            assert!(all(&bytes, b'a', |word| !has_below(word, b'a') && !has(word, b'b')));
            if let Some(last) = bytes.last_mut() {
                *last = b'b';
                assert!(!all(&bytes, b'a', |word| !has(word, b'b')));
            }
        }
    }
}
