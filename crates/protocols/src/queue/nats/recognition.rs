//! Whether bytes read like NATS's, for recognition and for finding the thread again.

use model::conn::Speaker;
use model::event::Joined;

use crate::kit::chain::{Chain, Proof, Weight};
use crate::kit::protocol::{Guess, Opening, Read};
use crate::kit::reader::Reader;

use super::wire::{Op, line, message, words};

/// So many lines in a row prove a chain.
const PROOF: Proof = Proof { whole: 6, open: 2 };

/// How the server begins, and how the client does where TLS hides the server's beginning.
const FIRST: [&[u8]; 2] = [b"INFO {", b"CONNECT {"];

/// Whether a connection that begins so is NATS's.
pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    match opening.joined {
        Joined::AtStart => begins(opening),
        Joined::Midway => goes_on(opening),
    }
}

/// The server speaks first, or, inside of TLS, the client logs in.
fn begins(opening: &Opening<'_>) -> Guess {
    let [info, connect] = FIRST;
    let starts = |bytes: &[u8], with: &[u8]| {
        let length = bytes.len().min(with.len());
        bytes.get(..length) == with.get(..length)
    };
    let is_whole = |bytes: &[u8], with: &[u8]| bytes.starts_with(with);
    match (opening.client, opening.server) {
        ([], []) => Guess::Unsure,
        (_, server) if is_whole(server, info) => Guess::Yes,
        (client, server) if is_whole(client, connect) && chain(Speaker::Server, server) != Chain::Broken => {
            Guess::Yes
        }
        ([], server) if starts(server, info) => Guess::Unsure,
        (client, []) if starts(client, connect) => Guess::Unsure,
        _ => Guess::No,
    }
}

/// Lines that nobody else writes, if the other side says nothing against it.
fn goes_on(opening: &Opening<'_>) -> Guess {
    match (weighed(Speaker::Client, opening.client), weighed(Speaker::Server, opening.server)) {
        ((Chain::Broken, _), _) | (_, (Chain::Broken, _)) => Guess::No,
        ((Chain::Sound, Weight::Strong), _) | (_, (Chain::Sound, Weight::Strong)) => Guess::Yes,
        // Redis is asked so as well, and answers otherwise.
        _ if opening.client.starts_with(b"PING\r\n") && opening.server.starts_with(b"PONG\r\n") => Guess::Yes,
        ((Chain::Sound | Chain::Open, _), (Chain::Sound | Chain::Open, _)) => Guess::Unsure,
    }
}

/// Whether `bytes` begin with what `speaker` says.
pub(super) fn chain(speaker: Speaker, bytes: &[u8]) -> Chain {
    weighed(speaker, bytes).0
}

/// The same, and how much the weightiest of its lines tells.
fn weighed(speaker: Speaker, bytes: &[u8]) -> (Chain, Weight) {
    let mut most = Weight::Weak;
    let chain = PROOF.chain(bytes, |wire| {
        most = most.max(read(speaker, wire)?);
        Ok(())
    });
    (chain, most)
}

/// A line, and the body behind it.
fn read(speaker: Speaker, wire: &mut Reader<'_>) -> Read<Weight> {
    let line = line(speaker, wire)?;
    match line.op {
        Op::Pub | Op::Hpub | Op::Msg | Op::Hmsg => message(line, wire).map(|_| Weight::Strong),
        Op::Info | Op::Connect if line.rest.starts_with(b"{") => Ok(Weight::Strong),
        Op::Info | Op::Connect => Err(wire.broken("nobody says so of himself")),
        Op::Sub | Op::Unsub if (1..=3).contains(&words(line.rest).count()) => Ok(Weight::Weak),
        Op::Sub | Op::Unsub => Err(wire.broken("a subscription has no such words")),
        Op::Ping | Op::Pong | Op::Ok if line.rest.is_empty() => Ok(Weight::Weak),
        Op::Err if line.rest.starts_with(b"'") => Ok(Weight::Weak),
        Op::Ping | Op::Pong | Op::Ok | Op::Err => Err(wire.broken("a word says more than it does")),
    }
}
