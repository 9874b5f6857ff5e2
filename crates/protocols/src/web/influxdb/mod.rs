//! InfluxDB on HTTP: 1.x (<https://docs.influxdata.com/influxdb/v1/tools/api>) and 2.x (<https://docs.influxdata.com/influxdb/v2/api>).
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | `/write`, `/api/v2/write` with lines of the line protocol | operation `write`; targets: the measurements; lines as affected |
//! | `/query?q=` | the statement in InfluxQL; operation: its first word |
//! | `/api/v2/query` | the statement in Flux; operation `query`; target: the bucket |
//! | `db`, `bucket`; `u` | the session |
//! | `X-Influxdb-Version` of the answer | that it is InfluxDB |
//! | `values` of series, lines of CSV | rows |
//! | `error` of the answer, or of a result in it, or `X-Influxdb-Error` | an error |
//!
//! In an answer of MessagePack, which its own Python client asks for, neither rows nor the errors of single results are read.

use std::borrow::Cow;

use model::exchange::{Failure, Text};

use crate::web::content::{Kind, SAMPLE};
use crate::web::dialect::{Answered, Asked, Dialect, Told, decoded, parameters};
use crate::web::json::Value;

/// InfluxDB.
pub(in crate::web) struct Influxdb;

/// So many measurements are told of one write.
const MEASUREMENTS: usize = 16;

/// So many rows are samples.
const SAMPLES: usize = 8;

impl Dialect for Influxdb {
    fn name(&self) -> &'static str {
        "influxdb"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        let is_write = matches!(head.path, "/write" | "/api/v2/write") && head.method == "POST";
        is_write || matches!(head.path, "/query" | "/api/v2/query")
    }

    fn body(&self, said: Kind) -> Kind {
        if said == Kind::Opaque { Kind::Plain } else { said }
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        answered.field("x-influxdb-version")?;
        let text = |name| asked.parameter(name).map(|text| Text::from(&*text));
        let mut told = Told { user: text("u"), database: text("db").or(text("bucket")), ..Told::default() };
        match asked.path {
            "/write" | "/api/v2/write" => tell_write(asked, answered, &mut told),
            "/query" => tell_query(asked, &mut told)?,
            _ => tell_flux(asked, &mut told),
        }
        told.failure = failure(answered);
        if asked.path.ends_with("query") && answered.is_ok() && !answered.body.is_empty() {
            tell_rows(answered.body, &mut told);
        }
        Some(told)
    }
}

fn tell_write(asked: &Asked<'_>, answered: &Answered<'_>, told: &mut Told) {
    told.operation = "write".into();
    told.statement = Some(asked.body.to_owned());
    let lines = || asked.body.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines() {
        let measurement = measurement(line);
        if told.targets.len() < MEASUREMENTS && !told.targets.iter().any(|target| **target == measurement) {
            told.targets.push(measurement.into());
        }
    }
    // Of a longer text the lines behind the sample are not known.
    told.affected = (answered.is_ok() && asked.body.len() < SAMPLE).then(|| lines().count() as u64);
}

/// A line's measurement, in which a backslash escapes.
fn measurement(line: &str) -> String {
    let mut name = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ',' | ' ' => break,
            '\\' => name.extend(letters.next()),
            letter => name.push(letter),
        }
    }
    name
}

/// A query of InfluxQL stands in the query string, or in a form.
fn tell_query(asked: &Asked<'_>, told: &mut Told) -> Option<()> {
    let of_form = || parameters(asked.body).find_map(|(name, value)| (name == "q").then(|| decoded(value)));
    let query: Cow<'_, str> = asked.parameter("q").or_else(of_form)?;
    let word = query.trim_ascii_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    told.operation = word.to_ascii_uppercase().into();
    told.targets.extend(source(&query).map(Text::from));
    told.statement = Some(masked(&query));
    Some(())
}

/// What a query of InfluxQL reads, where it has a name.
fn source(query: &str) -> Option<&str> {
    let mut words = query.split_ascii_whitespace();
    words.find(|word| word.eq_ignore_ascii_case("from"))?;
    let name = words.next()?.rsplit('.').next()?;
    let name = name.trim_matches(['"', ';', ')']);
    (!name.is_empty() && !name.starts_with(['(', '/'])).then_some(name)
}

/// A query without the password that `WITH PASSWORD '...'` or `SET PASSWORD FOR x = '...'` sets.
fn masked(query: &str) -> String {
    let Some(at) = query.to_ascii_lowercase().find("password") else { return query.to_owned() };
    let (before, behind) = query.split_at_checked(at).unwrap_or((query, ""));
    match behind.split_once('\'') {
        Some((word, secret)) => {
            let rest = secret.split_once('\'').map(|(_, rest)| rest).unwrap_or_default();
            format!("{before}{word}'***'{rest}")
        }
        None => query.to_owned(),
    }
}

/// A query of Flux, alone or as a member of a document.
fn tell_flux(asked: &Asked<'_>, told: &mut Told) {
    told.operation = "query".into();
    let query = Value::of(asked.body).get("query").and_then(Value::text);
    let query = query.unwrap_or(Cow::Borrowed(asked.body));
    let bucket = query.split_once("bucket:").and_then(|(_, behind)| behind.split('"').nth(1));
    told.targets.extend(bucket.map(Text::from));
    told.database = told.database.take().or(bucket.map(Text::from));
    told.statement = Some(query.into_owned());
}

fn failure(answered: &Answered<'_>) -> Option<Failure> {
    let body = Value::of(answered.body);
    let of_result = |result: Value<'_>| result.get("error").and_then(Value::text).map(Cow::into_owned);
    let inner = body.get("results").and_then(|results| results.items().find_map(of_result));
    let of_field = || answered.field("x-influxdb-error").map(str::to_owned);
    let message = of_result(body)
        .or(inner)
        .or_else(|| Some(body.get("message")?.text()?.into_owned()))
        .or_else(of_field)?;
    let code = body.get("code").and_then(Value::text).unwrap_or_default();
    Some(Failure { code: code.as_ref().into(), message: message.into() })
}

/// Rows of series in a document, or lines of CSV behind their heads.
fn tell_rows(body: &str, told: &mut Told) {
    let document = Value::of(body);
    let mut count = 0;
    if document.is_object() {
        for result in document.get("results").iter().flat_map(|results| results.items()) {
            for series in result.get("series").iter().flat_map(|series| series.items()) {
                for row in series.get("values").iter().flat_map(|values| values.items()) {
                    count += 1;
                    if count <= SAMPLES as u64 {
                        told.samples.add(64, |cells| {
                            row.items().for_each(|cell| {
                                cells.push(&cell.text().unwrap_or(Cow::Borrowed(cell.raw())));
                            });
                        });
                    }
                }
            }
        }
    } else {
        // Lines that begin with `#` describe, and one behind them names the columns.
        for table in body.split("\r\n\r\n") {
            let rows = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).skip(1);
            for row in rows {
                count += 1;
                if count <= SAMPLES as u64 {
                    told.samples.add(row.len(), |cells| row.split(',').for_each(|cell| cells.push(cell)));
                }
            }
        }
    }
    told.rows = (body.len() < SAMPLE).then_some(count);
}
