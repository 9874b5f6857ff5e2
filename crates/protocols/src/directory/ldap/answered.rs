//! What the server says.

use model::conn::Speaker;
use model::exchange::{Exchange, Outcome, Request, Response, Text};

use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::asked::CONTROLS;
use super::controls;
use super::entries::{self, ENTRY, SAMPLES};
use super::extended::{who, word};
use super::results::{IN_PROGRESS, Outcomes, SUCCESS, text};
use super::session::{Ldap, State, fit, passed};
use super::wire::{Elements, Head, head, op, tag};

/// So much of a result is looked at.
const RESULT: usize = 16 << 10;
/// So many bytes of a reference are kept.
const URI: usize = 1 << 10;
/// In an extended result: what it is of, and what it says.
const NAME: u8 = 0x8a;
const VALUE: u8 = 0x8b;

impl Ldap {
    /// Reads the server's next message, of which at most `limit` bytes stand here; and how many of it are still owed. Of
    /// entries as many as are there.
    pub(super) fn answered(
        &mut self,
        limit: u64,
        from: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<(Heard, u64)> {
        let before = passed(from);
        let first = head(Speaker::Server, from)?;
        let room = |from: &Reader<'_>| limit.saturating_sub(passed(from) - before);
        if !is_piece(first) {
            return self.result(first, room(from), from, wire);
        }
        let mut owed = piece(first, room(from), from, wire)?;
        while owed == 0 && from.debt() == 0 && room(from) > 0 {
            let mut ahead = Reader::new(from.rest(), from.position(), from.ahead());
            let Ok(next) = head(Speaker::Server, &mut ahead) else { break };
            let room = room(from).saturating_sub(passed(&ahead));
            if !is_piece(next) || next.id != first.id {
                break;
            }
            match piece(next, room, &mut ahead, wire) {
                Ok(left) => owed = left,
                Err(_) => break,
            }
            from.skip(passed(&ahead));
        }
        Ok((Heard::Piece(Key::Id(first.key())), owed))
    }

    /// Reads a result, of which the head was read.
    fn result(
        &mut self,
        head: Head,
        room: u64,
        from: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<(Heard, u64)> {
        let (length, behind, owed) = fit(head, room);
        let sample = from.sample(length, RESULT)?;
        let controls = if sample.is_cut() || owed > 0 {
            from.skip(behind);
            &b""[..]
        } else {
            from.sample(behind, CONTROLS)?.bytes
        };
        let mut body = Elements::of_sample(sample);
        let Some(outcome) = Outcomes::read(&mut body) else {
            // Of a result with a hole in it nobody knows what it said.
            let heard = if sample.is_cut() || owed > 0 { self.unknown(head, wire) } else { None };
            return heard
                .map(|heard| (heard, owed))
                .ok_or_else(|| from.broken("a result is not formed as one"));
        };
        let (of, value) = match head.op {
            op::EXTENDED_RESULT => (body.content(NAME), body.content(VALUE)),
            _ => (None, None),
        };
        if head.id == 0 {
            return Ok((Heard::Oneway(notice(of.unwrap_or_default(), &outcome, wire)), owed));
        }
        if let Some(identity) = self.settle(head, &outcome, value, wire) {
            return Ok((identity, 0));
        }
        if self.tls == Some(head.id) {
            self.tls = None;
            if outcome.code == SUCCESS {
                self.state = State::Over;
            }
        }
        let missed = wire.missed_as(head.key()).filter(|_| head.op == op::SEARCH_RESULT);
        if let Some(exchange) = wire.exchange_as(head.key()) {
            // Entries may be lost.
            exchange.completeness.cause = exchange.completeness.cause.or(missed);
            let answer = &mut exchange.response;
            outcome.write(answer);
            controls::tell(controls::Of::Result, controls, &mut answer.details);
            count(head.op, &outcome, answer);
        }
        Ok((Heard::Response(Key::Id(head.key())), owed))
    }

    /// A result of which nothing could be read.
    fn unknown(&mut self, head: Head, wire: &mut Reader<'_>) -> Option<Heard> {
        if let Some(answer) = wire.answer_to(head.key()) {
            answer.outcome = Outcome::Unknown;
        }
        (head.id != 0).then_some(Heard::Response(Key::Id(head.key())))
    }

    /// What the result of a log-in, or of the question who one is, means for the session.
    fn settle(
        &mut self,
        head: Head,
        outcome: &Outcomes<'_>,
        value: Option<&[u8]>,
        wire: &mut Reader<'_>,
    ) -> Option<Heard> {
        if head.op == op::EXTENDED_RESULT {
            // Who it would be on behalf of somebody, the session is not.
            let is_own = |asked: &Request| asked.details.iter().all(|(name, _)| *name != "on_behalf_of");
            let asks =
                wire.asked_as(head.key()).is_some_and(|asked| asked.operation == "WhoAmI" && is_own(asked));
            let user = value.filter(|_| asks && outcome.code == SUCCESS).and_then(who)?;
            return self.turn(Some(&user), wire);
        }
        let bind = self.bind.as_ref().filter(|bind| head.op == op::BIND_RESULT && bind.id == head.id)?;
        let (user, state) = (bind.user.clone(), bind.state());
        match outcome.code {
            IN_PROGRESS => return None,
            SUCCESS => {
                if let Some(news) = self.turn(user.as_ref(), wire) {
                    return Some(news);
                }
                self.state = state;
            }
            // Whoever fails is nobody (RFC 4513, 4).
            _ => {
                if let Some(news) = self.turn(None, wire) {
                    return Some(news);
                }
            }
        }
        self.bind = None;
        None
    }
}

/// Whether it is a part of an answer.
fn is_piece(head: Head) -> bool {
    matches!(head.op, op::ENTRY | op::REFERENCE | op::INTERMEDIATE)
}

/// Reads an entry, or another part of an answer, of which the head was read; how many bytes of it are still owed.
fn piece(head: Head, room: u64, from: &mut Reader<'_>, wire: &mut Reader<'_>) -> Read<u64> {
    let (length, behind, owed) = fit(head, room);
    let key = head.key();
    let wanted = wire.answer_to(key).is_some_and(|answer| answer.samples.len() < SAMPLES);
    match head.op {
        op::ENTRY if wanted => entries::add(Elements::of_sample(from.sample(length, ENTRY)?), key, wire),
        op::REFERENCE => refer(Elements::of_sample(from.sample(length, ENTRY)?), wire.answer_to(key)),
        _ => from.skip(length),
    }
    from.skip(behind);
    if head.op == op::ENTRY
        && let Some(answer) = wire.answer_to(key)
    {
        *answer.rows.get_or_insert(0) += 1;
    }
    Ok(owed)
}

/// Where else a search is to go on: the first place is told.
fn refer(mut body: Elements<'_>, answer: Option<&mut Response>) {
    if let (Some(uri), Some(answer)) = (body.content(tag::OCTETS), answer)
        && answer.details.iter().all(|(name, _)| *name != "reference")
    {
        answer.details.push(("reference", text(uri, URI).into()));
    }
}

/// What a result says of how many entries there are, or were changed.
fn count(op: u8, outcome: &Outcomes<'_>, answer: &mut Response) {
    match op {
        op::SEARCH_RESULT => _ = answer.rows.get_or_insert(0),
        op::MODIFY_RESULT | op::ADD_RESULT | op::DELETE_RESULT | op::MODIFY_DN_RESULT
            if outcome.code == SUCCESS =>
        {
            answer.affected = Some(1);
        }
        _ => {}
    }
}

/// What nobody asked for (RFC 4511, 4.4).
fn notice(oid: &[u8], outcome: &Outcomes<'_>, wire: &mut Reader<'_>) -> Box<Exchange> {
    let mut exchange = wire.blank();
    let request = &mut exchange.request;
    request.operation = word(oid).unwrap_or("notice").into();
    request.details.push(("oid", Text::from(&*lossy(oid)).into()));
    outcome.write(&mut exchange.response);
    exchange
}
