//! What the server says.

use std::sync::Arc;

use model::conn::Speaker;
use model::details::{Detail, Named};
use model::exchange::{Outcome, Request, Response};

use crate::kit::protocol::{Guess, Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::answer::Answer;
use crate::web::content::{Coding, Kind};
use crate::web::dialect::{Candidates, Spoken};
use crate::web::events::Events;
use crate::web::head::{Content, Head};
use crate::web::http1::body::{Body, Framing, Progress};
use crate::web::http1::session::{
    Age, AtHand, CUT, Client, Course, Http1, News, Server, Unfinished, at_hand, stop, trailers,
};
use crate::web::http1::wire::{self, NoHead, StatusLine};
use crate::web::websocket::Websocket;

impl Http1 {
    pub(super) fn read_server(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let unfinished = match &mut self.server {
            Server::Head => return self.read_response(wire),
            Server::Broken(what) => return Err(wire.broken(what)),
            Server::Body(unfinished) => unfinished,
            Server::Doubtful(_) => match wire::status_line(wire.rest()) {
                Guess::Yes => {
                    self.server = Server::Head;
                    return self.read_response(wire);
                }
                Guess::Unsure if wire.ahead() == Ahead::Open => return Err(Stop::Short),
                Guess::Unsure | Guess::No => return self.read_unasked(wire),
            },
            Server::Unasked(_) => return self.read_unasked(wire),
        };
        match unfinished.body.read(wire) {
            Ok(Progress::Part) => Ok(Heard::Part),
            Ok(Progress::Whole) => Ok(self.answered(wire, None)),
            Ok(Progress::Cut) => Ok(self.answered(wire, Some(("http.response_cut", CUT.into())))),
            Err(Stop::Broken(broken)) => {
                let response = self.answered(wire, Some(("http.response_cut", broken.what.into())));
                self.server = Server::Broken(broken.what);
                Ok(response)
            }
            Err(stop @ (Stop::Short | Stop::Over)) => Err(stop),
        }
    }

    /// Passes over a body that nobody asked for.
    fn read_unasked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        match std::mem::take(&mut self.server) {
            Server::Doubtful(mut body) | Server::Unasked(mut body) => {
                let progress = body.read(wire);
                if !matches!(progress, Ok(Progress::Whole | Progress::Cut)) {
                    self.server = Server::Unasked(body);
                }
                progress.map(|_| Heard::Nothing)
            }
            server @ (Server::Head | Server::Body(_) | Server::Broken(_)) => {
                self.server = server;
                Ok(Heard::Nothing)
            }
        }
    }

    fn read_response(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let line = match wire::response_start(wire.rest()) {
            Ok(line) => line,
            Err(no) if self.age == Age::Simple && is_document(no, wire) => return self.read_simple(wire),
            Err(no) => return Err(stop(no, wire)),
        };
        let block = wire.rest().get(line.length..).unwrap_or_default();
        let size = match self.answered.again(block) {
            Some(size) => size,
            None => match self.new_fields(Speaker::Server, block, wire)? {
                News::Head(size) => size,
                News::Identity(identity) => return Ok(Heard::Identity(identity)),
            },
        };
        wire.take(line.length + size)?;
        let question = self.question(wire);
        match (line.status, question) {
            (101, _) => self.upgrade(wire),
            (200..=299, Question::Connect) => self.course = Course::Over,
            (100..=199, _) => return Ok(Heard::Part),
            _ if self.course == Course::Asked => self.course = Course::Http,
            _ => {}
        }
        let heard = self.begin_answer(&line, question, wire);
        if !self.answered.is_short() {
            self.answered = Head::default();
            self.response_details = None;
        }
        Ok(heard)
    }

    /// Reads an answer of HTTP/0.9: a document, and nothing else.
    #[inline(never)]
    fn read_simple(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        self.age = Age::Modern;
        let message = Response { outcome: Outcome::Ok, ..Response::default() };
        let body = Body::new(Framing::Close, Kind::Plain, Coding::Identity);
        self.server = Server::Body(Box::new(Unfinished { message, body }));
        self.read_server(wire)
    }

    /// What follows is another protocol: one that we know, or somebody else's.
    fn upgrade(&mut self, wire: &Reader<'_>) {
        let is_websocket = |to: &str| to.eq_ignore_ascii_case("websocket");
        if !self.answered.field("upgrade").is_some_and(is_websocket) {
            self.course = Course::Over;
            return;
        }
        let path = wire.asked().and_then(|request| request.targets.first()).cloned();
        let extensions = self.answered.field("sec-websocket-extensions").unwrap_or_default();
        self.websocket = Some(Box::new(Websocket::new(path, extensions)));
        self.course = Course::Websocket;
    }

    fn begin_answer(&mut self, line: &StatusLine<'_>, question: Question, wire: &mut Reader<'_>) -> Heard {
        let Content { framing, kind, coding } = self.answered.content;
        let asked_in = self.asked_in(wire);
        let kind = match self.spoken {
            Spoken::Never => kind,
            Spoken::Perhaps => asked_in.answer(kind, 0),
        };
        let details = details(&mut self.response_details, &self.answered, line.status);
        let head = &self.answered;
        let framing = match framing {
            _ if is_bare(line.status, question, wire) => Framing::Empty,
            Ok(framing) => framing,
            Err(what) => {
                self.server = Server::Broken(what);
                return answer(&mut self.client, wire, |response| {
                    head.write(response, line, details, None);
                    response.details.push(("http.response_cut", what.into()));
                });
            }
        };
        match (at_hand(framing, wire), question) {
            (AtHand::All(bytes), _) => {
                let text = self.response_body.text(kind, coding, bytes, wire);
                let heard =
                    answer(&mut self.client, wire, |response| head.write(response, line, details, text));
                if self.spoken == Spoken::Perhaps || kind == Kind::Events {
                    self.refine_at_hand(kind, coding, bytes, wire);
                }
                heard
            }
            // Who asks while its body comes is not answered by it: it counts as said with its head.
            (AtHand::NotAll, Question::Unseen) => {
                self.server = Server::Doubtful(Box::new(Body::new(framing, Kind::Opaque, coding)));
                tell(wire, |response| head.write(response, line, details, None))
            }
            (AtHand::NotAll, Question::Head | Question::Connect | Question::Other) => {
                let (mut message, mut body) = (Response::default(), Body::new(framing, kind, coding));
                body.listen(asked_in);
                head.write(&mut message, line, details, None);
                self.server = Server::Body(Box::new(Unfinished { message, body }));
                Heard::Part
            }
        }
    }

    /// What the next response answers.
    fn question(&self, wire: &Reader<'_>) -> Question {
        let saying = match &self.client {
            Client::Head | Client::Broken => None,
            Client::Body(unfinished) | Client::Refused(unfinished) => Some(&unfinished.message),
        };
        match wire.asked().or(saying).map(|request| request.operation.as_ref()) {
            None => Question::Unseen,
            Some("HEAD") => Question::Head,
            Some("CONNECT") => Question::Connect,
            Some(_) => Question::Other,
        }
    }

    /// The response that was being said is whole.
    fn answered(&mut self, wire: &mut Reader<'_>, cut: Option<(&'static str, Detail)>) -> Heard {
        match std::mem::take(&mut self.server) {
            Server::Head | Server::Doubtful(_) | Server::Unasked(_) | Server::Broken(_) => Heard::Nothing,
            Server::Body(unfinished) => {
                let Unfinished { mut message, body } = *unfinished;
                let text = body.text(&mut self.response_body, wire);
                message.details.extend(text.map(|text| ("http.response_body", text.into())));
                message.details.extend(trailers(&body, "http.response_trailers"));
                message.details.extend(cut);
                message.details.extend(body.events().and_then(Events::detail));
                let heard = answer(&mut self.client, wire, |response| *response = message);
                if self.spoken == Spoken::Perhaps {
                    self.refine(body.events().and_then(Events::answer), wire);
                }
                heard
            }
        }
    }

    /// An answer came whole with its head: its events are counted, and its dialect told.
    #[inline(never)]
    fn refine_at_hand(&self, kind: Kind, coding: Coding, bytes: &[u8], wire: &mut Reader<'_>) {
        let mut events = Events::of(kind, coding, self.asked_in(wire));
        if let (Some(events), Some(answer)) = (&mut events, wire.answer()) {
            events.hear(bytes);
            answer.details.extend(events.detail());
        }
        self.refine(events.as_deref().and_then(Events::answer), wire);
    }

    /// Tells the exchange whose answer was told in the dialect that it is in.
    fn refine(&self, joined: Option<&Answer>, wire: &mut Reader<'_>) {
        if let Some(exchange) = wire.exchange() {
            self.candidates(&exchange.request).refine(exchange, joined);
        }
    }

    /// Which dialects the request may be in that is answered next.
    #[inline]
    fn asked_in(&self, wire: &Reader<'_>) -> Candidates {
        wire.asked().map(|request| self.candidates(request)).unwrap_or_default()
    }

    /// Which dialects this request may be in.
    #[inline]
    fn candidates(&self, request: &Request) -> Candidates {
        match self.spoken {
            Spoken::Never => Candidates::default(),
            Spoken::Perhaps => self.spoken_in(request),
        }
    }

    /// The same where some request was in one: most have the last one's head.
    #[inline(never)]
    fn spoken_in(&self, request: &Request) -> Candidates {
        let is_last = |last: &Arc<[Named]>| request.details.shared().is_some_and(|of| Arc::ptr_eq(of, last));
        if self.request_details.as_ref().is_some_and(is_last) {
            return self.candidates;
        }
        Candidates::of(request.statement.as_deref().unwrap_or_default(), request.details.iter())
    }
}

/// What the details of a response of this status and with this head begin with: those of the last one, where they are the
/// same.
#[inline]
fn details<'a>(last: &'a mut Option<(u16, Arc<[Named]>)>, head: &Head, status: u16) -> &'a Arc<[Named]> {
    last.take_if(|(of, _)| *of != status);
    let (_, details) = last.get_or_insert_with(|| (status, head.details(status)));
    details
}

/// Tells the response that `write` writes, to what the client says or said.
#[inline]
fn answer(client: &mut Client, wire: &mut Reader<'_>, write: impl FnOnce(&mut Response)) -> Heard {
    match client {
        Client::Body(_) if wire.asked().is_none() => {}
        Client::Head | Client::Broken | Client::Body(_) | Client::Refused(_) => return tell(wire, write),
    }
    if let Client::Body(unfinished) = std::mem::take(client) {
        *client = Client::Refused(unfinished);
    }
    let mut response = Box::default();
    write(&mut response);
    Heard::Early(response)
}

/// Tells the response to the oldest request, which `write` writes.
#[inline]
fn tell(wire: &mut Reader<'_>, write: impl FnOnce(&mut Response)) -> Heard {
    if let Some(answer) = wire.answer() {
        write(answer);
    }
    Heard::Response(Key::Turn)
}

/// Whether what is no head is a document, which ends with the connection.
fn is_document(no: NoHead, wire: &Reader<'_>) -> bool {
    no != NoHead::Short || wire.ahead() == Ahead::End && !wire.rest().is_empty()
}

/// What a response answers, as far as its framing depends on it (RFC 9112, 6.3).
#[derive(Clone, Copy)]
enum Question {
    Head,
    Connect,
    Other,
    Unseen,
}

/// Whether a response has no body, whatever its fields say.
fn is_bare(status: u16, question: Question, wire: &Reader<'_>) -> bool {
    match (status, question) {
        (101 | 204 | 304, _) | (_, Question::Head) | (200..=299, Question::Connect) => true,
        // It was `HEAD` that was not seen.
        (_, Question::Unseen) => wire::status_line(wire.rest()) == Guess::Yes,
        (_, Question::Connect | Question::Other) => false,
    }
}
