//! Answers: how they ended, and their records as rows.

use model::details::Detail;
use model::exchange::{Failure, Outcome, Response, Text};

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::asked::{detail, is_local, operation};
use super::names::Written;
use super::session::{COLUMNS, Dns};
use super::transfer::Transfer;
use super::types::OPT;
use super::wire::{Header, Opcode, Question, Record, question, record};
use super::{data, edns, names, types};

/// So many records of an answer are kept.
const SAMPLES: usize = 10;

/// So many records of an announcement are told.
const ANNOUNCED: u16 = 16;

/// What the records of a message say of it.
#[derive(Debug, Default)]
struct Told {
    /// The upper bits of how it ended.
    code: u16,
    reason: Option<Text>,
}

impl Dns {
    /// An answer.
    pub(super) fn answered(
        &mut self,
        header: Header,
        message: &[u8],
        mut from: Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let [questions, answers, ..] = header.counts;
        let first = if questions > 0 { Some(question(&mut from)?) } else { None };
        for _ in 1..questions {
            question(&mut from)?;
        }
        if header.id == 0
            && answers > 0
            && first.is_none_or(|first| is_local(message, first))
            && self.recent[0].1 == 0
        {
            return announced(header, message, from, wire);
        }
        let transfer = self.transfer.as_deref().filter(|_| first.is_none()).map(|transfer| transfer.key);
        let Key::Id(key) = transfer.map_or_else(|| self.key(header, first, message), Key::Id) else {
            return Err(from.broken("an answer has no key"));
        };
        let mut handing = self.handing(key, first);
        let mut answer = wire.answer_to(key);
        let mut names = Written::default();
        let told = walk(header, &mut from, |at, record| {
            if at >= answers.into() {
                return;
            }
            if let Some(transfer) = &mut handing {
                transfer.hear(record);
            }
            if let Some(answer) = &mut answer {
                sample(message, record, &mut names, answer);
            }
        })?;
        let is_over = write(header, &told, answer);
        let goes_on = handing.filter(|transfer| !is_over && !transfer.is_over());
        self.transfer = goes_on.map(Box::new);
        let key = Key::Id(key);
        let heard = if self.transfer.is_some() { Heard::Piece(key) } else { Heard::Response(key) };
        Ok(heard)
    }

    /// The zone that this answer hands over, or goes on to.
    fn handing(&self, key: u64, first: Option<Question>) -> Option<Transfer> {
        match self.transfer.as_deref() {
            Some(transfer) if transfer.key == key => Some(*transfer),
            Some(_) | None => Transfer::of(key, first?.kind),
        }
    }
}

/// Reads the records of a message, each with its place among them.
fn walk<'a>(header: Header, from: &mut Reader<'a>, mut hear: impl FnMut(u32, &Record<'a>)) -> Read<Told> {
    let mut told = Told::default();
    let [_, counts @ ..] = header.counts;
    for at in 0..counts.iter().copied().map(u32::from).sum() {
        match record(from) {
            Ok(record) if record.kind == OPT => {
                told = Told { code: edns::code(&record), reason: edns::reason(&record) };
            }
            Ok(record) => hear(at, &record),
            Err(Stop::Short) if matches!(from.ahead(), Ahead::Hole(_)) => break,
            Err(stop) => return Err(stop),
        }
    }
    Ok(told)
}

/// Adds a record to the samples of an answer, if there is room.
fn sample(message: &[u8], record: &Record<'_>, names: &mut Written, answer: &mut Response) {
    if answer.samples.len() >= SAMPLES {
        return;
    }
    if answer.columns.is_none() {
        answer.share_columns(&COLUMNS);
    }
    answer.samples.add(96, |row| {
        row.push_with(|out| names.write(out, message, record.name));
        row.push(&types::name(record.kind));
        row.push_with(|out| data::number(out, record.ttl));
        row.push_with(|out| data::write(out, message, record));
    });
}

/// Writes how an answer ended; whether that was an error.
fn write(header: Header, told: &Told, answer: Option<&mut Response>) -> bool {
    let code = header.code() | told.code;
    let Some(answer) = answer else { return code != 0 };
    let [_, answers, ..] = header.counts;
    if header.opcode() == Opcode::Query {
        answer.rows = Some(answer.rows.unwrap_or_default() + u64::from(answers));
    }
    answer.outcome = if code == 0 { Outcome::Ok } else { Outcome::Error };
    if code != 0 {
        let message = told.reason.clone().unwrap_or_else(|| "".into());
        answer.failure = Some(Box::new(Failure { code: types::code(code).into(), message }));
    } else if let Some(reason) = &told.reason {
        answer.details.push(("extended_error", Detail::Text(Text::clone(reason))));
    }
    if header.is_truncated() {
        answer.details.push(detail("truncated", 1));
    }
    if header.is_authoritative() && answer.details.iter().all(|(name, _)| *name != "authoritative") {
        answer.details.push(detail("authoritative", 1));
    }
    code != 0
}

/// An answer that nobody asked for on this way: what a host says of itself to everybody near (RFC 6762).
fn announced(header: Header, message: &[u8], mut from: Reader<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
    let mut exchange = wire.blank();
    let mut text = String::new();
    let [_, answers, ..] = header.counts;
    let request = &mut exchange.request;
    walk(header, &mut from, |at, record| {
        if at >= answers.min(ANNOUNCED).into() {
            return;
        }
        let mut name = String::new();
        names::write(&mut name, message, record.name);
        if at == 0 {
            request.operation = operation(header, record.kind);
        } else {
            text.push_str(", ");
        }
        text.push_str(&[&types::name(record.kind), " ", &name].concat());
        request.targets.push(name.to_ascii_lowercase().into());
        request.parameters.push_with(|out| data::write(out, message, record));
    })?;
    request.statement.write(&text);
    request.details.push(detail("announced", 1));
    Ok(Heard::Oneway(exchange))
}
