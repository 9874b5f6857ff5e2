//! IMAP: RFC 9051 and 3501, with 7888 (literals that do not wait), 2177 (IDLE), 4978 (COMPRESS), 2971 (ID), 4959 (SASL-IR).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a tag and a command, with its literals | a request: its word (`UID FETCH`), its text, the mailbox as target |
//! | `LOGIN`, `AUTHENTICATE` and what proves it | the same: the proof is masked; the user, once it is believed |
//! | `APPEND` | the same, with `From`, `To`, `Subject` and the size of the message |
//! | a tag with `OK`, `NO`, `BAD` | the response to the request with this tag; the latter two are errors |
//! | `*` and what was asked for | [`Heard::Piece`]: messages, numbers, mailboxes are rows |
//! | `*` and what nobody asked for, `+` | nothing |
//! | `SELECT`, `EXAMINE` that succeed | the session's database is the mailbox |
//! | `OK` to `STARTTLS` | the end: the clear layer goes on in a session of its own |
//! | `OK` to `COMPRESS` | `compressed`, oneway, once: what follows is not read |
//! | the greeting, `ID` | the server's version, the client's name |
//!
//! [`Heard::Piece`]: crate::kit::protocol::Heard::Piece

mod answered;
mod asked;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::lines::line;
use crate::kit::protocol::{Guess, Opening, Protocol, Read, Session, Stop};
use crate::kit::reader::{Ahead, Reader};

/// The protocol.
pub static IMAP: &dyn Protocol = &Imap;

#[derive(Debug)]
struct Imap;

impl Protocol for Imap {
    fn name(&self) -> &'static str {
        "imap"
    }

    fn ports(&self) -> &'static [u16] {
        &[143, 993]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        let asked = begins(opening.client, |line| wire::command(line).is_some());
        let told = begins(opening.server, wire::is_told);
        match (opening.joined, asked, told) {
            (_, Ok(()), Ok(())) => Guess::Yes,
            (Joined::AtStart, Err(Stop::Broken(_) | Stop::Over), _)
            | (Joined::AtStart, _, Err(Stop::Broken(_) | Stop::Over)) => Guess::No,
            (Joined::Midway, Err(_), Ok(())) => Guess::Yes,
            (Joined::Midway, Err(Stop::Broken(_)), Err(Stop::Broken(_))) => Guess::No,
            (_, _, _) => Guess::Unsure,
        }
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Imap>::default()
    }
}

/// Whether bytes begin with a line that is ours.
fn begins(bytes: &[u8], is_ours: impl Fn(&[u8]) -> bool) -> Read<()> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let is_printed = bytes.first().is_none_or(u8::is_ascii_graphic);
    if is_printed && is_ours(line(&mut wire)?) { Ok(()) } else { Err(wire.broken("a line is not IMAP's")) }
}
