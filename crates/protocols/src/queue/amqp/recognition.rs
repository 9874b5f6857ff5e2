//! Whether bytes read like AMQP's, for recognition and for finding the thread again.

use model::event::Joined;

use crate::kit::chain::{Chain, Proof};
use crate::kit::protocol::{Guess, Opening, Read};
use crate::kit::reader::Reader;

use crate::queue::greeting::{Version, greets};

use super::methods;
use super::wire::{END, Kind, head};

/// So many frames in a row prove a chain.
const PROOF: Proof = Proof { whole: 4, open: 1 };

/// Whether a connection that begins so is AMQP's.
pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    match opening.joined {
        Joined::AtStart => begins(opening),
        Joined::Midway => goes_on(opening),
    }
}

/// The client speaks first, and says its version.
fn begins(opening: &Opening<'_>) -> Guess {
    if chain(opening.server) == Chain::Broken && !opening.server.starts_with(b"AMQP") {
        return Guess::No;
    }
    greets(opening.client, Version::Old).into()
}

/// Frames that nobody else writes, if the other side says nothing against it.
fn goes_on(opening: &Opening<'_>) -> Guess {
    match (chain(opening.client), chain(opening.server)) {
        (Chain::Broken, _) | (_, Chain::Broken) => Guess::No,
        (Chain::Sound, _) | (_, Chain::Sound) => Guess::Yes,
        (Chain::Open, Chain::Open) => Guess::Unsure,
    }
}

/// Whether `bytes` begin with frames.
pub(super) fn chain(bytes: &[u8]) -> Chain {
    PROOF.chain(bytes, frame)
}

/// One frame: all of it, with its end.
fn frame(wire: &mut Reader<'_>) -> Read<()> {
    let head = head(wire)?;
    if head.kind == Kind::Method {
        let number = u32::from_be_bytes(wire.peek(4)?.try_into().unwrap_or_default());
        if methods::of(number).is_none() {
            return Err(wire.broken("nobody knows this method"));
        }
    }
    wire.take(usize::try_from(head.length).unwrap_or(usize::MAX))?;
    if wire.u8()? == END { Ok(()) } else { Err(wire.broken("a frame does not end where it says")) }
}
