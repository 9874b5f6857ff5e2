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

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

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
        opening.judge(|speaker, bytes| begins(speaker, bytes).into())
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Pulsar>::default()
    }
}
