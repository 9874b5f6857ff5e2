//! Microsoft SQL Server and all that speak its Tabular Data Stream, from version 7.0 on:
//! <https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-tds/> and, around it, sessions:
//! <https://learn.microsoft.com/en-us/openspecs/windows_protocols/mc-smp/>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | PRELOGIN and its answer | nothing; what of the connection will be encrypted |
//! | TLS in packets of the same kind, and records of it behind them | over; or the log-in of a connection that is in clear else, told if it fails |
//! | LOGIN7 ... the end of its answer | an exchange `login`; who the session is; of the proof only its kind |
//! | a batch of SQL | one exchange, however many results it has; rows and changes summed |
//! | `sp_executesql`, `sp_prepexec`, `sp_execute`, `sp_cursoropen` and their kin | an exchange with the statement's verb, text and parameters |
//! | `sp_prepare`, `sp_unprepare`, `sp_cursorfetch`, `sp_cursorclose` | `PREPARE`, `UNPREPARE`, `FETCH`, `CLOSE`, with the statement's text |
//! | any other procedure | `EXECUTE`, with its name as target, its parameters |
//! | BULK LOAD | `BULK_LOAD`, with the statement that announced it |
//! | a request of the transaction manager | `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVE` and their kin |
//! | an attention | bytes of the exchange that it ends, which has `attention` then |
//! | rows | counted, the first ones kept; ends of results: how many rows were changed |
//! | errors | the first is the failure, with the server's number; `severity`, `state` and `line` beside it |
//! | several sessions in one connection (MARS) | each its own questions and answers |
//!
//! `transaction` is `open` where the server last said, before the request, that one is.

mod answered;
mod asked;
mod calls;
mod cells;
mod chain;
mod ended;
mod login;
mod parameters;
mod reply;
mod rpc;
mod session;
mod shape;
mod statements;
mod tokens;
mod types;
mod values;
mod wire;

use model::conn::Speaker;
use model::event::Joined;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static MSSQL: &dyn Protocol = &Mssql;

#[derive(Debug)]
struct Mssql;

impl Protocol for Mssql {
    fn name(&self) -> &'static str {
        "mssql"
    }

    fn ports(&self) -> &'static [u16] {
        &[1433, 1434]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        let side = |speaker, bytes: &[u8]| match bytes {
            [] => Chain::Open,
            bytes => chain::begins(speaker, bytes),
        };
        let (client, server) = (side(Speaker::Client, opening.client), side(Speaker::Server, opening.server));
        match (client, server) {
            // Servers never speak first.
            (Chain::Open, _)
                if opening.joined == Joined::AtStart
                    && opening.client.is_empty()
                    && !opening.server.is_empty() =>
            {
                Guess::No
            }
            (Chain::Sound, Chain::Sound) => Guess::Yes,
            (Chain::Sound, Chain::Open) if opening.server.is_empty() => Guess::Yes,
            // The server's piece began within an answer.
            (Chain::Sound, Chain::Broken) if opening.joined == Joined::Midway => Guess::Unsure,
            (Chain::Broken, Chain::Sound) if opening.joined == Joined::Midway => Guess::Unsure,
            (Chain::Broken, _) | (_, Chain::Broken) => Guess::No,
            (Chain::Sound | Chain::Open, Chain::Sound | Chain::Open) => Guess::Unsure,
        }
    }

    fn open(&self, joined: Joined) -> Box<dyn Session> {
        Box::new(session::Tds::new(joined))
    }
}
