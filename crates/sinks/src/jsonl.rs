//! Accesses as JSON lines: the contract that other programs read.

use std::io::{self, Write};

use jiff::Timestamp;
use model::access::Access;
use model::conn::{Address, Layer, Paired, Role};
use model::exchange::{Column, Detail, Details, Identity, Outcome};
use model::process::Process;
use model::row::Row;
use model::time::Time;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use crate::sink::Sink;

/// Writes each access as one line of JSON.
#[derive(Debug)]
pub struct JsonLines<W> {
    to: W,
    line: Vec<u8>,
}

impl<W: Write + Send> JsonLines<W> {
    /// Lines go to `to`.
    pub fn new(to: W) -> Self {
        JsonLines { to, line: Vec::new() }
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn deliver(&mut self, accesses: &[Access]) -> io::Result<()> {
        self.line.clear();
        for access in accesses {
            serde_json::to_writer(&mut self.line, &Line::of(access))?;
            self.line.push(b'\n');
        }
        self.to.write_all(&self.line)?;
        self.to.flush()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    at: At,
    protocol: &'static str,
    layer: &'static str,
    role: Option<&'static str>,
    connection: String,
    client: End<'a>,
    server: Server<'a>,
    process: Option<Who<'a>>,
    peer_process: Option<Who<'a>>,
    session: Option<Session<'a>>,
    operation: &'a str,
    statement: Option<&'a str>,
    #[serde(serialize_with = "cells")]
    parameters: &'a Row,
    targets: &'a [model::exchange::Text],
    template: Option<&'a str>,
    fingerprint: Option<&'a str>,
    outcome: &'static str,
    error: Option<Failed<'a>>,
    rows: Option<u64>,
    affected: Option<u64>,
    #[serde(serialize_with = "columns")]
    columns: &'a [Column],
    #[serde(serialize_with = "samples")]
    samples: &'a [Row],
    latency_us: Option<u64>,
    request_bytes: u64,
    response_bytes: u64,
    complete: Complete,
    paired: Option<&'static str>,
    findings: [(); 0],
    details: AllDetails<'a>,
}

#[derive(Serialize)]
struct End<'a> {
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    port: Option<u16>,
}

#[derive(Serialize)]
struct Server<'a> {
    #[serde(flatten)]
    end: End<'a>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Who<'a> {
    pid: u32,
    name: &'a str,
    exe: &'a str,
    command: &'a str,
    uid: u32,
    user: Option<&'a str>,
    parents: &'a [model::exchange::Text],
    container: Option<&'a str>,
}

#[derive(Serialize)]
struct Session<'a> {
    user: Option<&'a str>,
    database: Option<&'a str>,
    application: Option<&'a str>,
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct Failed<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Complete {
    ok: bool,
    lost_bytes: u64,
    cause: Option<&'static str>,
}

impl<'a> Line<'a> {
    fn of(access: &'a Access) -> Self {
        let exchange = &access.exchange;
        let (request, response) = (&exchange.request, &exchange.response);
        let server = End::of(&access.opened.server);
        Line {
            at: At(exchange.asked),
            protocol: exchange.protocol,
            layer: match access.layer {
                Layer::Wire => "plain",
                Layer::Clear => "tls",
            },
            role: match access.opened.role {
                Role::Client => Some("client"),
                Role::Server => Some("server"),
                Role::Both => Some("both"),
                Role::Observer => None,
            },
            connection: format!("{}/{}/{}", access.conn.tgid, access.conn.fd, access.conn.generation),
            client: End::of(&access.opened.client),
            server: Server { end: server, name: None },
            process: access.actor.as_deref().map(Who::of),
            peer_process: access.peer.as_deref().map(Who::of),
            session: exchange.identity.as_deref().map(Session::of),
            operation: &request.operation,
            statement: request.statement.as_deref(),
            parameters: &request.parameters,
            targets: &request.targets,
            template: None,
            fingerprint: None,
            outcome: outcome(response.outcome),
            error: response.failure.as_deref().map(|f| Failed { code: &f.code, message: &f.message }),
            rows: response.rows,
            affected: response.affected,
            columns: response.columns.as_deref().unwrap_or_default(),
            samples: &response.samples,
            latency_us: exchange.answered.map(|answered| answered.since(exchange.asked) / 1000),
            request_bytes: exchange.request_bytes,
            response_bytes: exchange.response_bytes,
            complete: Complete {
                ok: exchange.completeness.lost_bytes == 0 && exchange.completeness.cause.is_none(),
                lost_bytes: exchange.completeness.lost_bytes,
                cause: exchange.completeness.cause.map(model::event::Cause::name),
            },
            paired: access.paired.map(|paired| match paired {
                Paired::Certain => "certain",
                Paired::Likely => "likely",
                Paired::Guessed => "guessed",
            }),
            findings: [],
            details: AllDetails(&request.details, &response.details),
        }
    }
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

impl<'a> End<'a> {
    fn of(address: &'a Address) -> Self {
        match address {
            Address::Inet(inet) => {
                End { address: Some(inet.ip().to_string()), path: None, port: Some(inet.port()) }
            }
            Address::Unix(path) => End { address: Some("unix".to_owned()), path: Some(path), port: None },
            Address::Unknown => End { address: None, path: None, port: None },
        }
    }
}

impl<'a> Who<'a> {
    fn of(process: &'a Process) -> Self {
        Who {
            pid: process.pid,
            name: &process.name,
            exe: &process.exe,
            command: &process.command,
            uid: process.uid,
            user: process.user.as_deref(),
            parents: &process.parents,
            container: process.container.as_deref(),
        }
    }
}

impl<'a> Session<'a> {
    fn of(identity: &'a Identity) -> Self {
        Session {
            user: identity.user.as_deref(),
            database: identity.database.as_deref(),
            application: identity.application.as_deref(),
            version: identity.version.as_deref(),
        }
    }
}

/// A moment as RFC 3339 with nine digits of the second.
struct At(Time);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match Timestamp::from_nanosecond(i128::from(self.0.0)) {
            Ok(at) => to.collect_str(&format_args!("{at:.9}")),
            Err(_) => to.serialize_none(),
        }
    }
}

fn cells<S: Serializer>(row: &Row, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(row.iter())
}

struct Cells<'a>(&'a Row);

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        cells(self.0, to)
    }
}

fn samples<S: Serializer>(rows: &[Row], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(rows.iter().map(Cells))
}

#[derive(Serialize)]
struct Shape<'a> {
    name: &'a str,
    r#type: &'a str,
    table: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<(u32, u16)>,
}

fn columns<S: Serializer>(columns: &[Column], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(columns.len()))?;
    for column in columns {
        list.serialize_element(&Shape {
            name: &column.name,
            r#type: &column.kind,
            table: column.table.as_deref(),
            origin: column.origin.map(|origin| (origin.table, origin.column)),
        })?;
    }
    list.end()
}

/// The details of both sides in one object; a name with a dot (`http.status`) stands in an object of its own (`http`).
struct AllDetails<'a>(&'a Details, &'a Details);

struct Group<'a>(&'a AllDetails<'a>, &'a str);

impl<'a> AllDetails<'a> {
    fn iter(&self) -> impl Iterator<Item = (&'static str, &'a Detail)> {
        self.0.iter().chain(self.1).map(|(name, detail)| (*name, detail))
    }
}

impl Serialize for AllDetails<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        let mut group = None;
        for (name, detail) in self.iter() {
            match name.split_once('.') {
                None => map.serialize_entry(name, &Value(detail))?,
                Some((of, _)) if group == Some(of) => {}
                Some((of, _)) => {
                    group = Some(of);
                    map.serialize_entry(of, &Group(self, of))?;
                }
            }
        }
        map.end()
    }
}

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let ours = self.0.iter().filter_map(|(name, detail)| match name.split_once('.') {
            Some((of, name)) if of == self.1 => Some((name, Value(detail))),
            Some(_) | None => None,
        });
        to.collect_map(ours)
    }
}

struct Value<'a>(&'a Detail);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Detail::Text(text) => to.serialize_str(text),
            Detail::Number(number) => to.serialize_i64(*number),
        }
    }
}
