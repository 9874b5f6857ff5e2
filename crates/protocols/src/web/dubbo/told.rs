//! Values as JSON, to a bound; what their names say are credentials is masked.

use std::fmt::Write as _;

use crate::sql::calendar;
use crate::web::json;
use crate::web::mask;
use crate::web::veiled::Veil;

/// What stands where more was said than is told.
const MORE: char = '\u{2026}';
/// Milliseconds of a day, and days from 1970 to 2000, from where the calendar counts.
const DAY: i64 = 86_400_000;
const CENTURY: i64 = 10_957;

/// A text that is written to a bound.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) text: String,
    room: usize,
}

impl Told {
    /// Of so many bytes at most, or a few more.
    pub(super) fn to(room: usize) -> Self {
        Told { text: String::new(), room }
    }

    /// Writes a piece, if there is room for more.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut String)) {
        if self.text.len() < self.room {
            write(&mut self.text);
            if self.text.len() >= self.room {
                let end = (0..=self.room).rev().find(|end| self.text.is_char_boundary(*end));
                self.text.truncate(end.unwrap_or_default());
                self.text.push(MORE);
            }
        }
    }

    pub(super) fn plain(&mut self, piece: &str) {
        self.push(|out| out.push_str(piece));
    }

    /// Writes that the rest is not there.
    pub(super) fn more(&mut self) {
        self.push(|out| out.push(MORE));
    }

    /// Writes a text; in one that is JSON, secret members are masked.
    pub(super) fn string(&mut self, text: &str, veil: Veil) {
        self.push(|out| {
            if veil == Veil::On {
                return json::string(mask::MASK, out);
            }
            if !mask::has_secret_members(text.as_bytes()) {
                return json::string(text, out);
            }
            let mut masked = String::with_capacity(text.len());
            mask::json(text, &mut masked);
            json::string(&masked, out);
        });
    }

    pub(super) fn number(&mut self, number: i64) {
        self.push(|out| _ = write!(out, "{number}"));
    }

    pub(super) fn double(&mut self, number: f64) {
        self.push(|out| _ = write!(out, "{number:?}"));
    }

    /// Writes a time, in milliseconds since 1970.
    pub(super) fn date(&mut self, millis: i64) {
        self.push(|out| {
            out.push('"');
            let before = calendar::day(out, millis.div_euclid(DAY) - CENTURY);
            out.push('T');
            calendar::time(out, millis.rem_euclid(DAY).unsigned_abs(), 3);
            out.push('Z');
            out.push_str(before);
            out.push('"');
        });
    }

    /// Writes that so many bytes are no text.
    pub(super) fn bytes(&mut self, length: usize) {
        self.push(|out| _ = write!(out, "\"({length} bytes)\""));
    }
}
