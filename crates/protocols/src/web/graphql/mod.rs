//! GraphQL on HTTP: <https://spec.graphql.org/draft>, <https://graphql.github.io/graphql-over-http/draft>.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | `query` of a JSON body, of a query string, or a body of `application/graphql` | the document as the statement, its arguments' credentials masked |
//! | `operationName`, or the only operation | operation `query`, `mutation`, `subscription`; its name |
//! | its fields at the top, through fragments | the targets |
//! | `variables` | parameters, each with its name |
//! | `extensions.persistedQuery` | the hash of a document that is not sent |
//! | an array of these | a batch: all documents, all fields |
//! | `errors` of the answer, whatever its status | an error: code and message of the first |

mod document;

use model::exchange::{Failure, Text};
use model::row::Row;

use crate::web::answer::failure as failure_of;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::json::Value;
use crate::web::mask;

/// GraphQL.
pub(in crate::web) struct Graphql;

/// More variables than this are not told.
const VARIABLES: usize = 64;

/// Of a batch so many operations are looked at.
const BATCH: usize = 32;

impl Dialect for Graphql {
    fn name(&self) -> &'static str {
        "graphql"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        match head.method {
            "POST" => head.is_json() || head.media.contains("graphql") || head.media.contains("form-data"),
            "GET" => head.query.contains("query=") || head.query.contains("extensions="),
            _ => false,
        }
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        if !is_answer(answered) {
            return None;
        }
        let mut told = Told::default();
        let mut statement = String::new();
        match asked.method {
            "GET" => read_query(asked, &mut told, &mut statement)?,
            _ => read_body(asked, &mut told, &mut statement)?,
        }
        told.statement = (!statement.is_empty()).then_some(statement);
        told.failure = failure(answered.body);
        Some(told)
    }
}

/// Whether an answer is one, as far as it says (GraphQL, 7.1). One that is streamed says so in its events.
fn is_answer(answered: &Answered<'_>) -> bool {
    let body = Value::of(answered.body);
    let is_result = |value: Value<'_>| value.members().any(|(name, _)| matches!(name, "data" | "errors"));
    let first = if body.is_array() { body.items().next() } else { Some(body) };
    first.is_some_and(is_result)
        || !body.is_object() && ["\"data\"", "\"errors\""].iter().any(|word| answered.body.contains(word))
}

/// One request, as its parts are sent.
#[derive(Default)]
struct Request<'a> {
    document: Option<std::borrow::Cow<'a, str>>,
    name: Option<std::borrow::Cow<'a, str>>,
    variables: Option<Value<'a>>,
    extensions: Option<Value<'a>>,
}

impl<'a> Request<'a> {
    fn of(value: Value<'a>) -> Self {
        let mut request = Request::default();
        for (name, value) in value.members() {
            match name {
                "query" => request.document = value.text(),
                "operationName" => request.name = value.text(),
                "variables" => request.variables = Some(value),
                "extensions" => request.extensions = Some(value),
                _ => {}
            }
        }
        request
    }

    /// Adds what it asks; `None` where it is no request of GraphQL. What sends no document is a query where `short` says so.
    fn tell(&self, short: &'static str, told: &mut Told, statement: &mut String) -> Option<()> {
        let hash = self.extensions.and_then(|e| e.at(&["persistedQuery", "sha256Hash"]));
        let document = self.document.as_deref().filter(|document| document::is_document(document));
        match (document, hash) {
            (None, None) => return None,
            (Some(document), _) => self.tell_document(document, told, statement),
            (None, Some(_)) => told.operation = short.into(),
        }
        let name = self.name.as_deref();
        if let (Some(name), false) =
            (name, told.request_details.iter().any(|(n, _)| *n == "graphql.operation_name"))
        {
            told.request_details.push(("graphql.operation_name", name.into()));
        }
        if let Some(hash) = hash.and_then(Value::text) {
            told.request_details.push(("graphql.persisted_query", hash.as_ref().into()));
        }
        if let Some(variables) = self.variables {
            tell_variables(variables, &mut told.parameters);
        }
        Some(())
    }

    fn tell_document(&self, document: &str, told: &mut Told, statement: &mut String) {
        if !statement.is_empty() {
            statement.push('\n');
        }
        statement.push_str(&document::masked(document));
        let Some(operation) = document::operation(document, self.name.as_deref()) else {
            return told.operation = "query".into();
        };
        // Of a batch that changes something, this is told.
        if told.operation.is_empty() || operation.kind == "mutation" {
            told.operation = operation.kind.into();
        }
        if let Some(name) = operation.name {
            told.request_details.push(("graphql.operation_name", name.into()));
        }
        for field in document::fields(document, &operation) {
            if !told.targets.iter().any(|target| &**target == field) {
                told.targets.push(Text::from(field));
            }
        }
    }
}

/// Reads what a query string asks.
fn read_query(asked: &Asked<'_>, told: &mut Told, statement: &mut String) -> Option<()> {
    let [document, name, variables, extensions] =
        ["query", "operationName", "variables", "extensions"].map(|name| asked.parameter(name));
    // Members with names of credentials are hidden there by the escapes of the query string.
    let variables = variables.map(|text| {
        let mut masked = String::with_capacity(text.len());
        mask::json(&text, &mut masked);
        masked
    });
    let request = Request {
        document,
        name,
        variables: variables.as_deref().map(Value::of),
        extensions: extensions.as_deref().map(Value::of),
    };
    request.tell("query", told, statement)
}

/// Reads what a body asks: one request or several, as JSON, as the document alone, or as a part of a form.
fn read_body(asked: &Asked<'_>, told: &mut Told, statement: &mut String) -> Option<()> {
    if !asked.is_json() && !asked.media.contains("form-data") {
        let document = Some(asked.body.into());
        return Request { document, ..Request::default() }.tell("query", told, statement);
    }
    let text = match asked.body.split_once("name=\"operations\"") {
        Some((_, part)) if asked.media.contains("form-data") => part.trim_ascii_start(),
        _ => asked.body,
    };
    let body = Value::of(text);
    if !body.is_array() {
        return Request::of(body).tell(UNKNOWN, told, statement);
    }
    let mut count = 0;
    for item in body.items().take(BATCH) {
        Request::of(item).tell(UNKNOWN, told, statement)?;
        count += 1;
    }
    told.request_details.push(("graphql.batch", count.into()));
    (count > 0).then_some(())
}

/// What a document that is not sent may be.
const UNKNOWN: &str = "unknown";

/// Each variable with its name: those that are credentials are masked already.
fn tell_variables(variables: Value<'_>, row: &mut Row) {
    for (name, value) in variables.members().take(VARIABLES.saturating_sub(row.len())) {
        row.push_with(|out| {
            out.push_str(name);
            out.push_str(": ");
            out.push_str(value.raw());
        });
    }
}

fn first_error(answer: Value<'_>) -> Option<Value<'_>> {
    answer.get("errors")?.items().next()
}

/// The first error of an answer, or of the answers to a batch.
fn failure(body: &str) -> Option<Failure> {
    let body = Value::of(body);
    let error = if body.is_array() { body.items().find_map(first_error)? } else { first_error(body)? };
    let code = error.at(&["extensions", "code"]).and_then(Value::text).unwrap_or_default();
    Some(Failure { code: code.as_ref().into(), ..failure_of(error, &[]) })
}
