//! What was kept of a column, as text: arrays, tuples and maps as the server writes them.

use model::row::Row;

use super::types::{Kind, Type};
use super::values::{self, CELL, MORE};

/// So many values of an array, and entries of a dictionary, are kept for the rows that are told.
pub(super) const ELEMENTS: usize = 64;

/// What is kept of a type's values.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The first values, as text.
    pub(super) cells: Row,
    /// Where arrays end, which values are null, places in a dictionary, places of values.
    pub(super) marks: Vec<u64>,
}

/// What holds a value that is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    Nothing,
    /// Texts stand in quotes.
    Other,
}

/// What is told of a column.
pub(super) struct Told<'a> {
    pub(super) of: &'a Type,
    pub(super) kept: &'a [Kept],
}

impl Told<'_> {
    fn mark(&self, node: usize, row: usize) -> Option<u64> {
        self.kept.get(node)?.marks.get(row).copied()
    }

    /// Whether a value is none.
    pub(super) fn is_null(&self, node: usize, row: usize) -> bool {
        match self.of.kind(node) {
            Kind::Nullable => self.mark(node, row) == Some(1),
            Kind::LowCardinality => {
                *self.of.kind(node + 1) == Kind::Nullable && self.mark(node, row) == Some(0)
            }
            _ => false,
        }
    }

    /// Writes a value as text.
    pub(super) fn write(&self, out: &mut String, node: usize, row: usize, within: Within) {
        if self.is_null(node, row) {
            return out.push_str("NULL");
        }
        match self.of.kind(node) {
            Kind::Plain(plain) => {
                self.cell(out, node, row, within == Within::Other && values::is_quoted(plain));
            }
            Kind::Text | Kind::Fixed(_) => self.cell(out, node, row, within == Within::Other),
            Kind::Nullable => self.write(out, node + 1, row, within),
            Kind::Tuple => {
                out.push('(');
                for (count, part) in self.of.parts(node).enumerate() {
                    out.push_str(if count > 0 { "," } else { "" });
                    self.write(out, part, row, Within::Other);
                }
                out.push(')');
            }
            Kind::Array => self.many(out, (node, row), ['[', ']']),
            Kind::Map => self.many(out, (node, row), ['{', '}']),
            Kind::LowCardinality => {
                let is_optional = *self.of.kind(node + 1) == Kind::Nullable;
                match self.mark(node, row).and_then(|place| usize::try_from(place).ok()) {
                    Some(place) => self.write(out, node + 1 + usize::from(is_optional), place, within),
                    None => out.push(MORE),
                }
            }
            Kind::Sparse => {
                match self.kept.get(node).and_then(|kept| kept.marks.binary_search(&(row as u64)).ok()) {
                    Some(place) => self.write(out, node + 1, place, within),
                    None => values::default(out, self.of.kind(node + 1)),
                }
            }
            Kind::Unknown => out.push(MORE),
        }
    }

    fn many(&self, out: &mut String, (node, row): (usize, usize), [open, close]: [char; 2]) {
        let begin = out.len();
        let from = row.checked_sub(1).and_then(|before| self.mark(node, before)).unwrap_or_default();
        let to = self.mark(node, row).unwrap_or(from);
        out.push(open);
        for at in from..to {
            if at > from {
                out.push(',');
            }
            let place = usize::try_from(at).unwrap_or(usize::MAX);
            if place >= ELEMENTS || out.len() > begin + CELL {
                out.push(MORE);
                break;
            }
            if open == '{' {
                self.pair(out, node + 1, place);
            } else {
                self.write(out, node + 1, place, Within::Other);
            }
        }
        out.push(close);
    }

    fn pair(&self, out: &mut String, node: usize, row: usize) {
        for (count, part) in self.of.parts(node).enumerate() {
            out.push_str(if count > 0 { ":" } else { "" });
            self.write(out, part, row, Within::Other);
        }
    }

    /// A value that is kept as text; one that is not is behind those that are.
    fn cell(&self, out: &mut String, node: usize, row: usize, quoted: bool) {
        match self.kept.get(node).and_then(|kept| kept.cells.iter().nth(row)).flatten() {
            Some(text) if quoted => values::quote(out, text),
            Some(text) => out.push_str(text),
            None => out.push(MORE),
        }
    }
}
