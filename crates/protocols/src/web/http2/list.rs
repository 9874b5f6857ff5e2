//! What a header block says: the words that HTTP/2 sets apart, and the other fields as lines like those of HTTP/1.

use std::ops::Range;

use crate::web::http1::wire::HEAD;
use crate::web::http2::table::Field;
use crate::web::mask::MASK;

/// A name or a value that the header table hides.
pub(in crate::web) const UNKNOWN: &str = "unknown";

/// Room for the lines of most lists.
const ROOM: usize = 512;

/// A header list.
#[derive(Debug)]
pub(in crate::web) struct List {
    /// The fields as lines, the empty line at their end included.
    lines: Vec<u8>,
    /// The values of the words, one behind the other.
    values: Vec<u8>,
    words: [Option<Range<usize>>; WORDS],
    /// Fields whose name or value is hidden.
    pub(in crate::web) hidden: u16,
    oddity: Option<&'static str>,
}

/// Fields that are read here and not as lines alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Word {
    Method,
    Path,
    Authority,
    Scheme,
    Protocol,
    Status,
    GrpcStatus,
    GrpcMessage,
    GrpcTimeout,
    GrpcEncoding,
}

const WORDS: usize = 10;

impl Word {
    fn named(name: &[u8]) -> Option<Word> {
        match name {
            [b':', rest @ ..] => match rest {
                b"method" => Some(Word::Method),
                b"path" => Some(Word::Path),
                b"authority" => Some(Word::Authority),
                b"scheme" => Some(Word::Scheme),
                b"protocol" => Some(Word::Protocol),
                b"status" => Some(Word::Status),
                _ => None,
            },
            b"grpc-status" => Some(Word::GrpcStatus),
            b"grpc-message" => Some(Word::GrpcMessage),
            b"grpc-timeout" => Some(Word::GrpcTimeout),
            b"grpc-encoding" => Some(Word::GrpcEncoding),
            _ => None,
        }
    }
}

/// A line end inside of a field: who makes HTTP/1 of it may send a field, or a request, that nobody wrote.
const LINE_END: &str = "a field holds the end of a line";

/// Two words of one name: what one server reads, another may not.
const TWICE: &str = "a pseudo-header field comes twice";

/// More fields than any server takes.
const LONG: &str = "a header list is longer than any server takes";

impl List {
    pub(in crate::web) fn new() -> Self {
        let (lines, values) = (Vec::with_capacity(ROOM), Vec::with_capacity(ROOM / 4));
        List { lines, values, words: Default::default(), hidden: 0, oddity: None }
    }

    /// Adds a field.
    pub(in crate::web) fn add(&mut self, field: Field<'_>) {
        if field.name.is_none() || field.value.is_none() {
            self.hidden = self.hidden.saturating_add(1);
        }
        let size = field.name.map_or(0, <[u8]>::len) + field.value.map_or(0, <[u8]>::len);
        if self.lines.len() + self.values.len() + size > HEAD {
            self.oddity = Some(LONG);
            return;
        }
        match (field.name, field.value) {
            (Some(name), Some(value)) => self.add_known(name, value),
            // It may be the name of a credential.
            (None, Some(_)) => self.line(UNKNOWN.as_bytes(), MASK.as_bytes()),
            (name, None) => self.line(name.unwrap_or(UNKNOWN.as_bytes()), UNKNOWN.as_bytes()),
        }
    }

    fn add_known(&mut self, name: &[u8], value: &[u8]) {
        if let Some(word) = Word::named(name) {
            let begin = self.values.len();
            self.values.extend_from_slice(value);
            let range = begin..self.values.len();
            if let Some(place) = self.words.get_mut(word as usize)
                && place.replace(range).is_some()
            {
                self.oddity = Some(TWICE);
            }
        }
        if name.first() != Some(&b':') {
            self.line(name, value);
        }
    }

    fn line(&mut self, name: &[u8], value: &[u8]) {
        self.text(name, b':');
        self.lines.extend_from_slice(b": ");
        self.text(value, b'\n');
        self.lines.extend_from_slice(b"\r\n");
    }

    /// Adds a text without what would end it too soon.
    fn text(&mut self, text: &[u8], end: u8) {
        let begin = self.lines.len();
        self.lines.extend_from_slice(text);
        if memchr::memchr3(b'\r', b'\n', end, text).is_none() {
            return;
        }
        self.oddity = Some(LINE_END);
        for byte in self.lines.iter_mut().skip(begin) {
            if *byte == b'\r' || *byte == b'\n' || *byte == end {
                *byte = b' ';
            }
        }
    }

    /// The fields as lines, with the empty line at their end.
    pub(in crate::web) fn ended(mut self) -> Self {
        self.lines.extend_from_slice(b"\r\n");
        self
    }

    /// See [`List::ended`].
    pub(in crate::web) fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// The value of a word, where it was said and is known.
    pub(in crate::web) fn word(&self, word: Word) -> Option<&[u8]> {
        let range = self.words.get(word as usize)?.clone()?;
        self.values.get(range)
    }

    /// What another reader of this list may understand differently.
    pub(in crate::web) fn oddity(&self) -> Option<&'static str> {
        self.oddity
    }
}
