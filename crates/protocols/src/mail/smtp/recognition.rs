//! Whether a connection is SMTP's: FTP's servers greet with the same code, and share some words.

use model::event::Joined;

use crate::kit::chain::Weight;
use crate::kit::lines::{Reply, line};
use crate::kit::protocol::{Guess, Opening, Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::wire::{status, weight};

/// What one side's first line tells.
type Told = Read<Weight>;

pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    let (asked, told) = (asked(opening.client), told(opening.server));
    match (opening.joined, asked, told) {
        (Joined::AtStart, Err(Stop::Broken(_) | Stop::Over), _)
        | (Joined::AtStart, _, Err(Stop::Broken(_) | Stop::Over)) => Guess::No,
        // A client that speaks of mail, and a server that replies; or any client and a server that says what it is.
        (_, Ok(Weight::Strong), Ok(_)) | (_, Ok(_), Ok(Weight::Strong)) => Guess::Yes,
        (Joined::AtStart, Ok(Weight::Weak), Ok(Weight::Weak)) => Guess::No,
        (Joined::AtStart, _, _) => Guess::Unsure,
        (Joined::Midway, Ok(Weight::Strong), Err(_)) => Guess::Yes,
        (Joined::Midway, Err(_), Ok(Weight::Strong)) => Guess::Yes,
        (Joined::Midway, Err(Stop::Broken(_) | Stop::Over), Err(Stop::Broken(_) | Stop::Over)) => Guess::No,
        (Joined::Midway, _, _) => Guess::Unsure,
    }
}

/// What the client's first line tells.
fn asked(bytes: &[u8]) -> Told {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let line = match line(&mut wire) {
        Err(Stop::Short) if !bytes.is_empty() && !may_begin(bytes) => {
            return Err(wire.broken("no command begins so"));
        }
        line => line?,
    };
    weight(line).ok_or_else(|| wire.broken("a line is no command"))
}

/// Whether what is there of a line may be the beginning of a command.
fn may_begin(bytes: &[u8]) -> bool {
    bytes.iter().take(4).all(|byte| byte.is_ascii_alphabetic() || *byte == b'-')
}

/// What the server's first reply tells.
fn told(bytes: &[u8]) -> Told {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let reply = Reply::read(&mut wire)?;
    let says = |word: &[u8]| memchr::memmem::find(reply.text(), word).is_some();
    let is_strong = match reply.code {
        220 => says(b"SMTP") || says(b"LMTP"),
        354 => true,
        code => status(code, reply.text()).is_some(),
    };
    Ok(if is_strong { Weight::Strong } else { Weight::Weak })
}
