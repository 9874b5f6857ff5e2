//! Questions become requests.

use std::borrow::Cow;
use std::ops::Range;

use model::details::Detail;
use model::exchange::{Exchange, Request};

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
        let name = begin(&mut exchange.request, &mut text, header, first, message);
        self.target(&mut exchange.request, text.get(name).unwrap_or_default());
        let [questions, _, changes, _] = header.counts;
        for _ in 1..questions {
            let next = question(&mut from)?;
            more(&mut exchange.request, &mut text, next, message);
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

    /// The name that is asked for, in small letters, as a target.
    fn target(&mut self, request: &mut Request, name: &str) {
        self.small.clear();
        self.small.push_str(name);
        self.small.make_ascii_lowercase();
        request.name_target(&self.small);
        self.small.shrink_to(KEPT);
    }

    fn ask(&mut self, header: Header, first: Question, message: &[u8], exchange: Box<Exchange>) -> Heard {
        if header.id == 0 && is_local(message, first) {
            // To everybody near: whoever answers does so on another way.
            return Heard::Oneway(exchange);
        }
        let key = known_by(header.id, first, message);
        let [first, second, third, _] = self.recent;
        self.recent = [(header.id, key), first, second, third];
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

/// Writes the first question; where its name stands in the text.
fn begin(
    request: &mut Request,
    text: &mut String,
    header: Header,
    first: Question,
    message: &[u8],
) -> Range<usize> {
    request.operation = operation(header, first.kind);
    text.push_str(&request.operation);
    named(text, first, message)
}

/// Writes another one.
fn more(request: &mut Request, text: &mut String, next: Question, message: &[u8]) {
    if request.targets.len() < TOLD {
        text.push_str(", ");
        text.push_str(&types::name(next.kind));
        let name = named(text, next, message);
        request.targets.push(text.get(name).unwrap_or_default().to_ascii_lowercase().into());
    }
}

/// Writes the name that is asked for, and its class if that is not the Internet's; where the name stands.
fn named(text: &mut String, question: Question, message: &[u8]) -> Range<usize> {
    text.push(' ');
    let begin = text.len();
    names::write(text, message, question.name);
    let name = begin..text.len();
    if let Some(class) = types::class(question.class) {
        text.push(' ');
        text.push_str(class);
    }
    name
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
