//! Transcripts: what two sides said, as text; the form of every fixture.
//!
//! A line is `C "..."` (the client said), `S "..."` (the server said) or a `#` comment. The quoted text is
//! bytes: printable ASCII as it is, the rest as `\n`, `\r`, `\t`, `\\`, `\"` or `\xHH`. A quoted text may be
//! followed by `*N`: the bytes come N times.

use std::fmt::Write;

use model::conn::Speaker;

/// One write of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who said it.
    pub speaker: Speaker,
    /// What it said.
    pub bytes: Vec<u8>,
}

/// Reads a transcript.
///
/// # Errors
/// The first line that is no line of a transcript, with its number.
pub fn parse(text: &str) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        lines.push(parse_line(line).ok_or_else(|| format!("line {}: not a transcript line", number + 1))?);
    }
    Ok(lines)
}

fn parse_line(line: &str) -> Option<Line> {
    let (speaker, quoted) = match line.split_once(' ')? {
        ("C", quoted) => (Speaker::Client, quoted),
        ("S", quoted) => (Speaker::Server, quoted),
        _ => return None,
    };
    let (body, repeat) = quoted.trim().strip_prefix('"')?.rsplit_once('"')?;
    let times = match repeat.strip_prefix('*') {
        Some(times) => times.parse().ok()?,
        None if repeat.is_empty() => 1,
        None => return None,
    };
    Some(Line { speaker, bytes: unescape(body)?.repeat(times) })
}

fn unescape(body: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'\\' => b'\\',
            b'"' => b'"',
            b'x' => {
                let digit = |d: u8| char::from(d).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            _ => return None,
        });
    }
    Some(bytes)
}

/// Writes one line of a transcript, with its end of line.
#[must_use]
pub fn write_line(line: &Line) -> String {
    let mut text = String::from(match line.speaker {
        Speaker::Client => "C \"",
        Speaker::Server => "S \"",
    });
    for byte in &line.bytes {
        match byte {
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            b'"' => text.push_str("\\\""),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text.push_str("\"\n");
    text
}

#[cfg(test)]
mod tests {
    use super::{parse, write_line};

    #[test]
    fn every_byte_survives_writing_and_reading() {
        let all = super::Line { speaker: model::conn::Speaker::Server, bytes: (0..=255).collect() };
        assert_eq!(parse(&write_line(&all)).unwrap(), [all]);
    }

    #[test]
    fn bytes_may_be_repeated() {
        assert_eq!(parse("# note\nC \"ab\"*3").unwrap()[0].bytes, b"ababab");
        assert!(parse("X \"ab\"").is_err());
    }
}
