//! The shape of rows, and of what is bound to a statement (native_protocol_v5.spec 4.2.5.2 and 4.2.5.4).

use std::sync::Arc;

use model::exchange::{Column, Text};
use model::row::Row;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::{lossy, utf8};

use super::types::{self, Kind};
use super::values;
use super::wire::{bytes, short_bytes, string};

/// More columns are an attack: a table has at most a few thousand.
const COLUMNS: u32 = 8192;
/// Longer descriptions are not shared: they are rare, and their number is bounded where they are kept.
const SHARED: usize = 16 << 10;

/// The flags of a description.
const GLOBAL: u32 = 1;
const MORE: u32 = 1 << 1;
const LEFT_OUT: u32 = 1 << 2;
const CHANGED: u32 = 1 << 3;

/// Columns, or what is bound.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// As records show them.
    pub(super) columns: Arc<[Column]>,
    kinds: Box<[Kind]>,
    /// `keyspace.table` where all are of one.
    pub(super) table: Option<Text>,
    scope: Scope,
    /// What it was read from.
    said: Box<[u8]>,
}

/// Whether all columns are of one table, which is said once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Scope {
    All,
    #[default]
    Each,
}

/// What is said before rows.
#[derive(Debug)]
pub(super) struct Described {
    /// `None` where the client said that it knows.
    pub(super) shape: Option<Arc<Shape>>,
    pub(super) pages: Pages,
    pub(super) width: u32,
    /// Whether the shape is another than the one that was told when the statement was prepared.
    pub(super) is_news: bool,
}

/// Whether more rows may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    Last,
    More,
}

/// Whether a description is of rows or of what is bound; of the latter, version 4 says which make up the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Rows,
    Bound,
    /// As version 3 says it.
    OldBound,
}

/// Reads `<metadata>`; sessions that ask the same share its shape.
pub(super) fn described(of: Of, body: &mut Reader<'_>, wire: &mut Reader<'_>) -> Read<Described> {
    let flags = body.be32()?;
    let width = body.be32()?;
    if width > COLUMNS {
        return Err(body.broken("a result has too many columns"));
    }
    if of == Of::Bound {
        let keys = body.be32()?;
        for _ in 0..keys {
            body.be16()?;
        }
    }
    if flags & MORE != 0 {
        bytes(body)?;
    }
    let is_news = flags & CHANGED != 0;
    if is_news {
        short_bytes(body)?;
    }
    let pages = if flags & MORE == 0 { Pages::Last } else { Pages::More };
    if flags & LEFT_OUT != 0 {
        return Ok(Described { shape: None, pages, width, is_news });
    }
    let scope = if flags & GLOBAL == 0 { Scope::Each } else { Scope::All };
    let mut ahead = Reader::new(body.rest(), 0, body.ahead());
    pass(scope, width, &mut ahead)?;
    let said = body.take(ahead.taken())?;
    let shape = if said.len() > SHARED {
        Arc::new(Shape::read(scope, width, said)?)
    } else {
        let is = |known: &Shape| known.scope == scope && *known.said == *said;
        wire.recall(said, is, || Shape::read(scope, width, said))?
    };
    Ok(Described { shape: Some(shape), pages, width, is_news })
}

/// Passes over the columns.
fn pass(scope: Scope, width: u32, wire: &mut Reader<'_>) -> Read<()> {
    if scope == Scope::All {
        string(wire)?;
        string(wire)?;
    }
    for _ in 0..width {
        if scope == Scope::Each {
            string(wire)?;
            string(wire)?;
        }
        string(wire)?;
        types::pass(wire)?;
    }
    Ok(())
}

impl Shape {
    fn read(scope: Scope, width: u32, said: &[u8]) -> Read<Shape> {
        let mut wire = Reader::new(said, 0, Ahead::End);
        let mut table = match scope {
            Scope::All if width > 0 => Some(table(&mut wire)?),
            Scope::All | Scope::Each => None,
        };
        let (mut columns, mut kinds) = (Vec::new(), Vec::new());
        for _ in 0..width {
            let of = match &table {
                Some(table) if scope == Scope::All => Text::clone(table),
                _ => self::table(&mut wire)?,
            };
            let name = Text::from(lossy(string(&mut wire)?));
            let (kind, read) = types::read(&mut wire)?;
            columns.push(Column { name, kind, table: Some(of), origin: None });
            kinds.push(read);
        }
        // Of what is bound, each says its table alone, and all say the same.
        let first = columns.first().and_then(|column| column.table.clone());
        if columns.iter().all(|column| column.table == first) {
            table = first;
        }
        Ok(Shape { columns: columns.into(), kinds: kinds.into(), table, scope, said: said.into() })
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.kinds.len()
    }

    /// Writes the value of a column; without a shape, or beyond it, nobody knows what it is.
    pub(super) fn push(shape: Option<&Arc<Shape>>, at: usize, value: &[u8], row: &mut Row) {
        match shape.and_then(|shape| shape.kinds.get(at)) {
            Some(Kind::Text) => match utf8(value).filter(|text| text.len() <= values::CELL) {
                Some(text) => row.push(text),
                None => row.push_with(|out| values::write(out, &Kind::Text, value)),
            },
            Some(kind) => row.push_with(|out| values::write(out, kind, value)),
            None => row.push_with(|out| values::untyped(out, value)),
        }
    }
}

/// `keyspace.table`.
fn table(wire: &mut Reader<'_>) -> Read<Text> {
    let (keyspace, table) = (string(wire)?, string(wire)?);
    Ok(format!("{}.{}", lossy(keyspace), lossy(table)).into())
}
