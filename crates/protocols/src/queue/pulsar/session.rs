//! One connection: its producers and consumers, and who the session is.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Read, Session, Sought};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::commands::Means;
use super::wire::{begins, frame, numbered};

/// So many producers of one connection, and as many consumers, are known by their topics: those beyond are not told.
const KNOWN: usize = 1024;
/// A longer name is cut.
const NAME: usize = 512;

/// The id that the greeting is answered under: an error that no request caused has it too.
pub(super) const GREETING: u64 = u64::MAX;
/// What is sent is answered under the producer's id and a number, which no request has.
const SENT: u64 = 1 << 63;

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Pulsar {
    pub(super) producers: HashMap<u64, Text, RandomState>,
    pub(super) consumers: HashMap<u64, Consumer, RandomState>,
    pub(super) identity: Arc<Identity>,
}

/// Who reads a topic.
#[derive(Clone, Debug)]
pub(super) struct Consumer {
    pub(super) topic: Text,
    pub(super) subscription: Text,
}

impl Session for Pulsar {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let Some(frame) = frame(speaker, &mut from)? else {
            wire.skip(from.taken() as u64 + from.debt());
            return Ok(Heard::Nothing);
        };
        if let Some(identity) = self.news(&frame) {
            self.identity = wire.share(identity);
            return Ok(Heard::Identity(Arc::clone(&self.identity)));
        }
        let heard = match frame.command.means {
            Means::Greeting | Means::Request { .. } | Means::Send | Means::Ack => self.asked(&frame, wire),
            Means::Greeted | Means::Answer { .. } | Means::Receipt | Means::Refusal => {
                self.answered(&frame, wire)
            }
            Means::Message | Means::Notice => self.told(&frame, wire),
            Means::Nothing => Heard::Nothing,
        };
        wire.skip(from.taken() as u64 + from.debt());
        Ok(heard)
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        seek(wire, 0..wire.len(), |bytes| begins(speaker, bytes).into())
    }
}

impl Pulsar {
    /// A producer writes to this topic.
    pub(super) fn know_producer(&mut self, id: u64, topic: Text) {
        if self.producers.len() < KNOWN || self.producers.contains_key(&id) {
            self.producers.insert(id, topic);
        }
    }

    /// A consumer reads from this one.
    pub(super) fn know_consumer(&mut self, id: u64, consumer: Consumer) {
        if self.consumers.len() < KNOWN || self.consumers.contains_key(&id) {
            self.consumers.insert(id, consumer);
        }
    }
}

/// The id that what a producer sends is answered under: fields 1 and 2 say it in the message and in its answer.
pub(super) fn sent(fields: &[u8]) -> u64 {
    let [producer, number] = [1, 2].map(|field| numbered(fields, field).unwrap_or_default());
    SENT | (producer & 0x7fff) << 48 | number & 0xffff_ffff_ffff
}

/// A name as it was said.
pub(super) fn text(name: &[u8]) -> Text {
    lossy(name.get(..NAME).unwrap_or(name)).as_ref().into()
}
