//! Replies and exceptions.

use model::exchange::{Failure, Outcome, Response};

use crate::kit::protocol::Key;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::shortened;

use super::asked::told;
use super::encoding::{Kind, field, length, number};
use super::wire::{Head, Message, Sort};
use super::words;

/// So many bytes of a message are kept.
const MESSAGE: usize = 1 << 10;

/// The kinds of `TApplicationException`.
const KINDS: [&str; 11] = [
    "UNKNOWN",
    "UNKNOWN_METHOD",
    "INVALID_MESSAGE_TYPE",
    "WRONG_METHOD_NAME",
    "BAD_SEQUENCE_ID",
    "MISSING_RESULT",
    "INTERNAL_ERROR",
    "PROTOCOL_ERROR",
    "INVALID_TRANSFORM",
    "INVALID_PROTOCOL",
    "UNSUPPORTED_CLIENT_TYPE",
];

impl Message<'_> {
    /// How the call ended that this answers.
    pub(super) fn answered(&self, wire: &mut Reader<'_>) {
        let Message { head, fields, pairs } = self;
        let answer = match head.key() {
            Key::Turn => wire.answer(),
            Key::Id(id) => wire.answer_to(id),
        };
        let Some(answer) = answer else { return };
        if head.sort == Sort::Exception {
            refused(head, fields, answer);
        } else {
            ended(head, fields, answer);
        }
        answer.details.extend(told(pairs).map(|told| ("response_headers", told)));
    }
}

/// Writes a result: a struct whose field 0 is what the method gives back, and whose others are exceptions that it declares.
fn ended(head: &Head<'_>, fields: &[u8], answer: &mut Response) {
    let mut wire = Reader::new(fields, 0, Ahead::End);
    answer.outcome = Outcome::Ok;
    // Nothing is the result of a method that gives nothing back.
    let Ok(Some((number, kind))) = field(head.encoding, 0, &mut wire) else { return };
    if number == 0 {
        answer.samples.add(wire.rest().len(), |row| {
            row.push_with(|out| words::write_value(wire.rest(), head.encoding, kind, head.veil(), out));
        });
        return;
    }
    let mut told = String::new();
    words::write_value(wire.rest(), head.encoding, kind, head.veil(), &mut told);
    answer.outcome = Outcome::Error;
    let code = format!("exception {number}").into();
    answer.failure = Some(Box::new(Failure { code, message: told.into() }));
}

/// Writes why a call was not even tried, or failed beside what its method declares.
fn refused(head: &Head<'_>, fields: &[u8], answer: &mut Response) {
    answer.outcome = Outcome::Error;
    let (mut message, mut kind) = (String::new(), 0);
    let mut wire = Reader::new(fields, 0, Ahead::End);
    let mut last = 0;
    while let Ok(Some((at, of))) = field(head.encoding, last, &mut wire) {
        last = at;
        match (at, of) {
            (1, Kind::Bytes) => {
                let Ok(length) = length(head.encoding, &mut wire) else { break };
                let rest = wire.rest();
                let text = rest.get(..length as usize).unwrap_or(rest);
                message = shortened(text, MESSAGE).0.into_owned();
                wire.skip(text.len() as u64);
            }
            (2, Kind::Int) => {
                let Ok(number) = number(head.encoding, of, &mut wire) else { break };
                kind = number;
            }
            _ => break,
        }
    }
    let known = usize::try_from(kind).ok().and_then(|kind| KINDS.get(kind));
    let code = known.map_or_else(|| kind.to_string(), |known| (*known).to_owned());
    answer.failure = Some(Box::new(Failure { code: code.into(), message: message.into() }));
}
