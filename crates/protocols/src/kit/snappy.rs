//! Snappy's blocks, which may be cut anywhere: what comes before the cut is read.

use super::repetition::repeat;

/// Reads Snappy's block format (<https://github.com/google/snappy/blob/main/format_description.txt>) to its end, to
/// `most` bytes, or to the first byte that breaks it.
pub fn read(body: &[u8], most: usize, content: &mut Vec<u8>) {
    // The length comes first, seven bits a byte.
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
