//! JSON written straight into bytes: no tree, no formatting machine, and each text in one pass.

use crate::escape::{ESCAPED, HALF, PIECE, escape_into, escapes, has_escapes, padded};

/// The most room that is made at a time for a text with escapes.
const ROOM: usize = (4 << 10) + ESCAPED;

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

    /// How many bytes were written so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Adds bytes of other JSON.
    #[inline]
    pub(crate) fn append(&mut self, json: &[u8]) {
        self.bytes.extend_from_slice(json);
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
        self.raw("\"").unquoted(text).raw("\"")
    }

    /// Adds a text between quotes that are written.
    #[inline]
    pub(crate) fn unquoted(&mut self, text: &str) -> &mut Self {
        self.part(text.as_bytes());
        self
    }

    /// Adds a part of a text between quotes that are written.
    pub(crate) fn part(&mut self, text: &[u8]) {
        if text.len() < PIECE {
            self.short(text);
        } else if has_escapes(text) {
            self.escape(text);
        } else {
            self.bytes.extend_from_slice(text);
        }
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
        let Some(Thousandth { digits, zeros }) = thousandth(number) else { return self.long_number(number) };
        let ([a, b, c], zeros) = (*digits, usize::from(*zeros));
        let end = self.bytes.len() + digits.len() - zeros;
        // Of constant length, and then shortened: it is no call.
        self.append(&(u32::from_le_bytes([a, b, c, 0]) >> (8 * zeros)).to_le_bytes());
        self.bytes.truncate(end);
        self
    }

    /// Adds a number of more than three digits.
    #[inline(never)]
    fn long_number(&mut self, number: u64) -> &mut Self {
        self.number(number / 1000);
        self.append(&three_digits(number));
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

    /// Adds what `write` makes of each item of a list, whose brackets are not its own.
    #[inline]
    pub(crate) fn items<T>(
        &mut self,
        mut items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        let Some(first) = items.next() else { return };
        write(self, first);
        for item in items {
            self.raw(",");
            write(self, item);
        }
    }

    /// Adds a text that is shorter than a piece.
    #[inline]
    fn short(&mut self, text: &[u8]) {
        if text.len() < HALF {
            return self.tiny(text);
        }
        let piece = padded(text);
        if escapes(&piece) & ((1 << text.len()) - 1) != 0 {
            return self.escape(text);
        }
        let end = self.bytes.len() + text.len();
        self.bytes.extend_from_slice(&piece);
        self.bytes.truncate(end);
    }

    /// Adds a text of a few bytes, which are sooner looked at one by one.
    fn tiny(&mut self, text: &[u8]) {
        let begin = self.bytes.len();
        for byte in text {
            if *byte < b' ' || matches!(byte, b'"' | b'\\') {
                self.bytes.truncate(begin);
                return self.escape(text);
            }
            self.bytes.push(*byte);
        }
    }

    /// Adds a text that has something to escape.
    #[inline(never)]
    fn escape(&mut self, mut text: &[u8]) {
        while !text.is_empty() {
            let begin = self.bytes.len();
            // Most escapes are of two bytes.
            self.bytes.resize(begin + ROOM.min(2 * text.len() + ESCAPED), 0);
            let room = self.bytes.get_mut(begin..).unwrap_or_default();
            let (rest, left) = escape_into(text, room);
            self.bytes.truncate(self.bytes.len() - left);
            text = rest;
        }
    }
}

/// A number below a thousand.
struct Thousandth {
    digits: [u8; 3],
    /// How many of the digits are zeros that are not written before others.
    zeros: u8,
}

/// The numbers below a thousand.
static THOUSAND: [Thousandth; 1000] = {
    let mut thousand = [const { Thousandth { digits: [b'0'; 3], zeros: 2 } }; 1000];
    let mut number = 0_u16;
    while number < 1000 {
        let [hundreds, _] = (number / 100).to_le_bytes();
        let [tens, _] = (number / 10 % 10).to_le_bytes();
        let [ones, _] = (number % 10).to_le_bytes();
        let digits = [b'0' + hundreds, b'0' + tens, b'0' + ones];
        thousand[number as usize] = Thousandth { digits, zeros: (number < 100) as u8 + (number < 10) as u8 };
        number += 1;
    }
    thousand
};

#[inline]
fn thousandth(number: u64) -> Option<&'static Thousandth> {
    usize::try_from(number).ok().and_then(|number| THOUSAND.get(number))
}

/// The last three digits of a number.
#[inline]
fn three_digits(number: u64) -> [u8; 3] {
    thousandth(number % 1000).map_or([b'0'; 3], |thousandth| thousandth.digits)
}

/// The last nine digits of a number, zeros before it included.
#[inline]
pub(crate) fn nine_digits(number: u64) -> [u8; 9] {
    let [[a, b, c], [d, e, f], [g, h, i]] = [1_000_000, 1000, 1].map(|part| three_digits(number / part));
    [a, b, c, d, e, f, g, h, i]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy as _, any, prop_oneof};
    use proptest::{collection, prop_assert_eq, proptest};

    use super::{Json, ROOM, nine_digits};

    fn come_back(text: &str) -> String {
        let mut json = Json::default();
        json.raw("[").text(text).raw("]");
        let [text] = serde_json::from_slice(json.bytes()).unwrap();
        text
    }

    #[test]
    fn every_character_comes_back_wherever_it_stands() {
        for code in (0..0x300).chain([0x2028, 0xfffd, 0x1f600]) {
            for before in [0, 3, 15, 16, 40] {
                for behind in [0, 1, 6, 30] {
                    let text =
                        "x".repeat(before) + &String::from_iter(char::from_u32(code)) + &"y".repeat(behind);
                    assert_eq!(come_back(&text), text);
                }
            }
        }
    }

    #[test]
    fn texts_longer_than_the_room_that_is_made_for_them_come_back() {
        for piece in ["\"", "\u{1}", "a\"\r\n", "a \u{1} text\\ with everything"] {
            for length in [ROOM / 6, ROOM / 2, ROOM, 3 * ROOM] {
                let text = piece.repeat(length / piece.len());
                assert_eq!(come_back(&text), text);
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(
            text in collection::vec(prop_oneof!["[\"\\\\\r\n\x00-\x1f]", "[a-z]{1,20}", any::<char>().prop_map(String::from)], 0..200)
        ) {
            let text = text.concat();
            prop_assert_eq!(come_back(&text), text);
        }

        #[test]
        fn any_number_reads_like_itself(number: i64, shift in 0..63) {
            for number in [number, number >> shift] {
                let mut json = Json::default();
                json.signed(number).raw(" ").append(&nine_digits(number.unsigned_abs()));
                let expected = format!("{number} {:09}", number.unsigned_abs() % 1_000_000_000);
                prop_assert_eq!(str::from_utf8(json.bytes()).unwrap(), expected);
            }
        }
    }

    #[test]
    fn numbers_read_like_themselves() {
        for number in (0..20_000).chain([u64::MAX]) {
            let mut json = Json::default();
            json.number(number);
            assert_eq!(json.bytes(), number.to_string().as_bytes());
        }
        let mut json = Json::default();
        json.signed(i64::MIN);
        assert_eq!(json.bytes(), i64::MIN.to_string().as_bytes());
    }
}
