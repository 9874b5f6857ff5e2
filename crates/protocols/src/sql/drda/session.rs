//! One connection: the chain that is said and answered, the sections, who asks.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Exchange, Identity};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought};
use crate::kit::reader::{Reader, Sample};

use super::answered::Reply;
use super::chain;
use super::codes::data;
use super::login::Introduction;
use super::manner::Manner;
use super::parameters::Parameters;
use super::statements::{Name, Store};
use super::values::CELL;
use super::wire::{self, Dss, FURTHER, HEADER, Kind};

/// So many bytes of a structure that comes in pieces are kept.
const TEXT: usize = 128 << 10;
/// So many commands of one chain are waited for; clients chain a handful.
const CHAIN: usize = 256;

/// A structure of which not all pieces came.
#[derive(Debug)]
struct Open {
    dss: Dss,
    body: Vec<u8>,
    length: u64,
    /// So many of its bytes are kept.
    room: usize,
}

/// One side's structures.
///
/// ```text
///               a first piece            the last piece
///   Between ───────────────────▶ Open ───────────────────▶ Between
///      ╰──────────── a structure of one piece ───────────────▲
/// ```
#[derive(Debug, Default)]
struct Side {
    open: Option<Box<Open>>,
    /// Whether the structure before said that its chain goes on.
    is_chained: bool,
}

/// A command of the chain that was said last, which was not answered to the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) id: u16,
    pub(super) command: u16,
    pub(super) section: Name,
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Drda {
    client: Side,
    server: Side,
    asked: Vec<Asked>,
    pub(super) reply: Reply,
    pub(super) store: Store,
    /// How often a part of some cursor's rows, or of what describes them, was lost: older cursors are not read on.
    pub(super) epoch: u64,
    /// The section that was named last.
    pub(super) section: Name,
    /// The parameters of the command that is being said.
    pub(super) parameters: Option<Parameters>,
    /// How the client writes, and how the server does.
    pub(super) manners: (Manner, Manner),
    pub(super) introduction: Introduction,
    pub(super) identity: Arc<Identity>,
    /// Whether who the session is must still be told.
    is_new: bool,
}

impl Session for Drda {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if std::mem::take(&mut self.is_new) {
            return Ok(Heard::Identity(Arc::clone(&self.identity)));
        }
        match self.side(speaker).open.take() {
            None => self.first_piece(speaker, wire),
            Some(open) => match further_piece(open, wire) {
                Ok((open, true)) => Ok(self.goes_on(speaker, open)),
                Ok((open, false)) => {
                    let whole = Sample { bytes: &open.body, length: open.length };
                    self.hear(speaker, open.dss, &whole, wire)
                }
                Err((open, stop)) => {
                    self.side(speaker).open = Some(open);
                    Err(stop)
                }
            },
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        *self.side(speaker) = Side { open: None, is_chained: true };
        match speaker {
            Speaker::Client => {
                // Sections may have other statements now, and which commands are answered next is unknown.
                self.asked.clear();
                self.store = Store::default();
                self.parameters = None;
            }
            Speaker::Server => {
                self.reply = Reply::default();
                self.epoch += 1;
            }
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        // The magic byte is the third of a structure; of the last two bytes, nobody knows.
        let places = memchr::memchr_iter(wire::MAGIC, wire).filter_map(|at| at.checked_sub(2));
        let unknown = wire.len().saturating_sub(2);
        seek(wire, places.chain(unknown..wire.len()), |bytes| chain::begins(speaker, bytes))
    }
}

impl Drda {
    fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    fn first_piece(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let dss = wire::header(wire)?;
        wire.skip(HEADER as u64);
        let sample = wire.sample(dss.body, TEXT)?;
        if !dss.continues {
            return self.hear(speaker, dss, &sample, wire);
        }
        let is_long_value = sample.bytes.get(2..4) == Some(&data::EXTDTA.to_be_bytes());
        let room = if is_long_value { 2 * CELL } else { TEXT };
        let kept = sample.bytes.get(..room).unwrap_or(sample.bytes);
        let open = Open { dss, body: kept.to_vec(), length: sample.length, room };
        Ok(self.goes_on(speaker, Box::new(open)))
    }

    /// A structure of which more pieces follow.
    fn goes_on(&mut self, speaker: Speaker, open: Box<Open>) -> Heard {
        let id = open.dss.id;
        let is_command = speaker == Speaker::Client && open.dss.kind == Kind::Request;
        self.side(speaker).open = Some(open);
        match self.asked(id) {
            _ if is_command => Heard::Part,
            Some(_) => Heard::Piece(Key::Id(id.into())),
            None => Heard::Nothing,
        }
    }

    /// Hears a whole structure.
    fn hear(&mut self, speaker: Speaker, dss: Dss, said: &Sample<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let was_chained = std::mem::replace(&mut self.side(speaker).is_chained, dss.chained);
        match (speaker, dss.kind) {
            (Speaker::Client, Kind::Request) => {
                // A chain's first command has the number one, where clients count.
                if !was_chained || dss.id == 1 {
                    self.asked.clear();
                    self.reply = Reply::default();
                }
                if said.is_cut() {
                    // It may be about any section.
                    self.store = Store::default();
                }
                self.command(dss, said, wire)
            }
            (Speaker::Client, Kind::Object) => Ok(self.data_of_command(dss, said, wire)),
            (Speaker::Server, Kind::Reply | Kind::Object) => Ok(self.answer(dss, said, wire)),
            (Speaker::Client, Kind::Reply) => Err(wire.broken("a client replies")),
            (Speaker::Server, Kind::Request) => Err(wire.broken("a server commands")),
        }
    }

    /// The command of the present chain with this number.
    pub(super) fn asked(&self, id: u16) -> Option<Asked> {
        self.asked.iter().find(|asked| asked.id == id).copied()
    }

    /// The command that was said last.
    pub(super) fn last_asked(&self) -> Option<Asked> {
        self.asked.last().copied()
    }

    /// A command was answered to the end.
    pub(super) fn forget(&mut self, id: u16) {
        self.asked.retain(|asked| asked.id != id);
    }

    /// A command begins to wait; what belongs to it may follow.
    pub(super) fn ask(&mut self, asked: Asked, exchange: Box<Exchange>) -> Heard {
        self.forget(asked.id);
        if self.asked.len() < CHAIN {
            self.asked.push(asked);
        }
        Heard::Request(Key::Id(asked.id.into()), exchange)
    }

    /// The session is this from now on, which is told before anything else is.
    pub(super) fn identify(&mut self, identity: Identity, wire: &mut Reader<'_>) {
        if identity != *self.identity {
            self.identity = wire.share(identity);
            self.is_new = true;
        }
    }
}

/// Adds the next piece to a structure: whether more follow.
fn further_piece(
    mut open: Box<Open>,
    wire: &mut Reader<'_>,
) -> Result<(Box<Open>, bool), (Box<Open>, crate::kit::protocol::Stop)> {
    let room = open.room.saturating_sub(open.body.len());
    let read = wire::further(wire).and_then(|(body, continues)| {
        wire.skip(FURTHER as u64);
        Ok((wire.sample(body, room)?, continues))
    });
    match read {
        Ok((sample, continues)) => {
            // Behind a hole, nobody knows what more says.
            if open.body.len() as u64 == open.length {
                open.body.extend_from_slice(sample.bytes);
            }
            open.length += sample.length;
            Ok((open, continues))
        }
        Err(stop) => Err((open, stop)),
    }
}
