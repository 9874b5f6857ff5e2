//! What the server says once the session has begun.

use std::borrow::Cow;
use std::sync::Arc;

use model::conn::Speaker;
use model::details::Detail;
use model::exchange::{Request, Text};

use crate::kit::protocol::{Heard, Read};
use crate::kit::reader::Reader;

use super::answer::{ROW, Report, wants_sample};
use super::copy::Way;
use super::login;
use super::session::{Due, Postgres, Telling};
use super::shape::{self, CELL, Forms};
use super::values::Form;
use super::wire::{HEADER, header, inside, next};

/// So many bytes of a description, error, tag or report are read.
pub(super) const REPORT: usize = 128 << 10;

impl Postgres {
    /// Reads the server's next message, or those up to the end of a response.
    ///
    /// A response has a handful of them, and what surrounds a reading costs more than most of them do.
    #[inline(never)]
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let heard = match self.due.front() {
            Some(Due::Query) => self.queried(wire),
            Some(Due::Describe(_) | Due::Execute(..)) => self.executed(wire),
            Some(Due::Sync(Telling::Silent)) => self.synced(wire),
            Some(Due::Login | Due::Call | Due::Sync(Telling::Told) | Due::Gap(_)) => None,
            Some(Due::Parse { .. } | Due::Close { .. }) | None => None,
        };
        match heard {
            Some(heard) => Ok(heard),
            None => self.answer(wire),
        }
    }

    /// Reads what is there of the answer to a simple query, as far as it is easily read.
    #[inline]
    fn queried(&mut self, wire: &mut Reader<'_>) -> Option<Heard> {
        let begin = wire.rest();
        let mut rest = begin;
        while let Some((message, behind)) = next(rest) {
            match message.tag {
                b'D' if message.fits(b'D') => {
                    self.answer.row(message.body, &Forms::Described, wire.answer());
                }
                b'C' if message.fits(b'C') => self.completed(message.body, wire),
                b'T' if message.fits(b'T') && self.columns(message.body, wire) => {}
                b'Z' if message.fits(b'Z') => {
                    wire.skip((begin.len() - behind.len()) as u64);
                    self.is_ready(message.body);
                    return Some(self.respond_here(wire));
                }
                _ => break,
            }
            rest = behind;
        }
        pieces(begin.len() - rest.len(), wire)
    }

    /// Whether this says what columns the rows have that come.
    #[inline(always)]
    fn columns(&mut self, body: &[u8], wire: &mut Reader<'_>) -> bool {
        self.answer.describe_again(body, wire.answer()) || self.describe_rows(body, wire).is_ok()
    }

    /// Reads what is there of the answers to a `Describe` and its `Execute`, as far as it is easily read.
    #[inline]
    fn executed(&mut self, wire: &mut Reader<'_>) -> Option<Heard> {
        let begin = wire.rest();
        let mut rest = begin;
        while let Some((message, behind)) = next(rest) {
            match (message.tag, self.due.front()) {
                (b'1' | b'2', Some(Due::Describe(_) | Due::Execute(..))) if message.body.is_empty() => {}
                (b'T', Some(Due::Execute(statement, ..))) if message.fits(b'T') => {
                    if self.answer.is_again(message.body) {
                        self.answer.expect(None, statement);
                    } else if self.describe_rows(message.body, wire).is_err() {
                        break;
                    }
                }
                (b'D', Some(Due::Execute(statement, forms, _))) if message.fits(b'D') => {
                    self.answer.run(statement, wire.answer());
                    self.answer.row(message.body, forms, wire.answer());
                }
                (b'C', Some(Due::Execute(statement, ..))) if message.fits(b'C') => {
                    wire.skip((begin.len() - behind.len()) as u64);
                    self.answer.run(statement, wire.answer());
                    self.completed(message.body, wire);
                    let heard = self.respond_here(wire);
                    self.ready_behind(wire);
                    return Some(heard);
                }
                (b'T', Some(Due::Describe(_))) if message.fits(b'T') => {
                    let runs = matches!(self.due.get(1), Some(Due::Execute(..)));
                    if !runs || self.describe_rows(message.body, wire).is_err() {
                        break;
                    }
                }
                _ => break,
            }
            rest = behind;
        }
        pieces(begin.len() - rest.len(), wire)
    }

    /// Reads the end of a turn of which all else was answered.
    #[inline]
    fn synced(&mut self, wire: &mut Reader<'_>) -> Option<Heard> {
        let length = self.turn_ended(wire.rest())?;
        wire.skip(length as u64);
        Some(Heard::Nothing)
    }

    /// Reads the same behind the last answer of the turn, if it is there.
    #[inline]
    fn ready_behind(&mut self, wire: &mut Reader<'_>) {
        if let Some(Due::Sync(Telling::Silent)) = self.due.front()
            && let Some(length) = self.turn_ended(wire.rest())
        {
            wire.skip_along(length);
        }
    }

    /// Ends the turn if the server says so in the first so many bytes.
    #[inline(always)]
    fn turn_ended(&mut self, wire: &[u8]) -> Option<usize> {
        let (message, _) = next(wire)?;
        if message.tag != b'Z' || !message.fits(b'Z') {
            return None;
        }
        self.is_ready(message.body);
        self.pass();
        self.answer.finish(None);
        Some(HEADER + message.body.len())
    }

    /// Reads a message, whatever it is.
    #[inline(never)]
    fn answer(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let header = header(Speaker::Server, wire)?;
        if header.tag == b'Z' {
            return self.ready(header, wire);
        }
        wire.skip(HEADER as u64);
        let body = u64::from(header.body);
        match header.tag {
            b'D' => self.rows(body, wire),
            b'd' => self.copy_out(body, wire),
            b'C' => self.complete(body, wire),
            b'T' => self.description(body, wire),
            b't' => self.describe_parameters(body, wire),
            b'G' => self.copy_begins(Way::In, body, wire),
            b'H' => self.copy_begins(Way::Out, body, wire),
            b'W' => self.copy_begins(Way::Both, body, wire),
            b'E' => self.error(body, wire),
            b'N' => self.notice(body, wire),
            b'A' => notification(body, wire),
            b'S' => self.setting(body, wire),
            b'R' => self.authentication(body, wire),
            b'V' => self.function_result(body, wire),
            tag => {
                wire.skip(body);
                Ok(self.mark(tag, wire))
            }
        }
    }

    /// A message without a content of interest.
    fn mark(&mut self, tag: u8, wire: &mut Reader<'_>) -> Heard {
        if let b's' | b'I' = tag {
            self.executes();
        }
        match (tag, self.due.front()) {
            (b's', Some(Due::Execute(..))) => {
                self.described(wire);
                self.answer.suspend(wire.answer());
                self.respond(wire)
            }
            (b'I', Some(Due::Execute(..))) => self.respond(wire),
            (b'1', Some(Due::Parse { .. })) | (b'n', Some(Due::Describe(_))) => {
                self.pop();
                self.part()
            }
            (b'3', Some(Due::Close { .. })) => {
                self.pop();
                Heard::Nothing
            }
            (b'3', _) => Heard::Nothing,
            _ => self.part(),
        }
    }

    /// A piece of a response, if anybody waits for one.
    pub(super) fn part(&self) -> Heard {
        match self.due.front() {
            None | Some(Due::Gap(_) | Due::Sync(Telling::Silent)) => Heard::Nothing,
            Some(_) => Heard::Part,
        }
    }

    fn rows(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        self.executes();
        if let Some(Due::Query | Due::Execute(..)) = self.due.front()
            && wants_sample(wire.answer())
        {
            let sample = wire.sample(body, ROW)?;
            self.row(sample.bytes, wire);
        } else {
            wire.skip(body);
            self.answer.running += 1;
        }
        Ok(self.part())
    }

    /// A row came, of which these bytes may be kept.
    fn row(&mut self, body: &[u8], wire: &mut Reader<'_>) {
        let forms = match self.due.front() {
            Some(Due::Execute(statement, forms, _)) => {
                self.answer.run(statement, wire.answer());
                forms
            }
            Some(_) | None => &Forms::Described,
        };
        self.answer.row(body, forms, wire.answer());
    }

    /// The rows that come have the shape that their statement was described with.
    fn described(&mut self, wire: &mut Reader<'_>) {
        if let Some(Due::Execute(statement, ..)) = self.due.front() {
            self.answer.run(statement, wire.answer());
        }
    }

    /// What the server sends is of an `Execute`: what is due before it was answered.
    fn executes(&mut self) {
        while let Some(Due::Parse { .. } | Due::Close { .. } | Due::Describe(_)) = self.due.front() {
            self.pop();
        }
    }

    fn description(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(body, REPORT)?;
        if self.due.is_empty() {
            return Ok(Heard::Nothing);
        }
        match self.describe_rows(sample.bytes, wire) {
            Ok(()) => {}
            Err(_) if sample.is_cut() => self.executes(),
            Err(_) => return Err(wire.broken("a description of rows is not one")),
        }
        Ok(self.part())
    }

    /// The rows that come, or those of the statement that is described or run, have this shape.
    #[inline(never)]
    fn describe_rows(&mut self, body: &[u8], wire: &mut Reader<'_>) -> Read<()> {
        match self.due.front() {
            Some(Due::Describe(statement)) => {
                if !statement.shape.get().is_some_and(|shape| shape.is_said(body)) {
                    let shape = shape::read(body, wire)?;
                    _ = statement.shape.set(Arc::clone(&shape));
                    let runs =
                        |due: &Due| matches!(due, Due::Execute(next, ..) if Arc::ptr_eq(next, statement));
                    if self.due.get(1).is_some_and(runs) {
                        self.answer.expect(Some(shape), statement);
                    }
                }
                self.pop();
            }
            Some(Due::Execute(statement, ..)) => {
                let shape = shape::read(body, wire)?;
                self.answer.expect(Some(shape), statement);
            }
            Some(_) | None => {
                let shape = shape::read(body, wire)?;
                self.answer.describe(shape, wire.answer());
            }
        }
        Ok(())
    }

    fn describe_parameters(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(body, REPORT)?;
        let mut types = inside(&sample, wire);
        if let Some(Due::Describe(statement)) = self.due.front() {
            let count = types.be16().unwrap_or(0);
            _ = statement.described.set((0..count).map_while(|_| types.be32().ok()).collect());
        }
        Ok(self.part())
    }

    fn complete(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(body, REPORT)?;
        self.executes();
        match self.due.front() {
            Some(Due::Query) => {
                self.completed(sample.bytes, wire);
                Ok(Heard::Part)
            }
            Some(Due::Execute(..)) => {
                self.described(wire);
                self.completed(sample.bytes, wire);
                Ok(self.respond(wire))
            }
            Some(_) | None => Ok(self.part()),
        }
    }

    /// What was asked is done, as a tag says.
    #[inline(always)]
    fn completed(&mut self, body: &[u8], wire: &mut Reader<'_>) {
        let tag = body.strip_suffix(&[0]).unwrap_or(body);
        if !self.answer.complete(tag, wire.answer())
            && tag == b"ROLLBACK"
            && wire.asked().is_some_and(is_commit)
        {
            self.answer.rolled_back();
        }
    }

    fn function_result(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(body, CELL)?;
        if let (Some(Due::Call), Some(response)) = (self.due.front(), wire.answer()) {
            let content = sample.bytes.get(4..).unwrap_or_default();
            response.samples.add(content.len(), |row| match sample.bytes.first_chunk() {
                Some(length) if i32::from_be_bytes(*length) >= 0 => {
                    row.push_with(|text| super::values::write(text, 0, Form::Binary, content, CELL));
                }
                Some(_) | None => row.push_null(),
            });
        }
        Ok(self.part())
    }

    fn notice(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(body, REPORT)?;
        let heard = self.part();
        if let Heard::Part = heard {
            let report = Report::read(&mut inside(&sample, wire))?;
            self.answer.notice(&report, wire.answer());
        }
        Ok(heard)
    }

    fn setting(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(body, REPORT)?;
        let mut words = sample.bytes.split(|b| *b == 0);
        let (name, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match login::report(&self.identity, name, value) {
            Some(identity) => {
                self.identity = wire.share(identity);
                Ok(Heard::Identity(Arc::clone(&self.identity)))
            }
            None => Ok(Heard::Nothing),
        }
    }

    fn authentication(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(body, REPORT)?;
        let mut content = inside(&sample, wire);
        let kind = content.be32().unwrap_or(0);
        if let Some(Due::Login) = self.due.front()
            && let Some(method) = login::method(kind, content.rest())
            && let Some(response) = wire.answer()
        {
            response.details.push(("authentication", Detail::Text(Text::from(&*method))));
        }
        Ok(self.part())
    }
}

/// So many bytes of pieces of a response were read, if any.
#[inline]
fn pieces(length: usize, wire: &mut Reader<'_>) -> Option<Heard> {
    wire.skip(length as u64);
    (length > 0).then_some(Heard::Part)
}

/// Whether a request wants its transaction to last.
fn is_commit(request: &Request) -> bool {
    matches!(&*request.operation, "COMMIT" | "END" | "PREPARE")
}

/// What another session notified of: the channel and what it said.
fn notification(body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
    let sample = wire.sample(body, REPORT)?;
    let mut content = inside(&sample, wire);
    let process = content.be32().unwrap_or(0);
    let mut words = content.rest().split(|b| *b == 0).map(String::from_utf8_lossy);
    let channel = words.next().unwrap_or_default();
    let mut exchange = wire.blank();
    let request = &mut exchange.request;
    request.operation = Cow::Borrowed("NOTIFY");
    request.targets.push(Text::from(&*channel));
    request.parameters.push(&words.next().unwrap_or_default());
    request.details.push(("process", Detail::Number(i64::from(process))));
    Ok(Heard::Oneway(exchange))
}
