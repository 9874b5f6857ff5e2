//! Where a session stands.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::chain::{Chain, seek};
use crate::kit::protocol::{Heard, Read, Session, Sought, Stop};
use crate::kit::reader::Reader;

use super::commands;
use super::wire::{answers, begins};

/// One connection.
///
/// Each packet tells by itself what it is and what it answers.
///
/// ```text
///           a packet                     four letters
///  Packets ◀──────── the first bytes ──────────────────▶ Command
/// ```
#[derive(Debug, Default)]
pub(super) struct ZooKeeper {
    /// A command of four letters was said: all that comes back answers it.
    pub(super) command: bool,
    /// The number of the last request.
    pub(super) last: i32,
    identity: Option<Arc<Identity>>,
}

impl Session for ZooKeeper {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match speaker {
            Speaker::Client if commands::is_command(wire.rest()) => self.commanded(wire),
            Speaker::Client => self.asked(wire),
            Speaker::Server if self.command => commands::replied(wire),
            Speaker::Server => self.answered(wire),
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        if self.command {
            return Sought::At(0);
        }
        seek(wire, 0..wire.len(), |bytes| match begins(speaker, bytes) {
            Err(Stop::Short) if speaker == Speaker::Server && answers(bytes, self.last) => Chain::Sound,
            read => read.into(),
        })
    }
}

impl ZooKeeper {
    /// Who the session is with this user, if that is news.
    pub(super) fn turn(&mut self, user: &Text, wire: &mut Reader<'_>) -> Option<Arc<Identity>> {
        let identity = Identity { user: Some(Text::clone(user)), ..Identity::default() };
        if self.identity.as_deref() == Some(&identity) {
            return None;
        }
        let identity = wire.share(identity);
        self.identity = Some(Arc::clone(&identity));
        Some(identity)
    }
}
