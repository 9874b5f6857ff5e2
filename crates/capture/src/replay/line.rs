//! The line from a TCP stream to events: in clear as it is, or through TLS.

use std::mem;

use model::conn::{ConnId, Layer, Paired, Speaker};
use model::event::{Cause, Lost};

use crate::replay::Judge;
use crate::replay::direction::{Segment, Stream};
use crate::replay::outbox::{Noted, Outbox, Span};
use crate::replay::tls::keylog::Keylog;
use crate::replay::tls::{self, Ear};

/// What all connections share: where events wait, and the keys.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) out: Outbox,
    pub(super) keys: Keylog,
    /// Who tells sides apart that ports do not.
    pub(super) judge: Option<Judge>,
    /// Where records are opened.
    work: Vec<u8>,
}

impl Desk {
    /// A desk with these keys, and this judge.
    pub(super) fn new(keys: Keylog, judge: Option<Judge>) -> Desk {
        Desk { keys, judge, ..Desk::default() }
    }
}

/// A connection's TLS session, with the positions of its clear layer.
#[derive(Debug)]
pub(super) struct Tls {
    session: tls::Session,
    /// The positions of the next clear bytes: client's, server's.
    said: [u64; 2],
    /// Whether [`What::Secured`](model::event::What::Secured) was told.
    told: bool,
}

/// From one speaker's stream to events.
pub(super) struct Line<'a> {
    pub(super) conn: ConnId,
    pub(super) speaker: Speaker,
    pub(super) tls: &'a mut Option<Box<Tls>>,
    pub(super) desk: &'a mut Desk,
}

impl Line<'_> {
    /// Tells bytes of the wire.
    pub(super) fn said(&mut self, offset: u64, span: Span) {
        let said = Noted::Said { layer: Layer::Wire, speaker: self.speaker, offset, span };
        self.desk.out.note(self.conn, said);
    }

    /// Tells bytes of the wire that nobody will read.
    pub(super) fn lost(&mut self, offset: u64, length: u64, cause: Cause) {
        let lost = Lost { layer: Layer::Wire, speaker: self.speaker, offset, length, cause };
        self.desk.out.note(self.conn, Noted::Lost(lost));
    }

    #[cold]
    fn secured(&mut self, bytes: &[u8]) {
        let speaker = self.speaker;
        let tls = self.tls.get_or_insert_with(|| {
            Box::new(Tls { session: tls::Session::new(speaker), said: [0; 2], told: false })
        });
        self.desk.out.note(self.conn, Noted::Sealed { speaker, length: bytes.len() as u64 });
        let Tls { session, said, told } = &mut **tls;
        let Desk { out, keys, work, judge: _ } = &mut *self.desk;
        let mut clear = ClearLine { conn: self.conn, said, told, out, work };
        session.hear(speaker, bytes, keys, &mut clear);
    }
}

impl Stream for Line<'_> {
    #[inline]
    fn bytes(&mut self, offset: u64, segment: &Segment<'_>) {
        let now = mem::replace(&mut self.desk.out.at, segment.at);
        if self.tls.is_some() || tls::is_client_hello(segment.bytes) {
            self.secured(segment.bytes);
        } else {
            let span = segment.span.unwrap_or_else(|| self.desk.out.keep(segment.bytes));
            self.said(offset, span);
        }
        self.desk.out.at = now;
    }

    fn hole(&mut self, offset: u64, length: u64, cause: Cause) {
        let speaker = self.speaker;
        let Some(tls) = self.tls else { return self.lost(offset, length, cause) };
        self.desk.out.note(self.conn, Noted::Sealed { speaker, length });
        let Tls { session, said, told } = &mut **tls;
        let Desk { out, work, .. } = &mut *self.desk;
        session.miss(speaker, length, &mut ClearLine { conn: self.conn, said, told, out, work });
    }
}

/// From a TLS session to events of the clear layer.
struct ClearLine<'a> {
    conn: ConnId,
    said: &'a mut [u64; 2],
    told: &'a mut bool,
    out: &'a mut Outbox,
    work: &'a mut Vec<u8>,
}

impl ClearLine<'_> {
    /// Where the next `length` bytes of `speaker` stand.
    fn place(&mut self, speaker: Speaker, length: u64) -> u64 {
        if !mem::replace(self.told, true) {
            self.out.note(self.conn, Noted::Secured(Paired::Certain));
        }
        let [client, server] = &mut *self.said;
        let next = if speaker == Speaker::Client { client } else { server };
        let offset = *next;
        *next += length;
        offset
    }
}

impl Ear for ClearLine<'_> {
    fn clear(&mut self, speaker: Speaker, bytes: &[u8]) {
        if !bytes.is_empty() {
            let offset = self.place(speaker, bytes.len() as u64);
            let span = self.out.keep(bytes);
            self.out.note(self.conn, Noted::Said { layer: Layer::Clear, speaker, offset, span });
        }
    }

    fn unopened(&mut self, speaker: Speaker, length: u64) {
        if length > 0 {
            let offset = self.place(speaker, length);
            let cause = Cause::NotCaptured;
            self.out
                .note(self.conn, Noted::Lost(Lost { layer: Layer::Clear, speaker, offset, length, cause }));
        }
    }

    fn work(&mut self) -> &mut Vec<u8> {
        self.work
    }
}
