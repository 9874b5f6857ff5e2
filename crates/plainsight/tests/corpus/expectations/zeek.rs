//! Zeek's logs: tab-separated, with the columns that their authors kept.

use std::collections::BTreeMap;

use crate::expectations::{Expectation, folded, line};
use crate::replayed::Access;

/// The columns of `http.log` that can be told of an exchange.
const HTTP: [&str; 5] = ["id.orig_p", "method", "host", "uri", "status_code"];

/// A row by the names of its columns; without those that are unset.
pub(super) type Row = BTreeMap<String, String>;

/// `http.log`: a row for each request, and for each answer without one.
pub(super) fn http(name: String, text: &str) -> Expectation {
    let rows = rows(text);
    let columns: Vec<_> = HTTP.into_iter().filter(|column| columns(text).contains(column)).collect();
    let fact = |row: &Row, column: &str| {
        // HTTP/0.9 has no status, which Zeek tells as 0.
        row.get(column).filter(|fact| column != "status_code" || *fact != "0").cloned().unwrap_or_default()
    };
    let told =
        |row: &Row| line(&columns.iter().map(|column| (*column, fact(row, column))).collect::<Vec<_>>());
    let lines = rows.iter().map(told).collect();
    let told_by = move |heard: &[Access]| {
        let http = heard.iter().filter(|access| access.text("/protocol") == "http");
        let facts =
            |access| columns.iter().map(|column| (*column, of_http(access, column))).collect::<Vec<_>>();
        http.map(|access| line(&facts(access))).collect()
    };
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_http(access: &Access, column: &str) -> String {
    let number = |pointer| access.number(pointer).map(|number| number.to_string()).unwrap_or_default();
    match column {
        "id.orig_p" => number("/client/port"),
        "method" => access.text("/operation").to_owned(),
        "host" => access.text("/details/http/host").to_owned(),
        "uri" => access.text("/statement").split_once(' ').map(|(_, uri)| uri.to_owned()).unwrap_or_default(),
        _ => number("/details/http/status"),
    }
}

/// `postgresql.log`: a row for each message of the client that is answered.
pub(super) fn postgresql(name: String, text: &str) -> Expectation {
    let of_row = |row: &Row| {
        let fact = |column: &str| row.get(column).cloned().unwrap_or_default();
        let outcome = if fact("success") == "T" { "ok" } else { "error" };
        let statement = match fact("frontend").as_str() {
            "simple_query" => fact("frontend_arg"),
            "startup" => "login".to_owned(),
            // The question for TLS is no exchange to us: the login that follows is.
            _ => return None,
        };
        Some(of_statement(
            [&fact("id.orig_p"), &fact("user"), &fact("database"), outcome],
            &statement,
            &fact("rows"),
        ))
    };
    let lines = rows(text).iter().filter_map(of_row).collect();
    let told_by = |heard: &[Access]| heard.iter().map(of_postgresql).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_postgresql(access: &Access) -> String {
    let port = access.number("/client/port").unwrap_or_default().to_string();
    let statement = match access.text("/statement") {
        "" => access.text("/operation"),
        statement => statement,
    };
    let rows = access.number("/rows").map(|rows| rows.to_string()).unwrap_or_default();
    let session =
        [&port, access.text("/session/user"), access.text("/session/database"), access.text("/outcome")];
    of_statement(session, statement, &rows)
}

fn of_statement([port, user, database, outcome]: [&str; 4], statement: &str, rows: &str) -> String {
    line(&[
        ("port", port.to_owned()),
        ("user", user.to_owned()),
        ("database", database.to_owned()),
        ("outcome", outcome.to_owned()),
        // Zeek counts no rows as 0, we where there can be none as absent.
        ("rows", if rows.is_empty() { "0".to_owned() } else { rows.to_owned() }),
        ("statement", folded(statement)),
    ])
}

/// `mysql.log`: a row for each command, those without an answer too.
pub(super) fn mysql(name: String, text: &str) -> Expectation {
    let of_row = |row: &Row| {
        let fact = |column: &str| row.get(column).cloned().unwrap_or_default();
        // What nobody answers is no exchange to us.
        let is_answered = fact("cmd") != "quit" && fact("cmd") != "statement_close";
        // Zeek makes nothing of the line that answers COM_STATISTICS.
        let outcome = if fact("success") == "F" { "error" } else { "ok" };
        let words = [fact("id.orig_p"), fact("cmd"), fact("arg"), outcome.to_owned(), fact("response")];
        is_answered.then(|| of_command(words))
    };
    let lines = rows(text).iter().filter_map(of_row).collect();
    let told_by = |heard: &[Access]| {
        // A refusal is no command.
        let answered = heard.iter().filter(|access| access.text("/outcome") != "oneway");
        answered.map(of_mysql).collect()
    };
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_mysql(access: &Access) -> String {
    let port = access.number("/client/port").unwrap_or_default().to_string();
    let operation = access.text("/operation");
    let statement = access.text("/statement");
    let (command, argument) = match operation {
        "login" => ("login".to_owned(), access.text("/session/user")),
        "CHANGE_USER" => ("change_user".to_owned(), access.text("/parameters/0")),
        "INIT_DB" | "FIELD_LIST" => (operation.to_lowercase(), access.text("/targets/0")),
        _ if statement.is_empty() => (operation.to_lowercase(), ""),
        _ => ("query".to_owned(), statement),
    };
    let outcome = access.text("/outcome").to_owned();
    of_command([port, command, argument.to_owned(), outcome, access.text("/error/message").to_owned()])
}

fn of_command([port, command, argument, outcome, error]: [String; 5]) -> String {
    line(&[
        ("port", port),
        ("command", command),
        ("argument", folded(&argument)),
        ("outcome", outcome),
        ("error", error),
    ])
}

/// `redis.log`: a row for each command; what became of it is unset where nobody answered.
pub(super) fn redis(name: String, text: &str) -> Expectation {
    let of_row = |row: &Row| {
        let fact = |column: &str| row.get(column).cloned().unwrap_or_default();
        let outcome = match row.get("success").map(String::as_str) {
            Some("T") => "ok",
            Some(_) => "error",
            None => "",
        };
        of_word([&fact("id.orig_p"), &fact("cmd.name"), outcome])
    };
    let lines = rows(text).iter().map(of_row).collect();
    let told_by = |heard: &[Access]| heard.iter().map(of_redis).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_redis(access: &Access) -> String {
    let port = access.number("/client/port").unwrap_or_default().to_string();
    // To Zeek, the name of a command is its first word.
    let command = access.text("/operation").split(' ').next().unwrap_or_default();
    let answered = Some(access.text("/outcome")).filter(|outcome| matches!(*outcome, "ok" | "error"));
    of_word([&port, command, answered.unwrap_or_default()])
}

fn of_word([port, command, outcome]: [&str; 3]) -> String {
    line(&[("port", port.to_owned()), ("command", command.to_uppercase()), ("outcome", outcome.to_owned())])
}

/// The columns' names: after `#fields`, or the first line.
fn columns(text: &str) -> Vec<&str> {
    let fields = text.lines().find_map(|line| line.strip_prefix("#fields\t"));
    let first = || text.lines().find(|line| !line.starts_with('#'));
    fields.or_else(first).unwrap_or_default().split('\t').collect()
}

pub(super) fn rows(text: &str) -> Vec<Row> {
    let columns = columns(text);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| line.split('\t').collect::<Vec<_>>()).filter(|row| *row != columns);
    let known = |(column, field): (&&str, &&str)| match *field {
        "-" | "(empty)" | "" => None,
        field => Some(((*column).to_owned(), unescaped(field))),
    };
    rows.map(|row| columns.iter().zip(&row).filter_map(known).collect()).collect()
}

/// A field without its escapes (`\x0a`).
fn unescaped(field: &str) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let [byte, tail @ ..] = rest {
        let escape = rest.strip_prefix(b"\\x").and_then(<[u8]>::first_chunk::<2>);
        let escaped =
            escape.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { &rest[4..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
