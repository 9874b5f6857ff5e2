//! One connection: what the client is saying, what the server was asked, which message is on its way.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::Identity;

use crate::kit::chain::Weight;
use crate::kit::lines::{begins_reply, line, seek, split_word};
use crate::kit::protocol::{Heard, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::mail::auth::Auth;

use super::envelope::{Envelope, Message};
use super::wire::{Kind, command, weight};

/// What the client says next.
///
/// ```text
///            DATA                     354, or the client goes on      a dot alone
///  Commands ──────▶ Asking ─────────────────────────────────▶ Message ──────────▶ Commands
///     │  ▲            │ another reply                            │ a reply, behind lost bytes
///     │  │            ╰───────────────▶ Refused ─────────────────┴──────────────▶ Commands
///     │  │ another reply
///     │  ╰──────────────── Proving ◀─────╮ 334
///     ╰── 334 to AUTH ────▶ ╰────────────╯
///     ╰── 220 to STARTTLS ▶ Over: the clear layer goes on
/// ```
#[derive(Debug, Default)]
pub(super) enum State {
    #[default]
    Commands,
    /// It said `DATA`.
    Asking,
    /// The same, and the reply was lost.
    Unsure,
    /// The message.
    Message(Box<Message>),
    /// `DATA` was answered before the message ended: the request ends here.
    Refused(Option<Box<Message>>),
    /// It proves who it is.
    Proving,
    /// It speaks TLS.
    Over,
}

/// Whether the server has answered since something was lost: until then, nobody knows what it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Doubt {
    #[default]
    None,
    Unanswered,
    Answered,
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Smtp {
    pub(super) state: State,
    pub(super) doubt: Doubt,
    /// Whether the server has said anything.
    pub(super) greeted: bool,
    /// Whether a reply comes for each recipient.
    pub(super) is_local: bool,
    pub(super) envelope: Box<Envelope>,
    /// How many replies to the message came of those that are due for each recipient.
    pub(super) replies: u32,
    pub(super) auth: Option<Box<Auth>>,
    pub(super) identity: Arc<Identity>,
}

impl Session for Smtp {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match (&mut self.state, speaker) {
            (State::Over, _) => Err(Stop::Over),
            (State::Refused(_), Speaker::Client) => Ok(self.end_refused(wire)),
            (_, _) if wire.rest().is_empty() && wire.ahead() == Ahead::Open => Err(Stop::Short),
            (State::Commands, Speaker::Client) => self.asked(wire),
            (State::Asking, Speaker::Client) => self.begin_message(wire),
            (State::Unsure, Speaker::Client) => self.go_on_unsure(wire),
            (State::Message(_), Speaker::Client) => self.message(wire),
            (State::Proving, Speaker::Client) => self.prove(wire),
            (
                State::Commands
                | State::Asking
                | State::Unsure
                | State::Message(_)
                | State::Refused(_)
                | State::Proving,
                Speaker::Server,
            ) => self.answered(wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        match (speaker, &self.state) {
            (_, State::Over) => {}
            (Speaker::Client, _) => self.state = State::Commands,
            (Speaker::Server, State::Asking) => self.state = State::Unsure,
            (Speaker::Server, State::Proving | State::Refused(_)) => self.state = State::Commands,
            (Speaker::Server, State::Commands | State::Unsure | State::Message(_)) => {}
        }
        (self.doubt, self.replies) = (Doubt::Unanswered, 0);
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        match speaker {
            Speaker::Client => seek(wire, begins_command),
            Speaker::Server => seek(wire, begins_reply),
        }
    }
}

/// Whether a command begins here: text of a message seldom looks like one.
pub(super) fn begins_command(bytes: &[u8]) -> Read<()> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let line = line(&mut wire)?;
    let is_sure = match command(line) {
        Some((_, Kind::Auth, rest)) => Auth::begin(split_word(rest).0).is_some(),
        Some((_, Kind::Name | Kind::Chunk, _)) => true,
        Some((_, _, rest)) => rest.is_empty() || weight(line) == Some(Weight::Strong),
        None => false,
    };
    if is_sure { Ok(()) } else { Err(wire.broken("a line is no command")) }
}

impl Smtp {
    /// A whole request behind an answer ends the doubt.
    pub(super) fn ask(&mut self) {
        if self.doubt == Doubt::Answered {
            self.doubt = Doubt::None;
        }
    }
}
