//! What a session remembers of its prepared statements, to a bound.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::sql::names::Names;
use crate::sql::said::{Said, Words};

use super::shape::Shape;
use super::types::Kind;

/// More statements than this are not remembered: the oldest is forgotten, and its text is unknown again.
///
/// Drivers keep some hundred; a server refuses more than 16,382 of all its sessions (`max_prepared_stmt_count`).
const STATEMENTS: usize = 1024;
/// The bytes of text that one session's statements may hold together.
const TEXTS: usize = 1 << 20;
/// So many parameters that come in pieces of their own are kept until their statement is run.
const LONG_PARAMETERS: usize = 64;
/// So many bytes of one of them are kept.
const LONG: usize = 1 << 10;
/// In MariaDB, the number of the statement that was prepared last.
pub(super) const LATEST: u32 = u32::MAX;

/// A statement that the client prepared.
#[derive(Debug, Default)]
pub(super) struct Statement {
    /// What it says.
    pub(super) said: Arc<Said>,
    /// How many parameters it has, as the server told.
    pub(super) parameters: OnceLock<u16>,
    /// The shape of its rows, as it was told last for a result that came without.
    pub(super) shape: OnceLock<Arc<Shape>>,
}

impl Statement {
    /// One that says this.
    pub(super) fn of(said: Arc<Said>) -> Self {
        Statement { said, parameters: OnceLock::new(), shape: OnceLock::new() }
    }

    /// One that was prepared before we came.
    fn unknown() -> Self {
        let words = Words { verb: Cow::Borrowed("EXECUTE"), ..Words::default() };
        Statement::of(Arc::new(Said { words, ..Said::default() }))
    }

    /// Whether nobody may keep the parameter at `at`.
    pub(super) fn hides(&self, at: usize) -> bool {
        self.said.secrets.iter().any(|number| usize::from(*number) == at + 1)
    }
}

/// A statement under its number, with what the client said of its parameters.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) statement: Arc<Statement>,
    /// The types of its parameters, which are said once.
    pub(super) kinds: Arc<[Kind]>,
}

/// A parameter that came in pieces of its own.
#[derive(Debug)]
struct Piece {
    statement: u32,
    parameter: u16,
    bytes: Vec<u8>,
    length: u64,
}

/// A session's statements, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Store {
    statements: Names<Prepared>,
    pieces: Vec<Piece>,
}

impl Store {
    /// The statement of this number; one that was not seen is remembered without a text.
    pub(super) fn statement(&mut self, number: u32) -> Prepared {
        if let Some(prepared) = self.statements.find(&number.to_be_bytes()) {
            return prepared.clone();
        }
        let unknown = Prepared { statement: Arc::new(Statement::unknown()), kinds: Arc::default() };
        self.put(number, unknown.clone());
        unknown
    }

    /// Remembers a statement under its number.
    pub(super) fn keep(&mut self, number: u32, statement: Arc<Statement>) {
        self.put(number, Prepared { statement, kinds: Arc::default() });
    }

    /// Remembers the types of a statement's parameters.
    pub(super) fn bind(&mut self, number: u32, prepared: Prepared) {
        self.put(number, prepared);
    }

    fn put(&mut self, number: u32, prepared: Prepared) {
        let text = prepared.statement.said.words.text.as_ref();
        let size = text.map_or(0, |text| text.len()) + size_of_val(&*prepared.kinds);
        self.statements.keep(&number.to_be_bytes(), prepared, size, STATEMENTS, TEXTS);
    }

    /// Forgets a statement.
    pub(super) fn close(&mut self, number: u32) {
        self.statements.forget(&number.to_be_bytes());
        self.reset(number);
    }

    /// Forgets what of a statement's parameters came in pieces of its own.
    pub(super) fn reset(&mut self, number: u32) {
        self.pieces.retain(|piece| piece.statement != number);
    }

    /// Keeps a piece of a parameter, of which there are `length` bytes.
    pub(super) fn add(&mut self, statement: u32, parameter: u16, bytes: &[u8], length: u64) {
        let is_it = |piece: &Piece| piece.statement == statement && piece.parameter == parameter;
        let at = match self.pieces.iter().position(is_it) {
            Some(at) => at,
            None if self.pieces.len() >= LONG_PARAMETERS => return,
            None => {
                self.pieces.push(Piece { statement, parameter, bytes: Vec::new(), length: 0 });
                self.pieces.len() - 1
            }
        };
        let Some(piece) = self.pieces.get_mut(at) else { return };
        let room = LONG.saturating_sub(piece.bytes.len());
        piece.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        piece.length += length;
    }

    /// What came of a parameter in pieces of its own, and how long it truly is.
    pub(super) fn long(&self, statement: u32, parameter: usize) -> Option<(&[u8], u64)> {
        let of = |piece: &&Piece| piece.statement == statement && usize::from(piece.parameter) == parameter;
        self.pieces.iter().find(of).map(|piece| (&*piece.bytes, piece.length))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{LONG, LONG_PARAMETERS, STATEMENTS, Said, Statement, Store, Words};

    fn of(text: &str) -> Arc<Statement> {
        let words = Words { text: Some(text.into()), ..Words::default() };
        Arc::new(Statement::of(Arc::new(Said { words, ..Said::default() })))
    }

    #[test]
    fn the_oldest_statement_is_forgotten_at_the_cap() {
        let mut store = Store::default();
        for number in 0..=u32::try_from(STATEMENTS).unwrap() {
            store.keep(number, of("x"));
        }
        assert!(store.statement(0).statement.said.words.text.is_none());
        assert!(store.statement(2).statement.said.words.text.is_some());
    }

    #[test]
    fn pieces_of_a_parameter_are_kept_to_a_bound() {
        let mut store = Store::default();
        for parameter in 0..100 {
            store.add(1, parameter, &[b'x'; 700], 700);
            store.add(1, parameter, &[b'y'; 700], 700);
        }
        let (bytes, length) = store.long(1, 0).unwrap();
        assert_eq!((bytes.len(), length), (LONG, 1400));
        assert!(store.long(1, LONG_PARAMETERS).is_none());
        store.reset(1);
        assert!(store.long(1, 0).is_none());
    }
}
