//! Documents as relaxed extended JSON, shortened and without credentials
//! (<https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/>).

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kit::reader::Sample;
use crate::kit::text::{integer, shortened, utf8};

use super::bson::{self, Value, elements};
use super::secrets::{MASK, Secrets};
use super::values::{self, MORE};

/// The longest text: longer ones say nothing more to a reader.
const TEXT: usize = 16 << 10;
/// So many bytes of a string are kept.
const STRING: usize = 1 << 10;
/// So many bytes of a binary value are kept.
const BINARY: usize = 64;
/// So many members of an array are kept.
const ITEMS: usize = 32;
/// What is nested deeper is left out; servers take 100 levels, and people a dozen.
const DEPTH: u8 = 24;

/// A document that is being written, member by member.
#[derive(Debug, Default)]
pub(super) struct Json {
    text: String,
    members: usize,
}

impl Json {
    /// An empty document, in the memory of `text`.
    pub(super) fn begin(mut text: String) -> Json {
        text.clear();
        text.push('{');
        Json { text, members: 0 }
    }

    /// Adds a member.
    #[inline]
    pub(super) fn add(&mut self, name: &[u8], value: Value<'_>, secrets: Secrets) {
        if self.named(name) {
            member(&mut self.text, name, value, secrets, 1);
        }
    }

    /// Adds a number.
    pub(super) fn add_number(&mut self, name: &str, number: i64) {
        if self.named(name.as_bytes()) {
            integer(&mut self.text, number);
        }
    }

    /// Adds numbers.
    pub(super) fn add_numbers(&mut self, name: &str, numbers: &[i64]) {
        if self.named(name.as_bytes()) {
            for (at, number) in numbers.iter().enumerate() {
                self.text.push(if at == 0 { '[' } else { ',' });
                integer(&mut self.text, *number);
            }
            self.text.push_str(if numbers.is_empty() { "[]" } else { "]" });
        }
    }

    /// Adds what is so.
    pub(super) fn add_flag(&mut self, name: &str) {
        if self.named(name.as_bytes()) {
            self.text.push_str("true");
        }
    }

    /// Adds a text.
    pub(super) fn add_text(&mut self, name: &str, value: &[u8]) {
        if self.named(name.as_bytes()) {
            quoted(&mut self.text, value, true);
        }
    }

    /// Adds documents that stand one behind the other, with a mark where they go on behind what is kept.
    pub(super) fn add_documents(&mut self, name: &[u8], documents: Sample<'_>, secrets: Secrets) {
        if self.named(name) {
            let goes_on = documents.is_cut().then_some(GOES_ON);
            items(&mut self.text, bson::documents(documents.bytes).chain(goes_on), secrets, 1);
        }
    }

    /// The text of the whole document, and then its memory for the next one.
    pub(super) fn end(mut self) -> String {
        self.text.push('}');
        self.text
    }

    /// Begins a member; whether there is room for it.
    #[inline]
    fn named(&mut self, name: &[u8]) -> bool {
        if self.text.len() >= TEXT {
            return false;
        }
        if self.members > 0 {
            self.text.push(',');
        }
        self.members += 1;
        quoted(&mut self.text, name, true);
        self.text.push(':');
        true
    }
}

/// What stands for what is not kept.
const GOES_ON: Value<'static> = Value { kind: bson::STRING, bytes: b"" };

/// Writes a value as JSON.
pub(super) fn write(out: &mut String, value: Value<'_>, secrets: Secrets) {
    any(out, value, secrets, 1);
}

/// The value of a member, or what stands for it.
#[inline]
fn member(out: &mut String, name: &[u8], value: Value<'_>, secrets: Secrets, depth: u8) {
    if secrets.hide(name) && value.kind != bson::NULL {
        quoted(out, MASK.as_bytes(), true);
    } else {
        any(out, value, secrets.within(name), depth);
    }
}

fn any(out: &mut String, value: Value<'_>, secrets: Secrets, depth: u8) {
    match value.kind {
        bson::STRING => string(out, value),
        bson::DOCUMENT if depth < DEPTH => document(out, value.bytes, secrets, depth),
        bson::ARRAY if depth < DEPTH => {
            items(out, elements(value.bytes).map(|(_, value)| value), secrets, depth);
        }
        bson::DOCUMENT | bson::ARRAY => quoted(out, b"", false),
        bson::NULL => out.push_str("null"),
        bson::INT32 | bson::INT64 | bson::BOOLEAN => {
            values::scalar(out, value).unwrap_or_else(|| out.push_str("null"));
        }
        _ => extended(out, value).unwrap_or_else(|| quoted(out, b"", false)),
    }
}

fn document(out: &mut String, bytes: &[u8], secrets: Secrets, depth: u8) {
    out.push('{');
    for (at, (name, value)) in elements(bytes).enumerate() {
        if at > 0 {
            out.push(',');
        }
        if out.len() >= TEXT {
            out.push_str("\"…\":\"…\"");
            break;
        }
        quoted(out, name, true);
        out.push(':');
        member(out, name, value, secrets, depth + 1);
    }
    out.push('}');
}

fn items<'a>(out: &mut String, items: impl Iterator<Item = Value<'a>>, secrets: Secrets, depth: u8) {
    out.push('[');
    for (at, value) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        if out.len() >= TEXT || at >= ITEMS {
            quoted(out, b"", false);
            break;
        }
        any(out, value, secrets, depth + 1);
    }
    out.push(']');
}

#[inline]
fn string(out: &mut String, value: Value<'_>) {
    let (text, whole) = value.text().unwrap_or((b"", false));
    quoted(out, text, whole);
}

/// Writes a text in quotes, and a mark where it goes on.
#[inline]
fn quoted(out: &mut String, bytes: &[u8], whole: bool) {
    if bytes.len() > STRING || !whole {
        return quoted_part(out, bytes, whole);
    }
    match utf8(bytes) {
        Some(text) if !escapes(bytes) => {
            out.reserve(text.len() + 2);
            out.push('"');
            out.push_str(text);
            out.push('"');
        }
        Some(_) | None => quoted_part(out, bytes, whole),
    }
}

#[inline(never)]
fn quoted_part(out: &mut String, bytes: &[u8], whole: bool) {
    let (text, all) = shortened(bytes, STRING);
    out.push('"');
    if escapes(text.as_bytes()) {
        escaped(out, &text);
    } else {
        out.push_str(&text);
    }
    if !(whole && all) {
        out.push(MORE);
    }
    out.push('"');
}

/// Whether a text has something to escape. Eight bytes are looked at together, and by sums that may run over into the next
/// one: then too many are found, and none too few.
#[inline]
fn escapes(text: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    let (chunks, rest) = text.as_chunks();
    let found = chunks.iter().fold(0, |found, chunk| {
        let bytes = u64::from_le_bytes(*chunk);
        let quotes = (bytes ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
        let backslashes = (bytes ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
        let controls = bytes.wrapping_sub(ONES * u64::from(b' '));
        found | ((quotes | backslashes | controls) & !bytes)
    });
    let one = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
    (found & (ONES << 7) != 0 && chunks.as_flattened().iter().any(one)) || rest.iter().any(one)
}

fn escaped(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..=' ' if letter != ' ' => _ = write!(out, "\\u{:04x}", u32::from(letter)),
            _ => out.push(letter),
        }
    }
}

/// Values that JSON has no form for; `None` when one is cut.
fn extended(out: &mut String, value: Value<'_>) -> Option<()> {
    let begin = out.len();
    let written = match value.kind {
        bson::DOUBLE => double(out, f64::from_le_bytes(value.bytes.try_into().ok()?)),
        bson::OBJECT_ID if value.bytes.len() == 12 => {
            tagged(out, "$oid", |out| values::hex(out, value.bytes))
        }
        bson::DATE => date(out, value.number()?),
        bson::BINARY => binary(out, value),
        bson::DECIMAL => {
            let bytes = value.bytes.try_into().ok()?;
            tagged(out, "$numberDecimal", |out| values::decimal(out, bytes))
        }
        bson::TIMESTAMP => timestamp(out, value.bytes.try_into().ok()?),
        bson::REGEX => regex(out, value.bytes),
        bson::CODE => text(out, "$code", value),
        bson::SYMBOL => text(out, "$symbol", value),
        bson::MIN_KEY => marked(out, "{\"$minKey\":1}"),
        bson::MAX_KEY => marked(out, "{\"$maxKey\":1}"),
        bson::UNDEFINED => marked(out, "{\"$undefined\":true}"),
        _ => None,
    };
    if written.is_none() {
        out.truncate(begin);
    }
    written
}

fn marked(out: &mut String, text: &str) -> Option<()> {
    out.push_str(text);
    Some(())
}

/// `{"tag":"..."}`.
fn tagged(out: &mut String, tag: &str, write: impl FnOnce(&mut String)) -> Option<()> {
    out.push_str("{\"");
    out.push_str(tag);
    out.push_str("\":\"");
    write(out);
    out.push_str("\"}");
    Some(())
}

fn double(out: &mut String, number: f64) -> Option<()> {
    if number.is_finite() {
        values::double(out, number);
        return Some(());
    }
    tagged(out, "$numberDouble", |out| values::double(out, number))
}

fn date(out: &mut String, millis: i64) -> Option<()> {
    let mut text = String::new();
    // The relaxed form ends where years get another digit, or a sign.
    if millis >= 0 && values::date(&mut text, millis).is_some() {
        return tagged(out, "$date", |out| out.push_str(&text));
    }
    out.push_str("{\"$date\":{\"$numberLong\":\"");
    integer(out, millis);
    out.push_str("\"}}");
    Some(())
}

fn binary(out: &mut String, value: Value<'_>) -> Option<()> {
    let (subtype, content) = value.binary()?;
    if subtype == 4 && content.len() == 16 {
        return tagged(out, "$uuid", |out| values::uuid(out, content));
    }
    out.push_str("{\"$binary\":{\"base64\":\"");
    STANDARD.encode_string(content.get(..BINARY).unwrap_or(content), out);
    if content.len() > BINARY {
        out.push(MORE);
    }
    _ = write!(out, "\",\"subType\":\"{subtype:02x}\"}}}}");
    Some(())
}

fn timestamp(out: &mut String, bytes: [u8; 8]) -> Option<()> {
    let bits = u64::from_le_bytes(bytes);
    _ = write!(out, "{{\"$timestamp\":{{\"t\":{},\"i\":{}}}}}", bits >> 32, bits & 0xffff_ffff);
    Some(())
}

fn regex(out: &mut String, bytes: &[u8]) -> Option<()> {
    let mut parts = bytes.split(|byte| *byte == 0);
    let (pattern, options) = (parts.next()?, parts.next()?);
    out.push_str("{\"$regularExpression\":{\"pattern\":");
    quoted(out, pattern, true);
    out.push_str(",\"options\":");
    quoted(out, options, true);
    out.push_str("}}");
    Some(())
}

fn text(out: &mut String, tag: &str, value: Value<'_>) -> Option<()> {
    _ = write!(out, "{{\"{tag}\":");
    let (text, whole) = value.text()?;
    quoted(out, text, whole);
    out.push('}');
    Some(())
}
