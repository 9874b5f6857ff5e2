//! HTTP/2: RFC 9113, its header compression RFC 7541, extended CONNECT RFC 8441.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `HEADERS` that open a stream, `PUSH_PROMISE` | [`Heard::Request`] under the stream's number: what HTTP/1 tells, in the same words |
//! | `DATA`, trailers, `1xx` | [`Heard::Piece`] of that stream: its bytes, the beginning of its text |
//! | the last frame of a response | [`Heard::Response`]: status, an error from 400 on |
//! | `2xx` to `CONNECT` | [`Heard::Response`]; what follows on the stream is somebody else's |
//! | the same to one with `:protocol` `websocket` | what follows are the messages of [`websocket`](crate::web::websocket) |
//! | `RST_STREAM` | [`Heard::Response`]: an error with the code's name |
//! | `user-agent`, `authorization: Basic`, `server` | [`Heard::Identity`]: application, user, version |
//! | `SETTINGS` | how much the other side's header table may hold |
//! | a content type of `application/grpc` | an exchange of `grpc`: see [`grpc`](crate::web::grpc) |
//! | lengths, streams, blocks that cannot be | [`Stop::Broken`] |
//!
//! Frames say how long they are, so that bytes which are lost inside of one cost what it says and no more. A header block
//! that is lost, and those before we came, leave a header table of which only the newest fields are known: what it
//! hides is told as `unknown`, and never guessed (see [`table`]).
//!
//! [`Heard::Request`]: crate::kit::protocol::Heard::Request
//! [`Heard::Response`]: crate::kit::protocol::Heard::Response
//! [`Heard::Piece`]: crate::kit::protocol::Heard::Piece
//! [`Heard::Identity`]: crate::kit::protocol::Heard::Identity
//! [`Stop::Broken`]: crate::kit::protocol::Stop::Broken

mod answered;
mod asked;
mod blocks;
mod data;
mod hpack;
mod huffman;
pub(in crate::web) mod list;
mod session;
mod statics;
mod streams;
pub(in crate::web) mod table;
mod tunnels;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};
use crate::web::http2::session::Http2;

/// HTTP/2, and gRPC on it.
#[derive(Debug)]
pub struct Http;

impl Protocol for Http {
    fn name(&self) -> &'static str {
        "http2"
    }

    fn ports(&self) -> &'static [u16] {
        &[80, 443, 8080, 8443, 50051, 2379]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        match (wire::preface(opening.client), opening.joined) {
            (Guess::Yes, _) => Guess::Yes,
            (Guess::Unsure, _) if !opening.client.is_empty() => Guess::Unsure,
            (_, Joined::Midway) => wire::midway(opening.client, opening.server),
            (Guess::Unsure, Joined::AtStart) => wire::settings(opening.server),
            (Guess::No, Joined::AtStart) => Guess::No,
        }
    }

    fn open(&self, joined: Joined) -> Box<dyn Session> {
        Box::new(Http2::new(joined))
    }
}
