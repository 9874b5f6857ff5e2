//! ClickHouse on HTTP: <https://clickhouse.com/docs/en/interfaces/http>.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | `query` of the query string, or the body | the statement, its passwords masked; operation: its verb |
//! | `param_NAME` | parameters, each with its name |
//! | `database`, `X-ClickHouse-Database`; `user`, `X-ClickHouse-User` | the session |
//! | `X-ClickHouse-Server-Display-Name`, `X-ClickHouse-Query-Id`, `X-ClickHouse-Summary` of the answer | that it is ClickHouse; rows that were written |
//! | `rows` of a document, or the lines of a text | rows, and the first ones as samples |
//! | `Code: 60, ...` with a status from 400 on | an error: code and message |

use std::borrow::Cow;

use model::exchange::{Failure, Text};

use crate::sql::secrets::{self, End};
use crate::sql::verb::verb;
use crate::web::content::{Kind, SAMPLE};
use crate::web::dialect::{Answered, Asked, Dialect, Told, decoded, parameters};
use crate::web::json::Value;

/// ClickHouse.
pub(in crate::web) struct Clickhouse;

/// So many rows are samples.
const SAMPLES: usize = 8;

/// The longest message of an error that is kept.
const MESSAGE: usize = 1 << 10;

impl Dialect for Clickhouse {
    fn name(&self) -> &'static str {
        "clickhouse"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        head.path == "/" && (head.method == "POST" || head.method == "GET" && head.query.contains("query="))
    }

    fn body(&self, said: Kind) -> Kind {
        // Its clients say nothing of a statement, or what they say of a form.
        match said {
            Kind::Opaque | Kind::Form => Kind::Plain,
            said => said,
        }
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        let field = |name| answered.field(name);
        field("x-clickhouse-server-display-name").or(field("x-clickhouse-query-id"))?;
        let asks = asked.parameter("query").filter(|query| !query.trim().is_empty());
        let statement = asks.unwrap_or(Cow::Borrowed(asked.body));
        if statement.trim().is_empty() {
            return None;
        }
        let end = if statement.len() < SAMPLE { End::Whole } else { End::Cut };
        let statement = secrets::masked(&statement, end, secrets::Dialect::Clickhouse).text;
        let named = |parameter, field| asked.parameter(parameter).or(asked.field(field).map(Cow::Borrowed));
        let text = |text: Option<Cow<'_, str>>| text.map(|text| Text::from(&*text));
        let mut told = Told {
            operation: verb(&statement).into_owned().into(),
            user: text(named("user", "x-clickhouse-user")),
            database: text(named("database", "x-clickhouse-database")),
            failure: failure(answered),
            ..Told::default()
        };
        told.statement = Some(statement.into_owned());
        for (name, value) in parameters(asked.query) {
            if let Some(name) = name.strip_prefix("param_") {
                told.parameters.push_with(|out| {
                    out.push_str(name);
                    out.push_str(": ");
                    out.push_str(&decoded(value));
                });
            }
        }
        tell_rows(answered, &mut told);
        Some(told)
    }
}

fn failure(answered: &Answered<'_>) -> Option<Failure> {
    let said = answered.body.strip_prefix("Code: ");
    if answered.status < 400 {
        return None;
    }
    let (code, message) = said.and_then(|said| said.split_once([',', '.'])).unwrap_or(("", answered.body));
    let code = answered.field("x-clickhouse-exception-code").unwrap_or(code);
    let message: String = message.trim().chars().take(MESSAGE).collect();
    Some(Failure { code: code.into(), message: message.into() })
}

fn tell_rows(answered: &Answered<'_>, told: &mut Told) {
    let summary = answered.field("x-clickhouse-summary").map(Value::of);
    let written = summary.and_then(|summary| summary.get("written_rows")).and_then(Value::text);
    told.affected = written.and_then(|rows| rows.parse().ok()).filter(|rows| *rows > 0);
    if !answered.is_ok() || answered.body.is_empty() {
        return;
    }
    let body = Value::of(answered.body);
    if body.is_object() {
        told.rows = body.get("rows").and_then(Value::count);
        for row in body.get("data").iter().flat_map(|data| data.items()).take(SAMPLES) {
            told.samples.add(64, |cells| cells.push(row.raw()));
        }
        return;
    }
    for line in answered.body.lines().take(SAMPLES) {
        told.samples.add(line.len(), |cells| line.split('\t').for_each(|cell| cells.push(cell)));
    }
    // Of a longer text the lines behind the sample are not known.
    let lines = memchr::memchr_iter(b'\n', answered.body.as_bytes()).count() as u64;
    told.rows = (answered.body.len() < SAMPLE).then_some(lines);
}
