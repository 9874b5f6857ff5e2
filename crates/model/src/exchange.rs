//! Exchanges: one request with its response, in words that every protocol can fill.

use std::borrow::Cow;
use std::iter::Chain;
use std::slice;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::event::Cause;
use crate::past::Past;
use crate::row::{Row, Rows};
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

    #[inline]
    fn clear(&mut self) {
        self.operation = Cow::Borrowed("");
        self.statement.clear();
        self.parameters.clear();
        self.past_targets.keep(&mut self.targets);
        forget(&mut self.details);
    }
}

/// The text of a statement, if there is one: what other exchanges say too, in the same memory, or what this one says
/// alone.
///
/// Memory of its own stays with an exchange that is cleared: few statements are longer than the one before. So does a
/// text that most exchanges share.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    told: Told,
    own: String,
    shared: Option<Text>,
}

/// Which text is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    Own,
    /// The shared one, which is there.
    Shared,
}

impl Statement {
    /// Takes this text, which is this exchange's alone.
    #[inline]
    pub fn write(&mut self, text: &str) {
        self.own.clear();
        self.own.push_str(text);
        self.told = Told::Own;
    }

    /// Takes the text that `write` appends to what it is given, which is empty.
    #[inline]
    pub fn write_with(&mut self, write: impl FnOnce(&mut String)) {
        self.own.clear();
        write(&mut self.own);
        self.told = Told::Own;
    }

    /// Takes this text, which other exchanges share.
    #[inline]
    pub fn share(&mut self, text: Text) {
        self.shared = Some(text);
        self.told = Told::Shared;
    }

    /// The same of a text that the exchange before, in this memory, may have told too: then it is not counted.
    #[inline]
    pub fn share_again(&mut self, text: &Text) {
        if !self.shared.as_ref().is_some_and(|shared| Arc::ptr_eq(shared, text)) {
            self.shared = Some(Arc::clone(text));
        }
        self.told = Told::Shared;
    }

    /// The text.
    #[inline]
    #[must_use]
    pub fn as_deref(&self) -> Option<&str> {
        match self.told {
            Told::Nothing => None,
            Told::Own => Some(&self.own),
            Told::Shared => self.shared.as_deref(),
        }
    }

    /// The text, if other exchanges share it.
    #[inline]
    #[must_use]
    pub fn shared(&self) -> Option<&Text> {
        match self.told {
            Told::Shared => self.shared.as_ref(),
            Told::Nothing | Told::Own => None,
        }
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.as_deref().is_none()
    }

    #[inline]
    fn clear(&mut self) {
        if self.told == Told::Shared {
            self.shared.take_if(|text| text.len() > LONG);
        }
        self.told = Told::Nothing;
        if self.own.capacity() > LONG {
            self.own = String::new();
        }
    }
}

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        self.as_deref() == other.as_deref()
    }
}

impl Eq for Statement {}

impl From<&str> for Statement {
    fn from(text: &str) -> Self {
        Statement { told: Told::Own, own: text.to_owned(), shared: None }
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
        forget(&mut self.details);
    }
}

/// Room for a statement of so many bytes stays with an exchange that is cleared.
const LONG: usize = 512;

/// Room for so many details stays with an exchange that is cleared.
const KEPT: usize = 32;

#[inline]
fn forget(details: &mut Details) {
    match details.sharing {
        Sharing::Nothing => {}
        Sharing::Again => details.sharing = Sharing::Nothing,
        Sharing::Once => details.unshare(),
    }
    // Most have none.
    if !details.own.is_empty() {
        forget_own(details);
    }
}

#[inline(never)]
fn forget_own(details: &mut Details) {
    details.own.clear();
    if details.own.capacity() > KEPT {
        details.own = SmallVec::new();
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

/// A value in the details with its name.
pub type Named = (&'static str, Detail);

/// What one protocol alone says, by name.
///
/// What many exchanges say alike (the head of an HTTP request) they share, and it comes first. SQL says one thing at
/// most of most exchanges (a transaction is open): neither needs memory of its own.
#[derive(Clone, Debug, Default)]
pub struct Details {
    sharing: Sharing,
    shared: Option<Arc<[Named]>>,
    own: SmallVec<[Named; 1]>,
}

/// Whether what others say too is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sharing {
    /// No: what is shared is what the exchange before told, in this memory.
    #[default]
    Nothing,
    /// Yes, and it goes with this exchange.
    Once,
    /// Yes, and the next exchange will probably tell it too.
    Again,
}

impl Details {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Details::default()
    }

    /// Takes the place of all that other exchanges share.
    #[inline]
    pub fn share(&mut self, shared: Arc<[Named]>) {
        self.shared = Some(shared);
        self.sharing = Sharing::Once;
    }

    /// The same of what is short, and what the exchange before, in this memory, may have told too: then it is not counted.
    #[inline]
    pub fn share_again(&mut self, shared: &Arc<[Named]>) {
        if !self.shared.as_ref().is_some_and(|past| Arc::ptr_eq(past, shared)) {
            self.shared = Some(Arc::clone(shared));
        }
        self.sharing = Sharing::Again;
    }

    /// What other exchanges say too.
    #[inline]
    #[must_use]
    pub fn shared(&self) -> Option<&Arc<[Named]>> {
        match self.sharing {
            Sharing::Nothing => None,
            Sharing::Once | Sharing::Again => self.shared.as_ref(),
        }
    }

    #[inline(never)]
    fn unshare(&mut self) {
        (self.sharing, self.shared) = (Sharing::Nothing, None);
    }

    /// Adds one.
    #[inline]
    pub fn push(&mut self, detail: Named) {
        self.own.push(detail);
    }

    /// Forgets those of this name that are not shared.
    pub fn forget(&mut self, name: &str) {
        self.own.retain(|(own, _)| *own != name);
    }

    /// All of them in order.
    #[inline]
    pub fn iter(&self) -> Chain<slice::Iter<'_, Named>, slice::Iter<'_, Named>> {
        let [shared, own] = self.parts();
        shared.iter().chain(own)
    }

    /// What other exchanges say too, in the same memory; and what this one says alone.
    #[inline]
    #[must_use]
    pub fn parts(&self) -> [&[Named]; 2] {
        [self.shared().map(|shared| &**shared).unwrap_or_default(), &self.own]
    }

    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts().map(<[Named]>::len).iter().sum()
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all, and keeps the memory of what was not shared.
    #[inline]
    pub fn clear(&mut self) {
        self.unshare();
        self.own.clear();
    }

    /// How many fit in the memory that is not shared.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.own.capacity()
    }
}

impl PartialEq for Details {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl Eq for Details {}

impl Extend<Named> for Details {
    fn extend<I: IntoIterator<Item = Named>>(&mut self, details: I) {
        self.own.extend(details);
    }
}

impl<const N: usize> From<[Named; N]> for Details {
    fn from(details: [Named; N]) -> Self {
        Details { own: details.into_iter().collect(), ..Details::default() }
    }
}

impl<'a> IntoIterator for &'a Details {
    type Item = &'a Named;
    type IntoIter = Chain<slice::Iter<'a, Named>, slice::Iter<'a, Named>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A value in the details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A text.
    Text(Text),
    /// A number.
    Number(i64),
}

impl From<&str> for Detail {
    fn from(text: &str) -> Self {
        Detail::Text(text.into())
    }
}

impl From<Text> for Detail {
    fn from(text: Text) -> Self {
        Detail::Text(text)
    }
}

impl From<i64> for Detail {
    fn from(number: i64) -> Self {
        Detail::Number(number)
    }
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
