//! FastCGI 1.0, between a web server and the programs that answer for it:
//! <https://fastcgi-archives.github.io/FastCGI_Specification.html>, and RFC 3875 (CGI) for what its parameters and answers mean.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `BEGIN_REQUEST` and `PARAMS` | a request, as HTTP tells one: method; method and target; path; fields as details, credentials masked; script, role, who asked as details |
//! | `STDIN` | text of the request's body, a detail |
//! | the head that `STDOUT` begins with | the status (`Status`, else 302 with a `Location`, else 200), an error from 400 on; fields as details |
//! | the rest of `STDOUT` | text of the response's body, a detail |
//! | `STDERR` | a detail |
//! | `END_REQUEST` | the response, by the request's id; refused where the protocol's status says so, failed where nothing was said before |
//! | `ABORT_REQUEST` | a detail of its request |
//! | `GET_VALUES` and its result | a request with rows |
//! | parameters `HTTP_USER_AGENT`, `REMOTE_USER`; the field `X-Powered-By` | the session: application, user, version |
//!
//! What is spoken inside of HTTP is heard here as well: see [`dialect`](crate::web::dialect).

mod answered;
mod asked;
mod params;
mod requests;
mod session;
mod values;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static FASTCGI: &dyn Protocol = &FastCgi;

#[derive(Debug)]
struct FastCgi;

impl Protocol for FastCgi {
    fn name(&self) -> &'static str {
        "fastcgi"
    }

    fn ports(&self) -> &'static [u16] {
        &[9000]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        opening.judge(wire::begins)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::FastCgi>::default()
    }
}
