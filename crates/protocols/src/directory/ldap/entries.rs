//! Entries as rows: their names and attributes are the columns.

use std::convert::Infallible;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use model::exchange::{Column, Response};
use model::row::Row;

use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::values::{MASK, is_secret, write_plain};
use super::wire::{Elements, tag};

/// So many entries are kept as samples.
pub(super) const SAMPLES: usize = 5;
/// So many bytes of an entry are looked at.
pub(super) const ENTRY: usize = 16 << 10;
/// So many bytes of a cell are kept, values behind one another.
const CELL: usize = 1 << 10;
/// Entries with more attributes are told by the first ones.
const COLUMNS: usize = 256;

/// An entry: its name, and its attributes.
#[derive(Clone, Copy)]
struct Entry<'a> {
    name: &'a [u8],
    attributes: Elements<'a>,
}

impl<'a> Entry<'a> {
    fn read(mut body: Elements<'a>) -> Option<Entry<'a>> {
        let name = body.content(tag::OCTETS)?;
        Some(Entry { name, attributes: body.within(tag::SEQUENCE)? })
    }

    /// Names and values of its attributes.
    fn attributes(self) -> impl Iterator<Item = (&'a [u8], Elements<'a>)> {
        let mut list = self.attributes;
        let next = move || {
            let mut attribute = list.within(tag::SEQUENCE)?;
            Some((attribute.content(tag::OCTETS)?, attribute.within(tag::SET)?))
        };
        std::iter::from_fn(next).take(COLUMNS)
    }

    fn columns(self) -> Vec<Column> {
        std::iter::once(column(b"dn")).chain(self.attributes().map(|(name, _)| column(name))).collect()
    }

    /// Whether its attributes are just these columns behind its name.
    fn is_like(self, columns: &[Column]) -> bool {
        let mut rest = columns.iter().skip(1);
        let named = |(name, _): (&[u8], _)| rest.next().is_some_and(|column| is_named(column, name));
        self.attributes().all(named) && rest.next().is_none()
    }
}

impl Hash for Entry<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.attributes().for_each(|(name, _)| name.hash(state));
    }
}

fn column(name: &[u8]) -> Column {
    Column { name: (&*lossy(name)).into(), kind: "text".into(), table: None, origin: None }
}

fn is_named(column: &Column, name: &[u8]) -> bool {
    column.name.as_bytes() == name
}

/// Adds an entry to the samples of the answer to the request `key`, if there is room.
pub(super) fn add(body: Elements<'_>, key: u64, wire: &mut Reader<'_>) {
    let Some(entry) = Entry::read(body) else { return };
    let Some(answer) = wire.answer_to(key).filter(|answer| answer.samples.len() < SAMPLES) else { return };
    if answer.columns.is_some() {
        return add_next(entry, answer);
    }
    let columns = wire.recall(
        &entry,
        |known: &Arc<[Column]>| entry.is_like(known),
        || Ok::<_, Infallible>(entry.columns().into()),
    );
    let Ok(columns) = columns;
    if let Some(answer) = wire.answer_to(key) {
        answer.columns = Some(Arc::clone(&columns));
        add_next(entry, answer);
    }
}

/// Adds an entry: attributes that are no columns yet become some.
fn add_next(entry: Entry<'_>, answer: &mut Response) {
    let Some(columns) = answer.columns.as_mut() else { return };
    if !entry.is_like(columns) {
        widen(columns, entry);
    }
    let row = answer.samples.begin(0);
    row.push_with(|out| write_plain(out, entry.name));
    for column in columns.iter().skip(1) {
        match entry.attributes().find(|(name, _)| is_named(column, name)) {
            Some((name, values)) => cell(row, name, values),
            None => row.push_null(),
        }
    }
    answer.samples.end();
}

/// Adds the attributes that are no columns yet.
fn widen(columns: &mut Arc<[Column]>, entry: Entry<'_>) {
    let new = entry.attributes().filter(|(name, _)| columns.iter().all(|column| !is_named(column, name)));
    let new: Vec<_> = new.take(COLUMNS.saturating_sub(columns.len())).map(|(name, _)| column(name)).collect();
    if !new.is_empty() {
        *columns = columns.iter().cloned().chain(new).collect();
    }
}

/// Values stand one behind the other.
fn cell(row: &mut Row, name: &[u8], values: Elements<'_>) {
    if is_secret(name) {
        return row.push(MASK);
    }
    row.push_with(|out| {
        let begin = out.len();
        for (place, (_, value)) in values.enumerate() {
            if out.len() > begin + CELL {
                return out.push_str("; ...");
            }
            if place > 0 {
                out.push_str("; ");
            }
            write_plain(out, value);
        }
    });
}
