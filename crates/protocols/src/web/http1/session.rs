//! Heads and bodies to requests and responses: the state of one connection.

use std::borrow::Cow;
use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Detail, Details, Failure, Identity, Outcome, Request, Response, Text};
use smallvec::SmallVec;

use crate::kit::protocol::{Guess, Heard, Key, Read, Session, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::http1::body::{self, Body, Framing, Kind, Progress};
use crate::web::http1::fields::{self, Fields, Folding};
use crate::web::http1::mask;
use crate::web::http1::wire::{self, NoHead, RequestLine, StatusLine};

/// The state of one connection.
#[derive(Default)]
pub(super) struct Http1 {
    course: Course,
    client: Client,
    server: Server,
    identity: Option<Arc<Identity>>,
    method: Memo,
    version: Memo,
    host: Memo,
    path: Memo,
    statement: Memo,
    asked: Memo,
    answered: Memo,
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
}

/// A message whose head is read and whose body is not.
#[derive(Debug)]
struct Unfinished<T> {
    message: T,
    body: Body,
}

/// Longer texts are not kept for the next message: an idle connection is to be small.
const MEMO: usize = 64;

/// The last text of its place: most connections say the same again.
#[derive(Debug, Default)]
struct Memo(Option<Text>);

impl Memo {
    fn text(&mut self, bytes: &[u8]) -> Text {
        if let Some(text) = self.0.as_ref().filter(|text| text.as_bytes() == bytes) {
            return Arc::clone(text);
        }
        let text: Text = wire::text(bytes).into();
        self.0 = (bytes.len() <= MEMO).then(|| Arc::clone(&text));
        text
    }
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

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Option<usize> {
        match speaker {
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
        }
    }
}

impl Http1 {
    fn read_client(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let unfinished = match &mut self.client {
            Client::Head => return self.read_request(wire),
            Client::Refused(_) if wire::request_line(wire.rest()) == Guess::Yes => {
                return Ok(self.asked(None));
            }
            Client::Body(unfinished) | Client::Refused(unfinished) => unfinished,
        };
        match unfinished.body.read(wire)? {
            Progress::Part => Ok(Heard::Part),
            Progress::Whole => Ok(self.asked(None)),
            Progress::Cut => Ok(self.asked(Some(("http.request_cut", CUT.into())))),
        }
    }

    fn read_request(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let bytes = wire.rest();
        let line = wire::request_start(bytes).map_err(|no| stop(no, wire))?;
        let unfolded;
        let mut fields =
            Fields::read(bytes.get(line.length..).unwrap_or_default()).map_err(|no| stop(no, wire))?;
        if fields.folding() == Folding::Folded {
            unfolded = wire::unfold(bytes.get(line.length..).unwrap_or_default());
            fields = Fields::read(&unfolded).map_err(|no| stop(no, wire))?;
        }
        let framing = fields.request_framing().map_err(|what| wire.broken(what))?;
        if let Some(identity) = self.new_client(&fields) {
            self.identity = Some(Arc::clone(&identity));
            return Ok(Heard::Identity(identity));
        }
        let mut message = self.request(&line, &fields);
        wire.take(line.length + fields.size)?;
        if line.method == b"CONNECT" {
            self.course = Course::Asked;
            return Ok(Heard::Request(Key::Turn, message));
        }
        match at_hand(framing, wire) {
            AtHand::All(bytes) => {
                let text = body::text(fields.kind(), fields.coding, bytes);
                message.details.extend(text.map(|t| ("http.request_body", t.into())));
                Ok(Heard::Request(Key::Turn, message))
            }
            AtHand::NotAll => {
                let body = Body::new(framing, fields.kind(), fields.coding);
                self.client = Client::Body(Box::new(Unfinished { message, body }));
                Ok(Heard::Part)
            }
        }
    }

    fn request(&mut self, line: &RequestLine<'_>, fields: &Fields<'_>) -> Request {
        let target = self.path.text(path(line.target));
        let mut details = Details::with_capacity(8);
        details.push(("http.method", self.method.text(line.method).into()));
        details.push(("http.path", Arc::clone(&target).into()));
        if let Some(host) = fields.host {
            details.push(("http.host", self.host.text(host).into()));
        }
        details.push(("http.version", self.version.text(line.version.as_bytes()).into()));
        if let Some(agent) = self.identity.as_ref().and_then(|i| i.application.as_ref()) {
            details.push(("http.user_agent", Arc::clone(agent).into()));
        }
        if let Some(media) = fields.media {
            details.push(("http.request_content_type", self.asked.text(media).into()));
        }
        details.extend(fields.text().map(|t| ("http.request_headers", t.into())));
        details.extend(fields.ambiguity().map(|what| ("http.request_ambiguity", what.into())));
        Request {
            operation: operation(line.method),
            statement: Some(self.statement(line)),
            targets: vec![target],
            details,
            ..Request::default()
        }
    }

    /// Method and target as sent, credentials masked.
    fn statement(&mut self, line: &RequestLine<'_>) -> Text {
        let mut text: SmallVec<[u8; 256]> = SmallVec::from_slice(line.method);
        text.push(b' ');
        if mask::may_hide(line.target) {
            let mut masked = String::with_capacity(line.target.len());
            mask::url(&wire::text(line.target), &mut masked);
            text.extend_from_slice(masked.as_bytes());
        } else {
            text.extend_from_slice(line.target);
        }
        self.statement.text(&text)
    }

    /// Who the client is, when that is news.
    fn new_client(&self, fields: &Fields<'_>) -> Option<Arc<Identity>> {
        let known = self.identity.as_deref();
        let user = fields.user();
        let agent = known.and_then(|k| k.application.as_ref()).map(|a| a.as_bytes());
        let same_agent = agent == fields.program;
        if same_agent && known.and_then(|k| k.user.as_deref()) == user.as_deref() {
            return None;
        }
        // Bytes that are no text never compare as equal: their text does.
        let application: Option<Text> = fields.program.map(|p| wire::text(p).into());
        let identity = Identity {
            user: user.map(Text::from),
            database: None,
            application,
            version: known.and_then(|k| k.version.clone()),
        };
        (known != Some(&identity)).then(|| Arc::new(identity))
    }

    /// The request that was being said is whole.
    fn asked(&mut self, cut: Option<(&'static str, Detail)>) -> Heard {
        match std::mem::take(&mut self.client) {
            Client::Head => Heard::Nothing,
            Client::Body(unfinished) | Client::Refused(unfinished) => {
                let Unfinished { mut message, body } = *unfinished;
                body_details(&body, "http.request_body", "http.request_trailers", &mut message.details);
                message.details.extend(cut);
                Heard::Request(Key::Turn, message)
            }
        }
    }

    fn read_server(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let unfinished = match &mut self.server {
            Server::Head => return self.read_response(wire),
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
        match unfinished.body.read(wire)? {
            Progress::Part => Ok(Heard::Part),
            Progress::Whole => Ok(self.answered(wire, None)),
            Progress::Cut => Ok(self.answered(wire, Some(("http.response_cut", CUT.into())))),
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
            server @ (Server::Head | Server::Body(_)) => {
                self.server = server;
                Ok(Heard::Nothing)
            }
        }
    }

    fn read_response(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let bytes = wire.rest();
        let line = wire::response_start(bytes).map_err(|no| stop(no, wire))?;
        let unfolded;
        let mut fields =
            Fields::read(bytes.get(line.length..).unwrap_or_default()).map_err(|no| stop(no, wire))?;
        if fields.folding() == Folding::Folded {
            unfolded = wire::unfold(bytes.get(line.length..).unwrap_or_default());
            fields = Fields::read(&unfolded).map_err(|no| stop(no, wire))?;
        }
        if let Some(identity) = self.new_server(&fields) {
            self.identity = Some(Arc::clone(&identity));
            return Ok(Heard::Identity(identity));
        }
        wire.take(line.length + fields.size)?;
        let question = self.question(wire);
        match (line.status, question) {
            (101, _) | (200..=299, Question::Connect) => self.course = Course::Over,
            (100..=199, _) => return Ok(Heard::Part),
            _ if self.course == Course::Asked => self.course = Course::Http,
            _ => {}
        }
        let framing = match (line.status, question) {
            (101 | 204 | 304, _) | (_, Question::Head) | (200..=299, Question::Connect) => Framing::Empty,
            // It was `HEAD` that was not seen.
            (_, Question::Unseen) if wire::status_line(wire.rest()) == Guess::Yes => Framing::Empty,
            (_, Question::Connect | Question::Unseen | Question::Other) => fields.response_framing(),
        };
        let message = self.response(&line, &fields);
        Ok(self.begin_answer(wire, message, &fields, framing, question))
    }

    fn begin_answer(
        &mut self,
        wire: &mut Reader<'_>,
        mut message: Response,
        fields: &Fields<'_>,
        framing: Framing,
        question: Question,
    ) -> Heard {
        match (at_hand(framing, wire), question) {
            (AtHand::All(bytes), _) => {
                let text = body::text(fields.kind(), fields.coding, bytes);
                message.details.extend(text.map(|t| ("http.response_body", t.into())));
                self.answer(wire, message)
            }
            // Who asks while its body comes is not answered by it: it counts as said with its head.
            (AtHand::NotAll, Question::Unseen) => {
                let body = Body::new(framing, Kind::Opaque, fields.coding);
                self.server = Server::Doubtful(Box::new(body));
                Heard::Response(Key::Turn, message)
            }
            (AtHand::NotAll, Question::Head | Question::Connect | Question::Other) => {
                let body = Body::new(framing, fields.kind(), fields.coding);
                self.server = Server::Body(Box::new(Unfinished { message, body }));
                Heard::Part
            }
        }
    }

    /// What the next response answers.
    fn question(&self, wire: &Reader<'_>) -> Question {
        let saying = match &self.client {
            Client::Head => None,
            Client::Body(unfinished) | Client::Refused(unfinished) => Some(&unfinished.message),
        };
        match wire.asked().or(saying).map(|request| request.operation.as_ref()) {
            None => Question::Unseen,
            Some("HEAD") => Question::Head,
            Some("CONNECT") => Question::Connect,
            Some(_) => Question::Other,
        }
    }

    fn response(&mut self, line: &StatusLine<'_>, fields: &Fields<'_>) -> Response {
        let mut details = Details::with_capacity(4);
        details.push(("http.status", i64::from(line.status).into()));
        if let Some(media) = fields.media {
            details.push(("http.response_content_type", self.answered.text(media).into()));
        }
        details.extend(fields.text().map(|t| ("http.response_headers", t.into())));
        details.extend(fields.ambiguity().map(|what| ("http.response_ambiguity", what.into())));
        let failure = (line.status >= 400).then(|| {
            let message = wire::text(line.reason.get(..REASON).unwrap_or(line.reason)).into();
            Box::new(Failure { code: line.status.to_string().into(), message })
        });
        let outcome = if failure.is_some() { Outcome::Error } else { Outcome::Ok };
        Response { outcome, failure, details, ..Response::default() }
    }

    /// What the server is, when that is news.
    fn new_server(&self, fields: &Fields<'_>) -> Option<Arc<Identity>> {
        let program = fields.program?;
        let known = self.identity.as_deref();
        if known.and_then(|k| k.version.as_ref()).is_some_and(|v| v.as_bytes() == program) {
            return None;
        }
        let version = Some(wire::text(program).into());
        let identity = Identity { version, ..known.cloned().unwrap_or_default() };
        (known != Some(&identity)).then(|| Arc::new(identity))
    }

    /// The response that was being said is whole.
    fn answered(&mut self, wire: &Reader<'_>, cut: Option<(&'static str, Detail)>) -> Heard {
        match std::mem::take(&mut self.server) {
            Server::Head | Server::Doubtful(_) | Server::Unasked(_) => Heard::Nothing,
            Server::Body(unfinished) => {
                let Unfinished { mut message, body } = *unfinished;
                body_details(&body, "http.response_body", "http.response_trailers", &mut message.details);
                message.details.extend(cut);
                self.answer(wire, message)
            }
        }
    }

    fn answer(&mut self, wire: &Reader<'_>, response: Response) -> Heard {
        match std::mem::take(&mut self.client) {
            Client::Body(unfinished) if wire.asked().is_none() => {
                self.client = Client::Refused(unfinished);
                Heard::Early(response)
            }
            client => {
                self.client = client;
                Heard::Response(Key::Turn, response)
            }
        }
    }
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

/// The longest reason that is kept.
const REASON: usize = 256;

/// What is told of a body whose connection ended first.
const CUT: &str = "the connection ended before the body";

fn body_details(body: &Body, text: &'static str, trailers: &'static str, details: &mut Details) {
    details.extend(body.text().map(|t| (text, t.into())));
    details.extend(fields::masked(body.trailers()).map(|t| (trailers, t.into())));
}

/// Methods that most requests have, so that their name needs no memory.
const METHODS: [&str; 9] =
    ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "PROPFIND"];

fn operation(method: &[u8]) -> Cow<'static, str> {
    match METHODS.iter().find(|known| known.as_bytes() == method) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(wire::text(method).into_owned()),
    }
}

/// A target without its query, and in the absolute form (RFC 9112, 3.2.2) without its scheme and authority.
fn path(target: &[u8]) -> &[u8] {
    let end = memchr::memchr2(b'?', b'#', target).unwrap_or(target.len());
    let path = target.get(..end).unwrap_or(target);
    if path.first() == Some(&b'/') {
        return path;
    }
    match memchr::memmem::find(path, b"://").and_then(|at| path.get(at + 3..)) {
        Some(rest) => memchr::memchr(b'/', rest).and_then(|at| rest.get(at..)).unwrap_or(b"/"),
        None => path,
    }
}
