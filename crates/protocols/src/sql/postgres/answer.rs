//! The response under way: what the server's messages say, added up until the exchange ends.

use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Failure, Outcome, Response, Text};

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;

use super::copy::{Copy, Way};
use super::shape::{self, Forms, Shape};
use super::statements::Statement;

/// So many rows of a result are kept for inspection.
pub(super) const SAMPLES: usize = 5;
/// So many bytes of a row that is sampled are read.
pub(super) const ROW: usize = 16 << 10;
/// So many bytes of an error's or notice's text are kept.
const MESSAGE: usize = 1 << 10;
/// So many notices of one response are kept.
const NOTICES: u8 = 3;

/// The shape of the last rows is kept by each session; a longer description of them is looked up where all sessions'
/// are.
const LAST: usize = 1 << 10;

// How tags begin.
const SELECT: u32 = u32::from_be_bytes(*b"SELE");
const INSERT: u32 = u32::from_be_bytes(*b"INSE");
const UPDATE: u32 = u32::from_be_bytes(*b"UPDA");
const DELETE: u32 = u32::from_be_bytes(*b"DELE");
const MERGE: u32 = u32::from_be_bytes(*b"MERG");
const COPY: u32 = u32::from_be_bytes(*b"COPY");
const MOVE: u32 = u32::from_be_bytes(*b"MOVE");

/// What of the response under way is not for its record; the rest grows where the record is.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The rows of the statement that runs.
    pub(super) running: u64,
    /// How many statements ended.
    statements: u32,
    /// What few responses have.
    rare: Option<Box<Rare>>,
    /// The shape of the rows that come, or of those that came last: what was asked is asked again.
    shape: Option<Arc<Shape>>,
    rows: Rows,
}

/// What few responses have: each session would hold room for it.
#[derive(Debug, Default)]
struct Rare {
    /// What went wrong.
    failure: Option<Box<Failure>>,
    /// Which way data is copied.
    copy: Option<Copy>,
    copied: u64,
    notices: u8,
}

/// Whose shape is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rows {
    /// That of the rows of an earlier response, if any.
    #[default]
    Past,
    /// That of the rows that will come if the statement is run.
    Described,
    /// That of the rows that come, which the response shows.
    Coming,
}

impl Answer {
    /// Whether something went wrong.
    pub(super) fn has_failed(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.failure.is_some())
    }

    /// Something went wrong.
    pub(super) fn fail(&mut self, failure: Box<Failure>) {
        self.rare.get_or_insert_default().failure = Some(failure);
    }

    /// Which way data is copied.
    pub(super) fn copy(&self) -> Option<Copy> {
        self.rare.as_ref()?.copy
    }

    /// Data is copied.
    pub(super) fn begin_copy(&mut self, copy: Copy) {
        self.rare.get_or_insert_default().copy = Some(copy);
    }

    /// So many bytes of data were copied.
    pub(super) fn count_copied(&mut self, bytes: u64) {
        self.rare.get_or_insert_default().copied += bytes;
    }

    /// Rows follow, of the shape that this description says, if the rows that came last had it.
    #[inline(always)]
    pub(super) fn describe_again(&mut self, said: &[u8], response: Option<&mut Response>) -> bool {
        let again = self.shape.as_deref().filter(|shape| shape.is_said(said));
        if let Some(shape) = again {
            self.rows = Rows::Coming;
            shape.show(response);
        }
        again.is_some()
    }

    /// Whether the rows that came last had the shape that this description says.
    #[inline(always)]
    pub(super) fn is_again(&self, said: &[u8]) -> bool {
        self.shape.as_deref().is_some_and(|shape| shape.is_said(said))
    }

    /// If `statement` is run, its rows have this shape, or else that of those that came last.
    #[inline]
    pub(super) fn expect(&mut self, shape: Option<Arc<Shape>>, statement: &Statement) {
        if shape.is_some() {
            self.shape = shape;
        }
        if let (None, Some(shape)) = (statement.shape.get(), &self.shape) {
            _ = statement.shape.set(Arc::clone(shape));
        }
        self.rows = Rows::Described;
    }

    /// The rows that come are of `statement`, and have the shape that was described for them, or once for the statement.
    #[inline]
    pub(super) fn run(&mut self, statement: &Statement, response: Option<&mut Response>) {
        match (self.rows, statement.shape.get()) {
            (Rows::Coming, _) | (Rows::Past, None) => return,
            (Rows::Described, _) => {}
            (Rows::Past, Some(shape)) => {
                if !self.shape.as_ref().is_some_and(|known| Arc::ptr_eq(known, shape)) {
                    self.shape = Some(Arc::clone(shape));
                }
            }
        }
        self.rows = Rows::Coming;
        if let Some(shape) = &self.shape {
            shape.show(response);
        }
    }

    /// Rows of this shape follow.
    pub(super) fn describe(&mut self, shape: Arc<Shape>, response: Option<&mut Response>) {
        shape.show(response);
        self.shape = Some(shape);
        self.rows = Rows::Coming;
    }

    /// The shape of the rows that come.
    #[inline]
    fn shape(&self) -> Option<&Shape> {
        self.shape.as_deref().filter(|_| self.rows == Rows::Coming)
    }

    /// A row came, of which these bytes may be kept.
    #[inline(always)]
    pub(super) fn row(&mut self, body: &[u8], forms: &Forms, response: Option<&mut Response>) {
        self.running += 1;
        let Some(response) = response.filter(|response| response.samples.len() < SAMPLES) else { return };
        let body = body.get(..ROW).unwrap_or(body);
        let shape = self.shape();
        shape::row(body, shape, forms, response.samples.begin(body.len()));
        response.samples.end();
    }

    /// A statement ended with this tag (`INSERT 0 5`, `SELECT 3`, `BEGIN`): whether it says how many rows there were.
    #[inline(always)]
    pub(super) fn complete(&mut self, tag: &[u8], response: Option<&mut Response>) -> bool {
        self.statements += 1;
        let seen = std::mem::take(&mut self.running);
        let count = count(tag);
        match (response, count) {
            (Some(response), Some(count)) => self.add(tag, seen, count, response),
            // EXPLAIN, SHOW, and SELECT before version 9, send rows and do not say how many.
            (Some(response), None) if self.rows == Rows::Coming => *response.rows.get_or_insert(0) += seen,
            (Some(_), None) | (None, _) => {}
        }
        count.is_some()
    }

    /// A statement sent `seen` rows, and its tag says another number.
    #[inline(always)]
    fn add(&mut self, tag: &[u8], seen: u64, count: u64, response: &mut Response) {
        let way = self.rare.as_mut().and_then(|rare| rare.copy.take()).map(|copy| copy.way);
        let begin = tag.first_chunk().copied().unwrap_or_default();
        let came_back = match u32::from_be_bytes(begin) {
            // CREATE TABLE AS and SELECT INTO say SELECT, and send no row.
            SELECT => seen > 0 || count == 0,
            INSERT | UPDATE | DELETE | MERGE => {
                // With RETURNING, rows come back too.
                if seen > 0 {
                    *response.rows.get_or_insert(0) += seen;
                }
                false
            }
            COPY => way == Some(Way::Out),
            // A cursor moved: no row came back, and none was changed.
            MOVE => return,
            _ => true,
        };
        let total = if came_back { &mut response.rows } else { &mut response.affected };
        *total.get_or_insert(0) += count;
    }

    /// A failed transaction ended in another way than was asked for, of which the server says no more than its tag.
    pub(super) fn rolled_back(&mut self) {
        let (code, message) = ("ROLLBACK".into(), "the transaction was rolled back".into());
        self.fail(Box::new(Failure { code, message }));
    }

    /// The portal has more rows than were asked for.
    pub(super) fn suspend(&mut self, response: Option<&mut Response>) {
        let seen = std::mem::take(&mut self.running);
        if let Some(response) = response {
            *response.rows.get_or_insert(0) += seen;
            response.details.push(("portal", Detail::from("suspended")));
        }
    }

    /// A notice came with the response.
    pub(super) fn notice(&mut self, report: &Report, response: Option<&mut Response>) {
        let rare = self.rare.get_or_insert_default();
        rare.notices = rare.notices.saturating_add(1);
        if rare.notices <= NOTICES
            && let Some(response) = response
        {
            response.details.push(("notice", Detail::Text(Arc::clone(&report.failure.message))));
        }
    }

    /// The response is whole; the next begins.
    #[inline(always)]
    pub(super) fn finish(&mut self, response: Option<&mut Response>) {
        let running = std::mem::take(&mut self.running);
        let statements = std::mem::take(&mut self.statements);
        let rare = self.rare.take();
        self.rows = Rows::Past;
        if self.shape.as_ref().is_some_and(|shape| shape.said() > LAST) {
            self.shape = None;
        }
        let Some(response) = response else { return };
        if running > 0 {
            *response.rows.get_or_insert(0) += running;
        }
        if statements > 1 {
            response.details.push(("statements", Detail::Number(i64::from(statements))));
        }
        match rare {
            None => (response.outcome, response.failure) = (Outcome::Ok, None),
            Some(rare) => rare.finish(response),
        }
    }
}

impl Rare {
    #[inline(never)]
    fn finish(self, response: &mut Response) {
        if self.copied > 0 {
            let copied = i64::try_from(self.copied).unwrap_or(i64::MAX);
            response.details.push(("copied_bytes", Detail::Number(copied)));
        }
        response.outcome = if self.failure.is_some() { Outcome::Error } else { Outcome::Ok };
        response.failure = self.failure;
    }
}

/// Whether another row would be kept.
pub(super) fn wants_sample(response: Option<&mut Response>) -> bool {
    response.is_some_and(|response| response.samples.len() < SAMPLES)
}

/// The number at the end of a command's tag.
#[inline(always)]
fn count(tag: &[u8]) -> Option<u64> {
    let (mut count, mut place, mut digits) = (0_u64, 1_u64, 0);
    for byte in tag.iter().rev() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        count = count.wrapping_add(place.wrapping_mul(digit.into()));
        place = place.wrapping_mul(10);
        digits += 1;
    }
    // More digits than these may be too many for the number.
    (1..=DIGITS).contains(&digits).then_some(count)
}

/// So many digits always have room in a number.
const DIGITS: u32 = u64::MAX.ilog10();

/// The body of an `ErrorResponse` or `NoticeResponse`.
#[derive(Debug)]
pub(super) struct Report {
    /// Code and message.
    pub(super) failure: Box<Failure>,
    /// Whether the session ends with it.
    pub(super) is_fatal: bool,
}

impl Report {
    /// Reads the fields, or as many as are there.
    pub(super) fn read(wire: &mut Reader<'_>) -> Read<Report> {
        let (mut severity, mut code, mut message) = (&b""[..], &b""[..], &b""[..]);
        while let Ok(kind @ 1..) = wire.u8() {
            let rest = wire.rest();
            let value = wire.until(0, rest.len()).unwrap_or(rest);
            match kind {
                b'V' => severity = value,
                // Older servers say the severity in their own language only.
                b'S' if severity.is_empty() => severity = value,
                b'C' => code = value,
                b'M' => message = value,
                _ => {}
            }
        }
        let text = |bytes: &[u8]| Text::from(String::from_utf8_lossy(bytes));
        let message = message.get(..MESSAGE).unwrap_or(message);
        Ok(Report {
            failure: Box::new(Failure { code: text(code), message: text(message) }),
            is_fatal: matches!(severity, b"FATAL" | b"PANIC"),
        })
    }
}

#[cfg(test)]
mod tests {
    use model::exchange::Response;

    use super::Answer;

    #[test]
    fn a_tag_says_how_many_rows_came_back_or_changed() {
        // The tag, the rows that came before it, and the rows and affected rows that are told.
        let cases = [
            ("SELECT 2", 2, (Some(2), None)),
            ("SELECT 2", 0, (None, Some(2))),
            ("FETCH 3", 3, (Some(3), None)),
            ("MOVE 3", 0, (None, None)),
            ("INSERT 0 2", 0, (None, Some(2))),
            ("INSERT 0 2", 2, (Some(2), Some(2))),
            ("COPY 4", 0, (None, Some(4))),
            ("BEGIN", 0, (None, None)),
            ("SELECT 99999999999999999999", 0, (None, None)),
        ];
        for (tag, came, told) in cases {
            let mut answer = Answer { running: came, ..Answer::default() };
            let mut response = Response::default();
            answer.complete(tag.as_bytes(), Some(&mut response));
            answer.finish(Some(&mut response));
            assert_eq!((response.rows, response.affected), told, "{tag}");
        }
    }
}
