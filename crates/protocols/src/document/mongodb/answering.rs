//! An answer while it is being said.

use model::exchange::Request;

use crate::kit::eight;
use crate::kit::protocol::Read;
use crate::kit::reader::Reader;

use super::asked::VALUE;
use super::bson::{ARRAY, DOCUMENT, Head, Value, document_size};
use super::facts::Facts;
use super::rows::{self, ROW, SAMPLES};
use super::wire::{Code, Header};

/// The flag of an `OP_REPLY` to a cursor that is not there any more.
const NOT_FOUND: u32 = 1;
/// The flag of an `OP_REPLY` whose document says what went wrong.
const FAILED: u32 = 1 << 1;

/// The name of an element of an array has no more bytes, with the zero behind it.
const PLACE: usize = 11;
/// A document of nothing has so many bytes.
const EMPTY: usize = 5;

/// An answer that is being said.
#[derive(Debug)]
pub(super) struct Answering {
    /// Its own number.
    pub(super) id: u32,
    /// The number of the request.
    pub(super) key: u64,
    /// Bytes of its message that were not read, but for the checksum.
    pub(super) left: u64,
    /// Bytes of the checksum.
    pub(super) tail: u64,
    pub(super) place: Place,
    pub(super) more: More,
    pub(super) manner: Manner,
    code: Code,
    pub(super) facts: Facts,
}

/// What comes next in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The next section.
    Sections,
    /// The elements of the answer's document.
    Members,
    /// Those of the cursor in it.
    Cursor,
    /// The documents of its batch.
    Batch,
    /// The values of a `distinct`.
    Values,
    /// The documents of an `OP_REPLY`.
    Documents,
    /// What nobody needs.
    Rest,
}

/// Whether another message goes on with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    No,
    Yes,
}

/// What was asked, as far as the answer's form depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Documents, by an old message.
    Old,
    Greeting,
    Build,
    Login,
    /// Something was changed.
    Write,
    /// One document was changed, and comes back.
    Modify,
    Distinct,
    Other,
}

impl Manner {
    pub(super) fn of(request: &Request) -> Manner {
        if request.details.iter().any(|(name, _)| *name == "opcode") {
            return Manner::Old;
        }
        match &*request.operation {
            "hello" | "isMaster" | "ismaster" => Manner::Greeting,
            "buildInfo" | "buildinfo" => Manner::Build,
            "saslStart" | "saslContinue" | "authenticate" => Manner::Login,
            "insert" | "update" | "delete" | "bulkWrite" => Manner::Write,
            "findAndModify" | "findandmodify" => Manner::Modify,
            "distinct" => Manner::Distinct,
            _ => Manner::Other,
        }
    }
}

impl Answering {
    /// An answer of which nothing was said behind its header.
    pub(super) fn new(header: Header, key: u64, manner: Manner) -> Answering {
        Answering {
            id: header.id,
            key,
            left: 0,
            tail: 0,
            place: Place::Sections,
            more: More::No,
            manner,
            code: header.code,
            facts: Facts::default(),
        }
    }

    /// What an `OP_REPLY` says before its documents.
    pub(super) fn reply(&mut self, is_exhaust: bool, from: &mut Reader<'_>) -> Read<()> {
        let flags = from.le32()?;
        let cursor = i64::from_le_bytes(from.array()?);
        let _first = from.le32()?;
        let count = from.le32()?;
        if self.manner == Manner::Old && flags & (NOT_FOUND | FAILED) == 0 {
            self.facts.cursor = cursor;
            self.begin_rows(Place::Documents);
        } else if count == 0 {
            self.place = Place::Rest;
        } else {
            document_size(from)?;
            from.take(4)?;
            self.place = Place::Members;
        }
        if flags & NOT_FOUND != 0 {
            self.facts.miss_cursor();
        }
        if is_exhaust && cursor != 0 {
            self.more = More::Yes;
        }
        Ok(())
    }

    /// Reads the head of the next section of an `OP_MSG`.
    pub(super) fn section(&mut self, from: &mut Reader<'_>) -> Read<()> {
        match from.u8()? {
            0 => {
                document_size(from)?;
                from.take(4)?;
                self.place = Place::Members;
            }
            1 => {
                let size = from.le32()?;
                from.skip(u64::from(size).saturating_sub(4));
            }
            _ => return Err(from.broken("a section of an answer has a kind that nobody knows")),
        }
        Ok(())
    }

    /// What comes behind the end of a document or array.
    pub(super) fn behind(&mut self) -> Place {
        match self.place {
            Place::Batch => {
                self.facts.end_rows();
                Place::Cursor
            }
            Place::Values => {
                self.facts.end_rows();
                Place::Members
            }
            Place::Cursor => Place::Members,
            Place::Members if self.code != Code::Reply => Place::Sections,
            Place::Members | Place::Sections | Place::Documents | Place::Rest => Place::Rest,
        }
    }

    /// What was lost of the message has the rest of it.
    pub(super) fn cut(&mut self) {
        self.facts.lose_rows();
    }

    /// Documents or values follow, which are rows.
    pub(super) fn begin_rows(&mut self, place: Place) {
        self.facts.begin_rows();
        self.place = place;
    }

    /// A document of an `OP_REPLY`.
    pub(super) fn document(&mut self, from: &mut Reader<'_>, wire: &mut Reader<'_>) -> Read<()> {
        let size = document_size(from)?;
        self.row(Head { kind: DOCUMENT, name: b"", size }, from, wire)?;
        if self.left == size {
            self.facts.end_rows();
        }
        Ok(())
    }

    /// An element of the answer's cursor.
    pub(super) fn of_cursor(&mut self, head: Head<'_>, from: &mut Reader<'_>) -> Read<()> {
        match (head.name, head.kind) {
            (b"firstBatch" | b"nextBatch", ARRAY) => {
                from.take(4)?;
                self.begin_rows(Place::Batch);
            }
            _ => {
                let value = Value { kind: head.kind, bytes: from.sample(head.size, VALUE)?.bytes };
                if head.name == b"id" {
                    self.facts.cursor = value.number().unwrap_or_default();
                }
            }
        }
        Ok(())
    }

    /// A document that is a row.
    #[inline]
    pub(super) fn row(&mut self, head: Head<'_>, from: &mut Reader<'_>, wire: &mut Reader<'_>) -> Read<()> {
        if head.kind == DOCUMENT && self.facts.samples < SAMPLES {
            rows::add(from.sample(head.size, ROW)?.bytes, self.key, wire);
            self.facts.samples += 1;
        } else {
            from.skip(head.size);
        }
        self.facts.count_row();
        Ok(())
    }

    /// Passes over the documents of a batch that are behind the samples, as far as they are there.
    #[inline]
    pub(super) fn pass_rows(&mut self, from: &mut Reader<'_>) {
        if self.place != Place::Batch || self.facts.samples < SAMPLES {
            return;
        }
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let begin = from.rest().get(..left).unwrap_or(from.rest());
        let mut rest = begin;
        while let Some(behind) = behind_row(rest) {
            self.facts.count_row();
            rest = behind;
        }
        let passed = (begin.len() - rest.len()) as u64;
        self.left -= passed;
        from.skip(passed);
    }

    /// A value of a `distinct`, which is a row of one column.
    pub(super) fn value(&mut self, head: Head<'_>, from: &mut Reader<'_>, wire: &mut Reader<'_>) -> Read<()> {
        let value = Value { kind: head.kind, bytes: from.sample(head.size, ROW)?.bytes };
        rows::add_value(value, self.key, wire);
        self.facts.count_row();
        Ok(())
    }
}

/// What is behind the element that `bytes` begin with, if that is a document in an array and all of it is there.
#[inline(always)]
fn behind_row(bytes: &[u8]) -> Option<&[u8]> {
    let (DOCUMENT, named) = bytes.split_first().map(|(kind, rest)| (*kind, rest))? else { return None };
    // The name of an element is its place.
    let end = eight::find(0, named.get(..PLACE).unwrap_or(named))?;
    let document = named.get(end + 1..)?;
    let size = u32::from_le_bytes(*document.first_chunk()?);
    document.get(usize::try_from(size).ok().filter(|size| *size >= EMPTY)?..)
}
