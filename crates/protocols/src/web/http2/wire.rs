//! Bytes to frames: their heads, what they may be, and where they begin; pure and borrowed.

use model::conn::Speaker;

use crate::kit::chain::{Chain, seek};
use crate::kit::protocol::{Guess, Sought};

/// What a client says first (RFC 9113, 3.4).
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The bytes of a frame's head (RFC 9113, 4.1).
pub(super) const HEAD: usize = 9;

/// Frames that are found again in the middle of bytes carry no more: it is what peers allow each other at first, and
/// nearly all keep to it (RFC 9113, 6.5.2).
const LIKELY: u32 = 16 << 10;

/// Even numbers are those of streams that a server opens, as few do and none often; odd ones have no bound.
const PROMISED: u32 = 1 << 16;

/// So many frames that follow each other are no accident, in bytes of which many are zero as well.
const CERTAIN: usize = 3;

pub(super) const END_STREAM: u8 = 0x1;
pub(super) const ACK: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;
pub(super) const PRIORITY: u8 = 0x20;

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The bytes that follow it.
    pub(super) length: u32,
    pub(super) kind: Kind,
    flags: u8,
    pub(super) stream: u32,
    is_reserved: bool,
}

/// What a frame is (RFC 9113, 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Priority,
    Reset,
    Settings,
    Promise,
    Ping,
    GoAway,
    Window,
    Continuation,
    /// An extension: the number of its kind.
    Other(u8),
}

/// Extensions that are in use: ALTSVC, ORIGIN, PRIORITY_UPDATE.
const EXTENSIONS: [u8; 3] = [0x0a, 0x0c, 0x10];

impl Head {
    /// The head that these bytes are.
    #[inline]
    pub(super) fn of(bytes: [u8; HEAD]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = bytes;
        let stream = u32::from_be_bytes(stream);
        Head {
            length: u32::from_be_bytes([0, a, b, c]),
            kind: Kind::of(kind),
            flags,
            stream: stream & 0x7fff_ffff,
            is_reserved: stream >> 31 == 1,
        }
    }

    /// Whether it has this flag.
    #[inline]
    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// How it breaks the protocol by its length or stream, whatever it holds (RFC 9113, 6).
    #[inline]
    pub(super) fn breach(&self, speaker: Speaker) -> Option<&'static str> {
        const STREAM: &str = "a frame of a stream has none, or one of the connection has";
        const LENGTH: &str = "a frame has a length that its kind cannot have";
        let (of_stream, fits) = match self.kind {
            Kind::Data | Kind::Headers | Kind::Continuation => (true, true),
            Kind::Priority => (true, self.length == 5),
            Kind::Reset => (true, self.length == 4),
            Kind::Promise if speaker == Speaker::Client => return Some("a client promises a push"),
            Kind::Promise => (true, self.length >= 4),
            Kind::Settings if self.has(ACK) => (false, self.length == 0),
            Kind::Settings => (false, self.length.is_multiple_of(6)),
            Kind::Ping => (false, self.length == 8),
            Kind::GoAway => (false, self.length >= 8),
            Kind::Window => (self.stream != 0, self.length == 4),
            Kind::Other(_) => return None,
        };
        match (of_stream == (self.stream != 0), fits) {
            (false, _) => Some(STREAM),
            (true, false) => Some(LENGTH),
            (true, true) => None,
        }
    }

    /// Whether bytes that are this by accident would be one.
    fn is_likely(&self, speaker: Speaker) -> bool {
        let flags = match self.kind {
            Kind::Data => END_STREAM | PADDED,
            Kind::Headers => END_STREAM | END_HEADERS | PADDED | PRIORITY,
            Kind::Settings | Kind::Ping => ACK,
            Kind::Promise => END_HEADERS | PADDED,
            Kind::Continuation => END_HEADERS,
            Kind::Priority | Kind::Reset | Kind::GoAway | Kind::Window => 0,
            Kind::Other(kind) if EXTENSIONS.contains(&kind) => 0,
            Kind::Other(_) => return false,
        };
        // Frames that carry nothing and end nothing are allowed, and sent by nobody.
        let says = match self.kind {
            Kind::Data | Kind::Headers | Kind::Continuation => self.length > 0 || self.flags != 0,
            _ => true,
        };
        self.flags & !flags == 0
            && says
            && !self.is_reserved
            && self.length <= LIKELY
            && (self.stream % 2 == 1 || self.stream < PROMISED)
            && self.breach(speaker).is_none()
    }
}

impl Kind {
    fn of(number: u8) -> Kind {
        match number {
            0 => Kind::Data,
            1 => Kind::Headers,
            2 => Kind::Priority,
            3 => Kind::Reset,
            4 => Kind::Settings,
            5 => Kind::Promise,
            6 => Kind::Ping,
            7 => Kind::GoAway,
            8 => Kind::Window,
            9 => Kind::Continuation,
            other => Kind::Other(other),
        }
    }
}

/// Whether `bytes` are frames of `speaker`, the first from their first byte on.
///
/// One frame that ends with them is enough: writes end where frames do, and accidents seldom.
fn chain(speaker: Speaker, bytes: &[u8]) -> Chain {
    let mut rest = bytes;
    let mut frames = 0;
    while let Some((head, behind)) = rest.split_first_chunk() {
        let head = Head::of(*head);
        if !head.is_likely(speaker) {
            return Chain::Broken;
        }
        frames += 1;
        let length = usize::try_from(head.length).unwrap_or(usize::MAX);
        match behind.get(length..) {
            Some([]) => return Chain::Sound,
            Some(next) => rest = next,
            None => break,
        }
    }
    if frames >= CERTAIN { Chain::Sound } else { Chain::Open }
}

/// Where a frame of `speaker` begins, or the client's preface.
pub(super) fn find(speaker: Speaker, bytes: &[u8]) -> Sought {
    seek(bytes, 0..bytes.len(), |rest| match speaker {
        Speaker::Client if rest.starts_with(PREFACE) => Chain::Sound,
        Speaker::Client if PREFACE.starts_with(rest) => Chain::Open,
        Speaker::Client | Speaker::Server => chain(speaker, rest),
    })
}

/// Whether a client that begins so speaks HTTP/2 from here on.
pub(super) fn preface(bytes: &[u8]) -> Guess {
    if bytes.starts_with(PREFACE) {
        Guess::Yes
    } else if PREFACE.starts_with(bytes) {
        Guess::Unsure
    } else {
        Guess::No
    }
}

/// The settings of which a server is sure to send some, and not one that is none (RFC 9113, 6.5.2; 8441, 3; 9218, 2.1).
const SETTINGS: [u16; 8] = [1, 2, 3, 4, 5, 6, 8, 9];

/// Whether a server that begins so speaks HTTP/2 from here on, as one does that was asked to upgrade: with settings.
pub(super) fn settings(bytes: &[u8]) -> Guess {
    let Some((head, rest)) = bytes.split_first_chunk() else { return Guess::Unsure };
    let head = Head::of(*head);
    if head.kind != Kind::Settings || head.length == 0 || !head.is_likely(Speaker::Server) {
        return Guess::No;
    }
    let length = usize::try_from(head.length).unwrap_or(usize::MAX);
    let Some(settings) = rest.get(..length) else { return Guess::Unsure };
    let is_known = |[high, low, ..]: &[u8; 6]| SETTINGS.contains(&u16::from_be_bytes([*high, *low]));
    if settings.as_chunks().0.iter().all(is_known) { Guess::Yes } else { Guess::No }
}

/// Whether these are frames of both sides, in the middle of a connection; several, or of both.
pub(super) fn midway(client: &[u8], server: &[u8]) -> Guess {
    let of = |speaker, bytes: &[u8]| if bytes.is_empty() { None } else { Some(chain(speaker, bytes)) };
    let both = (of(Speaker::Client, client), of(Speaker::Server, server));
    let several = |bytes: &[u8]| {
        let first = bytes.first_chunk().map(|head| Head::of(*head).length);
        first
            .and_then(|length| usize::try_from(length).ok())
            .is_some_and(|first| first + 2 * HEAD <= bytes.len())
    };
    match both {
        (Some(Chain::Broken), _) | (_, Some(Chain::Broken)) => Guess::No,
        (Some(Chain::Sound), Some(Chain::Sound)) => Guess::Yes,
        (Some(Chain::Sound), _) if several(client) => Guess::Yes,
        (_, Some(Chain::Sound)) if several(server) => Guess::Yes,
        _ => Guess::Unsure,
    }
}
