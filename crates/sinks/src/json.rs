//! JSON written straight into bytes: no tree, no formatting machine, and each text in one pass.

use std::io::Write as _;

/// So many bytes of a text are looked at together; most texts have nothing to escape in most of their pieces.
const PIECE: usize = 16;

/// Bytes that are becoming JSON.
#[derive(Debug, Default)]
pub(crate) struct Json {
    bytes: Vec<u8>,
}

impl Json {
    /// What was written so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Begins again, in the same memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Adds other JSON.
    #[inline]
    pub(crate) fn append(&mut self, other: &Json) {
        self.bytes.extend_from_slice(&other.bytes);
    }

    /// Adds JSON as it is: punctuation, names, and values that need no escape.
    #[inline]
    pub(crate) fn raw(&mut self, json: &str) -> &mut Self {
        self.bytes.extend_from_slice(json.as_bytes());
        self
    }

    /// Adds a text, quoted.
    #[inline]
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes.reserve(text.len() + 2);
        self.bytes.push(b'"');
        let (pieces, rest) = text.as_bytes().as_chunks::<PIECE>();
        for piece in pieces {
            if piece.iter().fold(false, |found, byte| found | is_special(*byte)) {
                self.escape(piece);
            } else {
                self.bytes.extend_from_slice(piece);
            }
        }
        self.escape(rest);
        self.bytes.push(b'"');
        self
    }

    /// Adds a text or `null`.
    #[inline]
    pub(crate) fn text_or_null(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw("null"),
        }
    }

    /// Adds a number.
    #[inline]
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        let mut digits = [b'0'; 20];
        let mut left = number;
        let mut begin = digits.len();
        for digit in digits.iter_mut().rev() {
            *digit = last_digit(left);
            left /= 10;
            begin -= 1;
            if left == 0 {
                break;
            }
        }
        self.bytes.extend_from_slice(digits.get(begin..).unwrap_or_default());
        self
    }

    /// Adds the last nine digits of a number, zeros before it included.
    #[inline]
    pub(crate) fn nine_digits(&mut self, number: u64) -> &mut Self {
        let mut digits = [b'0'; 9];
        let mut left = number;
        for digit in digits.iter_mut().rev() {
            *digit = last_digit(left);
            left /= 10;
        }
        self.bytes.extend_from_slice(&digits);
        self
    }

    /// Adds a number or `null`.
    #[inline]
    pub(crate) fn number_or_null(&mut self, number: Option<u64>) -> &mut Self {
        match number {
            Some(number) => self.number(number),
            None => self.raw("null"),
        }
    }

    /// Adds a number that may be below zero.
    pub(crate) fn signed(&mut self, number: i64) -> &mut Self {
        if number < 0 {
            self.raw("-");
        }
        self.number(number.unsigned_abs())
    }

    /// Adds a list of what `write` makes of each item.
    #[inline]
    pub(crate) fn list<T>(
        &mut self,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.raw("[");
        for (at, item) in items.enumerate() {
            if at > 0 {
                self.raw(",");
            }
            write(self, item);
        }
        self.raw("]")
    }

    /// Adds a piece of a text, escaped; at most [`PIECE`] bytes.
    fn escape(&mut self, piece: &[u8]) {
        let mut escaped = [0; 2 * PIECE];
        let mut length = 0;
        for byte in piece {
            let letter = ESCAPES.get(usize::from(*byte)).copied().unwrap_or_default();
            let Some([first, second]) = escaped.get_mut(length..length + 2) else { return };
            match letter {
                0 => {
                    *first = *byte;
                    length += 1;
                }
                b'u' => {
                    self.bytes.extend_from_slice(escaped.get(..length).unwrap_or_default());
                    length = 0;
                    // Writing to a vector does not fail.
                    _ = write!(self.bytes, "\\u{byte:04x}");
                }
                letter => {
                    (*first, *second) = (b'\\', letter);
                    length += 2;
                }
            }
        }
        self.bytes.extend_from_slice(escaped.get(..length).unwrap_or_default());
    }
}

/// What stands behind the backslash that a byte is escaped with; 0 where it stands for itself, `u` where only its
/// number can (RFC 8259, section 7).
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table[b'\n' as usize] = b'n';
    table[b'\r' as usize] = b'r';
    table[b'\t' as usize] = b't';
    table
};

fn last_digit(number: u64) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or_default()
}

/// Whether JSON wants this byte escaped (RFC 8259, section 7).
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn every_character_comes_back_wherever_it_stands() {
        for code in (0..0x300).chain([0x2028, 0xfffd, 0x1f600]) {
            for before in [0, 3, 15, 16, 40] {
                let text = format!("{}{}behind", "x".repeat(before), char::from_u32(code).unwrap());
                let mut json = Json::default();
                json.text(&text);
                assert_eq!(serde_json::from_slice::<String>(json.bytes()).unwrap(), text);
            }
        }
    }

    #[test]
    fn numbers_read_like_themselves() {
        for number in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX] {
            let mut json = Json::default();
            json.number(number);
            assert_eq!(json.bytes(), number.to_string().as_bytes());
        }
        let mut json = Json::default();
        json.signed(i64::MIN);
        assert_eq!(json.bytes(), i64::MIN.to_string().as_bytes());
    }
}
