//! What the server delivers: `MSG`, `HMSG`, some of which are answers.

use model::details::Detail;
use model::exchange::{Failure, Outcome, Request, Response, Text};

use crate::kit::lines::number;
use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::asked::{fields, tell, write};
use super::jetstream::{NEXT, acknowledged, error};
use super::session::{Nats, Pull, inbox, name};
use super::wire::{Line, Message, message};

/// The largest status: three digits, as HTTP has them.
const STATUS: u64 = 999;

/// The statuses of a request for messages that ended as it should: there are no more, or its time is over.
const ENDED: [u64; 2] = [404, 408];
/// The status of a sign of life.
const ALIVE: u64 = 100;

impl Nats {
    /// A message is delivered: the answer to a request, one of those that were asked for, or one of a subscription.
    ///
    /// The last of those that were asked for ends its request before it is read.
    pub(super) fn deliver<'a>(
        &mut self,
        line: Line<'a>,
        mut ahead: Reader<'a>,
        wire: &mut Reader<'a>,
    ) -> Read<Heard> {
        let message = message(line, &mut ahead)?;
        let length = ahead.taken() as u64 + ahead.debt();
        let key = inbox(message.subject);
        if let Some(asked) = wire.asked_as(id(key)).filter(|asked| expects(asked, message.subject)) {
            let is_pull = asked.operation == NEXT;
            wire.skip(length);
            if is_pull {
                return Ok(self.ended(&message, key, wire));
            }
            if let Some(answer) = wire.answer_to(id(key)) {
                answer_with(&message, answer);
            }
            return Ok(Heard::Response(key));
        }
        if !std::mem::take(&mut self.is_counted)
            && let Some(last) = self.count(&message, wire)
        {
            self.is_counted = true;
            return Ok(Heard::Response(last));
        }
        wire.skip(length);
        let mut exchange = wire.blank();
        write(line, &mut exchange.request);
        exchange.request.targets.push(name(message.subject));
        tell(&message, &mut exchange.request);
        Ok(Heard::Oneway(exchange))
    }

    /// Counts one of the messages that were asked for; the request whose last one it is.
    fn count(&mut self, message: &Message<'_>, wire: &mut Reader<'_>) -> Option<Key> {
        // They say where they are to be acknowledged, and with that whose they are.
        let of = acknowledged(message.reply?.strip_prefix(b"$JS.ACK.")?);
        let is_of = |pull: &Pull| pull.of.iter().map(|name| Some(name.as_bytes())).eq(of);
        let at = self.pulls.iter().position(is_of)?;
        let pull = self.pulls.get_mut(at)?;
        pull.left = pull.left.saturating_sub(1);
        let key = inbox(pull.reply.as_bytes());
        if let Some(answer) = wire.answer_to(id(key)) {
            answer.outcome = Outcome::Ok;
            answer.rows = Some(answer.rows.unwrap_or_default() + 1);
        }
        if pull.left > 0 {
            return None;
        }
        self.pulls.swap_remove(at);
        Some(key)
    }

    /// How a request for messages ended.
    fn ended(&mut self, message: &Message<'_>, key: Key, wire: &mut Reader<'_>) -> Heard {
        let status = status(message.headers);
        if status.is_some_and(|(status, _)| status == ALIVE) {
            return Heard::Piece(key);
        }
        self.pulls.retain(|pull| pull.reply.as_bytes() != message.subject);
        let Some(answer) = wire.answer_to(id(key)) else { return Heard::Nothing };
        match status.filter(|(status, _)| ENDED.contains(status)) {
            Some((status, why)) => {
                answer.outcome = Outcome::Ok;
                answer.rows.get_or_insert(0);
                answer.details.push(("status", format!("{status} {}", lossy(why)).as_str().into()));
            }
            None => {
                let rows = answer.rows.unwrap_or_default();
                answer_with(message, answer);
                answer.rows = Some(rows);
            }
        }
        Heard::Response(key)
    }
}

/// The number of a key.
fn id(key: Key) -> u64 {
    match key {
        Key::Id(id) => id,
        Key::Turn => u64::MAX,
    }
}

/// Whether a request waits for an answer at this subject.
fn expects(asked: &Request, subject: &[u8]) -> bool {
    asked.details.iter().any(|(name, detail)| match detail {
        Detail::Text(reply) => *name == "reply_to" && reply.as_bytes() == subject,
        Detail::Number(_) => false,
    })
}

/// Writes an answer.
fn answer_with(message: &Message<'_>, answer: &mut Response) {
    answer.outcome = Outcome::Ok;
    answer.rows = Some(1);
    let failure = refused(message).or_else(|| error(message.body.bytes));
    if let Some((code, message)) = failure {
        answer.outcome = Outcome::Error;
        answer.failure = Some(Box::new(Failure { code, message }));
    }
    let row = answer.samples.begin(0);
    row.push(&lossy(message.body.bytes));
    answer.samples.end();
}

/// What the headers of an answer say went wrong: a status, or the error of a service (ADR-32 of NATS).
fn refused(message: &Message<'_>) -> Option<(Text, Text)> {
    if let Some((status, why)) = status(message.headers).filter(|(status, _)| *status >= 400) {
        let why =
            if status == 503 && why.is_empty() { "no responders".into() } else { Text::from(&*lossy(why)) };
        return Some((status.to_string().into(), why));
    }
    let field = |wanted: &[u8]| {
        fields(message.headers).find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    let why = field(b"Nats-Service-Error")?;
    let code = field(b"Nats-Service-Error-Code").unwrap_or(b"500");
    Some((Text::from(&*lossy(code)), Text::from(&*lossy(why))))
}

/// The status of headers, and what it says: `NATS/1.0 404 No Messages`.
fn status(headers: &[u8]) -> Option<(u64, &[u8])> {
    let line = headers.split(|byte| *byte == b'\r').next()?.strip_prefix(b"NATS/1.0")?.trim_ascii();
    let (code, why) = line.split_at_checked(3)?;
    Some((number(code, STATUS)?, why.trim_ascii()))
}
