//! One connection: what was agreed on, who asks, and which quiet commands were passed over.

use std::collections::VecDeque;
use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::keyvalue::packet::Head;
use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Read, Session, Sought};
use crate::kit::reader::Reader;
use crate::kit::text::utf8;

use super::names;
use super::opcodes::Answers;
use super::wire::{PUSHED, PUSHED_RESPONSE, Side, chain, message, places, prefixed};

/// The names of so many collections are known; the oldest is forgotten.
const COLLECTIONS: usize = 64;
/// So many requests behind a quiet one are remembered; the oldest is not told as passed over.
const QUIET: usize = 1024;

/// What a request of the server waits under beside its opcode and opaque, and one of the server's own commands.
const SERVER: u64 = 1 << 41;
const OWN: u64 = 1 << 40;

/// Whether the number of a collection stands before each key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Numbers {
    /// What was agreed on was not heard: a key that begins as no text does has one.
    #[default]
    Unknown,
    Agreed,
    None,
}

/// Whether answers come in the order of the questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Kept,
    /// Each answer says by its opcode and opaque alone what it is to (UnorderedExecution.md).
    Free,
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Couchbase {
    numbers: Numbers,
    order: Order,
    /// The oldest quiet request that is open, and what was asked behind it.
    quiet: VecDeque<(u64, Answers)>,
    collections: VecDeque<(u32, Text)>,
    /// Who proves himself.
    pub(super) user: Option<Text>,
    pub(super) identity: Arc<Identity>,
}

impl Session for Couchbase {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let message = message(&mut ahead)?;
        let length = ahead.taken() as u64 + ahead.debt();
        Ok(match message.side {
            Side::Asks => self.asked(speaker, &message, length, wire),
            Side::Answers => self.answered(other(speaker), &message, length, wire),
        })
    }

    fn lost(&mut self, _: Speaker) {
        // What became of them may have been said there.
        self.quiet.clear();
    }

    fn resync(&mut self, _: Speaker, wire: &[u8]) -> Sought {
        seek(wire, places(wire), chain)
    }
}

impl Couchbase {
    /// A client and its server agreed on these features.
    pub(super) fn agree(&mut self, features: &[u8]) {
        let has = |feature| names::features(features).any(|is| is == feature);
        self.numbers = if has(names::COLLECTIONS) { Numbers::Agreed } else { Numbers::None };
        self.order = if has(names::UNORDERED) { Order::Free } else { Order::Kept };
    }

    /// The collection that a document's key names by its number, and the key itself.
    pub(super) fn document<'a>(&self, key: &'a [u8]) -> (Option<u32>, &'a [u8]) {
        let has_number = match (self.numbers, key.first()) {
            (Numbers::Agreed, _) => true,
            (Numbers::None, _) | (Numbers::Unknown, None) => false,
            (Numbers::Unknown, Some(first)) => *first < b' ' || *first >= 0x80 && utf8(key).is_none(),
        };
        match prefixed(key).filter(|_| has_number) {
            Some((number, rest)) => (Some(number), rest),
            None => (None, key),
        }
    }

    /// What the collection with this number is called, where the server said so.
    pub(super) fn collection(&self, number: u32) -> Option<&Text> {
        self.collections.iter().find(|(is, _)| *is == number).map(|(_, name)| name)
    }

    /// The server says which number a collection has.
    pub(super) fn name_collection(&mut self, number: u32, name: Text) {
        self.collections.retain(|(is, _)| *is != number);
        if self.collections.len() >= COLLECTIONS {
            self.collections.pop_front();
        }
        self.collections.push_back((number, name));
    }

    /// A request begins to wait.
    pub(super) fn wait(&mut self, id: u64, answers: Answers) {
        let is_quiet = matches!(answers, Answers::Hits | Answers::Errors);
        if self.order == Order::Free || !is_quiet && self.quiet.is_empty() {
            return;
        }
        if self.quiet.len() >= QUIET {
            self.quiet.pop_front();
        }
        self.quiet.push_back((id, answers));
    }

    /// The next quiet request that the server passed over in silence, as it answers this one.
    pub(super) fn passed_over(&mut self, answered: u64) -> Option<(u64, Answers)> {
        if !self.quiet.iter().any(|(id, _)| *id == answered) {
            return None;
        }
        while let Some((id, answers)) = self.quiet.pop_front() {
            match answers {
                _ if id == answered => {
                    self.quiet.push_front((id, answers));
                    return None;
                }
                Answers::Hits | Answers::Errors => return Some((id, answers)),
                Answers::Always | Answers::Never => {}
            }
        }
        None
    }

    /// This one was answered to its end.
    pub(super) fn finish(&mut self, answered: u64) {
        if self.quiet.front().is_some_and(|(id, _)| *id == answered) {
            self.quiet.pop_front();
        }
        let is_quiet = |answers| matches!(answers, Answers::Hits | Answers::Errors);
        while self.quiet.front().is_some_and(|(_, answers)| !is_quiet(*answers)) {
            self.quiet.pop_front();
        }
    }
}

/// Under what a request of `asker` waits: its response has the same opcode and opaque.
pub(super) fn id(asker: Speaker, head: &Head) -> u64 {
    let of = match asker {
        Speaker::Client => 0,
        Speaker::Server => SERVER,
    };
    let own = if matches!(head.magic, PUSHED | PUSHED_RESPONSE) { OWN } else { 0 };
    of | own | u64::from(head.code) << 32 | u64::from(head.opaque)
}

fn other(speaker: Speaker) -> Speaker {
    match speaker {
        Speaker::Client => Speaker::Server,
        Speaker::Server => Speaker::Client,
    }
}
