//! Where a session stands, and the state that its two sides share.

use std::sync::Arc;

use model::conn::Speaker;
use model::event::Joined;
use model::exchange::{Identity, Text};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought};
use crate::kit::reader::Reader;

use super::asked::Asking;
use super::chain::chain;
use super::commands::Command;
use super::inside::Inside;

/// More open requests than this are not waited for; the pairing's own cap lies above it.
pub(super) const OPEN: u16 = 4000;

/// What the connection is for.
///
/// ```text
///            MONITOR answered            RESET answered
///  Commands ─────────────────▶ Watching ───────────────▶ Commands
///     │                        ▲      │ a line beyond its limit
///     │                        ╰─ \n ─▼
///     │                           Line
///     ╰── PSYNC, SYNC answered; REPLCONF ACK ──▶ Replica: all that follows is passed over
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// Questions and answers, and what subscribers are told.
    Commands,
    /// The server tells what others ask.
    Watching,
    /// The same, within a line that is too long.
    Line,
    /// The server's writes are copied.
    Replica,
}

/// Whether the server answers (`CLIENT REPLY`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replies {
    On,
    /// It seems so; bytes that said otherwise may be missing.
    Doubtful,
    Off,
    /// But for the next command.
    Skip,
}

/// Whether the server tells a subscriber in RESP2, where messages look like answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subscribed {
    No,
    Yes,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Redis {
    pub(super) course: Course,
    pub(super) replies: Replies,
    pub(super) subscribed: Subscribed,
    /// How many requests wait for their answers.
    pub(super) open: u16,
    /// How many of them may change who the session is.
    pub(super) sessions: u16,
    /// How many answers are still due to requests that were given up.
    pub(super) orphans: u32,
    /// The command that was asked last: mostly, the next answer is to it.
    pub(super) last: Option<&'static Command>,
    /// The command that is being said, where that takes long.
    pub(super) asking: Option<Box<Asking>>,
    /// The answer that is being said, where that takes long.
    pub(super) inside: Option<Box<Inside>>,
    pub(super) identity: Option<Arc<Identity>>,
    /// Who the session turned out to be within an answer.
    pub(super) news: Option<Arc<Identity>>,
    /// The database that a transaction selects when it runs.
    pub(super) selected: Option<Text>,
    joined: Joined,
}

impl Session for Redis {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match speaker {
            Speaker::Client => self.asked(wire),
            Speaker::Server => self.answered(wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        match speaker {
            Speaker::Client => {
                self.asking = None;
                if self.replies == Replies::On {
                    self.replies = Replies::Doubtful;
                }
            }
            Speaker::Server => {
                self.inside = None;
                (self.open, self.orphans, self.sessions) = (0, 0, 0);
            }
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        if self.course == Course::Replica {
            return Sought::At(0);
        }
        let lines = memchr::memchr_iter(b'\n', wire).map(|end| end + 1);
        seek(wire, std::iter::once(0).chain(lines), |bytes| chain(speaker, bytes))
    }
}

impl Redis {
    /// A connection of which nothing was heard yet.
    pub(super) fn new(joined: Joined) -> Self {
        Redis {
            course: Course::Commands,
            replies: match joined {
                Joined::AtStart => Replies::On,
                Joined::Midway => Replies::Doubtful,
            },
            subscribed: Subscribed::No,
            open: 0,
            sessions: 0,
            orphans: 0,
            last: None,
            asking: None,
            inside: None,
            identity: None,
            news: None,
            selected: None,
            joined,
        }
    }

    /// Every session begins in the first database; of one that was joined midway nobody knows.
    #[inline]
    pub(super) fn begin(&mut self, wire: &mut Reader<'_>) -> Option<Arc<Identity>> {
        if self.identity.is_some() || self.joined == Joined::Midway {
            return None;
        }
        Some(self.identify(super::identity::first(), wire))
    }

    /// The session is this from now on.
    pub(super) fn identify(&mut self, identity: Identity, wire: &mut Reader<'_>) -> Arc<Identity> {
        let identity = wire.share(identity);
        self.identity = Some(Arc::clone(&identity));
        identity
    }

    /// The oldest open request was answered.
    #[inline]
    pub(super) fn finish(&mut self) -> Heard {
        if self.orphans > 0 {
            self.orphans -= 1;
            return Heard::Nothing;
        }
        if self.open == 0 && self.replies == Replies::Off {
            // That it answers again was said in bytes that are missing.
            self.replies = Replies::Doubtful;
        }
        self.open = self.open.saturating_sub(1);
        Heard::Response(Key::Turn)
    }
}
