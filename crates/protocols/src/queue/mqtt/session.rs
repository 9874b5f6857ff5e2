//! Where a session stands, and the state that its two sides share.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;
use model::exchange::{Identity, Request, Text};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought};
use crate::kit::reader::Reader;

use crate::queue::message::write_name;

use super::connected::connect;
use super::recognition::chain;
use super::wire::{Kind, Version, head};

/// Of each side, so many aliases of topics are kept; a message under another one is told without its topic.
const ALIASES: usize = 512;

/// The identifiers under which exchanges wait: those of the client's packets (2.2.1) are below all of these.
const SERVERS: u64 = 1 << 16;
pub(super) const CONNECT: Key = Key::Id(1 << 17);
pub(super) const AUTH: Key = Key::Id((1 << 17) + 1);
pub(super) const PING: Key = Key::Id((1 << 17) + 2);

/// One connection. What was asked waits under the identifiers of its packets; besides them it knows its version:
///
/// ```text
///  version unknown ── CONNECT; joined midway, a packet that only one version has ──▶ version known
/// ```
#[derive(Debug, Default)]
pub(super) struct Mqtt {
    pub(super) version: Option<Version>,
    pub(super) identity: Option<Arc<Identity>>,
    client: Topics,
    server: Topics,
}

/// The topics that one side publishes to.
#[derive(Debug, Default)]
pub(super) struct Topics {
    /// The last one: most devices have one alone.
    last: Option<Text>,
    /// By their aliases (3.3.2.3.4); only in version 5, and there few.
    aliases: Option<Box<HashMap<u16, Text, RandomState>>>,
}

impl Topics {
    /// This topic.
    #[inline]
    pub(super) fn named(&mut self, topic: &[u8]) -> Text {
        match &self.last {
            Some(last) if last.as_bytes() == topic => Arc::clone(last),
            _ => {
                let mut name = String::with_capacity(topic.len());
                write_name(topic, &mut name);
                let name = Text::from(name);
                self.last = Some(Arc::clone(&name));
                name
            }
        }
    }

    /// From now on, the topic has an alias.
    pub(super) fn rename(&mut self, alias: u16, topic: &Text) {
        let aliases = self.aliases.get_or_insert_default();
        if aliases.len() < ALIASES || aliases.contains_key(&alias) {
            aliases.insert(alias, Arc::clone(topic));
        }
    }

    /// The topic with this alias, where it was said.
    pub(super) fn aliased(&self, alias: u16) -> Option<Text> {
        self.aliases.as_ref()?.get(&alias).cloned()
    }
}

impl Session for Mqtt {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let head = head(speaker, &mut ahead)?;
        let taken = ahead.taken() as u64;
        if let Some(heard) = self.introduced(head, &mut ahead, wire)? {
            return Ok(heard);
        }
        wire.skip(taken);
        match head.kind {
            Kind::Connect => connect(head, wire),
            Kind::Connack => self.connected(head, wire),
            Kind::Publish => self.published(speaker, head, wire),
            Kind::Puback | Kind::Pubrec | Kind::Pubrel | Kind::Pubcomp => {
                self.acknowledged(speaker, head, wire)
            }
            Kind::Subscribe | Kind::Unsubscribe => self.subscribe(head, wire),
            Kind::Suback | Kind::Unsuback => self.subscribed(head, wire),
            Kind::Pingreq => Ok(ping(wire)),
            Kind::Pingresp => {
                wire.answer_to(id(PING)).into_iter().for_each(|answer| answer.outcome = Default::default());
                Ok(Heard::Response(PING))
            }
            Kind::Disconnect => self.disconnect(speaker, head, wire),
            Kind::Auth => self.authenticate(speaker, head, wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        // What was lost may have given an alias to another topic.
        self.topics(speaker).aliases = None;
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        seek(wire, 0..wire.len(), |bytes| chain(speaker, bytes))
    }
}

impl Mqtt {
    pub(super) fn topics(&mut self, speaker: Speaker) -> &mut Topics {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }
}

/// What waits for the acknowledgement of a packet of `speaker` with this identifier.
#[inline]
pub(super) fn key(speaker: Speaker, packet: u16) -> Key {
    match speaker {
        Speaker::Client => Key::Id(u64::from(packet)),
        Speaker::Server => Key::Id(SERVERS | u64::from(packet)),
    }
}

/// The number of a key.
pub(super) fn id(key: Key) -> u64 {
    match key {
        Key::Id(id) => id,
        Key::Turn => u64::MAX,
    }
}

/// Marks what the server asks or tells.
#[inline]
pub(super) fn tell_speaker(speaker: Speaker, request: &mut Request) {
    if speaker == Speaker::Server {
        request.details.push(("from", "server".into()));
    }
}

fn ping(wire: &mut Reader<'_>) -> Heard {
    let mut exchange = wire.blank();
    exchange.request.operation = "PINGREQ".into();
    exchange.request.statement.write("PINGREQ");
    Heard::Request(PING, exchange)
}
