//! The response under way: what the server's messages say, added up until the exchange ends.

use std::sync::Arc;

use model::exchange::{Column, Detail, Details, Failure, Outcome, Response, Text};
use model::row::Rows;

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;

use super::copy::{Copy, Way};
use super::shape::Shape;

/// So many rows of a result are kept for inspection.
pub(super) const SAMPLES: usize = 5;
/// So many bytes of an error's or notice's text are kept.
const MESSAGE: usize = 1 << 10;
/// So many notices of one response are kept.
const NOTICES: u32 = 3;

/// What the response says so far.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The rows of all statements that ended.
    rows: Option<u64>,
    /// The rows that all statements changed.
    affected: Option<u64>,
    /// The rows of the statement that runs.
    pub(super) running: u64,
    /// How many statements ended.
    statements: i64,
    /// What went wrong.
    pub(super) failure: Option<Box<Failure>>,
    /// The shape of the first rows.
    columns: Option<Arc<[Column]>>,
    /// The shape of the rows that come.
    pub(super) shape: Option<Arc<Shape>>,
    /// The first rows.
    pub(super) samples: Rows,
    /// Which way data is copied.
    pub(super) copy: Option<Copy>,
    pub(super) copied: u64,
    notices: u32,
    /// What only this protocol says.
    pub(super) details: Details,
}

impl Answer {
    /// Rows of this shape follow.
    pub(super) fn describe(&mut self, shape: Arc<Shape>) {
        self.columns.get_or_insert_with(|| Arc::clone(&shape.columns));
        self.shape = Some(shape);
    }

    /// Whether another row would be kept.
    pub(super) fn wants_sample(&self) -> bool {
        self.samples.len() < SAMPLES
    }

    /// A statement ended with this tag (`INSERT 0 5`, `SELECT 3`, `BEGIN`).
    pub(super) fn complete(&mut self, tag: &[u8]) {
        self.statements += 1;
        let seen = std::mem::take(&mut self.running);
        let Some(count) = count(tag) else {
            // EXPLAIN, SHOW, and SELECT before version 9, send rows and do not say how many.
            if self.shape.is_some() {
                *self.rows.get_or_insert(0) += seen;
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
                    *self.rows.get_or_insert(0) += seen;
                }
                false
            }
            Some(b"COPY") => way == Some(Way::Out),
            _ => true,
        };
        let total = if came_back { &mut self.rows } else { &mut self.affected };
        *total.get_or_insert(0) += count;
    }

    /// A failed transaction ended in another way than was asked for, of which the server says no more than its tag.
    pub(super) fn rolled_back(&mut self) {
        let (code, message) = ("ROLLBACK".into(), "the transaction was rolled back".into());
        self.failure = Some(Box::new(Failure { code, message }));
    }

    /// The portal has more rows than were asked for.
    pub(super) fn suspend(&mut self) {
        *self.rows.get_or_insert(0) += std::mem::take(&mut self.running);
        self.details.push(("portal", Detail::from("suspended")));
    }

    /// A notice came with the response.
    pub(super) fn notice(&mut self, report: &Report) {
        self.notices += 1;
        if self.notices <= NOTICES {
            self.details.push(("notice", Detail::Text(Arc::clone(&report.failure.message))));
        }
    }

    /// The response as it stands; the next begins.
    pub(super) fn finish(&mut self) -> Response {
        if self.running > 0 {
            *self.rows.get_or_insert(0) += self.running;
        }
        if self.statements > 1 {
            self.details.push(("statements", Detail::Number(self.statements)));
        }
        if self.copied > 0 {
            self.details
                .push(("copied_bytes", Detail::Number(i64::try_from(self.copied).unwrap_or(i64::MAX))));
        }
        (self.running, self.statements, self.copied, self.notices) = (0, 0, 0, 0);
        (self.shape, self.copy) = (None, None);
        Response {
            outcome: if self.failure.is_some() { Outcome::Error } else { Outcome::Ok },
            failure: self.failure.take(),
            rows: self.rows.take(),
            affected: self.affected.take(),
            columns: self.columns.take(),
            samples: std::mem::take(&mut self.samples),
            details: std::mem::take(&mut self.details),
        }
    }
}

/// The number at the end of a command's tag.
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
