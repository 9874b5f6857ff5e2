//! The Model Context Protocol between a program and the server that it started, over that one's standard input and output:
//! <https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#stdio>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a line with a request of JSON-RPC | a request, as on HTTP ([`super::mcp`]), answered by the response with its `id` |
//! | the same by the server (`sampling/createMessage`, `roots/list`) | the same, with the detail `from` = `server` |
//! | a notification | oneway |
//! | a response | rows, texts of contents, error; what else it says as the detail `mcp.result` |
//! | a batch | one request, its first, with the detail `mcp.batch`; answered by the first response to it |
//! | `clientInfo`, `serverInfo` of `initialize` | the session's program, and the server's version |
//! | a line that is longer than is kept | its beginning, and its `id` where that stands at either end |
//! | a line that is no JSON-RPC (a server that prints) | a breach; the next line is read |

mod session;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static MCP: &dyn Protocol = &Mcp;

#[derive(Debug)]
struct Mcp;

impl Protocol for Mcp {
    fn name(&self) -> &'static str {
        "mcp"
    }

    fn ports(&self) -> &'static [u16] {
        &[]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        opening.judge(|_, bytes| wire::chain(bytes))
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Mcp>::default()
    }
}
