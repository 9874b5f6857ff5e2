//! What bodies say: their text, decoded and without credentials, and the last one of each side.

use std::borrow::Cow;
use std::io::Read as _;
use std::sync::Arc;

use model::exchange::Text;

use crate::kit::reader::Reader;
use crate::kit::text::utf8;
use crate::web::likeness::Likeness;
use crate::web::{mask, parts};

/// The most bytes of a body that are kept as sent: enough for what an API says, little for what it carries.
pub(super) const SAMPLE: usize = 16 << 10;

/// The same where a dialect wants more of it: a prompt, with the tools behind it.
const LONG: usize = 128 << 10;

/// The most bytes of window that a body may ask for, and so that its reading takes for a moment (RFC 9659).
const WINDOW: u64 = 8 << 20;

/// A piece of brotli's input.
const BROTLI_INPUT: usize = 4 << 10;

/// How the bytes of a body were made of its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Coding {
    #[default]
    Identity,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
    /// Several, or one that is not read.
    Other,
}

impl Coding {
    /// The coding of this name (RFC 9110, 8.4.1).
    pub(super) fn named(name: &[u8]) -> Coding {
        let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
        if is(b"gzip") || is(b"x-gzip") {
            Coding::Gzip
        } else if is(b"deflate") {
            Coding::Deflate
        } else if is(b"br") {
            Coding::Brotli
        } else if is(b"zstd") {
            Coding::Zstd
        } else if is(b"identity") || name.is_empty() {
            Coding::Identity
        } else {
            Coding::Other
        }
    }
}

/// What kind of text a body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// None, or nobody said so.
    #[default]
    Opaque,
    Json,
    /// JSON of which a dialect wants more: what matters stands at its end.
    LongJson,
    Form,
    Xml,
    /// `multipart/form-data`.
    Parts,
    /// Server-sent events.
    Events,
    Plain,
}

impl Kind {
    /// The same kind, where a dialect wants more of it.
    pub(super) fn longer(self) -> Kind {
        if self == Kind::Json { Kind::LongJson } else { self }
    }

    /// Whether its credentials are members of JSON, and nothing else.
    fn is_json(self) -> bool {
        matches!(self, Kind::Json | Kind::LongJson | Kind::Events)
    }

    /// The most bytes of such a body that are kept as sent, and of text that come of them: a bomb ends here.
    #[inline]
    pub(super) fn limit(self) -> usize {
        if self == Kind::LongJson { LONG } else { SAMPLE }
    }

    /// The kind of this media type.
    pub(super) fn named(media: &[u8]) -> Kind {
        let end = memchr::memchr(b';', media).unwrap_or(media.len());
        let media = media.get(..end).unwrap_or_default().trim_ascii();
        let ends = |end: &[u8]| {
            let from = media.len().checked_sub(end.len());
            from.and_then(|from| media.get(from..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        let text = media.get(..5).is_some_and(|m| m.eq_ignore_ascii_case(b"text/"));
        if ends(b"json") {
            Kind::Json
        } else if ends(b"x-www-form-urlencoded") {
            Kind::Form
        } else if ends(b"xml") {
            Kind::Xml
        } else if media.eq_ignore_ascii_case(b"multipart/form-data") {
            Kind::Parts
        } else if media.eq_ignore_ascii_case(b"text/event-stream") {
            Kind::Events
        } else if text || ends(b"/graphql") || ends(b"/javascript") || ends(b"yaml") || ends(b"sql") {
            Kind::Plain
        } else {
            Kind::Opaque
        }
    }
}

/// The last body of one side, where its text is as it was sent: what is asked again is mostly answered as before.
#[derive(Debug, Default)]
pub(super) struct Last {
    kind: Kind,
    /// How long the last one was that is not kept here.
    length: u32,
    text: Option<Text>,
    likeness: Likeness,
}

/// Longer bodies are not kept for the next message: an idle connection is to be small, and what is said again and again
/// (the answers to health checks, acknowledgements, one record of many) is short.
const KEPT: usize = 512;

/// Nor are longer ones for the next messages of all connections together, which ask for the same documents.
const SHARED: usize = 4 << 10;

/// A body that is kept for all connections: its text is as it was sent.
struct Body {
    kind: Kind,
    text: Text,
}

impl Last {
    /// The text of a body's beginning, credentials masked; `None` when it is no text.
    #[inline]
    pub(super) fn text(
        &mut self,
        kind: Kind,
        coding: Coding,
        sample: &[u8],
        wire: &mut Reader<'_>,
    ) -> Option<Text> {
        if sample.is_empty() || kind == Kind::Opaque {
            return None;
        }
        match &self.text {
            Some(text) if self.kind == kind && is_as_sent(text, coding, sample) => Some(Arc::clone(text)),
            Some(_) | None => self.new_text(kind, coding, sample, wire),
        }
    }

    /// Whether a body is too long to be kept here, and as long as the last such one was: it may be the same.
    fn length_is_again(&mut self, coding: Coding, sample: &[u8]) -> bool {
        if coding != Coding::Identity || !(KEPT + 1..=SHARED).contains(&sample.len()) {
            return false;
        }
        let length = u32::try_from(sample.len()).unwrap_or(u32::MAX);
        std::mem::replace(&mut self.length, length) == length
    }

    #[inline(never)]
    fn new_text(&mut self, kind: Kind, coding: Coding, sample: &[u8], wire: &mut Reader<'_>) -> Option<Text> {
        if self.length_is_again(coding, sample) {
            return long_text(kind, sample, wire);
        }
        let last = self.text.take().filter(|_| self.kind == kind);
        if let Some(last) = &last
            && coding == Coding::Identity
            && sample.len() <= KEPT
            && self.likeness.has_no_secrets(last.as_bytes(), sample)
            && let Some(text) = utf8(sample)
        {
            let text = Text::from(text);
            self.text = Some(Arc::clone(&text));
            return Some(text);
        }
        let text = text(kind, coding, sample)?;
        let kept = text.len() <= KEPT && is_as_sent(&text, coding, sample);
        match last {
            Some(last) if kept && kind.is_json() => self.likeness.learn(last.as_bytes(), sample),
            Some(_) | None if self.likeness != Likeness::Unknown => self.likeness = Likeness::Nothing,
            Some(_) | None => {}
        }
        (self.kind, self.text) = (kind, kept.then(|| Arc::clone(&text)));
        Some(text)
    }
}

/// The text of a long body, of which another connection may know it.
#[inline(never)]
fn long_text(kind: Kind, sample: &[u8], wire: &mut Reader<'_>) -> Option<Text> {
    // What differs in documents of one length stands at their ends as often as anywhere.
    let told = (kind, sample.len(), sample.first_chunk::<16>(), sample.last_chunk::<16>());
    let is = |known: &Body| known.kind == kind && known.text.as_bytes() == sample;
    let body = wire.recall_long(&told, is, || match text(kind, Coding::Identity, sample) {
        Some(text) if text.as_bytes() == sample => Ok(Body { kind, text }),
        other => Err(other),
    });
    body.map_or_else(|other| other, |body| Some(Arc::clone(&body.text)))
}

fn is_as_sent(text: &Text, coding: Coding, sample: &[u8]) -> bool {
    coding == Coding::Identity && text.as_bytes() == sample
}

/// The text of a body's beginning, credentials masked; `None` when it is no text.
fn text(kind: Kind, coding: Coding, sample: &[u8]) -> Option<Text> {
    if sample.is_empty() || kind == Kind::Opaque {
        return None;
    }
    let sample = sample.get(..kind.limit()).unwrap_or(sample);
    match coding {
        Coding::Identity => masked(kind, sample),
        Coding::Other => None,
        Coding::Gzip | Coding::Deflate | Coding::Brotli | Coding::Zstd => {
            masked(kind, &decoded(coding, kind.limit(), sample)?)
        }
    }
}

/// The text of a content's beginning, credentials masked; `None` when it is no text.
fn masked(kind: Kind, content: &[u8]) -> Option<Text> {
    let content = readable(content.get(..kind.limit()).unwrap_or(content));
    let mask = match kind {
        kind if kind.is_json() && mask::has_secret_members(content.as_bytes()) => mask::json,
        Kind::Form if mask::has_secret_parameters(content.as_bytes()) => mask::parameters,
        Kind::Xml => mask::xml,
        Kind::Parts => parts::masked,
        Kind::Opaque | Kind::Json | Kind::LongJson | Kind::Form | Kind::Events | Kind::Plain => {
            return Some(content.into());
        }
    };
    let mut masked = String::with_capacity(content.len());
    mask(&content, &mut masked);
    (!masked.is_empty()).then(|| masked.into())
}

/// The text of bytes that may be cut in the middle of a letter.
fn readable(bytes: &[u8]) -> Cow<'_, str> {
    utf8(bytes).map_or_else(
        || {
            let cut = std::str::from_utf8(bytes).err().filter(|error| error.error_len().is_none());
            let end = cut.map_or(bytes.len(), |error| error.valid_up_to());
            String::from_utf8_lossy(bytes.get(..end).unwrap_or(bytes))
        },
        Cow::Borrowed,
    )
}

/// What `kept` says, to a bound of `limit` bytes; a cut or broken end of it is passed over.
///
/// Out of line: what unpacks takes 56 KiB of stack, which most bodies need not touch.
#[inline(never)]
pub(super) fn decoded(coding: Coding, limit: usize, kept: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let mut read = |from: &mut dyn std::io::Read| {
        // The end of a sample is cut: what came before it counts.
        let _ = from.take(limit as u64).read_to_end(&mut content);
    };
    match coding {
        Coding::Identity | Coding::Other => return None,
        Coding::Gzip => read(&mut flate2::read::MultiGzDecoder::new(kept)),
        // Some servers send the bare stream and some the zlib format, which RFC 9110 (8.4.1.2) means.
        Coding::Deflate if kept.first().is_some_and(|b| b & 15 == 8) => {
            read(&mut flate2::read::ZlibDecoder::new(kept));
        }
        Coding::Deflate => read(&mut flate2::read::DeflateDecoder::new(kept)),
        Coding::Brotli if kept.first().is_none_or(|first| brotli_window(*first) > WINDOW) => return None,
        Coding::Brotli => read(&mut brotli_decompressor::Decompressor::new(kept, BROTLI_INPUT)),
        Coding::Zstd => {
            let mut frames = ruzstd::decoding::FrameDecoder::new();
            frames.set_max_window_size(WINDOW);
            let mut stream = ruzstd::decoding::StreamingDecoder::new_with_decoder(kept, frames).ok()?;
            read(&mut stream);
        }
    }
    (!content.is_empty()).then_some(content)
}

/// The window that a brotli stream with this first byte asks for (RFC 7932, 9.1).
fn brotli_window(first: u8) -> u64 {
    let bits = match (first & 1, first >> 1 & 7, first >> 4 & 7) {
        (0, _, _) => 16,
        (_, 0, 0) => 17,
        // The mark of windows of up to 1 GiB, which the RFC does not know.
        (_, 0, 1) => 30,
        (_, 0, bits) => 8 + bits,
        (_, bits, _) => 17 + bits,
    };
    1 << bits
}

#[cfg(test)]
mod tests {
    use model::exchange::Text;
    use proptest::prelude::Strategy;
    use proptest::sample::select;
    use proptest::{collection, prop_assert_eq, prop_oneof, proptest};

    use super::{Coding, KEPT, Kind, Last, text};
    use crate::kit::desk::Desk;
    use crate::kit::reader::{Ahead, Reader, Waiting};
    use crate::web::credentials::tests::name;
    use crate::web::likeness::Likeness;

    proptest! {
        #[test]
        fn a_body_is_told_alike_whatever_came_before(
            bodies in collection::vec(
                (
                    select(vec![Kind::Opaque, Kind::Json, Kind::Form, Kind::Xml, Kind::Parts, Kind::Plain]),
                    select(vec![Coding::Identity, Coding::Identity, Coding::Gzip, Coding::Other]),
                    select(vec![
                        &b""[..],
                        br#"{"token": "a"}"#,
                        br#"{"token":"***"}"#,
                        b"token=a",
                        b"token=***",
                        b"<token>a</token>",
                        b"--a\r\nContent-Disposition: form-data; name=token\r\n\r\na\r\n--a--",
                        b"plain \xff",
                        "plain \u{fffd}".as_bytes(),
                    ]),
                ),
                0..20,
            ),
        ) {
            let (mut last, mut desk) = (Last::default(), Desk::default());
            for (kind, coding, sample) in bodies {
                let told = last.text(kind, coding, sample, &mut reader(&mut desk));
                prop_assert_eq!(told, text(kind, coding, sample));
            }
        }

        #[test]
        fn a_long_body_is_told_alike_whatever_any_connection_said_before(
            bodies in collection::vec(
                (0..2_usize, select(vec![Kind::Json, Kind::Form, Kind::Plain]), select(vec!["\"tok\"", "\"token\"", "&token=", "\u{e9}"]), 1..3_usize),
                0..40,
            ),
        ) {
            let (mut lasts, mut desk) = ([Last::default(), Last::default()], Desk::default());
            for (side, kind, differs, times) in bodies {
                let around = "1".repeat(KEPT * times);
                let body = format!("{around}{differs:1<7}: \"a\"{around}");
                let told = lasts[side].text(kind, Coding::Identity, body.as_bytes(), &mut reader(&mut desk));
                prop_assert_eq!(told, text(kind, Coding::Identity, body.as_bytes()));
            }
        }

        #[test]
        fn a_body_of_the_last_ones_shape_hides_no_credential(
            (at, again) in (0..=SHAPE.len(), 0..=SHAPE.len()),
            bodies in collection::vec((difference(), difference(), 0..9_usize), 0..20),
        ) {
            let (mut last, mut desk) = (Last::default(), Desk::default());
            for (one, other, cut) in bodies {
                let (begins, rest) = SHAPE.split_at(at.min(again));
                let (rest, ends) = rest.split_at(at.abs_diff(again));
                let body = [begins, &one, rest, &other, ends].concat();
                let sample = body.as_bytes().get(..body.len() - cut / 8).unwrap();
                let told = last.text(Kind::Json, Coding::Identity, sample, &mut reader(&mut desk));
                prop_assert_eq!(told, text(Kind::Json, Coding::Identity, sample));
            }
        }
    }

    /// A reader of a conversation with this desk.
    fn reader(desk: &mut Desk) -> Reader<'_> {
        Reader::new(b"", 0, Ahead::End).among(Waiting::default(), desk)
    }

    #[test]
    fn a_long_body_that_comes_again_is_kept_for_all_connections() {
        let mut desk = Desk::default();
        let body = "1".repeat(KEPT + 1);
        let mut told = |last: &mut Last| {
            last.text(Kind::Json, Coding::Identity, body.as_bytes(), &mut reader(&mut desk)).unwrap()
        };
        let (mut last, mut other) = (Last::default(), Last::default());
        let texts = [told(&mut last), told(&mut last), told(&mut last), told(&mut other), told(&mut other)];
        let is_kept = texts.each_ref().map(|text| Text::ptr_eq(text, &texts[1]));
        assert_eq!(is_kept, [false, true, true, false, true], "the first may be the only one");
    }

    #[test]
    fn what_differs_in_a_body_is_looked_through() {
        let (begins, ends) = SHAPE.split_at(7);
        let body = |differs: &str| format!("{begins}{differs}{ends}");
        let (mut last, mut desk) = (Last::default(), Desk::default());
        let mut told = |differs: &str| {
            let text =
                last.text(Kind::Json, Coding::Identity, body(differs).as_bytes(), &mut reader(&mut desk));
            (text.unwrap().to_string(), last.likeness)
        };
        let shape = Likeness::Shape { begin: begins.len(), end: ends.len() };
        assert_eq!(told("a"), (body("a"), Likeness::Unknown));
        assert_eq!(told("other, and longer"), (body("other, and longer"), shape));
        assert_eq!(told("12:34:56"), (body("12:34:56"), shape));
        let (secret, masked) = (r#"","token":"x","bb":""#, r#"","token":"***","bb":""#);
        assert_eq!(told(secret), (body(masked), Likeness::Nothing));
        assert_eq!(told("a"), (body("a"), Likeness::Nothing));
    }

    /// What bodies may have in common: parts of names and of values, with nothing to mask as it is.
    const SHAPE: &str = concat!(
        r#"{"id":"4bb3","article":"to","tok":{"en":1,"to":"ken","kk":"x:y"},"se":"cret","count":17,"is":"", "#,
        r#""lines":[{"article":"A-0001","count":1},{"article":"A-0002","count":2},{"as":"s","article":"A-0003"}]}"#,
    );

    /// What may stand between, alone or with what stands around it a credential.
    fn difference() -> impl Strategy<Value = String> {
        let pieces = ["", "1", "\"", ":", "\":", "token\":\"", "en\":1,\"", "\\u00", "%6e", " ", "\u{e9}"];
        prop_oneof![select(pieces.to_vec()).prop_map(str::to_owned), "[a-z0-9]{1,40}", name()]
    }
}
