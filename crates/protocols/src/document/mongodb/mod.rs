//! MongoDB, and all that speak its wire protocol: <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `OP_MSG` of the client, its body and its document sequences | a request: the command's name, the command as JSON, `database.collection` |
//! | the same with `moreToCome` | oneway: a write that nobody acknowledges |
//! | `OP_MSG` of the server | the answer to the request that it names: documents as rows, `n` and `nModified` as affected, errors |
//! | the same with `moreToCome` | [`Heard::Piece`]: the next message goes on with the rows; after a greeting, the server's heartbeat, which is not told |
//! | `writeErrors`, `writeConcernError` in an answer with `ok: 1` | an error: not all was written |
//! | `OP_COMPRESSED` | what it holds, to a bound |
//! | `OP_QUERY` to `$cmd`, `OP_REPLY` | a command and its answer |
//! | `OP_QUERY`, `OP_GET_MORE` | `find`, `getMore`, with a detail `opcode` |
//! | `OP_INSERT`, `OP_UPDATE`, `OP_DELETE`, `OP_KILL_CURSORS` | `insert`, `update`, `delete`, `killCursors`, oneway |
//! | `OP_COMMAND`, which servers of 3.2 to 4.0 spoke among themselves | nothing |
//! | `client` of a greeting, the user of a log-in, `$db`, `maxWireVersion`, `buildInfo` | who the session is |
//!
//! Statements leave out how a command is sent: members that begin with `$` (`$db` is the session's database), `lsid`,
//! `txnNumber`. A document's members are the columns of its row. Payloads of a log-in, and members that are named like
//! passwords, are `***`.
//!
//! [`Heard::Piece`]: crate::kit::protocol::Heard::Piece

mod answered;
mod answering;
mod asked;
mod bson;
mod commands;
mod compressed;
mod facts;
mod identity;
mod json;
mod old;
mod rows;
mod saying;
pub(super) mod secrets;
mod session;
mod values;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

use wire::begins;

/// The protocol.
pub static MONGODB: &dyn Protocol = &Mongodb;

#[derive(Debug)]
struct Mongodb;

impl Protocol for Mongodb {
    fn name(&self) -> &'static str {
        "mongodb"
    }

    fn ports(&self) -> &'static [u16] {
        &[27017, 27018, 27019]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        opening.judge(|speaker, bytes| begins(speaker, bytes).into())
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::new(session::Mongodb::default())
    }
}
