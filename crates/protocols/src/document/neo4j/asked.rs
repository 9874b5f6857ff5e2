//! Requests: <https://neo4j.com/docs/bolt/current/bolt/message/>.

use std::borrow::Cow;
use std::sync::Arc;

use model::conn::Speaker;
use model::details::Detail;
use model::exchange::{Exchange, Request, Text};

use crate::document::mongodb::secrets::{MASK, is_secret};
use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;
use crate::sql::verb::verb;

use super::answered::Answering;
use super::packstream::{Head, head, map, pass, text, write};
use super::secrets::masked;
use super::session::{Bolt, Message, Taken};
use super::wire::{name, tag};

/// What is told of a greeting under these names is a proof, or may be one.
const PROOFS: [&[u8]; 2] = [b"credentials", b"parameters"];

impl Bolt {
    /// Hears a message of the client, or what is to be heard before it.
    pub(super) fn asked(&mut self, message: Message<'_>, wire: &mut Reader<'_>) -> Read<(Heard, Taken)> {
        let mut body = message.reader();
        let head: [u8; 2] = body.array().map_err(|_| wire.broken("a message has no tag"))?;
        let Some(name) = name(Speaker::Client, head) else {
            return Err(wire.broken("a message is none that clients send"));
        };
        let [_, tag] = head;
        if !matches!(tag, tag::PULL | tag::DISCARD)
            && let Some(heard) = self.leave()
        {
            return Ok((heard, Taken::Nothing));
        }
        let mut exchange = wire.blank();
        exchange.request.operation = Cow::Borrowed(name);
        let told = self.tell(tag, name, &mut body, &mut exchange);
        settle(&body, told)?;
        if let Some(identity) = self.news.take() {
            self.identity = wire.share(identity);
            return Ok((Heard::Identity(Arc::clone(&self.identity)), Taken::Nothing));
        }
        let heard = match tag {
            tag::RUN => {
                // Of what was cut, the rest is not known by those who ask for more of its rows.
                let is_whole = matches!(body.ahead(), Ahead::End);
                self.last = exchange.request.statement.as_deref().filter(|_| is_whole).map(Text::from);
                self.running = Some(exchange);
                Heard::Part
            }
            tag::GOODBYE => Heard::Oneway(exchange),
            _ => Heard::Request(Key::Turn, exchange),
        };
        Ok((heard, Taken::All))
    }

    /// Nobody will ask for the rows of the statement that was run.
    fn leave(&mut self) -> Option<Heard> {
        let running = self.running.as_mut()?;
        if self.answering.is_early() {
            self.answering = Answering::default();
            return Some(Heard::Early(Box::new(std::mem::take(&mut running.response))));
        }
        self.running.take().map(|exchange| Heard::Request(Key::Turn, exchange))
    }

    /// Writes what a message says.
    fn tell(
        &mut self,
        tag: u8,
        name: &'static str,
        body: &mut Reader<'_>,
        exchange: &mut Exchange,
    ) -> Read<()> {
        let request = &mut exchange.request;
        match tag {
            tag::RUN => return self.run(body, request),
            tag::PULL | tag::DISCARD => {
                if let Some(running) = self.running.take() {
                    // What was asked before is one request with this.
                    *exchange = *running;
                    self.answering.go_on();
                } else if let Some(last) = &self.last {
                    request.statement.share(Text::clone(last));
                }
                return fetch(tag, body, &mut exchange.request);
            }
            tag::HELLO | tag::LOGON => return self.greet(name, body, request),
            tag::BEGIN => {
                self.database(body, request)?;
                self.in_transaction = true;
            }
            tag::COMMIT | tag::ROLLBACK | tag::RESET | tag::ACK_FAILURE => self.in_transaction = false,
            _ => {}
        }
        request.statement.write(name);
        Ok(())
    }

    /// A statement, its parameters, and from version 3 on how it is to be run.
    fn run(&mut self, body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
        let sample = text(body)?;
        if sample.is_cut() && sample.bytes.is_empty() {
            return Err(Stop::Short);
        }
        let said = lossy(sample.bytes);
        let clean = masked(&said);
        request.operation = verb(&said);
        request.statement.write(&clean.text);
        if sample.is_cut() {
            request
                .details
                .push(("statement_bytes", i64::try_from(sample.length).unwrap_or(i64::MAX).into()));
        }
        map(body, |name, body| {
            let is_hidden =
                is_secret(name) || clean.parameters.iter().any(|secret| secret.as_bytes() == name);
            let mut written = Ok("");
            request.parameters.push_with(|out| {
                out.push_str(&lossy(name));
                out.push_str(": ");
                if is_hidden {
                    out.push_str(MASK);
                } else {
                    written = write(out, body);
                }
            });
            if is_hidden { pass(body) } else { written.map(drop) }
        })?;
        if body.rest().is_empty() || self.in_transaction {
            return Ok(());
        }
        self.database(body, request)
    }

    /// `db` and the like, of a transaction or of a statement outside of one.
    fn database(&mut self, body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
        let mut database = None;
        map(body, |name, body| {
            match name {
                b"db" => database = Some(Text::from(lossy(text(body)?.bytes))),
                b"imp_user" => {
                    let user = Text::from(lossy(text(body)?.bytes));
                    request.details.push(("impersonated", user.into()));
                }
                b"mode" => {
                    let mode = Text::from(lossy(text(body)?.bytes));
                    request.details.push(("mode", mode.into()));
                }
                _ => pass(body)?,
            }
            Ok(())
        })?;
        self.turn(|identity| identity.database = database);
        Ok(())
    }

    /// Who the client is; in versions 1 and 2 its name stands before the rest.
    fn greet(&mut self, name: &'static str, body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
        let mut out = name.to_owned();
        let mut application = None;
        let ahead = Reader::new(body.rest(), 0, body.ahead());
        if let Head::String(_) = head(&mut Reader::new(ahead.rest(), 0, ahead.ahead()))? {
            request.operation = Cow::Borrowed("INIT");
            "INIT".clone_into(&mut out);
            application = Some(Text::from(lossy(text(body)?.bytes)));
        }
        if let Some(version) = &self.version
            && name == "HELLO"
        {
            request.details.push(("protocol", Text::clone(version).into()));
        }
        let mut principal = None;
        map(body, |name, body| {
            out.push(' ');
            out.push_str(&lossy(name));
            out.push('=');
            if PROOFS.contains(&name) || is_secret(name) {
                out.push_str(MASK);
                return pass(body);
            }
            let begin = out.len();
            write(&mut out, body)?;
            let value = out.get(begin..).unwrap_or_default();
            match name {
                b"user_agent" => application = Some(value.into()),
                b"principal" => principal = Some(Text::from(value)),
                _ => {}
            }
            Ok(())
        })?;
        request.statement.write(&out);
        if let Some(principal) = principal {
            request.details.push(("user", Text::clone(&principal).into()));
            self.claimed = Some(principal);
        }
        if application.is_some() {
            self.turn(|identity| identity.application = application);
        }
        Ok(())
    }
}

/// How many rows are wanted; all of them where nothing is said, as in versions before 4.
fn fetch(tag: u8, body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
    let mut wanted = -1;
    if !body.rest().is_empty() {
        map(body, |name, body| {
            let ahead = head(&mut Reader::new(body.rest(), 0, Ahead::End));
            if let (b"n", Ok(Head::Integer(number))) = (name, ahead) {
                wanted = number;
            }
            pass(body)
        })?;
    }
    request.details.push((if tag == tag::PULL { "fetch" } else { "discard" }, Detail::Number(wanted)));
    Ok(())
}

/// What came of reading a message: that it ended too early is a breach, unless its rest was lost or is not kept.
pub(super) fn settle(body: &Reader<'_>, read: Read<()>) -> Read<()> {
    match read {
        Err(Stop::Short) if matches!(body.ahead(), Ahead::Hole(_)) => Ok(()),
        Err(Stop::Short) => Err(body.broken("a message is shorter than what it must say")),
        read => read,
    }
}
