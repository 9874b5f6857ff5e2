//! Accesses as JSON lines: the contract that other programs read.

use std::io::{self, Write};
use std::ops::Range;

use jiff::Timestamp;
use model::access::Access;
use model::time::Time;

use crate::head::{Head, Heads};
use crate::json::{Json, nine_digits};
use crate::middle::Middles;
use crate::sink::Sink;

const SECOND: u64 = 1_000_000_000;

/// Writes each access as one line of JSON.
#[derive(Debug)]
pub struct JsonLines<W> {
    to: W,
    lines: Json,
    clock: Clock,
    heads: Heads,
    middles: Middles,
}

impl<W: Write + Send> JsonLines<W> {
    /// Lines go to `to`.
    pub fn new(to: W) -> Self {
        JsonLines {
            to,
            lines: Json::default(),
            clock: Clock::default(),
            heads: Heads::default(),
            middles: Middles::default(),
        }
    }

    fn line(&mut self, access: &Access) {
        let (json, exchange) = (&mut self.lines, &*access.exchange);
        let Head { json: head, last, tail, .. } = self.heads.of(access);
        self.clock.write(json, exchange.asked);
        self.middles.write(json, head.bytes(), exchange, last);
        json.items(exchange.response.samples.iter(), |json, row| {
            json.raw("[");
            json.items(row, |json, cell| _ = json.text_or_null(cell));
            json.raw("]");
        });
        measures(json, access);
        tail.write(json, exchange, access.paired);
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn deliver(&mut self, accesses: &[Access]) -> io::Result<()> {
        self.lines.clear();
        for access in accesses {
            self.line(access);
        }
        self.to.write_all(self.lines.bytes())?;
        self.to.flush()
    }
}

/// Adds what comes between the samples and the tail.
fn measures(json: &mut Json, access: &Access) {
    let exchange = &*access.exchange;
    json.raw(r#"],"latency_us":"#);
    match exchange.answered {
        Some(answered) => json.number(answered.since(exchange.asked) / 1000),
        None => json.raw("null"),
    };
    json.raw(r#","request_bytes":"#).number(exchange.request_bytes);
    json.raw(r#","response_bytes":"#).number(exchange.response_bytes);
}

/// Writes the beginning of a line, with its moment in RFC 3339 to the nanosecond. Many fall into the same second,
/// whose text is kept.
#[derive(Debug)]
struct Clock {
    second: Option<u64>,
    text: [u8; MOMENT.len()],
}

/// A line's beginning.
const MOMENT: &[u8] = br#"{"at":"2026-11-22T01:06:59.000000000Z""#;

/// Where the nanoseconds stand in it.
const NANOSECONDS: Range<usize> = MOMENT.len() - r#"000000000Z""#.len()..MOMENT.len() - r#"Z""#.len();

impl Default for Clock {
    fn default() -> Self {
        Clock { second: None, text: [0; MOMENT.len()] }
    }
}

impl Clock {
    #[inline]
    fn write(&mut self, json: &mut Json, at: Time) {
        let second = at.0 / SECOND;
        if self.second != Some(second) {
            let Some(text) = text(second) else {
                json.raw(r#"{"at":null"#);
                return;
            };
            (self.text, self.second) = (text, Some(second));
        }
        self.text[NANOSECONDS].copy_from_slice(&nine_digits(at.0 % SECOND));
        json.append(&self.text);
    }
}

/// The beginning of a line at a second's first moment.
#[inline(never)]
fn text(second: u64) -> Option<[u8; MOMENT.len()]> {
    let moment = Timestamp::from_second(i64::try_from(second).ok()?).ok()?;
    let text = moment.strftime(r#"{"at":"%Y-%m-%dT%H:%M:%S.000000000Z""#).to_string();
    text.as_bytes().try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::access::Access;
    use model::conn::{Address, ConnId, Layer, Paired, Role, Transport};
    use model::details::Detail;
    use model::event::{Joined, Opened};
    use model::exchange::{Column, Exchange, Failure, Identity, Origin, Outcome, Request, Response};
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
            statement: "SELECT \"x\"\n".into(),
            parameters: row(&[Some("a"), None]),
            targets: vec!["users".into(), "b".into()],
            details: [("http.method", "GET".into()), ("plain", Detail::Number(-1))].into(),
            ..Request::default()
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
            ..Response::default()
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
                weight: 10,
            }),
            actor: Some(Arc::new(process)),
            peer: None,
            layer: Layer::Clear,
            paired: Some(Paired::Likely),
            server_name: Some("db.example.org".into()),
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
            "connection": "42/3/7", "weight": 10, "client": {"address": "127.0.0.1", "port": 50112},
            "server": {"address": "2001:db8::1", "port": 5432, "name": "db.example.org"},
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
            weight: 1,
        };
        let mut access =
            Access { opened: Arc::new(opened), paired: None, actor: None, server_name: None, ..access() };
        access.exchange.identity = None;
        access.exchange.answered = None;
        access.exchange.response.outcome = Outcome::Unknown;
        let mut out = Vec::new();
        JsonLines::new(&mut out).deliver(&[access]).unwrap();
        let line: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["client"], json!({"address": null, "port": null}));
        assert_eq!(line["server"], json!({"address": "unix", "path": "/run/db", "port": null, "name": null}));
        for name in ["role", "process", "session", "outcome", "latency_us", "paired"] {
            assert_eq!(line[name], Value::Null, "{name}");
        }
    }
}
