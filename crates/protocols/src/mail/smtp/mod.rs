//! SMTP and LMTP: RFC 5321, 2033 (LMTP), 2920 (pipelining), 3030 (chunks), 3207 (STARTTLS), 4954 (AUTH), 2034 (status codes).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a command | a request: its verb, its line, the address it names as target |
//! | a reply | its response; 4xx and 5xx are errors, with the enhanced status code as detail |
//! | `DATA`, 354, the message | one request: sender, recipients as targets, `From`, `To`, `Subject`, the size |
//! | `BDAT` and its chunk | a request; the last one tells the message, as `DATA` does |
//! | replies to `DATA` for each recipient (LMTP) | [`Heard::Piece`], the last one the response; those that failed as detail `refused` |
//! | `AUTH`, 334, what proves it | one request: the mechanism; the proof is masked; the user, once it is believed |
//! | 220 to `STARTTLS` | the end: the clear layer goes on in a session of its own |
//! | 220 at the beginning | the server's version |
//! | another reply at the beginning | `connect`, oneway, with the error |
//! | a word that is no command | `unknown`: what it was is not told, for it may be what is left of a log-in |
//!
//! A message is told by its last command, because that one's reply says what became of it.
//!
//! [`Heard::Piece`]: crate::kit::protocol::Heard::Piece

mod answered;
mod asked;
mod envelope;
mod recognition;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static SMTP: &dyn Protocol = &Smtp;

#[derive(Debug)]
struct Smtp;

impl Protocol for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn ports(&self) -> &'static [u16] {
        &[25, 465, 587, 2525, 24]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        recognition::recognise(opening)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Smtp>::default()
    }
}
