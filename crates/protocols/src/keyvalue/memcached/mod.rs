//! memcached: <https://github.com/memcached/memcached/blob/master/doc/protocol.txt> (text and meta commands) and
//! <https://docs.memcached.org/protocols/binary/> (binary), over TCP and in datagrams.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a line, and the data block behind it | a request: the command's word; its line; its keys; the data as parameter |
//! | a packet of the binary protocol | the same, in the words of the text protocol; `opaque` as detail |
//! | `VALUE` ... `END`, `VA`, `STAT` ... `END` | its response: each item is a row of key and value |
//! | `STORED`, `NOT_FOUND`, `HD` and their kin | its response: how many were changed, the word as detail `reply` |
//! | `ERROR`, `CLIENT_ERROR`, `SERVER_ERROR`, a status | an error |
//! | a command with `noreply`, `quit` | oneway |
//! | a quiet command that the server passes over in silence | its response, when the next answer proves it: it was done, or it missed |
//! | a SASL exchange | `auth` with its mechanism; the proof is masked; the user, when it succeeds |
//! | a `set` of two words before the server answered anything but errors | the same, its value masked: it may be the log-in of `-Y` |
//! | `version` | the server's version |

mod answered;
mod asked;
mod binary;
mod opcodes;
mod packet;
mod recognition;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static MEMCACHED: &dyn Protocol = &Memcached;

#[derive(Debug)]
struct Memcached;

impl Protocol for Memcached {
    fn name(&self) -> &'static str {
        "memcached"
    }

    fn ports(&self) -> &'static [u16] {
        &[11211, 11212]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        recognition::recognise(opening)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Memcached>::default()
    }
}
