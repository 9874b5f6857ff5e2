//! Couchbase's data service: <https://github.com/couchbase/kv_engine/blob/master/docs/BinaryProtocol.md>, with SubDocument.md,
//! Collections.md and UnorderedExecution.md beside it. Statements go to its query service, over HTTP: a dialect of that.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a request | the command's word, its key and numbers; targets: the collection, the key; the document as parameter |
//! | its response, by opcode and opaque | the document as a row; how many were changed; a status by its name |
//! | a key that is not there, is there already, or was changed meanwhile | not an error: the status as detail `reply` |
//! | `HELLO` | the client's name; the features that it wants and gets as details |
//! | SASL | `sasl_auth` with its mechanism; the proof is masked; the user, when it succeeds |
//! | `SELECT_BUCKET` | the database |
//! | `COLLECTIONS_GET_ID` | what the numbers before keys are called |
//! | a look-up or a change in a document | its paths as parameters; what was found as rows, what was not as detail `missing` |
//! | frames | details: `durability`, `preserve_ttl`, `on_behalf_of`, `barrier`; of a response `server_us` |
//! | a value that is packed (Snappy) or has attributes before it | the document |
//! | a quiet command that is passed over in silence | its response, when the next answer proves it: it was done, or it missed |
//! | what a server asks of its own: the cluster's shape, changes (DCP) | the same, with `from` as a detail; oneway where nobody answers |
//! | settings, tokens, the cluster's shape | the command, and not what it brings |

mod answered;
mod asked;
mod names;
mod opcodes;
mod paths;
mod recognition;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static COUCHBASE: &dyn Protocol = &Couchbase;

#[derive(Debug)]
struct Couchbase;

impl Protocol for Couchbase {
    fn name(&self) -> &'static str {
        "couchbase"
    }

    fn ports(&self) -> &'static [u16] {
        &[11210, 11207]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        recognition::recognise(opening)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Couchbase>::default()
    }
}
