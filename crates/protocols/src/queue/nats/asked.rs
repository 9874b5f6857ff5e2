//! What the client says: `PUB`, `HPUB`, `SUB`, `UNSUB`.

use std::borrow::Cow;

use model::exchange::Request;

use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use crate::queue::message::{Headers, tell_body};

use super::jetstream::{self, NEXT, batch};
use super::session::{Mode, Nats, inbox, name};
use super::wire::{Line, Message, message, words};

/// So many bytes of a line are told.
const TEXT: usize = 1 << 10;

impl Nats {
    /// A message, whose answer is awaited where it says so and the client listens.
    pub(super) fn publish<'a>(&mut self, line: Line<'a>, wire: &mut Reader<'a>) -> Read<Heard> {
        let message = message(line, wire)?;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        write(line, request);
        if !jetstream::name(message.subject, message.body.bytes, request) {
            request.targets.push(name(message.subject));
        }
        tell(&message, request);
        let awaited = message.reply.filter(|reply| self.awaits(reply));
        match (self.mode, awaited) {
            // Servers acknowledge what they were given before anybody answers it.
            (Mode::Verbose, _) => Ok(Heard::Request(Key::Turn, exchange)),
            (Mode::Quiet, None) => Ok(Heard::Oneway(exchange)),
            (Mode::Quiet, Some(reply)) => {
                if request.operation == NEXT {
                    self.pull(&request.targets, reply, batch(message.body.bytes));
                }
                Ok(Heard::Request(inbox(reply), exchange))
            }
        }
    }

    /// `SUB subject [group] number`.
    pub(super) fn subscribe(&mut self, line: Line<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut found = words(line.rest);
        let (subject, second, third, more) = (found.next(), found.next(), found.next(), found.next());
        let (Some(subject), Some(second), None) = (subject, second, more) else {
            return Err(wire.broken("a subscription has no such words"));
        };
        self.remember(third.unwrap_or(second), subject);
        let mut exchange = wire.blank();
        write(line, &mut exchange.request);
        exchange.request.targets.push(name(subject));
        if third.is_some() {
            exchange.request.details.push(("group", name(second).into()));
        }
        Ok(self.waits(exchange))
    }

    /// `UNSUB number [messages]`.
    pub(super) fn unsubscribe(&mut self, line: Line<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut found = words(line.rest);
        let (Some(number), after, None) = (found.next(), found.next(), found.next()) else {
            return Err(wire.broken("the end of a subscription has no such words"));
        };
        let subject = self.forget(number, after.is_none());
        let mut exchange = wire.blank();
        write(line, &mut exchange.request);
        exchange.request.targets.extend(subject);
        Ok(self.waits(exchange))
    }

    fn waits(&self, exchange: Box<model::exchange::Exchange>) -> Heard {
        match self.mode {
            Mode::Verbose => Heard::Request(Key::Turn, exchange),
            Mode::Quiet => Heard::Oneway(exchange),
        }
    }
}

/// Writes a line: its word, and as it was said.
pub(super) fn write(line: Line<'_>, request: &mut Request) {
    request.operation = Cow::Borrowed(line.op.word());
    request.statement.write(&lossy(line.all.get(..TEXT).unwrap_or(line.all)));
}

/// Tells a message's body, headers, and where an answer is expected.
pub(super) fn tell(message: &Message<'_>, request: &mut Request) {
    if let Some(reply) = message.reply {
        request.details.push(("reply_to", name(reply).into()));
    }
    let mut headers = Headers::default();
    for (name, value) in fields(message.headers) {
        headers.add(name, &lossy(value));
    }
    if let Some(headers) = headers.told() {
        request.details.push(("headers", headers));
    }
    tell_body(&message.body, request);
}

/// The fields of headers, which begin with a line of their own and are written as HTTP's.
pub(super) fn fields(headers: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers.split(|byte| *byte == b'\n').skip(1).filter_map(|line| {
        let colon = memchr::memchr(b':', line)?;
        let (name, value) = line.split_at_checked(colon)?;
        Some((name.trim_ascii(), value.get(1..)?.trim_ascii()))
    })
}
