//! The shape of rows: their columns as records show them, and the types that their cells are read by.

use std::borrow::Cow;
use std::sync::Arc;

use model::exchange::{Column, Response, Text};
use model::row::Row;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;
use crate::sql::digits;

use super::types::Kind;
use super::values::{self, Value};
use super::wire::{self, counted, number, value};

/// A table has at most 4,096 columns, and so has a result.
pub(super) const COLUMNS: usize = 4096;
/// A longer description of columns is not kept: four thousand of them, with names of twenty letters.
pub(super) const DESCRIPTION: usize = 512 << 10;
/// Longer descriptions are not shared: they are rare, and their number is bounded where they are kept.
const SHARED: usize = 16 << 10;
/// So many bytes of a cell are kept in a sample.
pub(super) const CELL: usize = 1 << 10;
/// What stands behind the names: a length, a character set, a longest value, a type, flags, decimals, room.
const FIXED: usize = 13;

/// The columns of a result.
#[derive(Debug)]
pub(super) struct Shape {
    /// As records show them.
    columns: Arc<[Column]>,
    kinds: Box<[Kind]>,
    /// The packets that it was read from.
    said: Box<[u8]>,
}

/// In which form the cells of a row come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    #[default]
    Text,
    Binary,
}

/// The shape that these packets describe; sessions that ask the same share it.
pub(super) fn read(said: &[u8], wire: &mut Reader<'_>) -> Read<Arc<Shape>> {
    if said.len() > SHARED {
        return Shape::read(said).map(Arc::new);
    }
    wire.recall(said, |known: &Shape| *known.said == *said, || Shape::read(said))
}

impl Shape {
    /// The packets that it was read from.
    #[inline]
    pub(super) fn said(&self) -> &[u8] {
        &self.said
    }

    /// How many columns there are.
    #[inline]
    pub(super) fn width(&self) -> usize {
        self.kinds.len()
    }

    /// Shows the columns in a response, unless it shows others.
    #[inline]
    pub(super) fn show(&self, response: Option<&mut Response>) {
        if let Some(response) = response
            && response.columns.is_none()
        {
            response.share_columns(&self.columns);
        }
    }

    fn read(said: &[u8]) -> Read<Shape> {
        let (mut columns, mut kinds) = (Vec::new(), Vec::new());
        let mut rest = said;
        while let Some((_, body, behind)) = wire::whole(rest) {
            let (column, kind) = column(&mut Reader::new(body, 0, Ahead::End))?;
            columns.push(column);
            kinds.push(kind);
            rest = behind;
        }
        Ok(Shape { columns: columns.into(), kinds: kinds.into(), said: said.into() })
    }
}

/// Reads a "Protocol::ColumnDefinition41".
fn column(wire: &mut Reader<'_>) -> Read<(Column, Kind)> {
    if counted(wire)? != b"def" {
        return Err(wire.broken("a column is in no catalog"));
    }
    let _schema = counted(wire)?;
    let alias = counted(wire)?;
    let table = counted(wire)?;
    let name = counted(wire)?;
    let _original = counted(wire)?;
    let extended = match wire.rest() {
        [] => None,
        rest if rest.len() == FIXED => None,
        // COM_FIELD_LIST says what a column holds if nothing is said.
        [0x0c, rest @ ..] if rest.len() >= FIXED && rest.get(10..12) == Some(&[0, 0]) => None,
        _ => own_name(counted(wire)?),
    };
    wire.u8()?;
    let charset = wire.le16()?;
    let _longest = wire.le32()?;
    let number = wire.u8()?;
    let kind = Kind::of_column(number, charset, wire.le16()?);
    let table = Some(if table.is_empty() { alias } else { table }).filter(|table| !table.is_empty());
    let column = Column {
        name: Text::from(lossy(name)),
        kind: extended.unwrap_or_else(|| kind.name()),
        table: table.map(|table| Text::from(lossy(table))),
        origin: None,
    };
    Ok((column, kind))
}

/// The name of a type that MariaDB has and the protocol has not: `uuid`, `inet6`, `json`, `point`.
fn own_name(said: &[u8]) -> Option<Cow<'static, str>> {
    let mut wire = Reader::new(said, 0, Ahead::End);
    wire.u8().ok()?;
    counted(&mut wire).ok().map(|name| Cow::Owned(lossy(name).into_owned()))
}

/// Reads the cells of a row, or as many as are there.
#[inline(always)]
pub(super) fn row(form: Form, body: &[u8], shape: Option<&Shape>, row: &mut Row) {
    match form {
        Form::Text => texts(body, shape, row),
        Form::Binary => _ = shape.map(|shape| binaries(body, shape, row)),
    }
}

/// "Text Resultset Row".
#[inline(always)]
fn texts(mut cells: &[u8], shape: Option<&Shape>, row: &mut Row) {
    let mut kinds = shape.map_or(&[][..], |shape| &shape.kinds).iter();
    while let Some((value, rest)) = value(cells) {
        cells = rest;
        let kind = kinds.next().copied().unwrap_or_default();
        match value {
            None => row.push_null(),
            Some(value) => match values::plain(kind, value, CELL) {
                Some(text) => row.push(text),
                None => row.push_with(|text| values::text(text, kind, value, CELL)),
            },
        }
    }
}

/// "Binary Protocol Resultset Row": a zero, which are null, the values of the others.
fn binaries(body: &[u8], shape: &Shape, row: &mut Row) -> Option<()> {
    let (nulls, cells) = body.get(1..)?.split_at_checked((shape.width() + 9) / 8)?;
    let mut wire = Reader::new(cells, 0, Ahead::End);
    for (at, kind) in shape.kinds.iter().enumerate() {
        // The first two bits are of no column.
        if is_null(nulls, at + 2) {
            row.push_null();
            continue;
        }
        match values::binary(*kind, &mut wire) {
            Ok(Value::Signed(number)) => row.push_with(|text| digits::signed(text, number)),
            Ok(value) => row.push_with(|text| values::write(text, *kind, value, CELL)),
            Err(_) => return cut(*kind, wire, row),
        }
    }
    Some(())
}

/// The value that is cut, as far as it goes.
fn cut(kind: Kind, mut wire: Reader<'_>, row: &mut Row) -> Option<()> {
    let length = usize::try_from(number(&mut wire).ok()?).ok()?;
    if length > wire.rest().len() {
        row.push_with(|text| values::write(text, kind, Value::Bytes(wire.rest()), CELL));
    }
    Some(())
}

/// Whether a bit is set.
#[inline(always)]
pub(super) fn is_null(nulls: &[u8], bit: usize) -> bool {
    nulls.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 != 0)
}
