//! Heads and bodies to requests and responses: the state of one connection.

use std::borrow::Cow;
use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Detail, Details, Failure, Identity, Outcome, Request, Response, Text};

use crate::kit::protocol::{Guess, Heard, Key, Read, Session, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::http1::body::{Body, Framing, Progress};
use crate::web::http1::fields::{self, Fields};
use crate::web::http1::mask;
use crate::web::http1::wire::{self, NoHead, RequestHead, ResponseHead, Version};

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

/// The last text of its place: most connections say the same again.
#[derive(Debug, Default)]
struct Memo(Option<Text>);

impl Memo {
    fn text(&mut self, bytes: &[u8]) -> Text {
        if let Some(text) = self.0.as_ref().filter(|text| text.as_bytes() == bytes) {
            return Arc::clone(text);
        }
        let text: Text = String::from_utf8_lossy(bytes).into();
        self.0 = Some(Arc::clone(&text));
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
            Progress::Cut => Ok(self.asked(Some(("request_cut", CUT.into())))),
        }
    }

    fn read_request(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let read = wire::request(wire.rest(), |head, length| (self.request(head), length));
        match read {
            Ok((Ok(Begun::Whole(heard)), length)) => {
                wire.take(length)?;
                Ok(heard)
            }
            Ok((Ok(Begun::Identity(identity)), _)) => {
                self.identity = Some(Arc::clone(&identity));
                Ok(Heard::Identity(identity))
            }
            Ok((Err(what), _)) | Err(NoHead::Broken(what)) => Err(wire.broken(what)),
            Err(NoHead::Short) => Err(Stop::Short),
        }
    }

    fn request(&mut self, head: &RequestHead<'_>) -> Result<Begun, &'static str> {
        let fields = Fields::read(&head.lines)?;
        let framing = fields.request_framing()?;
        if let Some(identity) = self.new_client(&fields) {
            return Ok(Begun::Identity(identity));
        }
        let path = path(head.target);
        let target: Text = path.into();
        let mut details = Details::with_capacity(8);
        details.push(("method", self.method.text(head.method.as_bytes()).into()));
        details.push(("path", Arc::clone(&target).into()));
        if let Some(host) = fields.host {
            details.push(("host", self.host.text(host).into()));
        }
        details.push(("version", self.version.text(head.version.name().as_bytes()).into()));
        if let Some(agent) = self.identity.as_ref().and_then(|i| i.application.as_ref()) {
            details.push(("user_agent", Arc::clone(agent).into()));
        }
        if let Some(media) = fields.media {
            details.push(("request_content_type", self.asked.text(media).into()));
        }
        if !head.lines.fields.is_empty() {
            details.push(("request_headers", fields.text(&head.lines).into()));
        }
        if let Some(ambiguity) = fields.ambiguity() {
            details.push(("request_ambiguity", ambiguity.into()));
        }
        let message = Request {
            operation: operation(head.method),
            statement: Some(statement(head)),
            targets: vec![target],
            details,
            ..Request::default()
        };
        match Body::new(framing, fields.kind(), fields.coding) {
            None if head.method == "CONNECT" => self.course = Course::Asked,
            None => {}
            Some(body) => {
                self.client = Client::Body(Box::new(Unfinished { message, body }));
                return Ok(Begun::Whole(Heard::Part));
            }
        }
        Ok(Begun::Whole(Heard::Request(Key::Turn, message)))
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
        let application: Option<Text> = fields.program.map(|p| String::from_utf8_lossy(p).into());
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
                body_details(&body, "request_body", "request_trailers", &mut message.details);
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
            Progress::Cut => Ok(self.answered(wire, Some(("response_cut", CUT.into())))),
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
        let question = self.question(wire);
        let read = wire::response(wire.rest(), |head, length| (self.response(head, question), length));
        match read {
            Ok((Ok(Begun::Whole(heard)), length)) => {
                wire.take(length)?;
                Ok(match heard {
                    Heard::Response(_, response) => self.answer(wire, response),
                    other => other,
                })
            }
            Ok((Ok(Begun::Identity(identity)), _)) => {
                self.identity = Some(Arc::clone(&identity));
                Ok(Heard::Identity(identity))
            }
            Ok((Err(what), _)) | Err(NoHead::Broken(what)) => Err(wire.broken(what)),
            Err(NoHead::Short) => Err(Stop::Short),
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

    fn response(&mut self, head: &ResponseHead<'_>, question: Question) -> Result<Begun, &'static str> {
        let fields = Fields::read(&head.lines)?;
        if let Some(identity) = self.new_server(&fields) {
            return Ok(Begun::Identity(identity));
        }
        let framing = match (head.status, question) {
            (101, _) => {
                self.course = Course::Over;
                Framing::Empty
            }
            (100..=199, _) => return Ok(Begun::Whole(Heard::Part)),
            (200..=299, Question::Connect) => {
                self.course = Course::Over;
                Framing::Empty
            }
            (204 | 304, _) | (_, Question::Head) => Framing::Empty,
            (_, Question::Connect | Question::Unseen | Question::Other) => fields.response_framing(),
        };
        if self.course == Course::Asked {
            self.course = Course::Http;
        }
        let message = self.said(head, &fields);
        let body = Body::new(framing, fields.kind(), fields.coding);
        Ok(Begun::Whole(match (body, question) {
            (None, _) => Heard::Response(Key::Turn, message),
            // Who asks while its body comes is not answered by it: it counts as said with its head.
            (Some(body), Question::Unseen) => {
                self.server = Server::Doubtful(Box::new(body));
                Heard::Response(Key::Turn, message)
            }
            (Some(body), Question::Head | Question::Connect | Question::Other) => {
                self.server = Server::Body(Box::new(Unfinished { message, body }));
                Heard::Part
            }
        }))
    }

    fn said(&mut self, head: &ResponseHead<'_>, fields: &Fields<'_>) -> Response {
        let mut details = Details::with_capacity(4);
        details.push(("status", i64::from(head.status).into()));
        if let Some(media) = fields.media {
            details.push(("response_content_type", self.answered.text(media).into()));
        }
        if !head.lines.fields.is_empty() {
            details.push(("response_headers", fields.text(&head.lines).into()));
        }
        if let Some(ambiguity) = fields.ambiguity() {
            details.push(("response_ambiguity", ambiguity.into()));
        }
        let failure = (head.status >= 400)
            .then(|| Box::new(Failure { code: head.status.to_string().into(), message: head.reason.into() }));
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
        let version = Some(String::from_utf8_lossy(program).into());
        let identity = Identity { version, ..known.cloned().unwrap_or_default() };
        (known != Some(&identity)).then(|| Arc::new(identity))
    }

    /// The response that was being said is whole.
    fn answered(&mut self, wire: &Reader<'_>, cut: Option<(&'static str, Detail)>) -> Heard {
        match std::mem::take(&mut self.server) {
            Server::Head | Server::Doubtful(_) | Server::Unasked(_) => Heard::Nothing,
            Server::Body(unfinished) => {
                let Unfinished { mut message, body } = *unfinished;
                body_details(&body, "response_body", "response_trailers", &mut message.details);
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

/// What came of a head.
enum Begun {
    Whole(Heard),
    /// Who speaks is said first, and the head read again.
    Identity(Arc<Identity>),
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

fn body_details(body: &Body, text: &'static str, trailers: &'static str, details: &mut Details) {
    details.extend(body.text().map(|t| (text, t.into())));
    details.extend(fields::trailers(body.trailers()).map(|t| (trailers, t.into())));
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Version::Http10 => "1.0",
            Version::Http11 => "1.1",
        }
    }
}

/// Methods that most requests have, so that their name needs no memory.
const METHODS: [&str; 9] =
    ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "PROPFIND"];

fn operation(method: &str) -> Cow<'static, str> {
    match METHODS.iter().find(|known| **known == method) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(method.to_owned()),
    }
}

/// Method and target as sent, credentials masked.
fn statement(head: &RequestHead<'_>) -> Text {
    let mut text = String::with_capacity(head.method.len() + 1 + head.target.len());
    text.push_str(head.method);
    text.push(' ');
    if mask::may_hide(head.target.as_bytes()) {
        mask::url(head.target, &mut text);
    } else {
        text.push_str(head.target);
    }
    text.into()
}

/// A target without its query, and in the absolute form (RFC 9112, 3.2.2) without its scheme and authority.
fn path(target: &str) -> &str {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let path = target.get(..end).unwrap_or(target);
    match path.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
        }
        Some(_) | None => path,
    }
}
