//! One connection: which command is being said, which are open, who the session is.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::Identity;

use crate::kit::lines::{line, seek};
use crate::kit::protocol::{Heard, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::mail::auth::Auth;

use super::asked::Saying;
use super::wire::{Kind, command, is_told};

/// What is told of a connection once it is compressed.
const COMPRESSED: &str = "compressed, as is all that follows";

/// What the bytes are.
///
/// ```text
///         OK to STARTTLS
///  Lines ────────────────▶ Over: the clear layer goes on
///    │ OK to COMPRESS               the next bytes
///    ╰────────────────▶ Compressing ──────────────▶ Compressed
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Lines,
    Compressing,
    /// Which was said.
    Compressed,
    Over,
}

/// A command that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) key: u64,
    pub(super) kind: Kind,
}

/// Whether what the server says goes on behind a literal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Telling {
    /// A line begins.
    #[default]
    Begins,
    /// It goes on, and belongs to this command.
    GoesOn(Option<u64>),
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Imap {
    pub(super) state: State,
    /// The command whose literals are being said.
    pub(super) saying: Option<Box<Saying>>,
    pub(super) telling: Telling,
    pub(super) open: Vec<Open>,
    pub(super) auth: Option<Box<Auth>>,
    /// The tag's key of the log-in, while the client proves who it is.
    pub(super) proving: Option<u64>,
    pub(super) greeted: bool,
    /// Whether what comes next begins within a line: the client's, the server's.
    is_torn: [bool; 2],
    pub(super) identity: Arc<Identity>,
}

impl Session for Imap {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.state == State::Over {
            return Err(Stop::Over);
        }
        if wire.rest().is_empty() && wire.ahead() == Ahead::Open {
            return Err(Stop::Short);
        }
        match (self.state, speaker) {
            (State::Compressing | State::Compressed, _) => Ok(self.pass_compressed(wire)),
            (State::Lines | State::Over, Speaker::Client) => self.asked(wire),
            (State::Lines | State::Over, Speaker::Server) => self.answered(wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        match speaker {
            Speaker::Client => {
                (self.saying, self.proving) = (None, None);
                self.is_torn[0] = true;
            }
            Speaker::Server => {
                // What is open may have been answered.
                (self.telling, self.is_torn[1]) = (Telling::Begins, true);
                self.open.clear();
            }
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        let is_ours = |line: &[u8]| match speaker {
            Speaker::Client => command(line).is_some(),
            Speaker::Server => is_told(line),
        };
        if matches!(self.state, State::Compressing | State::Compressed) {
            return Sought::Behind(wire.len());
        }
        // What is left of a line looks like one: its tag is only shorter.
        let mut past = 0;
        let [client, server] = &mut self.is_torn;
        let is_torn = if speaker == Speaker::Client { client } else { server };
        if *is_torn {
            let Some(end) = memchr::memchr(b'\n', wire) else { return Sought::Behind(wire.len()) };
            (past, *is_torn) = (end + 1, false);
        }
        let sought = seek(wire.get(past..).unwrap_or_default(), |bytes| {
            let mut wire = Reader::new(bytes, 0, Ahead::Open);
            if is_ours(line(&mut wire)?) { Ok(()) } else { Err(wire.broken("a line is not IMAP's")) }
        });
        match sought {
            Sought::At(at) => Sought::At(past + at),
            Sought::Behind(behind) => Sought::Behind(past + behind),
        }
    }
}

impl Imap {
    /// Passes over what is compressed, and says so once.
    fn pass_compressed(&mut self, wire: &mut Reader<'_>) -> Heard {
        if self.state == State::Compressed {
            wire.skip(wire.rest().len() as u64);
            return Heard::Nothing;
        }
        self.state = State::Compressed;
        // However they come: what is told is not of this length.
        wire.skip(1);
        let mut exchange = wire.blank();
        exchange.request.operation = "compressed".into();
        exchange.request.details.push(("statement", COMPRESSED.into()));
        Heard::Oneway(exchange)
    }
}
