//! The fields of a message (RFC 5322): who says it to whom, and about what.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::details::Details;
use model::exchange::Text;

use crate::kit::text::lossy;

/// So many bytes of a field are kept.
const FIELD: usize = 512;

/// The fields that are told, and what they are called then.
const TOLD: [(&str, &str); 4] =
    [("from", "from"), ("to", "to"), ("subject", "subject"), ("message-id", "message_id")];

/// The fields of a message, as far as they were said.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    told: [Option<String>; TOLD.len()],
    place: Place,
}

/// Where the next line stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Among the fields; behind the beginning of one that is told, by its place in the table.
    Field(usize),
    /// Among the fields, behind one that is not told.
    #[default]
    Other,
    /// Behind the fields.
    Body,
}

impl Fields {
    /// The next line of the message.
    pub(super) fn hear(&mut self, line: &[u8]) {
        match (self.place, line) {
            (Place::Body, _) => {}
            (_, []) => self.place = Place::Body,
            (Place::Field(at), [b' ' | b'\t', ..]) => self.add(at, line),
            (Place::Other, [b' ' | b'\t', ..]) => {}
            (Place::Field(_) | Place::Other, _) => self.begin(line),
        }
    }

    fn begin(&mut self, line: &[u8]) {
        self.place = Place::Other;
        let Some((name, value)) = memchr::memchr(b':', line).and_then(|at| line.split_at_checked(at)) else {
            return;
        };
        let at = TOLD.iter().position(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name));
        let Some(at) = at.filter(|at| self.told.get(*at).is_some_and(Option::is_none)) else { return };
        self.place = Place::Field(at);
        self.add(at, value.get(1..).unwrap_or_default());
    }

    /// More of a field that is told.
    fn add(&mut self, at: usize, value: &[u8]) {
        let Some(field) = self.told.get_mut(at).map(Option::get_or_insert_default) else { return };
        let room = FIELD.saturating_sub(field.len());
        let value = value.trim_ascii();
        if !field.is_empty() {
            field.push(' ');
        }
        field.push_str(&lossy(value.get(..room).unwrap_or(value)));
    }

    /// Tells them.
    pub(super) fn tell(&self, details: &mut Details) {
        for ((_, name), field) in TOLD.iter().zip(&self.told) {
            if let Some(field) = field {
                details.push((name, Text::from(&*decoded(field)).into()));
            }
        }
    }
}

/// A field whose encoded words (RFC 2047) are read.
fn decoded(field: &str) -> Cow<'_, str> {
    if !field.contains("=?") {
        return Cow::Borrowed(field);
    }
    let (mut out, mut rest, mut last_was_word) = (String::new(), field, false);
    while let Some((before, behind)) = rest.split_once("=?") {
        let Some((text, after)) = word(behind) else {
            out.push_str(before);
            out.push_str("=?");
            (rest, last_was_word) = (behind, false);
            continue;
        };
        // Blanks between two encoded words are not said (RFC 2047, 6.2).
        if !(last_was_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        out.push_str(&text);
        (rest, last_was_word) = (after, true);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The text of an encoded word, behind its first two letters, and what follows it.
fn word(behind: &str) -> Option<(String, &str)> {
    let (charset, rest) = behind.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (text, after) = rest.split_once("?=")?;
    let bytes = match encoding {
        "b" | "B" => STANDARD.decode(text).ok()?,
        "q" | "Q" => quoted(text)?,
        _ => return None,
    };
    let charset = charset.split('*').next().unwrap_or_default();
    if charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii") {
        return Some((String::from_utf8(bytes).ok()?, after));
    }
    let is_latin = charset.eq_ignore_ascii_case("iso-8859-1");
    is_latin.then(|| (bytes.into_iter().map(char::from).collect(), after))
}

fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(bytes.next()?)? * 16 + digit(bytes.next()?)?).ok()?
            }
            byte => byte,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use model::details::{Detail, Details};

    use super::{Fields, decoded};

    #[test]
    fn fields_are_told_whole_and_once() {
        let mut fields = Fields::default();
        let lines =
            ["Received: x", " y", "SUBJECT: one", "\ttwo", "To: a@b", "Subject: three", "", "From: body"];
        lines.iter().for_each(|line| fields.hear(line.as_bytes()));
        let mut details = Details::new();
        fields.tell(&mut details);
        let told: Vec<_> = details.iter().cloned().collect();
        assert_eq!(told, [("to", Detail::from("a@b")), ("subject", Detail::from("one two"))]);
    }

    #[test]
    fn encoded_words_are_read() {
        assert_eq!(
            decoded("=?UTF-8?B?R3LDvMOfZQ==?= =?utf-8?q?_an_=C3=A4lle?= x"),
            "Gr\u{fc}\u{df}e an \u{e4}lle x"
        );
        assert_eq!(decoded("=?iso-8859-1?Q?=E9?="), "\u{e9}");
        assert_eq!(decoded("a =?x?y?z"), "a =?x?y?z");
    }
}
