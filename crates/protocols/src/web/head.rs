//! Heads to the texts that records keep, and the last head of each side: most are followed by their like.

use std::borrow::Cow;
use std::slice;
use std::sync::Arc;

use model::details::{Detail, Details, Named};
use model::exchange::{Failure, Identity, Outcome, Request, Response, Text};
use smallvec::SmallVec;

use crate::web::content::{Coding, Kind};
use crate::web::dialect::Candidates;
use crate::web::fields::{Fields, Masked, is_basic};
use crate::web::http1::body::Framing;
use crate::web::http1::wire::{self, RequestLine, StatusLine};
use crate::web::mask::{self, MASK};

/// Longer texts are not kept for the next message: an idle connection is to be small.
const KEPT: usize = 1 << 10;

/// The texts of a request's first line.
#[derive(Debug, Default)]
pub(super) struct Asking {
    operation: Cow<'static, str>,
    method: Text,
    /// Method and target as sent, credentials masked.
    statement: Text,
    path: Text,
    version: Text,
    /// What stands behind the target.
    end: [u8; END],
}

/// The bytes of a version with the blank before it and the end of its line.
const END: usize = b" HTTP/1.1\r\n".len();

impl Asking {
    /// The texts of `line`, those of `last` where they are the same.
    pub(super) fn of(line: &RequestLine<'_>, last: &Asking) -> Asking {
        let path = path(line.target);
        Asking {
            operation: operation(line.method),
            method: shared(line.method, Some(&last.method)),
            statement: statement(line),
            path: shared(path, Some(&last.path)),
            version: shared(line.version.as_bytes(), Some(&last.version)),
            end: match line.version {
                "1.0" => *b" HTTP/1.0\r\n",
                "1.1" => *b" HTTP/1.1\r\n",
                // No line ends so: it is read anew.
                _ => [0; END],
            },
        }
    }

    /// The length of the line that `bytes` begin with, if it is this one again.
    pub(super) fn again(&self, bytes: &[u8]) -> Option<usize> {
        let rest = bytes.strip_prefix(self.statement.as_bytes())?;
        (rest.first_chunk()? == &self.end).then_some(self.statement.len() + END)
    }

    /// Whether the details of a request with this line are those of one with the line `last`: its query is none.
    pub(super) fn has_details_of(&self, last: &Asking) -> bool {
        let texts = [(&self.method, &last.method), (&self.path, &last.path), (&self.version, &last.version)];
        texts.into_iter().all(|(ours, theirs)| Arc::ptr_eq(ours, theirs))
    }

    /// Whether it may be kept for the next message.
    pub(super) fn is_short(&self) -> bool {
        self.statement.len() <= KEPT
    }

    /// Whether what follows its answer is no longer HTTP.
    pub(super) fn is_connect(&self) -> bool {
        self.operation == "CONNECT"
    }

    /// What the details of a request begin with that has this line and the fields of `head`.
    pub(super) fn details(&self, head: &Head, identity: Option<&Identity>) -> Arc<[Named]> {
        let text = |name, text: Option<&Text>| text.map(|text| (name, Detail::Text(Arc::clone(text))));
        let agent = identity.and_then(|i| i.application.as_ref());
        [
            text("http.method", Some(&self.method)),
            text("http.path", Some(&self.path)),
            text("http.host", head.host.as_ref()),
            text("http.version", Some(&self.version)),
            text("http.user_agent", agent),
            text("http.request_content_type", head.media.as_ref()),
            text("http.request_headers", head.text.as_ref()),
            head.ambiguity.map(|what| ("http.request_ambiguity", what.into())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Which dialects a request may be in that has this line and these `details`.
    pub(super) fn candidates(&self, details: &[Named]) -> Candidates {
        Candidates::of(&self.statement, details.iter())
    }

    /// Writes the request that begins with this line and `head`, of which `details` is told.
    #[inline]
    pub(super) fn write(
        &self,
        request: &mut Request,
        (head, details): (&Head, &Arc<[Named]>),
        body: Option<Text>,
    ) {
        request.operation = self.operation.clone();
        request.statement.share_again(&self.statement);
        request.share_targets(slice::from_ref(&self.path));
        share(&mut request.details, details, self.is_short() && head.is_short());
        if let Some(body) = body {
            request.details.push(("http.request_body", Detail::Text(body)));
        }
    }
}

/// What the fields of a head say.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// All of them, credentials masked.
    text: Option<Text>,
    /// Where a credential that fills the rest of its line begins in the text.
    masks: SmallVec<[usize; 2]>,
    host: Option<Text>,
    media: Option<Text>,
    pub(super) content: Content,
    ambiguity: Option<&'static str>,
}

/// How the body is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    /// Where it ends, or why nobody can tell.
    pub(super) framing: Result<Framing, &'static str>,
    pub(super) kind: Kind,
    pub(super) coding: Coding,
}

impl Default for Content {
    fn default() -> Self {
        Content { framing: Ok(Framing::Empty), kind: Kind::default(), coding: Coding::default() }
    }
}

impl Head {
    /// What `fields` say, in texts of `last` where they are the same.
    pub(super) fn of(fields: &Fields<'_>, framing: Result<Framing, &'static str>, last: &Head) -> Head {
        let Masked { text, masks } = fields.masked();
        let media = fields.media.map(|media| shared(media, last.media.as_ref()));
        let kind = match (&media, &last.media) {
            (Some(media), Some(before)) if Arc::ptr_eq(media, before) => last.content.kind,
            (Some(media), _) => Kind::named(media.as_bytes()),
            (None, _) => Kind::default(),
        };
        Head {
            text,
            masks,
            host: fields.host.map(|host| shared(host, last.host.as_ref())),
            media,
            content: Content { framing, kind, coding: fields.coding },
            ambiguity: fields.ambiguity(),
        }
    }

    /// The length of the head that `bytes` begin with, if it is this one again, whatever its credentials are.
    ///
    /// One that names its user is always read anew.
    #[inline]
    pub(super) fn again(&self, bytes: &[u8]) -> Option<usize> {
        let text = self.text.as_deref()?.as_bytes();
        if self.masks.is_empty() { length(text, bytes) } else { self.again_masked(text, bytes) }
    }

    #[inline(never)]
    fn again_masked(&self, text: &[u8], bytes: &[u8]) -> Option<usize> {
        let (mut told, mut read) = (0, 0);
        for mask in &self.masks {
            let same = text.get(told..*mask)?;
            let value = bytes.get(read..)?.strip_prefix(same)?;
            let value = value.get(..memchr::memchr(b'\n', value)?)?;
            if is_basic(value) {
                return None;
            }
            told = mask + MASK.len();
            read += same.len() + value.strip_suffix(b"\r").unwrap_or(value).len();
        }
        Some(read + length(text.get(told..)?, bytes.get(read..)?)?)
    }

    /// The first value of a field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        field(self.text.as_deref()?, name)
    }

    /// Whether it may be kept for the next message.
    pub(super) fn is_short(&self) -> bool {
        self.text.as_ref().is_none_or(|text| text.len() <= KEPT)
    }

    /// What the details of a response begin with that has this status and these fields.
    pub(super) fn details(&self, status: u16) -> Arc<[Named]> {
        let text = |name, text: Option<&Text>| text.map(|text| (name, Detail::Text(Arc::clone(text))));
        [
            Some(("http.status", i64::from(status).into())),
            text("http.response_content_type", self.media.as_ref()),
            text("http.response_headers", self.text.as_ref()),
            self.ambiguity.map(|what| ("http.response_ambiguity", what.into())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Writes the response that begins with `line` and this head, of which `details` is told.
    #[inline]
    pub(super) fn write(
        &self,
        response: &mut Response,
        line: &StatusLine<'_>,
        details: &Arc<[Named]>,
        body: Option<Text>,
    ) {
        response.failure = failure(line);
        response.outcome = if response.failure.is_some() { Outcome::Error } else { Outcome::Ok };
        share(&mut response.details, details, self.is_short());
        if let Some(body) = body {
            response.details.push(("http.response_body", Detail::Text(body)));
        }
    }
}

/// The length of the fields that `bytes` begin with and that end the head, if they are these ones.
#[inline]
fn length(fields: &[u8], bytes: &[u8]) -> Option<usize> {
    let end = b"\r\n\r\n";
    bytes.strip_prefix(fields)?.starts_with(end).then_some(fields.len() + end.len())
}

/// The first value of a field in these lines.
pub(super) fn field<'a>(lines: &'a str, name: &str) -> Option<&'a str> {
    lines.lines().find_map(|line| {
        let (is, rest) = line.split_at_checked(name.len())?;
        let value = is.eq_ignore_ascii_case(name).then_some(rest)?.trim_ascii_start().strip_prefix(':')?;
        Some(value.trim_ascii())
    })
}

/// Tells what others may tell too; what is short may stay where it is told.
#[inline]
fn share(details: &mut Details, list: &Arc<[Named]>, is_short: bool) {
    if is_short {
        details.share_again(list);
    } else {
        details.share(Arc::clone(list));
    }
}

/// The longest reason that is kept.
const REASON: usize = 256;

fn failure(line: &StatusLine<'_>) -> Option<Box<Failure>> {
    if line.status < 400 {
        return None;
    }
    let message = wire::text(line.reason.get(..REASON).unwrap_or(line.reason)).into();
    Some(Box::new(Failure { code: line.status.to_string().into(), message }))
}

/// The text of `bytes`: `last`, where it is the same.
fn shared(bytes: &[u8], last: Option<&Text>) -> Text {
    match last {
        Some(last) if last.as_bytes() == bytes => Arc::clone(last),
        Some(_) | None => wire::text(bytes).into(),
    }
}

/// Method and target as sent, credentials masked.
fn statement(line: &RequestLine<'_>) -> Text {
    let hides = mask::may_hide(line.target);
    if !hides && line.words.len() == line.method.len() + 1 + line.target.len() {
        return wire::text(line.words).into();
    }
    let target = wire::text(line.target);
    let mut text = String::with_capacity(line.method.len() + 1 + target.len());
    text.push_str(&wire::text(line.method));
    text.push(' ');
    if hides {
        mask::url(&target, &mut text);
    } else {
        text.push_str(&target);
    }
    text.into()
}

/// Methods that most requests have, so that their name needs no memory.
const METHODS: [&str; 9] =
    ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "PROPFIND"];

fn operation(method: &[u8]) -> Cow<'static, str> {
    match METHODS.iter().find(|known| known.as_bytes() == method) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(wire::text(method).into_owned()),
    }
}

/// A target without its query, and in the absolute form (RFC 9112, 3.2.2) without its scheme and authority.
fn path(target: &[u8]) -> &[u8] {
    let end = memchr::memchr2(b'?', b'#', target).unwrap_or(target.len());
    let path = target.get(..end).unwrap_or(target);
    if path.first() == Some(&b'/') {
        return path;
    }
    match memchr::memmem::find(path, b"://").and_then(|at| path.get(at + 3..)) {
        Some(rest) => memchr::memchr(b'/', rest).and_then(|at| rest.get(at..)).unwrap_or(b"/"),
        None => path,
    }
}
