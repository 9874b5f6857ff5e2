//! The elements of a reply as rows: how many there are, and the first of them as samples.

use std::fmt::Write;

use model::exchange::{Outcome, Response};
use model::row::Row;

use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::answered::fail;
use super::commands::Tells;
use super::wire::{Count, Kind, Token};

/// So many rows of a reply are kept for inspection.
const SAMPLES: u64 = 5;
/// So many cells of one row are kept.
const CELLS: usize = 64;

/// The rows of a reply, as far as it was heard.
#[derive(Debug)]
pub(super) struct Rows {
    shape: Shape,
    /// On which level the rows are: 1 is that of the reply's own elements.
    depth: usize,
    count: u64,
    /// Cells of the row that is being said.
    cells: usize,
    holds: Holds,
    shown: Shown,
}

/// Which elements make a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Each of them.
    Single,
    /// Two neighbours of a flat array.
    Pairs(Half),
    /// A key of a map and its value.
    Entries(Half),
}

/// Which half of a row comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    First,
    Second,
}

/// Whether the row that is being said holds anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Nothing,
    Something,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Yes,
    No,
}

impl Rows {
    /// Those of a reply that begins with this token.
    pub(super) fn of(begun: &Token<'_>, tells: Tells, wire: &Reader<'_>) -> Rows {
        let flat = match tells {
            Tells::Pairs | Tells::CursorPairs | Tells::WithheldPairs => Shape::Pairs(Half::First),
            Tells::Scored if is_scored(wire) => Shape::Pairs(Half::First),
            Tells::Elements
            | Tells::Scored
            | Tells::Cursor
            | Tells::Changed
            | Tells::Withheld
            | Tells::Session
            | Tells::Channels
            | Tells::Perhaps => Shape::Single,
        };
        let (shape, depth) = match (begun, tells) {
            (Token::Aggregate(Kind::Map, _), _) => (Shape::Entries(Half::First), 1),
            (Token::Pieces, _) => (Shape::Single, 0),
            (_, Tells::Cursor | Tells::CursorPairs) => (flat, 2),
            _ => (flat, 1),
        };
        let is_secret = matches!(tells, Tells::Withheld | Tells::WithheldPairs);
        let shown = if is_secret { Shown::No } else { Shown::Yes };
        Rows { shape, depth, count: 0, cells: 0, holds: Holds::Nothing, shown }
    }

    /// Adds a token that stood on the level `before`; behind it the reply is on the level `after`.
    #[inline]
    pub(super) fn add(
        &mut self,
        token: &Token<'_>,
        before: usize,
        after: usize,
        answer: Option<&mut Response>,
    ) {
        let Some(answer) = answer.filter(|_| before >= self.depth) else { return };
        let is_end = *token == Token::End && before == self.depth;
        if !is_end {
            self.cell(token, before, answer);
        }
        if after <= self.depth && !is_end {
            self.element(answer);
        }
    }

    /// Whether strings on this level are only counted from here on: as many rows as are kept were heard, and none is begun.
    #[inline]
    pub(super) fn passes(&self, depth: usize) -> bool {
        depth == self.depth && self.count >= SAMPLES && self.cells == 0
    }

    /// So many strings came that are only counted.
    #[inline]
    pub(super) fn pass(&mut self, strings: u64) {
        if strings == 0 {
            return;
        }
        let halves = match self.shape {
            Shape::Single => return self.count += strings,
            Shape::Pairs(half) | Shape::Entries(half) => strings + u64::from(half == Half::Second),
        };
        self.count += halves / 2;
        let (next, holds) = match halves % 2 {
            0 => (Half::First, Holds::Nothing),
            _ => (Half::Second, Holds::Something),
        };
        self.holds = holds;
        self.shape = match self.shape {
            Shape::Pairs(_) => Shape::Pairs(next),
            Shape::Entries(_) => Shape::Entries(next),
            Shape::Single => Shape::Single,
        };
    }

    #[inline]
    fn cell(&mut self, token: &Token<'_>, depth: usize, answer: &mut Response) {
        match token {
            Token::End | Token::Pieces => return,
            Token::Piece(piece) if piece.length == 0 => return,
            Token::Null if depth == self.depth && self.shape == Shape::Single => return,
            Token::Null => {}
            Token::Error(text) => {
                self.holds = Holds::Something;
                fail(text.bytes, answer);
            }
            Token::Aggregate(_, count) => {
                self.holds = Holds::Something;
                if depth == self.depth && self.shape == Shape::Pairs(Half::First) && *count != Count::Of(0) {
                    // What is flat in RESP2 is in arrays of two in RESP3.
                    self.shape = Shape::Single;
                }
                return;
            }
            _ => self.holds = Holds::Something,
        }
        if self.count < SAMPLES && self.cells < CELLS && self.shown == Shown::Yes {
            self.cells += 1;
            write(token, answer.samples.begin(0));
        }
    }

    /// An element of the level that the rows are on is at its end.
    #[inline]
    fn element(&mut self, answer: &mut Response) {
        self.shape = match self.shape {
            Shape::Pairs(Half::First) => return self.shape = Shape::Pairs(Half::Second),
            Shape::Entries(Half::First) => return self.shape = Shape::Entries(Half::Second),
            Shape::Pairs(Half::Second) => Shape::Pairs(Half::First),
            Shape::Entries(Half::Second) => Shape::Entries(Half::First),
            Shape::Single => Shape::Single,
        };
        if self.cells > 0 {
            answer.samples.end();
            self.cells = 0;
        }
        if self.holds == Holds::Something {
            self.count += 1;
            self.holds = Holds::Nothing;
        }
    }

    /// The reply is at its end.
    pub(super) fn end(mut self, answer: Option<&mut Response>) {
        let Some(answer) = answer else { return };
        if self.cells > 0 {
            // Half of a pair whose other half is missing.
            answer.samples.end();
            self.count += 1;
            self.cells = 0;
        }
        answer.rows = Some(self.count);
        if answer.failure.is_none() {
            answer.outcome = Outcome::Ok;
        }
    }
}

/// A reply that is one value.
#[inline]
pub(super) fn single(token: &Token<'_>, tells: Tells, answer: &mut Response) {
    answer.rows = Some(1);
    if tells != Tells::Withheld {
        write(token, answer.samples.begin(0));
        answer.samples.end();
    }
}

/// A reply that is one string.
#[inline]
pub(super) fn string(text: &[u8], tells: Tells, answer: &mut Response) {
    answer.rows = Some(1);
    if tells != Tells::Withheld {
        answer.samples.begin(0).push(&lossy(text));
        answer.samples.end();
    }
}

/// Writes a value as a cell.
#[inline]
fn write(token: &Token<'_>, row: &mut Row) {
    match token {
        Token::Bulk(text) | Token::Piece(text) | Token::Error(text) => row.push(&lossy(text.bytes)),
        Token::Status(text) | Token::Scalar(text) => row.push(&lossy(text)),
        Token::Integer(number) => row.push_with(|out| _ = write!(out, "{number}")),
        Token::Null | Token::Aggregate(..) | Token::Pieces | Token::End => row.push_null(),
    }
}

/// Whether the oldest open request asks for scores or values beside the members.
fn is_scored(wire: &Reader<'_>) -> bool {
    let statement = wire.asked().and_then(|request| request.statement.as_deref());
    let mut words = statement.unwrap_or_default().split(' ');
    words.any(|word| word.eq_ignore_ascii_case("WITHSCORES") || word.eq_ignore_ascii_case("WITHVALUES"))
}
