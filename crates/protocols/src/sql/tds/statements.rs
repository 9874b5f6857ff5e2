//! What a session remembers of its prepared statements and cursors, to a bound.

use std::borrow::Cow;
use std::sync::Arc;

use crate::sql::names::Names;
use crate::sql::said::{Said, Words};

/// More statements and cursors than this are not remembered: the oldest is forgotten, and its text is unknown again.
const STATEMENTS: usize = 1024;
/// The bytes of text that one session's statements may hold together.
const TEXTS: usize = 1 << 20;

/// Of what a number is one: servers count both, each from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Statement,
    Cursor,
}

/// A statement that a number stands for.
#[derive(Clone, Debug, Default)]
pub(super) struct Prepared {
    pub(super) said: Arc<Said>,
    /// Which of its parameters are passwords, by their places from 1.
    pub(super) hidden: Arc<[u16]>,
}

impl Prepared {
    /// One that was prepared before we came.
    fn unknown() -> Prepared {
        let words = Words { verb: Cow::Borrowed("EXECUTE"), ..Words::default() };
        Prepared { said: Arc::new(Said { words, ..Said::default() }), hidden: Arc::default() }
    }
}

/// A connection's statements and cursors, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Store {
    prepared: Names<Prepared>,
}

impl Store {
    /// What a number stands for; one that was not seen is of an unknown statement.
    pub(super) fn find(&self, of: Of, number: i32) -> Prepared {
        self.prepared.find(&key(of, number)).cloned().unwrap_or_else(Prepared::unknown)
    }

    /// Remembers what a number stands for.
    pub(super) fn keep(&mut self, of: Of, number: i32, prepared: Prepared) {
        let size = prepared.said.words.text.as_ref().map_or(0, |text| text.len());
        self.prepared.keep(&key(of, number), prepared, size, STATEMENTS, TEXTS);
    }

    /// Forgets what a number stands for.
    pub(super) fn close(&mut self, of: Of, number: i32) {
        self.prepared.forget(&key(of, number));
    }
}

fn key(of: Of, number: i32) -> [u8; 5] {
    let [a, b, c, d] = number.to_le_bytes();
    [of as u8, a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::{Of, Prepared, STATEMENTS, Store};

    #[test]
    fn the_oldest_is_forgotten_at_the_cap() {
        let mut store = Store::default();
        for number in 0..=i32::try_from(STATEMENTS).unwrap() {
            store.keep(Of::Statement, number, Prepared::default());
        }
        let is_known = |of, number| store.find(of, number).said.words.verb.is_empty();
        assert_eq!(
            [is_known(Of::Statement, 0), is_known(Of::Statement, 9), is_known(Of::Cursor, 9)],
            [false, true, false]
        );
    }
}
