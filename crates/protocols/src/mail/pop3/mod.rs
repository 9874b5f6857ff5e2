//! POP3: RFC 1939, 2449 (CAPA), 2595 (STLS), 5034 (AUTH).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a command | a request: its word and its line |
//! | `PASS`, `APOP`, `AUTH` and what proves it | the same: the proof is masked; the user, once it is believed |
//! | `+OK`, `-ERR` | its response; the latter is an error |
//! | `+OK` and lines up to a dot | the same: messages listed are rows; of a message `From`, `To`, `Subject` and the size |
//! | `+OK` to `STLS` | the end: the clear layer goes on in a session of its own |
//! | `+OK` at the beginning | the server's version |
//! | a word that is no command | `unknown`: what it was is not told, for it may be what is left of a log-in |

mod answered;
mod asked;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::chain::Weight;
use crate::kit::lines::line;
use crate::kit::protocol::{Guess, Opening, Protocol, Read, Session, Stop};
use crate::kit::reader::{Ahead, Reader};

/// The protocol.
pub static POP3: &dyn Protocol = &Pop3;

#[derive(Debug)]
struct Pop3;

impl Protocol for Pop3 {
    fn name(&self) -> &'static str {
        "pop3"
    }

    fn ports(&self) -> &'static [u16] {
        &[110, 995]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        let asked = first(opening.client, wire::weight);
        let told = first(opening.server, |line| wire::status(line).map(|_| Weight::Weak));
        match (opening.joined, asked, told) {
            (_, Ok(Weight::Strong), Ok(_)) => Guess::Yes,
            // Others have such words too, and none of their servers says so at once.
            (Joined::AtStart, Ok(Weight::Weak), Ok(_)) if is_greeting(opening.server) => Guess::Yes,
            (_, Ok(Weight::Weak), Ok(_)) | (_, Err(Stop::Broken(_)), _) | (_, _, Err(Stop::Broken(_))) => {
                Guess::No
            }
            (_, _, _) => Guess::Unsure,
        }
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Pop3>::default()
    }
}

/// What one side's first line tells.
fn first(bytes: &[u8], tells: impl Fn(&[u8]) -> Option<Weight>) -> Read<Weight> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let is_printed = bytes.first().is_none_or(u8::is_ascii_graphic);
    let told = if is_printed { tells(line(&mut wire)?) } else { None };
    told.ok_or_else(|| wire.broken("a line is not POP3's"))
}

/// Whether a server says hello: more than a bare word.
fn is_greeting(server: &[u8]) -> bool {
    server.starts_with(b"+OK ")
}
