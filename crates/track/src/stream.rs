//! Streams: one direction of one layer, in the order of its positions, with its holes known.

use model::event::Cause;
use model::time::Time;

/// So many bytes that came before their turn are kept until the bytes before them come.
///
/// Two threads that read one socket in turn may tell of it in the wrong order, by a few calls at most.
const EARLY_BYTES: usize = 64 << 10;
/// So many pieces likewise.
const EARLY_PIECES: usize = 8;

/// Puts the pieces of one direction into order.
#[derive(Debug)]
pub struct Stream {
    /// The position of the next byte; [`UNHEARD`] before the first.
    next: u64,
    /// How many bytes were given on.
    given: u64,
    /// Pieces beyond a hole; there and not empty while there is one.
    #[expect(
        clippy::box_collection,
        reason = "nearly no stream has one, and then it costs a word instead of three"
    )]
    early: Option<Box<Vec<Early>>>,
}

/// No stream is so long.
const UNHEARD: u64 = u64::MAX;

impl Default for Stream {
    fn default() -> Self {
        Stream { next: UNHEARD, given: 0, early: None }
    }
}

#[derive(Debug)]
struct Early {
    offset: u64,
    at: Time,
    bytes: Vec<u8>,
}

/// What a stream gives on, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The next bytes.
    Bytes(Time, &'a [u8]),
    /// The next so many bytes are lost.
    Hole(Time, u64, Cause),
}

impl Stream {
    /// How many bytes were given on so far.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    /// Passes over `length` bytes at a position, when they are the very next ones and none waits behind them. Whether
    /// they were.
    #[inline]
    pub fn pass(&mut self, offset: u64, length: usize) -> bool {
        let next = offset == self.next && self.early.is_none();
        if next {
            self.next = self.next.saturating_add(length as u64);
            self.given += length as u64;
        }
        next
    }

    /// Bytes at a position; `give` gets what is in order now.
    pub fn accept(&mut self, at: Time, offset: u64, bytes: &[u8], give: &mut impl FnMut(Piece<'_>)) {
        self.begin(offset);
        if offset > self.next {
            return self.keep(at, offset, bytes, give);
        }
        let known = usize::try_from(self.next - offset).unwrap_or(usize::MAX);
        if let Some(fresh) = bytes.get(known..).filter(|f| !f.is_empty()) {
            self.next = self.next.saturating_add(fresh.len() as u64);
            self.given += fresh.len() as u64;
            give(Piece::Bytes(at, fresh));
        }
        if self.early.is_some() {
            self.catch_up(give);
        }
    }

    /// Bytes at a position that nobody will ever read.
    pub fn lose(
        &mut self,
        at: Time,
        offset: u64,
        length: u64,
        cause: Cause,
        give: &mut impl FnMut(Piece<'_>),
    ) {
        self.begin(offset);
        if offset > self.next {
            self.declare_hole(at, offset, give);
        }
        let end = offset.saturating_add(length);
        if end > self.next {
            give(Piece::Hole(at, end - self.next, cause));
            self.next = end;
        }
        self.catch_up(give);
    }

    /// Nothing more will come: what waits for bytes before it is given on.
    pub fn close(&mut self, at: Time, give: &mut impl FnMut(Piece<'_>)) {
        while let Some(offset) = self.first_early() {
            self.declare_hole(at, offset, give);
            self.catch_up(give);
        }
    }

    /// The first position that is heard of is where the stream begins for us.
    fn begin(&mut self, offset: u64) {
        if self.next == UNHEARD {
            self.next = offset;
        }
    }

    fn keep(&mut self, at: Time, offset: u64, bytes: &[u8], give: &mut impl FnMut(Piece<'_>)) {
        let early = self.early.get_or_insert_default();
        let place = early.partition_point(|e| e.offset <= offset);
        early.insert(place, Early { offset, at, bytes: bytes.to_vec() });
        let held: usize = early.iter().map(|e| e.bytes.len()).sum();
        if (held > EARLY_BYTES || early.len() > EARLY_PIECES)
            && let Some(offset) = self.first_early()
        {
            self.declare_hole(at, offset, give);
            self.catch_up(give);
        }
    }

    /// Where the first piece beyond a hole stands.
    fn first_early(&self) -> Option<u64> {
        Some(self.early.as_ref()?.first()?.offset)
    }

    fn declare_hole(&mut self, at: Time, until: u64, give: &mut impl FnMut(Piece<'_>)) {
        if until > self.next {
            give(Piece::Hole(at, until - self.next, Cause::NotCaptured));
            self.next = until;
        }
    }

    fn catch_up(&mut self, give: &mut impl FnMut(Piece<'_>)) {
        while self.first_early().is_some_and(|offset| offset <= self.next) {
            let Some(waiting) = &mut self.early else { return };
            let early = waiting.remove(0);
            if waiting.is_empty() {
                self.early = None;
            }
            let known = usize::try_from(self.next - early.offset).unwrap_or(usize::MAX);
            if let Some(fresh) = early.bytes.get(known..).filter(|f| !f.is_empty()) {
                self.next = self.next.saturating_add(fresh.len() as u64);
                self.given += fresh.len() as u64;
                give(Piece::Bytes(early.at, fresh));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::event::Cause;
    use model::time::Time;

    use super::{Piece, Stream};

    fn told(acts: impl Fn(&mut Stream, &mut dyn FnMut(Piece<'_>))) -> Vec<String> {
        let mut told = Vec::new();
        let mut stream = Stream::default();
        acts(&mut stream, &mut |piece| {
            told.push(match piece {
                Piece::Bytes(_, bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                Piece::Hole(_, length, cause) => format!("-{length} {}", cause.name()),
            });
        });
        told
    }

    #[test]
    fn pieces_out_of_order_are_put_in_order() {
        let told = told(|s, mut give| {
            for (offset, bytes) in [(0, "ab"), (4, "ef"), (6, "gh"), (2, "cd")] {
                s.accept(Time(0), offset, bytes.as_bytes(), &mut give);
            }
        });
        assert_eq!(told, ["ab", "cd", "ef", "gh"]);
    }

    #[test]
    fn what_overlaps_is_told_once() {
        let told = told(|s, mut give| {
            for (offset, bytes) in [(0, "abcd"), (2, "cdef"), (0, "ab")] {
                s.accept(Time(0), offset, bytes.as_bytes(), &mut give);
            }
        });
        assert_eq!(told, ["abcd", "ef"]);
    }

    #[test]
    fn a_loss_is_a_hole_with_its_cause() {
        let told = told(|s, mut give| {
            s.accept(Time(0), 10, b"ab", &mut give);
            s.lose(Time(0), 12, 5, Cause::RingFull, &mut give);
            s.accept(Time(0), 17, b"cd", &mut give);
        });
        assert_eq!(told, ["ab", "-5 ring_full", "cd"]);
    }

    #[test]
    fn a_hole_nobody_explains_is_told_when_too_much_waits() {
        let told = told(|s, mut give| {
            s.accept(Time(0), 0, b"ab", &mut give);
            for k in 0..9 {
                s.accept(Time(0), 10 + k, b"x", &mut give);
            }
            s.accept(Time(0), 30, b"z", &mut give);
            s.close(Time(0), &mut give);
        });
        assert_eq!(told[..3], ["ab", "-8 not_captured", "x"]);
        assert_eq!(told[told.len() - 2..], ["-11 not_captured", "z"]);
    }
}
