//! One connection: which version is spoken, what each side is in the middle of, who it is.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Exchange, Identity, Text};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Read, Session, Sought};
use crate::kit::reader::{Ahead, Reader};

use super::answered::Answering;
use super::wire::{BODY, MAGIC, MANIFEST, PROPOSAL, begins};

/// One connection.
///
/// A statement is asked in two messages: one runs it, one pulls its rows (or discards them). Both are one request, whose
/// answer begins with that of the first.
#[derive(Debug, Default)]
pub(super) struct Bolt {
    opening: Opening,
    /// Whether the server has said anything.
    has_answered: bool,
    /// `5.4`; `None` where the beginning was not seen.
    pub(super) version: Option<Text>,
    /// What each side said of a message that goes on.
    client: Option<Gathering>,
    server: Option<Gathering>,
    /// The statement that was run, and whose rows were not asked for yet.
    pub(super) running: Option<Box<Exchange>>,
    /// The text of the statement that was run last: more of its rows may be asked for.
    pub(super) last: Option<Text>,
    pub(super) answering: Answering,
    pub(super) identity: Arc<Identity>,
    /// Who the session is now, which was not told yet.
    pub(super) news: Option<Identity>,
    /// Whether a transaction is open, in which statements name no database.
    pub(super) in_transaction: bool,
    /// The user that the client says it is, until the server believes it.
    pub(super) claimed: Option<Text>,
}

/// How a connection begins.
///
/// ```text
///        four versions           one of them
///  Begun ─────────────▶ Proposed ───────────▶ Agreed
///    │                      │ a list              ▲
///    │ a message            ▼                     │
///    │                    Listed ─────────────────╯
///    ╰───────────────────── (joined late) ───────▶
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Opening {
    #[default]
    Begun,
    Proposed,
    Listed,
    Agreed,
}

/// A message that came in several chunks, as far as it did.
#[derive(Debug, Default)]
struct Gathering {
    body: Vec<u8>,
    length: u64,
}

/// A message as far as it is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) length: u64,
}

impl<'a> Message<'a> {
    /// A reader of it; behind what was cut off comes a hole.
    pub(super) fn reader(self) -> Reader<'a> {
        let cut = self.length.saturating_sub(self.bytes.len() as u64);
        Reader::new(self.bytes, 0, if cut > 0 { Ahead::Hole(cut) } else { Ahead::End })
    }
}

impl Session for Bolt {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if let Some(identity) = self.news.take() {
            self.identity = wire.share(identity);
            return Ok(Heard::Identity(Arc::clone(&self.identity)));
        }
        if let Some(heard) = self.opened(speaker, wire)? {
            return Ok(heard);
        }
        self.message(speaker, wire)
    }

    fn lost(&mut self, speaker: Speaker) {
        match speaker {
            Speaker::Client => {
                (self.client, self.running, self.last) = (None, None, None);
                // What was asked before is answered all the same.
                if self.answering.is_early() {
                    self.answering = Answering::default();
                }
            }
            Speaker::Server => (self.server, self.answering) = (None, Answering::default()),
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        self.opening = Opening::Agreed;
        seek(wire, 0..wire.len(), |bytes| begins(speaker, bytes).into())
    }
}

impl Bolt {
    /// What is said before messages; `None` where they have begun.
    fn opened(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Option<Heard>> {
        match (self.opening, speaker) {
            (Opening::Agreed, Speaker::Client) => Ok(None),
            (Opening::Begun | Opening::Agreed, Speaker::Server) if !self.has_answered => {
                self.has_answered = true;
                self.opening = Opening::Agreed;
                // What the client proposed was lost; a message is no such number.
                let Some([0, 0, minor @ ..=20, major @ 1..=9]) = wire.rest().first_chunk() else {
                    return Ok(None);
                };
                self.agree([0, 0, *minor, *major]);
                wire.take(4)?;
                Ok(Some(Heard::Nothing))
            }
            (Opening::Agreed, Speaker::Server) => Ok(None),
            (Opening::Begun, Speaker::Client) if wire.peek(MAGIC.len())? == MAGIC => {
                wire.take(PROPOSAL)?;
                self.opening = Opening::Proposed;
                Ok(Some(Heard::Nothing))
            }
            (Opening::Begun, Speaker::Client | Speaker::Server) => {
                self.opening = Opening::Agreed;
                Ok(None)
            }
            (Opening::Proposed, Speaker::Server) => {
                let version: [u8; 4] = wire.array()?;
                self.has_answered = true;
                if version == MANIFEST {
                    // So many ranges of versions, and what the server can do.
                    for _ in 0..varint(wire)? {
                        wire.take(4)?;
                    }
                    varint(wire)?;
                    self.opening = Opening::Listed;
                } else {
                    self.agree(version);
                }
                Ok(Some(Heard::Nothing))
            }
            (Opening::Listed, Speaker::Client) => {
                let version = wire.array()?;
                varint(wire)?;
                self.agree(version);
                Ok(Some(Heard::Nothing))
            }
            (Opening::Proposed, Speaker::Client) | (Opening::Listed, Speaker::Server) => {
                Err(wire.broken("a message before the version was agreed on"))
            }
        }
    }

    fn agree(&mut self, [_, _, minor, major]: [u8; 4]) {
        self.opening = Opening::Agreed;
        self.version = Some(format!("{major}.{minor}").into());
    }

    /// Reads a chunk, and hears the message that it ends.
    fn message(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let gathered = match speaker {
            Speaker::Client => self.client.is_some(),
            Speaker::Server => self.server.is_some(),
        };
        let length = from.be16()?;
        let sample = from.sample(length.into(), BODY)?;
        let is_whole = !gathered && length > 0 && ends(&from)?;
        if length == 0 && !gathered {
            // Said for nothing but to say something.
            wire.take(2)?;
            return Ok(Heard::Nothing);
        }
        if is_whole {
            let message = Message { bytes: sample.bytes, length: sample.length };
            let heard = self.hear(speaker, message, wire)?;
            if let Taken::All = heard.1 {
                wire.skip(u64::from(length) + 4);
            }
            return Ok(heard.0);
        }
        let gathering = match speaker {
            Speaker::Client => self.client.get_or_insert_default(),
            Speaker::Server => self.server.get_or_insert_default(),
        };
        if length > 0 {
            let room = BODY.saturating_sub(gathering.body.len());
            // Behind a hole, nobody knows what more says.
            if gathering.body.len() as u64 == gathering.length {
                gathering.body.extend_from_slice(sample.bytes.get(..room).unwrap_or(sample.bytes));
            }
            gathering.length += sample.length;
            wire.skip(2 + u64::from(length));
            return Ok(Heard::Part);
        }
        let gathering = std::mem::take(gathering);
        let message = Message { bytes: &gathering.body, length: gathering.length };
        let (heard, taken) = self.hear(speaker, message, wire)?;
        let place = match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        };
        match taken {
            Taken::All => {
                *place = None;
                wire.skip(2);
            }
            Taken::Nothing => *place = Some(gathering),
        }
        Ok(heard)
    }

    fn hear(
        &mut self,
        speaker: Speaker,
        message: Message<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<(Heard, Taken)> {
        match speaker {
            Speaker::Client => self.asked(message, wire),
            Speaker::Server => Ok((self.answered(message, wire)?, Taken::All)),
        }
    }

    /// The session is somebody else from now on.
    pub(super) fn turn(&mut self, change: impl FnOnce(&mut Identity)) {
        let mut identity = self.news.take().unwrap_or_else(|| Identity::clone(&self.identity));
        change(&mut identity);
        self.news = Some(identity).filter(|identity| *identity != *self.identity);
    }
}

/// Whether a message was heard, or something that comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    All,
    Nothing,
}

/// Whether the message ends behind this chunk.
fn ends(behind: &Reader<'_>) -> Read<bool> {
    if behind.debt() > 0 {
        // Its rest was lost; what follows that is not known.
        return Ok(true);
    }
    Ok(behind.peek(2)? == [0, 0])
}

/// Seven bits a byte, the lowest first.
fn varint(wire: &mut Reader<'_>) -> Read<u64> {
    let mut number = 0;
    for place in 0..9 {
        let byte = wire.u8()?;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(wire.broken("a number is too long"))
}
