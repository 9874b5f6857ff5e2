//! Responses: of servers, and of clients.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Failure, Outcome, Response, Text};

use crate::keyvalue::packet::{Packet, big_endian};
use crate::kit::identity::turn;
use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;
use crate::web::json::Value;

use super::asked::datatype;
use super::names::{
    CONTINUE, DELETED, EXISTS, NOT_FOUND, NOT_MY_VBUCKET, NOT_STORED, PATH_NOT_FOUND, SCAN_COMPLETE,
    SCAN_MORE, SOME_FAILED, SOME_FAILED_DELETED, SUCCESS, feature_names, status,
};
use super::opcodes::{Answers, Kind};
use super::paths;
use super::session::{Couchbase, id};
use super::wire::{Message, text, worked};

/// So many rows of a result are kept for inspection.
const SAMPLES: u64 = 5;
/// So many bytes of an error's text are kept.
const MESSAGE: usize = 1 << 10;

impl Couchbase {
    /// The response to a request of `asker`, of so many bytes.
    pub(super) fn answered(
        &mut self,
        asker: Speaker,
        message: &Message<'_>,
        length: u64,
        wire: &mut Reader<'_>,
    ) -> Heard {
        let id = id(asker, &message.packet.head);
        if let Some(silent) = self.passed_over(id) {
            return pass_over(silent, wire);
        }
        if let Some(news) = self.settle(id, message, wire) {
            return news;
        }
        wire.skip(length);
        if goes_on(message) {
            let Some(answer) = wire.answer_to(id) else { return Heard::Nothing };
            add_piece(message, answer);
            return Heard::Piece(Key::Id(id));
        }
        self.finish(id);
        let asked = wire.asked_as(id);
        let key = asked.and_then(|asked| asked.targets.last()).map(Arc::clone);
        let looks = matches!(message.opcode.kind, Kind::Look | Kind::LookMany);
        let paths: Vec<_> = asked
            .filter(|_| looks)
            .map(|asked| asked.parameters.iter().map(|path| path.map(str::to_owned)).collect())
            .unwrap_or_default();
        let Some(answer) = wire.answer_to(id) else { return Heard::Nothing };
        write(message, key.as_deref().unwrap_or_default(), &paths, answer);
        answer.details.extend(worked(message.packet.frame).map(|micros| ("server_us", micros.into())));
        Heard::Response(Key::Id(id))
    }

    /// What a response means for the session, if that is news.
    fn settle(&mut self, id: u64, message: &Message<'_>, wire: &mut Reader<'_>) -> Option<Heard> {
        let packet = &message.packet;
        if packet.head.status != SUCCESS {
            return None;
        }
        let target = |wire: &Reader<'_>| wire.asked_as(id)?.targets.first().cloned();
        match message.opcode.kind {
            // Of a list that is not all there nobody knows what is missing.
            Kind::Hello if !packet.value.is_cut() => self.agree(packet.value.bytes),
            Kind::Collection => {
                // The number of the list of collections stands before it.
                let number = packet.extras.get(8..12).map(big_endian);
                let number = number.and_then(|number| u32::try_from(number).ok())?;
                self.name_collection(number, target(wire)?);
            }
            Kind::Select => {
                let bucket = target(wire)?;
                return turn(&mut self.identity, wire, |identity| identity.database = Some(bucket));
            }
            Kind::Proof => {
                let user = self.user.clone()?;
                return turn(&mut self.identity, wire, |identity| identity.user = Some(user));
            }
            Kind::Plain if message.opcode.word == "version" => {
                let version = Text::from(&*lossy(packet.value.bytes));
                return turn(&mut self.identity, wire, |identity| identity.version = Some(version));
            }
            _ => {}
        }
        None
    }
}

/// A quiet request was done or missed without a word.
fn pass_over((id, answers): (u64, Answers), wire: &mut Reader<'_>) -> Heard {
    if let Some(answer) = wire.answer_to(id) {
        answer.outcome = Outcome::Ok;
        answer.rows = (answers == Answers::Hits).then_some(0);
        answer.details.push(("silent", 1.into()));
    }
    Heard::Response(Key::Id(id))
}

/// Whether another response to the same request follows.
fn goes_on(message: &Message<'_>) -> bool {
    let is_good = message.packet.head.status == SUCCESS;
    match message.opcode.kind {
        Kind::Stats => is_good && !message.packet.key.is_empty(),
        Kind::Scan => is_good,
        _ => false,
    }
}

/// One of several responses: what it is called, and what it is.
fn add_piece(message: &Message<'_>, answer: &mut Response) {
    let rows = answer.rows.unwrap_or_default() + 1;
    answer.rows = Some(rows);
    if rows <= SAMPLES {
        add(&lossy(message.packet.key), &message.packet, answer);
    }
}

/// Adds a document as a row.
fn add(key: &str, packet: &Packet<'_>, answer: &mut Response) {
    let row = answer.samples.begin(0);
    row.push(key);
    row.push(&text(packet.head.datatype, &packet.value));
    answer.samples.end();
    answer.details.extend(datatype(packet.head.datatype).map(|told| ("datatype", told.into())));
}

/// Writes how a request about `key` ended, which looked at these paths.
fn write(message: &Message<'_>, key: &str, paths: &[Option<String>], answer: &mut Response) {
    answer.outcome = Outcome::Ok;
    let is_well = match message.opcode.kind {
        Kind::Get | Kind::GetAnd | Kind::Look | Kind::LookMany => write_found(message, key, paths, answer),
        Kind::Store | Kind::Concat | Kind::Remove | Kind::Count | Kind::Touch | Kind::Item => {
            write_changed(message, answer)
        }
        Kind::Change | Kind::ChangeMany => write_changed(message, answer),
        Kind::Key | Kind::Observe | Kind::Hello | Kind::Proof | Kind::Select | Kind::Collection => {
            write_other(message, answer)
        }
        Kind::Stats | Kind::Scan | Kind::Named | Kind::Plain => write_other(message, answer),
    };
    if !is_well {
        fail(message.opcode.kind, message.packet.head.status, &message.packet, answer);
    }
}

/// Writes what was found; whether that is no error.
fn write_found(message: &Message<'_>, key: &str, paths: &[Option<String>], answer: &mut Response) -> bool {
    let packet = &message.packet;
    match (message.opcode.kind, packet.head.status) {
        (Kind::LookMany, SUCCESS | DELETED | SOME_FAILED | SOME_FAILED_DELETED) => {
            paths::found(packet.value.bytes, paths, answer);
        }
        (kind, SUCCESS | DELETED) => {
            answer.rows = Some(1);
            let path = paths.first().and_then(Option::as_deref).unwrap_or_default();
            add(if kind == Kind::Look { path } else { key }, packet, answer);
        }
        (_, NOT_FOUND) | (Kind::Look, PATH_NOT_FOUND) => {
            answer.rows = Some(0);
            reply(packet, answer);
        }
        _ => return false,
    }
    true
}

/// Writes what was changed; whether that is no error.
fn write_changed(message: &Message<'_>, answer: &mut Response) -> bool {
    let packet = &message.packet;
    match packet.head.status {
        SUCCESS | DELETED => {
            answer.affected = Some(1);
            if message.opcode.kind == Kind::Count {
                let number = i64::try_from(big_endian(packet.value.bytes)).unwrap_or(i64::MAX);
                answer.details.push(("reply", number.into()));
            }
        }
        NOT_FOUND | EXISTS | NOT_STORED => {
            answer.affected = Some(0);
            reply(packet, answer);
        }
        _ => return false,
    }
    true
}

/// Writes how anything else ended; whether that is no error.
fn write_other(message: &Message<'_>, answer: &mut Response) -> bool {
    let packet = &message.packet;
    match (message.opcode.kind, packet.head.status) {
        (Kind::Stats, SUCCESS) => _ = answer.rows.get_or_insert(0),
        (Kind::Scan, SCAN_MORE | SCAN_COMPLETE) => {
            _ = answer.rows.get_or_insert(0);
            reply(packet, answer);
        }
        (Kind::Hello, SUCCESS) => {
            answer.details.push(("agreed", feature_names(packet.value.bytes).as_str().into()));
        }
        (Kind::Key, NOT_FOUND) => reply(packet, answer),
        (_, SUCCESS) | (Kind::Proof, CONTINUE) => {}
        _ => return false,
    }
    true
}

/// Tells a status that is no error.
fn reply(packet: &Packet<'_>, answer: &mut Response) {
    answer.details.push(("reply", (&*status(packet.head.status)).into()));
}

/// Writes an error: of several changes, the one that failed.
fn fail(kind: Kind, code: u16, packet: &Packet<'_>, answer: &mut Response) {
    answer.outcome = Outcome::Error;
    let inner = match (kind, code) {
        (Kind::ChangeMany, SOME_FAILED | SOME_FAILED_DELETED) => paths::failed(packet.value.bytes),
        _ => None,
    };
    let (code, message) = match inner {
        Some((place, code)) => (code, Text::from(format!("change {place} failed"))),
        // The cluster's shape says nothing of what went wrong.
        None if code == NOT_MY_VBUCKET => (code, Text::from("")),
        None => (code, explained(packet)),
    };
    answer.failure = Some(Box::new(Failure { code: (&*status(code)).into(), message }));
}

/// Why something failed, where the server says so: a text, or the context in a document.
fn explained(packet: &Packet<'_>) -> Text {
    let said = text(packet.head.datatype, &packet.value);
    if said.starts_with('{') {
        let context = Value::of(&said).at(&["error", "context"]).and_then(Value::text);
        return Text::from(&*context.unwrap_or_default());
    }
    let end = (0..=MESSAGE.min(said.len())).rev().find(|end| said.is_char_boundary(*end));
    Text::from(said.get(..end.unwrap_or_default()).unwrap_or_default())
}
