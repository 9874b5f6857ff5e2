//! Redis, Valkey, and all that speak RESP2 or RESP3: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | an array of strings, or a line | a request: the command's word; its words as one could type them; its keys or channels |
//! | a simple string, an error, a number, a string, nothing | its response; a number is the detail `reply`, or how many were changed |
//! | an array, a set, a map | its response: each element is a row, or each pair where elements come in pairs |
//! | `QUEUED` ... the array that answers `EXEC` | an exchange for each command, with the detail `transaction`; the results are the rows of `EXEC` |
//! | `MOVED`, `ASK` and other errors | an error whose code is the first word |
//! | a confirmation of a subscription | the response, when there is one for each channel |
//! | a message to a subscriber | `MESSAGE`, `PMESSAGE`, `SMESSAGE`, oneway: channel as target, payload as parameter |
//! | an invalidation of cached keys | `INVALIDATE`, oneway: keys as targets |
//! | a line behind `MONITOR` | `MONITOR`, oneway: the line as parameter |
//! | a command while `CLIENT REPLY` is off | oneway |
//! | `PSYNC`, `SYNC`, `REPLCONF ACK` | told once; the copy that follows is passed over |
//! | `SELECT`, `AUTH`, `HELLO`, `CLIENT SETNAME`, `CLIENT SETINFO`, `INFO`, `RESET` | who the session is, once they are answered |
//! | an attribute | a part of the response behind it, and nothing of its own |
//!
//! Passwords are masked in the request. Of answers that may hold some (`CONFIG GET`, `ACL LIST`), no sample is kept.

mod answered;
mod asked;
mod chain;
mod commands;
mod identity;
mod inside;
mod keys;
mod pushed;
mod rows;
mod secrets;
mod session;
mod wire;
mod words;

use model::event::Joined;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Guess, Opening, Protocol, Session};

use chain::{begins_command, begins_line, begins_reply};

/// The protocol.
pub static REDIS: &dyn Protocol = &Resp;

#[derive(Debug)]
struct Resp;

impl Protocol for Resp {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn ports(&self) -> &'static [u16] {
        &[6379, 6380, 26379, 16379, 7000, 7001]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        match opening.joined {
            Joined::AtStart => begins(opening),
            Joined::Midway => goes_on(opening),
        }
    }

    fn open(&self, joined: Joined) -> Box<dyn Session> {
        Box::new(session::Redis::new(joined))
    }
}

/// The first bytes of every kind of reply.
const REPLIES: &[u8] = b"+-:$*_,#!=(%~>|";

/// Of a reply, more than so many bytes tell whose it is.
const SHORT: usize = 7;

/// From the first byte on, the client must speak first, and nobody else frames words like it.
fn begins(opening: &Opening<'_>) -> Guess {
    let answers = opening.server.first().is_none_or(|kind| REPLIES.contains(kind));
    if !answers || opening.client.is_empty() && !opening.server.is_empty() {
        return Guess::No;
    }
    match (begins_command(opening.client), begins_line(opening.client)) {
        (Chain::Sound, _) => Guess::Yes,
        (_, Chain::Sound) => answered(opening),
        (Chain::Open, _) | (_, Chain::Open) => Guess::Unsure,
        (Chain::Broken, Chain::Broken) => Guess::No,
    }
}

/// Words like `GET` and `QUIT` are of many protocols: the reply to a line tells whose it is.
fn answered(opening: &Opening<'_>) -> Guess {
    match (opening.server, opening.joined) {
        ([], _) => Guess::Unsure,
        (reply, _) if reply.starts_with(b"+PONG\r\n") || reply.starts_with(b"-NOAUTH ") => Guess::Yes,
        // POP3 says so too, but its server speaks first.
        (reply, Joined::AtStart) if reply.starts_with(b"+OK\r\n") || reply.starts_with(b"-ERR ") => {
            Guess::Yes
        }
        ([b':' | b'$' | b'*', digit, ..], _) if digit.is_ascii_digit() || *digit == b'-' => Guess::Yes,
        ([kind, rest @ ..], _) if rest.len() < SHORT && REPLIES.contains(kind) => Guess::Unsure,
        _ => Guess::No,
    }
}

/// Midway, a framed command is ours, and so is a string or an array of the server, if the client says nothing against it.
fn goes_on(opening: &Opening<'_>) -> Guess {
    match (begins_command(opening.client), begins_reply(opening.server)) {
        (Chain::Sound, _) | (Chain::Open, Chain::Sound) => Guess::Yes,
        (Chain::Open, Chain::Open) => Guess::Unsure,
        (Chain::Open, Chain::Broken) | (Chain::Broken, _) => match begins_line(opening.client) {
            Chain::Sound => answered(opening),
            Chain::Open if !opening.client.is_empty() => Guess::Unsure,
            Chain::Open | Chain::Broken => Guess::No,
        },
    }
}
