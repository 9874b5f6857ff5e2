//! Kafka, and all that speak its protocol: <https://kafka.apache.org/protocol.html>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a request, by its key and version | a request: its name; what it names, and where; the topics as targets |
//! | an answer | the answer to the request of its correlation id: the first error of any topic or partition |
//! | records of `Produce`, in all formats and packings | `records`, and keys and values of the first as parameters |
//! | the same of `Fetch` | rows of key, value and headers |
//! | `Produce` with `acks=0` | oneway |
//! | a topic's id | the name that `Metadata` gave it, on this connection or another one |
//! | a version or a request that nobody knows | its name and version; its outcome is unknown |
//! | a client id; the user of a proof, when the server believes it | the application; the user |
//! | `SaslHandshake` v0 and bare proofs, `SaslAuthenticate` | `SaslAuthenticate ***` |

mod answered;
mod apis;
mod asked;
mod errors;
mod layout;
mod layouts;
mod packed;
mod recognition;
mod record;
mod records;
mod sasl;
mod session;
mod told;
mod topics;
mod walk;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Ids, Opening, Protocol, Session};

/// The protocol.
pub static KAFKA: &dyn Protocol = &Kafka;

#[derive(Debug)]
struct Kafka;

impl Protocol for Kafka {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn ports(&self) -> &'static [u16] {
        &[9092, 9093, 9094, 9095, 9096, 9098]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        recognition::recognise(opening)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Kafka>::default()
    }

    fn ids(&self) -> Ids {
        // Its clients count for each connection.
        Ids::Counted
    }
}
