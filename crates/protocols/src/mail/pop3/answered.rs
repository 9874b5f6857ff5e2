//! What the server says: how a command came out, and the lines behind it.

use model::exchange::{Failure, Outcome, Text};

use crate::kit::identity::turn;
use crate::kit::lines::{line, split_word};
use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;
use crate::mail::dotted::Body;
use crate::mail::fields::Fields;

use super::session::{Long, Pop3, State};
use super::wire::{Kind, Status, command, is_long, status};

/// So many bytes of a text are kept.
const TEXT: usize = 512;

impl Pop3 {
    /// Reads the server's next line, or more of a long answer.
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.long.is_some() {
            return self.go_on(wire);
        }
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let line = line(&mut ahead)?;
        let Some((status, text)) = status(line) else {
            return Err(wire.broken("no server says such a line"));
        };
        let statement = wire.asked().and_then(|asked| asked.statement.as_deref()).unwrap_or_default();
        let asked = command(statement.as_bytes()).map(|(_, kind, rest)| (kind, is_long(kind, rest)));
        if let Some(news) = self.settle(asked.map(|(kind, _)| kind), status, text, wire) {
            return Ok(news);
        }
        self.greeted = true;
        wire.skip(ahead.taken() as u64);
        if status == Status::More {
            self.state = State::Proving;
            return Ok(Heard::Piece(Key::Turn));
        }
        self.state = State::Commands;
        if let (Some((kind, true)), Status::Ok) = (asked, status) {
            let fields = (kind == Kind::Message).then(Fields::default);
            self.long = Some(Box::new(Long { fields, ..Long::default() }));
            return Ok(Heard::Part);
        }
        if let (Some((Kind::Tls, _)), Status::Ok) = (asked, status) {
            self.state = State::Over;
        }
        self.end(asked.map(|(kind, _)| kind), status, text, wire);
        Ok(Heard::Response(Key::Turn))
    }

    /// What it means for the session.
    fn settle(
        &mut self,
        asked: Option<Kind>,
        status: Status,
        text: &[u8],
        wire: &mut Reader<'_>,
    ) -> Option<Heard> {
        if status != Status::Ok {
            return None;
        }
        match asked {
            None if !self.greeted => {
                // What stands in brackets is for APOP.
                let text = text.split(|byte| *byte == b'<').next().unwrap_or_default().trim_ascii();
                let version = Some(said(text)).filter(|text| !text.is_empty());
                turn(&mut self.identity, wire, |identity| identity.version = version)
            }
            Some(Kind::Password | Kind::Apop) => {
                let user = self.user.clone();
                turn(&mut self.identity, wire, |identity| identity.user = user)
            }
            Some(Kind::Auth) => {
                let user = self.auth.as_ref()?.user.clone();
                turn(&mut self.identity, wire, |identity| identity.user = user)
            }
            Some(_) | None => None,
        }
    }

    /// A short answer ends.
    fn end(&mut self, asked: Option<Kind>, status: Status, text: &[u8], wire: &mut Reader<'_>) {
        let user = if asked == Some(Kind::Auth) { self.auth.take().and_then(|auth| auth.user) } else { None };
        let Some(exchange) = wire.exchange() else { return };
        exchange.request.targets.extend(user);
        let answer = &mut exchange.response;
        match status {
            Status::Ok | Status::More => {
                answer.outcome = Outcome::Ok;
                match asked {
                    Some(Kind::Stat) => answer.rows = number(split_word(text).0),
                    Some(Kind::List) => answer.rows = Some(1),
                    Some(Kind::Delete) => answer.affected = Some(1),
                    _ => {}
                }
            }
            Status::Error => {
                answer.outcome = Outcome::Error;
                // Some servers repeat what they do not know.
                let text = if exchange.request.operation == "unknown" { b"" } else { text };
                answer.failure = Some(Box::new(Failure { code: "-ERR".into(), message: said(text) }));
            }
        }
    }

    /// Reads more of a long answer.
    fn go_on(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let Some(mut long) = self.long.take() else { return Ok(Heard::Nothing) };
        let read = if long.body.is_holed { behind_hole(&mut long, wire) } else { long.read(wire) };
        if !matches!(read, Ok(Body::Ended)) {
            self.long = Some(long);
            return read.map(|_| Heard::Part);
        }
        if let Some(answer) = wire.answer() {
            answer.outcome = Outcome::Ok;
            match &long.fields {
                Some(fields) => {
                    fields.tell(&mut answer.details);
                    let size = i64::try_from(long.body.size).unwrap_or(i64::MAX);
                    answer.details.push(("size", size.into()));
                }
                None => answer.rows = Some(long.lines),
            }
        }
        Ok(Heard::Response(Key::Turn))
    }
}

/// Reads one line of a long answer whose end may have been lost: then the next answer ends it.
fn behind_hole(long: &mut Long, wire: &mut Reader<'_>) -> Read<Body> {
    let rest = wire.rest();
    let line = memchr::memchr(b'\n', rest).and_then(|end| rest.get(..=end));
    let Some(line) = line else { return long.read(wire) };
    let is_status = matches!(status(line.trim_ascii_end()), Some((Status::Ok | Status::Error, _)));
    if long.is_over || is_status {
        return Ok(Body::Ended);
    }
    Ok(long.body.pass(line, wire))
}

fn number(word: &[u8]) -> Option<u64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn said(bytes: &[u8]) -> Text {
    Text::from(&*lossy(bytes.get(..TEXT).unwrap_or(bytes)))
}
