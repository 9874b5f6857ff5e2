//! Texts escaped for JSON: sixteen bytes are looked at together, and nothing is measured twice.

use wide::u8x16;

/// So many bytes of a text are looked at together; most texts have nothing to escape in most of their pieces.
const PIECE: usize = 16;

/// So many are escaped together.
const BLOCK: usize = 4 * PIECE;

/// A block and the piece behind it.
const WINDOW: usize = BLOCK + PIECE;

/// The bytes of the longest escape, `\u001f`.
const LONGEST: usize = 6;

/// No escape of a block begins so far from its beginning. A power of two, so that a remainder can tell the compiler.
const REACH: usize = (LONGEST * BLOCK).next_power_of_two();

/// The most bytes that are written for a block, what may follow its last escape included.
pub(crate) const ESCAPED: usize = REACH + LONGEST + PIECE;

/// Writes the beginning of `text` into `room`, escaped; the rest of the text, and how many bytes of room are left.
pub(crate) fn escape_into<'a>(mut text: &'a [u8], mut room: &mut [u8]) -> (&'a [u8], usize) {
    while let Some(window) = text.first_chunk() {
        let Some(place) = room.first_chunk_mut() else { return (text, room.len()) };
        let written = escape_block(window, place);
        text = text.get(BLOCK..).unwrap_or_default();
        room = room.get_mut(written..).unwrap_or_default();
    }
    while let (false, Some(place)) = (text.is_empty(), room.first_chunk_mut()) {
        let mut window = [b' '; WINDOW];
        let (block, rest) = text.split_at_checked(BLOCK).unwrap_or((text, &[]));
        window.get_mut(..text.len()).unwrap_or_default().copy_from_slice(text);
        // What stands behind the text is not escaped, and comes last.
        let written = escape_block(&window, place) - (BLOCK - block.len());
        text = rest;
        room = room.get_mut(written..).unwrap_or_default();
    }
    (text, room.len())
}

/// Writes a window's block, escaped, and says how many bytes it became.
///
/// What stands between two escapes is not measured: behind each, all is copied that may follow.
#[inline]
fn escape_block(window: &[u8; WINDOW], place: &mut [u8; ESCAPED]) -> usize {
    let pieces = || window[..BLOCK].as_chunks().0.iter();
    let lowest = pieces().fold(u8x16::splat(u8::MAX), |lowest, piece| lowest.min(u8x16::from(*piece)));
    if lowest.simd_eq(lowest.min(u8x16::splat(0x1f))).any() {
        return escape_controls(window, place);
    }
    let mut written = 0;
    for (begin, piece) in (0..).step_by(PIECE).zip(pieces()) {
        place[written % REACH..][..PIECE].copy_from_slice(piece);
        let (_, others) = special(piece);
        let mut found = u64::from(others.to_bitmask());
        // All of these stand for themselves, behind a backslash.
        while found != 0 {
            let at = found.trailing_zeros() as usize % PIECE;
            found &= found - 1;
            let to = &mut place[(at + written) % REACH..][..1 + PIECE];
            to[0] = b'\\';
            to[1..].copy_from_slice(&window[begin + at..][..PIECE]);
            written += 1;
        }
        written += PIECE;
    }
    written
}

/// [`escape_block`] of any bytes.
#[inline(never)]
fn escape_controls(window: &[u8; WINDOW], place: &mut [u8; ESCAPED]) -> usize {
    let mut written = 0;
    for begin in (0..BLOCK).step_by(PIECE) {
        let piece = window[begin..].first_chunk().unwrap_or(&[0; PIECE]);
        place[written % REACH..][..PIECE].copy_from_slice(piece);
        let mut found = u64::from(escaped(piece).to_bitmask());
        while found != 0 {
            let at = found.trailing_zeros() as usize % PIECE;
            found &= found - 1;
            let letter = ESCAPES[usize::from(piece[at])];
            let rest = &window[begin + at + 1..][..PIECE];
            let to = &mut place[(at + written) % REACH..][..LONGEST + PIECE];
            if letter == b'u' {
                to[..LONGEST].copy_from_slice(&numbered(piece[at]));
                to[LONGEST..].copy_from_slice(rest);
                written += LONGEST - 1;
            } else {
                to[..2].copy_from_slice(&[b'\\', letter]);
                to[2..2 + PIECE].copy_from_slice(rest);
                written += 1;
            }
        }
        written += PIECE;
    }
    written
}

/// The escape of a byte by its number.
fn numbered(byte: u8) -> [u8; LONGEST] {
    let digit = |digit: u8| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
    [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]
}

/// What stands behind the backslash that a byte is escaped with; 0 where it stands for itself, `u` where only its
/// number can (RFC 8259, section 7).
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table[b'\n' as usize] = b'n';
    table[b'\r' as usize] = b'r';
    table[b'\t' as usize] = b't';
    table
};

/// Which bytes of a piece JSON wants escaped (RFC 8259, section 7): control characters, and quotes and backslashes. All
/// bits of those are set.
#[inline]
fn special(piece: &[u8; PIECE]) -> (u8x16, u8x16) {
    let piece = u8x16::from(*piece);
    let controls = piece.min(u8x16::splat(0x1f)).simd_eq(piece);
    let quotes = piece.simd_eq(u8x16::splat(b'"'));
    (controls, quotes | piece.simd_eq(u8x16::splat(b'\\')))
}

/// [`special`] without the difference.
#[inline]
pub(crate) fn escaped(piece: &[u8; PIECE]) -> u8x16 {
    let (controls, others) = special(piece);
    controls | others
}

/// A text that is shorter than a piece, and nothing behind it.
#[inline]
pub(crate) fn padded(text: &[u8]) -> [u8; PIECE] {
    let shift = |length: usize| 8 * (text.len() - length);
    let (low, high) = if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let last = u64::from_le_bytes(*last);
        // The bytes of `last` that `first` has not, by the two shifts that one of 64 bits is.
        (u64::from_le_bytes(*first), last >> 1 >> (63 - shift(8)))
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        (u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << shift(4), 0)
    } else if let (Some(first), Some(middle), Some(last)) =
        (text.first(), text.get(text.len() / 2), text.last())
    {
        let middle = u64::from(*middle) << (8 * (text.len() / 2));
        (u64::from(*first) | middle | u64::from(*last) << shift(1), 0)
    } else {
        (0, 0)
    };
    (u128::from(low) | u128::from(high) << 64).to_le_bytes()
}
