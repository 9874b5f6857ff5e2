//! Records to requests and responses: the state of one connection.

use model::conn::Speaker;
use model::exchange::Text;

use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::content::Last;
use crate::web::head::{Asking, Head};
use crate::web::said::Stage;

use super::requests::{Aborted, Requests, Role};
use super::values;
use super::wire::{BODY, Kind, Record, find};

/// The requests of one connection, each by its number.
#[derive(Default)]
pub(super) struct FastCgi {
    client: Course,
    server: Course,
    pub(super) requests: Requests,
    /// The last request's first line and fields, and the last answer's fields.
    pub(super) asking: Asking,
    pub(super) asked: Head,
    pub(super) answered: Head,
    /// What the program says that it is.
    pub(super) version: Option<Text>,
    /// The last bodies of both.
    pub(super) request_body: Last,
    pub(super) response_body: Last,
}

/// What a side is saying.
///
/// ```text
///  Records ──PARAMS, STDIN, DATA, STDOUT, STDERR──▶ Content ──its last byte──▶ Records
///   ╰─▶ any other record ─▶ Records
/// ```
#[derive(Clone, Copy, Debug, Default)]
enum Course {
    #[default]
    Records,
    Content(Content),
}

/// What a record of a stream carries, as far as it is to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    pub(super) kind: Kind,
    pub(super) id: u16,
    left: u16,
    /// Bytes behind it that say nothing.
    padding: u8,
    /// Whether there is nothing in it, which ends its stream.
    ends: Ends,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Yes,
    No,
}

impl Session for FastCgi {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if speaker == Speaker::Server && wire.rest().is_empty() && wire.ahead() == Ahead::End {
            return self.cut_short(wire);
        }
        match *self.course(speaker) {
            Course::Records => self.read_record(speaker, wire),
            Course::Content(content) => self.read_content(speaker, content, wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        *self.course(speaker) = Course::Records;
        self.requests.doubt(speaker, None);
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        let requests = &self.requests;
        let sought = find(speaker, wire, |id| requests.awaits_head(id));
        if let Sought::At(at @ 1..) = sought {
            // What is passed over may be of any of them, but for the one whose answer begins there.
            let begins =
                wire.get(at..).and_then(|rest| Record::read(&mut Reader::new(rest, 0, Ahead::Open)).ok());
            let begun = begins.filter(|record| record.kind == Kind::Stdout).map(|record| record.id);
            self.requests.doubt(speaker, begun);
        }
        sought
    }
}

impl FastCgi {
    fn course(&mut self, speaker: Speaker) -> &mut Course {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    fn read_record(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let record = Record::read(wire)?;
        if let Some(what) = record.breach(speaker) {
            return Err(wire.broken(what));
        }
        match record.kind {
            Kind::Params | Kind::Stdin | Kind::Data | Kind::Stdout | Kind::Stderr => {
                let ends = if record.length == 0 { Ends::Yes } else { Ends::No };
                let Record { kind, id, length: left, padding, .. } = record;
                self.read_content(speaker, Content { kind, id, left, padding, ends }, wire)
            }
            Kind::Begin | Kind::Abort | Kind::End | Kind::GetValues | Kind::GetValuesResult => {
                let limit = if record.id == 0 { values::LOOKED } else { BODY };
                let sample = wire.sample(record.length.into(), limit)?;
                wire.skip(record.padding.into());
                Ok(self.hear_record(record, sample.bytes, wire))
            }
            Kind::UnknownType | Kind::Other => {
                wire.skip(u64::from(record.length) + u64::from(record.padding));
                Ok(self.hear_record(record, &[], wire))
            }
        }
    }

    /// Hears a record that says all by itself.
    fn hear_record(&mut self, record: Record, content: &[u8], wire: &mut Reader<'_>) -> Heard {
        match record.kind {
            Kind::Begin => {
                self.requests.open(record.id, role(content));
                let mut exchange = wire.blank();
                exchange.request.operation = "unknown".into();
                Heard::Request(key(record.id), exchange)
            }
            Kind::Abort => {
                if let Some(request) = self.requests.get(record.id) {
                    request.aborted = Aborted::Yes;
                }
                Heard::Piece(key(record.id))
            }
            Kind::End => self.end(record.id, content, wire),
            Kind::GetValues => {
                let mut exchange = wire.blank();
                values::ask(content, &mut exchange);
                Heard::Request(key(0), exchange)
            }
            Kind::GetValuesResult => respond(wire, |response| values::answer(content, response)),
            Kind::UnknownType => respond(wire, values::refuse),
            Kind::Params | Kind::Stdin | Kind::Data | Kind::Stdout | Kind::Stderr | Kind::Other => {
                Heard::Nothing
            }
        }
    }

    /// Reads what is there of a record's content, as far as it is wanted.
    fn read_content(&mut self, speaker: Speaker, mut content: Content, wire: &mut Reader<'_>) -> Read<Heard> {
        if content.left > 0 && self.wants(content) {
            let here = wire.rest();
            let here = here.get(..usize::from(content.left)).unwrap_or(here);
            if here.is_empty() && !matches!(wire.ahead(), Ahead::Hole(_)) {
                return Err(Stop::Short);
            }
            self.hear_content(content, here, wire);
            wire.skip(here.len() as u64);
            content.left -= u16::try_from(here.len()).unwrap_or(content.left);
            match wire.ahead() {
                _ if content.left == 0 => {}
                Ahead::Hole(_) => self.requests.lose(content.id, speaker),
                Ahead::Open | Ahead::End => {
                    *self.course(speaker) = Course::Content(content);
                    return Ok(Heard::Piece(key(content.id)));
                }
            }
        }
        wire.skip(u64::from(content.left) + u64::from(content.padding));
        (content.left, content.padding) = (0, 0);
        if wire.debt() > 0 {
            // It is over when its last byte has come.
            *self.course(speaker) = Course::Content(content);
            return Ok(Heard::Piece(key(content.id)));
        }
        *self.course(speaker) = Course::Records;
        if content.ends == Ends::Yes {
            self.hear_end_of(content, wire);
        }
        Ok(Heard::Piece(key(content.id)))
    }

    /// Whether bytes of a record are worth waiting for.
    fn wants(&mut self, content: Content) -> bool {
        let Some(request) = self.requests.get(content.id) else { return false };
        match content.kind {
            Kind::Params => request.asked.stage == Stage::Head,
            Kind::Stdin => request.asked.is_wanted(),
            Kind::Stdout => request.answered.stage == Stage::Head || request.answered.is_wanted(),
            kind => kind == Kind::Stderr,
        }
    }

    fn hear_content(&mut self, content: Content, bytes: &[u8], wire: &mut Reader<'_>) {
        match content.kind {
            Kind::Params => self.hear_params(content.id, bytes),
            Kind::Stdin => self.requests.keep(content.id, Speaker::Client, bytes),
            Kind::Stdout => self.hear_stdout(content.id, bytes, wire),
            Kind::Stderr => self.requests.log(content.id, bytes),
            _ => {}
        }
    }

    /// A stream of a request is over.
    fn hear_end_of(&mut self, content: Content, wire: &mut Reader<'_>) {
        match content.kind {
            Kind::Params => self.begin(content.id, wire),
            Kind::Stdin => self.end_body(content.id, wire),
            _ => {}
        }
    }

    /// The connection ended inside of an answer.
    fn cut_short(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let Some(id) = self.requests.any_answered() else { return Err(Stop::Short) };
        if let Some(exchange) = wire.exchange_as(id.into()) {
            exchange
                .response
                .details
                .push(("http.response_cut", "the connection ended before the request".into()));
        }
        Ok(self.end(id, &[], wire))
    }
}

/// Under which a request waits; what is asked of the connection has the number that no request has.
pub(super) fn key(id: u16) -> Key {
    Key::Id(id.into())
}

fn role(content: &[u8]) -> Role {
    match content {
        [0, 1, ..] => Role::Responder,
        [0, 2, ..] => Role::Authorizer,
        [0, 3, ..] => Role::Filter,
        _ => Role::Other,
    }
}

/// Answers what was asked of the connection.
fn respond(wire: &mut Reader<'_>, write: impl FnOnce(&mut model::exchange::Response)) -> Heard {
    let Some(response) = wire.answer_to(0) else { return Heard::Nothing };
    write(response);
    Heard::Response(key(0))
}
