//! HTTP/1.0 and HTTP/1.1: RFC 9110 (what it means) and RFC 9112 (how it is written); HTTP/0.9, where a connection begins
//! with it.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a request's head and body | [`Heard::Request`]: method; method and target; path; fields and text of the body as details |
//! | a final response's head and body | [`Heard::Response`]: status, an error from 400 on |
//! | a final response while its request is still being said | [`Heard::Early`] |
//! | `1xx`, a chunk, a piece of a body | [`Heard::Part`] of the response or the request |
//! | `User-Agent`, `Authorization: Basic`, `Server` | [`Heard::Identity`]: application, user, version |
//! | `101`, `2xx` to `CONNECT` | a response, then [`Stop::Over`]; frames of [`websocket`](crate::web::websocket) where that is what was asked for |
//! | `GET`, a path and nothing more; what the server says until it closes | the same with `http.version` 0.9 and no status |
//! | a body that breaks its framing, two lengths that differ, no end where one must be | its message, which says so; behind a response's, [`Stop::Broken`] |
//!
//! Of a body at most a sample is kept, and nothing where it is no text: the rest is passed over as it comes, so that
//! losses inside of it cost nothing. Credentials are masked before anything is kept.
//!
//! [`Heard::Request`]: crate::kit::protocol::Heard::Request
//! [`Heard::Response`]: crate::kit::protocol::Heard::Response
//! [`Heard::Early`]: crate::kit::protocol::Heard::Early
//! [`Heard::Part`]: crate::kit::protocol::Heard::Part
//! [`Heard::Identity`]: crate::kit::protocol::Heard::Identity
//! [`Stop::Over`]: crate::kit::protocol::Stop::Over
//! [`Stop::Broken`]: crate::kit::protocol::Stop::Broken

mod answered;
mod asked;
pub(super) mod body;
mod session;
pub(super) mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};
use crate::web::http1::session::Http1;

/// HTTP/0.9 to HTTP/1.1.
#[derive(Debug)]
pub struct Http;

impl Protocol for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn ports(&self) -> &'static [u16] {
        &[80, 443, 8080, 8443, 8000, 8008, 8081, 8888, 3000, 3128, 5000, 9090]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        match (wire::request_line(opening.client), wire::status_line(opening.server), opening.joined) {
            (Guess::Yes, _, _) | (_, Guess::Yes, _) => Guess::Yes,
            (Guess::No, _, Joined::AtStart) => wire::is_simple(opening.client, opening.server),
            (Guess::No, Guess::No, Joined::Midway) => Guess::No,
            (Guess::Unsure, Guess::No | Guess::Unsure, _) | (Guess::No, Guess::Unsure, Joined::Midway) => {
                Guess::Unsure
            }
        }
    }

    fn open(&self, joined: Joined) -> Box<dyn Session> {
        Box::new(Http1::new(joined))
    }
}
