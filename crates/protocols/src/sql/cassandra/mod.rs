//! Cassandra, Scylla and all that speak CQL's native protocol, versions 3 to 5:
//! <https://github.com/apache/cassandra/blob/trunk/doc/native_protocol_v5.spec>, and those of the versions before beside it.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `STARTUP`, `OPTIONS`, `REGISTER` | exchanges by their names; the driver is the session's application, what it speaks a detail |
//! | `AUTH_RESPONSE` ... `AUTH_SUCCESS` | the user, who is the session's once the server agrees; the proof is masked |
//! | `QUERY` | an exchange with the statement's verb, text and parameters, which have no types: text where they can be, else bytes |
//! | `PREPARE` ... its result | an exchange `PREPARE`; what its id stands for, on other connections too (`prepared` says so) |
//! | `EXECUTE` | an exchange with the statement's verb, text, and parameters by their types |
//! | `BATCH` | one exchange: its statements as one text, what is bound to all of them |
//! | `RESULT` | rows counted, the first ones kept by their types; `pages` is `more` where they go on; changes of the schema |
//! | `USE` | the session's database is the keyspace |
//! | `release_version` of `system.local`, which drivers ask for | the server's version |
//! | `ERROR` | the failure, by the specification's name of its code |
//! | `EVENT` | oneway |
//! | bodies packed with LZ4 and Snappy | what is in them |
//! | frames of version 5, packed or not | their envelopes; a header whose checksum is wrong begins none |
//!
//! How many rows a statement changed, the protocol does not say. Versions 1 and 2, whose headers have eight bytes, no server
//! has spoken since Cassandra 3.0: they are not read.

mod answered;
mod asked;
mod batch;
mod errors;
mod frames;
mod packed;
mod parameters;
mod piece;
mod rows;
mod session;
mod shape;
mod statements;
mod types;
mod values;
mod wire;

use model::conn::Speaker;
use model::event::Joined;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Guess, Opening, Protocol, Session};
use crate::kit::reader::{Ahead, Reader};

/// The protocol.
pub static CASSANDRA: &dyn Protocol = &Cql;

#[derive(Debug)]
struct Cql;

impl Protocol for Cql {
    fn name(&self) -> &'static str {
        "cassandra"
    }

    fn ports(&self) -> &'static [u16] {
        &[9042, 9142, 19042]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        let joined = opening.joined;
        opening.judge(|speaker, bytes| begins(speaker, bytes, joined))
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Cassandra>::default()
    }
}

/// Whether one side begins like ours: who joins in the middle may meet a frame.
fn begins(speaker: Speaker, bytes: &[u8], joined: Joined) -> Chain {
    let envelope = Chain::from(wire::begins(speaker, bytes));
    match (joined, envelope) {
        (Joined::AtStart, envelope) | (Joined::Midway, envelope @ Chain::Sound) => envelope,
        (Joined::Midway, envelope) => match Chain::from(frames::any(&Reader::new(bytes, 0, Ahead::Open))) {
            Chain::Broken => envelope,
            frame => frame,
        },
    }
}
