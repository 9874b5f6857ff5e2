//! STOMP 1.0, 1.1 and 1.2: <https://stomp.github.io/stomp-specification-1.2.html>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `CONNECT`, `STOMP` | a request, answered by `CONNECTED` or `ERROR`; user and virtual host are the session's, the passcode is not told |
//! | `CONNECTED` | the server's version; which version of the protocol is spoken, and so how headers are escaped |
//! | `SEND` | oneway: destination as target, body as parameter, headers as details, credentials masked |
//! | `SUBSCRIBE`, `UNSUBSCRIBE`, `ACK`, `NACK` | oneway: the destination as target, as far as it is known |
//! | `BEGIN`, `COMMIT`, `ABORT`, `DISCONNECT` | oneway |
//! | any of these with `receipt` | a request, answered by `RECEIPT`, or by the `ERROR` that names it |
//! | `MESSAGE` | oneway, with the detail `from` = `server` |
//! | any other `ERROR` | oneway, with its failure: it does not say what it is about |
//! | line ends between frames | nothing: signs of life |
//!
//! Joined midway, nobody knows which escapes a header has: one that may hold some is told as it came, among the details.

mod answered;
mod asked;
mod fields;
mod recognition;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static STOMP: &dyn Protocol = &Stomp;

#[derive(Debug)]
struct Stomp;

impl Protocol for Stomp {
    fn name(&self) -> &'static str {
        "stomp"
    }

    fn ports(&self) -> &'static [u16] {
        &[61613, 61614]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        opening.judge(recognition::chain)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Stomp>::default()
    }
}
