//! Documents of an answer as rows: their members are the columns.

use std::convert::Infallible;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Column, Response, Text};
use model::row::Row;

use crate::kit::reader::Reader;
use crate::kit::text::shortened;

use super::bson::{self, Value, elements, kind_name};
use super::identity::text;
use super::json;
use super::secrets::{MASK, Secrets};
use super::values::{self, MORE};

/// So many documents are kept as samples.
pub(super) const SAMPLES: usize = 5;
/// So many bytes of a document are looked at.
pub(super) const ROW: usize = 16 << 10;
/// So many bytes of a cell are kept.
const CELL: usize = 1 << 10;
/// Documents with more members are told by the first ones.
const COLUMNS: usize = 256;

/// The columns of a document, as they are told apart.
struct Members<'a>(&'a [u8]);

impl Hash for Members<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (name, value) in elements(self.0).take(COLUMNS) {
            name.hash(state);
            value.kind.hash(state);
        }
    }
}

impl Members<'_> {
    fn columns(&self) -> Vec<Column> {
        elements(self.0).take(COLUMNS).map(|(name, value)| column(name, value)).collect()
    }

    /// Whether these are just its columns.
    fn are(&self, columns: &[Column]) -> bool {
        let mut rest = columns.iter();
        let named = |(name, value): (&[u8], Value<'_>)| {
            rest.next().is_some_and(|column| is_named(column, name) && column.kind == kind_name(value.kind))
        };
        elements(self.0).take(COLUMNS).all(named) && rest.next().is_none()
    }
}

fn column(name: &[u8], value: Value<'_>) -> Column {
    Column { name: text(name), kind: kind_name(value.kind).into(), table: None, origin: None }
}

#[inline]
fn is_named(column: &Column, name: &[u8]) -> bool {
    column.name.as_bytes() == name
}

/// Adds a document to the samples of the answer to the request `key`, if there is room.
pub(super) fn add(document: &[u8], key: u64, wire: &mut Reader<'_>) {
    let Some(answer) = wire.answer_to(key).filter(|answer| answer.samples.len() < SAMPLES) else { return };
    if answer.columns.is_some() {
        return add_next(document, answer);
    }
    let members = Members(document);
    let columns = wire.recall(
        &members,
        |known: &Arc<[Column]>| members.are(known),
        || Ok::<_, Infallible>(members.columns().into()),
    );
    let Ok(columns) = columns;
    if let Some(answer) = wire.answer_to(key) {
        answer.share_columns(&columns);
        add_in_order(document, answer);
    }
}

/// Adds a document whose members are just the columns.
fn add_in_order(document: &[u8], answer: &mut Response) {
    answer.samples.add(document.len(), |row| {
        elements(document).take(COLUMNS).for_each(|(name, value)| cell(row, name, value));
    });
}

/// Adds a document beside others.
fn add_next(document: &[u8], answer: &mut Response) {
    let Some(columns) = answer.columns.as_mut() else { return };
    let mut told = columns.iter();
    let mut members = elements(document).take(COLUMNS);
    if members.all(|(name, _)| told.next().is_some_and(|column| is_named(column, name))) {
        return add_in_order(document, answer);
    }
    widen(columns, document);
    let row = answer.samples.begin(document.len());
    for column in columns.iter() {
        match elements(document).find(|(name, _)| is_named(column, name)) {
            Some((name, value)) => cell(row, name, value),
            None => row.push_null(),
        }
    }
    answer.samples.end();
}

/// Adds the members that are no columns yet.
fn widen(columns: &mut Arc<[Column]>, document: &[u8]) {
    let new = elements(document).filter(|(name, _)| columns.iter().all(|column| !is_named(column, name)));
    let new: Vec<_> = new.take(COLUMNS.saturating_sub(columns.len())).collect();
    if !new.is_empty() {
        let new = new.into_iter().map(|(name, value)| column(name, value));
        *columns = columns.iter().cloned().chain(new).collect();
    }
}

/// Adds a value of the key that a `distinct` asked for.
pub(super) fn add_value(value: Value<'_>, key: u64, wire: &mut Reader<'_>) {
    let details = wire.asked_as(key).map(|asked| &asked.details);
    let named = details.and_then(|details| details.iter().find(|(name, _)| *name == "key"));
    let name = match named {
        Some((_, Detail::Text(name))) => Text::clone(name),
        Some((_, Detail::Number(_))) | None => "values".into(),
    };
    let Some(answer) = wire.answer_to(key).filter(|answer| answer.samples.len() < SAMPLES) else { return };
    answer.columns.get_or_insert_with(|| Arc::from([column(name.as_bytes(), value)]));
    answer.samples.add(value.bytes.len(), |row| cell(row, name.as_bytes(), value));
}

#[inline]
fn cell(row: &mut Row, name: &[u8], value: Value<'_>) {
    if matches!(value.kind, bson::NULL | bson::UNDEFINED) {
        return row.push_null();
    }
    if Secrets::None.hide(name) {
        return row.push(MASK);
    }
    row.push_with(|out| write(out, value));
}

fn write(out: &mut String, value: Value<'_>) {
    if let Some((bytes, whole)) = value.text() {
        let (text, all) = shortened(bytes, CELL);
        out.push_str(&text);
        if !(whole && all) {
            out.push(MORE);
        }
        return;
    }
    if values::scalar(out, value).is_none() {
        let begin = out.len();
        json::write(out, value, Secrets::None);
        if out.len() > begin + CELL {
            let end = (0..=begin + CELL).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(begin);
            out.truncate(end);
            out.push(MORE);
        }
    }
}
