//! Whether a connection is FTP's: SMTP's servers greet with the same code, POP3's clients log in with the same words.

use model::event::Joined;

use crate::kit::chain::Weight;
use crate::kit::lines::{Reply, line};
use crate::kit::protocol::{Guess, Opening, Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::wire::{Kind, command, endpoint, quoted, weight};

pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    if opening.joined == Joined::AtStart && opening.server.is_empty() && !opening.client.is_empty() {
        // A client waits until its server has said who it is. What else begins with such words is a file, on a connection of
        // its own.
        return Guess::No;
    }
    match (opening.joined, asked(opening.client), told(opening.server)) {
        (_, Err(Stop::Broken(_) | Stop::Over), Err(Stop::Broken(_) | Stop::Over)) => Guess::No,
        (Joined::AtStart, Err(Stop::Broken(_) | Stop::Over), _)
        | (Joined::AtStart, _, Err(Stop::Broken(_) | Stop::Over)) => Guess::No,
        (Joined::AtStart, Ok(Word::Login), Ok(_)) => Guess::Yes,
        (_, Ok(Word::Strong | Word::Path), Ok(_)) | (_, Ok(_), Ok(Weight::Strong)) => Guess::Yes,
        (Joined::AtStart, Ok(Word::Weak), Ok(Weight::Weak)) => Guess::No,
        (Joined::Midway, Ok(Word::Strong), Err(Stop::Short)) => Guess::Yes,
        (Joined::Midway, Ok(Word::Weak), Err(Stop::Short)) if opening.server.is_empty() => Guess::No,
        (Joined::Midway, Err(_), Ok(Weight::Strong)) => Guess::Yes,
        (_, _, _) => Guess::Unsure,
    }
}

/// What the client's first line tells.
enum Word {
    /// A user: to a server that replies in numbers, nobody else begins so.
    Login,
    /// Nobody else says so.
    Strong,
    /// A path behind a verb: a text may begin so too.
    Path,
    Weak,
}

fn asked(bytes: &[u8]) -> Read<Word> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    if !bytes.iter().take(3).all(|byte| byte.is_ascii_alphabetic() || *byte >= 0xf0) {
        return Err(wire.broken("no command begins so"));
    }
    let line = line(&mut wire)?;
    match (command(line), weight(line)) {
        (Some((_, Kind::User, _)), _) => Ok(Word::Login),
        (Some((_, Kind::Transfer | Kind::Path | Kind::Size | Kind::Modified, _)), Some(Weight::Strong)) => {
            Ok(Word::Path)
        }
        (_, Some(Weight::Strong)) => Ok(Word::Strong),
        (_, Some(Weight::Weak)) => Ok(Word::Weak),
        (_, None) => Err(wire.broken("a line is no command")),
    }
}

/// What the server's first reply tells.
fn told(bytes: &[u8]) -> Read<Weight> {
    let reply = Reply::read(&mut Reader::new(bytes, 0, Ahead::Open))?;
    let text = reply.text();
    let is_strong = match reply.code {
        220 => memchr::memmem::find(text, b"FTP").is_some(),
        227 | 229 => endpoint(text).is_some(),
        257 => quoted(text).is_some(),
        _ => false,
    };
    Ok(if is_strong { Weight::Strong } else { Weight::Weak })
}
