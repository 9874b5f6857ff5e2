//! Lines, and the replies in lines that begin with a code of three digits: RFC 5321 4.2.1 (SMTP), RFC 959 4.2 (FTP).

use model::exchange::Text;

use crate::kit::chain;
use crate::kit::protocol::{Read, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;

/// The longest line: a proof of Kerberos in base64 is the longest that anybody sends (RFC 4954, 4.5.3).
pub const LINE: usize = 16 << 10;
/// The longest reply, all of its lines together.
const REPLY: usize = 64 << 10;
/// Of a line that has no end yet, so many bytes are looked at.
const NEAR: usize = 64;

/// The next line without its end, passed over.
///
/// # Errors
/// [`Stop::Short`] when it has no end yet, [`Stop::Broken`] when that is too far, or it is no text.
#[inline]
pub fn line<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let line = match wire.until(b'\n', LINE) {
        Err(Stop::Short) if !is_text(wire.rest().get(..NEAR).unwrap_or(wire.rest())) => {
            return Err(wire.broken("a line holds control characters"));
        }
        line => line?,
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if is_text(line) { Ok(line) } else { Err(wire.broken("a line holds control characters")) }
}

/// Whether these bytes may stand in a line.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte >= b' ' || matches!(byte, b'\t' | b'\r'))
}

/// The first word of a line, and what stands behind the blanks that follow it.
#[inline]
#[must_use]
pub fn split_word(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', line).and_then(|at| line.split_at_checked(at)) {
        Some((word, rest)) => (word, rest.trim_ascii_start()),
        None => (line, b""),
    }
}

/// The entry of a table with this word, which may be written in any letters.
#[inline]
#[must_use]
pub fn known<T: Copy>(table: &[(&'static str, T)], word: &[u8]) -> Option<(&'static str, T)> {
    table.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)).copied()
}

/// A whole number in decimal digits, without a sign: at most `most`, and of ten digits.
#[inline]
#[must_use]
pub fn number(word: &[u8], most: u64) -> Option<u64> {
    if !(1..=10).contains(&word.len()) || !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = word.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    (number <= most).then_some(number)
}

/// A reply of one line or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Three digits, of which the first is 1 to 5.
    pub code: u16,
    /// All of its lines, with their codes.
    bytes: &'a [u8],
}

impl<'a> Reply<'a> {
    /// The next reply, passed over.
    ///
    /// # Errors
    /// [`Stop::Short`] when its last line is not there, [`Stop::Broken`] when it is none.
    #[inline]
    pub fn read(wire: &mut Reader<'a>) -> Read<Reply<'a>> {
        let bytes = wire.rest();
        let mut ahead = Reader::new(bytes, wire.position(), wire.ahead());
        early(&ahead)?;
        let first = line(&mut ahead)?;
        let Some((code, goes_on)) = code(first) else {
            return Err(wire.broken("a reply does not begin with a code"));
        };
        if goes_on {
            let digits = first.get(..3).unwrap_or_default();
            loop {
                let next = line(&mut ahead)?;
                // A line in the middle may hold anything, codes too (RFC 959, 4.2).
                if next.starts_with(digits) && matches!(next.get(3), None | Some(b' ')) {
                    break;
                }
                if ahead.taken() > REPLY {
                    return Err(wire.broken("a reply has no last line"));
                }
            }
        }
        let length = ahead.taken();
        wire.skip(length as u64);
        Ok(Reply { code, bytes: bytes.get(..length).unwrap_or_default() })
    }

    /// Whether it says that nothing came of what was asked.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.code >= 400
    }

    /// What its lines say, without their codes.
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> {
        let lines = self.bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if code(line).is_some() { line.get(4..).unwrap_or_default() } else { line }
        })
    }

    /// What its lines say, one behind the other, of each what `part` leaves of it; it ends with the line that reaches `limit`
    /// bytes.
    #[must_use]
    pub fn whole(&self, limit: usize, part: impl Fn(&'a [u8]) -> &'a [u8]) -> Text {
        let mut text = String::new();
        for line in self.lines().map(part) {
            if text.len() < limit {
                text.push_str(if text.is_empty() { "" } else { " " });
                text.push_str(&lossy(line.get(..limit).unwrap_or(line)));
            }
        }
        text.into()
    }

    /// What its first line says.
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        self.lines().next().unwrap_or_default()
    }
}

/// What is there of a line tells early that it is no reply.
fn early(wire: &Reader<'_>) -> Read<()> {
    let digits = wire.rest().iter().take(3).all(u8::is_ascii_digit);
    if digits { Ok(()) } else { Err(wire.broken("a reply does not begin with a code")) }
}

/// The code of a line, and whether more lines follow.
#[inline]
#[must_use]
pub fn code(line: &[u8]) -> Option<(u16, bool)> {
    let goes_on = match line.get(3) {
        None | Some(b' ') => false,
        Some(b'-') => true,
        Some(_) => return None,
    };
    match line {
        [hundreds @ b'1'..=b'5', tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => {
            let digit = |byte: &u8| u16::from(byte - b'0');
            Some((digit(hundreds) * 100 + digit(tens) * 10 + digit(ones), goes_on))
        }
        _ => None,
    }
}

/// Where the first line begins, from the first byte on or behind a line's end, of which `begins` says that it is one: what to
/// pass over before it.
pub fn seek(wire: &[u8], mut begins: impl FnMut(&[u8]) -> Read<()>) -> Sought {
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', wire).map(|at| at + 1));
    chain::seek(wire, starts, |bytes| begins(bytes).into())
}

/// Whether a reply begins here.
///
/// # Errors
/// [`Stop::Short`] while more bytes would tell, [`Stop::Broken`] when none does.
pub fn begins_reply(bytes: &[u8]) -> Read<()> {
    Reply::read(&mut Reader::new(bytes, 0, Ahead::Open)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::{Ahead, Reader, Reply, Stop, seek};
    use crate::kit::protocol::Sought;

    fn reply(bytes: &[u8]) -> Result<Reply<'_>, Stop> {
        Reply::read(&mut Reader::new(bytes, 0, Ahead::Open))
    }

    #[test]
    fn a_reply_ends_with_its_last_line() {
        let several = reply(b"250-one\r\n250-two\r\n250 three\r\n250 next\r\n").unwrap();
        assert_eq!(several.code, 250);
        assert_eq!(several.lines().collect::<Vec<_>>(), [&b"one"[..], b"two", b"three"]);
        let free = reply(b"211-Features:\r\n UTF8\r\n226 no end\r\n211 End\r\n").unwrap();
        assert_eq!(free.lines().collect::<Vec<_>>(), [&b"Features:"[..], b" UTF8", b"no end", b"End"]);
        assert_eq!(reply(b"250-one\r\n").unwrap_err(), Stop::Short);
        assert_eq!(reply(b"221\r\n").unwrap().text(), b"");
        for wrong in [&b"2x"[..], b"600 x\r\n", b"250_x\r\n", b"+OK\r\n", b"250 \0"] {
            assert!(matches!(reply(wrong), Err(Stop::Broken(_))), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_sought_begins_a_line() {
        let begins = |bytes: &[u8]| reply(bytes).map(drop);
        assert_eq!(seek(b"50 x\r\n250 y\r\n", begins), Sought::At(6));
        assert_eq!(seek(b"lost\r\n25", begins), Sought::Behind(6));
    }
}
