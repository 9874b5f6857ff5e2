//! Who the session is: `INFO`, `CONNECT`, and how the log-in ends.

use std::borrow::Cow;
use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Failure, Identity, Outcome, Text};

use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;
use crate::web::mask;

use super::json;
use super::session::{CONNECT, Mode, Nats, ping};
use super::wire::{Line, Op};

/// So many bytes of a log-in are told.
const TEXT: usize = 4 << 10;
/// So many bytes of an error's text are kept.
const MESSAGE: usize = 1 << 10;

impl Nats {
    /// What is heard before a line is read: who the session is, and that the server took the client in.
    pub(super) fn goes_before(&mut self, line: Line<'_>, wire: &mut Reader<'_>) -> Option<Heard> {
        match line.op {
            Op::Info => self.introduce(line, wire),
            Op::Connect => self.introduced(line, wire),
            Op::Msg | Op::Hmsg if is_open(CONNECT, wire) => {
                // Nothing is delivered to who was not taken in.
                succeed(CONNECT, wire);
                Some(Heard::Response(CONNECT))
            }
            _ => None,
        }
    }

    fn introduce(&mut self, line: Line<'_>, wire: &mut Reader<'_>) -> Option<Heard> {
        let told = lossy(line.rest);
        let version = json::text(&told, "version").map(|version| Text::from(&*version))?;
        let known = self.identity.as_deref().cloned().unwrap_or_default();
        self.identify(Identity { version: Some(version), ..known }, wire)
    }

    fn introduced(&mut self, line: Line<'_>, wire: &mut Reader<'_>) -> Option<Heard> {
        let told = lossy(line.rest);
        let word = |name| json::text(&told, name).filter(|word| !word.is_empty());
        let user = word("user").or_else(|| word("nkey")).map(|user| Text::from(&*user));
        let application = word("name").map(|name| Text::from(&*name)).or_else(|| {
            let version = word("version").unwrap_or_default();
            word("lang").map(|language| format!("nats {language} {version}").trim_end().into())
        });
        let known = self.identity.as_deref().cloned().unwrap_or_default();
        self.identify(Identity { user, application, ..known }, wire)
    }

    fn identify(&mut self, identity: Identity, wire: &mut Reader<'_>) -> Option<Heard> {
        if self.identity.as_deref() == Some(&identity) {
            return None;
        }
        let identity = wire.share(identity);
        self.identity = Some(Arc::clone(&identity));
        Some(Heard::Identity(identity))
    }

    /// The client says who it is and what it wants.
    pub(super) fn connect(&mut self, line: Line<'_>, wire: &mut Reader<'_>) -> Heard {
        let told = lossy(line.all.get(..TEXT).unwrap_or(line.all));
        let is_verbose = json::member(&lossy(line.rest), "verbose") == Some("true");
        self.mode = if is_verbose { Mode::Verbose } else { Mode::Quiet };
        self.greeted = false;
        let mut exchange = wire.blank();
        exchange.request.operation = Cow::Borrowed("CONNECT");
        exchange.request.statement.write_with(|out| mask::json(&told, out));
        Heard::Request(CONNECT, exchange)
    }

    /// A sign of life is asked for: by a client that logs in, to know how that ends.
    pub(super) fn ping(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Heard {
        if speaker == Speaker::Server {
            return Heard::Nothing;
        }
        if is_open(CONNECT, wire) && !self.greeted {
            self.greeted = true;
            return Heard::Piece(CONNECT);
        }
        let mut exchange = wire.blank();
        exchange.request.operation = Cow::Borrowed("PING");
        exchange.request.statement.write("PING");
        match self.mode {
            Mode::Verbose => Heard::Request(Key::Turn, exchange),
            // What is published in between is not answered: of what is lost, hardly anything would have been.
            Mode::Quiet => {
                self.pings.end += 1;
                Heard::Request(ping(self.pings.end), exchange)
            }
        }
    }

    /// A sign of life.
    pub(super) fn pong(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Heard {
        if speaker == Speaker::Client {
            return Heard::Nothing;
        }
        let key = match self.mode {
            _ if is_open(CONNECT, wire) => CONNECT,
            Mode::Verbose if wire.asked().is_none_or(|asked| asked.operation == "PING") => Key::Turn,
            Mode::Quiet if self.pings.start < self.pings.end => {
                self.pings.start += 1;
                ping(self.pings.start)
            }
            Mode::Verbose | Mode::Quiet => return Heard::Nothing,
        };
        succeed(key, wire);
        Heard::Response(key)
    }

    /// `+OK`: the oldest line that waits was taken.
    pub(super) fn acknowledged(&mut self, wire: &mut Reader<'_>) -> Heard {
        if is_open(CONNECT, wire) {
            if self.greeted {
                return Heard::Piece(CONNECT);
            }
            succeed(CONNECT, wire);
            return Heard::Response(CONNECT);
        }
        self.mode = Mode::Verbose;
        if wire.asked().is_some_and(|asked| asked.operation == "PING") {
            return Heard::Nothing;
        }
        succeed(Key::Turn, wire);
        Heard::Response(Key::Turn)
    }

    /// `-ERR 'why'`: of the log-in, of the oldest line that waits, or of something that nobody waits for.
    pub(super) fn refused(&mut self, line: Line<'_>, wire: &mut Reader<'_>) -> Heard {
        let why = lossy(line.rest.get(..MESSAGE).unwrap_or(line.rest));
        let why = why.trim().trim_matches('\'');
        let failure = Box::new(Failure { code: code(why).into(), message: why.into() });
        let waits = wire.asked().is_some_and(|asked| asked.operation != "PING");
        let key = match self.mode {
            _ if is_open(CONNECT, wire) => CONNECT,
            Mode::Verbose if waits => Key::Turn,
            Mode::Verbose | Mode::Quiet => {
                let mut exchange = wire.blank();
                exchange.request.operation = Cow::Borrowed("-ERR");
                exchange.request.statement.write(&lossy(line.all));
                exchange.request.targets.extend(forbidden(why));
                exchange.request.details.push(("from", "server".into()));
                exchange.response.failure = Some(failure);
                return Heard::Oneway(exchange);
            }
        };
        if let Some(answer) = answer(key, wire) {
            answer.outcome = Outcome::Error;
            answer.failure = Some(failure);
        }
        Heard::Response(key)
    }
}

/// The kind of an error, without what it is about.
fn code(why: &str) -> &str {
    why.split_once(" for ").or_else(|| why.split_once(" to ")).map_or(why, |(kind, _)| kind)
}

/// The subject that an error forbids: `Permissions Violation for Publish to "a.b"`.
fn forbidden(why: &str) -> Option<Text> {
    let (_, subject) = why.strip_prefix("Permissions Violation for ")?.split_once('"')?;
    subject.split('"').next().map(Text::from)
}

/// Whether a request waits under this key.
fn is_open(key: Key, wire: &Reader<'_>) -> bool {
    match key {
        Key::Turn => wire.asked().is_some(),
        Key::Id(id) => wire.asked_as(id).is_some(),
    }
}

fn answer<'a>(key: Key, wire: &'a mut Reader<'_>) -> Option<&'a mut model::exchange::Response> {
    match key {
        Key::Turn => wire.answer(),
        Key::Id(id) => wire.answer_to(id),
    }
}

fn succeed(key: Key, wire: &mut Reader<'_>) {
    if let Some(answer) = answer(key, wire) {
        answer.outcome = Outcome::Ok;
    }
}
