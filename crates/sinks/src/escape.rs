//! Texts escaped for JSON (RFC 8259, section 7): thirty-two bytes are looked at together, and each eight of them make room
//! together for their backslashes.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x16, u8x32, u64x2};

/// So many bytes of a text are looked at together; most are short.
pub(crate) const PIECE: usize = 16;

/// So many are spread out together.
pub(crate) const HALF: usize = PIECE / 2;

/// So many bytes of a longer text are looked at together.
const BLOCK: usize = 2 * PIECE;

/// Where a backslash stands, behind a half.
const BACKSLASH: u8 = 8;

/// The bytes of the longest escape, `\u001f`.
const LONGEST: usize = 6;

/// The most bytes that are written for a block, and behind it.
pub(crate) const ESCAPED: usize = LONGEST * BLOCK + PIECE;

/// Writes the beginning of `text` into `room`, escaped; the rest of the text, and how many bytes of room are left.
pub(crate) fn escape_into<'a>(text: &'a [u8], room: &mut [u8]) -> (&'a [u8], usize) {
    dispatch!(Level::new(), simd => escape_by(simd, text, room))
}

#[inline(always)]
fn escape_by<'a, S: Simd>(simd: S, mut text: &'a [u8], mut room: &mut [u8]) -> (&'a [u8], usize) {
    // What is left over when a text is cut into blocks comes first: most of the time there are bytes behind it to fill up
    // its block.
    let mut length = (text.len() + BLOCK - 1) % BLOCK + 1;
    let mut short = [b' '; BLOCK];
    while !text.is_empty()
        && let Some(place) = room.first_chunk_mut()
    {
        let block = text.first_chunk().unwrap_or_else(
            #[inline(always)]
            || {
                short[..length].copy_from_slice(text);
                &short
            },
        );
        let written = escape_block(simd, block, length, place);
        text = text.get(length..).unwrap_or_default();
        room = room.get_mut(written..).unwrap_or_default();
        length = BLOCK;
    }
    (text, room.len())
}

/// Writes the first `length` bytes of a block, escaped, and says how many bytes they became.
#[inline(always)]
fn escape_block<S: Simd>(simd: S, block: &[u8; BLOCK], length: usize, place: &mut [u8; ESCAPED]) -> usize {
    let mut bytes = u8x32::load_array_ref(simd, block);
    let controls = bytes.simd_le(LAST_CONTROL);
    let found = (controls | bytes.simd_eq(b'"') | bytes.simd_eq(b'\\')).to_bitmask();
    if found == 0 {
        place[..BLOCK].copy_from_slice(block);
        return length;
    }
    if controls.any_true() {
        let [lines, returns, tabs] = [bytes.simd_eq(b'\n'), bytes.simd_eq(b'\r'), bytes.simd_eq(b'\t')];
        if (controls & !(lines | returns | tabs)).any_true() {
            return escape_bytes(&block[..length], place);
        }
        let letter = |letter| u8x32::splat(simd, letter);
        bytes = lines.select(letter(b'n'), returns.select(letter(b'r'), tabs.select(letter(b't'), bytes)));
    }
    let (first, second) = bytes.split();
    let backslashes = u64x2::splat(simd, u64::from_ne_bytes([b'\\'; HALF]));
    let [first, second]: [u64x2<S>; 2] = [first.bitcast(), second.bitcast()];
    let halves = [
        first.zip_low(backslashes),
        first.zip_high(backslashes),
        second.zip_low(backslashes),
        second.zip_high(backslashes),
    ];
    for (at, half) in halves.into_iter().enumerate() {
        let half: u8x16<S> = half.bitcast();
        let before = HALF * at;
        let begin = before + (found & ((1 << before) - 1)).count_ones() as usize;
        let spread = u8x16::load_array_ref(simd, &SPREAD[usize::from(found.to_le_bytes()[at])]);
        place[begin..][..PIECE].copy_from_slice(&half.swizzle_dyn(spread).to_array());
    }
    // Of bytes that do not count, neither do their backslashes.
    let counted = found & (u64::MAX >> (u64::BITS as usize - length));
    length + counted.count_ones() as usize
}

/// The bytes of a piece that JSON wants escaped: control characters, quotes and backslashes; a bit for each.
///
/// By what every processor can: where the next step is not far.
#[inline]
pub(crate) fn escapes(piece: &[u8; PIECE]) -> u64 {
    dispatch!(Level::baseline(), simd => {
        let piece = u8x16::load_array_ref(simd, piece);
        (piece.simd_le(LAST_CONTROL) | piece.simd_eq(b'"') | piece.simd_eq(b'\\')).to_bitmask()
    })
}

/// Whether a text that is no shorter than a piece has [`escapes`].
#[inline]
pub(crate) fn has_escapes(text: &[u8]) -> bool {
    let (blocks, _) = text.as_chunks();
    // What is last has the rest of the text, and bytes that were looked at before.
    match text.last_chunk() {
        Some(last) => blocks.iter().any(are_escapes_in) || are_escapes_in(last),
        None => [text.first_chunk(), text.last_chunk()].iter().flatten().any(|piece| escapes(piece) != 0),
    }
}

#[inline]
fn are_escapes_in(block: &[u8; BLOCK]) -> bool {
    dispatch!(Level::baseline(), simd => {
        let block = u8x32::load_array_ref(simd, block);
        (block.simd_le(LAST_CONTROL) | block.simd_eq(b'"') | block.simd_eq(b'\\')).any_true()
    })
}

/// The last of the control characters, but for one that needs no escape.
const LAST_CONTROL: u8 = 0x1f;

/// By which bytes of a half are escaped, what comes to each place: a byte of the half, or a backslash.
static SPREAD: [[u8; PIECE]; 1 << HALF] = {
    let mut spread = [[0; PIECE]; 1 << HALF];
    let mut found = 0;
    while found < spread.len() {
        let (mut at, mut to) = (0, 0);
        while at < BACKSLASH {
            if found >> at & 1 == 1 {
                spread[found][to] = BACKSLASH;
                to += 1;
            }
            spread[found][to] = at;
            (at, to) = (at + 1, to + 1);
        }
        found += 1;
    }
    spread
};

/// [`escape_block`] of any bytes, one by one.
#[inline(never)]
fn escape_bytes(bytes: &[u8], place: &mut [u8; ESCAPED]) -> usize {
    let mut written = 0;
    for byte in bytes {
        let letter = match byte {
            b'"' | b'\\' => *byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..=LAST_CONTROL => {
                place[written..][..LONGEST].copy_from_slice(&numbered(*byte));
                written += LONGEST;
                continue;
            }
            _ => {
                place[written] = *byte;
                written += 1;
                continue;
            }
        };
        place[written..][..2].copy_from_slice(&[b'\\', letter]);
        written += 2;
    }
    written
}

/// The escape of a byte by its number.
fn numbered(byte: u8) -> [u8; LONGEST] {
    let digit = |digit: u8| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
    [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]
}

/// A text that is shorter than a piece and no shorter than half of one, and nothing behind it.
#[inline]
pub(crate) fn padded(text: &[u8]) -> [u8; PIECE] {
    let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else { return [0; PIECE] };
    // The bytes of `last` that `first` has not, by the two shifts that one of 64 bits is.
    let behind = 8 * (text.len() - HALF);
    let (low, high) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last) >> 1 >> (63 - behind));
    (u128::from(low) | u128::from(high) << 64).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};
    use proptest::{collection, prop_assert_eq, proptest};

    use super::{ESCAPED, escape_by};

    proptest! {
        #[test]
        fn all_processors_escape_alike(
            text in collection::vec(proptest::sample::select(b"\"\\\n\r\t\x01\x1f\x7f ab".to_vec()), 0..200),
        ) {
            let [best, least] = [Level::new(), Level::baseline()].map(|level| {
                let mut room = vec![0; 6 * text.len() + ESCAPED];
                let (rest, left) = dispatch!(level, simd => escape_by(simd, &text, &mut room));
                assert!(rest.is_empty());
                room.truncate(room.len() - left);
                room
            });
            prop_assert_eq!(best, least);
        }
    }
}
