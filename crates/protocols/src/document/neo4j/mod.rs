//! Neo4j, Memgraph and all that speak Bolt, versions 1 to 5: <https://neo4j.com/docs/bolt/current/>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | four versions, the one of them that is agreed on, or a list to choose from | nothing; `protocol` of the greeting |
//! | `HELLO`, `INIT`, `LOGON`, `LOGOFF` | exchanges by their names; who the session is, once the server agrees; the proof is masked |
//! | `RUN`, and the `PULL` or `DISCARD` behind it | one exchange: the statement, its parameters by name, how many rows are wanted (`fetch`) |
//! | another `PULL` | `PULL`, with the statement that was run last: more of its rows |
//! | `SUCCESS` with `fields`, `RECORD`, `SUCCESS` | the answer: columns, whose types are those of the first row; rows counted, the first ones kept |
//! | `stats` and `type` of an answer | details; `pages` is `more` where there are more rows |
//! | `FAILURE`, `IGNORED` | the failure; what was asked behind one is `IGNORED` |
//! | `BEGIN`, `COMMIT`, `ROLLBACK`, `RESET`, `ROUTE`, `TELEMETRY`, `ACK_FAILURE` | exchanges by their names |
//! | `db` of a statement or a transaction | the session's database |
//! | `GOODBYE` | oneway |
//!
//! Bolt inside of WebSocket, as browsers speak it, is not read.

mod answered;
mod asked;
mod packstream;
mod secrets;
mod session;
mod wire;

use model::conn::Speaker;
use model::event::Joined;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static NEO4J: &dyn Protocol = &Neo4j;

#[derive(Debug)]
struct Neo4j;

impl Protocol for Neo4j {
    fn name(&self) -> &'static str {
        "neo4j"
    }

    fn ports(&self) -> &'static [u16] {
        &[7687]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        match (opening.joined, greets(opening.client)) {
            (_, guess @ Guess::Yes) | (Joined::AtStart, guess) => guess,
            (Joined::Midway, Guess::Unsure) if !opening.client.is_empty() => Guess::Unsure,
            (Joined::Midway, Guess::No | Guess::Unsure) => {
                opening.judge(|speaker: Speaker, bytes| Chain::from(wire::begins(speaker, bytes)))
            }
        }
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Bolt>::default()
    }
}

/// Whether a client begins so: with words that nobody else says.
fn greets(client: &[u8]) -> Guess {
    let length = client.len().min(wire::MAGIC.len());
    match (client.get(..length) == wire::MAGIC.get(..length), client.len() >= wire::MAGIC.len()) {
        (true, true) => Guess::Yes,
        (true, false) => Guess::Unsure,
        (false, _) => Guess::No,
    }
}
