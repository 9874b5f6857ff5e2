//! PostgreSQL, and all that speak its protocol 3: <https://www.postgresql.org/docs/current/protocol.html>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `SSLRequest`, `GSSENCRequest` answered `S`, `G` | over: what follows is encrypted |
//! | `StartupMessage` ... `ReadyForQuery` or an error | an exchange `login`; who the session is; of the proof only its kind |
//! | `CancelRequest` | `cancel`, oneway |
//! | `Query` ... `ReadyForQuery` | one exchange, however many statements it holds; rows summed |
//! | `Parse`, `Bind`, `Describe`, `Execute` ... `CommandComplete`, `PortalSuspended` | one exchange an `Execute` |
//! | an error, then what the server passes over up to `Sync` | the first open `Execute` fails, the others stay unanswered |
//! | a batch without an `Execute` | an exchange `PARSE`, `BIND` or `DESCRIBE` if it fails, and nothing otherwise |
//! | `COMMIT` answered with the tag `ROLLBACK` | an error: the failed transaction did not last |
//! | `CopyData` | rows, bytes and samples of the exchange that copies |
//! | `FunctionCall` ... `ReadyForQuery` | an exchange `FUNCTION` |
//! | `NotificationResponse` | `NOTIFY`, oneway: channel as target, payload as parameter |
//! | `ParameterStatus` | the session's version, application and user |
//! | `NoticeResponse` | a detail `notice` of the response |
//!
//! `transaction` is the state of the session's transaction as the server last said it before the request;
//! it is absent outside of one.

mod answer;
mod answered;
mod asked;
mod calendar;
mod chain;
mod copy;
mod login;
mod session;
mod shape;
mod statements;
mod turn;
mod types;
mod values;
mod wire;

use model::conn::Speaker;
use model::event::Joined;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Guess, Opening, Protocol, Session, Stop};
use crate::kit::reader::{Ahead, Reader};

use chain::{chain, startup};

/// The protocol.
pub static POSTGRESQL: &dyn Protocol = &Postgresql;

#[derive(Debug)]
struct Postgresql;

impl Protocol for Postgresql {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn ports(&self) -> &'static [u16] {
        &[5432, 6432, 5433]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        match opening.joined {
            Joined::AtStart => begins(opening),
            Joined::Midway => goes_on(opening, self.ports()),
        }
    }

    fn open(&self, joined: Joined) -> Box<dyn Session> {
        Box::new(session::Postgres::new(joined))
    }
}

/// From the first byte on, only a start-up packet is ours.
fn begins(opening: &Opening<'_>) -> Guess {
    if opening.client.is_empty() {
        // Servers of this protocol never speak first.
        return if opening.server.is_empty() { Guess::Unsure } else { Guess::No };
    }
    if startup(opening.client) == Chain::Sound {
        let answers = opening.server.first().is_none_or(|tag| b"SNGERv".contains(tag));
        return if answers { Guess::Yes } else { Guess::No };
    }
    match wire::packet(&Reader::new(opening.client, 0, Ahead::Open)) {
        Err(Stop::Short) => Guess::Unsure,
        Ok(_) | Err(Stop::Broken(_) | Stop::Over) => Guess::No,
    }
}

/// Midway, a chain of messages from either side is ours, if the other side says nothing against it.
fn goes_on(opening: &Opening<'_>, ports: &[u16]) -> Guess {
    let is_usual = opening.port.is_some_and(|port| ports.contains(&port));
    if startup(opening.client) == Chain::Sound {
        return Guess::Yes;
    }
    let side = |speaker, bytes: &[u8]| if bytes.is_empty() { Chain::Open } else { chain(speaker, bytes) };
    match (side(Speaker::Client, opening.client), side(Speaker::Server, opening.server)) {
        (Chain::Sound, Chain::Sound | Chain::Open) | (Chain::Open, Chain::Sound) => Guess::Yes,
        // One side's piece began within a message.
        (Chain::Sound, Chain::Broken) | (Chain::Broken, Chain::Sound) if is_usual => Guess::Yes,
        (Chain::Broken, Chain::Broken) if !is_usual => Guess::No,
        (Chain::Sound | Chain::Open | Chain::Broken, _) => Guess::Unsure,
    }
}
