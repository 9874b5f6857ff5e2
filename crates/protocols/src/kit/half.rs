//! One direction of a conversation: its bytes, cut anywhere, become messages.

use model::conn::Speaker;
use model::event::{Cause, Joined};
use model::exchange::Completeness;
use model::time::Time;

use crate::kit::desk::Desk;
use crate::kit::machine::{Machine, Tally};
use crate::kit::pairing::Span;
use crate::kit::protocol::{Heard, Read, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};

/// The most bytes of an unfinished message that a direction keeps.
///
/// Machines sample long bodies (see [`Reader::sample`]), so only a header that never ends reaches it.
pub const WINDOW: usize = 256 << 10;

/// The most bytes that a direction keeps while it looks for the next message.
///
/// Protocols need a few small messages to be sure; whoever talks another protocol, or noise, holds no more than this.
const SOUGHT: usize = 8 << 10;
/// What is kept is looked through again when it has grown by one part in so many: byte by byte, that would be
/// the work of the square.
const GROWN: usize = 256;

/// One direction.
///
/// Between two messages, as nearly all directions of a host are at any moment, it knows nothing.
#[derive(Debug)]
pub(super) struct Half {
    unfinished: Option<Box<Unfinished>>,
}

/// A message of which only the beginning was said, or what was lost before the next.
#[derive(Debug, Default)]
struct Unfinished {
    state: Seeking,
    /// Bytes of a message that is not whole yet.
    pending: Vec<u8>,
    /// When the first of `pending` passed.
    since: Time,
    /// Bytes still to come that nobody wants.
    debt: u64,
    /// The message being said, as far as its earlier parts go.
    span: Option<Span>,
    /// What was lost since the last message ended.
    lost: Completeness,
}

/// Whether a direction knows where its next message begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Seeking {
    /// At the next byte.
    #[default]
    No,
    /// Somewhere in what comes, of which the first so many bytes were looked through in vain; at most [`SOUGHT`].
    Yes(u16),
}

pub(super) enum Step {
    On,
    Wait,
    Over,
}

impl Half {
    pub(super) fn new(joined: Joined) -> Self {
        let mut half = Half { unfinished: None };
        if joined == Joined::Midway {
            half.message().state = Seeking::Yes(0);
        }
        half
    }

    /// The bytes of memory that an unfinished message holds.
    pub(super) fn held(&self) -> usize {
        self.unfinished.as_ref().map_or(0, |message| message.pending.capacity())
    }

    /// The bytes of an unfinished message, which nobody will finish here.
    pub(super) fn take_unread(&mut self) -> Vec<u8> {
        self.unfinished.take().map_or_else(Vec::new, |message| message.pending)
    }

    #[inline]
    pub(super) fn hear(
        &mut self,
        speaker: Speaker,
        machine: &mut Machine,
        at: Time,
        bytes: &[u8],
        desk: &mut Desk,
    ) -> Step {
        let mut rest = bytes;
        while self.unfinished.is_none() && !rest.is_empty() {
            let mut wire = Reader::new(rest, 0, Ahead::Open).among(machine.pairing.turn(), desk);
            let read = machine.session.read(speaker, &mut wire);
            let (taken, debt) = (wire.taken(), wire.debt());
            let span = Span { from: at, to: at, bytes: taken as u64 + debt, ..Span::default() };
            match read {
                Ok(Heard::Request(key, exchange)) => machine.pairing.ask(key, exchange, span, desk),
                Ok(Heard::Response(key)) => machine.pairing.answer(key, span, desk),
                read => {
                    let mut ear = Ear { half: self, speaker, machine, desk, at, span: None };
                    return ear.go_on(rest, Taken { read, taken, debt });
                }
            }
            if debt > 0 {
                self.message().debt = debt;
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
        if rest.is_empty() { Step::Wait } else { self.hear_on(speaker, machine, at, rest, desk) }
    }

    /// Hears more of the message under way.
    #[inline(never)]
    fn hear_on(
        &mut self,
        speaker: Speaker,
        machine: &mut Machine,
        at: Time,
        bytes: &[u8],
        desk: &mut Desk,
    ) -> Step {
        self.listen(speaker, machine, at, desk, |ear| ear.hear_on(bytes))
    }

    pub(super) fn miss(
        &mut self,
        speaker: Speaker,
        machine: &mut Machine,
        at: Time,
        length: u64,
        cause: Cause,
        desk: &mut Desk,
    ) {
        self.listen(speaker, machine, at, desk, |ear| ear.miss(length, cause));
    }

    /// What follows is a new datagram: an unfinished message will not be finished.
    pub(super) fn bound(&mut self, tally: &mut Tally) {
        let Some(message) = &mut self.unfinished else { return };
        message.state = Seeking::No;
        message.debt = 0;
        if !message.pending.is_empty() {
            tally.count_breach();
            self.drop_pending(tally);
        }
    }

    pub(super) fn end(&mut self, speaker: Speaker, machine: &mut Machine, at: Time, desk: &mut Desk) {
        self.listen(speaker, machine, at, desk, |ear| {
            if let Some(span) = &mut ear.span {
                span.bytes = span.bytes.saturating_sub(ear.half.debt());
            }
            if let Some(message) = &mut ear.half.unfinished {
                message.debt = 0;
            }
            ear.reread(Ahead::End);
            ear.half.drop_pending(&mut ear.machine.tally);
        });
    }

    /// Goes on with the message under way; what is finished afterwards holds no memory.
    fn listen<T>(
        &mut self,
        speaker: Speaker,
        machine: &mut Machine,
        at: Time,
        desk: &mut Desk,
        work: impl FnOnce(&mut Ear<'_>) -> T,
    ) -> T {
        let span = self.unfinished.as_mut().and_then(|message| message.span.take());
        let mut ear = Ear { half: self, speaker, machine, desk, at, span };
        let done = work(&mut ear);
        ear.leave();
        done
    }

    /// The message under way, which lasts beyond what was heard.
    #[cold]
    fn message(&mut self) -> &mut Unfinished {
        self.unfinished.get_or_insert_default()
    }

    /// Whether the next message must be sought.
    fn state(&self) -> Seeking {
        self.unfinished.as_ref().map_or(Seeking::No, |message| message.state)
    }

    /// Bytes still to come that nobody wants.
    #[inline]
    fn debt(&self) -> u64 {
        self.unfinished.as_ref().map_or(0, |message| message.debt)
    }

    /// The bytes that wait, which begin a window.
    fn take_pending(&mut self) -> Vec<u8> {
        self.unfinished.as_mut().map_or_else(Vec::new, |message| std::mem::take(&mut message.pending))
    }

    /// What of `window` is left after `read` bytes waits for more.
    fn put_back(&mut self, window: Vec<u8>, read: usize) {
        if read < window.len() {
            self.message().pending = unread(window, read);
        }
    }

    /// Passes over the bytes that wait.
    fn drop_pending(&mut self, tally: &mut Tally) {
        let length = self.take_pending().len() as u64;
        tally.skipped += length;
    }

    fn lose(&mut self, length: u64, cause: Cause) {
        if length > 0 {
            let lost = &mut self.message().lost;
            lost.lost_bytes += length;
            lost.cause.get_or_insert(cause);
        }
    }
}

/// What a session read of the bytes that are there.
struct Taken {
    read: Read<Heard>,
    /// How many bytes it took.
    taken: usize,
    /// How many more, which have not come yet, are to be passed over.
    debt: u64,
}

/// One direction while it hears something.
struct Ear<'a> {
    half: &'a mut Half,
    speaker: Speaker,
    machine: &'a mut Machine,
    desk: &'a mut Desk,
    at: Time,
    /// The message being said, as far as its earlier parts go.
    span: Option<Span>,
}

impl Ear<'_> {
    /// Hears the rest of what was said, of which the first message was read.
    #[inline(never)]
    fn go_on(&mut self, rest: &[u8], first: Taken) -> Step {
        let (taken, step) = self.settle(rest.len(), self.at, first);
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
    fn leave(&mut self) {
        if let Some(span) = self.span.take() {
            self.half.message().span = Some(span);
        } else if self.half.unfinished.as_ref().is_some_and(|message| message.is_finished()) {
            self.half.unfinished = None;
        }
    }

    /// Hears more of the message under way.
    #[inline(never)]
    fn hear_on(&mut self, bytes: &[u8]) -> Step {
        let owed = usize::try_from(self.half.debt()).unwrap_or(usize::MAX).min(bytes.len());
        self.pay(owed as u64);
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

    fn miss(&mut self, length: u64, cause: Cause) {
        // Said first: the message that the hole interrupts may end with what there is of it, and is not whole.
        self.half.lose(length, cause);
        let mut left = length;
        loop {
            let owed = self.half.debt().min(left);
            self.pay(owed);
            left -= owed;
            if self.half.debt() > 0 {
                return;
            }
            // The machine may know what the lost bytes were: the rest of a body, and the end of it.
            self.reread(if left > 0 { Ahead::Hole(left) } else { Ahead::Open });
            if self.half.debt() == 0 {
                break;
            }
        }
        if left > 0 {
            let unread = self.half.take_pending().len() as u64;
            self.half.lose(unread, cause);
            self.stumble(cause);
        }
    }

    /// Reads what waits once more, knowing what comes behind it.
    fn reread(&mut self, ahead: Ahead) {
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
        let mut wire = wire.among(self.machine.pairing.turn(), self.desk);
        let read = self.machine.session.read(self.speaker, &mut wire);
        let (taken, debt) = (wire.taken(), wire.debt());
        self.settle(rest.len(), from, Taken { read, taken, debt })
    }

    /// Takes in what was read of the `length` bytes that are there, of which the first passed at `from`.
    fn settle(&mut self, length: usize, from: Time, Taken { read, taken, debt }: Taken) -> (usize, Step) {
        let bytes = taken as u64 + debt;
        let mut idle = false;
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
            Ok(Heard::Early(response)) => {
                let span = self.ended(from, bytes);
                self.machine.pairing.answer_early(*response, span, self.desk);
            }
            Ok(Heard::Oneway(exchange)) => {
                // It stands between the parts of another message, and is none of them.
                let span = self.span(None, from, bytes);
                self.machine.pairing.tell(exchange, span, self.desk);
            }
            Ok(Heard::Dismissed) => {
                self.ended(from, bytes);
                self.machine.pairing.dismiss(self.desk);
            }
            Ok(Heard::Identity(identity)) => self.machine.pairing.identify(identity),
            Ok(Heard::Abandoned(count)) => self.machine.pairing.abandon(count, None, self.desk),
            Err(stop) => return self.stop(stop, taken, length),
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
                self.machine.tally.skipped += length as u64;
                self.stumble(Cause::Cap);
                (length, Step::On)
            }
            Stop::Short => (0, Step::Wait),
            Stop::Over => (taken, Step::Over),
            Stop::Broken(_) => {
                self.machine.tally.count_breach();
                self.stumble(Cause::Breach);
                // The broken message's first byte is passed over, or the same message would be found again.
                let past = length.min(1);
                self.machine.tally.skipped += past as u64;
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
            span.completeness.lost_bytes += lost.lost_bytes;
            span.completeness.cause = span.completeness.cause.or(lost.cause);
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
        self.machine.tally.skipped += past as u64;
        (past, step)
    }

    /// The thread is lost: what was asked is not answered by what comes, and the next message must be sought.
    fn stumble(&mut self, cause: Cause) {
        self.half.message().state = Seeking::Yes(0);
        self.span = None;
        if let Some(message) = &mut self.half.unfinished {
            message.debt = 0;
        }
        let pairing = &mut self.machine.pairing;
        match self.speaker {
            Speaker::Client => pairing.doubt(),
            Speaker::Server => {
                let open = pairing.open();
                pairing.abandon(open, Some(cause), self.desk);
                // Of several, some answers may still come, and nobody knows how many.
                if open > 1 {
                    pairing.doubt();
                }
            }
        }
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

impl Unfinished {
    /// Whether nothing of it is left to be known.
    fn is_finished(&self) -> bool {
        self.pending.is_empty()
            && self.debt == 0
            && self.span.is_none()
            && self.state == Seeking::No
            && self.lost == Completeness::default()
    }
}

/// What of `window` is left after `read` bytes, in the same memory unless that is far too large.
fn unread(mut window: Vec<u8>, read: usize) -> Vec<u8> {
    let rest = window.get(read..).unwrap_or_default();
    if rest.len() < window.capacity() / 4 {
        return rest.to_vec();
    }
    window.drain(..read);
    window
}
