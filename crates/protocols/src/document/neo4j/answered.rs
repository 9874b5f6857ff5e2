//! Answers.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Column, Failure, Outcome, Request, Response, Text};

use crate::document::mongodb::secrets::{MASK, is_secret};
use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::{lossy, shortened};

use super::asked::settle;
use super::packstream::{Head, head, map, pass, text, write};
use super::session::{Bolt, Message};
use super::wire::{name, tag};

/// So many rows of a result are kept for inspection.
const SAMPLES: usize = 5;
/// More columns are an attack.
const COLUMNS: u32 = 4096;
/// What is not done, for something before it failed.
const IGNORED: &str = "IGNORED";
/// So much of an error's message is told.
const MESSAGE: usize = 1 << 10;

/// How far the answer to the oldest request went.
#[derive(Debug, Default)]
pub(super) struct Answering {
    stage: Stage,
    rows: u64,
}

/// ```text
///        answer to RUN           answer to PULL
///  Asked ─────────────▶ Ran ───────────────────▶ Asked
///    │ answer to RUN     ▲
///    ▼ before PULL       │ PULL
///  Early ────────────────╯
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Asked,
    /// The statement was run, and nobody has asked for its rows yet.
    Early,
    Ran,
}

impl Answering {
    /// The rows of the statement that was run are asked for.
    pub(super) fn go_on(&mut self) {
        if self.stage == Stage::Early {
            self.stage = Stage::Ran;
        }
    }

    /// Whether the statement that was run is answered, whose rows nobody has asked for yet.
    pub(super) fn is_early(&self) -> bool {
        self.stage == Stage::Early
    }
}

/// What a message says beside rows.
#[derive(Debug, Default)]
struct Summary {
    fields: Option<Vec<Text>>,
    failure: Option<Failure>,
    server: Option<Text>,
    has_more: bool,
    /// Whether some of it was lost, or is not kept.
    is_cut: bool,
    kind: Option<Text>,
    stats: Option<Text>,
}

impl Bolt {
    /// Hears a message of the server.
    pub(super) fn answered(&mut self, message: Message<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut body = message.reader();
        let head: [u8; 2] = body.array().map_err(|_| wire.broken("a message has no tag"))?;
        let [_, tag] = head;
        if name(Speaker::Server, head).is_none() {
            return Err(wire.broken("a message is none that servers send"));
        }
        if tag == tag::RECORD {
            let told = self.record(&mut body, wire);
            settle(&body, told)?;
            return Ok(Heard::Part);
        }
        let mut summary = Summary::default();
        let told = match tag {
            tag::SUCCESS => summary.succeed(&mut body),
            tag::FAILURE => summary.fail(&mut body),
            _ => {
                summary.failure = Some(Failure { code: IGNORED.into(), message: "".into() });
                Ok(())
            }
        };
        settle(&body, told)?;
        summary.is_cut = body.ahead() != Ahead::End;
        self.summarise(summary, wire)
    }

    /// The end of an answer, or of its first half.
    fn summarise(&mut self, summary: Summary, wire: &mut Reader<'_>) -> Read<Heard> {
        let is_success = summary.failure.is_none();
        if let (None, Some(running), Stage::Asked) = (wire.asked(), &mut self.running, self.answering.stage) {
            if is_success && !summary.is_cut && summary.fields.is_none() {
                return Err(wire.broken("an answer says nothing of columns"));
            }
            summary.write(&mut running.response);
            self.answering.stage = Stage::Early;
            return Ok(Heard::Part);
        }
        let Some(request) = wire.asked() else {
            self.answering = Answering::default();
            return Ok(Heard::Response(Key::Turn));
        };
        let is_run = runs(request);
        let pulls = pulls(request);
        let is_first = is_run && self.answering.stage == Stage::Asked;
        // What was asked before we came, or was lost, may be answered still.
        let is_strange = match &summary.failure {
            None => !summary.is_cut && summary.fields.is_some() != is_first,
            Some(failure) => &*failure.code == IGNORED && !may_be_ignored(request),
        };
        if is_strange {
            return Ok(Heard::Nothing);
        }
        self.identify(&summary, request);
        let rows = std::mem::take(&mut self.answering.rows);
        let is_last = !(is_first && pulls);
        if let Some(answer) = wire.answer() {
            if is_last && is_success && pulls {
                answer.rows = Some(rows);
            }
            summary.write(answer);
        }
        if is_last {
            self.answering = Answering::default();
            return Ok(Heard::Response(Key::Turn));
        }
        self.answering.stage = Stage::Ran;
        Ok(Heard::Part)
    }

    /// Who the session is, where this answers a greeting.
    fn identify(&mut self, summary: &Summary, request: &Request) {
        if summary.failure.is_some() {
            return;
        }
        let operation = &*request.operation;
        if matches!(operation, "HELLO" | "INIT" | "LOGON") {
            let user = self.claimed.take();
            self.turn(|identity| {
                identity.user = user.or(identity.user.take());
                identity.version = summary.server.clone().or(identity.version.take());
            });
        } else if operation == "LOGOFF" {
            self.turn(|identity| identity.user = None);
        }
    }

    /// A row.
    fn record(&mut self, body: &mut Reader<'_>, wire: &mut Reader<'_>) -> Read<()> {
        // Rows of what nobody is known to have asked for.
        if self.answering.stage != Stage::Ran && wire.asked().is_none_or(runs) {
            return Ok(());
        }
        self.answering.rows += 1;
        let Some(answer) = wire.answer().filter(|answer| answer.samples.len() < SAMPLES) else {
            return Ok(());
        };
        let Head::List(count) = head(body)? else { return Err(body.broken("a record is no list")) };
        let columns = answer.columns.clone().unwrap_or_default();
        let is_first = answer.samples.is_empty();
        let mut kinds = Vec::new();
        let cells = answer.samples.begin(0);
        let mut read = Ok(());
        for at in 0..count.min(COLUMNS) {
            let first = head(&mut Reader::new(body.rest(), 0, body.ahead()));
            if first == Ok(Head::Null) {
                cells.push_null();
                read = pass(body);
                kinds.push("NULL");
            } else if columns.get(at as usize).is_some_and(|column| is_secret(column.name.as_bytes())) {
                cells.push(MASK);
                read = pass(body);
                kinds.push(first.map_or("", Head::kind));
            } else {
                let mut kind = Ok("");
                cells.push_with(|out| kind = write(out, body));
                kinds.push(kind.unwrap_or_default());
                read = kind.map(drop);
            }
            if read.is_err() {
                break;
            }
        }
        answer.samples.end();
        if is_first {
            let typed = columns
                .iter()
                .zip(kinds)
                .map(|(column, kind)| Column { kind: Cow::Borrowed(kind), ..Column::clone(column) });
            let typed: Arc<[Column]> = typed.collect();
            if typed.len() == columns.len() && !typed.is_empty() {
                answer.columns = Some(typed);
            }
        }
        read
    }
}

/// Whether a request runs a statement.
fn runs(request: &Request) -> bool {
    let mut own = request.details.iter().map(|(name, _)| *name);
    let is_named = matches!(
        &*request.operation,
        "HELLO"
            | "INIT"
            | "LOGON"
            | "LOGOFF"
            | "BEGIN"
            | "COMMIT"
            | "ROLLBACK"
            | "RESET"
            | "ROUTE"
            | "TELEMETRY"
    );
    !is_named
        && !matches!(&*request.operation, "PULL" | "DISCARD" | "ACK_FAILURE")
        && own.all(|name| name != "user")
}

/// Whether a server that failed before may pass over a request: not over what ends that state.
fn may_be_ignored(request: &Request) -> bool {
    !matches!(&*request.operation, "HELLO" | "INIT" | "LOGON" | "RESET" | "ACK_FAILURE")
}

/// Whether a request asks for rows.
fn pulls(request: &Request) -> bool {
    request.details.iter().any(|(name, _)| matches!(*name, "fetch" | "discard"))
}

impl Summary {
    fn succeed(&mut self, body: &mut Reader<'_>) -> Read<()> {
        map(body, |name, body| {
            match name {
                b"fields" => {
                    let Head::List(count) = head(body)? else {
                        return Err(body.broken("columns are no list"));
                    };
                    let names = (0..count.min(COLUMNS)).map(|_| Ok(Text::from(lossy(text(body)?.bytes))));
                    self.fields = Some(names.collect::<Read<_>>()?);
                }
                b"server" => self.server = Some(Text::from(lossy(text(body)?.bytes))),
                b"type" => self.kind = Some(Text::from(lossy(text(body)?.bytes))),
                b"has_more" => self.has_more = head(body)? == Head::Boolean(true),
                b"stats" => self.stats = Some(counted(body)?.into()),
                _ => pass(body)?,
            }
            Ok(())
        })
    }

    fn fail(&mut self, body: &mut Reader<'_>) -> Read<()> {
        let failure = self.failure.insert(Failure { code: "".into(), message: "".into() });
        map(body, |name, body| {
            match name {
                // From version 5.7 on, `code` has another name.
                b"code" | b"neo4j_code" => failure.code = Text::from(lossy(text(body)?.bytes)),
                b"message" => failure.message = shortened(text(body)?.bytes, MESSAGE).0.into(),
                _ => pass(body)?,
            }
            Ok(())
        })
    }

    fn write(self, answer: &mut Response) {
        if let Some(failure) = self.failure {
            answer.outcome = Outcome::Error;
            answer.failure.get_or_insert_with(|| Box::new(failure));
            return;
        }
        if answer.failure.is_none() {
            answer.outcome = Outcome::Ok;
        }
        if let Some(fields) = self.fields {
            let column = |name| Column { name, kind: Cow::Borrowed(""), table: None, origin: None };
            answer.columns = Some(fields.into_iter().map(column).collect());
        }
        answer.details.extend(self.kind.map(|kind| ("type", kind.into())));
        answer.details.extend(self.stats.map(|stats| ("stats", stats.into())));
        if self.has_more {
            answer.details.push(("pages", "more".into()));
        }
    }
}

/// `nodes-created 1, properties-set 2`.
fn counted(body: &mut Reader<'_>) -> Read<String> {
    let mut out = String::new();
    map(body, |name, body| {
        if let Ok(Head::Integer(number)) = head(&mut Reader::new(body.rest(), 0, Ahead::End)) {
            let comma = if out.is_empty() { "" } else { ", " };
            _ = write!(out, "{comma}{} {number}", lossy(name));
        }
        pass(body)
    })?;
    Ok(out)
}
