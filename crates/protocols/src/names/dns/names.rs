//! Names: labels one behind the other, of which the last ones may stand earlier in the message (RFC 1035, 4.1.4).

use std::fmt::Write;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::Reader;

/// A name has at most so many bytes on the wire.
const LONGEST: usize = 255;
/// A name has at most 127 labels, with a pointer before each.
const HOPS: usize = 256;

/// The bytes that are written as they are: letters, digits, and what host names have between them.
#[expect(clippy::indexing_slicing, reason = "a constant is checked when it is made")]
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "it is below 128")]
        let letter = byte as u8;
        plain[byte] = letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
        byte += 1;
    }
    plain
};

/// Passes over a name.
#[inline]
pub(super) fn pass(wire: &mut Reader<'_>) -> Read<()> {
    let bytes = wire.rest();
    let mut at = 0;
    loop {
        let length = usize::from(*bytes.get(at).ok_or(Stop::Short)?);
        at += match length >> 6 {
            0 => length + 1,
            3 => 2,
            _ => return Err(wire.broken("a label has a kind that nobody knows")),
        };
        if at > bytes.len() {
            return Err(Stop::Short);
        }
        if length == 0 || length >> 6 == 3 {
            wire.skip(at as u64);
            return Ok(());
        }
        if at > LONGEST {
            return Err(wire.broken("a name is too long"));
        }
    }
}

/// Writes the name at `at` of `message`, without the dot at its end; the root is a dot.
///
/// One that has no end goes on with `…`.
pub(super) fn write(out: &mut String, message: &[u8], at: usize) {
    Written::default().write(out, message, at);
}

/// The name that was written last: most records of an answer have the one of the record before.
#[derive(Debug)]
pub(super) struct Written {
    /// Where it stands in its message.
    at: usize,
    /// Its text, which is ASCII.
    text: [u8; LONGEST],
    length: usize,
}

impl Default for Written {
    fn default() -> Self {
        Written { at: usize::MAX, text: [0; LONGEST], length: 0 }
    }
}

impl Written {
    /// Writes the name at `at` of `message`, which is the same one each time.
    #[inline]
    pub(super) fn write(&mut self, out: &mut String, message: &[u8], at: usize) {
        let at = begin(message, at);
        if at != self.at {
            self.length = plain(message, at, &mut self.text).unwrap_or_default();
            self.at = at;
        }
        match self.text.get(..self.length).and_then(crate::kit::text::utf8) {
            Some(text) if !text.is_empty() => out.push_str(text),
            Some(_) | None => write_any(out, message, at),
        }
    }
}

/// Where a name's first label stands, of which a pointer may stand at `at`.
#[inline]
fn begin(message: &[u8], at: usize) -> usize {
    match message.get(at..) {
        Some([high @ 0xc0..=0xff, low, ..]) => usize::from(high & 0x3f) << 8 | usize::from(*low),
        _ => at,
    }
}

/// Copies a name's labels, with dots between them, if all of their bytes are written as they are: how long it is.
#[inline]
fn plain(message: &[u8], at: usize, text: &mut [u8; LONGEST]) -> Option<usize> {
    let mut labels = labels(message, at);
    let mut length = 0;
    for label in &mut labels {
        if length > 0 {
            *text.get_mut(length)? = b'.';
            length += 1;
        }
        let place = text.get_mut(length..length + label.len())?;
        let mut is_plain = true;
        for (place, byte) in place.iter_mut().zip(label) {
            *place = *byte;
            is_plain &= PLAIN.get(usize::from(*byte)) == Some(&true);
        }
        if !is_plain {
            return None;
        }
        length += label.len();
    }
    labels.has_ended().then_some(length)
}

/// Writes the name at `at`, whatever its letters are and wherever it ends.
#[inline(never)]
fn write_any(out: &mut String, message: &[u8], at: usize) {
    let begin = out.len();
    let mut labels = labels(message, at);
    for label in &mut labels {
        if out.len() > begin {
            out.push('.');
        }
        write_label(out, label);
    }
    match labels.has_ended() {
        true if out.len() == begin => out.push('.'),
        true => {}
        false => out.push('…'),
    }
}

/// Whether the name at `at` has an end.
pub(super) fn is_whole(message: &[u8], at: usize) -> bool {
    let mut labels = labels(message, at);
    labels.by_ref().for_each(drop);
    labels.has_ended()
}

#[inline]
pub(super) fn write_label(out: &mut String, label: &[u8]) {
    if label.iter().all(|byte| PLAIN.get(usize::from(*byte)) == Some(&true)) {
        return out.push_str(crate::kit::text::utf8(label).unwrap_or_default());
    }
    for byte in label {
        match byte {
            b'.' | b'\\' | b'"' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            b'!'..=b'~' => out.push(char::from(*byte)),
            _ => _ = write!(out, "\\{byte:03}"),
        }
    }
}

/// The labels of the name at a place of a message, wherever they stand.
///
/// Pointers lead back in the message, as they must; some servers let them lead ahead. Their number is bounded, and so is
/// the name.
pub(super) struct Labels<'a> {
    message: &'a [u8],
    at: usize,
    /// So many more labels and pointers are followed.
    hops: usize,
    /// So many more bytes may the name have.
    left: usize,
}

/// The labels of the name at `at`.
pub(super) fn labels(message: &[u8], at: usize) -> Labels<'_> {
    Labels { message, at, hops: HOPS, left: LONGEST }
}

impl Labels<'_> {
    /// Whether the name ended as names do, when no label is left.
    pub(super) fn has_ended(&self) -> bool {
        self.message.get(self.at) == Some(&0)
    }
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            self.hops = self.hops.checked_sub(1)?;
            let length = usize::from(*self.message.get(self.at)?);
            match length >> 6 {
                0 if length == 0 => return None,
                0 => {
                    let from = self.at + 1;
                    self.at = from + length;
                    self.left = self.left.checked_sub(length + 1)?;
                    return self.message.get(from..self.at);
                }
                3 => {
                    let low = usize::from(*self.message.get(self.at + 1)?);
                    self.at = (length & 0x3f) << 8 | low;
                }
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{pass, write};
    use crate::kit::reader::{Ahead, Reader};

    fn told(message: &[u8], at: usize) -> String {
        let mut out = String::new();
        write(&mut out, message, at);
        out
    }

    #[test]
    fn names_are_followed_to_where_they_stand() {
        let message = b"\x03www\x07example\x03com\0\x04mail\xc0\x04\xc0\x11";
        assert_eq!(
            [0, 17, 24].map(|at| told(message, at)),
            ["www.example.com", "mail.example.com", "mail.example.com"]
        );
        assert_eq!(told(b"\0", 0), ".");
        assert_eq!(told(b"\x05a.b \xff\x01c\0", 0), "a\\.b\\032\\255.c");
    }

    #[test]
    fn pointers_without_end_end() {
        assert_eq!(told(b"\x01a\xc0\x00", 0), ["a"; 127].join(".") + "…");
        assert_eq!(told(b"\xc0\x00", 0), "…");
        assert_eq!(told(b"\xc0\x02\xc0\x00", 0), "…");
        assert_eq!(told(b"\xc0\x03\0\x01a\0", 0), "a", "ahead");
        assert_eq!(told(&[63; 400], 0).split('.').count(), 3);
        assert!(pass(&mut Reader::new(&[63; 400], 0, Ahead::End)).is_err());
    }
}
