//! What a server says.

use model::conn::Speaker;
use model::details::Detail;
use model::exchange::{Failure, Identity, Outcome, Text};

use crate::kit::chain::Chain;
use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::Reader;

use super::block::{self, BEGIN, Block};
use super::frames;
use super::session::{At, Certainty, Clickhouse, Of, Packing, Stand, ahead};
use super::values::brief;
use super::wire::{Welcome, exception, since, text, varint, whole};

pub(super) const HELLO: u8 = 0;
const DATA: u8 = 1;
pub(super) const EXCEPTION: u8 = 2;
const PROGRESS: u8 = 3;
const PONG: u8 = 4;
const END: u8 = 5;
const PROFILE: u8 = 6;
const TOTALS: u8 = 7;
const EXTREMES: u8 = 8;
const TABLES: u8 = 9;
const LOG: u8 = 10;
const COLUMNS: u8 = 11;
const PARTS: u8 = 12;
const READ_TASK: u8 = 13;
const EVENTS: u8 = 14;
const TIME_ZONE: u8 = 17;
const CHALLENGE: u8 = 18;

/// So many bytes of an error's message are told.
const MESSAGE: usize = 1 << 10;
/// Errors that were caused by others more deeply than this are an attack.
const CAUSES: usize = 16;
/// The highest code of an error.
const CODES: i32 = 2_000;
/// What the names of errors begin with, and the bytes of an error before it: its packet's number, its code, a length.
const SPACE: &[u8] = b"DB::";
const ERROR: usize = 6;
/// So many bytes hold the beginning of an error.
const TAIL: usize = 64;

/// What the server did for a query, as its packets say it piece by piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    read_rows: u64,
    read_bytes: u64,
    written_rows: u64,
    /// Rows before a limit cut them off.
    before_limit: Option<u64>,
}

impl Clickhouse {
    /// Reads a packet of the server.
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let [number] = *wire.peek(1)? else { return Err(wire.broken("no packet")) };
        let revision = self.revision;
        match number {
            HELLO if self.stand == Stand::Greeting => self.welcome(wire),
            DATA if !self.inserts => self.rows(Of::Rows(self.packing()), wire),
            DATA | TOTALS | EXTREMES => self.rows(Of::Aside(self.packing()), wire),
            LOG | EVENTS if revision < since::PACKED_EVENTS => self.rows(Of::Aside(Packing::Plain), wire),
            LOG | EVENTS => self.rows(Of::Aside(self.packing()), wire),
            EXCEPTION => self.exception(wire),
            PROGRESS => self.progressed(wire),
            PROFILE => {
                let before = whole(wire, |wire| profile(wire, revision))?;
                self.progress.before_limit = before.or(self.progress.before_limit);
                Ok(Heard::Part)
            }
            PONG => {
                wire.take(1)?;
                // It proves that what was asked before is answered, where bytes were lost.
                Ok(if wire.asked().is_none() { Heard::Response(Key::Turn) } else { Heard::Nothing })
            }
            END => {
                wire.take(1)?;
                self.tell_progress(wire);
                Ok(self.done(wire))
            }
            TABLES => {
                whole(wire, |wire| tables(wire, revision))?;
                Ok(self.done(wire))
            }
            COLUMNS => texts(wire, 2),
            TIME_ZONE | CHALLENGE => texts(wire, 1),
            READ_TASK => texts(wire, 0),
            PARTS => whole(wire, |wire| {
                wire.take(1)?;
                let count = varint(wire)?;
                wire.skip(count.min(1 << 20) * 16);
                Ok(Heard::Part)
            }),
            _ => Err(wire.broken("a server says what no server says")),
        }
    }

    fn packing(&self) -> Packing {
        if self.packed { Packing::Frames } else { Packing::Plain }
    }

    fn welcome(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut packet = ahead(wire.rest());
        packet.take(1)?;
        let welcome = Welcome::read(&mut packet, self.offered)?;
        let [major, minor, speaks] = welcome.version;
        let version = Some(Text::from(format!("{major}.{minor}.{}", welcome.patch)));
        if self.identity.version != version {
            self.identity = wire.share(Identity { version, ..Identity::clone(&self.identity) });
            return Ok(Heard::Identity(self.identity.clone()));
        }
        wire.take(packet.taken())?;
        if welcome.insists {
            return Err(Stop::Over);
        }
        (self.stand, self.revision) = (Stand::Talking, speaks.min(self.offered));
        if self.revision >= since::ADDENDUM {
            self.client.at = At::Addendum;
        }
        Ok(self.done(wire))
    }

    /// The exchange under way is answered.
    fn done(&mut self, wire: &mut Reader<'_>) -> Heard {
        if let Some(exchange) = wire.exchange() {
            let answer = &mut exchange.response;
            if let Some(cause) = self.doubt.take() {
                // How many rows were inserted, nobody can say.
                answer.affected = None;
                exchange.completeness.cause.get_or_insert(cause);
            }
            answer.outcome = if answer.failure.is_some() { Outcome::Error } else { Outcome::Ok };
        }
        Heard::Response(Key::Turn)
    }

    fn rows(&mut self, of: Of, wire: &mut Reader<'_>) -> Read<Heard> {
        whole(wire, |wire| {
            wire.take(1)?;
            text(wire)
        })?;
        self.begin(Speaker::Server, of, wire)
    }

    fn progressed(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.certainty == Certainty::Guessed {
            self.revision = spoken(wire.rest(), self.revision, self.packing())?;
        }
        let revision = self.revision;
        let [rows, bytes, written] = whole(wire, |wire| progress(wire, revision))?;
        let so_far = &mut self.progress;
        so_far.read_rows = so_far.read_rows.saturating_add(rows);
        so_far.read_bytes = so_far.read_bytes.saturating_add(bytes);
        so_far.written_rows = so_far.written_rows.saturating_add(written);
        Ok(Heard::Part)
    }

    fn tell_progress(&mut self, wire: &mut Reader<'_>) {
        let progress = std::mem::take(&mut self.progress);
        let Some(answer) = wire.answer() else { return };
        let mut add = |name, count: u64| {
            if count > 0 {
                answer.details.push((name, Detail::Number(i64::try_from(count).unwrap_or(i64::MAX))));
            }
        };
        add("read_rows", progress.read_rows);
        add("read_bytes", progress.read_bytes);
        add("rows_before_limit", progress.before_limit.unwrap_or_default());
        if self.inserts && answer.affected.is_none() && progress.written_rows > 0 {
            answer.affected = Some(progress.written_rows);
        }
    }

    /// An error, and those that caused it.
    fn exception(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let (failure, causes) = whole(wire, |wire| {
            wire.take(1)?;
            let (first, mut more) = failure(wire)?;
            let mut causes = Vec::new();
            while more {
                if causes.len() >= CAUSES {
                    return Err(wire.broken("too many errors in each other"));
                }
                let (cause, again) = failure(wire)?;
                causes.push(cause);
                more = again;
            }
            Ok((first, causes))
        })?;
        if self.stand == Stand::Greeting {
            self.stand = Stand::Opening;
        }
        self.progress = Progress::default();
        if let Some(answer) = wire.answer() {
            for cause in causes {
                let told = format!("{}: {}", cause.code, cause.message);
                answer.details.push(("caused_by", Detail::Text(told.into())));
            }
            answer.failure = Some(Box::new(failure));
        }
        Ok(self.done(wire))
    }

    /// A block was read as far as it can be.
    pub(super) fn blocked(&self, of: Of, block: &Block, wire: &mut Reader<'_>) {
        let (Some(answer), Some(rows)) = (wire.answer(), block.rows) else { return };
        match of {
            Of::Aside(_) => return,
            Of::Rows(_) => answer.rows = Some(answer.rows.unwrap_or_default().saturating_add(rows)),
            // The empty one says that there are no more.
            Of::Inserted(_) if rows == 0 && answer.affected.is_none() => return,
            Of::Inserted(_) => {
                answer.affected = Some(answer.affected.unwrap_or_default().saturating_add(rows));
            }
        }
        if let Some(columns) = block.columns().filter(|_| answer.columns.is_none()) {
            answer.share_columns(columns);
        }
        block.add_rows(&mut answer.samples);
        if let Some(unread) = &block.unread {
            answer.details.forget("unread");
            answer.details.push(("unread", Detail::Text(unread.clone())));
        }
    }
}

/// A packet of so many texts.
fn texts(wire: &mut Reader<'_>, count: usize) -> Read<Heard> {
    whole(wire, |wire| {
        wire.take(1)?;
        for _ in 0..count {
            text(wire)?;
        }
        Ok(Heard::Part)
    })
}

/// One error, and whether another caused it.
fn failure(wire: &mut Reader<'_>) -> Read<(Failure, bool)> {
    let (code, _) = exception(wire)?;
    let message = text(wire)?;
    // The stack.
    text(wire)?;
    let more = wire.u8()? != 0;
    Ok((Failure { code: code.to_string().into(), message: brief(message, MESSAGE).into() }, more))
}

/// Rows and bytes that were read, rows that were written.
fn progress(wire: &mut Reader<'_>, revision: u64) -> Read<[u64; 3]> {
    wire.take(1)?;
    let (rows, bytes) = (varint(wire)?, varint(wire)?);
    for from in [since::TOTAL_ROWS, since::TOTAL_BYTES] {
        if revision >= from {
            varint(wire)?;
        }
    }
    let mut written = 0;
    if revision >= since::WRITTEN {
        written = varint(wire)?;
        varint(wire)?;
    }
    if revision >= since::ELAPSED {
        varint(wire)?;
    }
    Ok([rows, bytes, written])
}

/// The revision that a server speaks of which this is all that is known, at most `most`: behind its progress must come a
/// packet.
fn spoken(bytes: &[u8], most: u64, packing: Packing) -> Read<u64> {
    let fits = |revision: u64| {
        let mut wire = ahead(bytes);
        progress(&mut wire, revision)?;
        Ok(match *wire.rest() {
            [] => true,
            [DATA | TOTALS | EXTREMES, ref behind @ ..] if packing == Packing::Frames => {
                frames::begins(behind)
            }
            [DATA | TOTALS | EXTREMES | LOG | EVENTS, ref behind @ ..] => {
                let there = behind.len().min(BEGIN.len());
                behind.get(..there) == BEGIN.get(..there)
            }
            [number, ..] => matches!(number, EXCEPTION | PROGRESS | END | PROFILE | TIME_ZONE),
        })
    };
    let lower = [since::TOTAL_BYTES, since::ELAPSED, since::WRITTEN].map(|from| from - 1);
    for revision in [most].into_iter().chain(lower.into_iter().filter(|lower| *lower < most)) {
        if fits(revision) == Ok(true) {
            return Ok(revision);
        }
    }
    // Of none is all there, or none fits.
    fits(most).map(|_| most)
}

/// How a result came about: the rows before a limit, where the server counted them.
fn profile(wire: &mut Reader<'_>, revision: u64) -> Read<Option<u64>> {
    wire.take(1)?;
    for _ in 0..3 {
        varint(wire)?;
    }
    let has_limit = wire.u8()? != 0;
    let before = varint(wire)?;
    wire.u8()?;
    if revision >= since::AGGREGATION {
        wire.u8()?;
        varint(wire)?;
    }
    Ok(Some(before).filter(|_| has_limit))
}

/// How tables are: whether each is a replica, and how far behind.
fn tables(wire: &mut Reader<'_>, revision: u64) -> Read<()> {
    wire.take(1)?;
    for _ in 0..varint(wire)? {
        text(wire)?;
        text(wire)?;
        if wire.u8()? != 0 {
            varint(wire)?;
            if revision >= since::READ_ONLY {
                varint(wire)?;
            }
        }
    }
    Ok(())
}

/// Whether an answer may begin here.
pub(super) fn begins(bytes: &[u8]) -> Chain {
    let mut wire = ahead(bytes);
    match *bytes {
        [] => Chain::Open,
        [EXCEPTION, ..] => wire.take(1).and_then(|_| exception(&mut wire)).into(),
        [DATA | TOTALS | EXTREMES | LOG | EVENTS] => Chain::Open,
        [DATA | TOTALS | EXTREMES | LOG | EVENTS, 0, ..] => Chain::Sound,
        [HELLO | PROGRESS..=PROFILE | TABLES | COLUMNS..=READ_TASK | TIME_ZONE, ..] => Chain::Sound,
        _ => Chain::Broken,
    }
}

/// Where the next packet begins behind values that are not read, or the last bytes that may be its beginning: a block says
/// so itself, and so does an error. Behind the rows of a result comes an empty block, or one of what the server counted.
pub(super) fn seek(bytes: &[u8]) -> Result<usize, usize> {
    let is_block = |number| matches!(number, DATA | TOTALS | EXTREMES | LOG | EVENTS);
    let found = block::seek(bytes, is_block);
    let before = bytes.get(..found.unwrap_or(bytes.len())).unwrap_or_default();
    let error = memchr::memmem::find_iter(before, SPACE).find_map(|at| {
        let begin = at.checked_sub(ERROR)?;
        let mut wire = ahead(bytes.get(begin..)?);
        let is_error = wire.u8() == Ok(EXCEPTION)
            && exception(&mut wire).is_ok_and(|(code, _)| (1..CODES).contains(&code));
        is_error.then_some(begin)
    });
    // A name that is cut off comes again.
    let kept = bytes.len().saturating_sub(TAIL);
    error.map_or(found.map_err(|open| open.min(kept)), Ok)
}
