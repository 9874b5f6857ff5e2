//! The response under way: how far it has come, and what its packets say, added up until the exchange ends.

use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Failure, Outcome, Response};

use crate::kit::reader::Reader;

use super::login::text;
use super::reports::{Done, Failed};
use super::shape::{self, Form, Shape};
use super::wire::{Header, status};

/// So many rows of a result are kept for inspection.
pub(super) const SAMPLES: usize = 5;
/// So many bytes of a row that is sampled are read.
pub(super) const ROW: usize = 16 << 10;
/// The shape of the last rows is kept by each session; a longer description of them is looked up where all sessions'
/// are.
const LAST: usize = 2 << 10;

/// How far an answer has come.
///
/// ```text
///            a number of columns        the last column        EOF
///  First ─────────────────────▶ Columns ───────────▶ Described ───▶ Rows
///   ▲ │ │                                                │ a row ────▶ │
///   │ │ ╰ a file ▶ File ── its end ▶ Filed               │             │
///   │ ╰─ OK, ERR: the end                                ╰── EOF, OK, ERR: the end, or more results
///   ╰────────────────────────────────────────────────────────── more ──╯
///
///  First ── a statement's number ──▶ Prepared ── its last parameter and column ──▶ the end
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its first packet comes.
    #[default]
    First,
    /// So many columns are still to be described.
    Columns(u16),
    /// All columns were described.
    Described,
    /// Rows come.
    Rows,
    /// The client sends a file.
    File,
    /// It sent all of it.
    Filed,
    /// So many parameters and columns of a statement are still to be described.
    Prepared(u16, u16),
}

/// What a result was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Rows, or none of them.
    Rows,
    /// A change of rows, or of none.
    Change,
    /// Neither, unless it says so.
    Other,
}

/// What of the response under way is not for its record; the rest grows where the record is.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) phase: Phase,
    /// The number that an answer's first packet has; `None` where they are packed, and their numbers have gaps.
    pub(super) begins: Option<u8>,
    /// The number that its next packet has; `None` where nobody knows.
    pub(super) sequence: Option<u8>,
    /// The rows of the result under way.
    pub(super) running: u64,
    /// How many results ended.
    results: u32,
    failure: Option<Box<Failure>>,
    /// The shape of the rows that come, or of those that came last: what was asked is asked again.
    shape: Option<Arc<Shape>>,
    /// Whether the rows that come have it.
    is_described: bool,
    /// Descriptions of columns, as far as they came.
    pub(super) said: Vec<u8>,
}

impl Default for Reply {
    fn default() -> Self {
        Reply {
            phase: Phase::First,
            begins: Some(1),
            sequence: Some(1),
            running: 0,
            results: 0,
            failure: None,
            shape: None,
            is_described: false,
            said: Vec::new(),
        }
    }
}

impl Reply {
    /// The numbers of the answer's packets go on; whether this one's is right.
    #[inline(always)]
    pub(super) fn is_next(&self, header: Header) -> bool {
        self.sequence.is_none_or(|sequence| sequence == header.sequence)
    }

    /// So many columns are described next: whether they are those of the rows that came last, which then begin behind
    /// what comes back.
    #[inline(always)]
    pub(super) fn again<'a>(
        &mut self,
        columns: u16,
        rest: &'a [u8],
        response: Option<&mut Response>,
    ) -> Option<&'a [u8]> {
        let shape = self.shape.as_deref().filter(|shape| shape.width() == usize::from(columns))?;
        let behind = rest.strip_prefix(shape.said())?;
        shape.show(response);
        self.is_described = true;
        self.phase = Phase::Described;
        Some(behind)
    }

    /// A column is described by this packet.
    pub(super) fn describe(&mut self, header: Header, body: &[u8]) {
        if self.said.len() + body.len() > shape::DESCRIPTION {
            return;
        }
        let [first, second, third, _] = header.length.to_le_bytes();
        self.said.extend_from_slice(&[first, second, third, header.sequence]);
        self.said.extend_from_slice(body);
    }

    /// All columns are described.
    pub(super) fn described(&mut self, wire: &mut Reader<'_>) {
        let said = std::mem::take(&mut self.said);
        match shape::read(&said, wire) {
            Ok(shape) => self.shaped(Some(shape), wire.answer()),
            Err(_) => self.is_described = false,
        }
    }

    /// The rows that come have this shape, which somebody knew.
    pub(super) fn shaped(&mut self, shape: Option<Arc<Shape>>, response: Option<&mut Response>) {
        self.is_described = shape.is_some();
        if let Some(shape) = shape {
            shape.show(response);
            self.shape = Some(shape);
        }
    }

    /// The shape of the rows that come.
    #[inline]
    pub(super) fn shape(&self) -> Option<&Arc<Shape>> {
        self.shape.as_ref().filter(|_| self.is_described)
    }

    /// A row came, of which these bytes may be kept.
    #[inline(always)]
    pub(super) fn row(&mut self, form: Form, body: &[u8], response: Option<&mut Response>) {
        self.running += 1;
        let Some(response) = response.filter(|response| response.samples.len() < SAMPLES) else { return };
        let body = body.get(..ROW).unwrap_or(body);
        let shape = self.shape.as_deref().filter(|_| self.is_described);
        if form == Form::Binary && shape.is_none() {
            return;
        }
        shape::row(form, body, shape, response.samples.begin(body.len()));
        response.samples.end();
    }

    /// A result ended.
    pub(super) fn ends(&mut self, done: &Done<'_>, ended: Ended, response: Option<&mut Response>) {
        self.results += 1;
        let running = std::mem::take(&mut self.running);
        let Some(response) = response else { return };
        match ended {
            Ended::Rows => *response.rows.get_or_insert(0) += running,
            Ended::Other if done.affected == 0 => {}
            Ended::Change | Ended::Other => *response.affected.get_or_insert(0) += done.affected,
        }
        for (name, number) in [("insert_id", done.insert_id), ("warnings", u64::from(done.warnings))] {
            if number > 0 {
                response.details.push((name, Detail::Number(i64::try_from(number).unwrap_or(i64::MAX))));
            }
        }
        if !done.note.is_empty() {
            response.details.push(("info", Detail::Text(text(done.note))));
        }
        if done.status & status::CURSOR_EXISTS != 0 {
            response.details.push(("cursor", Detail::from("open")));
        }
    }

    /// Something went wrong.
    pub(super) fn fails(&mut self, failed: &Failed<'_>, response: Option<&mut Response>) {
        self.failure = Some(failed.failure());
        if let (Some(state), Some(response)) = (failed.state, response) {
            response.details.push(("sqlstate", Detail::Text(text(state))));
        }
    }

    /// The response is whole; the next begins.
    #[inline(always)]
    pub(super) fn finish(&mut self, response: Option<&mut Response>) {
        let running = std::mem::take(&mut self.running);
        let results = std::mem::take(&mut self.results);
        let failure = self.failure.take();
        (self.phase, self.sequence, self.is_described) = (Phase::First, self.begins, false);
        if !self.said.is_empty() {
            self.said = Vec::new();
        }
        if self.shape.as_ref().is_some_and(|shape| shape.said().len() > LAST) {
            self.shape = None;
        }
        let Some(response) = response else { return };
        if running > 0 {
            *response.rows.get_or_insert(0) += running;
        }
        if results > 1 {
            response.details.push(("results", Detail::Number(i64::from(results))));
        }
        response.outcome = if failure.is_some() { Outcome::Error } else { Outcome::Ok };
        response.failure = failure;
    }
}
