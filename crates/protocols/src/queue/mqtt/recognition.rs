//! Whether bytes read like MQTT's, for recognition and for finding the thread again.

use model::conn::Speaker;
use model::event::Joined;

use crate::kit::chain::{Chain, Proof, Weight};
use crate::kit::protocol::{Guess, Opening, Read};
use crate::kit::reader::Reader;

use super::connected::Connect;
use super::properties::Properties;
use super::published::{acknowledgement, message, reason};
use super::subscribed::Filters;
use super::wire::{Kind, head, within};

/// So many packets in a row prove a chain.
const PROOF: Proof = Proof { whole: 6, open: 2 };
/// A topic of fewer bytes proves nothing.
const TOPIC: usize = 2;

/// How a log-in begins: kind, length, the protocol's name with its length, its level.
const NAMES: [&[u8]; 5] =
    [b"\0\x04MQTT\x04", b"\0\x04MQTT\x05", b"\0\x06MQIsdp\x03", b"\0\x04MQTT\x84", b"\0\x06MQIsdp\x83"];

/// Whether a connection that begins so is MQTT's.
pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    match opening.joined {
        Joined::AtStart => begins(opening),
        Joined::Midway => goes_on(opening),
    }
}

/// The client speaks first, and logs in.
fn begins(opening: &Opening<'_>) -> Guess {
    // An answer to a log-in, a step of one, or a refusal.
    let answers = opening.server.first().is_none_or(|first| matches!(first, 0x20 | 0xe0 | 0xf0));
    let Some((0x10, rest)) = opening.client.split_first().map(|(first, rest)| (*first, rest)) else {
        return if opening.client.is_empty() && opening.server.is_empty() {
            Guess::Unsure
        } else {
            Guess::No
        };
    };
    if !answers {
        return Guess::No;
    }
    // The length has one byte, or more when their highest bits say so.
    let digits = rest.iter().take(4).take_while(|byte| **byte >= 0x80).count();
    let Some(name) = rest.get(digits + 1..) else { return Guess::Unsure };
    if NAMES.iter().any(|begin| name.starts_with(begin)) {
        return Guess::Yes;
    }
    if NAMES.iter().any(|begin| begin.starts_with(name)) { Guess::Unsure } else { Guess::No }
}

/// Packets of either side that nobody else writes, if the other side says nothing against it.
fn goes_on(opening: &Opening<'_>) -> Guess {
    let sides = [(Speaker::Client, opening.client), (Speaker::Server, opening.server)];
    let [client, server] = sides.map(|(speaker, bytes)| weighed(speaker, bytes));
    match (client, server) {
        ((Chain::Broken, _), _) | (_, (Chain::Broken, _)) => Guess::No,
        ((Chain::Sound, Weight::Strong), _) | (_, (Chain::Sound, Weight::Strong)) => Guess::Yes,
        ((Chain::Sound, _), (Chain::Sound, _)) if is_ping(opening) => Guess::Yes,
        ((Chain::Sound | Chain::Open, _), (Chain::Sound | Chain::Open, _)) => Guess::Unsure,
    }
}

/// Whether nothing is said but that both are there.
fn is_ping(opening: &Opening<'_>) -> bool {
    let only = |bytes: &[u8], pair: &[u8]| bytes.chunks(2).all(|two| two == pair);
    only(opening.client, b"\xc0\0") && only(opening.server, b"\xd0\0")
}

/// Whether `bytes` begin with what `speaker` says.
pub(super) fn chain(speaker: Speaker, bytes: &[u8]) -> Chain {
    weighed(speaker, bytes).0
}

/// The same, and how much the weightiest of its packets tells.
fn weighed(speaker: Speaker, bytes: &[u8]) -> (Chain, Weight) {
    let mut most = Weight::Weak;
    let chain = PROOF.chain(bytes, |wire| {
        most = most.max(packet(speaker, wire)?);
        Ok(())
    });
    (chain, most)
}

/// One packet; a message may go on behind the bytes that are there.
fn packet(speaker: Speaker, wire: &mut Reader<'_>) -> Read<Weight> {
    let head = head(speaker, wire)?;
    if head.kind == Kind::Publish {
        let before = wire.taken();
        let message = message(head, wire)?;
        let is_aliased = message.topic.is_empty();
        if is_aliased && Properties::read(wire)?.topic_alias().is_none() {
            return Err(wire.broken("a message has no topic"));
        }
        let read = (wire.taken() - before) as u64;
        wire.skip(u64::from(head.length).saturating_sub(read));
        let is_long = message.topic.len() >= TOPIC;
        return Ok(if is_aliased || is_long { Weight::Strong } else { Weight::Weak });
    }
    within(head.length, wire, |body| match head.kind {
        Kind::Connect => Connect::read(body).map(|_| Weight::Strong),
        Kind::Subscribe | Kind::Unsubscribe => Filters::guess(head.kind, body).map(|_| Weight::Strong),
        Kind::Puback | Kind::Pubrec | Kind::Pubrel | Kind::Pubcomp => {
            acknowledgement(body).map(|_| Weight::Weak)
        }
        Kind::Disconnect | Kind::Auth => reason(body).map(|_| Weight::Weak),
        Kind::Connack | Kind::Publish | Kind::Suback | Kind::Unsuback | Kind::Pingreq | Kind::Pingresp => {
            body.take(body.rest().len()).map(|_| Weight::Weak)
        }
    })
}
