//! JSON written straight into bytes: no tree, no formatting machine, and each text in one pass.

use wide::u8x16;

/// So many bytes of a text are looked at together; most texts have nothing to escape in most of their pieces.
const PIECE: usize = 16;

/// A piece and the one behind it.
const WINDOW: usize = 2 * PIECE;

/// The bytes of the longest escape, `\u001f`.
const LONGEST: usize = 6;

/// No escape of a piece begins so far from its beginning. A power of two, so that a remainder can tell the compiler.
const REACH: usize = (LONGEST * PIECE).next_power_of_two();

/// The most bytes that are written for a piece, what may follow its last escape included.
const ESCAPED: usize = REACH + LONGEST + PIECE;

/// So much room is made at a time for a text with escapes.
const ROOM: usize = (1 << 10) + ESCAPED;

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
    pub(crate) fn unquoted(&mut self, text: &str) -> &mut Self {
        let text = text.as_bytes();
        let Some(last) = text.last_chunk() else {
            self.short(text);
            return self;
        };
        let (pieces, _) = text.as_chunks();
        // The last piece has the rest of the text, and bytes that were looked at before.
        if pieces.iter().chain([last]).any(|piece| escaped(piece).any()) {
            self.escape(text);
        } else {
            self.bytes.extend_from_slice(text);
        }
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
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        match number {
            0..100 => {
                let [tens, ones] = pair(number);
                if tens != b'0' {
                    self.bytes.push(tens);
                }
                self.bytes.push(ones);
            }
            100..1000 => {
                let ([_, hundreds], [tens, ones]) = (pair(number / 100), pair(number));
                self.append(&[hundreds, tens, ones]);
            }
            1000..10_000 => self.append(&four_digits(number)),
            10_000.. => {
                self.number(number / 10_000);
                self.append(&four_digits(number));
            }
        }
        self
    }

    /// Adds the last nine digits of a number, zeros before it included.
    #[inline]
    pub(crate) fn nine_digits(&mut self, number: u64) -> &mut Self {
        let [_, first] = pair(number / 100_000_000);
        let ([a, b, c, d], [e, f, g, h]) = (four_digits(number / 10_000), four_digits(number));
        self.append(&[first, a, b, c, d, e, f, g, h]);
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
        let piece = padded(text);
        if escaped(&piece).to_bitmask() & ((1 << text.len()) - 1) != 0 {
            return self.escape(text);
        }
        let end = self.bytes.len() + text.len();
        self.bytes.extend_from_slice(&piece);
        self.bytes.truncate(end);
    }

    /// Adds a text that has something to escape.
    #[inline(never)]
    fn escape(&mut self, mut text: &[u8]) {
        while !text.is_empty() {
            let begin = self.bytes.len();
            self.bytes.resize(begin + ROOM, 0);
            let room = self.bytes.get_mut(begin..).unwrap_or_default();
            let (rest, left) = escape_into(text, room);
            self.bytes.truncate(begin + ROOM - left);
            text = rest;
        }
    }
}

/// Writes the beginning of `text` into `room`, escaped; the rest of the text, and how many bytes of room are left.
fn escape_into<'a>(mut text: &'a [u8], mut room: &mut [u8]) -> (&'a [u8], usize) {
    while let Some(window) = text.first_chunk() {
        let Some(place) = room.first_chunk_mut() else { return (text, room.len()) };
        let written = escape_piece(window, PIECE, place);
        text = text.get(PIECE..).unwrap_or_default();
        room = room.get_mut(written..).unwrap_or_default();
    }
    while let (false, Some(place)) = (text.is_empty(), room.first_chunk_mut()) {
        let mut window = [0; WINDOW];
        window.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        let length = text.len().min(PIECE);
        let written = escape_piece(&window, length, place);
        text = text.get(length..).unwrap_or_default();
        room = room.get_mut(written..).unwrap_or_default();
    }
    (text, room.len())
}

/// Writes the first `length` bytes of a piece, escaped, and says how many they became.
///
/// What stands between two escapes is not measured: behind each, all is copied that may follow.
#[inline]
fn escape_piece(window: &[u8; WINDOW], length: usize, place: &mut [u8; ESCAPED]) -> usize {
    let (piece, _) = window.split_first_chunk().unwrap_or((&[0; PIECE], &[]));
    let (controls, others) = special(piece);
    let length_mask = (1 << length) - 1;
    let mut found = (controls | others).to_bitmask() & length_mask;
    place[..PIECE].copy_from_slice(piece);
    let mut grown = 0;
    if controls.to_bitmask() & length_mask == 0 {
        // Nearly all that is escaped stands for itself, behind a backslash.
        while found != 0 {
            let at = found.trailing_zeros() as usize % PIECE;
            found &= found - 1;
            let to = &mut place[(at + grown) % REACH..][..1 + PIECE];
            to[0] = b'\\';
            to[1..].copy_from_slice(&window[at..][..PIECE]);
            grown += 1;
        }
        return length + grown;
    }
    while found != 0 {
        let at = found.trailing_zeros() as usize % PIECE;
        found &= found - 1;
        let letter = ESCAPES[usize::from(window[at])];
        let rest = &window[at + 1..][..PIECE];
        let to = &mut place[(at + grown) % REACH..][..LONGEST + PIECE];
        if letter == b'u' {
            to[..LONGEST].copy_from_slice(&numbered(window[at]));
            to[LONGEST..].copy_from_slice(rest);
            grown += LONGEST - 1;
        } else {
            to[..2].copy_from_slice(&[b'\\', letter]);
            to[2..2 + PIECE].copy_from_slice(rest);
            grown += 1;
        }
    }
    length + grown
}

/// The escape of a byte by its number.
fn numbered(byte: u8) -> [u8; LONGEST] {
    let digit = |digit: u8| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
    [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]
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

/// Which bytes of a piece JSON wants escaped (RFC 8259, section 7): control characters, and quotes and backslashes. All
/// bits of those are set.
#[inline]
fn special(piece: &[u8; PIECE]) -> (u8x16, u8x16) {
    let piece = u8x16::from(*piece);
    let controls = piece.min(u8x16::splat(0x1f)).simd_eq(piece);
    let quotes = piece.simd_eq(u8x16::splat(b'"'));
    (controls, quotes | piece.simd_eq(u8x16::splat(b'\\')))
}

/// [`special`] without the difference.
#[inline]
fn escaped(piece: &[u8; PIECE]) -> u8x16 {
    let (controls, others) = special(piece);
    controls | others
}

/// A text that is shorter than a piece, and nothing behind it.
#[inline]
fn padded(text: &[u8]) -> [u8; PIECE] {
    let shift = |length: usize| 8 * (text.len() - length);
    let (low, high) = if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let last = u64::from_le_bytes(*last);
        // The bytes of `last` that `first` has not, by the two shifts that one of 64 bits is.
        (u64::from_le_bytes(*first), last >> 1 >> (63 - shift(8)))
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        (u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << shift(4), 0)
    } else if let (Some(first), Some(middle), Some(last)) =
        (text.first(), text.get(text.len() / 2), text.last())
    {
        let middle = u64::from(*middle) << (8 * (text.len() / 2));
        (u64::from(*first) | middle | u64::from(*last) << shift(1), 0)
    } else {
        (0, 0)
    };
    (u128::from(low) | u128::from(high) << 64).to_le_bytes()
}

/// The digits of each number below a hundred.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

/// The last two digits of a number.
#[inline]
fn pair(number: u64) -> [u8; 2] {
    PAIRS[usize::try_from(number % 100).unwrap_or_default()]
}

/// The last four digits of a number.
#[inline]
fn four_digits(number: u64) -> [u8; 4] {
    let ([a, b], [c, d]) = (pair(number / 100), pair(number));
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy as _, any, prop_oneof};
    use proptest::{collection, prop_assert_eq, proptest};

    use super::{Json, ROOM};

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
                json.signed(number).raw(" ").nine_digits(number.unsigned_abs());
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
