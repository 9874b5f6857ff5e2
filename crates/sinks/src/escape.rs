//! Texts escaped for JSON (RFC 8259, section 7): sixteen bytes are looked at together, and eight make room together for
//! their backslashes.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x16};

/// So many bytes of a text are looked at together; most texts have nothing to escape in most of their pieces.
pub(crate) const PIECE: usize = 16;

/// So many are spread out together.
pub(crate) const HALF: usize = PIECE / 2;

/// Where the first backslash stands, behind a half.
const BACKSLASH: u8 = 8;

/// The bytes of the longest escape, `\u001f`.
const LONGEST: usize = 6;

/// The most bytes that are written for a piece, and behind it.
pub(crate) const ESCAPED: usize = LONGEST * PIECE + PIECE;

/// Writes the beginning of `text` into `room`, escaped; the rest of the text, and how many bytes of room are left.
pub(crate) fn escape_into<'a>(text: &'a [u8], room: &mut [u8]) -> (&'a [u8], usize) {
    dispatch!(Level::new(), simd => escape_by(simd, text, room))
}

#[inline(always)]
fn escape_by<'a, S: Simd>(simd: S, mut text: &'a [u8], mut room: &mut [u8]) -> (&'a [u8], usize) {
    while let (Some((piece, rest)), Some(place)) = (text.split_first_chunk(), room.first_chunk_mut()) {
        let written = escape_piece(simd, piece, place);
        text = rest;
        room = room.get_mut(written..).unwrap_or_default();
    }
    if text.len() >= PIECE {
        return (text, room.len());
    }
    let Some(place) = room.first_chunk_mut() else { return (text, room.len()) };
    // What stands behind the text is not escaped, and comes last.
    let mut piece = [b' '; PIECE];
    piece.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    let written = escape_piece(simd, &piece, place) - (PIECE - text.len());
    (&[], room.len() - written)
}

/// Writes a piece, escaped, and says how many bytes it became.
#[inline(always)]
fn escape_piece<S: Simd>(simd: S, piece: &[u8; PIECE], place: &mut [u8; ESCAPED]) -> usize {
    let mut bytes = u8x16::load_array_ref(simd, piece);
    let found = found(bytes);
    if found == 0 {
        place[..PIECE].copy_from_slice(piece);
        return PIECE;
    }
    let controls = bytes.simd_le(LAST_CONTROL);
    if controls.any_true() {
        let [lines, returns, tabs] = [bytes.simd_eq(b'\n'), bytes.simd_eq(b'\r'), bytes.simd_eq(b'\t')];
        if (controls & !(lines | returns | tabs)).any_true() {
            return escape_bytes(piece, place);
        }
        let letter = |letter| u8x16::splat(simd, letter);
        bytes = lines.select(letter(b'n'), returns.select(letter(b'r'), tabs.select(letter(b't'), bytes)));
    }
    let backslashes = u8x16::splat(simd, b'\\');
    let [low, high, ..] = found.to_le_bytes();
    let spread = |found: u8| u8x16::load_array_ref(simd, &SPREAD[usize::from(found)]);
    // Before the first half stand the backslashes, and behind the other.
    let low_half = backslashes.slide::<HALF>(bytes).swizzle_dyn(spread(low) ^ BACKSLASH);
    let high_half = bytes.slide::<HALF>(backslashes).swizzle_dyn(spread(high));
    let begin = HALF + low.count_ones() as usize;
    place[..PIECE].copy_from_slice(&low_half.to_array());
    place[begin..][..PIECE].copy_from_slice(&high_half.to_array());
    begin + HALF + high.count_ones() as usize
}

/// The bytes of a piece that JSON wants escaped: control characters, quotes and backslashes; a bit for each.
#[inline(always)]
fn found<S: Simd>(piece: u8x16<S>) -> u64 {
    (piece.simd_le(LAST_CONTROL) | piece.simd_eq(b'"') | piece.simd_eq(b'\\')).to_bitmask()
}

/// [`found`], by what every processor can: for where the next step is not far.
#[inline]
pub(crate) fn escapes(piece: &[u8; PIECE]) -> u64 {
    dispatch!(Level::baseline(), simd => found(u8x16::load_array_ref(simd, piece)))
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

/// [`escape_piece`] of any bytes, one by one.
#[inline(never)]
fn escape_bytes(piece: &[u8; PIECE], place: &mut [u8; ESCAPED]) -> usize {
    let mut written = 0;
    for byte in piece {
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
