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

#[cfg(test)]
mod tests {
    use super::{lossy, utf8};

    #[test]
    fn text_is_what_is_utf8() {
        assert_eq!(utf8(b"plain"), Some("plain"));
        assert_eq!(utf8("gr\u{fc}n".as_bytes()), Some("gr\u{fc}n"));
        assert_eq!(utf8(b"gr\xfcn"), None);
        assert_eq!(lossy(b"gr\xfcn"), "gr\u{fffd}n");
    }
}
