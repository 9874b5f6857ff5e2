//! One connection: how its messages are framed, what was asked, and which answer goes on.

use std::sync::{Arc, LazyLock};

use model::conn::Speaker;
use model::exchange::Column;

use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::transfer::Transfer;
use super::wire::{HEADER, Header, QUESTIONS, Question, length, sound};

/// Some answers say only the number of their question; so many of the last ones are known by it.
const RECENT: usize = 4;

/// The columns of all answers.
pub(super) static COLUMNS: LazyLock<Arc<[Column]>> = LazyLock::new(|| {
    [("name", "text"), ("type", "text"), ("ttl", "int"), ("data", "text")]
        .map(|(name, kind)| Column { name: name.into(), kind: kind.into(), table: None, origin: None })
        .into()
});

/// How messages follow one another: learned from the first one, for nobody tells whether these are datagrams.
///
/// ```text
///            a whole message            any message
///  Unknown ──────────────────▶ Datagrams ◀────────╮
///     │                                  ╰────────╯
///     │ its length, then a whole message
///     ╰──────────────────────▶ Stream
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Framing {
    #[default]
    Unknown,
    /// One behind the other; each ends where its records do.
    Datagrams,
    /// Each behind its length (RFC 1035, 4.2.2).
    Stream,
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Dns {
    framing: Framing,
    /// The numbers of the last questions, and what they are known by.
    pub(super) recent: [(u16, u64); RECENT],
    /// The zone that is being handed over.
    pub(super) transfer: Option<Box<Transfer>>,
    /// Memory for the next statement, and for a name in small letters.
    pub(super) text: String,
    pub(super) small: String,
}

impl Session for Dns {
    fn read(&mut self, _: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.framing == Framing::Unknown {
            self.framing = framing(wire.rest())?.0;
        }
        match self.framing {
            Framing::Unknown | Framing::Datagrams => {
                let length = match length(wire.rest()) {
                    Err(Stop::Short) if is_cut(wire) => wire.rest().len(),
                    length => length?,
                };
                let message = wire.rest().get(..length).unwrap_or_default();
                let heard = self.message(message, wire)?;
                wire.skip(length as u64);
                Ok(heard)
            }
            Framing::Stream => {
                let length = u16::from_be_bytes(wire.peek(2)?.try_into().unwrap_or_default());
                let rest = wire.rest().get(2..).unwrap_or_default();
                let message = match rest.get(..length.into()) {
                    Some(message) => message,
                    None if is_cut(wire) => rest,
                    None => return Err(Stop::Short),
                };
                let is_whole = message.len() == usize::from(length);
                let heard = self.message(message, wire);
                let heard = heard.map_err(|stop| if is_whole { settled(stop, wire) } else { stop })?;
                wire.skip(u64::from(length) + 2);
                Ok(heard)
            }
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        if speaker == Speaker::Server {
            self.transfer = None;
        }
    }

    fn resync(&mut self, _: Speaker, wire: &[u8]) -> Sought {
        let mut open = wire.len();
        for at in 0..wire.len() {
            let bytes = wire.get(at..).unwrap_or_default();
            if !may_begin(bytes) {
                continue;
            }
            match framing(bytes) {
                Ok((found, _)) if self.framing == Framing::Unknown || self.framing == found => {
                    self.framing = found;
                    return Sought::At(at);
                }
                Err(Stop::Short) => open = open.min(at),
                Ok(_) | Err(Stop::Broken(_) | Stop::Over) => {}
            }
        }
        Sought::Behind(open)
    }
}

/// Whether a message, or one behind its length, may begin so: the numbers of questions of most other bytes are none, which
/// is seen sooner than what a message is.
#[inline]
fn may_begin(bytes: &[u8]) -> bool {
    let [_, _, flags, _, high, low, high_behind, low_behind, ..] = bytes else { return true };
    let asks = |flags: u8, high: u8, low: u8| {
        // Only an answer may be to nothing.
        high == 0 && u16::from(low) <= QUESTIONS && (low > 0 || flags >= 0x80)
    };
    asks(*flags, *high, *low) || asks(*high, *high_behind, *low_behind)
}

/// Whether bytes were lost behind those that are there.
fn is_cut(wire: &Reader<'_>) -> bool {
    matches!(wire.ahead(), Ahead::Hole(_))
}

/// A message that is all there and too short is broken, whatever comes.
fn settled(stop: Stop, wire: &Reader<'_>) -> Stop {
    match stop {
        Stop::Short => wire.broken("a message is shorter than what it must say"),
        Stop::Broken(_) | Stop::Over => stop,
    }
}

/// How the message that `bytes` begin with is framed, and how long it is with its frame.
///
/// # Errors
/// `Stop::Short` while more bytes may tell.
pub(super) fn framing(bytes: &[u8]) -> Read<(Framing, usize)> {
    match (sound(bytes), behind_length(bytes)) {
        (Ok(length), _) => Ok((Framing::Datagrams, length)),
        (_, Ok(length)) => Ok((Framing::Stream, length)),
        (Err(Stop::Short), _) | (_, Err(Stop::Short)) => Err(Stop::Short),
        (Err(stop), Err(_)) => Err(stop),
    }
}

/// How long the message is that stands behind its length, with that.
fn behind_length(bytes: &[u8]) -> Read<usize> {
    let (length, rest) = bytes.split_first_chunk().ok_or(Stop::Short)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let wire = Reader::new(bytes, 0, Ahead::Open);
    if length < HEADER {
        return Err(wire.broken("a message is shorter than its header"));
    }
    match sound(rest.get(..length).unwrap_or(rest)) {
        Ok(read) if is_end(rest.get(read..length)) => Ok(length + 2),
        Err(Stop::Short) if rest.len() < length => Err(Stop::Short),
        Ok(_) | Err(_) => Err(wire.broken("a message is not as long as it says")),
    }
}

/// Whether a message may end so: at its end, or with the signature of Windows' servers when they hand over a zone.
fn is_end(rest: Option<&[u8]>) -> bool {
    matches!(rest, Some([] | [b'M', b'S']))
}

impl Dns {
    /// What one message says, of which all is there that ever will be.
    fn message(&mut self, message: &[u8], wire: &mut Reader<'_>) -> Read<Heard> {
        let mut from = Reader::new(message, wire.position(), wire.ahead());
        let header = Header::read(&mut from)?;
        if header.is_answer() {
            self.answered(header, message, from, wire)
        } else {
            self.asked(header, message, from, wire)
        }
    }

    /// What the answer to a question is known by.
    pub(super) fn key(&self, header: Header, question: Option<Question>, message: &[u8]) -> Key {
        if let Some(question) = question {
            return Key::Id(known_by(header.id, question, message));
        }
        let recent = self.recent.iter().find(|(id, _)| *id == header.id);
        Key::Id(recent.map_or(0, |(_, key)| *key))
    }
}

/// What a question and its answer are known by: the number, which is used again soon, and what is asked.
///
/// Small and large letters are one: some askers mix them to be harder to deceive, and some servers do not keep them.
pub(super) fn known_by(id: u16, question: Question, message: &[u8]) -> u64 {
    const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
    const SMALL: u64 = u64::from_ne_bytes([0x20; 8]);
    let mix = |hash: u64, word: u64| (hash ^ (word | SMALL)).wrapping_mul(PRIME).rotate_left(29);
    // The name of a first question is all there: nothing stands before it that it could point at.
    let asked = message.get(question.name..question.end).unwrap_or_default();
    let (words, rest) = asked.as_chunks();
    let hash = words.iter().fold(id.into(), |hash, word| mix(hash, u64::from_ne_bytes(*word)));
    let rest = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(mix(hash, rest), u64::from(question.kind) << 16 | u64::from(question.class))
}
