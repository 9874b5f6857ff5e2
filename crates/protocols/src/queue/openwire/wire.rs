//! Frames: a length, a command's type, its fields.

use model::event::Joined;

use crate::kit::chain::{Chain, Proof, seek};
use crate::kit::protocol::{Guess, Opening, Read, Sought, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

use super::command::{Command, DISPATCH, Reading, WIRE_FORMAT, name};
use super::fields::Cache;
use super::format::{Format, MAGIC, usual};
use super::message::is_message;

/// Brokers take 100 MiB (`maxFrameSize`), unless somebody wanted more.
const LONGEST: u32 = 256 << 20;
/// What `WireFormatInfo` says is a few hundred bytes.
const OFFER: u32 = 4 << 10;
/// So many bytes of a command are looked at.
const LOOKED: usize = 64 << 10;
/// What stands before each id that a client makes.
const ID: &[u8] = b"ID:";

/// So many commands in a row prove a chain.
const PROOF: Proof = Proof { whole: 2, open: 1 };

/// A command that is not read yet.
pub(super) struct Frame<'a> {
    pub(super) kind: u8,
    /// Its fields.
    pub(super) body: Sample<'a>,
}

fn head(wire: &mut Reader<'_>) -> Read<(u8, u32)> {
    let length = wire.be32()?;
    let Some(length) = length.checked_sub(1).filter(|length| *length < LONGEST) else {
        return Err(wire.broken("a command has an impossible length"));
    };
    Ok((wire.u8()?, length))
}

/// The next command, passed over.
pub(super) fn frame<'a>(wire: &mut Reader<'a>) -> Read<Frame<'a>> {
    let (kind, length) = head(wire)?;
    if kind == WIRE_FORMAT && length > OFFER {
        return Err(wire.broken("a wire format is longer than any"));
    }
    Ok(Frame { kind, body: wire.sample(length.into(), LOOKED)? })
}

/// Whether bytes begin as all connections do, on either side.
fn greets(bytes: &[u8]) -> Chain {
    let greeting = |wire: &mut Reader<'_>| {
        let (kind, length) = head(wire)?;
        if kind != WIRE_FORMAT || length > OFFER {
            return Ok(false);
        }
        let there = wire.rest().get(..MAGIC.len()).unwrap_or(wire.rest());
        if !MAGIC.starts_with(there) {
            return Ok(false);
        }
        Ok(wire.take(MAGIC.len())? == MAGIC && (1..=u32::from(u8::MAX)).contains(&wire.be32()?))
    };
    match greeting(&mut Reader::new(bytes, 0, Ahead::Open)) {
        Ok(is) => is.into(),
        stopped => stopped.into(),
    }
}

/// Whether a connection that begins so is ours.
pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    let sides = [opening.client, opening.server];
    let greetings = sides.map(greets);
    if greetings.contains(&Chain::Sound) {
        return Guess::Yes;
    }
    match opening.joined {
        // Both may speak first, and each says its format first.
        Joined::AtStart if greetings.contains(&Chain::Broken) => Guess::No,
        Joined::AtStart => Guess::Unsure,
        Joined::Midway => {
            let chains = sides.map(|bytes| chain(bytes, None, Wanted::Ids));
            match chains {
                _ if chains.contains(&Chain::Sound) => Guess::Yes,
                [Chain::Broken, Chain::Broken] => Guess::No,
                _ => Guess::Unsure,
            }
        }
    }
}

/// What a command must have to count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// An id, as its client made it.
    Ids,
    Nothing,
}

/// Whether bytes are commands, in this format or in a usual one.
fn chain(bytes: &[u8], format: Option<Format>, wanted: Wanted) -> Chain {
    PROOF.chain(bytes, |wire| {
        let (kind, length) = head(wire)?;
        if name(kind).is_none() {
            return Err(wire.broken("a command is of no known type"));
        }
        let rest = wire.rest();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(body) = rest.get(..length) else {
            // A long message counts as soon as it is read up to its body.
            let brings = kind == DISPATCH || is_message(kind);
            if brings && wanted == Wanted::Nothing && read_in(kind, rest, format).is_some() {
                wire.skip(rest.len() as u64);
                return Ok(());
            }
            return Err(Stop::Short);
        };
        wire.take(length)?;
        if kind == WIRE_FORMAT && body.starts_with(MAGIC) {
            return Ok(());
        }
        let is = match wanted {
            Wanted::Ids => memchr::memmem::find(body, ID).is_some() && read_in(kind, body, format).is_some(),
            Wanted::Nothing => reads(kind, body, format),
        };
        match is {
            true => Ok(()),
            false => Err(wire.broken("a command is not what its type says")),
        }
    })
}

/// The format in which these are the fields of such a command, to the last byte: this one, or a usual one.
pub(super) fn read_in(kind: u8, body: &[u8], format: Option<Format>) -> Option<Format> {
    let is = |format: &Format| {
        let read = Command::read(kind, Reader::new(body, 0, Ahead::End), *format, &mut Cache::default());
        // Of a type that is not read to its end, anything would do.
        read.is_ok_and(|command| match command.reading {
            Reading::All => true,
            Reading::Enough => command.message.is_some(),
            Reading::Wrong => false,
        })
    };
    match format {
        Some(format) => is(&format).then_some(format),
        None => usual().find(is),
    }
}

/// Whether these may be the fields of such a command: in this format, or in a usual one.
fn reads(kind: u8, body: &[u8], format: Option<Format>) -> bool {
    let is = |format: Format| {
        let read = Command::read(kind, Reader::new(body, 0, Ahead::End), format, &mut Cache::default());
        read.is_ok_and(|command| command.reading != Reading::Wrong)
    };
    match format {
        Some(format) => is(format),
        None => usual().any(is),
    }
}

/// Where the next command is.
pub(super) fn find(bytes: &[u8], format: Option<Format>) -> Sought {
    seek(bytes, memchr::memchr_iter(0, bytes), |rest| chain(rest, format, Wanted::Nothing))
}
