//! Heads and bodies to requests and responses: the state of one connection.

use std::sync::Arc;

use model::conn::Speaker;
use model::details::{Detail, Named};
use model::event::Joined;
use model::exchange::{Identity, Request, Response};

use crate::kit::protocol::{Heard, Read, Session, Sought, Stop};
use crate::kit::reader::Reader;
use crate::web::content;
use crate::web::dialect::{Candidates, Spoken};
use crate::web::fields::{self, Fields, Folding};
use crate::web::head::{Asking, Head};
use crate::web::http1::body::{Body, Framing};
use crate::web::http1::wire::{self, NoHead};
use crate::web::identity;
use crate::web::websocket::Websocket;

/// The state of one connection.
#[derive(Default)]
pub(super) struct Http1 {
    pub(super) course: Course,
    pub(super) age: Age,
    pub(super) client: Client,
    pub(super) server: Server,
    /// What follows an upgrade to it.
    pub(super) websocket: Option<Box<Websocket>>,
    pub(super) identity: Option<Arc<Identity>>,
    /// The last request's first line.
    pub(super) asking: Asking,
    /// The last request's fields.
    pub(super) asked: Head,
    /// The last response's fields.
    pub(super) answered: Head,
    /// What the details of a request begin with that has the last one's first line and fields.
    pub(super) request_details: Option<Arc<[Named]>>,
    /// The same for a response with this status and the last one's fields.
    pub(super) response_details: Option<(u16, Arc<[Named]>)>,
    /// Which dialects a request may be in that has `request_details`.
    pub(super) candidates: Candidates,
    /// Whether any request of the connection may have been in one.
    pub(super) spoken: Spoken,
    /// The last bodies of both.
    pub(super) request_body: content::Last,
    pub(super) response_body: content::Last,
}

/// Where the connection is bound.
///
/// ```text
///  Http ──CONNECT──▶ Asked ──2xx──▶ Over
///   ▲ │╰─────101────────┼────────────▲
///   │ ╰──101 to WebSocket┼──▶ Websocket
///   ╰───any other answer─╯
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Course {
    #[default]
    Http,
    /// What the client says next depends on the answer.
    Asked,
    /// Frames of WebSocket.
    Websocket,
    /// No longer ours.
    Over,
}

/// Whether the connection is one of HTTP/0.9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Age {
    /// It is not.
    #[default]
    Modern,
    /// Nothing was asked yet.
    Untold,
    /// It is: its one request was heard.
    Simple,
}

/// What the client is saying.
#[derive(Debug, Default)]
pub(super) enum Client {
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
pub(super) enum Server {
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
pub(super) struct Unfinished<T> {
    pub(super) message: T,
    pub(super) body: Body,
}

impl Session for Http1 {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match (self.course, speaker) {
            (Course::Over, _) => Err(Stop::Over),
            (Course::Websocket, speaker) => match &mut self.websocket {
                Some(websocket) => websocket.read(speaker, wire),
                None => Err(Stop::Over),
            },
            (Course::Asked, Speaker::Client) => Err(Stop::Short),
            (Course::Http, Speaker::Client) => self.read_client(wire),
            (Course::Http | Course::Asked, Speaker::Server) => self.read_server(wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        if let Some(websocket) = &mut self.websocket {
            websocket.lost(speaker);
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        if let (Course::Websocket, Some(websocket)) = (self.course, &mut self.websocket) {
            return websocket.resync(speaker, wire);
        }
        let found = match speaker {
            Speaker::Client => {
                (self.client, self.age) = (Client::Head, Age::Modern);
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
    /// A connection of which nothing was heard yet.
    pub(super) fn new(joined: Joined) -> Http1 {
        let age = match joined {
            Joined::AtStart => Age::Untold,
            Joined::Midway => Age::Modern,
        };
        Http1 { age, ..Http1::default() }
    }

    /// Reads the fields that `block` begins with, unless they tell of somebody else: then that is told first.
    pub(super) fn new_fields(&mut self, speaker: Speaker, block: &[u8], wire: &mut Reader<'_>) -> Read<News> {
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
            let identity = identity::shared(identity, wire);
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
}

/// What a head that is not the last one again turned out to be.
pub(super) enum News {
    /// One of so many bytes.
    Head(usize),
    /// One that tells who speaks now; it is to be read once more.
    Identity(Arc<Identity>),
}

pub(super) fn stop(no: NoHead, wire: &Reader<'_>) -> Stop {
    match no {
        NoHead::Short => Stop::Short,
        NoHead::Broken(what) => wire.broken(what),
    }
}

/// Whether a body has come with its head, as short ones do.
pub(super) enum AtHand<'a> {
    All(&'a [u8]),
    NotAll,
}

pub(super) fn at_hand<'a>(framing: Framing, wire: &mut Reader<'a>) -> AtHand<'a> {
    let length = match framing {
        Framing::Empty => 0,
        Framing::Length(length) => usize::try_from(length).unwrap_or(usize::MAX),
        Framing::Chunked | Framing::Close => return AtHand::NotAll,
    };
    wire.take(length).map_or(AtHand::NotAll, AtHand::All)
}

/// What is told of a body whose connection ended first.
pub(super) const CUT: &str = "the connection ended before the body";

pub(super) fn trailers(body: &Body, name: &'static str) -> Option<(&'static str, Detail)> {
    fields::masked(body.trailers()).text.map(|text| (name, text.into()))
}
