//! One connection: who it is, what its messages are wrapped in, and whether it turns to TLS.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::protocol::{Heard, Read, Session, Sought, Stop};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::bind::Bind;
use super::sealed::{self, Wrapping};
use super::wire::{Head, tag};

/// What is told of a connection once it is sealed.
const SEALED: &str = "sealed by SASL, as is all that follows";
/// Longer names are not told whole.
const NAME: usize = 1 << 10;

/// One connection.
///
/// Each message tells by itself what it is and what it answers. What is known besides is who logs in, and what the messages
/// are wrapped in:
///
/// ```text
///            a bind by SASL is believed          a sealed wrapping
///  InClear ─────────────────────────────▶ Wrapped ─────────────▶ Sealed
///     │ StartTLS is granted
///     ╰─────────────────────▶ Over: the clear layer goes on
/// ```
#[derive(Debug, Default)]
pub(super) struct Ldap {
    pub(super) state: State,
    client: Side,
    server: Side,
    /// The log-in that is not answered.
    pub(super) bind: Option<Box<Bind>>,
    /// The number of the request to begin TLS.
    pub(super) tls: Option<u32>,
    pub(super) identity: Arc<Identity>,
    /// What the last request touched, mostly the next one too.
    pub(super) target: Option<Text>,
}

/// What the messages are wrapped in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// In nothing.
    #[default]
    InClear,
    /// Perhaps in what SASL agreed on.
    Wrapped,
    /// In what nobody can read, which was said.
    Sealed,
    /// In TLS from here on.
    Over,
}

/// Where one side stands within a wrapping.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// Bytes of messages that are still to come in it.
    left: u64,
    /// Bytes behind them.
    behind: u64,
    /// Bytes of a message that goes on in the next one, and is not wanted.
    owed: u64,
}

/// What the next wrapping is to who opens it.
enum Opened {
    /// Messages are to be read in it.
    Within(Side),
    /// It holds so many bytes of a message that is not wanted, and nothing else.
    Owed(u64),
    /// Nobody can read it.
    Sealed,
}

impl Session for Ldap {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let is_tls = self.tls.is_some() && wire.rest().starts_with(&[0x16, 3]);
        if self.state == State::Over || is_tls {
            return Err(Stop::Over);
        }
        let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let mut side = *self.side(speaker);
        if side.left == 0 && from.rest().first() == Some(&0) {
            match self.unwrap(speaker, side.owed, &mut from)? {
                Opened::Within(within) => side = within,
                Opened::Owed(messages) => {
                    self.side(speaker).owed -= messages;
                    wire.skip(passed(&from));
                    return Ok(Heard::Nothing);
                }
                Opened::Sealed => {
                    wire.skip(passed(&from));
                    return Ok(self.pass_sealed(wire));
                }
            }
        }
        let before = passed(&from);
        let limit = if side.left == 0 { u64::MAX } else { side.left };
        let (heard, owed) = match speaker {
            Speaker::Client => self.asked(limit, &mut from, wire)?,
            Speaker::Server => self.answered(limit, &mut from, wire)?,
        };
        if matches!(heard, Heard::Identity(_)) {
            // The message is read again, as one of this identity's.
            return Ok(heard);
        }
        if side.left > 0 {
            side.left = side.left.saturating_sub(passed(&from) - before);
            side.owed = owed;
            if side.left == 0 {
                from.skip(side.behind);
            }
            *self.side(speaker) = side;
        }
        wire.skip(passed(&from));
        Ok(heard)
    }

    fn lost(&mut self, speaker: Speaker) {
        *self.side(speaker) = Side::default();
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        for at in memchr::memchr2_iter(tag::SEQUENCE, 0, wire) {
            match sealed::begins(speaker, wire.get(at..).unwrap_or_default()) {
                Ok(()) => return Sought::At(at),
                Err(Stop::Short) => return self.resync_behind(speaker, at, wire),
                Err(_) => {}
            }
        }
        Sought::Behind(wire.len())
    }
}

impl Ldap {
    /// What begins at `at` may be a message, if more follows; one that is whole behind it is one.
    fn resync_behind(&self, speaker: Speaker, at: usize, wire: &[u8]) -> Sought {
        let behind = memchr::memchr2_iter(tag::SEQUENCE, 0, wire).filter(|later| *later > at);
        let is_whole =
            |later: &usize| sealed::begins(speaker, wire.get(*later..).unwrap_or_default()) == Ok(());
        behind.into_iter().find(is_whole).map_or(Sought::Behind(at), Sought::At)
    }

    fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    /// Opens the wrapping that begins here, of which the first `owed` bytes are not wanted.
    fn unwrap(&self, speaker: Speaker, owed: u64, from: &mut Reader<'_>) -> Read<Opened> {
        let wrapping = if owed > 0 { sealed::wrapping(from)? } else { sealed::opened(speaker, from)? };
        match wrapping {
            Wrapping::Sealed(_) if self.state == State::InClear && !self.may_be_wrapped() => {
                Err(from.broken("a message is sealed before a log-in"))
            }
            Wrapping::Sealed(length) => {
                from.skip(length);
                Ok(Opened::Sealed)
            }
            Wrapping::Signed { around: [before, behind], messages } if owed < messages => {
                from.skip(before + owed);
                if from.debt() > 0 {
                    return Err(Stop::Short);
                }
                Ok(Opened::Within(Side { left: messages - owed, behind, owed: 0 }))
            }
            Wrapping::Signed { around: [before, behind], messages } => {
                from.skip(before + messages + behind);
                Ok(Opened::Owed(messages))
            }
        }
    }

    /// Whether a log-in by SASL may have been believed unseen.
    fn may_be_wrapped(&self) -> bool {
        self.bind.as_ref().is_some_and(|bind| bind.state() == State::Wrapped)
    }

    /// A wrapping that nobody can read was passed over: the first one is told.
    fn pass_sealed(&mut self, wire: &mut Reader<'_>) -> Heard {
        if self.state == State::Sealed {
            return Heard::Nothing;
        }
        self.state = State::Sealed;
        let mut exchange = wire.blank();
        exchange.request.operation = "sealed".into();
        exchange.request.details.push(("statement", SEALED.into()));
        Heard::Oneway(exchange)
    }

    /// Who the session is from now on, if that is news.
    pub(super) fn turn(&mut self, user: Option<&Text>, wire: &mut Reader<'_>) -> Option<Heard> {
        if self.identity.user.as_ref() == user {
            return None;
        }
        self.identity = wire.share(Identity { user: user.cloned(), ..Identity::default() });
        Some(Heard::Identity(Arc::clone(&self.identity)))
    }

    /// The name of an entry, as the target that mostly was the last one too.
    pub(super) fn target(&mut self, name: &[u8]) -> Text {
        match &self.target {
            Some(target) if target.as_bytes() == name => Text::clone(target),
            Some(_) | None => {
                let target = Text::from(&*lossy(name.get(..NAME).unwrap_or(name)));
                self.target = Some(Text::clone(&target));
                target
            }
        }
    }
}

/// How many bytes were passed over, those that have not come yet included.
pub(super) fn passed(from: &Reader<'_>) -> u64 {
    from.taken() as u64 + from.debt()
}

/// How much of a message stands in this wrapping: bytes of its operation, of its controls, and of what is still owed.
pub(super) fn fit(head: Head, room: u64) -> (u64, u64, u64) {
    let length = head.length.min(room);
    let behind = head.behind.min(room - length);
    (length, behind, head.length + head.behind - length - behind)
}
