//! A direction while it hears: message after message is read, losses are passed over, the next beginning is sought.

use model::conn::Speaker;
use model::event::Cause;
use model::exchange::Completeness;
use model::time::Time;

use crate::kit::desk::Desk;
use crate::kit::half::{Half, Seeking, Step, WINDOW};
use crate::kit::machine::Machine;
use crate::kit::pairing::Span;
use crate::kit::protocol::{Heard, Key, Read, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};

/// The most bytes that a direction keeps while it looks for the next message.
///
/// Protocols need a few small messages to be sure; whoever talks another protocol, or noise, holds no more than this.
pub(super) const SOUGHT: usize = 8 << 10;
/// What is kept is looked through again when it has grown by one part in so many: byte by byte, that would be
/// the work of the square.
const GROWN: usize = 256;

/// How far a session read.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    /// How many of the bytes that are there it took.
    pub(super) taken: usize,
    /// How many more, which have not come yet, are to be passed over.
    pub(super) debt: u64,
    /// How many of either are of the message that was heard.
    pub(super) heard: u64,
}

impl Taken {
    /// What was taken by this reader.
    #[inline]
    pub(super) fn by(wire: &Reader<'_>) -> Self {
        Taken { taken: wire.taken(), debt: wire.debt(), heard: wire.heard() }
    }
}

/// One direction while it hears something.
pub(super) struct Ear<'a> {
    pub(super) half: &'a mut Half,
    pub(super) speaker: Speaker,
    pub(super) machine: &'a mut Machine,
    pub(super) desk: &'a mut Desk,
    pub(super) at: Time,
    /// The message being said, as far as its earlier parts go.
    pub(super) span: Option<Span>,
}

impl Ear<'_> {
    /// Hears the rest of what was said, of which the first message was read.
    #[inline(never)]
    pub(super) fn go_on(&mut self, rest: &[u8], read: Read<Heard>, first: Taken) -> Step {
        let (taken, step) = self.settle(rest.len(), self.at, read, first);
        let unread = rest.get(taken..).unwrap_or_default();
        let (read, step) = match step {
            Step::On if !unread.is_empty() => self.read(unread, 0, Ahead::Open),
            Step::On | Step::Wait | Step::Over => (0, step),
        };
        self.keep(unread.get(read..).unwrap_or_default());
        self.leave();
        step
    }

    /// Keeps the first bytes of a message that is not whole.
    fn keep(&mut self, unread: &[u8]) {
        if !unread.is_empty() {
            let message = self.half.message();
            message.pending.extend_from_slice(unread);
            message.since = self.at;
        }
    }

    /// Hands the message under way back; what is finished holds no memory.
    pub(super) fn leave(&mut self) {
        if let Some(span) = self.span.take() {
            self.half.message().span = Some(span);
        } else if self.half.unfinished.as_ref().is_some_and(|message| message.is_finished()) {
            self.half.unfinished = None;
        }
    }

    /// Hears more of the message under way.
    #[inline(never)]
    pub(super) fn hear_on(&mut self, bytes: &[u8]) -> Step {
        let owed = usize::try_from(self.half.debt()).unwrap_or(usize::MAX).min(bytes.len());
        self.pay(owed as u64);
        self.machine.tally.count_read(self.speaker, owed as u64);
        let bytes = bytes.get(owed..).unwrap_or_default();
        // A message may end with bytes that were passed over: then the machine is asked though none follows.
        if bytes.is_empty() && (owed == 0 || self.half.debt() > 0) {
            return Step::Wait;
        }
        let mut window = self.half.take_pending();
        let old = window.len();
        if old == 0 {
            let (read, step) = self.read(bytes, 0, Ahead::Open);
            self.keep(bytes.get(read..).unwrap_or_default());
            return step;
        }
        window.extend_from_slice(bytes);
        let (read, step) = self.read(&window, old, Ahead::Open);
        self.half.put_back(window, read);
        if read >= old
            && let Some(message) = &mut self.half.unfinished
        {
            message.since = self.at;
        }
        step
    }

    pub(super) fn miss(&mut self, length: u64, cause: Cause) {
        // Said first: the message that the hole interrupts may end with what there is of it, and is not whole.
        self.half.lose(length, cause);
        let mut left = length;
        loop {
            let owed = self.half.debt().min(left);
            self.pay(owed);
            left -= owed;
            if self.half.debt() > 0 {
                return self.book();
            }
            // The machine may know what the lost bytes were: the rest of a body, and the end of it.
            self.reread(if left > 0 { Ahead::Hole(left) } else { Ahead::Open });
            if self.half.debt() == 0 {
                break;
            }
        }
        if left > 0 {
            let unread = self.half.take_pending().len() as u64;
            self.machine.tally.count_unread(self.speaker, cause, unread);
            self.half.lose(unread, cause);
        }
        self.book();
        if left > 0 {
            self.stumble(cause);
        }
    }

    /// Books what was lost behind a message of an exchange that goes on to that exchange, and not to the next message.
    fn book(&mut self) {
        let Some(message) = &mut self.half.unfinished else { return };
        if self.span.is_none() && self.machine.tally.goes_on(self.speaker) {
            let lost = message.lost;
            if self.machine.pairing.lose(self.speaker, lost) {
                message.lost = Completeness::default();
            }
        }
    }

    /// Reads what waits once more, knowing what comes behind it.
    pub(super) fn reread(&mut self, ahead: Ahead) {
        let window = self.half.take_pending();
        let (read, _) = self.read(&window, window.len(), ahead);
        self.half.put_back(window, read);
    }

    /// Reads messages from `window`, of which the first `old` bytes passed before now: how many bytes were read, and
    /// how to go on.
    ///
    /// The machine is asked at least once, even about an empty window.
    fn read(&mut self, window: &[u8], old: usize, ahead: Ahead) -> (usize, Step) {
        let mut read = 0;
        loop {
            let rest = window.get(read..).unwrap_or_default();
            let (taken, step) = match self.half.state() {
                Seeking::Yes(sought) => self.seek(rest, sought),
                Seeking::No => {
                    let since = self.half.unfinished.as_ref().map(|message| message.since);
                    let from = since.filter(|_| read < old).unwrap_or(self.at);
                    self.step(rest, from, ahead)
                }
            };
            read += taken;
            match step {
                Step::On if read == window.len() && ahead == Ahead::Open => return (read, Step::Wait),
                Step::On => {}
                Step::Wait | Step::Over => return (read, step),
            }
        }
    }

    /// Reads one message, whose first byte passed at `from`: how many bytes it took, and how to go on.
    fn step(&mut self, rest: &[u8], from: Time, ahead: Ahead) -> (usize, Step) {
        let wire = Reader::new(rest, 0, ahead);
        let mut wire = wire.among(self.machine.pairing.waiting(), self.desk);
        let read = self.machine.session.read(self.speaker, &mut wire);
        let far = Taken::by(&wire);
        self.settle(rest.len(), from, read, far)
    }

    /// Takes in what was read of the `length` bytes that are there, of which the first passed at `from`.
    fn settle(&mut self, length: usize, from: Time, read: Read<Heard>, far: Taken) -> (usize, Step) {
        let Taken { taken, debt, heard: bytes } = far;
        let mut idle = false;
        let goes_on = matches!(read, Ok(Heard::Piece(Key::Turn)));
        match read {
            Ok(Heard::Request(key, exchange)) => {
                let span = self.ended(from, bytes);
                self.machine.pairing.ask(key, exchange, span, self.desk);
            }
            Ok(Heard::Response(key)) => {
                let span = self.ended(from, bytes);
                self.machine.pairing.answer(key, span, self.desk);
            }
            Ok(Heard::Part) => {
                self.span = Some(self.ended(from, bytes));
                idle = taken == 0;
            }
            Ok(Heard::Nothing) => idle = taken == 0,
            Ok(Heard::Piece(key)) => {
                let span = self.span(None, from, bytes);
                self.machine.pairing.add(self.speaker, key, span);
            }
            Ok(Heard::Early(response)) => {
                let span = self.ended(from, bytes);
                self.machine.pairing.answer_early(*response, span, self.desk);
            }
            Ok(Heard::Oneway(exchange)) => {
                // It stands between the parts of another message, and is none of them.
                let span = self.span(None, from, bytes);
                self.machine.pairing.tell(exchange, span, self.desk);
            }
            Ok(Heard::Sent(exchange)) => {
                let span = self.ended(from, bytes);
                self.machine.pairing.tell(exchange, span, self.desk);
            }
            Ok(Heard::Dismissed) => {
                self.ended(from, bytes);
                self.machine.pairing.dismiss(self.desk);
            }
            Ok(Heard::Identity(identity)) => self.machine.pairing.identify(identity),
            Ok(Heard::Abandoned(count)) => self.machine.pairing.abandon(count, self.desk),
            Err(stop) => return self.stop(stop, taken, length),
        }
        self.machine.tally.count_whole(self.speaker, taken as u64);
        if goes_on {
            self.machine.tally.mark_going_on(self.speaker);
        }
        if debt > 0 || self.half.unfinished.is_some() {
            self.half.message().debt = debt;
        }
        (taken, if idle || debt > 0 { Step::Wait } else { Step::On })
    }

    /// No message was read of the `length` bytes that are there: how many are passed over, and how to go on.
    fn stop(&mut self, stop: Stop, taken: usize, length: usize) -> (usize, Step) {
        match stop {
            Stop::Short if length >= WINDOW => {
                self.half.lose(length as u64, Cause::Cap);
                self.machine.tally.count_breach();
                self.machine.tally.count_unread(self.speaker, Cause::Cap, length as u64);
                self.stumble(Cause::Cap);
                (length, Step::On)
            }
            Stop::Short => (0, Step::Wait),
            Stop::Over => {
                self.machine.tally.count_read(self.speaker, taken as u64);
                (taken, Step::Over)
            }
            Stop::Broken(_) => {
                self.machine.tally.count_breach();
                self.stumble(Cause::Breach);
                // The broken message's first byte is passed over, or the same message would be found again.
                let past = length.min(1);
                self.machine.tally.count_unread(self.speaker, Cause::Breach, past as u64);
                self.half.lose(past as u64, Cause::Breach);
                (past, Step::On)
            }
        }
    }

    /// The message that is being said, after `bytes` more of it.
    fn ended(&mut self, from: Time, bytes: u64) -> Span {
        let before = self.span.take();
        self.span(before, from, bytes)
    }

    /// The message that was said `before`, or now from `from` on, after `bytes` more and what was lost among them.
    fn span(&mut self, before: Option<Span>, from: Time, bytes: u64) -> Span {
        let mut span = match before {
            None => Span { from, to: self.at, bytes, ..Span::default() },
            Some(mut span) => {
                // What ends with the connection was whole when its last byte came.
                if bytes > 0 {
                    span.to = self.at;
                }
                span.bytes += bytes;
                span
            }
        };
        if let Some(message) = &mut self.half.unfinished {
            let lost = std::mem::take(&mut message.lost);
            span.completeness.add(lost);
        }
        span
    }

    /// Looks for the next message: how many bytes to pass over, and how to go on.
    fn seek(&mut self, rest: &[u8], sought: u16) -> (usize, Step) {
        let sought = usize::from(sought);
        if rest.len() <= sought + sought / GROWN {
            return (0, Step::Wait);
        }
        let (past, step) = match self.machine.session.resync(self.speaker, rest) {
            Sought::At(past) => {
                self.half.message().state = Seeking::No;
                (past.min(rest.len()), Step::On)
            }
            Sought::Behind(past) => {
                let left = rest.len().saturating_sub(past);
                let kept = if left > SOUGHT { SOUGHT / 2 } else { left };
                self.half.message().state = Seeking::Yes(u16::try_from(kept).unwrap_or(u16::MAX));
                (rest.len() - kept, Step::Wait)
            }
        };
        self.machine.tally.count_unread(self.speaker, Cause::Breach, past as u64);
        (past, step)
    }

    /// The thread is lost: what was asked is not answered by what comes, and the next message must be sought.
    fn stumble(&mut self, cause: Cause) {
        self.half.message().state = Seeking::Yes(0);
        self.span = None;
        if let Some(message) = &mut self.half.unfinished {
            message.debt = 0;
        }
        self.machine.pairing.miss(self.speaker, cause, self.desk);
        self.machine.session.lost(self.speaker);
    }

    /// So many bytes came that nobody wants.
    fn pay(&mut self, length: u64) {
        if let Some(message) = &mut self.half.unfinished {
            message.debt -= length;
        }
        if let Some(span) = &mut self.span {
            span.to = self.at;
        }
    }
}
