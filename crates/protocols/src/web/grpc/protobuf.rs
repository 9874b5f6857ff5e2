//! Messages of Protocol Buffers without their schema, in words: fields by number.

use std::fmt::Write;

use crate::kit::protobuf::{Field, Value, field};
use crate::web::veiled::{Veil, text, write_bytes};

/// Deeper messages than this are shown as bytes.
const DEPTH: usize = 8;

/// Of a message and all inside of it so many fields are shown.
const FIELDS: usize = 64;

/// Writes the fields of a message, of which all are there or only the first bytes.
pub(super) fn write(message: &[u8], veil: Veil, out: &mut String) {
    let mut writer = Writer { out, veil, left: FIELDS };
    writer.message(message, 0);
}

struct Writer<'a> {
    out: &'a mut String,
    veil: Veil,
    /// How many more fields are shown.
    left: usize,
}

impl Writer<'_> {
    fn message(&mut self, message: &[u8], depth: usize) {
        let mut rest = message;
        self.out.push('{');
        let mut comma = "";
        while !rest.is_empty() {
            self.out.push_str(comma);
            comma = ", ";
            let Some(field) = field(&mut rest).filter(|_| self.left > 0) else {
                self.out.push('\u{2026}');
                break;
            };
            self.left -= 1;
            _ = write!(self.out, "{}: ", field.number);
            self.value(&field.value, depth);
        }
        self.out.push('}');
    }

    fn value(&mut self, value: &Value<'_>, depth: usize) {
        match value {
            Value::Varint(number) => _ = write!(self.out, "{number}"),
            Value::Fixed64(bits) => self.float(f64::from_bits(*bits), *bits),
            Value::Fixed32(bits) => self.float(f64::from(f32::from_bits(*bits)), u64::from(*bits)),
            Value::Bytes(bytes) if self.veil == Veil::Off && is_message(bytes, depth) => {
                self.message(bytes, depth + 1);
            }
            Value::Bytes(bytes) | Value::Cut(bytes) => write_bytes(bytes, self.veil, self.out),
        }
    }

    /// Writes bits that are a floating-point number, if that is one that people use, or else a whole one.
    fn float(&mut self, float: f64, bits: u64) {
        const USUAL: std::ops::Range<f64> = 1e-9..1e15;
        if USUAL.contains(&float.abs()) {
            _ = write!(self.out, "{float:?}");
        } else {
            _ = write!(self.out, "{bits}");
        }
    }
}

/// Whether bytes are rather a message than a text.
///
/// Most messages begin with a byte that no text has. Fields 1 and 2 of bytes begin like a line end and a control: a text
/// that begins with a line end is rare, and one that is a whole message besides rarer still.
fn is_message(bytes: &[u8], depth: usize) -> bool {
    let Some(first) = bytes.first() else { return false };
    if depth >= DEPTH || text(bytes).is_some() && *first != b'\n' {
        return false;
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        match field(&mut rest) {
            None | Some(Field { value: Value::Cut(_), .. }) => return false,
            Some(_) => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prop_assert, proptest};

    use super::{Veil, write};

    fn written(message: &[u8], veil: Veil) -> String {
        let mut out = String::new();
        write(message, veil, &mut out);
        out
    }

    #[test]
    fn fields_are_told_by_number() {
        for (message, told) in [
            (&b"\x0a\x05world\x10\x2a"[..], "{1: \"world\", 2: 42}"),
            (b"\x12\x07\x0a\x05inner\x1a\x03\x00\xff\x80", "{2: {1: \"inner\"}, 3: 0x00ff80}"),
            (b"\x09\x00\x00\x00\x00\x00\x00\xf8\x3f\x15\x07\x00\x00\x00", "{1: 1.5, 2: 7}"),
            (b"\x0a\x00\x0a\x01a", "{1: \"\", 1: \"a\"}"),
            (b"\x0a\x09line\nline", "{1: \"line\\nline\"}"),
            (b"", "{}"),
        ] {
            assert_eq!(written(message, Veil::Off), told);
        }
    }

    #[test]
    fn a_message_may_be_cut_or_none() {
        assert_eq!(written(b"\x10\x01\x0a\x20the beginning", Veil::Off), "{2: 1, 1: \"the beginning\"}");
        assert_eq!(written(b"\x10\x01\x07\x07", Veil::Off), "{2: 1, \u{2026}}");
        assert_eq!(written(b"\xff", Veil::Off), "{\u{2026}}");
    }

    #[test]
    fn credentials_are_masked_at_every_depth() {
        assert_eq!(
            written(b"\x0a\x03ada\x12\x07hunter2\x18\x01", Veil::On),
            "{1: \"***\", 2: \"***\", 3: 1}"
        );
        assert_eq!(written(b"\x0a\x09\x12\x07hunter2", Veil::On), "{1: \"***\"}");
    }

    proptest! {
        #[test]
        fn what_is_written_has_a_bound(message in collection::vec(0..=255_u8, 0..4096)) {
            prop_assert!(written(&message, Veil::Off).len() <= 64 * 3 * 600);
        }
    }
}
