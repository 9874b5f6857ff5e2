//! What the server says: what was asked for, how it came out, what nobody asked for.

use std::sync::{Arc, LazyLock};

use model::exchange::{Column, Failure, Outcome, Response, Text};

use crate::kit::identity::turn;
use crate::kit::lines::{line, split_word};
use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::session::{Imap, Open, State, Telling};
use super::wire::{Kind, Status, is_told, key, literal, number, status, word};

/// So many rows of a result are kept for inspection.
const SAMPLES: usize = 5;
/// So many bytes of one.
const ROW: usize = 512;
/// So many bytes of a text are kept.
const TEXT: usize = 512;

/// The columns of all rows.
static COLUMNS: LazyLock<Arc<[Column]>> =
    LazyLock::new(|| [Column { name: "data".into(), kind: "text".into(), table: None, origin: None }].into());

impl Imap {
    /// Reads the server's next line, and the literal at its end.
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let line = line(&mut ahead)?;
        if let Telling::GoesOn(key) = self.telling {
            return Ok(self.pass(key, line, ahead.taken(), wire));
        }
        if line.first() == Some(&b'+') {
            wire.skip(ahead.taken() as u64);
            return Ok(self.wants_more());
        }
        if let Some((tag, status, text)) = status(line) {
            return Ok(self.end(key(tag), status, text, ahead.taken(), wire));
        }
        let Some(told) = line.strip_prefix(b"* ").filter(|_| is_told(line)) else {
            return Err(wire.broken("no server says such a line"));
        };
        if !self.greeted {
            if let Some(news) = self.greet(told, wire) {
                return Ok(news);
            }
            self.greeted = true;
        }
        let of = self.asked_for(told);
        if let Some(open) = of {
            count(open, told, wire);
        }
        Ok(self.pass(of.map(|open| open.key), line, ahead.taken(), wire))
    }

    /// Passes over a line and the literal at its end, which belong to this command.
    fn pass(&mut self, key: Option<u64>, line: &[u8], length: usize, wire: &mut Reader<'_>) -> Heard {
        let literal = literal(line).map(|(length, _)| length);
        self.telling = if literal.is_some() { Telling::GoesOn(key) } else { Telling::Begins };
        wire.skip(length as u64 + literal.unwrap_or(0));
        key.map_or(Heard::Nothing, |key| Heard::Piece(Key::Id(key)))
    }

    /// The server wants to hear more.
    fn wants_more(&mut self) -> Heard {
        if self.saying.is_some() {
            return Heard::Nothing;
        }
        match self.open.last() {
            Some(open) if open.kind == Kind::Authenticate => {
                self.proving = Some(open.key);
                Heard::Piece(Key::Id(open.key))
            }
            Some(open) if open.kind == Kind::Idle => Heard::Piece(Key::Id(open.key)),
            Some(_) | None => Heard::Nothing,
        }
    }

    /// What the server says before all else.
    fn greet(&mut self, told: &[u8], wire: &mut Reader<'_>) -> Option<Heard> {
        let (status, text) = split_word(told);
        if !matches!(status, b"OK" | b"PREAUTH") || !self.open.is_empty() {
            return None;
        }
        let text = behind_code(text).1;
        let version = Some(self::text(text)).filter(|text| !text.is_empty());
        turn(&mut self.identity, wire, |identity| identity.version = version)
    }

    /// The command that what is told was asked for by.
    fn asked_for(&self, told: &[u8]) -> Option<Open> {
        let (first, behind) = split_word(told);
        let word = if number(first).is_some() { split_word(behind).0 } else { first };
        let kinds: &[Kind] = match word {
            b"FETCH" => &[Kind::Fetch, Kind::Store, Kind::Append],
            b"SEARCH" | b"ESEARCH" | b"SORT" | b"THREAD" => &[Kind::Search],
            b"LIST" | b"LSUB" | b"XLIST" => &[Kind::List],
            b"EXISTS" | b"RECENT" | b"FLAGS" | b"OK" => &[Kind::Select, Kind::Idle],
            b"EXPUNGE" | b"VANISHED" => &[Kind::Expunge, Kind::Copy, Kind::Idle],
            b"STATUS" => &[Kind::Mailbox, Kind::List],
            _ => &[],
        };
        let found = kinds.iter().find_map(|kind| self.open.iter().find(|open| open.kind == *kind));
        // Of a single command it is all that comes.
        found.or_else(|| self.open.first().filter(|_| self.open.len() == 1)).copied()
    }

    /// A command came out so.
    fn end(&mut self, key: u64, status: Status, text: &[u8], length: usize, wire: &mut Reader<'_>) -> Heard {
        let place = self.open.iter().position(|open| open.key == key);
        let kind = place.and_then(|at| self.open.get(at)).map(|open| open.kind);
        if status == Status::Ok
            && let Some(news) = kind.and_then(|kind| self.settle(kind, key, wire))
        {
            return news;
        }
        wire.skip(length as u64);
        if let Some(place) = place {
            // Answers to those before it were lost.
            self.open.drain(..=place);
        }
        self.saying = None;
        match (kind, status) {
            (Some(Kind::Tls), Status::Ok) => self.state = State::Over,
            (Some(Kind::Compress), Status::Ok) => self.state = State::Compressing,
            _ => {}
        }
        let is_login = matches!(kind, Some(Kind::Login | Kind::Authenticate));
        let user = if is_login { self.auth.take().and_then(|auth| auth.user) } else { None };
        let missed = wire.missed_as(key);
        if let Some(exchange) = wire.exchange_as(key) {
            // Both sides may say it in several pieces, of which some may be lost.
            exchange.completeness.cause = exchange.completeness.cause.or(missed);
            if let Some(user) = user.filter(|_| exchange.request.targets.is_empty()) {
                // Whoever was refused is to be known too.
                exchange.request.targets.push(user);
            }
            let is_unknown = exchange.request.operation == "unknown";
            write(status, if is_unknown { b"" } else { text }, &mut exchange.response);
        }
        Heard::Response(Key::Id(key))
    }

    /// What a command that succeeded means for the session.
    fn settle(&mut self, kind: Kind, key: u64, wire: &mut Reader<'_>) -> Option<Heard> {
        let request = wire.asked_as(key)?;
        match kind {
            Kind::Login | Kind::Authenticate => {
                let user = self.auth.as_ref()?.user.clone();
                turn(&mut self.identity, wire, |identity| identity.user = user)
            }
            Kind::Select => {
                let mailbox = request.targets.first().cloned();
                turn(&mut self.identity, wire, |identity| identity.database = mailbox)
            }
            Kind::Close => turn(&mut self.identity, wire, |identity| identity.database = None),
            Kind::Id => {
                let name = named(request.statement.as_deref()?)?;
                turn(&mut self.identity, wire, |identity| identity.application = Some(name))
            }
            _ => None,
        }
    }
}

/// The name in `ID ("name" "curl" "version" "8")`.
fn named(statement: &str) -> Option<Text> {
    let mut rest = statement.split_once('(')?.1.as_bytes();
    while !rest.is_empty() {
        let (key, behind) = word(rest);
        let (value, behind) = word(behind);
        if key.eq_ignore_ascii_case("name") && !value.is_empty() {
            return Some(Text::from(&*value));
        }
        rest = behind;
    }
    None
}

/// Counts what was asked for, and keeps the first of it.
fn count(open: Open, told: &[u8], wire: &mut Reader<'_>) {
    let Some(answer) = wire.answer_to(open.key) else { return };
    let (first, behind) = split_word(told);
    let word = if number(first).is_some() { split_word(behind).0 } else { first };
    match (open.kind, word) {
        (Kind::Select, b"EXISTS") => answer.rows = number(first),
        (Kind::Search, b"SEARCH" | b"SORT") => {
            let found = behind.split(|byte| *byte == b' ').filter(|word| number(word).is_some()).count();
            answer.rows = Some(found as u64);
        }
        (Kind::Fetch | Kind::Store, b"FETCH") | (Kind::List, b"LIST" | b"LSUB" | b"XLIST") => {
            *answer.rows.get_or_insert(0) += 1;
            sample(told, answer);
        }
        (Kind::Expunge, b"EXPUNGE") => *answer.affected.get_or_insert(0) += 1,
        _ => {}
    }
}

fn sample(told: &[u8], answer: &mut Response) {
    if answer.samples.len() < SAMPLES {
        answer.columns.get_or_insert_with(|| Arc::clone(&COLUMNS));
        answer.samples.add(0, |row| row.push(&lossy(told.get(..ROW).unwrap_or(told))));
    }
}

/// Writes how a command came out.
fn write(status: Status, said: &[u8], answer: &mut Response) {
    let (code, said) = behind_code(said);
    let status = match status {
        Status::Ok => {
            answer.outcome = Outcome::Ok;
            return;
        }
        Status::No => "NO",
        Status::Bad => "BAD",
    };
    answer.outcome = Outcome::Error;
    answer.failure = Some(Box::new(Failure { code: status.into(), message: text(said) }));
    if let Some(code) = code {
        answer.details.push(("code", text(code).into()));
    }
}

/// The code in brackets that a text begins with (RFC 9051, 7.1), and what follows it.
fn behind_code(text: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let end = memchr::memchr(b']', text).filter(|_| text.first() == Some(&b'['));
    match end {
        Some(end) => (text.get(1..end), text.get(end + 1..).unwrap_or_default().trim_ascii_start()),
        None => (None, text),
    }
}

fn text(bytes: &[u8]) -> Text {
    Text::from(&*lossy(bytes.get(..TEXT).unwrap_or(bytes)))
}
