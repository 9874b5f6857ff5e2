//! What the field lines of a head say: framing, content, who speaks; and all of them as one text.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::exchange::Text;

use crate::web::http1::body::{Coding, Framing, Kind, LENGTH};
use crate::web::http1::mask::{self, MASK};
use crate::web::http1::wire::Lines;

/// What the fields of one head say.
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) host: Option<&'a [u8]>,
    /// `User-Agent` of a request, `Server` of a response.
    pub(super) program: Option<&'a [u8]>,
    pub(super) media: Option<&'a [u8]>,
    pub(super) coding: Coding,
    authorization: Option<&'a [u8]>,
    length: Option<u64>,
    transfer: Transfer,
    secrecy: Secrecy,
}

/// Whether a body comes in chunks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Transfer {
    #[default]
    Plain,
    Chunked,
    /// In a coding whose end only the connection's end shows.
    Unknown,
}

/// Whether a field holds a credential as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Secrecy {
    #[default]
    Open,
    Secret,
}

/// Two framings in one message: what one server reads as the body, another may read as the next message.
pub(super) const SMUGGLING: &str = "transfer-encoding and content-length";

impl<'a> Fields<'a> {
    /// What `lines` say, or what is wrong with them.
    pub(super) fn read(lines: &Lines<'a>) -> Result<Self, &'static str> {
        let mut fields = Fields::default();
        for field in lines.fields {
            fields.note(field.name, field.value)?;
        }
        Ok(fields)
    }

    fn note(&mut self, name: &str, value: &'a [u8]) -> Result<(), &'static str> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match name.len() {
            4 if is("host") => self.host = Some(value),
            4 if is("date") => {}
            6 if is("server") => self.program = Some(value),
            6 if is("accept") => {}
            10 if is("user-agent") => self.program = Some(value),
            10 if is("connection") => {}
            12 if is("content-type") => self.media = Some(value),
            13 if is("last-modified") => {}
            13 if is("authorization") => {
                self.authorization = Some(value);
                self.secrecy = Secrecy::Secret;
            }
            14 if is("content-length") => self.note_length(value)?,
            16 if is("content-encoding") => self.coding = Coding::named(value),
            17 if is("transfer-encoding") => self.note_transfer(value),
            _ if mask::is_secret_field(name) => self.secrecy = Secrecy::Secret,
            _ => {}
        }
        Ok(())
    }

    /// A length may be repeated, and then it must be the same (RFC 9112, 6.3).
    fn note_length(&mut self, value: &[u8]) -> Result<(), &'static str> {
        for value in value.split(|b| *b == b',') {
            let digits = value.trim_ascii();
            let mut length: u64 = 0;
            for digit in digits {
                if !digit.is_ascii_digit() {
                    return Err("a content length is no number");
                }
                length = length.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
            }
            if digits.is_empty() {
                return Err("a content length is no number");
            }
            if length > LENGTH {
                return Err("a content length is longer than anything");
            }
            if self.length.is_some_and(|other| other != length) {
                return Err("two content lengths differ");
            }
            self.length = Some(length);
        }
        Ok(())
    }

    fn note_transfer(&mut self, value: &[u8]) {
        for coding in value.split(|b| *b == b',') {
            let coding = coding.trim_ascii();
            if coding.eq_ignore_ascii_case(b"chunked") {
                self.transfer = Transfer::Chunked;
            } else if !coding.eq_ignore_ascii_case(b"identity") {
                self.transfer = Transfer::Unknown;
                if self.coding == Coding::Identity {
                    self.coding = Coding::named(coding);
                }
            }
        }
    }

    /// Where a request's body ends.
    pub(super) fn request_framing(&self) -> Result<Framing, &'static str> {
        match (self.transfer, self.length) {
            (Transfer::Chunked, _) => Ok(Framing::Chunked),
            (Transfer::Unknown, _) => Err("a request's body has no end"),
            (Transfer::Plain, Some(length)) => Ok(Framing::Length(length)),
            (Transfer::Plain, None) => Ok(Framing::Empty),
        }
    }

    /// Where a response's body ends, where its status and its request allow one.
    pub(super) fn response_framing(&self) -> Framing {
        match (self.transfer, self.length) {
            (Transfer::Chunked, _) => Framing::Chunked,
            (Transfer::Plain, Some(length)) => Framing::Length(length),
            (Transfer::Unknown, _) | (Transfer::Plain, None) => Framing::Close,
        }
    }

    /// What two readers of this message may understand differently.
    pub(super) fn ambiguity(&self) -> Option<&'static str> {
        (self.transfer != Transfer::Plain && self.length.is_some()).then_some(SMUGGLING)
    }

    /// What kind of text the body is.
    pub(super) fn kind(&self) -> Kind {
        self.media.map(Kind::named).unwrap_or_default()
    }

    /// The user that `Authorization: Basic` names (RFC 7617).
    ///
    /// Without a password the name is the credential (a key of an API), and masked.
    pub(super) fn user(&self) -> Option<String> {
        let (scheme, rest) = self.authorization?.split_at_checked(6)?;
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return None;
        }
        let decoded = BASE64_STANDARD.decode(rest.trim_ascii()).ok()?;
        let text = String::from_utf8_lossy(&decoded);
        match text.split_once(':')? {
            ("", _) => None,
            (_, "" | "x-oauth-basic") => Some(MASK.to_owned()),
            (user, _) => Some(user.to_owned()),
        }
    }

    /// All field lines as one text, credentials masked.
    pub(super) fn text(&self, lines: &Lines<'_>) -> Text {
        if self.secrecy == Secrecy::Open && !mask::may_hide(lines.block) {
            return String::from_utf8_lossy(lines.block).into();
        }
        let mut text = String::with_capacity(lines.block.len());
        for field in lines.fields {
            if !text.is_empty() {
                text.push_str("\r\n");
            }
            masked(field.name, field.value, &mut text);
        }
        text.into()
    }
}

fn masked(name: &str, value: &[u8], text: &mut String) {
    text.push_str(name);
    text.push_str(": ");
    if mask::is_secret_field(name) {
        text.push_str(MASK);
    } else if mask::may_hide(value) {
        mask::url(&String::from_utf8_lossy(value), text);
    } else {
        text.push_str(&String::from_utf8_lossy(value));
    }
}

/// The trailers of a body as one text, credentials masked; `None` when there are none.
pub(super) fn trailers(block: &[u8]) -> Option<Text> {
    let mut text = String::new();
    for line in block.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()) {
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (name, value) = line.split_at_checked(colon).unwrap_or((line, b""));
        masked(&String::from_utf8_lossy(name), value.get(1..).unwrap_or_default().trim_ascii(), &mut text);
    }
    (!text.is_empty()).then(|| text.into())
}
