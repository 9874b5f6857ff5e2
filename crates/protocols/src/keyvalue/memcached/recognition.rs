//! Whether bytes read like memcached's, for recognition and for finding the thread again.

use model::conn::Speaker;
use model::event::Joined;

use crate::keyvalue::packet::{REQUEST, RESPONSE};
use crate::kit::chain::{Chain, Proof};
use crate::kit::protocol::{Guess, Opening, Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::packet::{begins, packet};
use super::session::{FRAME, is_frame};
use super::wire::{KEY, Said, Shape, block, block_length, command, line, number, said, split};

/// So many messages in a row prove a chain.
const PROOF: Proof = Proof { whole: 8, open: 2 };

/// How much one message tells of whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// Nobody else writes so.
    Strong,
    /// Others have such words too.
    Weak,
    /// A bare number.
    Number,
}

/// Whether a connection that begins so is memcached's.
pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    let client = unframed(opening.client);
    let server = unframed(opening.server);
    let (asked, told) = (first(Speaker::Client, client), first(Speaker::Server, server));
    let counts = [&b"incr "[..], b"decr "].iter().any(|word| client.starts_with(word));
    match (asked, told) {
        (Ok(_), Ok(Weight::Number)) if !counts => Guess::No,
        (Ok(_), Ok(_)) => Guess::Yes,
        (Ok(Weight::Strong), Err(Stop::Short)) if server.is_empty() => Guess::Yes,
        (Ok(_), Err(Stop::Short)) => Guess::Unsure,
        (Err(Stop::Short), Ok(Weight::Strong)) if opening.joined == Joined::Midway => Guess::Yes,
        // Servers never speak first.
        (Err(Stop::Short), _)
            if client.is_empty() && !server.is_empty() && opening.joined == Joined::AtStart =>
        {
            Guess::No
        }
        (Err(Stop::Short), Ok(_) | Err(Stop::Short)) => Guess::Unsure,
        (Err(_), Ok(Weight::Strong)) if opening.joined == Joined::Midway => Guess::Unsure,
        (Ok(_) | Err(_), _) => Guess::No,
    }
}

/// What a datagram carries, or the bytes themselves.
fn unframed(bytes: &[u8]) -> &[u8] {
    if is_frame(bytes) { bytes.get(FRAME..).unwrap_or_default() } else { bytes }
}

/// What the first message of `speaker` tells.
fn first(speaker: Speaker, bytes: &[u8]) -> Read<Weight> {
    match (speaker, bytes.first()) {
        (Speaker::Client, Some(&REQUEST)) => return begins(REQUEST, bytes).map(|()| Weight::Strong),
        (Speaker::Server, Some(&RESPONSE)) => return begins(RESPONSE, bytes).map(|()| Weight::Strong),
        _ => {}
    }
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    // The word is known before the line is whole.
    let word = bytes.split(|byte| !byte.is_ascii_lowercase() && *byte != b'_').next().unwrap_or_default();
    if speaker == Speaker::Client && word.len() < bytes.len() && command(word).is_none() {
        return Err(wire.broken("no command has this word"));
    }
    match speaker {
        Speaker::Client => asked(&mut wire),
        Speaker::Server => told(&mut wire),
    }
}

/// A command of the text protocol.
fn asked(wire: &mut Reader<'_>) -> Read<Weight> {
    let line = line(wire)?;
    let mut words = split(line);
    let Some((_, shape)) = words.next().and_then(command) else {
        return Err(wire.broken("no command has this word"));
    };
    let key = words.next().is_some_and(|key| key.len() <= KEY);
    let is_sound = match shape {
        Shape::Words | Shape::Leave => true,
        Shape::Keys(_) | Shape::Key | Shape::Store | Shape::MetaStore => key,
    };
    if !is_sound {
        return Err(wire.broken("a command has no key"));
    }
    let length = match shape {
        Shape::Store => {
            let is_number = |word: &[u8]| number(word.strip_prefix(b"-").unwrap_or(word)).is_some();
            let are_numbers = split(line).skip(2).take(2).all(is_number);
            block_length(split(line).nth(4)).filter(|_| are_numbers)
        }
        Shape::MetaStore => block_length(split(line).nth(2)),
        Shape::Keys(_) | Shape::Key | Shape::Words | Shape::Leave => return Ok(Weight::Weak),
    };
    let Some(length) = length else { return Err(wire.broken("a command has no length")) };
    block(length, wire)?;
    Ok(Weight::Strong)
}

/// A line of the server, and the data block behind it.
fn told(wire: &mut Reader<'_>) -> Read<Weight> {
    let line = line(wire)?;
    match said(line) {
        Some(Said::Value { length, .. } | Said::MetaValue { length }) => {
            block(length, wire)?;
            Ok(Weight::Strong)
        }
        Some(Said::Stat { .. } | Said::Done("STORED") | Said::Refused("NOT_STORED")) => Ok(Weight::Strong),
        Some(Said::Number(_)) => Ok(Weight::Number),
        Some(_) => Ok(Weight::Weak),
        None => Err(wire.broken("no server says such a line")),
    }
}

/// Whether `bytes` begin with what `speaker` says.
pub(super) fn chain(speaker: Speaker, bytes: &[u8]) -> Chain {
    PROOF.chain(bytes, |wire| match (speaker, wire.rest().first()) {
        (Speaker::Client, Some(&REQUEST)) => packet(REQUEST, wire).map(drop),
        (Speaker::Server, Some(&RESPONSE)) => packet(RESPONSE, wire).map(drop),
        (Speaker::Client, _) => asked(wire).map(drop),
        (Speaker::Server, _) => told(wire).map(drop),
    })
}
