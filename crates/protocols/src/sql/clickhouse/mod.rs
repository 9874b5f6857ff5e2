//! ClickHouse's native protocol: <https://clickhouse.com/docs/en/native-protocol>, and where that is silent
//! `src/Client/Connection.cpp`, `src/Server/TCPHandler.cpp` and `src/Core/ProtocolDefines.h` of
//! <https://github.com/ClickHouse/ClickHouse>. What is spoken on HTTP is [`web::clickhouse`](crate::web).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `Hello` of both sides | an exchange `Hello`; user, database, client program and the server's version are the session's; the password is passed over |
//! | `Query` | an exchange with the statement's verb and text, passwords masked; its id, settings and trace are details |
//! | parameters behind it | parameters, each with its name |
//! | `Data` of the server | columns with their types, rows counted, the first ones kept; times are UTC |
//! | `Data` of the client | of an `INSERT` the rows that it affects, counted, with columns and the first rows; else a table that a query brings along |
//! | blocks packed with LZ4 and ZSTD, or not | what is in them |
//! | `Progress`, `ProfileInfo` | `read_rows`, `read_bytes`, `rows_before_limit`; rows that the server wrote by itself |
//! | `Exception` | the failure: its number, and those that caused it |
//! | `Cancel` | `cancelled` |
//! | `TablesStatusRequest` | an exchange `TablesStatus` with its tables |
//! | `Totals`, `Extremes`, `Log`, `ProfileEvents`, `Ping` and `Pong`, which drivers say before every query | nothing: they are passed over |
//!
//! Nothing says how long a block is. Its values are walked, type by type; behind a type that is not read (`JSON`, `Dynamic`,
//! `Variant`, `AggregateFunction`) the next packet is sought by what every packet of a block begins with, and the detail
//! `unread` says so. Packed blocks are passed over frame by frame; of a long frame only the beginning is unpacked, and the
//! columns behind it show no values. What servers say to each other while they share the work
//! of a query (`MergeTreeReadTask`) is not read, nor is a session whose packets travel in chunks, which both sides must ask
//! for.

mod answered;
mod asked;
mod block;
mod column;
mod frames;
mod query;
mod session;
mod told;
mod types;
mod values;
mod wire;

use model::conn::Speaker;
use model::event::Joined;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static CLICKHOUSE: &dyn Protocol = &Native;

#[derive(Debug)]
struct Native;

impl Protocol for Native {
    fn name(&self) -> &'static str {
        "clickhouse"
    }

    fn ports(&self) -> &'static [u16] {
        &[9000, 9440]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        let joined = opening.joined;
        opening.judge(|speaker, bytes| begins(speaker, bytes, joined))
    }

    fn open(&self, joined: Joined) -> Box<dyn Session> {
        Box::new(session::Clickhouse::new(joined))
    }
}

/// Whether one side begins like ours: who joins in the middle waits for a query.
fn begins(speaker: Speaker, bytes: &[u8], joined: Joined) -> Chain {
    if bytes.is_empty() {
        return Chain::Open;
    }
    match (speaker, joined) {
        (Speaker::Client, Joined::AtStart) => wire::begins(bytes).into(),
        (Speaker::Server, Joined::AtStart) => wire::answers(bytes).into(),
        (Speaker::Client, Joined::Midway) => match Chain::from(wire::begins(bytes)) {
            Chain::Broken => query::revision(bytes, 0).into(),
            hello => hello,
        },
        (Speaker::Server, Joined::Midway) => {
            match block::seek(bytes, |number| matches!(number, 1 | 7 | 8 | 10 | 14)) {
                Ok(0) => Chain::Sound,
                Ok(_) | Err(_) => Chain::Broken,
            }
        }
    }
}
