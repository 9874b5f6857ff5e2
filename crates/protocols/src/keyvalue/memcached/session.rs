//! Where a session stands, and the state that its two sides share.

use std::borrow::Cow;
use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Request, Response, Text};

use crate::keyvalue::packet::{REQUEST, RESPONSE};
use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::Reader;

use super::answered::Items;
use super::recognition::chain;
use super::wire::KEY;

/// More open requests than this are not waited for; the pairing's own cap lies above it.
const OPEN: u16 = 4000;
/// Before each datagram: its request's number, its place among the datagrams, how many there are, and nothing.
pub(super) const FRAME: usize = 8;

/// What carries the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Carrier {
    /// Nothing was said yet.
    #[default]
    Unknown,
    /// One message behind the other, answered in turn.
    Stream,
    /// Each in a datagram, answered by its number.
    Datagrams,
}

/// Whether it is known which request the server answers next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Doubt {
    #[default]
    None,
    /// Requests are missing. Behind them, so many were heard whose answers are certain to come.
    Owed(u16),
    /// The server answered as many: when the client speaks again, all is clear.
    Answered,
}

/// Whether the client may still have to say who it is (`-Y`: protocol.txt, "Authentication").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Proof {
    /// The server has answered nothing but errors: what it refuses before a log-in, and a log-in that fails.
    #[default]
    Due,
    /// It has answered something else: nobody logs in twice.
    Done,
}

/// Whether the server answers whatever comes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Surely,
    Perhaps,
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Memcached {
    carrier: Carrier,
    /// How many requests wait for their answers.
    open: u16,
    /// How many answers are still due to requests that were given up.
    orphans: u32,
    doubt: Doubt,
    pub(super) proof: Proof,
    /// The items of an answer that goes on.
    pub(super) items: Option<Items>,
    pub(super) identity: Option<Arc<Identity>>,
}

impl Session for Memcached {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let key = self.carried(wire)?;
        match (speaker, wire.rest().first()) {
            (_, None) => Err(Stop::Short),
            (Speaker::Client, _) if self.open >= OPEN && key == Key::Turn => {
                self.open -= 1;
                self.orphans = self.orphans.saturating_add(1);
                Ok(Heard::Abandoned(1))
            }
            (Speaker::Client, Some(&REQUEST)) => self.asked_in_binary(key, wire),
            (Speaker::Client, Some(_)) => self.asked(key, wire),
            (Speaker::Server, Some(&RESPONSE)) => self.answered_in_binary(key, wire),
            (Speaker::Server, Some(_)) => self.answered(key, wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        match speaker {
            Speaker::Client => self.doubt = Doubt::Owed(0),
            Speaker::Server => {
                // Of several, some answers may still come.
                if self.open > 1 {
                    self.doubt = Doubt::Owed(0);
                }
                (self.open, self.orphans, self.items) = (0, 0, None);
            }
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        let frame = if self.carrier == Carrier::Datagrams || is_frame(wire) { FRAME } else { 0 };
        let marks = memchr::memchr3_iter(b'\n', REQUEST, RESPONSE, wire);
        let begins = marks.map(|at| if wire.get(at) == Some(&b'\n') { at + 1 } else { at });
        seek(wire, std::iter::once(0).chain(begins), |bytes| {
            chain(speaker, bytes.get(frame..).unwrap_or_default())
        })
    }
}

impl Memcached {
    /// Passes over what stands before a message in a datagram; says how the message is paired.
    #[inline]
    fn carried(&mut self, wire: &mut Reader<'_>) -> Read<Key> {
        match self.carrier {
            Carrier::Stream => return Ok(Key::Turn),
            Carrier::Unknown if wire.rest().is_empty() => return Err(Stop::Short),
            Carrier::Unknown => {
                // No word of the text protocol holds a zero.
                let is_text = matches!(wire.rest(), [first, _, third, ..] if first.is_ascii_alphanumeric() && *third != 0);
                if wire.rest().len() <= FRAME && !is_text {
                    return Err(Stop::Short);
                }
                let is_datagram = is_frame(wire.rest());
                self.carrier = if is_datagram { Carrier::Datagrams } else { Carrier::Stream };
                if !is_datagram {
                    return Ok(Key::Turn);
                }
            }
            Carrier::Datagrams => {}
        }
        if wire.rest().len() <= FRAME {
            return Err(Stop::Short);
        }
        if !is_frame(wire.rest()) {
            return Err(wire.broken("a datagram begins with no number"));
        }
        let id = wire.be16()?;
        wire.take(FRAME - 2)?;
        Ok(Key::Id(u64::from(id)))
    }

    /// The request that the next answer is for.
    #[inline]
    pub(super) fn waits<'a>(&self, key: Key, wire: &'a Reader<'_>) -> Option<&'a Request> {
        match key {
            Key::Turn if self.orphans > 0 => None,
            Key::Turn => wire.asked(),
            Key::Id(id) => wire.asked_as(id),
        }
    }

    /// The answer to it.
    #[inline]
    pub(super) fn answer<'a>(&self, key: Key, wire: &'a mut Reader<'_>) -> Option<&'a mut Response> {
        match key {
            Key::Turn if self.orphans > 0 => None,
            Key::Turn => wire.answer(),
            Key::Id(id) => wire.answer_to(id),
        }
    }

    /// A request begins to wait.
    #[inline]
    pub(super) fn wait(&mut self, key: Key, due: Due) {
        if key != Key::Turn {
            return;
        }
        self.open += 1;
        self.doubt = match (self.doubt, due) {
            (Doubt::None | Doubt::Answered, _) => Doubt::None,
            (Doubt::Owed(owed), Due::Surely) => Doubt::Owed(owed.saturating_add(1)),
            (doubt @ Doubt::Owed(_), Due::Perhaps) => doubt,
        };
    }

    /// What is heard of an answer while nobody knows what it answers.
    ///
    /// Quiet requests may wait here for ever: they are given up when what was asked behind them is answered.
    #[inline]
    pub(super) fn doubted(&mut self, key: Key, due: Due, wire: &Reader<'_>) -> Option<Heard> {
        let Doubt::Owed(owed) = self.doubt else { return None };
        if key != Key::Turn || self.waits(key, wire).is_some() {
            return None;
        }
        let owed = owed.saturating_sub(u16::from(due == Due::Surely));
        if owed > 0 || due == Due::Perhaps {
            self.doubt = Doubt::Owed(owed);
            return None;
        }
        self.doubt = Doubt::Answered;
        Some(Heard::Abandoned(usize::from(std::mem::take(&mut self.open))))
    }

    /// Its answer is at its end.
    #[inline]
    pub(super) fn finish(&mut self, key: Key) -> Heard {
        if key == Key::Turn && self.orphans > 0 {
            self.orphans -= 1;
            return Heard::Nothing;
        }
        self.open = self.open.saturating_sub(u16::from(key == Key::Turn));
        Heard::Response(key)
    }

    /// Who the session is with this changed, if that is news.
    pub(super) fn turn(
        &mut self,
        wire: &mut Reader<'_>,
        change: impl FnOnce(&mut Identity),
    ) -> Option<Arc<Identity>> {
        let known = self.identity.as_deref();
        let mut identity = known.cloned().unwrap_or_default();
        change(&mut identity);
        if known == Some(&identity) {
            return None;
        }
        let identity = wire.share(identity);
        self.identity = Some(Arc::clone(&identity));
        Some(identity)
    }
}

/// Whether bytes begin as a datagram does that is alone; the two bytes that should be 0 often are not.
pub(super) fn is_frame(bytes: &[u8]) -> bool {
    match bytes {
        [_, _, 0, 0, 0, 1, _, _, first, ..] => {
            matches!(*first, REQUEST | RESPONSE) || first.is_ascii_alphanumeric()
        }
        _ => false,
    }
}

/// A key as a target.
pub(super) fn target(key: &[u8]) -> Text {
    Text::from(&*named(key))
}

/// The text of a key, as far as it may be one.
#[inline]
pub(super) fn named(key: &[u8]) -> Cow<'_, str> {
    crate::kit::text::lossy(key.get(..KEY).unwrap_or(key))
}
