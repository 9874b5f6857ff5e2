//! One connection: who logs in, and which transfer goes on.

use std::ops::Range;
use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::lines::{begins_reply, line, seek};
use crate::kit::protocol::{Heard, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::wire::command;

/// Where a session stands.
///
/// ```text
///            1xx           ABOR             its end
///  Commands ─────▶ Transfer ─────▶ Aborting ─────────▶ Commands
///                     ╰──────────────────────────────────▲ its end
///     │ 234 to AUTH, 235 to ADAT
///     ╰─────────────────────────▶ Over: TLS goes on, or lines in secret
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Commands,
    /// The oldest open request is a transfer, which has begun.
    Transfer,
    /// The same, and it is to end now, or lost bytes may have said so: what follows is answered behind its end.
    Aborting,
    Over,
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Ftp {
    pub(super) state: State,
    /// Whether the server has said anything.
    pub(super) greeted: bool,
    /// The open requests that were said while a transfer went on, which servers answer before its end or behind it: their ids.
    pub(super) aside: Range<u64>,
    /// Who logs in.
    pub(super) user: Option<Text>,
    pub(super) identity: Arc<Identity>,
}

impl Session for Ftp {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match (self.state, speaker) {
            (State::Over, _) => Err(Stop::Over),
            (_, _) if wire.rest().is_empty() && wire.ahead() == Ahead::Open => Err(Stop::Short),
            (State::Commands | State::Transfer | State::Aborting, Speaker::Client) => self.asked(wire),
            (State::Commands | State::Transfer | State::Aborting, Speaker::Server) => self.answered(wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        self.state = match (speaker, self.state) {
            (_, State::Over) => State::Over,
            (Speaker::Client, State::Transfer | State::Aborting) => State::Aborting,
            (Speaker::Client, State::Commands) | (Speaker::Server, _) => State::Commands,
        };
        self.aside.start = self.aside.end;
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        match speaker {
            Speaker::Client => seek(wire, begins_command),
            Speaker::Server => seek(wire, begins_reply),
        }
    }
}

fn begins_command(bytes: &[u8]) -> Read<()> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    if command(line(&mut wire)?).is_some() { Ok(()) } else { Err(wire.broken("a line is no command")) }
}
