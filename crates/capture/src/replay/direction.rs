//! One direction of a TCP connection: segments in any order go in, a stream with named holes comes out.

use model::event::Cause;

use crate::replay::held::Held;
use crate::replay::outbox::Span;

/// Who hears a direction's stream: contiguous, in order, each byte once.
pub(super) trait Stream {
    /// The bytes of a segment, from `offset` on.
    fn bytes(&mut self, offset: u64, segment: &Segment<'_>);
    /// `length` bytes from `offset` on that the capture does not hold.
    fn hole(&mut self, offset: u64, length: u64, cause: Cause);
}

/// The payload of one segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    /// The sequence number of its first byte.
    pub(super) sequence: u32,
    /// When it was heard: when it passed, or when what stood before it came.
    pub(super) at: u64,
    pub(super) bytes: &'a [u8],
    /// Where the bytes stand in the packet.
    pub(super) span: Option<Span>,
    /// How many more there were than the capture kept.
    pub(super) missing: usize,
    /// Whether the stream ends behind it.
    pub(super) last: bool,
}

/// Where a direction stands.
#[derive(Debug, Default)]
pub(super) struct Direction {
    /// Whether a sequence number was seen, and whether the end was delivered.
    state: State,
    /// The sequence number of the next byte to deliver.
    next: u32,
    /// The position of that byte in the stream.
    offset: u64,
}

/// What is known of a stream beyond what was delivered.
#[derive(Debug, Default)]
pub(super) struct Beyond {
    /// The position up to which the other side said that it has everything.
    acknowledged: u64,
    /// The position of the end, once it was seen.
    end: Option<u64>,
    /// Segments beyond a hole.
    held: Held,
}

impl Beyond {
    /// The bytes that wait beyond a hole.
    pub(super) fn held(&self) -> usize {
        self.held.cost()
    }
}

/// A direction with what is known of it beyond what was delivered: of nearly all nothing, so that a flow has no room for it.
pub(super) struct Side<'a> {
    pub(super) direction: &'a mut Direction,
    pub(super) beyond: &'a mut Option<Box<Beyond>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Unknown,
    Running,
    Finished,
}

impl Direction {
    /// Whether a sequence number was ever seen.
    pub(super) fn is_known(&self) -> bool {
        self.state != State::Unknown
    }

    /// Whether everything up to the end was delivered.
    pub(super) fn is_finished(&self) -> bool {
        self.state == State::Finished
    }

    /// The stream begins, or is joined, at this sequence number.
    pub(super) fn begin(&mut self, sequence: u32) {
        if self.state == State::Unknown {
            self.state = State::Running;
            self.next = sequence;
        }
    }

    /// Whether a SYN with this sequence number opened this very stream.
    pub(super) fn began_with(&self, syn: u32) -> bool {
        let begun = self.next.wrapping_sub(low(self.offset)).wrapping_sub(1);
        let begun = if self.is_finished() { begun.wrapping_sub(1) } else { begun };
        self.is_known() && begun == syn
    }

    /// Whether it began and goes on.
    pub(super) fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// Passes over `length` bytes from `sequence` on, when they are the very next ones of a straight direction. Where
    /// they stand.
    #[inline]
    pub(super) fn follow(&mut self, sequence: u32, length: usize) -> Option<u64> {
        (sequence == self.next).then(|| self.pass(length as u64))
    }

    /// Whether everything before `sequence` was delivered, of a direction of which a sequence number was seen.
    #[inline]
    pub(super) fn is_past(&self, sequence: u32) -> bool {
        sequence.wrapping_sub(self.next).cast_signed() <= 0
    }

    /// Passes over `count` bytes. Where they stand.
    #[inline]
    pub(super) fn pass(&mut self, count: u64) -> u64 {
        let offset = self.offset;
        self.advance(count);
        offset
    }

    #[inline]
    fn advance(&mut self, count: u64) {
        self.offset += count;
        self.next = self.next.wrapping_add(low(count));
    }
}

impl Side<'_> {
    /// A segment came. Returns how many of its bytes were said before.
    #[inline]
    pub(super) fn hear(&mut self, mut segment: Segment<'_>, stream: &mut impl Stream) -> usize {
        self.direction.begin(segment.sequence);
        let total = segment.bytes.len() + segment.missing;
        let ahead = segment.sequence.wrapping_sub(self.direction.next).cast_signed();
        let mut repeated = 0;
        if self.direction.is_finished() {
            return total;
        }
        if ahead < 0 {
            repeated = (ahead.unsigned_abs() as usize).min(total);
            segment = segment.after(repeated);
        }
        let ahead = u64::from(ahead.max(0).unsigned_abs());
        let tail = u64::from(segment.sequence.wrapping_sub(self.direction.next)).wrapping_add(total as u64);
        if segment.last && low(tail).cast_signed() >= 0 {
            let end = self.direction.offset + u64::from(low(tail));
            self.beyond.get_or_insert_default().end.get_or_insert(end);
        }
        if ahead == 0 && self.first_held().is_none() {
            self.deliver(&segment, stream);
        } else if repeated < total {
            repeated += self.hold(self.direction.offset + ahead, &segment, stream);
        }
        self.finish();
        repeated
    }

    /// The other side has everything before `sequence`. When it is `sure`, or says so for the second time, what
    /// the capture lacks of it is declared lost: until then it may be a packet that was captured late.
    #[inline]
    pub(super) fn acknowledge(&mut self, sequence: u32, sure: bool, stream: &mut impl Stream) {
        self.direction.begin(sequence);
        let ahead = sequence.wrapping_sub(self.direction.next).cast_signed();
        if ahead > 0 && !self.direction.is_finished() {
            let claimed = self.direction.offset + u64::from(ahead.unsigned_abs());
            let beyond = self.beyond.get_or_insert_default();
            let claimed = beyond.end.map_or(claimed, |end| claimed.min(end));
            let limit = if sure { claimed } else { beyond.acknowledged };
            beyond.acknowledged = beyond.acknowledged.max(claimed);
            self.declare(limit, stream);
        }
    }

    /// Nothing more will come: what is held is delivered, with its holes.
    pub(super) fn flush(&mut self, stream: &mut impl Stream) {
        let sent = self
            .beyond
            .as_ref()
            .map_or(0, |beyond| beyond.held.end().max(beyond.end.unwrap_or(0)).max(beyond.acknowledged));
        self.declare(sent, stream);
    }

    /// Where the first segment beyond a hole begins.
    fn first_held(&self) -> Option<u64> {
        self.beyond.as_ref()?.held.start()
    }

    #[inline]
    fn deliver(&mut self, segment: &Segment<'_>, stream: &mut impl Stream) {
        if !segment.bytes.is_empty() {
            stream.bytes(self.direction.offset, segment);
            self.direction.advance(segment.bytes.len() as u64);
        }
        if segment.missing > 0 {
            stream.hole(self.direction.offset, segment.missing as u64, Cause::Limit);
            self.direction.advance(segment.missing as u64);
        }
    }

    fn hold(&mut self, offset: u64, segment: &Segment<'_>, stream: &mut impl Stream) -> usize {
        let held = &mut self.beyond.get_or_insert_default().held;
        let repeated = held.keep(offset, segment);
        let full = held.is_full();
        self.drain(segment.at, stream);
        if full && let Some(first) = self.first_held() {
            self.declare(first, stream);
        }
        repeated
    }

    /// Delivers what is held and in order now: heard when it passed, and not before `at`. When the last of it was heard.
    fn drain(&mut self, mut at: u64, stream: &mut impl Stream) -> u64 {
        while let Some(piece) =
            self.beyond.as_mut().and_then(|beyond| beyond.held.take(self.direction.offset))
        {
            at = at.max(piece.at);
            let segment = Segment {
                sequence: self.direction.next,
                at,
                bytes: &piece.bytes,
                span: None,
                missing: piece.missing,
                last: false,
            };
            self.deliver(&segment, stream);
        }
        at
    }

    /// Declares every hole before `limit` lost, and delivers what is held between them: nobody waited for what came before.
    fn declare(&mut self, limit: u64, stream: &mut impl Stream) {
        let mut at = 0;
        while self.direction.offset < limit {
            let first = self.first_held().unwrap_or(limit);
            let to = first.clamp(self.direction.offset, limit);
            if to > self.direction.offset {
                stream.hole(self.direction.offset, to - self.direction.offset, Cause::NotCaptured);
                self.direction.advance(to - self.direction.offset);
            }
            at = self.drain(at, stream);
        }
        self.finish();
    }

    /// A FIN takes one sequence number of its own; what is known beyond the end, or no longer beyond, is let go.
    #[inline]
    fn finish(&mut self) {
        let Some(beyond) = self.beyond.as_mut() else { return };
        if beyond.end.is_some_and(|end| end <= self.direction.offset)
            && self.direction.state == State::Running
        {
            self.direction.state = State::Finished;
            self.direction.next = self.direction.next.wrapping_add(1);
            beyond.held = Held::default();
        }
        let ahead = self.direction.state != State::Finished && beyond.end.is_some();
        if !ahead && beyond.acknowledged <= self.direction.offset && beyond.held.start().is_none() {
            *self.beyond = None;
        }
    }
}

impl Segment<'_> {
    /// This segment without its first `count` bytes.
    fn after(mut self, count: usize) -> Self {
        let kept = count.min(self.bytes.len());
        self.bytes = self.bytes.get(kept..).unwrap_or_default();
        self.span = self.span.map(|span| span.after(kept));
        self.missing = self.missing.saturating_sub(count - kept);
        self
    }
}

/// The part of a position that a sequence number shows.
fn low(position: u64) -> u32 {
    (position & 0xffff_ffff) as u32
}
