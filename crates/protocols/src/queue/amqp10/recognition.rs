//! Whether bytes read like AMQP 1.0's, for recognition and for finding the thread again.

use model::event::Joined;

use crate::kit::chain::{Chain, Proof};
use crate::kit::protocol::{Guess, Opening, Read, Stop};
use crate::kit::reader::Reader;

use crate::queue::greeting::{LENGTH, Version, greets};

use super::performatives::verb;
use super::wire::frame;

/// So many frames in a row prove a chain.
const PROOF: Proof = Proof { whole: 4, open: 1 };

/// Whether a connection that begins so is AMQP 1.0's.
pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    match opening.joined {
        Joined::AtStart => match (greets(opening.client, Version::One), chain(opening.server)) {
            // A server that speaks an older version says so, and hangs up.
            (_, Chain::Broken) if greets(opening.server, Version::Old) == Chain::Broken => Guess::No,
            (client, _) => client.into(),
        },
        Joined::Midway => match (chain(opening.client), chain(opening.server)) {
            (Chain::Broken, _) | (_, Chain::Broken) => Guess::No,
            (Chain::Sound, _) | (_, Chain::Sound) => Guess::Yes,
            (Chain::Open, Chain::Open) => Guess::Unsure,
        },
    }
}

/// Whether `bytes` begin with frames, of which one at least says something.
pub(super) fn chain(bytes: &[u8]) -> Chain {
    let mut says = Chain::Open;
    let chain = PROOF.chain(bytes, |wire| {
        if step(wire)? {
            says = Chain::Sound;
        }
        Ok(())
    });
    if chain == Chain::Sound { says } else { chain }
}

/// One greeting or frame: whether it says something.
fn step(wire: &mut Reader<'_>) -> Read<bool> {
    if wire.rest().first() == Some(&b'A') {
        return match greets(wire.rest(), Version::One) {
            Chain::Sound => wire.take(LENGTH).map(|_| true),
            Chain::Open => Err(Stop::Short),
            Chain::Broken => Err(wire.broken("no frame begins so")),
        };
    }
    let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
    match frame(&mut ahead) {
        Ok(frame) => {
            let length = ahead.taken() as u64;
            if frame.bytes.is_empty() {
                wire.skip(length);
                return Ok(false);
            }
            verb(frame.layer, &mut frame.reader())
                .map_err(|_| wire.broken("a frame says nothing that is known"))?;
            wire.skip(length);
            Ok(true)
        }
        // A frame that goes on proves itself by what it begins with.
        Err(Stop::Short) if wire.rest().len() > BEGINNING => {
            let (head, rest) = wire.rest().split_at_checked(HEAD).unwrap_or_default();
            let layer = match head {
                [.., 2, 0, _, _] => super::wire::Layer::Amqp,
                [.., 2, 1, _, _] => super::wire::Layer::Sasl,
                _ => return Err(Stop::Short),
            };
            verb(layer, &mut Reader::new(rest, 0, wire.ahead()))?;
            wire.skip(wire.rest().len() as u64);
            Ok(true)
        }
        Err(stop) => Err(stop),
    }
}

/// Bytes before what a frame holds.
const HEAD: usize = 8;
/// Within so many bytes it shows what a frame says: its descriptor has ten at most.
const BEGINNING: usize = HEAD + 10;
