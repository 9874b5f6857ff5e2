//! Heads and bodies to requests and responses: the state of one connection.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Detail, Identity, Named, Request, Response};

use crate::kit::protocol::{Guess, Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::http1::body::{Body, Framing, Progress};
use crate::web::http1::content::{self, Kind};
use crate::web::http1::fields::{self, Fields, Folding};
use crate::web::http1::head::{self, Asking, Content, Head};
use crate::web::http1::identity;
use crate::web::http1::wire::{self, NoHead, StatusLine};

/// The state of one connection.
#[derive(Default)]
pub(super) struct Http1 {
    course: Course,
    client: Client,
    server: Server,
    identity: Option<Arc<Identity>>,
    /// The last request's first line.
    asking: Asking,
    /// The last request's fields.
    asked: Head,
    /// The last response's fields.
    answered: Head,
    /// What the details of a request begin with that has the last one's first line and fields.
    request_details: Option<Arc<[Named]>>,
    /// The same for a response with this status and the last one's fields.
    response_details: Option<(u16, Arc<[Named]>)>,
    /// The last bodies of both.
    request_body: content::Last,
    response_body: content::Last,
}

/// Where the connection is bound.
///
/// ```text
///  Http ──CONNECT──▶ Asked ──2xx──▶ Over
///   ▲ ╰──────101────────┼────────────▲
///   ╰───any other answer╯
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Course {
    #[default]
    Http,
    /// What the client says next depends on the answer.
    Asked,
    /// No longer ours.
    Over,
}

/// What the client is saying.
#[derive(Debug, Default)]
enum Client {
    #[default]
    Head,
    Body(Box<Unfinished<Request>>),
    /// A body that the server has answered already: it may come, or the next request instead (RFC 9110, 10.1.1).
    Refused(Box<Unfinished<Request>>),
    /// Nobody knows: the body of the request that was told last broke its framing.
    Broken,
}

/// What the server is saying.
#[derive(Debug, Default)]
enum Server {
    #[default]
    Head,
    Body(Box<Unfinished<Response>>),
    /// The body of an answer to a request that was not seen: if it was `HEAD`, there is none.
    Doubtful(Box<Body>),
    /// Such a body, of which there is some.
    Unasked(Box<Body>),
    /// Nobody knows: the body of the response that was told last broke its framing.
    Broken(&'static str),
}

/// A message whose head is read and whose body is not.
#[derive(Debug)]
struct Unfinished<T> {
    message: T,
    body: Body,
}

impl Session for Http1 {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match (self.course, speaker) {
            (Course::Over, _) => Err(Stop::Over),
            (Course::Asked, Speaker::Client) => Err(Stop::Short),
            (Course::Http, Speaker::Client) => self.read_client(wire),
            (Course::Http | Course::Asked, Speaker::Server) => self.read_server(wire),
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        let found = match speaker {
            Speaker::Client => {
                self.client = Client::Head;
                wire::find_request(wire)
            }
            Speaker::Server => {
                self.server = Server::Head;
                if self.course == Course::Asked {
                    self.course = Course::Http;
                }
                wire::find_response(wire)
            }
        };
        // A first line that is not whole may begin anywhere.
        found.map_or(Sought::Behind(0), Sought::At)
    }
}

impl Http1 {
    fn read_client(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let unfinished = match &mut self.client {
            Client::Head => return self.read_request(wire),
            Client::Broken => return self.read_behind_broken(wire),
            Client::Refused(_) if wire::request_line(wire.rest()) == Guess::Yes => {
                return Ok(self.asked(wire, None));
            }
            Client::Body(unfinished) | Client::Refused(unfinished) => unfinished,
        };
        match unfinished.body.read(wire) {
            Ok(Progress::Part) => Ok(Heard::Part),
            Ok(Progress::Whole) => Ok(self.asked(wire, None)),
            Ok(Progress::Cut) => Ok(self.asked(wire, Some(("http.request_cut", CUT.into())))),
            // Who sends such a body may mean to hide the request behind it.
            Err(Stop::Broken(broken)) => {
                let request = self.asked(wire, Some(("http.request_cut", broken.what.into())));
                self.client = Client::Broken;
                Ok(request)
            }
            Err(stop @ (Stop::Short | Stop::Over)) => Err(stop),
        }
    }

    /// Looks for a request behind a body that broke its framing.
    ///
    /// No request was lost there, so the pairing is not in doubt, as it would be after a [`Stop::Broken`].
    fn read_behind_broken(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let rest = wire.rest();
        let past = match wire::find_request(rest) {
            Some(0) => {
                self.client = Client::Head;
                return self.read_request(wire);
            }
            Some(past) => past,
            // A request that is not there with its first line begins with a capital letter.
            None => rest.iter().position(u8::is_ascii_uppercase).unwrap_or(rest.len()),
        };
        if past == 0 {
            return Err(Stop::Short);
        }
        wire.skip(past as u64);
        Ok(Heard::Nothing)
    }

    fn read_request(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let line = self.request_line(wire)?;
        let block = wire.rest().get(line..).unwrap_or_default();
        let size = match self.asked.again(block) {
            Some(size) => size,
            None => match self.new_fields(Speaker::Client, block, wire)? {
                News::Head(size) => size,
                News::Identity(identity) => return Ok(Heard::Identity(identity)),
            },
        };
        wire.take(line + size)?;
        let heard = self.begin_request(wire);
        if !self.asking.is_short() {
            self.asking = Asking::default();
            self.request_details = None;
        }
        if !self.asked.is_short() {
            self.asked = Head::default();
            self.request_details = None;
        }
        Ok(heard)
    }

    /// The length of the request line, whose texts are `asking` from now on.
    fn request_line(&mut self, wire: &Reader<'_>) -> Read<usize> {
        if let Some(length) = self.asking.again(wire.rest()) {
            return Ok(length);
        }
        let line = wire::request_start(wire.rest()).map_err(|no| stop(no, wire))?;
        let asking = Asking::of(&line, &self.asking);
        if !asking.has_details_of(&self.asking) {
            self.request_details = None;
        }
        self.asking = asking;
        Ok(line.length)
    }

    /// Reads the fields that `block` begins with, unless they tell of somebody else: then that is told first.
    fn new_fields(&mut self, speaker: Speaker, block: &[u8], wire: &Reader<'_>) -> Read<News> {
        let unfolded;
        let mut fields = Fields::read(block).map_err(|no| stop(no, wire))?;
        if fields.folding() == Folding::Folded {
            unfolded = wire::unfold(block);
            fields = Fields::read(&unfolded).map_err(|no| stop(no, wire))?;
        }
        let known = self.identity.as_deref();
        let (framing, identity, last) = match speaker {
            Speaker::Client => {
                (fields.request_framing(), identity::new_client(known, &fields), &mut self.asked)
            }
            Speaker::Server => {
                (fields.response_framing(), identity::new_server(known, &fields), &mut self.answered)
            }
        };
        if let Some(identity) = identity {
            self.identity = Some(Arc::clone(&identity));
            self.request_details = None;
            return Ok(News::Identity(identity));
        }
        match speaker {
            Speaker::Client => self.request_details = None,
            Speaker::Server => self.response_details = None,
        }
        *last = Head::of(&fields, framing, last);
        Ok(News::Head(fields.size))
    }

    fn begin_request(&mut self, wire: &mut Reader<'_>) -> Heard {
        let Content { framing, kind, coding } = self.asked.content;
        let details = self
            .request_details
            .get_or_insert_with(|| self.asking.details(&self.asked, self.identity.as_deref()));
        let details = Arc::clone(details);
        let framing = if self.asking.is_connect() {
            self.course = Course::Asked;
            Framing::Empty
        } else {
            match framing {
                Ok(framing) => framing,
                Err(what) => {
                    self.client = Client::Broken;
                    return ask(wire, |request| {
                        self.asking.write(request, details, None);
                        request.details.push(("http.request_cut", what.into()));
                    });
                }
            }
        };
        match at_hand(framing, wire) {
            AtHand::All(bytes) => {
                let body = self.request_body.text(kind, coding, bytes);
                ask(wire, |request| self.asking.write(request, details, body))
            }
            AtHand::NotAll => {
                let (mut message, body) = (Request::default(), Body::new(framing, kind, coding));
                self.asking.write(&mut message, details, None);
                self.client = Client::Body(Box::new(Unfinished { message, body }));
                Heard::Part
            }
        }
    }

    /// The request that was being said is whole.
    fn asked(&mut self, wire: &mut Reader<'_>, cut: Option<(&'static str, Detail)>) -> Heard {
        match std::mem::take(&mut self.client) {
            Client::Head | Client::Broken => Heard::Nothing,
            Client::Body(unfinished) | Client::Refused(unfinished) => {
                let Unfinished { mut message, body } = *unfinished;
                let text = body.text(&mut self.request_body);
                message.details.extend(text.map(|text| ("http.request_body", text.into())));
                message.details.extend(trailers(&body, "http.request_trailers"));
                message.details.extend(cut);
                ask(wire, |request| *request = message)
            }
        }
    }

    fn read_server(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
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
        let line = wire::response_start(wire.rest()).map_err(|no| stop(no, wire))?;
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
            (101, _) | (200..=299, Question::Connect) => self.course = Course::Over,
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

    fn begin_answer(&mut self, line: &StatusLine<'_>, question: Question, wire: &mut Reader<'_>) -> Heard {
        let Content { framing, kind, coding } = self.answered.content;
        let details = self.response_details(line.status);
        let framing = match framing {
            _ if is_bare(line.status, question, wire) => Framing::Empty,
            Ok(framing) => framing,
            Err(what) => {
                self.server = Server::Broken(what);
                return self.answer(wire, |response| {
                    head::write(response, line, details, None);
                    response.details.push(("http.response_cut", what.into()));
                });
            }
        };
        match (at_hand(framing, wire), question) {
            (AtHand::All(bytes), _) => {
                let text = self.response_body.text(kind, coding, bytes);
                self.answer(wire, |response| head::write(response, line, details, text))
            }
            // Who asks while its body comes is not answered by it: it counts as said with its head.
            (AtHand::NotAll, Question::Unseen) => {
                self.server = Server::Doubtful(Box::new(Body::new(framing, Kind::Opaque, coding)));
                tell(wire, |response| head::write(response, line, details, None))
            }
            (AtHand::NotAll, Question::Head | Question::Connect | Question::Other) => {
                let (mut message, body) = (Response::default(), Body::new(framing, kind, coding));
                head::write(&mut message, line, details, None);
                self.server = Server::Body(Box::new(Unfinished { message, body }));
                Heard::Part
            }
        }
    }

    /// What the details of a response of this status begin with.
    #[inline]
    fn response_details(&mut self, status: u16) -> Arc<[Named]> {
        match &self.response_details {
            Some((of, details)) if *of == status => Arc::clone(details),
            Some(_) | None => {
                let details = self.answered.details(status);
                self.response_details = Some((status, Arc::clone(&details)));
                details
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
                let text = body.text(&mut self.response_body);
                message.details.extend(text.map(|text| ("http.response_body", text.into())));
                message.details.extend(trailers(&body, "http.response_trailers"));
                message.details.extend(cut);
                self.answer(wire, |response| *response = message)
            }
        }
    }

    /// Tells the response that `write` writes.
    #[inline]
    fn answer(&mut self, wire: &mut Reader<'_>, write: impl FnOnce(&mut Response)) -> Heard {
        match &self.client {
            Client::Body(_) if wire.asked().is_none() => {}
            Client::Head | Client::Broken | Client::Body(_) | Client::Refused(_) => return tell(wire, write),
        }
        if let Client::Body(unfinished) = std::mem::take(&mut self.client) {
            self.client = Client::Refused(unfinished);
        }
        let mut response = Box::default();
        write(&mut response);
        Heard::Early(response)
    }
}

/// Tells the request that `write` writes.
#[inline]
fn ask(wire: &mut Reader<'_>, write: impl FnOnce(&mut Request)) -> Heard {
    let mut exchange = wire.blank();
    write(&mut exchange.request);
    Heard::Request(Key::Turn, exchange)
}

/// Tells the response to the oldest request, which `write` writes.
#[inline]
fn tell(wire: &mut Reader<'_>, write: impl FnOnce(&mut Response)) -> Heard {
    if let Some(answer) = wire.answer() {
        write(answer);
    }
    Heard::Response(Key::Turn)
}

/// What a head that is not the last one again turned out to be.
enum News {
    /// One of so many bytes.
    Head(usize),
    /// One that tells who speaks now; it is to be read once more.
    Identity(Arc<Identity>),
}

fn stop(no: NoHead, wire: &Reader<'_>) -> Stop {
    match no {
        NoHead::Short => Stop::Short,
        NoHead::Broken(what) => wire.broken(what),
    }
}

/// Whether a body has come with its head, as short ones do.
enum AtHand<'a> {
    All(&'a [u8]),
    NotAll,
}

fn at_hand<'a>(framing: Framing, wire: &mut Reader<'a>) -> AtHand<'a> {
    let length = match framing {
        Framing::Empty => 0,
        Framing::Length(length) => usize::try_from(length).unwrap_or(usize::MAX),
        Framing::Chunked | Framing::Close => return AtHand::NotAll,
    };
    wire.take(length).map_or(AtHand::NotAll, AtHand::All)
}

/// What a response answers, as far as its framing depends on it (RFC 9112, 6.3).
#[derive(Clone, Copy)]
enum Question {
    Head,
    Connect,
    Other,
    Unseen,
}

/// What is told of a body whose connection ended first.
const CUT: &str = "the connection ended before the body";

fn trailers(body: &Body, name: &'static str) -> Option<(&'static str, Detail)> {
    fields::masked(body.trailers()).text.map(|text| (name, text.into()))
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
