//! What is spoken inside of HTTP: protocols that refine an exchange of it, whatever its version.
//!
//! A head proposes (method, path, fields: [`Dialect::may_be`]), the beginnings of both bodies decide ([`Dialect::read`]).
//! What is not confirmed stays HTTP. Heads are asked once, for most are followed by their like.

use std::borrow::Cow;
use std::mem;
use std::sync::Arc;

use model::details::{Detail, Details, Named};
use model::exchange::{Column, Exchange, Failure, Identity, Outcome, Request, Response, Text};
use model::row::{Row, Rows};
use model::statement::Statement;

use crate::web::answer::Answer;
use crate::web::anthropic::Anthropic;
use crate::web::chroma::Chroma;
use crate::web::clickhouse::Clickhouse;
use crate::web::content::{Kind, SAMPLE};
use crate::web::couchbase::Couchbase;
use crate::web::elasticsearch::Elasticsearch;
use crate::web::etcd::Etcd;
use crate::web::events::Join;
use crate::web::gemini::Gemini;
use crate::web::graphql::Graphql;
use crate::web::head::field;
use crate::web::influxdb::Influxdb;
use crate::web::json::Value;
use crate::web::mcp::Mcp;
use crate::web::milvus::Milvus;
use crate::web::openai::Openai;
use crate::web::pinecone::Pinecone;
use crate::web::qdrant::Qdrant;
use crate::web::weaviate::Weaviate;

/// All of them: the first that takes an exchange has it.
static ALL: &[&dyn Dialect] = &[
    &Weaviate,
    &Graphql,
    &Openai,
    &Anthropic,
    &Gemini,
    &Mcp,
    &Elasticsearch,
    &Clickhouse,
    &Couchbase,
    &Influxdb,
    &Etcd,
    &Qdrant,
    &Chroma,
    &Milvus,
    &Pinecone,
];

/// A protocol inside of HTTP.
pub(super) trait Dialect: Sync {
    /// Its name in records.
    fn name(&self) -> &'static str;
    /// Whether a request with such a head may be one of it; of the body nothing is known yet.
    fn may_be(&self, head: &Asked<'_>) -> bool;
    /// What an exchange says in it; `None` where it is none of it.
    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told>;
    /// What a request's body is of which the head says that it is this.
    fn body(&self, said: Kind) -> Kind {
        said
    }
    /// The same of an answer's.
    fn answer(&self, said: Kind) -> Kind {
        said
    }
    /// How the events of a streamed answer are joined, where they are one.
    fn join(&self) -> Option<Join> {
        None
    }
}

/// What HTTP says of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// Who was asked, as the head names it.
    pub(super) host: &'a str,
    /// What stands behind the `?` of the target, credentials masked.
    pub(super) query: &'a str,
    pub(super) media: &'a str,
    /// The field lines, credentials masked.
    pub(super) fields: &'a str,
    /// Whether these are all.
    heard: Fields,
    /// The beginning of the body's text, credentials masked.
    pub(super) body: &'a str,
}

/// Whether all fields of a head were heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fields {
    #[default]
    All,
    /// The header table hides some of them: the type of the body may be one.
    NotAll,
}

/// What HTTP says of a response.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answered<'a> {
    pub(super) status: i64,
    /// The field lines, credentials masked.
    fields: &'a str,
    /// The beginning of the body's text, credentials masked.
    pub(super) body: &'a str,
    /// What the events of the body say together, where the dialect joins them.
    pub(super) joined: Option<&'a Answer>,
}

/// An exchange as its dialect tells it.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) operation: Cow<'static, str>,
    pub(super) statement: Option<String>,
    pub(super) parameters: Row,
    pub(super) targets: Vec<Text>,
    /// What went wrong, where HTTP does not say so or not what.
    pub(super) failure: Option<Failure>,
    pub(super) rows: Option<u64>,
    pub(super) affected: Option<u64>,
    pub(super) columns: Option<Arc<[Column]>>,
    pub(super) samples: Rows,
    pub(super) user: Option<Text>,
    pub(super) database: Option<Text>,
    pub(super) request_details: Vec<Named>,
    pub(super) response_details: Vec<Named>,
    pub(super) behind: Behind,
}

/// What becomes of the text of an answer's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Behind {
    /// It is told as HTTP tells it.
    #[default]
    Kept,
    /// It is told already.
    Told,
}

/// Which dialects a request may be in, by their places in [`ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Candidates(u32);

/// Whether a connection may speak a dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Spoken {
    /// No head proposed one.
    #[default]
    Never,
    Perhaps,
}

impl Candidates {
    /// Those that a request with this statement and these details proposes.
    pub(super) fn of<'a>(statement: &'a str, details: impl Iterator<Item = &'a Named>) -> Self {
        let asked = Asked::of(statement, details);
        if !asked.may_be_any() {
            return Candidates::default();
        }
        let places = ALL.iter().enumerate().filter(|(_, dialect)| dialect.may_be(&asked));
        Candidates(places.fold(0, |places, (place, _)| places | 1 << place))
    }

    /// Whether there is any.
    #[inline]
    pub(super) fn any(self) -> bool {
        self.0 != 0
    }

    fn dialects(self) -> impl Iterator<Item = &'static dyn Dialect> {
        ALL.iter().enumerate().filter(move |(place, _)| self.0 >> place & 1 == 1).map(|(_, dialect)| *dialect)
    }

    /// What a request's body is whose head says that it is this, and hides so many fields: the body's type may be one.
    #[inline]
    pub(super) fn body(self, said: Kind, hidden: u16) -> Kind {
        if self.any() { self.wanted(|dialect, kind| dialect.body(kind), said, hidden) } else { said }
    }

    /// The same of an answer's.
    #[inline]
    pub(super) fn answer(self, said: Kind, hidden: u16) -> Kind {
        if self.any() { self.wanted(|dialect, kind| dialect.answer(kind), said, hidden) } else { said }
    }

    fn wanted(self, kind: fn(&dyn Dialect, Kind) -> Kind, said: Kind, hidden: u16) -> Kind {
        let said = if said == Kind::Opaque && hidden > 0 { Kind::Json } else { said };
        self.dialects().map(|dialect| kind(dialect, said)).find(|kind| *kind != said).unwrap_or(said)
    }

    /// How the events of an answer are joined.
    pub(super) fn join(self) -> Option<Join> {
        self.dialects().find_map(Dialect::join)
    }

    /// Tells an exchange that is whole in the dialect that it is in, if it is in one of these.
    #[inline]
    pub(super) fn refine(self, exchange: &mut Exchange, joined: Option<&Answer>) {
        if self.any() {
            self.refine_any(exchange, joined);
        }
    }

    #[inline(never)]
    fn refine_any(self, exchange: &mut Exchange, joined: Option<&Answer>) {
        let request = &exchange.request;
        let asked = Asked::of(request.statement.as_deref().unwrap_or_default(), request.details.iter());
        let answered = Answered::of(&exchange.response.details, joined);
        let told =
            self.dialects().find_map(|dialect| Some((dialect.name(), dialect.read(&asked, &answered)?)));
        match told {
            Some((name, told)) => {
                exchange.protocol = name;
                told.write(exchange);
            }
            None => {
                shorten(&mut exchange.request.details, "http.request_body");
                shorten(&mut exchange.response.details, "http.response_body");
            }
        }
    }
}

impl<'a> Asked<'a> {
    fn of(statement: &'a str, details: impl Iterator<Item = &'a Named>) -> Self {
        let query = statement.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let mut asked = Asked { query, ..Asked::default() };
        for (name, detail) in details {
            let Detail::Text(text) = detail else {
                if *name == "http.request_hidden" {
                    asked.heard = Fields::NotAll;
                }
                continue;
            };
            match *name {
                "http.method" => asked.method = text,
                "http.path" => asked.path = text,
                "http.host" => asked.host = text,
                "http.request_content_type" => asked.media = text,
                "http.request_headers" => asked.fields = text,
                "http.request_body" => asked.body = text,
                _ => {}
            }
        }
        asked
    }

    /// Whether it may be in any dialect at all: most that only fetch a page are not.
    fn may_be_any(&self) -> bool {
        let fetches = matches!(self.method, "GET" | "HEAD" | "OPTIONS");
        let file = self.path.rsplit('/').next().unwrap_or_default();
        !fetches || !self.query.is_empty() || !(file.is_empty() || file.contains('.'))
    }

    /// Whether the body is JSON, or may be where its type is hidden.
    pub(super) fn is_json(&self) -> bool {
        self.media.contains("json") || self.media.is_empty() && self.heard == Fields::NotAll
    }

    /// The first value of a field.
    pub(super) fn field(&self, name: &str) -> Option<&'a str> {
        field(self.fields, name)
    }

    /// The segments of the path.
    pub(super) fn segments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.path.split('/').filter(|segment| !segment.is_empty())
    }

    /// The parameter of the query with this name, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        parameters(self.query).find_map(|(is, value)| (is == name).then(|| decoded(value)))
    }
}

impl<'a> Answered<'a> {
    fn of(details: &'a Details, joined: Option<&'a Answer>) -> Self {
        let mut answered = Answered { joined, ..Answered::default() };
        for (name, detail) in details {
            match (*name, detail) {
                ("http.status", Detail::Number(status)) => answered.status = *status,
                ("http.response_headers", Detail::Text(text)) => answered.fields = text,
                ("http.response_body", Detail::Text(text)) => answered.body = text,
                _ => {}
            }
        }
        answered
    }

    /// The first value of a field.
    pub(super) fn field(&self, name: &str) -> Option<&'a str> {
        field(self.fields, name)
    }

    /// What a model answered: its events joined, else its body as `whole` reads it; `None` where neither says anything.
    pub(super) fn by_model(&self, whole: fn(Value<'_>) -> Answer) -> Option<Cow<'a, Answer>> {
        let joined = self.joined.filter(|joined| joined.pieces > 0).map(Cow::Borrowed);
        let answer = joined.unwrap_or_else(|| Cow::Owned(whole(Value::of(self.body))));
        (answer.pieces > 0).then_some(answer)
    }

    /// Whether HTTP says that it went well.
    pub(super) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Told {
    pub(super) fn write(mut self, exchange: &mut Exchange) {
        if self.user.is_some() || self.database.is_some() {
            let known = exchange.identity.as_deref().cloned().unwrap_or_default();
            let (user, database) = (self.user.take().or(known.user), self.database.take().or(known.database));
            exchange.identity = Some(Arc::new(Identity { user, database, ..known }));
        }
        exchange.request.details.forget("http.request_body");
        self.write_request(&mut exchange.request);
        if self.behind == Behind::Told {
            exchange.response.details.forget("http.response_body");
        }
        self.write_response(&mut exchange.response);
    }

    /// Writes what was asked.
    pub(super) fn write_request(&mut self, request: &mut Request) {
        request.operation = mem::take(&mut self.operation);
        match &self.statement {
            Some(statement) => request.statement.write(statement),
            None => request.statement = Statement::default(),
        }
        request.parameters = mem::take(&mut self.parameters);
        request.targets = mem::take(&mut self.targets);
        request.details.extend(mem::take(&mut self.request_details));
    }

    /// Writes what came back.
    pub(super) fn write_response(self, response: &mut Response) {
        if let Some(failure) = self.failure {
            response.outcome = Outcome::Error;
            response.failure = Some(Box::new(failure));
        }
        (response.rows, response.affected) = (self.rows, self.affected);
        (response.columns, response.samples) = (self.columns, self.samples);
        response.details.extend(self.response_details);
    }
}

/// A body of which a dialect would have wanted more is told as far as any other one.
fn shorten(details: &mut Details, name: &'static str) {
    let long = details.iter().find_map(|(is, detail)| match detail {
        Detail::Text(text) if *is == name && text.len() > SAMPLE => Some(Arc::clone(text)),
        Detail::Text(_) | Detail::Number(_) => None,
    });
    if let Some(text) = long {
        let end = (0..=SAMPLE).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        details.forget(name);
        details.push((name, text.get(..end).unwrap_or_default().into()));
    }
}

/// The parameters of a query, as they are written.
pub(super) fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| !name.is_empty())
}

/// A text of a query without its escapes.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        rest = behind;
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = behind.get(2..).unwrap_or_default();
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(*byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{ALL, decoded};

    #[test]
    fn every_dialect_is_listed() {
        let listed = |name: &&str| crate::DIALECTS.contains(name);
        assert_eq!(ALL.iter().map(|dialect| dialect.name()).find(|name| !listed(name)), None);
        assert!(u32::try_from(ALL.len()).is_ok_and(|count| count <= u32::BITS), "a candidate is a bit");
    }

    #[test]
    fn queries_lose_their_escapes() {
        assert_eq!(decoded("a+b%20%c3%bc%"), "a b \u{fc}%");
    }
}
