//! Words of a command as text, and back.

use std::borrow::Cow;
use std::fmt::Write;

use crate::kit::eight;
use crate::kit::reader::Sample;
use crate::kit::text::utf8;

/// Appends a word as `redis-cli` takes it: in quotes where it must be; of a cut one, how long it truly is.
#[inline]
pub(super) fn write(word: &Sample<'_>, out: &mut String) {
    let is_plain = !word.bytes.is_empty() && !word.is_cut() && eight::all(word.bytes, b'x', is_plain);
    match utf8(word.bytes).filter(|_| is_plain) {
        Some(text) => out.push_str(text),
        None => write_quoted(word, out),
    }
}

/// Whether eight bytes stand in a word as they are: what can be seen, but for quotes and what quotes them.
#[inline]
fn is_plain(bytes: u64) -> bool {
    let is_marked = eight::has(bytes, b'"') || eight::has(bytes, b'\'') || eight::has(bytes, b'\\');
    !eight::has_high(bytes) && !eight::has_below(bytes, b'!') && !eight::has(bytes, 0x7f) && !is_marked
}

#[inline(never)]
fn write_quoted(word: &Sample<'_>, out: &mut String) {
    // Documents hold the one quote or the other; most can be read as they are.
    let quote = if word.bytes.contains(&b'"') && !word.bytes.contains(&b'\'') { '\'' } else { '"' };
    out.push(quote);
    let mut chunks = word.bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        for letter in chunk.valid().chars() {
            match letter {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\\' => out.push_str("\\\\"),
                letter if letter == quote => out.extend(['\\', quote]),
                letter if letter.is_control() => _ = write!(out, "\\x{:02x}", u32::from(letter)),
                letter => out.push(letter),
            }
        }
        // A letter may be cut where the word is.
        if !(word.is_cut() && chunks.peek().is_none()) {
            for byte in chunk.invalid() {
                _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push(quote);
    if word.is_cut() {
        _ = write!(out, "...({} bytes)", word.length);
    }
}

/// The words of a line: of a statement that [`write`] wrote, or of a command that somebody typed.
pub(super) fn split(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let (word, behind) = match rest {
            [] => return None,
            [quote @ (b'"' | b'\''), text @ ..] => text.split_at(quoted(text, *quote)),
            text => text.split_at(text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len())),
        };
        rest = behind.strip_prefix(b"\"").or(behind.strip_prefix(b"'")).unwrap_or(behind);
        Some(word)
    })
}

/// Where a quoted text ends.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut is_escaped = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == quote && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    });
    end.unwrap_or(text.len())
}

/// A word in capitals, of which at most `limit` bytes are kept.
pub(super) fn capitals(word: &[u8], limit: usize) -> String {
    let text: Cow<'_, str> = String::from_utf8_lossy(word.get(..limit).unwrap_or(word));
    text.chars().filter(|letter| !letter.is_control()).map(|letter| letter.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::{split, write};
    use crate::kit::reader::Sample;

    fn written(bytes: &[u8], length: u64) -> String {
        let mut out = String::new();
        write(&Sample { bytes, length }, &mut out);
        out
    }

    #[test]
    fn a_word_is_written_as_it_can_be_typed() {
        assert_eq!(written(b"user:1", 6), "user:1");
        assert_eq!(written(b"", 0), "\"\"");
        assert_eq!(written(b"a b\n\xff", 5), "\"a b\\n\\xff\"");
        assert_eq!(written(b"{\"a\":1}", 7), "'{\"a\":1}'");
        assert_eq!(written(b"it's \"so\"", 9), "\"it's \\\"so\\\"\"");
        assert_eq!(written("gr\u{fc}n".as_bytes(), 5), "\"gr\u{fc}n\"");
        assert_eq!(written(b"abc\xc3", 9), "\"abc\"...(9 bytes)");
    }

    #[test]
    fn a_line_is_split_at_blanks_outside_of_quotes() {
        let words: Vec<_> = split(b"SET  'a \"b\"' \"c \\\" d\" e").collect();
        assert_eq!(words, [&b"SET"[..], b"a \"b\"", b"c \\\" d", b"e"]);
    }
}
