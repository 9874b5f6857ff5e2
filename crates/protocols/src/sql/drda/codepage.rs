//! Texts in EBCDIC, in UTF-8 and in UTF-16, told apart by the number of their character set where it was said.

use crate::kit::text::utf8;

/// Letters of code page 500, in its order; 37 differs in seven places.
const EBCDIC: &str = "\u{0}\u{1}\u{2}\u{3}\u{9c}\t\u{86}\u{7f}\u{97}\u{8d}\u{8e}\u{b}\u{c}\r\u{e}\u{f}\
\u{10}\u{11}\u{12}\u{13}\u{9d}\u{85}\u{8}\u{87}\u{18}\u{19}\u{92}\u{8f}\u{1c}\u{1d}\u{1e}\u{1f}\
\u{80}\u{81}\u{82}\u{83}\u{84}\n\u{17}\u{1b}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{5}\u{6}\u{7}\
\u{90}\u{91}\u{16}\u{93}\u{94}\u{95}\u{96}\u{4}\u{98}\u{99}\u{9a}\u{9b}\u{14}\u{15}\u{9e}\u{1a}\
\u{20}\u{a0}âäàáãåçñ[.<(+!&éêëèíîïìß]$*);^-/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ`:#@'=\"\
Øabcdefghi«»ðýþ±°jklmnopqrªºæ¸Æ¤µ~stuvwxyz¡¿ÐÝÞ®¢£¥·©§¶¼½¾¬|¯¨´×\
{ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}";

/// Where code page 37 differs.
const CP37: [(u8, char); 7] =
    [(0x4a, '¢'), (0x4f, '|'), (0x5a, '!'), (0x5f, '¬'), (0xb0, '^'), (0xba, '['), (0xbb, ']')];

/// The letters, each at the number of its byte.
const LETTERS: [char; 256] = letters();

#[expect(
    clippy::indexing_slicing,
    reason = "runs when the program is compiled, where a bad index is an error"
)]
const fn letters() -> [char; 256] {
    let bytes = EBCDIC.as_bytes();
    let mut letters = ['\0'; 256];
    let (mut at, mut place) = (0, 0);
    while place < letters.len() {
        // None of them has more than two bytes in UTF-8.
        let code = match bytes[at] {
            one @ 0..0x80 => one as u32,
            first => {
                at += 1;
                ((first & 0x1f) as u32) << 6 | (bytes[at] & 0x3f) as u32
            }
        };
        letters[place] = match char::from_u32(code) {
            Some(letter) => letter,
            None => char::REPLACEMENT_CHARACTER,
        };
        at += 1;
        place += 1;
    }
    letters
}

/// How a text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Page {
    /// Nobody said, or in a character set that we do not know: the bytes must tell.
    #[default]
    Unsaid,
    Ascii,
    Ebcdic37,
    Ebcdic500,
    Utf16,
}

impl Page {
    /// The one with this number (CCSID).
    pub(super) fn of(ccsid: u16) -> Page {
        match ccsid {
            1208 | 367 | 819 | 1252 => Page::Ascii,
            37 | 1140 => Page::Ebcdic37,
            500 | 1148 => Page::Ebcdic500,
            1200 | 13488 | 17584 => Page::Utf16,
            _ => Page::Unsaid,
        }
    }

    /// Adds the text that `bytes` are; `\u{fffd}` for what is none.
    pub(super) fn push(self, out: &mut String, bytes: &[u8]) {
        match self {
            Page::Ascii => ascii(out, bytes),
            Page::Ebcdic37 => out.extend(bytes.iter().map(|byte| {
                let other = CP37.iter().find(|(place, _)| place == byte);
                other.map_or_else(|| letter(*byte), |(_, letter)| *letter)
            })),
            Page::Ebcdic500 => out.extend(bytes.iter().map(|byte| letter(*byte))),
            Page::Utf16 => utf16(out, bytes),
            Page::Unsaid if is_ebcdic(bytes) => Page::Ebcdic500.push(out, bytes),
            Page::Unsaid => ascii(out, bytes),
        }
    }

    /// The text that `bytes` are.
    pub(super) fn text(self, bytes: &[u8]) -> String {
        let mut out = String::new();
        self.push(&mut out, bytes);
        out
    }
}

fn letter(byte: u8) -> char {
    LETTERS.get(usize::from(byte)).copied().unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn ascii(out: &mut String, bytes: &[u8]) {
    match utf8(bytes) {
        Some(text) => out.push_str(text),
        None => out.push_str(&String::from_utf8_lossy(bytes)),
    }
}

fn utf16(out: &mut String, bytes: &[u8]) {
    let units = bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_be_bytes(*unit));
    out.extend(char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

/// Whether a text of which nobody said how it is written is EBCDIC: no UTF-8, and letters, digits and blanks of EBCDIC in
/// the main.
fn is_ebcdic(bytes: &[u8]) -> bool {
    if bytes.is_ascii() {
        return false;
    }
    let plain = |byte: &&u8| letter(**byte).is_ascii_alphanumeric() || **byte == 0x40;
    let most = bytes.iter().filter(plain).count() * 2 > bytes.len();
    most && (utf8(bytes).is_none() || !bytes.iter().any(u8::is_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn letters_stand_where_their_pages_have_them() {
        let said = b"\xe2\xc5\xd3\xc5\xc3\xe3\x40\xf1\x4a\x5a";
        assert_eq!(Page::Ebcdic500.text(said), "SELECT 1[]");
        assert_eq!(Page::Ebcdic37.text(said), "SELECT 1\u{a2}!");
        assert_eq!(Page::Ebcdic500.text(&[0xff, 0x00, 0xdc]), "\u{9f}\u{0}\u{fc}");
        assert_eq!(Page::Utf16.text(b"\0a\x20\xac"), "a\u{20ac}");
    }

    #[test]
    fn what_nobody_said_is_told_by_the_bytes() {
        let text = |bytes: &[u8]| Page::Unsaid.text(bytes);
        assert_eq!(text(b"SHOP"), "SHOP");
        assert_eq!(text("gr\u{fc}n".as_bytes()), "gr\u{fc}n");
        assert_eq!(text(b"\x84\x85\x99\x82\xa8\x84"), "derbyd");
        assert_eq!(text(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }
}
