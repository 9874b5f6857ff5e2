//! The shape of rows: their columns as records show them, and the types that their cells are read by.

use std::sync::Arc;

use model::exchange::{Column, Origin, Response, Text};
use model::row::Row;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::sql::digits;

use super::types;
use super::values::{self, Form};

/// A table has at most 1,600 columns and a result 1,664; what comes behind them is not kept.
const COLUMNS: u16 = 1664;
/// A server's names have at most 63 bytes; a longer text is no name.
const NAME: usize = 1024;
/// Longer descriptions are not shared: they are rare, and their number is bounded where they are kept.
const SHARED: usize = 16 << 10;
/// So many bytes of a cell are kept in a sample.
pub(super) const CELL: usize = 1 << 10;

/// The columns of a result.
#[derive(Debug)]
pub(super) struct Shape {
    /// As records show them.
    pub(super) columns: Arc<[Column]>,
    fields: Box<[Field]>,
    /// Whether all cells come as text.
    is_text: bool,
    /// The description that it was read from.
    said: Box<[u8]>,
}

/// What a description says of one column's cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    kind: u32,
    form: Form,
    origin: Option<Origin>,
}

/// In which form the cells of a row come.
#[derive(Clone, Debug, Default)]
pub(super) enum Forms {
    /// All as text.
    #[default]
    Text,
    /// All in binary.
    Binary,
    /// Each in its own.
    #[expect(
        clippy::box_collection,
        reason = "each session has room for it, and few say so: a word instead of three"
    )]
    Each(Box<Vec<Form>>),
    /// As the description of the rows says, which is not reliable for prepared statements.
    Described,
    /// Nobody saw.
    Unknown,
}

/// The shape that the body of a `RowDescription` describes; sessions that run the same statements share it.
pub(super) fn read(said: &[u8], wire: &mut Reader<'_>) -> Read<Arc<Shape>> {
    if said.len() > SHARED {
        return Shape::read(said).map(Arc::new);
    }
    wire.recall(said, |known: &Shape| known.is_said(said), || Shape::read(said))
}

impl Shape {
    /// Whether it was read from this description.
    #[inline]
    pub(super) fn is_said(&self, said: &[u8]) -> bool {
        *self.said == *said
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

    /// The bytes of the description that it was read from.
    #[inline]
    pub(super) fn said(&self) -> usize {
        self.said.len()
    }

    /// Reads the body of a `RowDescription`.
    fn read(said: &[u8]) -> Read<Shape> {
        let wire = &mut Reader::new(said, 0, Ahead::End);
        let count = wire.be16()?.min(COLUMNS);
        let mut columns = Vec::with_capacity(usize::from(count));
        let mut fields = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let name = wire.until(0, NAME)?;
            let field = field(wire)?;
            columns.push(Column {
                name: Text::from(String::from_utf8_lossy(name)),
                kind: types::name(field.kind),
                table: None,
                origin: field.origin,
            });
            fields.push(field);
        }
        let is_text = fields.iter().all(|field| field.form == Form::Text);
        Ok(Shape { columns: columns.into(), fields: fields.into(), is_text, said: said.into() })
    }
}

fn field(wire: &mut Reader<'_>) -> Read<Field> {
    let table = wire.be32()?;
    let column = wire.be16()?;
    let kind = wire.be32()?;
    let _size = wire.be16()?;
    let _modifier = wire.be32()?;
    let form = form(wire)?;
    let origin = (table != 0).then_some(Origin { table, column });
    Ok(Field { kind, form, origin })
}

/// Reads forms, of parameters or of what the client wants its results in.
#[inline(always)]
pub(super) fn forms(wire: &mut Reader<'_>) -> Forms {
    let (forms, length) = match wire.rest() {
        [0, 0, ..] => (Forms::Text, 2),
        [0, 1, 0, 0, ..] => (Forms::Text, 4),
        [0, 1, _, _, ..] => (Forms::Binary, 4),
        _ => return each(wire).unwrap_or(Forms::Unknown),
    };
    wire.skip(length);
    forms
}

#[inline(never)]
fn each(wire: &mut Reader<'_>) -> Read<Forms> {
    let count = wire.be16()?;
    let mut each = Vec::new();
    for _ in 0..count {
        each.push(form(wire)?);
    }
    Ok(Forms::Each(Box::new(each)))
}

fn form(wire: &mut Reader<'_>) -> Read<Form> {
    Ok(if wire.be16()? == 0 { Form::Text } else { Form::Binary })
}

impl Forms {
    /// The form of the value at `at`, of which one description may speak.
    #[inline]
    pub(super) fn of(&self, at: usize, field: Option<&Field>) -> Option<Form> {
        match self {
            Forms::Text => Some(Form::Text),
            Forms::Binary => Some(Form::Binary),
            Forms::Each(each) => each.get(at).copied(),
            Forms::Described => field.map(|f| f.form),
            Forms::Unknown => None,
        }
    }
}

/// Reads the cells of a `DataRow`, or as many as are there, into `row`.
///
/// A cell whose form nobody saw is shown as text where it is one.
#[inline(always)]
pub(super) fn row(body: &[u8], shape: Option<&Shape>, forms: &Forms, row: &mut Row) {
    let Some((count, cells)) = body.split_first_chunk() else { return };
    let count = usize::from(u16::from_be_bytes(*count).min(COLUMNS));
    let is_text = match forms {
        Forms::Text => true,
        Forms::Described => shape.is_some_and(|shape| shape.is_text && count <= shape.fields.len()),
        Forms::Binary | Forms::Each(_) | Forms::Unknown => false,
    };
    if is_text { texts(count, cells, row) } else { any(count, cells, shape, forms, row) }
}

/// Reads cells that are all text.
#[inline(always)]
fn texts(count: usize, mut cells: &[u8], row: &mut Row) {
    for _ in 0..count {
        let Some((value, rest)) = value(cells) else { break };
        cells = rest;
        match value {
            Some(value) => match values::plain(value, CELL) {
                Some(text) => row.push(text),
                None => cell(row, 0, Form::Text, value),
            },
            None => row.push_null(),
        }
    }
}

/// Reads cells of any form.
#[inline(never)]
fn any(count: usize, mut cells: &[u8], shape: Option<&Shape>, forms: &Forms, row: &mut Row) {
    for at in 0..count {
        let Some((value, rest)) = value(cells) else { break };
        cells = rest;
        let Some(value) = value else {
            row.push_null();
            continue;
        };
        let field = shape.and_then(|shape| shape.fields.get(at));
        let form = forms.of(at, field).unwrap_or_else(|| likely(value));
        let kind = field.map_or(0, |f| f.kind);
        if form == Form::Binary
            && let Some(number) = values::number(kind, value)
        {
            row.push_with(|text| digits::signed(text, number));
        } else if (form == Form::Text || values::is_text(kind))
            && let Some(text) = values::plain(value, CELL)
        {
            row.push(text);
        } else {
            cell(row, kind, form, value);
        }
    }
}

/// The next value, of which as much as is there, and what is behind it; null is none.
#[inline(always)]
fn value(cells: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (length, cells) = cells.split_first_chunk()?;
    let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else { return Some((None, cells)) };
    let (value, rest) = cells.split_at_checked(length).unwrap_or((cells, &[]));
    Some((Some(value), rest))
}

#[inline(never)]
fn cell(row: &mut Row, kind: u32, form: Form, value: &[u8]) {
    row.push_with(|text| values::write(text, kind, form, value, CELL));
}

fn likely(value: &[u8]) -> Form {
    let is_text = std::str::from_utf8(value).is_ok_and(|text| !text.chars().any(char::is_control));
    if is_text { Form::Text } else { Form::Binary }
}
