//! DNS, over datagrams and streams: RFC 1035, 2136 (updates), 1996 (notifications), 5936 (transfers), 6891 (EDNS).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a question | a request: its type, `A example.com`, the name |
//! | an answer | the response to the question with its number, name and type: its records as rows |
//! | an answer with a code (`NXDOMAIN`, `SERVFAIL`) | an error: the code, and the server's reason if it gives one |
//! | the messages of a zone's transfer | [`Heard::Piece`], up to the `SOA` at its end |
//! | `NOTIFY`, `UPDATE` | requests of these names; what is changed as parameters |
//! | a question or an answer by multicast | oneway: who answers does so on another way |
//! | `OPT` | details `edns_size`, `client_subnet`, `extended_error`; the upper bits of the code |
//!
//! A name that does not exist is an error too: nobody got what was asked for. A target is in small letters, for some
//! askers mix them; the statement has them as sent.
//!
//! [`Heard::Piece`]: crate::kit::protocol::Heard::Piece

mod answered;
mod asked;
mod data;
mod edns;
mod names;
mod session;
mod transfer;
mod types;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session, Stop};

/// The protocol.
pub static DNS: &dyn Protocol = &Dns;

#[derive(Debug)]
struct Dns;

impl Protocol for Dns {
    fn name(&self) -> &'static str {
        "dns"
    }

    fn ports(&self) -> &'static [u16] {
        &[53, 5353, 5355]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        match (side(opening.client), side(opening.server)) {
            (Guess::Yes, Guess::Yes | Guess::Unsure) | (Guess::Unsure, Guess::Yes) => Guess::Yes,
            (Guess::No, _) | (_, Guess::No) => Guess::No,
            (Guess::Unsure, Guess::Unsure) => Guess::Unsure,
        }
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::new(session::Dns::default())
    }
}

/// Whether what one side said is messages from its first byte to its last.
fn side(mut bytes: &[u8]) -> Guess {
    let mut guess = Guess::Unsure;
    while !bytes.is_empty() {
        match session::framing(bytes) {
            Ok((_, length)) => {
                guess = Guess::Yes;
                bytes = bytes.get(length..).unwrap_or_default();
            }
            Err(Stop::Short) => return guess,
            Err(Stop::Broken(_) | Stop::Over) => return Guess::No,
        }
    }
    guess
}
