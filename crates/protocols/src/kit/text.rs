//! Bytes as text.

use std::borrow::Cow;

use ascii::AsciiStr;

/// From so many bytes on they are proven in the widest blocks that this processor has.
const LONG: usize = 64;

/// The text that these bytes are, if they are UTF-8.
///
/// Most are short, and ASCII, which shows several times as fast as UTF-8 is proven, and in blocks instead of bytes where
/// they are few.
#[inline]
#[must_use]
pub fn utf8(bytes: &[u8]) -> Option<&str> {
    if bytes.len() >= LONG {
        return simdutf8::basic::from_utf8(bytes).ok();
    }
    match AsciiStr::from_ascii(bytes) {
        Ok(text) => Some(text.as_str()),
        Err(_) => std::str::from_utf8(bytes).ok(),
    }
}

/// The text that these bytes are, with `\u{fffd}` for what is not UTF-8.
#[inline]
#[must_use]
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    utf8(bytes).map_or_else(|| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The text of at most `limit` bytes that `bytes` begin with, and whether that is all of it.
#[must_use]
pub fn shortened(bytes: &[u8], limit: usize) -> (Cow<'_, str>, bool) {
    let kept = bytes.get(..limit).unwrap_or(bytes);
    if let Some(text) = utf8(kept) {
        return (text.into(), kept.len() == bytes.len());
    }
    // A letter that was cut in two is none.
    let cut = std::str::from_utf8(kept).err().filter(|error| error.error_len().is_none());
    let end = cut.map_or(kept.len(), |error| error.valid_up_to());
    (String::from_utf8_lossy(kept.get(..end).unwrap_or(kept)), end == bytes.len())
}

/// Writes a whole number.
#[inline]
pub fn integer(out: &mut String, number: i64) {
    let mut digits = [0; 20];
    let (mut rest, mut at) = (number.unsigned_abs(), digits.len());
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        (rest, at) = (rest / 10, at - 1);
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push('-');
    }
    out.push_str(utf8(digits.get(at..).unwrap_or_default()).unwrap_or_default());
}

/// What stands for a name under which something waits: FNV-1a, the same in every process.
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::{integer, lossy, shortened, utf8};

    #[test]
    fn text_is_what_is_utf8() {
        assert_eq!(utf8(b"plain"), Some("plain"));
        assert_eq!(utf8("gr\u{fc}n".as_bytes()), Some("gr\u{fc}n"));
        assert_eq!(utf8(b"gr\xfcn"), None);
        assert_eq!(lossy(b"gr\xfcn"), "gr\u{fffd}n");
    }

    #[test]
    fn numbers_are_written_as_they_are() {
        for number in [0, 7, -7, 10, i64::MAX, i64::MIN] {
            let mut out = String::new();
            integer(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }

    #[test]
    fn a_text_is_cut_between_letters() {
        assert_eq!(shortened("gr\u{fc}n".as_bytes(), 3), ("gr".into(), false));
        assert_eq!(shortened("gr\u{fc}n".as_bytes(), 8), ("gr\u{fc}n".into(), true));
        assert_eq!(shortened(b"a\xffb", 8), ("a\u{fffd}b".into(), true));
    }
}
