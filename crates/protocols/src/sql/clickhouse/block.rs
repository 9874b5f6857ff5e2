//! Blocks: how many columns and rows there are, then each column with its name, its type and its values
//! (<https://clickhouse.com/docs/en/native-protocol/columns>, `src/Formats/NativeReader.cpp`).

use std::convert::Infallible;
use std::sync::Arc;

use model::exchange::{Column, Text};
use model::row::{Row, Rows};

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;

use super::column::Walk;
use super::types::{Manner, Type};
use super::wire::{since, text, varint, whole};

/// So many rows of a result, or of what is inserted, are kept for inspection.
pub(super) const SAMPLES: usize = 5;
/// So many bytes of them; the values behind are not told.
const ROOM: usize = 256 << 10;
/// More columns are an attack: a table has at most a few thousand.
const COLUMNS: u64 = 16 << 10;
/// More rows are one too.
const ROWS: u64 = 1 << 40;
/// Longer names of types are not shared: they are rare, and their number is bounded where they are kept.
const SHARED: usize = 1 << 10;
/// A column whose values are written sparsely.
const SPARSE: u8 = 1;

/// A block that is being read.
#[derive(Debug, Default)]
pub(super) struct Block {
    stage: Stage,
    revision: u64,
    width: u64,
    /// How many rows it has; `None` until it says so.
    pub(super) rows: Option<u64>,
    /// The first of them, so many.
    keep: usize,
    walk: Walk,
    /// Their values, column by column.
    cells: Row,
    shape: Shape,
    /// The type that nobody can read here, and its column's name.
    pub(super) unread: Option<Text>,
}

/// Where a block stands.
///
/// ```text
///          its size            a name and a type         its values end
///  Opening ────────▶ Between ─────────────────▶ Values ────────────────╮
///                     ▲   │                       │                    │
///                     │   │ no more columns       │ a type that is     │
///                     │   ▼                       ▼ not read           │
///                     │  Done                    Lost                  │
///                     ╰────────────────────────────────────────────────╯
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Opening,
    Between,
    Values,
    Done,
    Lost,
}

/// The columns that a block has, as far as they were read.
///
/// They are mostly those of the block before, which are not written down again.
#[derive(Debug, Default)]
pub(super) struct Shape {
    known: Option<Arc<[Column]>>,
    /// So many are as those.
    same: usize,
    /// All of them, from the first on that is not.
    other: Option<Vec<Column>>,
}

impl Shape {
    fn begin(&mut self) {
        (self.same, self.other) = (0, None);
    }

    fn add(&mut self, name: &[u8], kind: &[u8]) {
        let known = self.known.as_deref().unwrap_or_default();
        let is_same = |known: &Column| known.name.as_bytes() == name && known.kind.as_bytes() == kind;
        if self.other.is_none() && known.get(self.same).is_some_and(is_same) {
            self.same += 1;
            return;
        }
        let before = known.get(..self.same).unwrap_or_default();
        let columns = self.other.get_or_insert_with(|| before.to_vec());
        let kind = lossy(kind).into_owned().into();
        columns.push(Column { name: lossy(name).into(), kind, table: None, origin: None });
    }

    /// All that were read, which are those of the next block too.
    fn end(&mut self) {
        let known = self.known.as_deref().unwrap_or_default();
        if self.other.is_none() && self.same < known.len() {
            self.other = known.get(..self.same).map(<[_]>::to_vec);
        }
        if let Some(columns) = self.other.take() {
            self.known = Some(columns.into());
        }
    }
}

impl Block {
    /// Begins a block, of whose rows the first are kept.
    pub(super) fn begin(&mut self, revision: u64, keep: usize) {
        (self.stage, self.revision, self.keep) = (Stage::Opening, revision, keep);
        (self.width, self.rows, self.unread) = (0, None, None);
        self.cells.clear();
        self.shape.begin();
    }

    /// Where it stands.
    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether values of it are kept.
    pub(super) fn keeps(&self) -> bool {
        self.keep > 0
    }

    /// Goes on reading until the block ends, or nobody knows where it does: `wire` is whom the sessions share things with.
    ///
    /// # Errors
    /// `Short` where its bytes end: what was taken so far was read.
    pub(super) fn read(&mut self, content: &mut Reader<'_>, wire: &mut Reader<'_>) -> Read<()> {
        loop {
            match self.stage {
                Stage::Opening => self.open(content)?,
                Stage::Between if self.width == 0 => {
                    self.shape.end();
                    self.stage = Stage::Done;
                }
                Stage::Between => self.describe(content, wire)?,
                Stage::Values => {
                    self.walk.walk(content)?;
                    self.tell();
                    (self.stage, self.width) = (Stage::Between, self.width - 1);
                }
                Stage::Done | Stage::Lost => return Ok(()),
            }
        }
    }

    fn open(&mut self, content: &mut Reader<'_>) -> Read<()> {
        let revision = self.revision;
        let (width, rows) = whole(content, |wire| {
            if revision >= since::BLOCK_INFO {
                fields(wire)?;
            }
            Ok((varint(wire)?, varint(wire)?))
        })?;
        if width > COLUMNS || rows > ROWS {
            return Err(content.broken("a block is larger than any"));
        }
        (self.width, self.rows, self.stage) = (width, Some(rows), Stage::Between);
        self.keep = self.keep.min(usize::try_from(rows).unwrap_or(usize::MAX));
        Ok(())
    }

    /// A column's name and type.
    fn describe(&mut self, content: &mut Reader<'_>, wire: &mut Reader<'_>) -> Read<()> {
        let custom = self.revision >= since::CUSTOM;
        let (name, kind, manner) = whole(content, |wire| {
            let (name, kind) = (text(wire)?, text(wire)?);
            let is_custom = custom && wire.u8()? != 0;
            Ok((name, kind, if is_custom { manner(wire, kind)? } else { Some(Manner::Dense) }))
        })?;
        self.shape.add(name, kind);
        let of = match manner {
            Some(manner) => known(kind, manner, wire),
            None => Arc::new(Type::read(b"", Manner::Dense)),
        };
        let rows = self.rows.unwrap_or_default();
        if rows > 0 && !of.is_known {
            self.unread = Some(Text::from(format!("{} {}", lossy(name), lossy(kind))));
            self.shape.end();
            self.stage = Stage::Lost;
            return Ok(());
        }
        self.walk.begin(of, rows, self.keep);
        self.stage = Stage::Values;
        Ok(())
    }

    /// Keeps the first values of the column that was walked.
    fn tell(&mut self) {
        for row in 0..self.keep {
            if self.cells.size() > ROOM {
                self.cells.push_null();
            } else {
                self.walk.tell(row, &mut self.cells);
            }
        }
    }

    /// The columns that were read; `None` where there are none.
    pub(super) fn columns(&self) -> Option<&Arc<[Column]>> {
        self.shape.known.as_ref().filter(|columns| !columns.is_empty())
    }

    /// Adds the rows that were kept.
    pub(super) fn add_rows(&self, rows: &mut Rows) {
        if self.keep == 0 || self.cells.is_empty() {
            return;
        }
        let cells: Vec<_> = self.cells.iter().collect();
        for row in 0..self.keep {
            rows.add(0, |out| {
                for cell in cells.iter().skip(row).step_by(self.keep) {
                    match cell {
                        Some(text) => out.push(text),
                        None => out.push_null(),
                    }
                }
            });
        }
    }
}

/// What is said of a block before its size, field by field.
fn fields(wire: &mut Reader<'_>) -> Read<()> {
    loop {
        match varint(wire)? {
            0 => return Ok(()),
            // Whether these are the rows that a limit of groups left over.
            1 => _ = wire.u8()?,
            // In which part of an aggregation it belongs, and which parts come out of their order.
            2 => _ = wire.le32()?,
            3 => {
                for _ in 0..varint(wire)? {
                    wire.le32()?;
                }
            }
            _ => return Err(wire.broken("a block says what no block says")),
        }
    }
}

/// How a column's values are written; `None` where that is not read.
fn manner(wire: &mut Reader<'_>, kind: &[u8]) -> Read<Option<Manner>> {
    let kinds = if kind.starts_with(b"Tuple(") {
        // Each element says its own behind the tuple's.
        let of = Type::read(kind, Manner::Dense);
        let nested = of.nodes.len();
        wire.take(1 + of.parts(0).count().min(nested))?
    } else {
        wire.take(1)?
    };
    Ok(match kinds {
        [SPARSE] => Some(Manner::Sparse),
        kinds if kinds.iter().all(|kind| *kind == 0) => Some(Manner::Dense),
        _ => None,
    })
}

/// What a type is; sessions share it.
fn known(said: &[u8], manner: Manner, wire: &mut Reader<'_>) -> Arc<Type> {
    if said.len() > SHARED {
        return Arc::new(Type::read(said, manner));
    }
    let is = |known: &Type| known.manner == manner && *known.said == *said;
    let Ok(of) = wire.recall(said, is, || Ok::<_, Infallible>(Type::read(said, manner)));
    of
}

/// What every block of both sides begins with from revision 51903 on, behind the packet's number and the name of a table that
/// is none: that it is no rest of a limit, and belongs in no part of an aggregation.
pub(super) const BEGIN: [u8; 9] = [0, 1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0];

/// Where the next packet with such a block begins, or the last bytes that may be its beginning.
pub(super) fn seek(bytes: &[u8], is_packet: impl Fn(u8) -> bool) -> Result<usize, usize> {
    for at in memchr::memmem::find_iter(bytes, &BEGIN) {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        if before.is_some_and(|number| is_packet(*number)) {
            return Ok(at - 1);
        }
    }
    Err(bytes.len().saturating_sub(BEGIN.len()))
}

/// A reader of bytes that were unpacked.
pub(super) fn unpacked(bytes: &[u8]) -> Reader<'_> {
    Reader::new(bytes, 0, Ahead::Open)
}
