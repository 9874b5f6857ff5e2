//! FTP's control connection: RFC 959, 2228 (AUTH), 2389 (FEAT), 2428 (EPRT, EPSV), 3659 (MLSD, SIZE, MDTM), 4217 (TLS).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a command | a request: its verb, its line, the path it names as target |
//! | `PASS`, `ACCT`, `ADAT` and what proves it | the same: the proof is masked; the user, once it is believed |
//! | a reply | its response; 4xx and 5xx are errors |
//! | a preliminary reply (1xx) | [`Heard::Piece`]: the transfer has begun, and another reply ends it |
//! | where data go: `PORT`, `EPRT`, the replies to `PASV`, `EPSV` | a detail, `data` |
//! | `(1234 bytes)`, the replies to `SIZE`, `MDTM` | details, `size` and `modified` |
//! | a command while a transfer goes on | a request: servers reply to it before the transfer's end, or behind it |
//! | 234 to `AUTH` | the end: the clear layer goes on in a session of its own |
//! | 235 to `ADAT` | the end: what follows is in secret, line by line |
//! | 220 at the beginning | the server's version |
//! | another reply at the beginning | `connect`, oneway, with the error |
//! | a word that is no command | `unknown`: what it was is not told, for it may be what is left of a log-in |
//!
//! What is transferred goes over connections of its own, which hold nothing but the bytes of a file or a listing.
//!
//! [`Heard::Piece`]: crate::kit::protocol::Heard::Piece

mod answered;
mod asked;
mod recognition;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static FTP: &dyn Protocol = &Ftp;

#[derive(Debug)]
struct Ftp;

impl Protocol for Ftp {
    fn name(&self) -> &'static str {
        "ftp"
    }

    fn ports(&self) -> &'static [u16] {
        &[21, 990, 2121]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        recognition::recognise(opening)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Ftp>::default()
    }
}
