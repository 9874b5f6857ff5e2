//! Exchanges: one request with its response, in words that every protocol can fill.

use std::borrow::Cow;
use std::sync::Arc;

use crate::details::Details;
use crate::event::Cause;
use crate::past::Past;
use crate::row::{Row, Rows};
use crate::statement::Statement;
use crate::time::Time;

/// A text that many records may share.
pub type Text = Arc<str>;

/// One request with its response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The protocol's name in records (`postgresql`, `http`).
    pub protocol: &'static str,
    /// Who the session is, as far as it said.
    pub identity: Option<Arc<Identity>>,
    /// What was asked.
    pub request: Request,
    /// What came back.
    pub response: Response,
    /// When the request's first byte passed.
    pub asked: Time,
    /// When the response's last byte passed; `None` when there was none.
    pub answered: Option<Time>,
    /// Bytes of the request.
    pub request_bytes: u64,
    /// Bytes of the response.
    pub response_bytes: u64,
    /// Whether all of it was read.
    pub completeness: Completeness,
}

impl Exchange {
    /// Forgets what it says but for the identity, mostly that of the next one too, and keeps small pieces of memory for
    /// what it will say next.
    #[inline]
    pub fn clear(&mut self) {
        self.protocol = "";
        self.request.clear();
        self.response.clear();
        self.answered = None;
        self.response_bytes = 0;
        self.completeness = Completeness::default();
    }
}

/// Who a session is, as its hand-shake said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The database user.
    pub user: Option<Text>,
    /// The database, keyspace or virtual host.
    pub database: Option<Text>,
    /// The client program, as it names itself.
    pub application: Option<Text>,
    /// The server's version.
    pub version: Option<Text>,
}

/// What was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The protocol's own word: `SELECT`, `GET`, `Produce`.
    pub operation: Cow<'static, str>,
    /// The text as sent, credentials masked; `None` when the wire did not show it.
    pub statement: Statement,
    /// The values bound to the statement, in order.
    pub parameters: Row,
    /// What it touches: tables, collections, topics, paths.
    pub targets: Vec<Text>,
    /// What this protocol alone says.
    pub details: Details,
    /// What the request before touched, in this memory.
    pub past_targets: Past<Vec<Text>>,
}

impl Request {
    /// Takes these targets, which other requests share.
    #[inline]
    pub fn share_targets(&mut self, targets: &[Text]) {
        self.past_targets.again(targets, &mut self.targets);
    }

    /// Takes one target, which is of this request alone, as far as is known.
    #[inline]
    pub fn name_target(&mut self, target: &str) {
        self.past_targets.again_one(target, &mut self.targets);
    }

    #[inline]
    fn clear(&mut self) {
        self.operation = Cow::Borrowed("");
        self.statement.clear();
        self.parameters.clear();
        self.past_targets.keep(&mut self.targets);
        self.details.end();
    }
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong.
    pub failure: Option<Box<Failure>>,
    /// Rows, documents or messages that came back; `None` when that has no meaning.
    pub rows: Option<u64>,
    /// Rows that were changed; `None` when that has no meaning.
    pub affected: Option<u64>,
    /// The shape of the rows, shared by all answers of one prepared statement.
    pub columns: Option<Arc<[Column]>>,
    /// The first rows, to a bound.
    pub samples: Rows,
    /// What this protocol alone says.
    pub details: Details,
    /// The shape of the rows of the response before, in this memory.
    pub past_columns: Past<Option<Arc<[Column]>>>,
}

impl Response {
    /// Takes the shape of its rows, which other responses share.
    #[inline]
    pub fn share_columns(&mut self, columns: &Arc<[Column]>) {
        self.columns = Some(self.past_columns.again(columns));
    }

    /// Forgets what it says.
    #[inline]
    fn clear(&mut self) {
        self.outcome = Outcome::default();
        self.failure = None;
        (self.rows, self.affected) = (None, None);
        self.past_columns.keep(&mut self.columns);
        self.samples.clear();
        self.details.end();
    }
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was answered without an error.
    #[default]
    Ok,
    /// It was answered with an error.
    Error,
    /// No answer was seen.
    Unanswered,
    /// No answer was due.
    Oneway,
    /// It was answered, and how is told by what was said before the watching began, or was lost.
    Unknown,
}

/// An error that the other side reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The protocol's own code: an SQLSTATE, a status.
    pub code: Text,
    /// The message, shortened to a bound.
    pub message: Text,
}

/// One column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Text,
    /// Its type, in the server's words (`text`, `int4`, `oid 16390`).
    pub kind: Cow<'static, str>,
    /// The table it comes from, where the wire says it by name.
    pub table: Option<Text>,
    /// The table and column it comes from, where the wire says it by number.
    pub origin: Option<Origin>,
}

/// Where a column comes from, by the server's own numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The table's object id.
    pub table: u32,
    /// The column's ordinal in it, from 1.
    pub column: u16,
}

/// Whether all bytes of an exchange were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// Bytes of it that passed and were not read.
    pub lost_bytes: u64,
    /// Why the first of them were not.
    pub cause: Option<Cause>,
}

impl Completeness {
    /// Adds what was lost of a part.
    #[inline]
    pub fn add(&mut self, part: Completeness) {
        self.lost_bytes += part.lost_bytes;
        self.cause = self.cause.or(part.cause);
    }
}
