//! One direction of a conversation: its bytes, cut anywhere, become messages.

use model::conn::Speaker;
use model::event::{Cause, Joined};
use model::exchange::Completeness;
use model::time::Time;

use crate::kit::desk::Desk;
use crate::kit::ear::{Ear, Taken};
use crate::kit::machine::{Machine, Tally};
use crate::kit::pairing::Span;
use crate::kit::protocol::Heard;
use crate::kit::reader::{Ahead, Reader};

/// The most bytes of an unfinished message that a direction keeps.
///
/// Machines sample long bodies (see [`Reader::sample`]), so only a header that never ends reaches it.
pub const WINDOW: usize = 256 << 10;

/// One direction.
///
/// Between two messages, as nearly all directions of a host are at any moment, it knows nothing.
#[derive(Debug)]
pub(super) struct Half {
    pub(super) unfinished: Option<Box<Unfinished>>,
}

/// A message of which only the beginning was said, or what was lost before the next.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    pub(super) state: Seeking,
    /// Bytes of a message that is not whole yet.
    pub(super) pending: Vec<u8>,
    /// When the first of `pending` passed.
    pub(super) since: Time,
    /// Bytes still to come that nobody wants.
    pub(super) debt: u64,
    /// The message being said, as far as its earlier parts go.
    pub(super) span: Option<Span>,
    /// What was lost since the last message ended.
    pub(super) lost: Completeness,
}

/// Whether a direction knows where its next message begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Seeking {
    /// At the next byte.
    #[default]
    No,
    /// Somewhere in what comes, of which the first so many bytes were looked through in vain; at most [`SOUGHT`](super::ear::SOUGHT).
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

    /// The bytes of an unfinished message that wait for more.
    pub(super) fn waiting(&self) -> u64 {
        self.unfinished.as_ref().map_or(0, |message| message.pending.len() as u64)
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
        if rest.is_empty() {
            return Step::Wait;
        }
        while self.unfinished.is_none() {
            let mut wire = Reader::new(rest, 0, Ahead::Open).among(machine.pairing.waiting(), desk);
            let read = machine.session.read(speaker, &mut wire);
            let far = Taken::by(&wire);
            let Taken { taken, debt, heard } = far;
            let span = Span { from: at, to: at, bytes: heard, ..Span::default() };
            // What was read stays where it was written: moved at once, it would be waited for.
            match read {
                Ok(Heard::Request(key, exchange)) => machine.pairing.ask(key, exchange, span, desk),
                Ok(Heard::Response(key)) => {
                    machine.pairing.answer(key, span, desk);
                    // It holds nothing, and the compiler does not see that.
                    std::mem::forget(read);
                }
                Ok(Heard::Nothing) if taken > 0 => std::mem::forget(read),
                _ => {
                    machine.tally.count_whole(speaker, (bytes.len() - rest.len()) as u64);
                    let mut ear = Ear { half: self, speaker, machine, desk, at, span: None };
                    return ear.go_on(rest, read, far);
                }
            }
            if debt > 0 {
                self.message().debt = debt;
            }
            rest = rest.get(taken..).unwrap_or_default();
            if rest.is_empty() {
                machine.tally.count_whole(speaker, bytes.len() as u64);
                return Step::Wait;
            }
        }
        machine.tally.count_whole(speaker, (bytes.len() - rest.len()) as u64);
        self.hear_on(speaker, machine, at, rest, desk)
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
    pub(super) fn bound(&mut self, speaker: Speaker, tally: &mut Tally) {
        let Some(message) = &mut self.unfinished else { return };
        message.state = Seeking::No;
        message.debt = 0;
        if !message.pending.is_empty() {
            tally.count_breach();
            self.drop_pending(speaker, Cause::Breach, tally);
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
            ear.half.drop_pending(speaker, Cause::Unfinished, &mut ear.machine.tally);
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
    pub(super) fn message(&mut self) -> &mut Unfinished {
        self.unfinished.get_or_insert_default()
    }

    /// Whether the next message must be sought.
    pub(super) fn state(&self) -> Seeking {
        self.unfinished.as_ref().map_or(Seeking::No, |message| message.state)
    }

    /// Bytes still to come that nobody wants.
    #[inline]
    pub(super) fn debt(&self) -> u64 {
        self.unfinished.as_ref().map_or(0, |message| message.debt)
    }

    /// The bytes that wait, which begin a window.
    pub(super) fn take_pending(&mut self) -> Vec<u8> {
        self.unfinished.as_mut().map_or_else(Vec::new, |message| std::mem::take(&mut message.pending))
    }

    /// What of `window` is left after `read` bytes waits for more.
    pub(super) fn put_back(&mut self, window: Vec<u8>, read: usize) {
        if read < window.len() {
            self.message().pending = unread(window, read);
        }
    }

    /// Passes over the bytes that wait.
    fn drop_pending(&mut self, speaker: Speaker, cause: Cause, tally: &mut Tally) {
        tally.count_unread(speaker, cause, self.take_pending().len() as u64);
    }

    pub(super) fn lose(&mut self, length: u64, cause: Cause) {
        if length > 0 {
            let lost = &mut self.message().lost;
            lost.lost_bytes += length;
            lost.cause.get_or_insert(cause);
        }
    }
}

impl Unfinished {
    /// Whether nothing of it is left to be known.
    pub(super) fn is_finished(&self) -> bool {
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
