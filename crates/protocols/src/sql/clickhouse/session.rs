//! One connection: which revision is spoken, what each side is in the middle of, who it is.

use std::sync::Arc;

use model::conn::Speaker;
use model::event::{Cause, Joined};
use model::exchange::{Exchange, Identity};

use crate::kit::chain::{Chain, seek};
use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::answered::{self, Progress};
use super::asked;
use super::block::{self, Block, SAMPLES, Stage};
use super::frames::Frames;
use super::query;
use super::wire;

/// One connection.
#[derive(Debug)]
pub(super) struct Clickhouse {
    pub(super) stand: Stand,
    /// The revision that both sides speak; 0 when that was not told.
    pub(super) revision: u64,
    pub(super) certainty: Certainty,
    /// The revision that the client speaks.
    pub(super) offered: u64,
    /// Whether the blocks of the query are packed.
    pub(super) packed: bool,
    /// Whether the query's rows come from the client.
    pub(super) inserts: bool,
    pub(super) progress: Progress,
    /// Why not all rows that the client inserts were read, if they were not.
    pub(super) doubt: Option<Cause>,
    /// Whether a request was heard since bytes of the server were lost.
    pub(super) is_awaited: bool,
    pub(super) client: Side,
    pub(super) server: Side,
    pub(super) identity: Arc<Identity>,
}

/// Where a connection stands.
///
/// ```text
///          the client's hello          the server's
///  Opening ───────────────▶ Greeting ─────────────▶ Talking
///     ▲                        │                      ▲
///     ╰────────────────────────╯                      │ a query, where the beginning was not seen
///           an exception                        Unknown
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    Opening,
    Greeting,
    Talking,
    Unknown,
}

/// Whether the revision was told, or read from what a query looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    Told,
    Guessed,
}

/// What one side is in the middle of.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) at: At,
    reading: Option<Box<Reading>>,
}

/// A block that comes, and the frames that it comes in.
#[derive(Debug, Default)]
struct Reading {
    block: Block,
    frames: Frames,
}

/// What comes next.
#[derive(Debug, Default)]
pub(super) enum At {
    #[default]
    Packet,
    /// What a client says once it knows the revision.
    Addendum,
    /// The parameters behind a query.
    Parameters(Box<Exchange>),
    /// More of a block.
    Block(Of),
    /// Values of a type that is not read, and then a packet.
    Adrift,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Rows of the result.
    Rows(Packing),
    /// Rows that are inserted.
    Inserted(Packing),
    /// What else travels in a block: totals, extremes, what the server logs, tables that a query brings along.
    Aside(Packing),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Frames,
}

impl Of {
    fn packing(self) -> Packing {
        match self {
            Of::Rows(packing) | Of::Inserted(packing) | Of::Aside(packing) => packing,
        }
    }
}

impl Session for Clickhouse {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if speaker == Speaker::Server && self.revision == 0 && self.stand != Stand::Greeting {
            // What it says can be read once a query has told how.
            wire.skip(wire.rest().len() as u64);
            return if wire.taken() > 0 { Ok(Heard::Nothing) } else { Err(Stop::Short) };
        }
        match (speaker, std::mem::take(&mut self.side(speaker).at)) {
            (Speaker::Client, At::Packet) => self.asked(wire),
            (Speaker::Server, At::Packet) => self.answered(wire),
            (_, At::Block(of)) => self.block(speaker, of, wire),
            (_, At::Adrift) => self.drift(speaker, wire),
            (_, At::Addendum) => self.addendum(wire),
            (_, At::Parameters(exchange)) => self.parameters(exchange, wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        *self.side(speaker) = Side::default();
        match (speaker, self.stand) {
            (Speaker::Server, _) => self.is_awaited = false,
            (Speaker::Client, Stand::Opening | Stand::Greeting) => self.stand = Stand::Unknown,
            (Speaker::Client, Stand::Talking | Stand::Unknown) if self.inserts => {
                self.doubt = Some(Cause::Unfinished);
            }
            (Speaker::Client, Stand::Talking | Stand::Unknown) => {}
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        match speaker {
            Speaker::Client => seek(wire, 0..wire.len(), |bytes| self.is_request(bytes)),
            // Of an answer whose beginning was lost nothing is told; the next one begins behind the next request.
            Speaker::Server if !self.is_awaited => Sought::Behind(wire.len()),
            Speaker::Server => seek(wire, 0..wire.len(), answered::begins),
        }
    }
}

impl Clickhouse {
    pub(super) fn new(joined: Joined) -> Clickhouse {
        Clickhouse {
            stand: if joined == Joined::AtStart { Stand::Opening } else { Stand::Unknown },
            revision: 0,
            certainty: Certainty::Told,
            offered: 0,
            packed: false,
            inserts: false,
            progress: Progress::default(),
            doubt: None,
            is_awaited: joined == Joined::AtStart,
            client: Side::default(),
            server: Side::default(),
            identity: Arc::default(),
        }
    }

    pub(super) fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    /// Whether a request begins here from which on all can be read.
    fn is_request(&self, bytes: &[u8]) -> Chain {
        match bytes.first() {
            None => Chain::Open,
            Some(&asked::HELLO) => wire::begins(bytes).into(),
            Some(&asked::QUERY) => query::revision(bytes, self.revision).into(),
            Some(_) => Chain::Broken,
        }
    }

    /// Begins a block.
    pub(super) fn begin(&mut self, speaker: Speaker, of: Of, wire: &mut Reader<'_>) -> Read<Heard> {
        let keep = match (of, wire.answer()) {
            (Of::Rows(_) | Of::Inserted(_), Some(answer)) => SAMPLES.saturating_sub(answer.samples.len()),
            (Of::Aside(_), _) | (_, None) => 0,
        };
        let revision = self.revision;
        let reading = self.side(speaker).reading.get_or_insert_default();
        reading.block.begin(revision, keep);
        reading.frames.begin();
        self.block(speaker, of, wire)
    }

    /// Goes on with a block.
    fn block(&mut self, speaker: Speaker, of: Of, wire: &mut Reader<'_>) -> Read<Heard> {
        let Some(mut reading) = self.side(speaker).reading.take() else { return Ok(piece(speaker)) };
        let Reading { block, frames } = &mut *reading;
        let read = match of.packing() {
            Packing::Frames => frames.read(speaker, block, wire),
            Packing::Plain => {
                let mut content = Reader::new(wire.rest(), wire.position(), wire.ahead());
                let read = block.read(&mut content, wire);
                wire.skip(content.taken() as u64 + content.debt());
                read
            }
        };
        if read.is_ok() {
            self.blocked(of, &reading.block, wire);
            let is_lost = reading.block.stage() == Stage::Lost && of.packing() == Packing::Plain;
            self.side(speaker).at = if is_lost { At::Adrift } else { At::Packet };
        } else if wire::is_short(&read) {
            self.side(speaker).at = At::Block(of);
        }
        self.side(speaker).reading = Some(reading);
        match read {
            // It ended with bytes that were passed over before.
            Ok(()) if wire.taken() == 0 && wire.debt() == 0 => self.read(speaker, wire),
            Err(Stop::Short) if wire.taken() > 0 || wire.debt() > 0 => Ok(piece(speaker)),
            read => read.map(|()| piece(speaker)),
        }
    }

    /// Passes over values of a type that is not read.
    fn drift(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let bytes = wire.rest();
        let found = match speaker {
            Speaker::Client => block::seek(bytes, |number| number == asked::DATA),
            Speaker::Server => answered::seek(bytes),
        };
        match found {
            Ok(0) if speaker == Speaker::Client => self.asked(wire),
            Ok(0) => self.answered(wire),
            Ok(length) => {
                wire.skip(length as u64);
                Ok(piece(speaker))
            }
            Err(length) => {
                self.side(speaker).at = At::Adrift;
                wire.skip(length as u64);
                if length > 0 { Ok(piece(speaker)) } else { Err(Stop::Short) }
            }
        }
    }
}

/// What a packet is that is not the last of its side.
fn piece(speaker: Speaker) -> Heard {
    match speaker {
        Speaker::Client => Heard::Piece(Key::Turn),
        Speaker::Server => Heard::Part,
    }
}

/// A reader of bytes that may go on.
pub(super) fn ahead(bytes: &[u8]) -> Reader<'_> {
    Reader::new(bytes, 0, Ahead::Open)
}
