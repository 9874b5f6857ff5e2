//! One connection: who logs in, and which long answer is being said.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::lines::{line, seek};
use crate::kit::protocol::{Heard, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::mail::auth::Auth;
use crate::mail::dotted::{Body, Dotted};
use crate::mail::fields::Fields;

use super::wire::{command, status};

/// Where a session stands.
///
/// ```text
///           + to AUTH             the proof
///  Commands ─────────▶ Proving ────────────▶ Commands
///     │ +OK to STLS
///     ╰────────────▶ Over: the clear layer goes on
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Commands,
    Proving,
    Over,
}

/// A long answer that is being said.
#[derive(Debug, Default)]
pub(super) struct Long {
    pub(super) body: Dotted,
    /// What it says, if it is a message.
    pub(super) fields: Option<Fields>,
    pub(super) lines: u64,
    /// Whether the client asked for something else behind lost bytes.
    pub(super) is_over: bool,
}

impl Long {
    /// Reads more of it.
    pub(super) fn read(&mut self, wire: &mut Reader<'_>) -> Read<Body> {
        let Long { body, fields, lines, .. } = self;
        body.read(wire, |line| {
            *lines += 1;
            if let Some(fields) = fields {
                fields.hear(line);
            }
        })
    }
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Pop3 {
    pub(super) state: State,
    pub(super) greeted: bool,
    pub(super) long: Option<Box<Long>>,
    /// Who logs in by `USER`.
    pub(super) user: Option<Text>,
    pub(super) auth: Option<Box<Auth>>,
    pub(super) identity: Arc<Identity>,
}

impl Session for Pop3 {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match (self.state, speaker) {
            (State::Over, _) => Err(Stop::Over),
            (_, _) if wire.rest().is_empty() && wire.ahead() == Ahead::Open => Err(Stop::Short),
            (State::Commands, Speaker::Client) => self.asked(wire),
            (State::Proving, Speaker::Client) => self.prove(wire),
            (State::Commands | State::Proving, Speaker::Server) => self.answered(wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        if self.state == State::Proving {
            self.state = State::Commands;
        }
        if speaker == Speaker::Server {
            self.long = None;
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        let is_ours = |line: &[u8]| match speaker {
            Speaker::Client => command(line).is_some(),
            Speaker::Server => status(line).is_some(),
        };
        let sought = seek(wire, |bytes| {
            let mut wire = Reader::new(bytes, 0, Ahead::Open);
            if is_ours(line(&mut wire)?) { Ok(()) } else { Err(wire.broken("a line is not POP3's")) }
        });
        if matches!((speaker, sought), (Speaker::Client, Sought::At(_))) && self.state == State::Proving {
            self.state = State::Commands;
        }
        sought
    }
}
