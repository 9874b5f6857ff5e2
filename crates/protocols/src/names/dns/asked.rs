//! Questions become requests.

use std::borrow::Cow;

use model::details::Detail;
use model::exchange::{Exchange, Text};

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::session::{Dns, known_by};
use super::wire::{Header, Opcode, Question, Record, question, record};
use super::{data, edns, names, types};

/// So many questions of one message are told, and so many records of an update.
const TOLD: usize = 16;
/// A statement is mostly not longer.
const USUAL: usize = 64;
/// Memory for a statement of so many bytes is kept.
const KEPT: usize = 512;

impl Dns {
    /// A question.
    pub(super) fn asked(
        &mut self,
        header: Header,
        message: &[u8],
        mut from: Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let first = question(&mut from)?;
        let mut exchange = wire.blank();
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        text.reserve(USUAL);
        begin(&mut exchange, &mut text, header, first, message);
        let [questions, _, changes, _] = header.counts;
        for _ in 1..questions {
            let next = question(&mut from)?;
            more(&mut exchange, &mut text, next, message);
        }
        let [_, counts @ ..] = header.counts;
        for at in 0..counts.iter().copied().map(u32::from).sum::<u32>() {
            match record(&mut from) {
                Ok(record) => {
                    let is_change = header.opcode() == Opcode::Update && {
                        let before = u32::from(counts[0]);
                        (before..before + u32::from(changes)).contains(&at)
                    };
                    if is_change {
                        change(&mut exchange, message, &record);
                    }
                    edns::ask(&mut exchange, &record);
                }
                Err(Stop::Short) if matches!(from.ahead(), Ahead::Hole(_)) => break,
                Err(stop) => return Err(stop),
            }
        }
        exchange.request.statement.write(&text);
        if text.capacity() <= KEPT {
            self.text = text;
        }
        Ok(self.ask(header, first, message, exchange))
    }

    fn ask(&mut self, header: Header, first: Question, message: &[u8], exchange: Box<Exchange>) -> Heard {
        if header.id == 0 && is_local(message, first) {
            // To everybody near: whoever answers does so on another way.
            return Heard::Oneway(exchange);
        }
        let key = known_by(header.id, first, message);
        self.recent.rotate_right(1);
        if let Some(newest) = self.recent.first_mut() {
            *newest = (header.id, key);
        }
        Heard::Request(Key::Id(key), exchange)
    }
}

/// Whether a name is asked for by multicast (RFC 6762, 3).
pub(super) fn is_local(message: &[u8], question: Question) -> bool {
    names::labels(message, question.name).last().is_some_and(|label| label.eq_ignore_ascii_case(b"local"))
}

/// The operation that a question is.
pub(super) fn operation(header: Header, kind: u16) -> Cow<'static, str> {
    match header.opcode() {
        Opcode::Query | Opcode::Other => types::name(kind),
        Opcode::Inverse => Cow::Borrowed("IQUERY"),
        Opcode::Status => Cow::Borrowed("STATUS"),
        Opcode::Notify => Cow::Borrowed("NOTIFY"),
        Opcode::Update => Cow::Borrowed("UPDATE"),
    }
}

/// Writes the first question.
fn begin(exchange: &mut Exchange, text: &mut String, header: Header, first: Question, message: &[u8]) {
    let request = &mut exchange.request;
    request.operation = operation(header, first.kind);
    text.push_str(&request.operation);
    let target = named(text, first, message);
    request.targets.push(target);
}

/// Writes another one.
fn more(exchange: &mut Exchange, text: &mut String, next: Question, message: &[u8]) {
    let targets = &mut exchange.request.targets;
    if targets.len() < TOLD {
        text.push_str(", ");
        text.push_str(&types::name(next.kind));
        targets.push(named(text, next, message));
    }
}

/// Writes the name that is asked for, and its class if that is not the Internet's; the name as a target.
fn named(text: &mut String, question: Question, message: &[u8]) -> Text {
    text.push(' ');
    let begin = text.len();
    names::write(text, message, question.name);
    let name = text.get(begin..).unwrap_or_default();
    let target = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        name.to_ascii_lowercase().into()
    } else {
        name.into()
    };
    if let Some(class) = types::class(question.class) {
        text.push(' ');
        text.push_str(class);
    }
    target
}

/// Adds what an update changes (RFC 2136, 2.5): a class says whether it adds or deletes.
fn change(exchange: &mut Exchange, message: &[u8], record: &Record<'_>) {
    let parameters = &mut exchange.request.parameters;
    if parameters.len() >= TOLD {
        return;
    }
    let (word, whole) = match types::class(record.class) {
        Some("ANY") => ("delete ", false),
        Some("NONE") => ("delete ", true),
        _ => ("add ", true),
    };
    parameters.push_with(|out| {
        out.push_str(word);
        names::write(out, message, record.name);
        out.push(' ');
        out.push_str(&types::name(record.kind));
        if whole {
            out.push(' ');
            data::write(out, message, record);
        }
    });
}

/// A detail of a number.
pub(super) fn detail(name: &'static str, number: u16) -> (&'static str, Detail) {
    (name, Detail::Number(number.into()))
}
