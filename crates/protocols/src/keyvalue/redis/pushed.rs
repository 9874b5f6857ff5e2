//! What the server tells without being asked: messages to subscribers, invalidated keys, and what others do.

use std::borrow::Cow;

use smallvec::SmallVec;

use model::exchange::Exchange;

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::kit::text::lossy;

use super::commands::{Tells, command};
use super::inside::{Inside, Into, Level};
use super::keys;
use super::secrets::{MASK, may_hold};
use super::session::{Course, Redis, Subscribed};
use super::wire::{CELL, Count, LINE, Token, token};
use super::words::{capitals, split};

/// A message is told when so many bytes of it are there, or all: the rest is passed over.
const TOLD: usize = 4 << 10;
/// So many values of one message are kept.
const VALUES: usize = 64;
/// The name of a kind of message is not longer.
const NAME: usize = 48;

/// The messages to subscribers.
const MESSAGES: [&[u8]; 3] = [b"message", b"pmessage", b"smessage"];
/// The confirmations of what they subscribed to.
const CONFIRMATIONS: [&[u8]; 6] =
    [b"subscribe", b"psubscribe", b"ssubscribe", b"unsubscribe", b"punsubscribe", b"sunsubscribe"];

/// The beginning of a message.
struct Message<'a> {
    values: SmallVec<[Sample<'a>; 4]>,
    /// How many channels a subscriber has.
    number: Option<i64>,
    /// How many values are still to come.
    left: u64,
    /// Bytes of it that were read, those that have not come yet included.
    bytes: u64,
}

impl Redis {
    /// `>`: what nobody asked for, or a confirmation.
    #[inline(never)]
    pub(super) fn pushed(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let message = read(wire)?;
        self.tell(&message, wire)
    }

    /// `*`: an answer, unless the session is a subscriber's in RESP2.
    #[inline]
    pub(super) fn array(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let tells_anything = self.subscribed == Subscribed::Yes
            || wire.asked().is_none_or(|request| {
                matches!(&*request.operation, "PING" | "QUIT" | "RESET")
                    || command(request.operation.as_bytes()).is_some_and(|c| c.tells == Tells::Channels)
            });
        if !tells_anything || !is_told(wire)? {
            return self.aggregate(wire);
        }
        let message = read(wire)?;
        let is_confirmation = message.values.first().is_some_and(|kind| CONFIRMATIONS.contains(&kind.bytes));
        if is_confirmation && let Some(number) = message.number {
            self.subscribed = if number > 0 { Subscribed::Yes } else { Subscribed::No };
        }
        self.tell(&message, wire)
    }

    fn tell(&mut self, message: &Message<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let Some((kind, values)) = message.values.split_first() else {
            return Err(wire.broken("a message says nothing"));
        };
        if CONFIRMATIONS.contains(&kind.bytes) {
            wire.skip(message.bytes);
            return Ok(self.confirm(kind.bytes, wire));
        }
        let mut exchange = wire.blank();
        write(kind.bytes, values, &mut exchange);
        wire.skip(message.bytes);
        if message.left > 0 {
            let levels = SmallVec::from_slice(&[Level::Left(message.left)]);
            self.inside = Some(Box::new(Inside { levels, into: Into::Told, aside: 0 }));
        }
        Ok(Heard::Oneway(exchange))
    }

    /// A subscription is confirmed: the answer to a request for several has as many messages.
    fn confirm(&mut self, kind: &[u8], wire: &mut Reader<'_>) -> Heard {
        let Some(asked) = wire.asked() else {
            // The request may be among what was lost: then this ends the doubt about who is answered.
            return Heard::Response(Key::Turn);
        };
        if !asked.operation.as_bytes().eq_ignore_ascii_case(kind) {
            // The session leaves all its channels, and did not say how many.
            return Heard::Nothing;
        }
        let wanted = asked.targets.len().max(1) as u64;
        let Some(answer) = wire.answer() else { return Heard::Nothing };
        let confirmed = answer.rows.unwrap_or(0) + 1;
        answer.rows = Some(confirmed);
        if confirmed < wanted {
            return Heard::Part;
        }
        answer.outcome = model::exchange::Outcome::Ok;
        self.finish()
    }

    /// `MONITOR` is on: a line for each command of everybody.
    #[inline(never)]
    pub(super) fn watched(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let end = memchr::memchr(b'\n', wire.rest()).filter(|end| *end < LINE);
        match (self.course, wire.rest(), end) {
            (_, [], _) => return Err(Stop::Short),
            (Course::Line, rest, _) => {
                let end = memchr::memchr(b'\n', rest);
                self.course = if end.is_some() { Course::Watching } else { Course::Line };
                wire.skip(end.map_or(rest.len(), |end| end + 1) as u64);
                return Ok(Heard::Nothing);
            }
            (_, [b'+', digit, ..], _) if digit.is_ascii_digit() => {}
            (_, [b'+'], _) => return Err(Stop::Short),
            _ => {
                // The reply to `RESET` or `QUIT`.
                self.course = Course::Commands;
                return self.simple(wire);
            }
        }
        if end.is_none() && wire.rest().len() < LINE {
            return Err(Stop::Short);
        }
        let line = wire.take(end.map_or(LINE, |end| end + 1))?;
        if end.is_none() {
            self.course = Course::Line;
        }
        let mut exchange = wire.blank();
        exchange.request.operation = Cow::Borrowed("MONITOR");
        exchange.request.parameters.push(&seen(line));
        Ok(Heard::Oneway(exchange))
    }
}

/// A line that tells what somebody asked, without credentials: `time [database address] "word" "word"`.
fn seen(line: &[u8]) -> Cow<'_, str> {
    let line = line.get(1..).unwrap_or_default().trim_ascii_end();
    let head = memchr::memmem::find(line, b"] ").map_or(0, |at| at + 2);
    let (head, words) = line.split_at_checked(head).unwrap_or_default();
    match split(words).next() {
        Some(name) if may_hold(name) => Cow::Owned(format!("{}{} {MASK}", lossy(head), lossy(name))),
        _ => lossy(line.get(..CELL).unwrap_or(line)),
    }
}

/// Whether the array at the beginning of `wire` is a message or a confirmation.
fn is_told(wire: &Reader<'_>) -> Read<bool> {
    let mut ahead = Reader::new(wire.rest(), 0, wire.ahead());
    match token(&mut ahead)? {
        Token::Aggregate(_, Count::Of(3 | 4)) => {}
        _ => return Ok(false),
    }
    Ok(match token(&mut ahead)? {
        Token::Bulk(kind) => MESSAGES.contains(&kind.bytes) || CONFIRMATIONS.contains(&kind.bytes),
        _ => false,
    })
}

/// The beginning of the message at the beginning of `wire`, which stays unread.
///
/// Where it begins is known to one reading alone, so it is told at once, and not in parts.
fn read<'a>(wire: &Reader<'a>) -> Read<Message<'a>> {
    let near = wire.rest().get(..TOLD).unwrap_or(wire.rest());
    let mut ahead = Reader::new(near, wire.position(), wire.ahead());
    let Token::Aggregate(_, Count::Of(count)) = token(&mut ahead)? else {
        return Err(wire.broken("a message has no length"));
    };
    let mut message =
        Message { values: SmallVec::new(), number: None, left: count, bytes: ahead.taken() as u64 };
    while message.left > 0 {
        let token = match token(&mut ahead) {
            Err(Stop::Short) if near.len() == TOLD || wire.ahead() != Ahead::Open => break,
            token => token?,
        };
        message.left -= 1;
        message.bytes = ahead.taken() as u64 + ahead.debt();
        match token {
            Token::Aggregate(_, Count::Of(more)) => message.left += more,
            Token::Aggregate(_, Count::Open) | Token::Pieces | Token::Piece(_) | Token::End => {
                return Err(wire.broken("a message has no length"));
            }
            Token::Integer(number) => message.number = Some(number),
            Token::Bulk(value) | Token::Error(value) if message.values.len() < VALUES => {
                message.values.push(value);
            }
            Token::Status(text) | Token::Scalar(text) if message.values.len() < VALUES => {
                message.values.push(Sample { bytes: text, length: text.len() as u64 });
            }
            _ => {}
        }
    }
    if message.values.first().is_some_and(Sample::is_cut) {
        return Err(wire.broken("nobody knows what kind of message it is"));
    }
    Ok(message)
}

/// Writes a message of this kind.
fn write(kind: &[u8], values: &[Sample<'_>], exchange: &mut Exchange) {
    let request = &mut exchange.request;
    let payload = |request: &mut model::exchange::Request, value: &Sample<'_>| {
        request.parameters.push(&lossy(value.bytes));
    };
    match (kind, values) {
        (b"message" | b"smessage", [channel, value]) => {
            request.operation = Cow::Borrowed(if kind == b"message" { "MESSAGE" } else { "SMESSAGE" });
            request.targets.push(keys::text(channel));
            payload(request, value);
        }
        (b"pmessage", [pattern, channel, value]) => {
            request.operation = Cow::Borrowed("PMESSAGE");
            request.targets.push(keys::text(channel));
            request.details.push(("pattern", keys::text(pattern).into()));
            payload(request, value);
        }
        (b"invalidate", keys) => {
            request.operation = Cow::Borrowed("INVALIDATE");
            request.targets.extend(keys.iter().map(keys::text));
        }
        _ => {
            request.operation = Cow::Owned(capitals(kind, NAME));
            values.iter().for_each(|value| payload(request, value));
        }
    }
}
