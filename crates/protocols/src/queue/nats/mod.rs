//! NATS between clients and servers, with headers and JetStream:
//! <https://docs.nats.io/reference/reference-protocols/nats-protocol>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `INFO` | the server's version |
//! | `CONNECT`, and the `PING` behind it | a request: its line, credentials masked; who the session is; its response is the first that the server says behind it |
//! | `PUB`, `HPUB` | oneway: its line; subject as target; body as parameter; headers as one detail, credentials masked |
//! | the same with a subject for the answer | a request, answered by the first message there: the body as row; a status, a service's error, JetStream's are errors |
//! | the same at `$JS.API.` | the same: JetStream's operation; stream and consumer as targets |
//! | `CONSUMER.MSG.NEXT` | the same: its response counts the messages as rows, and ends when the server says so or the last was delivered |
//! | the same at `$JS.ACK.` | `ACK`, `NAK`, `WPI`, `TERM`: stream and consumer as targets |
//! | `MSG`, `HMSG` | oneway, unless it is an answer: subject as target, body as parameter |
//! | `SUB`, `UNSUB` | oneway: subject as target |
//! | any of these in verbose mode | a request, answered by `+OK` or `-ERR` |
//! | `PING` ... `PONG` | a request and its response; those of the server are passed over |
//! | `-ERR` | the error of the log-in, of what waits in verbose mode, or oneway |
//!
//! Servers among themselves (routes, gateways, leaf nodes) speak other words, which are not read.

mod answered;
mod asked;
mod jetstream;
mod json;
mod login;
mod recognition;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static NATS: &dyn Protocol = &Nats;

#[derive(Debug)]
struct Nats;

impl Protocol for Nats {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn ports(&self) -> &'static [u16] {
        &[4222]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        recognition::recognise(opening)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Nats>::default()
    }
}
