//! What the field lines of a head say: framing, content, who speaks; and all of them as one text.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::exchange::Text;
use smallvec::SmallVec;

use crate::web::content::Coding;
use crate::web::credentials;
use crate::web::http1::body::{Framing, LENGTH};
use crate::web::http1::wire::{self, HEAD, NoHead};
use crate::web::mask::{self, MASK};

/// What the fields of one head say.
#[derive(Default)]
pub(super) struct Fields<'a> {
    /// The field lines as sent, without the end of the last one.
    block: &'a [u8],
    /// The bytes of the field lines and of the empty line that ends them.
    pub(super) size: usize,
    folding: Folding,
    pub(super) host: Option<&'a [u8]>,
    /// `User-Agent` of a request, `Server` of a response.
    pub(super) program: Option<&'a [u8]>,
    pub(super) media: Option<&'a [u8]>,
    pub(super) coding: Coding,
    authorization: Option<&'a [u8]>,
    length: Length,
    transfer: Transfer,
    secrecy: Secrecy,
}

/// What `Content-Length` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Length {
    /// It is not there.
    #[default]
    Unsaid,
    Said(u64),
    /// What nobody can follow, and why.
    Broken(&'static str),
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

/// Whether a field holds a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Secrecy {
    /// None does: all are well known.
    #[default]
    Open,
    /// One may, as a part of an address.
    Unknown,
    /// One does as a whole.
    Secret,
}

/// Whether a value goes on in a next line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Folding {
    #[default]
    Plain,
    Folded,
}

/// Two framings in one message: what one server reads as the body, another may read as the next message.
pub(super) const SMUGGLING: &str = "transfer-encoding and content-length";

impl<'a> Fields<'a> {
    /// Reads field lines up to the empty one.
    ///
    /// Where some are folded, what is read is not all: they are to be unfolded and read again.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, NoHead> {
        let mut fields = Fields::default();
        loop {
            let rest = bytes.get(fields.size..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest).ok_or_else(|| wire::short(bytes))?;
            let line = rest.get(..end).unwrap_or_default();
            match line.strip_suffix(b"\r").unwrap_or(line) {
                [] => {
                    let block = bytes.get(..fields.size).unwrap_or_default();
                    fields.block = block.trim_ascii_end();
                    fields.size += end + 1;
                    break;
                }
                [b' ' | b'\t', ..] => fields.folding = Folding::Folded,
                line => match rest.get(end + 1) {
                    None => return Err(wire::short(bytes)),
                    Some(b' ' | b'\t') => fields.folding = Folding::Folded,
                    Some(_) => fields.note(line),
                },
            }
            fields.size += end + 1;
        }
        if fields.size > HEAD { Err(wire::short(bytes)) } else { Ok(fields) }
    }

    /// Whether lines are folded.
    pub(super) fn folding(&self) -> Folding {
        self.folding
    }

    fn note(&mut self, line: &'a [u8]) {
        let Some((name, value)) = usual(line).or_else(|| unusual(line)) else { return };
        match name {
            Name::Harmless => {}
            Name::Other => self.secrecy = self.secrecy.max(Secrecy::Unknown),
            Name::Secret => self.secrecy = Secrecy::Secret,
            Name::Host => self.host = Some(value.trim_ascii()),
            Name::Program => self.program = Some(value.trim_ascii()),
            Name::Media => self.media = Some(value.trim_ascii()),
            Name::Authorization => {
                self.authorization = Some(value.trim_ascii());
                self.secrecy = Secrecy::Secret;
            }
            Name::Length => self.length = self.length.with(value),
            Name::Coding => self.coding = Coding::named(value.trim_ascii()),
            Name::Transfer => self.note_transfer(value),
        }
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

    /// Where a request's body ends, or why nobody can tell.
    pub(super) fn request_framing(&self) -> Result<Framing, &'static str> {
        match (self.transfer, self.length) {
            (Transfer::Chunked, _) => Ok(Framing::Chunked),
            (Transfer::Unknown, _) => Err("a request's body has no end"),
            (Transfer::Plain, Length::Said(length)) => Ok(Framing::Length(length)),
            (Transfer::Plain, Length::Unsaid) => Ok(Framing::Empty),
            (Transfer::Plain, Length::Broken(what)) => Err(what),
        }
    }

    /// Where a response's body ends, where its status and its request allow one; or why nobody can tell.
    pub(super) fn response_framing(&self) -> Result<Framing, &'static str> {
        match (self.transfer, self.length) {
            (Transfer::Chunked, _) => Ok(Framing::Chunked),
            (Transfer::Plain, Length::Said(length)) => Ok(Framing::Length(length)),
            (Transfer::Unknown, _) | (Transfer::Plain, Length::Unsaid) => Ok(Framing::Close),
            (Transfer::Plain, Length::Broken(what)) => Err(what),
        }
    }

    /// What two readers of this message may understand differently.
    pub(super) fn ambiguity(&self) -> Option<&'static str> {
        (self.transfer != Transfer::Plain && self.length != Length::Unsaid).then_some(SMUGGLING)
    }

    /// The user that `Authorization: Basic` names (RFC 7617).
    ///
    /// Without a password the name is the credential (a key of an API), and masked.
    pub(super) fn user(&self) -> Option<String> {
        let value = self.authorization.filter(|value| is_basic(value))?;
        let decoded = BASE64_STANDARD.decode(value.get(6..)?.trim_ascii()).ok()?;
        let text = wire::text(&decoded);
        match text.split_once(':')? {
            ("", _) => None,
            (_, "" | "x-oauth-basic") => Some(MASK.to_owned()),
            (user, _) => Some(user.to_owned()),
        }
    }

    /// All field lines as one text.
    pub(super) fn masked(&self) -> Masked {
        if self.block.is_empty() {
            Masked::default()
        } else if match self.secrecy {
            Secrecy::Open => false,
            Secrecy::Unknown => mask::may_hide(self.block),
            Secrecy::Secret => true,
        } {
            masked(self.block)
        } else {
            Masked { text: Some(wire::text(self.block).into()), masks: SmallVec::new() }
        }
    }
}

impl Length {
    /// What it says with one more line. A length may be repeated, and then it must be the same (RFC 9112, 6.3).
    fn with(self, value: &[u8]) -> Length {
        value.split(|b| *b == b',').fold(self, |known, value| match (known, number(value.trim_ascii())) {
            (Length::Broken(_), _) => known,
            (_, Err(what)) => Length::Broken(what),
            (Length::Said(known), Ok(length)) if known != length => {
                Length::Broken("two content lengths differ")
            }
            (Length::Unsaid | Length::Said(_), Ok(length)) => Length::Said(length),
        })
    }
}

fn number(digits: &[u8]) -> Result<u64, &'static str> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err("a content length is no number");
    }
    let length = digits
        .iter()
        .fold(0_u64, |length, digit| length.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    if length > LENGTH { Err("a content length is longer than anything") } else { Ok(length) }
}

/// Field lines without their credentials.
#[derive(Default)]
pub(super) struct Masked {
    /// `None` when there are none.
    pub(super) text: Option<Text>,
    /// Where the credentials that filled the rest of their line were.
    pub(super) masks: SmallVec<[usize; 2]>,
}

/// Whether a value is the credentials of RFC 7617, which name a user.
pub(super) fn is_basic(value: &[u8]) -> bool {
    value.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic "))
}

/// What a field's name means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Host,
    Program,
    Media,
    Authorization,
    Length,
    Coding,
    Transfer,
    Secret,
    /// Of no meaning to us, and without credentials.
    Harmless,
    /// Of no meaning to us.
    Other,
}

/// The field of a line that is written as most are: a well-known name in its usual letters.
fn usual(line: &[u8]) -> Option<(Name, &[u8])> {
    let named = |name, prefix| Some((name, line.strip_prefix(prefix)?));
    match line.first()? {
        b'A' => named(Name::Harmless, &b"Accept:"[..])
            .or_else(|| named(Name::Harmless, b"Accept-Encoding:"))
            .or_else(|| named(Name::Harmless, b"Accept-Ranges:")),
        b'C' => named(Name::Length, &b"Content-Length:"[..])
            .or_else(|| named(Name::Media, b"Content-Type:"))
            .or_else(|| named(Name::Harmless, b"Connection:"))
            .or_else(|| named(Name::Harmless, b"Cache-Control:"))
            .or_else(|| named(Name::Coding, b"Content-Encoding:")),
        b'D' => named(Name::Harmless, b"Date:"),
        b'E' => named(Name::Harmless, b"ETag:"),
        b'H' => named(Name::Host, b"Host:"),
        b'L' => named(Name::Harmless, b"Last-Modified:"),
        b'S' => named(Name::Program, b"Server:"),
        b'T' => named(Name::Transfer, b"Transfer-Encoding:"),
        b'U' => named(Name::Program, b"User-Agent:"),
        _ => None,
    }
}

/// The field of any other line.
fn unusual(line: &[u8]) -> Option<(Name, &[u8])> {
    let (name, value) = split(line)?;
    let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
    let name = match name.len() {
        4 if is(b"host") => Name::Host,
        6 if is(b"server") => Name::Program,
        10 if is(b"user-agent") => Name::Program,
        12 if is(b"content-type") => Name::Media,
        13 if is(b"authorization") => Name::Authorization,
        14 if is(b"content-length") => Name::Length,
        16 if is(b"content-encoding") => Name::Coding,
        17 if is(b"transfer-encoding") => Name::Transfer,
        _ if credentials::is_secret_field(name) => Name::Secret,
        _ => Name::Other,
    };
    Some((name, value))
}

/// Name and value of a field line; blanks before the colon hide nothing.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at_checked(colon)?;
    Some((name.trim_ascii_end(), value.get(1..)?))
}

/// Field lines as one text, credentials masked.
pub(super) fn masked(block: &[u8]) -> Masked {
    let block = wire::text(block.trim_ascii_end());
    let mut text = String::with_capacity(block.len());
    let mut masks = SmallVec::new();
    for line in block.split_inclusive('\n') {
        let bare = line.trim_ascii_end();
        match split(bare.as_bytes()) {
            Some((name, value)) if credentials::is_secret_field(name) => {
                let open = bare.len() - value.trim_ascii_start().len();
                text.push_str(bare.get(..open).unwrap_or(bare));
                masks.push(text.len());
                text.push_str(MASK);
            }
            Some(_) if mask::may_hide(bare.as_bytes()) => mask::url(bare, &mut text),
            Some(_) | None => text.push_str(bare),
        }
        text.push_str(line.get(bare.len()..).unwrap_or_default());
    }
    Masked { text: (!text.is_empty()).then(|| text.into()), masks }
}
