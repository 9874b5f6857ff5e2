//! What a session remembers of its prepared statements, to a bound.

use std::borrow::Cow;
use std::sync::Arc;

use crate::kit::reader::Reader;
use crate::sql::names::Names;
use crate::sql::said::{Said, Words};
use crate::sql::secrets::holds_password;

use super::shape::Shape;

/// More statements than this are not remembered: the oldest is forgotten, and its text is unknown again.
const STATEMENTS: usize = 1024;
/// The bytes of text that one session's statements may hold together.
const TEXTS: usize = 1 << 20;
/// The bytes of a digest. Cassandra and Scylla name a statement by the MD5 of its text and keyspace: what one connection was
/// told it is, it is on all others.
const DIGEST: usize = 16;

/// A prepared statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Prepared {
    id: Box<[u8]>,
    pub(super) said: Arc<Said>,
    /// What is bound to it; `None` when that was not told.
    pub(super) bound: Option<Arc<Shape>>,
    /// Its rows.
    pub(super) rows: Option<Arc<Shape>>,
    pub(super) told: Told,
}

/// Where it was told what a statement is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Told {
    #[default]
    Here,
    /// On another connection.
    Elsewhere,
    /// Before we came.
    Never,
}

impl Prepared {
    /// A statement of which this was told.
    pub(super) fn new(
        id: &[u8],
        said: Arc<Said>,
        bound: Option<Arc<Shape>>,
        rows: Option<Arc<Shape>>,
    ) -> Prepared {
        Prepared { id: id.into(), said, bound, rows, told: Told::Here }
    }

    /// One that was prepared before we came.
    fn unknown() -> Prepared {
        let words = Words { verb: Cow::Borrowed("EXECUTE"), ..Words::default() };
        let said = Arc::new(Said { words, ..Said::default() });
        Prepared { said, told: Told::Never, ..Prepared::default() }
    }

    /// Whether this parameter, counted from 0, is a password: by the statement's text, or by the column that it is for.
    pub(super) fn hides(&self, at: usize) -> bool {
        let number = u16::try_from(at + 1).unwrap_or_default();
        let bound = self.bound.as_ref().and_then(|bound| bound.columns.get(at));
        let is_named = |name: &str| {
            holds_password(name.as_bytes()) || self.said.names.iter().any(|secret| **secret == *name)
        };
        self.said.secrets.contains(&number) || bound.is_some_and(|column| is_named(&column.name))
    }
}

/// A connection's statements, by their ids.
#[derive(Debug, Default)]
pub(super) struct Store {
    prepared: Names<Arc<Prepared>>,
}

impl Store {
    /// What an id stands for; one that was never told is of an unknown statement.
    pub(super) fn find(&mut self, id: &[u8], wire: &mut Reader<'_>) -> Arc<Prepared> {
        if let Some(known) = self.prepared.find(id) {
            return Arc::clone(known);
        }
        let elsewhere = wire.recall(id, |known: &Prepared| *known.id == *id, || Err(()));
        let Ok(elsewhere) = elsewhere else { return Arc::new(Prepared::unknown()) };
        let found = Arc::new(Prepared { told: Told::Elsewhere, ..Prepared::clone(&elsewhere) });
        self.remember(id, Arc::clone(&found));
        found
    }

    /// Remembers what an id stands for, here and for other connections.
    pub(super) fn keep(&mut self, id: &[u8], prepared: Prepared, wire: &mut Reader<'_>) {
        let prepared = if id.len() == DIGEST && prepared.said.words.text.is_some() {
            // A shape may have changed since.
            let Ok(prepared) =
                wire.recall(id, |_: &Prepared| false, || Ok::<_, std::convert::Infallible>(prepared));
            prepared
        } else {
            Arc::new(prepared)
        };
        self.remember(id, prepared);
    }

    /// Remembers that a statement has other rows now.
    pub(super) fn change(&mut self, known: &Prepared, rows: Arc<Shape>, wire: &mut Reader<'_>) {
        self.keep(&known.id, Prepared { rows: Some(rows), ..Prepared::clone(known) }, wire);
    }

    /// Forgets what an id stands for.
    pub(super) fn forget(&mut self, id: &[u8]) {
        self.prepared.forget(id);
    }

    fn remember(&mut self, id: &[u8], prepared: Arc<Prepared>) {
        let size = prepared.said.words.text.as_ref().map_or(0, |text| text.len());
        self.prepared.keep(id, prepared, size, STATEMENTS, TEXTS);
    }
}
