//! The response under way: what the server's messages say, added up until the exchange ends.

use std::sync::Arc;

use model::exchange::{Detail, Failure, Outcome, Response, Text};

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

/// What of the response under way is not for its record; the rest grows where the record is.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The rows of the statement that runs.
    pub(super) running: u64,
    /// How many statements ended.
    statements: u32,
    notices: u8,
    /// What went wrong.
    pub(super) failure: Option<Box<Failure>>,
    /// The shape of the rows that come.
    pub(super) shape: Option<Arc<Shape>>,
    /// That of the rows that came last: what was asked is asked again.
    last: Option<Arc<Shape>>,
    pub(super) copied: u64,
    /// Which way data is copied.
    pub(super) copy: Option<Copy>,
}

impl Answer {
    /// The shape that a description says, if it is that of the rows that came last.
    #[inline]
    pub(super) fn again(&mut self, said: &[u8]) -> Option<Arc<Shape>> {
        self.last.take_if(|shape| shape.is_said(said))
    }

    /// The rows that come are of `statement`.
    #[inline]
    pub(super) fn run(&mut self, statement: &Statement, response: Option<&mut Response>) {
        if self.shape.is_none()
            && let Some(shape) = statement.shape.get()
        {
            self.describe(Arc::clone(shape), response);
        }
    }

    /// Rows of this shape follow.
    #[inline]
    pub(super) fn describe(&mut self, shape: Arc<Shape>, response: Option<&mut Response>) {
        if let Some(response) = response {
            response.columns.get_or_insert_with(|| Arc::clone(&shape.columns));
        }
        self.shape = Some(shape);
    }

    /// A row came, of which these bytes may be kept.
    #[inline(always)]
    pub(super) fn row(&mut self, body: &[u8], forms: &Forms, response: Option<&mut Response>) {
        self.running += 1;
        let Some(response) = response.filter(|response| response.samples.len() < SAMPLES) else { return };
        let body = body.get(..ROW).unwrap_or(body);
        let shape = self.shape.as_deref();
        response.samples.add(body.len(), |row| shape::row(body, shape, forms, row));
    }

    /// A statement ended with this tag (`INSERT 0 5`, `SELECT 3`, `BEGIN`).
    #[inline(always)]
    pub(super) fn complete(&mut self, tag: &[u8], response: Option<&mut Response>) {
        self.statements += 1;
        let seen = std::mem::take(&mut self.running);
        let Some(response) = response else { return };
        let Some(count) = count(tag) else {
            // EXPLAIN, SHOW, and SELECT before version 9, send rows and do not say how many.
            if self.shape.is_some() {
                *response.rows.get_or_insert(0) += seen;
            }
            return;
        };
        let way = self.copy.take().map(|copy| copy.way);
        let came_back = match tag.first_chunk() {
            // CREATE TABLE AS and SELECT INTO say SELECT, and send no row.
            Some(b"SELE") => seen > 0 || count == 0,
            Some(b"INSE" | b"UPDA" | b"DELE" | b"MERG") => {
                // With RETURNING, rows come back too.
                if seen > 0 {
                    *response.rows.get_or_insert(0) += seen;
                }
                false
            }
            Some(b"COPY") => way == Some(Way::Out),
            // A cursor moved: no row came back, and none was changed.
            Some(b"MOVE") => return,
            _ => true,
        };
        let total = if came_back { &mut response.rows } else { &mut response.affected };
        *total.get_or_insert(0) += count;
    }

    /// A failed transaction ended in another way than was asked for, of which the server says no more than its tag.
    pub(super) fn rolled_back(&mut self) {
        let (code, message) = ("ROLLBACK".into(), "the transaction was rolled back".into());
        self.failure = Some(Box::new(Failure { code, message }));
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
        self.notices = self.notices.saturating_add(1);
        if self.notices <= NOTICES
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
        let copied = std::mem::take(&mut self.copied);
        let failure = self.failure.take();
        (self.notices, self.copy) = (0, None);
        if let Some(shape) = self.shape.take_if(|shape| shape.said() <= LAST) {
            self.last = Some(shape);
        }
        self.shape = None;
        let Some(response) = response else { return };
        if running > 0 {
            *response.rows.get_or_insert(0) += running;
        }
        if statements > 1 {
            response.details.push(("statements", Detail::Number(i64::from(statements))));
        }
        if copied > 0 {
            let copied = i64::try_from(copied).unwrap_or(i64::MAX);
            response.details.push(("copied_bytes", Detail::Number(copied)));
        }
        response.outcome = if failure.is_some() { Outcome::Error } else { Outcome::Ok };
        response.failure = failure;
    }
}

/// Whether another row would be kept.
pub(super) fn wants_sample(response: Option<&mut Response>) -> bool {
    response.is_some_and(|response| response.samples.len() < SAMPLES)
}

/// The number at the end of a command's tag.
#[inline]
fn count(tag: &[u8]) -> Option<u64> {
    let from = tag.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
    let digits = tag.get(from..).filter(|d| !d.is_empty())?;
    digits.iter().try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
}

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
