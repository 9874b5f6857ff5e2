//! Couchbase's query and analytics services on HTTP: <https://docs.couchbase.com/server/current/n1ql/n1ql-rest-api/index.html>.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | `statement` of a document, a form or the query string | the statement in SQL++, its passwords masked; operation: its verb |
//! | `args`, and members or fields that begin with `$` | parameters: those in order, and those with their names |
//! | `query_context` | the database: a bucket and a scope |
//! | `prepared` without a statement | operation `EXECUTE`; the name as target |
//! | `requestID`, `status`, `metrics` of the answer | that it is Couchbase; how many rows came, how many documents were changed |
//! | `results` | rows, the first ones as samples |
//! | `errors` | an error: the first one's code and message |
//!
//! Documents go to its data service, which has a protocol of its own.

use std::borrow::Cow;

use model::exchange::{Failure, Text};

use crate::sql::secrets::{self, End};
use crate::sql::verb::verb;
use crate::web::content::{Kind, SAMPLE};
use crate::web::dialect::{Answered, Asked, Behind, Dialect, Told, decoded, parameters};
use crate::web::json::Value;

/// Couchbase.
pub(in crate::web) struct Couchbase;

/// So many rows are samples.
const SAMPLES: usize = 8;
/// So many parameters are told.
const PARAMETERS: usize = 64;
/// The longest message of an error that is kept.
const MESSAGE: usize = 1 << 10;

impl Dialect for Couchbase {
    fn name(&self) -> &'static str {
        "couchbase"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        matches!(head.path, "/query/service" | "/query" | "/analytics/service" | "/analytics/query")
            && matches!(head.method, "POST" | "GET")
    }

    fn answer(&self, said: Kind) -> Kind {
        said.longer()
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        let body = Value::of(answered.body);
        body.get("requestID")?;
        let mut told = Told::default();
        let (statement, prepared) = (said(asked, "statement"), said(asked, "prepared"));
        match (&statement, &prepared) {
            (Some(statement), _) => tell_statement(statement, asked, &mut told),
            (None, Some(prepared)) => {
                told.operation = "EXECUTE".into();
                told.statement = Some(format!("EXECUTE {prepared}"));
                told.targets.push(Text::from(&**prepared));
            }
            (None, None) => return None,
        }
        tell_parameters(asked, &mut told);
        told.database = said(asked, "query_context").map(|context| Text::from(&*context));
        told.failure = failure(body);
        tell_answer(body, &mut told);
        Some(told)
    }
}

/// What a request says under a name, in whichever way.
fn said<'a>(asked: &Asked<'a>, name: &str) -> Option<Cow<'a, str>> {
    let document = Value::of(asked.body);
    if document.is_object() {
        return document.get(name)?.text();
    }
    let of_form = || parameters(asked.body).find_map(|(is, value)| (is == name).then(|| decoded(value)));
    asked.parameter(name).or_else(of_form)
}

fn tell_statement(statement: &str, asked: &Asked<'_>, told: &mut Told) {
    let end = if asked.body.len() < SAMPLE { End::Whole } else { End::Cut };
    // Texts stand in both quotes, names in backticks.
    let statement = secrets::masked(statement, end, secrets::Dialect::Mysql).text;
    told.operation = verb(&statement).into_owned().into();
    told.statement = Some(statement.into_owned());
}

/// Tells the parameters: those in order, then those with names.
fn tell_parameters(asked: &Asked<'_>, told: &mut Told) {
    let document = Value::of(asked.body);
    if document.is_object() {
        for item in document.get("args").iter().flat_map(|args| args.items()).take(PARAMETERS) {
            told.parameters.push(&item.text().unwrap_or(Cow::Borrowed(item.raw())));
        }
        for (name, value) in document.members().filter(|(name, _)| name.starts_with('$')).take(PARAMETERS) {
            let value = value.text().unwrap_or(Cow::Borrowed(value.raw()));
            told.parameters.push(&format!("{}: {value}", name.trim_start_matches('$')));
        }
        return;
    }
    for (name, value) in parameters(asked.query).chain(parameters(asked.body)).take(PARAMETERS) {
        let (name, value) = (decoded(name), decoded(value));
        if name == "args" {
            for item in Value::of(&value).items().take(PARAMETERS) {
                told.parameters.push(&item.text().unwrap_or(Cow::Borrowed(item.raw())));
            }
        } else if let Some(name) = name.strip_prefix('$') {
            let text = Value::of(&value).text().unwrap_or(Cow::Borrowed(&*value)).into_owned();
            told.parameters.push(&format!("{name}: {text}"));
        }
    }
}

/// The first error: those of the query service have `msg`, some of the others `message`.
fn failure(body: Value<'_>) -> Option<Failure> {
    let error = body.get("errors")?.items().next()?;
    let message = error.get("msg").or(error.get("message")).and_then(Value::text).unwrap_or_default();
    let message: String = message.chars().take(MESSAGE).collect();
    let code = error.get("code").map_or("", Value::raw);
    Some(Failure { code: code.trim_matches('"').into(), message: message.into() })
}

fn tell_answer(body: Value<'_>, told: &mut Told) {
    for row in body.get("results").iter().flat_map(|results| results.items()).take(SAMPLES) {
        told.samples.add(64, |cells| cells.push(row.raw()));
        told.behind = Behind::Told;
    }
    let metrics = body.get("metrics");
    let count = |name| metrics.and_then(|metrics| metrics.get(name)).and_then(Value::count);
    // They stand behind the rows, and of a longer answer are not known.
    told.rows = count("resultCount");
    told.affected = count("mutationCount");
    let status = body.get("status").and_then(Value::text);
    told.response_details.extend(status.map(|status| ("couchbase.status", (&*status).into())));
}
