//! Accesses as JSON lines: the contract that other programs read.

use std::io::{self, Write};

use jiff::Timestamp;
use model::access::Access;
use model::conn::Paired;
use model::event::Cause;
use model::exchange::{Column, Detail, Details, Exchange, Outcome, Request, Response};
use model::time::Time;

use crate::head::Heads;
use crate::json::Json;
use crate::sink::Sink;

const SECOND: u64 = 1_000_000_000;

/// Writes each access as one line of JSON.
#[derive(Debug)]
pub struct JsonLines<W> {
    to: W,
    lines: Json,
    clock: Clock,
    heads: Heads,
}

impl<W: Write + Send> JsonLines<W> {
    /// Lines go to `to`.
    pub fn new(to: W) -> Self {
        JsonLines { to, lines: Json::default(), clock: Clock::default(), heads: Heads::default() }
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn deliver(&mut self, accesses: &[Access]) -> io::Result<()> {
        self.lines.clear();
        for access in accesses {
            self.lines.raw(r#"{"at":"#);
            self.clock.write(&mut self.lines, access.exchange.asked);
            self.heads.write(&mut self.lines, access);
            rest(&mut self.lines, access);
        }
        self.to.write_all(self.lines.bytes())?;
        self.to.flush()
    }
}

/// What a line says of the exchange itself.
fn rest(json: &mut Json, access: &Access) {
    let exchange = &access.exchange;
    request(json, &exchange.request);
    response(json, &exchange.response);
    measures(json, exchange);
    json.raw(r#","paired":"#).raw(match access.paired {
        Some(Paired::Certain) => r#""certain""#,
        Some(Paired::Likely) => r#""likely""#,
        Some(Paired::Guessed) => r#""guessed""#,
        None => "null",
    });
    json.raw(r#","findings":[],"details":"#);
    details(json, &exchange.request.details, &exchange.response.details);
    json.raw("}\n");
}

fn request(json: &mut Json, request: &Request) {
    json.raw(r#","operation":"#).text(&request.operation);
    json.raw(r#","statement":"#).text_or_null(request.statement.as_deref());
    json.raw(r#","parameters":"#);
    cells(json, request.parameters.iter());
    json.raw(r#","targets":"#).list(request.targets.iter(), |json, target| _ = json.text(target));
    json.raw(r#","template":null,"fingerprint":null"#);
}

fn response(json: &mut Json, response: &Response) {
    json.raw(r#","outcome":""#).raw(outcome(response.outcome)).raw(r#"","error":"#);
    match &response.failure {
        Some(failure) => {
            json.raw(r#"{"code":"#).text(&failure.code);
            json.raw(r#","message":"#).text(&failure.message).raw("}");
        }
        None => _ = json.raw("null"),
    }
    json.raw(r#","rows":"#).number_or_null(response.rows);
    json.raw(r#","affected":"#).number_or_null(response.affected);
    json.raw(r#","columns":"#).list(response.columns.as_deref().unwrap_or_default().iter(), column);
    json.raw(r#","samples":"#).list(response.samples.iter(), cells);
}

fn column(json: &mut Json, column: &Column) {
    json.raw(r#"{"name":"#).text(&column.name).raw(r#","type":"#).text(&column.kind);
    json.raw(r#","table":"#).text_or_null(column.table.as_deref());
    if let Some(origin) = column.origin {
        json.raw(r#","origin":["#).number(origin.table.into());
        json.raw(",").number(origin.column.into()).raw("]");
    }
    json.raw("}");
}

fn cells<'a>(json: &mut Json, row: impl Iterator<Item = Option<&'a str>>) {
    json.list(row, |json, cell| _ = json.text_or_null(cell));
}

fn measures(json: &mut Json, exchange: &Exchange) {
    let latency = exchange.answered.map(|answered| answered.since(exchange.asked) / 1000);
    json.raw(r#","latency_us":"#).number_or_null(latency);
    json.raw(r#","request_bytes":"#).number(exchange.request_bytes);
    json.raw(r#","response_bytes":"#).number(exchange.response_bytes);
    let complete = exchange.completeness;
    json.raw(r#","complete":{"ok":"#);
    json.raw(if complete.lost_bytes == 0 && complete.cause.is_none() { "true" } else { "false" });
    json.raw(r#","lost_bytes":"#).number(complete.lost_bytes);
    json.raw(r#","cause":"#).text_or_null(complete.cause.map(Cause::name)).raw("}");
}

/// An outcome's name in records.
#[must_use]
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Error => "error",
        Outcome::Unanswered => "unanswered",
        Outcome::Oneway => "oneway",
    }
}

/// The details of both sides in one object; names with a dot (`http.status`) stand together in an object of their
/// own (`http`).
fn details(json: &mut Json, request: &Details, response: &Details) {
    let all = || request.iter().chain(response);
    let mut group = None;
    let mut between = "{";
    for (name, detail) in all() {
        match name.split_once('.') {
            None => value(json.raw(between).raw("\"").raw(name), detail),
            Some((of, _)) if group == Some(of) => continue,
            Some((of, _)) => {
                group = Some(of);
                json.raw(between).raw("\"").raw(of).raw("\":");
                grouped(json, of, all());
            }
        }
        between = ",";
    }
    json.raw(if between == "{" { "{}" } else { "}" });
}

fn grouped<'a>(json: &mut Json, of: &str, all: impl Iterator<Item = &'a (&'static str, Detail)>) {
    let mut between = "{";
    for (name, detail) in all {
        if let Some((_, name)) = name.split_once('.').filter(|(group, _)| *group == of) {
            value(json.raw(between).raw("\"").raw(name), detail);
            between = ",";
        }
    }
    json.raw("}");
}

fn value(json: &mut Json, detail: &Detail) {
    json.raw("\":");
    match detail {
        Detail::Text(text) => json.text(text),
        Detail::Number(number) => json.signed(*number),
    };
}

/// Writes moments as RFC 3339 with nine digits of the second. Many fall into the same second, whose text is kept.
#[derive(Debug, Default)]
struct Clock {
    second: Option<u64>,
    text: String,
}

impl Clock {
    fn write(&mut self, json: &mut Json, at: Time) {
        let second = at.0 / SECOND;
        if self.second != Some(second) {
            let moment = i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok());
            let Some(moment) = moment else {
                json.raw("null");
                return;
            };
            self.text = moment.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            self.second = Some(second);
        }
        json.raw("\"").raw(&self.text).raw(".").nine_digits(at.0 % SECOND).raw("Z\"");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::access::Access;
    use model::conn::{Address, ConnId, Layer, Paired, Role, Transport};
    use model::event::{Joined, Opened};
    use model::exchange::{Column, Detail, Exchange, Failure, Identity, Origin, Outcome, Request, Response};
    use model::process::Process;
    use model::row::{Row, Rows};
    use model::time::Time;
    use serde_json::{Value, json};

    use super::JsonLines;
    use crate::sink::Sink;

    fn row(cells: &[Option<&str>]) -> Row {
        let mut row = Row::default();
        for cell in cells {
            match cell {
                Some(cell) => row.push(cell),
                None => row.push_null(),
            }
        }
        row
    }

    fn access() -> Access {
        let request = Request {
            operation: "SELECT".into(),
            statement: Some("SELECT \"x\"\n".into()),
            parameters: row(&[Some("a"), None]),
            targets: vec!["users".into(), "b".into()],
            details: vec![("http.method", "GET".into()), ("plain", Detail::Number(-1))].into(),
        };
        let origin = Some(Origin { table: 7, column: 1 });
        let column =
            Column { name: "email".into(), kind: "text".into(), table: Some("users".into()), origin };
        let mut samples = Rows::default();
        samples.add(1, |row| row.push("1"));
        samples.add(0, Row::push_null);
        let response = Response {
            outcome: Outcome::Error,
            failure: Some(Box::new(Failure { code: "42P01".into(), message: "no".into() })),
            rows: Some(2),
            affected: None,
            columns: Some(Arc::from([column])),
            samples,
            details: [("http.status", Detail::Number(200))].into(),
        };
        let identity = Identity { user: Some("app".into()), ..Identity::default() };
        let process =
            Process { pid: 42, name: "psql".into(), parents: vec!["sh".into()], ..Process::default() };
        Access {
            conn: ConnId { tgid: 42, fd: 3, generation: 7 },
            opened: Arc::new(Opened {
                transport: Transport::Tcp,
                role: Role::Client,
                joined: Joined::AtStart,
                client: Address::Inet("127.0.0.1:50112".parse().unwrap()),
                server: Address::Inet("[2001:db8::1]:5432".parse().unwrap()),
                process: None,
                peer: None,
            }),
            actor: Some(Arc::new(process)),
            peer: None,
            layer: Layer::Clear,
            paired: Some(Paired::Likely),
            exchange: Box::new(Exchange {
                protocol: "postgresql",
                identity: Some(Arc::new(identity)),
                request,
                response,
                asked: Time(1_795_309_619_000_000_012),
                answered: Some(Time(1_795_309_619_000_812_000)),
                request_bytes: 61,
                response_bytes: 9312,
                completeness: model::exchange::Completeness::default(),
            }),
        }
    }

    #[test]
    fn a_line_is_the_contract() {
        let mut out = Vec::new();
        JsonLines::new(&mut out).deliver(&[access(), access()]).unwrap();
        let lines: Vec<Value> =
            out.split_inclusive(|b| *b == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect();
        let expected = json!({
            "at": "2026-11-22T01:06:59.000000012Z", "protocol": "postgresql", "layer": "tls", "role": "client",
            "connection": "42/3/7", "client": {"address": "127.0.0.1", "port": 50112},
            "server": {"address": "2001:db8::1", "port": 5432, "name": null},
            "process": {"pid": 42, "name": "psql", "exe": "", "command": "", "uid": 0, "user": null,
                        "parents": ["sh"], "container": null},
            "peer_process": null,
            "session": {"user": "app", "database": null, "application": null, "version": null},
            "operation": "SELECT", "statement": "SELECT \"x\"\n", "parameters": ["a", null],
            "targets": ["users", "b"], "template": null, "fingerprint": null, "outcome": "error",
            "error": {"code": "42P01", "message": "no"}, "rows": 2, "affected": null,
            "columns": [{"name": "email", "type": "text", "table": "users", "origin": [7, 1]}],
            "samples": [["1"], [null]], "latency_us": 811, "request_bytes": 61, "response_bytes": 9312,
            "complete": {"ok": true, "lost_bytes": 0, "cause": null}, "paired": "likely", "findings": [],
            "details": {"http": {"method": "GET", "status": 200}, "plain": -1},
        });
        assert_eq!(lines, [expected.clone(), expected]);
    }

    #[test]
    fn what_is_not_known_is_null() {
        let opened = Opened {
            transport: Transport::Unix,
            role: Role::Observer,
            joined: Joined::Midway,
            client: Address::Unknown,
            server: Address::Unix("/run/db".into()),
            process: None,
            peer: None,
        };
        let mut access = Access { opened: Arc::new(opened), paired: None, actor: None, ..access() };
        access.exchange.identity = None;
        access.exchange.answered = None;
        let mut out = Vec::new();
        JsonLines::new(&mut out).deliver(&[access]).unwrap();
        let line: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["client"], json!({"address": null, "port": null}));
        assert_eq!(line["server"], json!({"address": "unix", "path": "/run/db", "port": null, "name": null}));
        for name in ["role", "process", "session", "latency_us", "paired"] {
            assert_eq!(line[name], Value::Null, "{name}");
        }
    }
}
