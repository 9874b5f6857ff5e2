//! What a session remembers of its prepared statements and portals, to a bound.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use model::exchange::Exchange;

use crate::sql::names::Names;
use crate::sql::said::{Said, Words};

use super::session::Batch;
use super::shape::{Forms, Shape};

/// More named statements than this are not remembered: the oldest is forgotten, and its text is unknown again.
///
/// Drivers keep some hundred (JDBC 256, psycopg 100).
const STATEMENTS: usize = 1024;
/// The same for named portals (cursors), of which a session has a handful.
const PORTALS: usize = 64;
/// The bytes of text that one session's named statements may hold together.
const TEXTS: usize = 1 << 20;

/// A statement that the client prepared.
#[derive(Debug, Default)]
pub(super) struct Statement {
    /// What it says.
    pub(super) said: Arc<Said>,
    /// The types of its parameters as the client declared them; zero is left to the server.
    pub(super) declared: Box<[u32]>,
    /// The types of its parameters as the server told.
    pub(super) described: OnceLock<Box<[u32]>>,
    /// The shape of its rows.
    pub(super) shape: OnceLock<Arc<Shape>>,
}

impl Statement {
    /// One that says this, with parameters of these types.
    pub(super) fn of(said: Arc<Said>, declared: Box<[u32]>) -> Self {
        Statement { said, declared, described: OnceLock::new(), shape: OnceLock::new() }
    }

    /// One that was prepared before we came.
    pub(super) fn unknown() -> Self {
        let words = Words { verb: Cow::Borrowed("EXECUTE"), ..Words::default() };
        Statement::of(Arc::new(Said { words, ..Said::default() }), Box::default())
    }

    /// Whether nobody may keep the parameter at `at`.
    pub(super) fn hides(&self, at: usize) -> bool {
        self.said.secrets.iter().any(|number| usize::from(*number) == at + 1)
    }

    /// The type of a parameter, zero when it is not known.
    pub(super) fn parameter(&self, at: usize) -> u32 {
        let types = self.described.get().unwrap_or(&self.declared);
        types.get(at).copied().unwrap_or(0)
    }
}

/// A statement with its parameters, ready to run.
#[derive(Clone, Debug)]
pub(super) struct Portal {
    /// What it runs.
    pub(super) statement: Arc<Statement>,
    /// The request that runs it, of which the parameters are written.
    pub(super) exchange: Box<Exchange>,
    /// How many parameters there truly are, when not all were kept.
    pub(super) cut: Option<u64>,
    /// In which form its rows come.
    pub(super) forms: Forms,
}

impl Portal {
    /// One that was not seen.
    pub(super) fn unknown(exchange: Box<Exchange>) -> Self {
        Portal { statement: Arc::new(Statement::unknown()), exchange, cut: None, forms: Forms::Unknown }
    }
}

/// Statements and portals by name; the empty name is the one that each use replaces.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) statements: Names<Arc<Statement>>,
    pub(super) portals: Names<Portal>,
    /// What the client said since its last `Sync`.
    pub(super) batch: Batch,
}

impl Store {
    /// A client's statement; one that was not seen is remembered without a text.
    pub(super) fn statement(&mut self, name: &[u8]) -> Arc<Statement> {
        if let Some(statement) = self.statements.find(name) {
            return Arc::clone(statement);
        }
        let unknown = Arc::new(Statement::unknown());
        self.keep(name, Arc::clone(&unknown));
        unknown
    }

    /// Remembers a statement; what had its name before comes back.
    pub(super) fn keep(&mut self, name: &[u8], statement: Arc<Statement>) -> Option<Arc<Statement>> {
        let size = statement.said.words.text.as_ref().map_or(0, |text| text.len());
        self.statements.keep(name, statement, size, STATEMENTS, TEXTS)
    }

    /// Remembers a portal.
    pub(super) fn open(&mut self, name: &[u8], portal: Portal) {
        let size = portal.exchange.request.parameters.size();
        self.portals.keep(name, portal, size, PORTALS, TEXTS);
    }

    /// Forgets what bytes of the client that were lost may have replaced.
    pub(super) fn doubt(&mut self) {
        self.statements.forget(b"");
        self.portals = Names::default();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{STATEMENTS, Statement, Store, TEXTS};
    use crate::sql::said::{Said, Words};

    fn of(length: usize) -> Arc<Statement> {
        let words = Words { text: Some("x".repeat(length).into()), ..Words::default() };
        Arc::new(Statement::of(Arc::new(Said { words, ..Said::default() }), Box::default()))
    }

    #[test]
    fn the_oldest_statement_is_forgotten_at_the_cap() {
        let mut store = Store::default();
        for i in 0..=STATEMENTS {
            store.keep(format!("s{i}").as_bytes(), of(1));
        }
        assert!(store.statements.find(b"s0").is_none());
        assert!(store.statements.find(b"s1").is_some());
    }

    #[test]
    fn long_statements_push_out_others() {
        let mut store = Store::default();
        for i in 0..40 {
            store.keep(format!("s{i}").as_bytes(), of(TEXTS / 8));
        }
        assert!(store.statements.find(b"s31").is_none());
        assert!(store.statements.find(b"s32").is_some());
        assert!(store.statement(b"s0").said.words.text.is_none(), "a forgotten statement has no text");
    }
}
