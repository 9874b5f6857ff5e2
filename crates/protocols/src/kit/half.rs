//! One direction of a conversation: its bytes, cut anywhere, become messages.

use model::conn::Speaker;
use model::event::{Cause, Joined};
use model::exchange::{Completeness, Exchange};
use model::time::Time;

use crate::kit::machine::{Machine, Tally};
use crate::kit::pairing::Span;
use crate::kit::protocol::{Heard, Sought, Stop};
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
#[derive(Debug)]
pub(super) struct Half {
    speaker: Speaker,
    state: Seeking,
    /// Bytes of a message that is not whole yet.
    pending: Vec<u8>,
    /// When the first of `pending` passed.
    since: Time,
    /// The position of the first of `pending`, or of the next byte to come.
    offset: u64,
    /// Bytes still to come that nobody wants.
    debt: u64,
    /// The message being said, as far as its earlier parts go.
    span: Option<Span>,
    /// What was lost since the last message ended.
    lost: Completeness,
}

/// Whether a direction knows where its next message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seeking {
    /// At the next byte.
    No,
    /// Somewhere in what comes, of which the first so many bytes were looked through in vain.
    Yes(usize),
}

pub(super) enum Step {
    On,
    Wait,
    Over,
}

impl Half {
    pub(super) fn new(speaker: Speaker, joined: Joined) -> Self {
        Half {
            speaker,
            state: match joined {
                Joined::AtStart => Seeking::No,
                Joined::Midway => Seeking::Yes(0),
            },
            pending: Vec::new(),
            since: Time::default(),
            offset: 0,
            debt: 0,
            span: None,
            lost: Completeness::default(),
        }
    }

    /// The bytes of memory that an unfinished message holds.
    pub(super) fn held(&self) -> usize {
        self.pending.capacity()
    }

    /// The bytes of an unfinished message, which nobody will finish here.
    pub(super) fn take_unread(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.pending)
    }

    pub(super) fn hear(
        &mut self,
        machine: &mut Machine,
        at: Time,
        bytes: &[u8],
        out: &mut Vec<Box<Exchange>>,
    ) -> Step {
        let owed = usize::try_from(self.debt).unwrap_or(usize::MAX).min(bytes.len());
        self.pay(owed as u64, at);
        let bytes = bytes.get(owed..).unwrap_or_default();
        // A message may end with bytes that were passed over: then the machine is asked though none follows.
        if bytes.is_empty() && (owed == 0 || self.debt > 0) {
            return Step::Wait;
        }
        if self.pending.is_empty() {
            self.since = at;
            let (read, step) = self.go_through(machine, bytes, 0, at, Ahead::Open, out);
            if let Some(unread @ [_, ..]) = bytes.get(read..) {
                self.pending.extend_from_slice(unread);
            }
            return step;
        }
        let mut window = std::mem::take(&mut self.pending);
        let old = window.len();
        window.extend_from_slice(bytes);
        let (read, step) = self.go_through(machine, &window, old, at, Ahead::Open, out);
        if read >= old {
            self.since = at;
        }
        self.pending = unread(window, read);
        step
    }

    pub(super) fn miss(
        &mut self,
        machine: &mut Machine,
        at: Time,
        length: u64,
        cause: Cause,
        out: &mut Vec<Box<Exchange>>,
    ) {
        // Said first: the message that the hole interrupts may end with what there is of it, and is not whole.
        self.lose(length, cause);
        let mut left = length;
        loop {
            let owed = self.debt.min(left);
            self.pay(owed, at);
            left -= owed;
            if self.debt > 0 {
                return;
            }
            // The machine may know what the lost bytes were: the rest of a body, and the end of it.
            let ahead = if left > 0 { Ahead::Hole(left) } else { Ahead::Open };
            let window = std::mem::take(&mut self.pending);
            let (read, _) = self.go_through(machine, &window, window.len(), at, ahead, out);
            self.pending = unread(window, read);
            if self.debt == 0 {
                break;
            }
        }
        if left > 0 {
            let unread = std::mem::take(&mut self.pending).len() as u64;
            self.offset += unread + left;
            self.lose(unread, cause);
            self.stumble(machine, cause, out);
        }
    }

    /// What follows is a new datagram: an unfinished message will not be finished.
    pub(super) fn bound(&mut self, tally: &mut Tally) {
        if !self.pending.is_empty() {
            tally.breaches += 1;
            self.drop_pending(tally);
        }
        self.state = Seeking::No;
        self.debt = 0;
    }

    pub(super) fn end(&mut self, machine: &mut Machine, at: Time, out: &mut Vec<Box<Exchange>>) {
        if let Some(span) = &mut self.span {
            span.bytes = span.bytes.saturating_sub(self.debt);
        }
        self.debt = 0;
        let window = std::mem::take(&mut self.pending);
        let (read, _) = self.go_through(machine, &window, window.len(), at, Ahead::End, out);
        self.pending = unread(window, read);
        self.drop_pending(&mut machine.tally);
    }

    /// Reads messages from `window`, of which the first `old` bytes passed at `since` and the rest at `at`:
    /// how many bytes were read, and how to go on.
    ///
    /// The machine is asked at least once, even about an empty window.
    fn go_through(
        &mut self,
        machine: &mut Machine,
        window: &[u8],
        old: usize,
        at: Time,
        ahead: Ahead,
        out: &mut Vec<Box<Exchange>>,
    ) -> (usize, Step) {
        let mut read = 0;
        loop {
            let rest = window.get(read..).unwrap_or_default();
            let (taken, step) = match self.state {
                Seeking::Yes(sought) => self.seek(machine, rest, sought),
                Seeking::No => {
                    let from = if read < old { self.since } else { at };
                    self.step(machine, rest, from, at, ahead, out)
                }
            };
            read += taken;
            self.offset += taken as u64;
            match step {
                Step::On if read == window.len() && ahead == Ahead::Open => return (read, Step::Wait),
                Step::On => {}
                Step::Wait | Step::Over => return (read, step),
            }
        }
    }

    /// Reads one message: how many bytes it took, and how to go on.
    fn step(
        &mut self,
        machine: &mut Machine,
        rest: &[u8],
        from: Time,
        at: Time,
        ahead: Ahead,
        out: &mut Vec<Box<Exchange>>,
    ) -> (usize, Step) {
        let asked = match self.speaker {
            Speaker::Client => None,
            Speaker::Server => machine.pairing.next(),
        };
        let mut wire = Reader::new(rest, self.offset, ahead).answering(asked);
        match machine.session.read(self.speaker, &mut wire) {
            Ok(heard) => {
                let (taken, debt) = (wire.taken(), wire.debt());
                self.debt = debt;
                let idle = taken == 0 && matches!(heard, Heard::Nothing | Heard::Part);
                machine.tally.messages += u64::from(!idle);
                self.settle(machine, heard, from, at, taken as u64 + debt, out);
                (taken, if idle || debt > 0 { Step::Wait } else { Step::On })
            }
            Err(Stop::Short) if rest.len() >= WINDOW => {
                self.lose(rest.len() as u64, Cause::Cap);
                machine.tally.breaches += 1;
                machine.tally.skipped += rest.len() as u64;
                self.stumble(machine, Cause::Cap, out);
                (rest.len(), Step::On)
            }
            Err(Stop::Short) => (0, Step::Wait),
            Err(Stop::Over) => (wire.taken(), Step::Over),
            Err(Stop::Broken(_)) => {
                machine.tally.breaches += 1;
                self.stumble(machine, Cause::Breach, out);
                // The broken message's first byte is passed over, or the same message would be found again.
                let past = rest.len().min(1);
                machine.tally.skipped += past as u64;
                self.lose(past as u64, Cause::Breach);
                (past, Step::On)
            }
        }
    }

    fn settle(
        &mut self,
        machine: &mut Machine,
        heard: Heard,
        from: Time,
        at: Time,
        bytes: u64,
        out: &mut Vec<Box<Exchange>>,
    ) {
        let span = |half: &mut Half| {
            let mut span = half.span.take().unwrap_or(Span { from, to: at, ..Span::default() });
            // What ends with the connection was whole when its last byte came.
            if bytes > 0 {
                span.to = at;
            }
            span.bytes += bytes;
            let lost = std::mem::take(&mut half.lost);
            span.completeness.lost_bytes += lost.lost_bytes;
            span.completeness.cause = span.completeness.cause.or(lost.cause);
            span
        };
        match heard {
            Heard::Request(key, request) => machine.pairing.ask(key, request, span(self), out),
            Heard::Response(key, response) => machine.pairing.answer(key, response, span(self), out),
            Heard::Early(response) => machine.pairing.answer_early(response, span(self), out),
            // It stands between the parts of another message, and is none of them.
            Heard::Oneway(request) => {
                let parts = self.span.take();
                machine.pairing.tell(request, span(self), out);
                self.span = parts;
            }
            Heard::Part => {
                let part = span(self);
                self.span = Some(part);
            }
            Heard::Identity(identity) => machine.pairing.identify(identity),
            Heard::Dismissed => {
                let _ = span(self);
                machine.pairing.dismiss();
            }
            Heard::Abandoned(count) => machine.pairing.abandon(count, None, out),
            Heard::Nothing => {}
        }
    }

    /// Looks for the next message: how many bytes to pass over, and how to go on.
    fn seek(&mut self, machine: &mut Machine, rest: &[u8], sought: usize) -> (usize, Step) {
        if rest.len() <= sought + sought / GROWN {
            return (0, Step::Wait);
        }
        let (past, step) = match machine.session.resync(self.speaker, rest) {
            Sought::At(past) => {
                self.state = Seeking::No;
                (past.min(rest.len()), Step::On)
            }
            Sought::Behind(past) => {
                let left = rest.len().saturating_sub(past);
                let kept = if left > SOUGHT { SOUGHT / 2 } else { left };
                self.state = Seeking::Yes(kept);
                (rest.len() - kept, Step::Wait)
            }
        };
        machine.tally.skipped += past as u64;
        (past, step)
    }

    /// The thread is lost: what was asked is not answered by what comes, and the next message must be sought.
    fn stumble(&mut self, machine: &mut Machine, cause: Cause, out: &mut Vec<Box<Exchange>>) {
        self.state = Seeking::Yes(0);
        self.span = None;
        self.debt = 0;
        match self.speaker {
            Speaker::Client => machine.pairing.doubt(),
            Speaker::Server => {
                let open = machine.pairing.open();
                machine.pairing.abandon(open, Some(cause), out);
                // Of several, some answers may still come, and nobody knows how many.
                if open > 1 {
                    machine.pairing.doubt();
                }
            }
        }
        machine.session.lost(self.speaker);
    }

    fn pay(&mut self, length: u64, at: Time) {
        self.debt -= length;
        self.offset += length;
        if let Some(span) = &mut self.span {
            span.to = at;
        }
    }

    fn lose(&mut self, length: u64, cause: Cause) {
        if length > 0 {
            self.lost.lost_bytes += length;
            self.lost.cause.get_or_insert(cause);
        }
    }

    fn drop_pending(&mut self, tally: &mut Tally) {
        tally.skipped += self.pending.len() as u64;
        self.offset += self.pending.len() as u64;
        self.pending = Vec::new();
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
