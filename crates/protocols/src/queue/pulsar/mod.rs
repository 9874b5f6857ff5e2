//! Pulsar: <https://pulsar.apache.org/docs/next/developing-binary-protocol/>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a command of the client with a request's id | a request: the command's name, what it names; the topic as target |
//! | the answer under the same id | its answer; an error by its name |
//! | `Connect`, `Connected` | the same; the client's version as the application, the server's as the version; proofs are `***` |
//! | `Send`, its receipt | a request under the producer and the number: keys and values of the first messages as parameters |
//! | `Message` | oneway, from the server: rows of key, value and properties |
//! | `Ack` | oneway, unless it asks for an answer |
//! | messages in batches, and packed with LZ4, zlib, zstd or Snappy | what they hold, to a bound |
//! | `Flow`, `Ping`, `Pong` | nothing |

mod answered;
mod asked;
mod commands;
mod payload;
mod session;
mod wire;

use model::conn::Speaker;
use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session, Stop};

use wire::begins;

/// The protocol.
pub static PULSAR: &dyn Protocol = &Pulsar;

#[derive(Debug)]
struct Pulsar;

impl Protocol for Pulsar {
    fn name(&self) -> &'static str {
        "pulsar"
    }

    fn ports(&self) -> &'static [u16] {
        &[6650, 6651]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        let client = side(Speaker::Client, opening.client);
        let server = side(Speaker::Server, opening.server);
        match (opening.joined, client, server) {
            // Servers never speak first.
            (Joined::AtStart, Guess::Unsure, _)
                if opening.client.is_empty() && !opening.server.is_empty() =>
            {
                Guess::No
            }
            (Joined::AtStart, client, Guess::Yes | Guess::Unsure) => client,
            (Joined::AtStart, _, Guess::No) => Guess::No,
            // One side's piece may have begun within a message.
            (Joined::Midway, Guess::Yes, _) | (Joined::Midway, _, Guess::Yes) => Guess::Yes,
            (Joined::Midway, Guess::No, Guess::No) => Guess::No,
            (Joined::Midway, _, _) => Guess::Unsure,
        }
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Pulsar>::default()
    }
}

/// Whether what one side said begins with a frame.
fn side(speaker: Speaker, bytes: &[u8]) -> Guess {
    match begins(speaker, bytes) {
        Ok(()) => Guess::Yes,
        Err(Stop::Short) => Guess::Unsure,
        Err(Stop::Broken(_) | Stop::Over) => Guess::No,
    }
}
