//! Streams: the two directions of one layer, each in the order of its positions, with its holes known.

use model::conn::Speaker;
use model::event::Cause;
use model::time::Time;

/// So many bytes that came before their turn are kept until the bytes before them come.
///
/// Two threads that read one socket in turn may tell of it in the wrong order, by a few calls at most.
const EARLY_BYTES: usize = 64 << 10;
/// So many pieces likewise.
const EARLY_PIECES: usize = 8;

/// Puts the pieces of both directions into order.
#[derive(Debug)]
pub struct Streams {
    /// The positions of the next bytes; [`UNHEARD`] before the first.
    next: [u64; 2],
    /// What few layers have: of most, all bytes from the first position on came in their turn.
    asides: Option<Box<[Aside; 2]>>,
}

/// No stream is so long.
const UNHEARD: u64 = u64::MAX;

impl Default for Streams {
    fn default() -> Self {
        Streams { next: [UNHEARD; 2], asides: None }
    }
}

/// What of a direction did not come in its turn.
#[derive(Debug, Default)]
struct Aside {
    /// How many positions before the next one were not given on: those before the first that was heard of, and holes.
    skipped: u64,
    /// Pieces beyond a hole, in order.
    early: Vec<Early>,
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

impl Streams {
    /// How many bytes of a speaker were given on so far.
    pub(crate) fn given(&self, of: Speaker) -> u64 {
        let skipped = self.asides.as_ref().map_or(0, |asides| asides[of as usize].skipped);
        match self.next[of as usize] {
            UNHEARD => 0,
            next => next - skipped,
        }
    }

    /// Passes over `length` bytes at a position, when they are the very next ones and nothing of the layer is special.
    /// Whether they were.
    #[inline]
    pub fn pass(&mut self, of: Speaker, offset: u64, length: usize) -> bool {
        let next = &mut self.next[of as usize];
        let follows = offset == *next && self.asides.is_none();
        if follows {
            *next = next.saturating_add(length as u64);
        }
        follows
    }

    /// Bytes at a position; `give` gets what is in order now.
    pub fn accept(
        &mut self,
        of: Speaker,
        at: Time,
        offset: u64,
        bytes: &[u8],
        give: &mut impl FnMut(Piece<'_>),
    ) {
        self.begin(of, offset);
        if offset > self.next[of as usize] {
            return self.keep(of, at, offset, bytes, give);
        }
        self.give_fresh(of, at, offset, bytes, give);
        self.catch_up(of, give);
    }

    /// Bytes at a position that nobody will ever read.
    pub fn lose(
        &mut self,
        of: Speaker,
        at: Time,
        offset: u64,
        length: u64,
        cause: Cause,
        give: &mut impl FnMut(Piece<'_>),
    ) {
        self.begin(of, offset);
        self.skip(of, at, offset, Cause::NotCaptured, give);
        self.skip(of, at, offset.saturating_add(length), cause, give);
        self.catch_up(of, give);
    }

    /// Nothing more of a speaker will come: what waits for bytes before it is given on.
    pub fn close(&mut self, of: Speaker, at: Time, give: &mut impl FnMut(Piece<'_>)) {
        while let Some(offset) = self.first_early(of) {
            self.skip(of, at, offset, Cause::NotCaptured, give);
            self.catch_up(of, give);
        }
    }

    /// The first position that is heard of is where the stream begins for us.
    fn begin(&mut self, of: Speaker, offset: u64) {
        if self.next[of as usize] == UNHEARD {
            self.next[of as usize] = offset;
            if offset > 0 {
                self.aside(of).skipped = offset;
            }
        }
    }

    fn aside(&mut self, of: Speaker) -> &mut Aside {
        &mut self.asides.get_or_insert_default()[of as usize]
    }

    fn keep(&mut self, of: Speaker, at: Time, offset: u64, bytes: &[u8], give: &mut impl FnMut(Piece<'_>)) {
        let early = &mut self.aside(of).early;
        let place = early.partition_point(|e| e.offset <= offset);
        early.insert(place, Early { offset, at, bytes: bytes.to_vec() });
        let held: usize = early.iter().map(|e| e.bytes.len()).sum();
        if (held > EARLY_BYTES || early.len() > EARLY_PIECES)
            && let Some(offset) = self.first_early(of)
        {
            self.skip(of, at, offset, Cause::NotCaptured, give);
            self.catch_up(of, give);
        }
    }

    /// Where the first piece beyond a hole stands.
    fn first_early(&self, of: Speaker) -> Option<u64> {
        Some(self.asides.as_ref()?[of as usize].early.first()?.offset)
    }

    /// What lies before `until` is lost.
    fn skip(&mut self, of: Speaker, at: Time, until: u64, cause: Cause, give: &mut impl FnMut(Piece<'_>)) {
        let hole = until.saturating_sub(self.next[of as usize]);
        if hole > 0 {
            give(Piece::Hole(at, hole, cause));
            self.next[of as usize] = until;
            self.aside(of).skipped += hole;
        }
    }

    /// Gives on what is new of bytes at a position that was reached.
    fn give_fresh(
        &mut self,
        of: Speaker,
        at: Time,
        offset: u64,
        bytes: &[u8],
        give: &mut impl FnMut(Piece<'_>),
    ) {
        let next = &mut self.next[of as usize];
        let known = usize::try_from(*next - offset).unwrap_or(usize::MAX);
        if let Some(fresh) = bytes.get(known..).filter(|f| !f.is_empty()) {
            *next = next.saturating_add(fresh.len() as u64);
            give(Piece::Bytes(at, fresh));
        }
    }

    fn catch_up(&mut self, of: Speaker, give: &mut impl FnMut(Piece<'_>)) {
        while self.first_early(of).is_some_and(|offset| offset <= self.next[of as usize]) {
            let Early { offset, at, bytes } = self.aside(of).early.remove(0);
            self.give_fresh(of, at, offset, &bytes, give);
        }
        // What only came late leaves nothing to be known.
        if self.asides.as_ref().is_some_and(|asides| asides.iter().all(Aside::is_nothing)) {
            self.asides = None;
        }
    }
}

impl Aside {
    fn is_nothing(&self) -> bool {
        self.skipped == 0 && self.early.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;
    use model::event::Cause;
    use model::time::Time;

    use super::{Piece, Streams};

    fn told(acts: impl Fn(&mut Streams, &mut dyn FnMut(Piece<'_>))) -> Vec<String> {
        let mut told = Vec::new();
        let mut stream = Streams::default();
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
                s.accept(Speaker::Client, Time(0), offset, bytes.as_bytes(), &mut give);
            }
        });
        assert_eq!(told, ["ab", "cd", "ef", "gh"]);
    }

    #[test]
    fn what_overlaps_is_told_once() {
        let told = told(|s, mut give| {
            for (offset, bytes) in [(0, "abcd"), (2, "cdef"), (0, "ab")] {
                s.accept(Speaker::Client, Time(0), offset, bytes.as_bytes(), &mut give);
            }
        });
        assert_eq!(told, ["abcd", "ef"]);
    }

    #[test]
    fn a_loss_is_a_hole_with_its_cause() {
        let told = told(|s, mut give| {
            s.accept(Speaker::Client, Time(0), 10, b"ab", &mut give);
            s.lose(Speaker::Client, Time(0), 12, 5, Cause::RingFull, &mut give);
            s.accept(Speaker::Client, Time(0), 17, b"cd", &mut give);
        });
        assert_eq!(told, ["ab", "-5 ring_full", "cd"]);
    }

    #[test]
    fn a_hole_nobody_explains_is_told_when_too_much_waits() {
        let told = told(|s, mut give| {
            s.accept(Speaker::Client, Time(0), 0, b"ab", &mut give);
            for k in 0..9 {
                s.accept(Speaker::Client, Time(0), 10 + k, b"x", &mut give);
            }
            s.accept(Speaker::Client, Time(0), 30, b"z", &mut give);
            s.close(Speaker::Client, Time(0), &mut give);
        });
        assert_eq!(told[..3], ["ab", "-8 not_captured", "x"]);
        assert_eq!(told[told.len() - 2..], ["-11 not_captured", "z"]);
    }
    #[test]
    fn what_was_given_is_neither_what_lies_before_the_first_position_nor_a_hole() {
        let (mut streams, mut given) = (Streams::default(), 0);
        let mut give = |piece: Piece<'_>| {
            if let Piece::Bytes(_, bytes) = piece {
                given += bytes.len() as u64;
            }
        };
        assert_eq!(streams.given(Speaker::Server), 0);
        streams.accept(Speaker::Server, Time(0), 5, b"abc", &mut give);
        assert!(!streams.pass(Speaker::Server, 9, 4), "a byte is missing");
        streams.accept(Speaker::Server, Time(0), 9, b"efgh", &mut give);
        streams.lose(Speaker::Server, Time(0), 8, 1, Cause::Fault, &mut give);
        streams.accept(Speaker::Server, Time(0), 11, b"ghi", &mut give);
        assert_eq!((given, streams.given(Speaker::Server), streams.given(Speaker::Client)), (8, 8, 0));
    }

    #[test]
    fn what_came_late_is_forgotten() {
        let mut streams = Streams::default();
        for (offset, bytes) in [(0, b"ab"), (4, b"ef"), (2, b"cd")] {
            streams.accept(Speaker::Client, Time(0), offset, bytes, &mut |_| {});
        }
        assert!(streams.pass(Speaker::Client, 6, 2), "the short way is open again");
        assert_eq!(streams.given(Speaker::Client), 8);
    }
}
