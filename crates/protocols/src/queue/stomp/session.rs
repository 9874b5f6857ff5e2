//! Where a session stands, and the state that its two sides share.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;
use model::exchange::{Exchange, Identity, Text};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::Reader;

use crate::kit::text::hash;
use crate::queue::sides::Sides;

use super::fields::Version;
use super::recognition::frames;
use super::wire::{Body, Command, Head, body, head, signs};

/// Of a connection, so many subscriptions are known; more are heard, and told without their destinations when they end.
const SUBSCRIPTIONS: usize = 512;
/// Under what a log-in waits: no hash of a receipt is it.
pub(super) const CONNECT: Key = Key::Id(u64::MAX);

/// One connection.
///
/// ```text
///  CONNECT ──▶ CONNECTED (the version is known) ──▶ frames of both sides
/// ```
#[derive(Debug, Default)]
pub(super) struct Stomp {
    pub(super) version: Version,
    pub(super) identity: Option<Arc<Identity>>,
    /// The destinations of the client's subscriptions, by the hashes of their ids.
    subscriptions: HashMap<u64, Text, RandomState>,
    /// The frame of each side whose body has no end yet.
    unfinished: Sides<Option<Box<Unfinished>>>,
}

/// A frame whose body goes on.
#[derive(Debug)]
struct Unfinished {
    means: Means,
    /// Bytes of the body so far.
    length: u64,
}

/// What a frame means, once it is whole.
#[derive(Debug)]
pub(super) enum Means {
    Request(Key, Box<Exchange>),
    Oneway(Box<Exchange>),
    Response(Key),
    Nothing,
}

impl Session for Stomp {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if let Some(unfinished) = self.unfinished.of(speaker).take() {
            return self.go_on(speaker, unfinished, wire);
        }
        if signs(wire) > 0 {
            return Ok(Heard::Nothing);
        }
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let head = head(speaker, &mut ahead)?;
        if let Some(identity) = self.introduced(&head) {
            let identity = wire.share(identity);
            self.identity = Some(Arc::clone(&identity));
            return Ok(Heard::Identity(identity));
        }
        let body = body(&head, &mut ahead)?;
        wire.skip(ahead.taken() as u64 + ahead.debt());
        let means = self.frame(&head, &body, wire);
        match body {
            Body::Whole(_) => Ok(means.into()),
            Body::GoesOn(_, length) => {
                *self.unfinished.of(speaker) = Some(Box::new(Unfinished { means, length }));
                Ok(Heard::Part)
            }
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        // Its end is somewhere among what was lost, or behind.
        *self.unfinished.of(speaker) = None;
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        let ends = memchr::memchr_iter(0, wire).map(|end| end + 1);
        seek(wire, std::iter::once(0).chain(ends), |bytes| frames(speaker, bytes))
    }
}

impl Stomp {
    fn frame(&mut self, head: &Head<'_>, body: &Body<'_>, wire: &mut Reader<'_>) -> Means {
        match head.command {
            Command::Connect | Command::Stomp => self.connect(head, wire),
            Command::Send
            | Command::Subscribe
            | Command::Unsubscribe
            | Command::Ack
            | Command::Nack
            | Command::Begin
            | Command::Commit
            | Command::Abort
            | Command::Disconnect => self.asked(head, body, wire),
            Command::Connected => self.connected(head, wire),
            Command::Message => self.delivered(head, body, wire),
            Command::Receipt => received(head, wire),
            Command::Error => self.refused(head, body, wire),
        }
    }

    /// More of a body that ends with the next NUL.
    fn go_on(
        &mut self,
        speaker: Speaker,
        mut unfinished: Box<Unfinished>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let Some(left) = memchr::memchr(0, wire.rest()) else {
            let more = wire.rest().len() as u64;
            unfinished.length += more;
            wire.skip(more);
            *self.unfinished.of(speaker) = Some(unfinished);
            return if more > 0 { Ok(Heard::Part) } else { Err(Stop::Short) };
        };
        wire.skip(left as u64 + 1);
        let length = i64::try_from(unfinished.length + left as u64).unwrap_or(i64::MAX);
        Ok(match unfinished.means {
            Means::Request(key, mut exchange) => {
                exchange.request.details.push((LENGTH, length.into()));
                Heard::Request(key, exchange)
            }
            Means::Oneway(mut exchange) => {
                exchange.request.details.push((LENGTH, length.into()));
                Heard::Sent(exchange)
            }
            Means::Response(key) => {
                if let Key::Id(id) = key
                    && let Some(answer) = wire.answer_to(id)
                {
                    answer.details.push((LENGTH, length.into()));
                }
                Heard::Response(key)
            }
            Means::Nothing => Heard::Nothing,
        })
    }

    /// The client has a subscription.
    pub(super) fn remember(&mut self, id: &[u8], destination: &Text) {
        if self.subscriptions.len() < SUBSCRIPTIONS {
            self.subscriptions.insert(hash(id), Text::clone(destination));
        }
    }

    /// The destination of a subscription.
    pub(super) fn subscribed(&self, id: &[u8]) -> Option<&Text> {
        self.subscriptions.get(&hash(id))
    }

    /// A subscription ends.
    pub(super) fn forget(&mut self, id: &[u8]) {
        self.subscriptions.remove(&hash(id));
    }
}

/// How long a body is of which not all is told.
const LENGTH: &str = "body_bytes";

impl From<Means> for Heard {
    fn from(means: Means) -> Heard {
        match means {
            Means::Request(key, exchange) => Heard::Request(key, exchange),
            Means::Oneway(exchange) => Heard::Oneway(exchange),
            Means::Response(key) => Heard::Response(key),
            Means::Nothing => Heard::Nothing,
        }
    }
}

/// Under what a frame waits that asks for this receipt.
pub(super) fn receipt(id: &[u8]) -> Key {
    Key::Id(hash(id) >> 1)
}

/// The server took what asked for this receipt.
fn received(head: &Head<'_>, wire: &mut Reader<'_>) -> Means {
    let Some(key) = head.field("receipt-id").map(receipt) else { return Means::Nothing };
    if let Key::Id(id) = key
        && let Some(answer) = wire.answer_to(id)
    {
        answer.outcome = model::exchange::Outcome::Ok;
    }
    Means::Response(key)
}
