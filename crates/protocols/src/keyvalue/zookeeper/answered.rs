//! Replies, and what servers tell of their own.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use model::conn::Speaker;
use model::details::Detail;
use model::exchange::{Column, Failure, Outcome, Response, Text};

use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::asked::{key, rule};
use super::operations::{Answers, ERROR, Operation, by_code, by_name, error};
use super::records::{data, flag, int, list, long, text, version};
use super::session::ZooKeeper;
use super::wire::{GREETING, NOTIFICATION, Packet, packet};

/// So many rows of a result are kept for inspection.
const SAMPLES: usize = 5;
/// The error of an operation that was not tried, for another one of its transaction failed.
const NOT_TRIED: i32 = -2;
/// `EventType`, from 1 on; what is not of a node is of the session.
const EVENTS: [&str; 7] = [
    "NodeCreated",
    "NodeDeleted",
    "NodeDataChanged",
    "NodeChildrenChanged",
    "DataWatchRemoved",
    "ChildWatchRemoved",
    "PersistentWatchRemoved",
];

type Shape = LazyLock<Arc<[Column]>>;

const fn shape(columns: fn() -> Arc<[Column]>) -> Shape {
    LazyLock::new(columns)
}

fn column(name: &str, kind: &'static str) -> Arc<[Column]> {
    Arc::new([Column { name: name.into(), kind: Cow::Borrowed(kind), table: None, origin: None }])
}

static DATA: Shape = shape(|| column("data", "bytes"));
static CHILD: Shape = shape(|| column("child", "text"));
static RULE: Shape = shape(|| column("acl", "text"));
static USER: Shape = shape(|| column("user", "text"));

impl ZooKeeper {
    /// Reads the server's next packet.
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut packet = packet(Speaker::Server, wire)?;
        let id = int(&mut packet.body)?;
        if id == GREETING {
            return greeted(packet, wire);
        }
        let _transaction = long(&mut packet.body)?;
        let code = int(&mut packet.body)?;
        if id == NOTIFICATION {
            return notified(packet, wire);
        }
        let Key::Id(number) = key(id) else { return Ok(Heard::Nothing) };
        let Some(asked) = wire.asked_as(number) else {
            wire.skip(packet.size);
            return Ok(Heard::Response(key(id)));
        };
        let operation = by_name(&asked.operation);
        let user = asked.details.iter().find(|(name, _)| *name == "user").map(|(_, user)| user.clone());
        if let (0, Some(Detail::Text(user))) = (code, user)
            && let Some(identity) = self.turn(&user, wire)
        {
            return Ok(Heard::Identity(identity));
        }
        if let (Some(answer), Some(operation)) = (wire.answer_to(number), operation) {
            let told = match code {
                0 => {
                    answer.outcome = Outcome::Ok;
                    tell(operation, &mut packet.body, answer)
                }
                code => {
                    fail(code, answer);
                    Ok(())
                }
            };
            packet.settle(told)?;
        }
        wire.skip(packet.size);
        Ok(Heard::Response(key(id)))
    }
}

/// `ConnectResponse`: a session, or that the one asked for has expired.
fn greeted(mut packet: Packet<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
    let timeout = int(&mut packet.body);
    let session = packet.body.be64();
    if let (Some(answer), Ok(timeout), Ok(session)) = (wire.answer_to(0), timeout, session) {
        if timeout == 0 {
            fail(-112, answer);
        } else {
            answer.outcome = Outcome::Ok;
            answer.details.push(("timeout_ms", i64::from(timeout).into()));
            answer.details.push(("session", Text::from(format!("{session:#x}")).into()));
        }
    }
    wire.skip(packet.size);
    Ok(Heard::Response(key(0)))
}

/// `WatcherEvent`: a change that the client asked to be told of.
fn notified(mut packet: Packet<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
    let mut exchange = wire.blank();
    let request = &mut exchange.request;
    request.operation = Cow::Borrowed("notification");
    let kind = int(&mut packet.body)?;
    let _state = int(&mut packet.body)?;
    let path = lossy(text(&mut packet.body)?);
    let event = usize::try_from(kind).ok().and_then(|kind| EVENTS.get(kind.wrapping_sub(1)));
    request.statement.write_with(|out| {
        out.push_str(event.unwrap_or(&"SessionChanged"));
        out.push(' ');
        out.push_str(&path);
    });
    request.targets.push(path.into());
    wire.skip(packet.size);
    Ok(Heard::Oneway(exchange))
}

/// Writes what came back.
fn tell(operation: &Operation, body: &mut Reader<'_>, answer: &mut Response) -> Read<()> {
    if operation.changes {
        answer.affected = Some(1);
    }
    match operation.answers {
        Answers::Nothing | Answers::Token => {}
        Answers::Path => created(operation, body, answer)?,
        Answers::PathStat => {
            created(operation, body, answer)?;
            versioned(body, answer)?;
        }
        Answers::Stat => versioned(body, answer)?,
        Answers::DataStat => {
            let data = data(body)?;
            answer.rows = Some(1);
            sample(answer, &DATA, &lossy(data.bytes));
            versioned(body, answer)?;
        }
        Answers::AclStat => {
            let rules = list(body, |body| {
                let granted = int(body)?;
                let (scheme, id) = (text(body)?, text(body)?);
                sample(answer, &RULE, &rule(granted, scheme, id));
                Ok(())
            })?;
            answer.rows = Some(rules.into());
        }
        Answers::Children | Answers::ChildrenStat => {
            // How many there are stands before them; of very many, not all are read.
            answer.rows = body.rest().first_chunk().map(|count| u64::from(u32::from_be_bytes(*count)));
            list(body, |body| {
                let child = text(body)?;
                sample(answer, &CHILD, &lossy(child));
                Ok(())
            })?;
        }
        Answers::Number => answer.rows = u64::try_from(int(body)?).ok(),
        Answers::Users => {
            let users = list(body, |body| {
                let (scheme, user) = (lossy(text(body)?), lossy(text(body)?));
                sample(answer, &USER, &format!("{scheme}:{user}"));
                Ok(())
            })?;
            answer.rows = Some(users.into());
        }
        Answers::Multi => results(body, answer)?,
    }
    Ok(())
}

/// The path of a node that was made; where its name was counted, only the answer tells it.
fn created(operation: &Operation, body: &mut Reader<'_>, answer: &mut Response) -> Read<()> {
    let path = lossy(text(body)?);
    if operation.changes {
        answer.details.push(("path", Detail::Text(path.into())));
    }
    Ok(())
}

fn versioned(body: &mut Reader<'_>, answer: &mut Response) -> Read<()> {
    answer.details.push(("version", i64::from(version(body)?).into()));
    Ok(())
}

/// `MultiResponse`: results, each behind a header.
fn results(body: &mut Reader<'_>, answer: &mut Response) -> Read<()> {
    let mut changed = 0;
    loop {
        let code = int(body)?;
        let done = flag(body)?;
        let _failed = int(body)?;
        if done {
            break;
        }
        if code == ERROR {
            // The one that failed is among others that were not tried, or were undone.
            match int(body)? {
                0 => {}
                code if code == NOT_TRIED && answer.failure.is_some() => {}
                code => fail(code, answer),
            }
            continue;
        }
        let Some(operation) = by_code(code).filter(|operation| operation.answers != Answers::Multi) else {
            return Err(body.broken("a transaction holds the result of no operation"));
        };
        let mut result = Response::default();
        tell(operation, body, &mut result)?;
        changed += u64::from(operation.changes);
    }
    let failed = answer.failure.is_some();
    answer.affected = Some(if failed { 0 } else { changed });
    Ok(())
}

/// Adds a row of one cell, if there is room.
fn sample(answer: &mut Response, shape: &Shape, cell: &str) {
    if answer.samples.len() < SAMPLES {
        answer.columns.get_or_insert_with(|| Arc::clone(shape));
        answer.samples.add(cell.len(), |row| row.push(cell));
    }
}

/// Writes an error; the first one that is not a consequence of another stays.
fn fail(code: i32, answer: &mut Response) {
    answer.outcome = Outcome::Error;
    let name = error(code).map_or_else(|| Text::from(code.to_string()), Text::from);
    answer.failure = Some(Box::new(Failure { code: name, message: "".into() }));
}
