//! UTF-16 text with the least significant byte first, as servers and clients of SQL Server write it.

use crate::kit::text::utf8;

/// So many letters are looked at in one go: texts of letters that have one byte in UTF-8 are the rule.
const BLOCK: usize = 8;

/// Adds the text that `bytes` are, at most `limit` letters of it; `\u{fffd}` for what is none.
#[inline]
pub(super) fn push(out: &mut String, bytes: &[u8], limit: usize) {
    let bytes = bytes.get(..limit.saturating_mul(2)).unwrap_or(bytes);
    out.reserve(bytes.len() / 2);
    let (blocks, mut rest) = bytes.as_chunks::<{ 2 * BLOCK }>();
    for (at, block) in blocks.iter().enumerate() {
        let (letters, _) = block.as_chunks::<2>();
        let mut ascii = [0; BLOCK];
        let mut high = 0;
        for (to, [low, upper]) in ascii.iter_mut().zip(letters) {
            *to = *low;
            high |= upper | (low & 0x80);
        }
        match utf8(&ascii).filter(|_| high == 0) {
            Some(text) => out.push_str(text),
            None => {
                rest = bytes.get(at * 2 * BLOCK..).unwrap_or_default();
                break;
            }
        }
    }
    any(out, rest);
}

fn any(out: &mut String, bytes: &[u8]) {
    let (letters, _) = bytes.as_chunks::<2>();
    let units = letters.iter().map(|unit| u16::from_le_bytes(*unit));
    out.extend(char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

/// The text that `bytes` are, at most `limit` letters of it.
pub(super) fn text(bytes: &[u8], limit: usize) -> String {
    let mut out = String::new();
    push(&mut out, bytes, limit);
    out
}

#[cfg(test)]
mod tests {
    use super::text;

    fn bytes(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn texts_come_back_as_they_were() {
        for wanted in
            ["", "SELECT 1", "SELECT 'gr\u{fc}n', '\u{1f600}' FROM \u{5b57}", "eight by eight and some"]
        {
            assert_eq!(text(&bytes(wanted), 100), wanted);
        }
        assert_eq!(text(&bytes("SELECT 1 FROM abcdefghijk"), 20), "SELECT 1 FROM abcdef");
        assert_eq!(text(b"a\0\x3d\xd8b", 9), "a\u{fffd}");
    }
}
