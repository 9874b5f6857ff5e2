//! Values of which no schema tells a name: whether they are masked, and how texts and bytes are written.

use std::fmt::Write as _;

use crate::kit::text::utf8;
use crate::web::json;
use crate::web::mask::{self, MASK};

/// Of a text so many bytes are shown.
const TEXT: usize = 512;

/// Of bytes that are no text so many are shown.
const BYTES: usize = 16;

/// Whether what a method is asked, and says, is masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::web) enum Veil {
    #[default]
    Off,
    On,
}

/// Methods whose names hold one of these are about credentials: fields without a name cannot be told apart there.
const SECRET: [&str; 7] = ["auth", "login", "password", "passwd", "token", "credential", "secret"];

impl Veil {
    pub(in crate::web) fn of(method: &str) -> Self {
        let method = method.to_ascii_lowercase();
        let is_secret = SECRET.iter().any(|word| method.contains(word)) || method.starts_with("useradd");
        if is_secret { Veil::On } else { Veil::Off }
    }
}

/// Writes bytes: as a text in quotes if people read it as one, secret members of JSON masked in it.
pub(in crate::web) fn write_bytes(bytes: &[u8], veil: Veil, out: &mut String) {
    if veil == Veil::On {
        _ = write!(out, "\"{MASK}\"");
        return;
    }
    match text(bytes) {
        Some(text) => write_text(text, bytes.len(), out),
        None => write_digits(bytes, out),
    }
}

/// Writes the text that so many bytes begin with.
fn write_text(text: &str, length: usize, out: &mut String) {
    out.push('"');
    if mask::has_secret_members(text.as_bytes()) {
        let mut masked = String::with_capacity(text.len());
        mask::json(text, &mut masked);
        json::escape(&masked, out);
    } else {
        json::escape(text, out);
    }
    if text.len() < length {
        out.push('\u{2026}');
    }
    out.push('"');
}

fn write_digits(bytes: &[u8], out: &mut String) {
    out.push_str("0x");
    for byte in bytes.iter().take(BYTES) {
        _ = write!(out, "{byte:02x}");
    }
    if bytes.len() > BYTES {
        _ = write!(out, "\u{2026} ({} bytes)", bytes.len());
    }
}

/// The beginning of bytes as a text, if they are one that people read.
pub(in crate::web) fn text(bytes: &[u8]) -> Option<&str> {
    let sample = bytes.get(..TEXT).unwrap_or(bytes);
    let text = match std::str::from_utf8(sample) {
        Ok(_) => utf8(sample)?,
        // Cut in the middle of a letter.
        Err(error) if error.error_len().is_none() && sample.len() < bytes.len() => {
            utf8(sample.get(..error.valid_up_to())?)?
        }
        Err(_) => return None,
    };
    let is_read = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t');
    text.chars().all(is_read).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{Veil, write_bytes};

    fn written(bytes: &[u8], veil: Veil) -> String {
        let mut out = String::new();
        write_bytes(bytes, veil, &mut out);
        out
    }

    #[test]
    fn texts_and_bytes_are_told_apart() {
        assert_eq!(written(b"tea", Veil::Off), "\"tea\"");
        assert_eq!(written(b"\x00\xff", Veil::Off), "0x00ff");
        assert_eq!(written(b"tea", Veil::On), "\"***\"");
    }

    #[test]
    fn secret_members_of_json_in_a_text_are_masked() {
        let told = written(br#"{"user":"ada","password":"hunter2"}"#, Veil::Off);
        assert_eq!(told, r#""{\"user\":\"ada\",\"password\":\"***\"}""#);
    }
}
