//! Events that one packet gave and that nobody asked for yet.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use model::conn::{ConnId, Layer, Paired, Speaker};
use model::event::{Event, Lost, Opened, Said, What};
use model::time::Time;

use crate::replay::feed::Feed;

/// Events in order, with their bytes still where they were read.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// When what is noted next happened, in nanoseconds since 1970.
    pub(super) at: u64,
    notes: VecDeque<Note>,
    scratch: Vec<u8>,
}

/// An event whose bytes are named by their place.
#[derive(Debug)]
pub(super) struct Note {
    at: u64,
    conn: ConnId,
    what: Noted,
}

/// What [`What`] says, without a borrow.
#[derive(Debug)]
pub(super) enum Noted {
    Opened(Arc<Opened>),
    Said { layer: Layer, speaker: Speaker, offset: u64, span: Span },
    Lost(Lost),
    Sealed { speaker: Speaker, length: u64 },
    Secured(Paired),
    Closed,
}

/// A range of one of the two places where bytes wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    place: Place,
    start: usize,
    length: usize,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Feed,
    Scratch,
}

impl Span {
    /// Bytes of the file, where they stand in its [`Feed`].
    pub(super) fn feed(range: &Range<usize>) -> Span {
        Span { place: Place::Feed, start: range.start, length: range.len() }
    }

    /// The part of these bytes that stands at `range` in them.
    pub(super) fn part(self, range: &Range<usize>) -> Span {
        Span { place: self.place, start: self.start + range.start, length: range.len() }
    }

    /// This span without its first `count` bytes.
    pub(super) fn after(self, count: usize) -> Span {
        Span { place: self.place, start: self.start + count, length: self.length.saturating_sub(count) }
    }
}

impl Outbox {
    /// Adds an event.
    #[inline]
    pub(super) fn note(&mut self, conn: ConnId, what: Noted) {
        self.notes.push_back(Note { at: self.at, conn, what });
    }

    /// The next event; when there is none, the bytes kept for them are let go.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Note> {
        let note = self.notes.pop_front();
        if note.is_none() {
            self.scratch.clear();
        }
        note
    }

    /// Whether no event waits.
    pub(super) fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// Keeps bytes that do not stand in the packet until their event was asked for.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Span {
        let start = self.scratch.len();
        self.scratch.extend_from_slice(bytes);
        Span { place: Place::Scratch, start, length: bytes.len() }
    }

    /// The event of a note, its bytes borrowed from `feed` or from here.
    pub(super) fn lend<'a>(&'a self, note: Note, feed: &'a Feed) -> Event<'a> {
        let what = match note.what {
            Noted::Opened(opened) => What::Opened(opened),
            Noted::Said { layer, speaker, offset, span } => {
                let range = span.start..span.start + span.length;
                let bytes = match span.place {
                    Place::Feed => feed.bytes(range),
                    Place::Scratch => self.scratch.get(range).unwrap_or_default(),
                };
                What::Said(Said { layer, speaker, offset, bytes })
            }
            Noted::Lost(lost) => What::Lost(lost),
            Noted::Sealed { speaker, length } => What::Sealed { speaker, length },
            Noted::Secured(paired) => What::Secured(paired),
            Noted::Closed => What::Closed,
        };
        Event { at: Time(note.at), conn: note.conn, what }
    }
}
