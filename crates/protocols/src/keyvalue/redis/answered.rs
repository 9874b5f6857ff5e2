//! What the server says: replies, whose elements are rows.

use std::sync::{Arc, LazyLock};

use model::exchange::{Failure, Identity, Outcome, Response, Text};

use crate::kit::protocol::{Heard, Read, Stop};
use crate::kit::reader::{Reader, Sample};
use crate::kit::text::lossy;

use super::asked::pass;
use super::commands::{Tells, command};
use super::identity::{self, Done};
use super::inside::{Field, Inside, Into};
use super::rows::Rows;
use super::session::{Course, Redis};
use super::wire::{Kind, Token, short, token};

/// So many bytes of an error's text are kept.
const MESSAGE: usize = 1 << 10;

static QUEUED: LazyLock<Text> = LazyLock::new(|| Text::from("queued"));
static ABORTED: LazyLock<Text> = LazyLock::new(|| Text::from("aborted"));

impl Redis {
    /// Reads the server's next reply, or what it tells without being asked.
    #[inline]
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if let Some(identity) = self.news.take() {
            return Ok(Heard::Identity(identity));
        }
        if let Some(inside) = self.inside.take() {
            return self.go_on(*inside, wire);
        }
        match self.course {
            Course::Commands => {}
            Course::Watching | Course::Line => return self.watched(wire),
            Course::Replica => return pass(wire),
        }
        match wire.rest() {
            [b'>', ..] => self.pushed(wire),
            [b'$', ..] if self.sessions == 0 => self.bulk(wire),
            [b'*', ..] => self.array(wire),
            [b'~' | b'%' | b'|', ..] | [b'$', b'?', ..] => self.aggregate(wire),
            _ => self.simple(wire),
        }
    }

    /// A reply that is a string: as most are, a short one, and all of it there.
    #[inline]
    fn bulk(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let Some((text, behind)) = short(wire.rest()) else { return self.string(wire) };
        wire.skip((wire.rest().len() - behind.len()) as u64);
        if self.orphans == 0 {
            let tells = self.tells(wire);
            if let Some(answer) = wire.answer() {
                answer.outcome = Outcome::Ok;
                super::rows::string(text, tells, answer);
            }
        }
        Ok(self.finish())
    }

    /// A string of another kind, or in pieces.
    #[inline(never)]
    fn string(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        match wire.rest() {
            [b'$', b'?', ..] => self.aggregate(wire),
            _ => self.simple(wire),
        }
    }

    /// A reply without elements.
    #[inline(never)]
    pub(super) fn simple(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.sessions > 0
            && let Some(identity) = self.turned(wire)?
        {
            return Ok(Heard::Identity(identity));
        }
        let token = token(wire)?;
        let tells = match token {
            Token::Integer(_) | Token::Bulk(_) => self.tells(wire),
            Token::End | Token::Piece(_) => return Err(wire.broken("the end or a piece of no value")),
            _ => Tells::Elements,
        };
        if self.orphans == 0
            && let Some(answer) = wire.answer()
        {
            write(&token, tells, answer);
        }
        if self.sessions > 0 {
            self.turn(&token, wire);
        }
        Ok(self.finish())
    }

    /// What the answer to the oldest open request means.
    #[inline]
    pub(super) fn tells(&self, wire: &Reader<'_>) -> Tells {
        let Some(asked) = wire.asked() else { return Tells::Elements };
        let found = match self.last {
            Some(last) if std::ptr::eq(last.word, &*asked.operation) => Some(last),
            Some(_) | None => command(asked.operation.as_bytes()),
        };
        found.map_or(Tells::Elements, |command| command.tells)
    }

    /// Who the session is behind the reply at the beginning of `wire`, if that is somebody else.
    #[inline(never)]
    fn turned(&mut self, wire: &mut Reader<'_>) -> Read<Option<Arc<Identity>>> {
        let done = match wire.rest() {
            [b'+', ..] => Done::Yes,
            [b'-', ..] => Done::No,
            [b'$' | b'=', ..] => return self.informed(wire),
            _ => return Ok(None),
        };
        if self.orphans > 0 {
            return Ok(None);
        }
        let mut ahead = Reader::new(wire.rest(), 0, wire.ahead());
        let is_queued = token(&mut ahead)? == Token::Status(b"QUEUED");
        let Some(request) = wire.asked() else { return Ok(None) };
        let statement = request.statement.as_deref().unwrap_or_default();
        let known = self.identity.as_deref().cloned().unwrap_or_default();
        let now = identity::after(&known, &request.operation, statement, done);
        if is_queued && now != known {
            self.selected = now.database;
            return Ok(None);
        }
        Ok((!is_queued && now != known).then(|| self.identify(now, wire)))
    }

    /// The server's version, of the reply to `INFO`.
    fn informed(&mut self, wire: &mut Reader<'_>) -> Read<Option<Arc<Identity>>> {
        if self.orphans > 0 || wire.asked().is_none_or(|request| request.operation != "INFO") {
            return Ok(None);
        }
        let mut ahead = Reader::new(wire.rest(), 0, wire.ahead());
        let Token::Bulk(text) = token(&mut ahead)? else { return Ok(None) };
        let begins =
            memchr::memmem::find(text.bytes, b"redis_version:").map(|at| at + b"redis_version:".len());
        let version = begins.and_then(|at| text.bytes.get(at..)?.split(|byte| *byte == b'\r').next());
        Ok(version.and_then(|version| self.versioned(version, wire)))
    }

    /// The session's server has this version; `None`, if that was known.
    fn versioned(&mut self, version: &[u8], wire: &mut Reader<'_>) -> Option<Arc<Identity>> {
        let mut identity = self.identity.as_deref().cloned().unwrap_or_default();
        let version = Some(Text::from(&*lossy(version)));
        if identity.version == version {
            return None;
        }
        identity.version = version;
        Some(self.identify(identity, wire))
    }

    /// What the connection is for after this reply.
    #[inline(never)]
    fn turn(&mut self, token: &Token<'_>, wire: &Reader<'_>) {
        let Some(request) = wire.asked().filter(|_| self.orphans == 0) else { return };
        let is_error = matches!(token, Token::Error(_));
        match &*request.operation {
            "MONITOR" if !is_error => self.course = Course::Watching,
            "PSYNC" | "SYNC" if !is_error => self.course = Course::Replica,
            "RESET" if !is_error => self.course = Course::Commands,
            _ => {}
        }
        if self.tells(wire) == Tells::Session {
            self.sessions -= 1;
        }
    }

    /// A reply with elements begins.
    #[inline(never)]
    pub(super) fn aggregate(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let begun = token(&mut ahead)?;
        if begun == Token::Null {
            return self.nothing(wire);
        }
        if self.selected.is_some()
            && let Some(identity) = self.executed(wire)
        {
            return Ok(Heard::Identity(identity));
        }
        wire.skip(ahead.taken() as u64);
        let is_hello = wire.asked().is_some_and(|request| request.operation == "HELLO") && self.orphans == 0;
        let into = match begun {
            Token::Aggregate(Kind::Attribute, _) => Into::Attribute,
            _ if is_hello => Into::Greeting(Rows::of(&begun, Tells::Pairs, wire), Field::Other),
            _ => Into::Answer(Rows::of(&begun, self.tells(wire), wire)),
        };
        let mut inside = Inside::of(into);
        inside.open(&begun, wire)?;
        self.go_on(inside, wire)
    }

    /// `*-1`: there is no array.
    fn nothing(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let is_exec = wire.asked().is_some_and(|request| request.operation == "EXEC");
        if is_exec && let Some(answer) = wire.answer() {
            answer.details.push(("transaction", Text::clone(&ABORTED).into()));
            self.selected = None;
        }
        self.simple(wire)
    }

    /// Reads the next tokens of a value, up to its end or as far as they go.
    #[inline]
    fn go_on(&mut self, mut inside: Inside, wire: &mut Reader<'_>) -> Read<Heard> {
        while !inside.levels.is_empty() && self.news.is_none() {
            inside.pass(wire);
            let token = match token(wire) {
                Ok(token) => token,
                Err(Stop::Short) if wire.taken() == 0 => {
                    self.inside = Some(Box::new(inside));
                    return Err(Stop::Short);
                }
                Err(Stop::Short) => break,
                Err(stop) => return Err(stop),
            };
            let before = inside.levels.len();
            let is_aside = inside.aside > 0;
            inside.step(&token, wire)?;
            if !is_aside && inside.aside == 0 {
                self.hear(&mut inside, &token, before, wire);
            }
        }
        if !inside.levels.is_empty() {
            let heard = inside.part();
            self.inside = Some(Box::new(inside));
            return Ok(heard);
        }
        Ok(self.end(inside, wire))
    }

    /// A token within a value goes where that does.
    #[inline]
    fn hear(&mut self, inside: &mut Inside, token: &Token<'_>, before: usize, wire: &mut Reader<'_>) {
        let after = inside.levels.len();
        match &mut inside.into {
            Into::Attribute | Into::Told => {}
            Into::Answer(rows) if self.orphans == 0 => rows.add(token, before, after, wire.answer()),
            Into::Answer(_) => {}
            Into::Greeting(rows, field) => {
                rows.add(token, before, after, wire.answer());
                *field = match (token, *field) {
                    (Token::Bulk(version), Field::Version) => {
                        self.news = self.greeted(version.bytes, wire);
                        Field::Other
                    }
                    (Token::Bulk(Sample { bytes: b"version", .. }), Field::Other) => Field::Version,
                    _ => Field::Other,
                };
            }
        }
    }

    /// The server's version, and who the greeting said the session is.
    #[inline(never)]
    fn greeted(&mut self, version: &[u8], wire: &mut Reader<'_>) -> Option<Arc<Identity>> {
        let known = self.identity.as_deref().cloned().unwrap_or_default();
        let statement = wire.asked().and_then(|request| request.statement.as_deref()).unwrap_or_default();
        let mut now = identity::after(&known, "HELLO", statement, Done::Yes);
        now.version = Some(Text::from(&*lossy(version)));
        (now != known).then(|| self.identify(now, wire))
    }

    /// A value with elements is at its end.
    fn end(&mut self, inside: Inside, wire: &mut Reader<'_>) -> Heard {
        match inside.into {
            Into::Attribute => Heard::Part,
            Into::Told => Heard::Nothing,
            Into::Answer(rows) => {
                if self.orphans == 0 {
                    rows.end(wire.answer());
                }
                self.finish()
            }
            Into::Greeting(rows, _) => {
                rows.end(wire.answer());
                self.sessions = self.sessions.saturating_sub(1);
                self.finish()
            }
        }
    }

    /// Who the session is behind a transaction that selects a database, if it ran.
    #[inline(never)]
    fn executed(&mut self, wire: &mut Reader<'_>) -> Option<Arc<Identity>> {
        if self.orphans > 0 || wire.asked().is_none_or(|request| request.operation != "EXEC") {
            return None;
        }
        let mut identity = self.identity.as_deref().cloned().unwrap_or_default();
        identity.database = self.selected.take();
        Some(self.identify(identity, wire))
    }
}

/// Writes a reply without elements.
#[inline]
fn write(token: &Token<'_>, tells: Tells, answer: &mut Response) {
    answer.outcome = Outcome::Ok;
    match token {
        Token::Status(b"OK" | b"PONG") => {}
        Token::Status(b"QUEUED") => answer.details.push(("transaction", Text::clone(&QUEUED).into())),
        Token::Status(text) => answer.details.push(("reply", Text::from(&*lossy(text)).into())),
        Token::Integer(number) if tells == Tells::Changed => answer.affected = u64::try_from(*number).ok(),
        Token::Integer(number) => answer.details.push(("reply", (*number).into())),
        Token::Error(text) => fail(text.bytes, answer),
        Token::Null => answer.rows = Some(0),
        Token::Bulk(_) | Token::Scalar(_) | Token::Piece(_) => super::rows::single(token, tells, answer),
        Token::Aggregate(..) | Token::Pieces | Token::End => {}
    }
}

/// Writes the first error of a reply.
pub(super) fn fail(text: &[u8], answer: &mut Response) {
    answer.outcome = Outcome::Error;
    if answer.failure.is_some() {
        return;
    }
    let text = lossy(text.get(..MESSAGE).unwrap_or(text));
    let (code, message) = text.split_once(' ').unwrap_or((&text, ""));
    answer.failure = Some(Box::new(Failure { code: code.into(), message: message.into() }));
}
