//! What a program says to responses: a head as CGI has it (RFC 3875, 6), a body, what goes to the log, and the end.

use model::conn::Speaker;
use model::exchange::{Exchange, Failure, Identity, Outcome};

use crate::kit::protocol;
use crate::kit::reader::Reader;
use crate::kit::text::lossy;
use crate::web::events::Events;
use crate::web::fields::Fields;
use crate::web::head::{Content, Head};
use crate::web::http1::body::Framing;
use crate::web::http1::wire::StatusLine;
use crate::web::identity;
use crate::web::said::Stage;

use super::requests::{Aborted, Heard, Request};
use super::session::{FastCgi, key};

/// Why a request is refused (section 5.5).
const REFUSALS: [(&str, &str); 3] = [
    ("FCGI_CANT_MPX_CONN", "the program takes one request at a time on a connection"),
    ("FCGI_OVERLOADED", "the program is out of some resource"),
    ("FCGI_UNKNOWN_ROLE", "the program does not know the role"),
];

impl FastCgi {
    /// More of what a program answers.
    pub(super) fn hear_stdout(&mut self, id: u16, bytes: &[u8], wire: &mut Reader<'_>) {
        let Some(request) = self.requests.get(id) else { return };
        if request.asked.stage == Stage::Head {
            // It answers before all was asked: what was heard of that is not all.
            request.client = Heard::NotAll;
            self.begin(id, wire);
        }
        match self.requests.get(id).map(|request| (request.answered.stage, request.server)) {
            Some((Stage::Head, Heard::All)) => self.hear_head(id, bytes, wire),
            Some((Stage::Body, _)) => self.requests.keep(id, Speaker::Server, bytes),
            Some((Stage::Head, Heard::NotAll) | (Stage::Over, _)) | None => {}
        }
    }

    /// More of an answer while its head goes on.
    fn hear_head(&mut self, id: u16, bytes: &[u8], wire: &mut Reader<'_>) {
        let kept = self.requests.gather(id, bytes);
        let Some(request) = self.requests.get(id) else { return };
        let Some(end) = end_of_head(&request.gathered, request.looked) else {
            request.looked = request.gathered.len().saturating_sub(2);
            if kept < bytes.len() {
                request.server = Heard::NotAll;
                self.requests.take_gathered(id);
            }
            return;
        };
        let gathered = self.requests.take_gathered(id);
        let (head, body) = gathered.split_at_checked(end).unwrap_or((&gathered, &[]));
        if self.answer(id, head, wire).is_none()
            && let Some(request) = self.requests.get(id)
        {
            request.server = Heard::NotAll;
        }
        for part in [body, bytes.get(kept..).unwrap_or_default()] {
            self.requests.keep(id, Speaker::Server, part);
        }
    }

    /// Tells the answer that has this head.
    fn answer(&mut self, id: u16, head: &[u8], wire: &mut Reader<'_>) -> Option<()> {
        let fields = Fields::read(head).ok()?;
        let answered = Head::of(&fields, Ok(Framing::Empty), &self.answered);
        let (status, reason) = match answered.field("status") {
            Some(status) => status.split_at_checked(3)?,
            None if answered.field("location").is_some() => ("302", ""),
            None => ("200", ""),
        };
        let status = status.parse().ok()?;
        let line = StatusLine { status, reason: reason.trim_ascii().as_bytes(), length: 0 };
        let program = answered.field("x-powered-by").filter(|is| self.version.as_deref() != Some(*is));
        if let Some(program) = program {
            self.version = Some(program.into());
        }
        let known = wire.exchange_as(id.into())?.identity.clone();
        if self.version.is_some() && known.as_ref().is_none_or(|known| known.version != self.version) {
            let who = known.as_deref().cloned().unwrap_or_default();
            let who = identity::shared(Identity { version: self.version.clone(), ..who }, wire);
            wire.exchange_as(id.into())?.identity = Some(who);
        }
        let exchange = wire.exchange_as(id.into())?;
        answered.write(&mut exchange.response, &line, &answered.details(status), None);
        let request = self.requests.get(id)?;
        let kind = request.candidates.answer(answered.content.kind, 0);
        request.answered.begin(Content { kind, ..answered.content });
        request.answered.listen(request.candidates);
        self.answered = if answered.is_short() { answered } else { Head::default() };
        Some(())
    }

    /// A request is ended: how, `content` says.
    pub(super) fn end(&mut self, id: u16, content: &[u8], wire: &mut Reader<'_>) -> protocol::Heard {
        self.end_body(id, wire);
        let Some(request) = self.requests.close(id) else { return protocol::Heard::Nothing };
        let text = request.answered.text(&mut self.response_body, wire);
        let missed = wire.missed_as(id.into());
        let Some(exchange) = wire.exchange_as(id.into()) else { return protocol::Heard::Nothing };
        exchange.completeness.cause = exchange.completeness.cause.or(missed);
        settle(&request, content, exchange);
        let response = &mut exchange.response;
        response.details.extend(text.map(|text| ("http.response_body", text.into())));
        if !request.stderr.is_empty() {
            response.details.push(("fastcgi.stderr", lossy(request.stderr.trim_ascii()).as_ref().into()));
        }
        let events = request.answered.events.as_deref();
        response.details.extend(events.and_then(Events::detail));
        request.candidates.refine(exchange, events.and_then(Events::answer));
        protocol::Heard::Response(key(id))
    }
}

/// Writes how a request ended, as far as its head did not say so.
fn settle(request: &Request, content: &[u8], exchange: &mut Exchange) {
    if request.aborted == Aborted::Yes {
        exchange.request.details.push(("fastcgi.aborted", ABORTED.into()));
    }
    let (status, refusal) = match content {
        [a, b, c, d, refusal, ..] => (i32::from_be_bytes([*a, *b, *c, *d]), usize::from(*refusal)),
        _ => (0, 0),
    };
    let response = &mut exchange.response;
    if status != 0 {
        response.details.push(("fastcgi.app_status", i64::from(status).into()));
    }
    let refusal = refusal.checked_sub(1).and_then(|at| REFUSALS.get(at));
    let failure = match (request.answered.stage, refusal) {
        (_, Some((code, message))) => (*code, *message),
        (Stage::Body | Stage::Over, None) => return,
        (Stage::Head, None) if request.server == Heard::NotAll => {
            response.outcome = Outcome::Unknown;
            return;
        }
        (Stage::Head, None) if request.aborted == Aborted::Yes => ("FCGI_ABORT_REQUEST", ABORTED),
        (Stage::Head, None) => ("no answer", "the program ended the request without a head"),
    };
    response.outcome = Outcome::Error;
    response.failure = Some(Box::new(Failure { code: failure.0.into(), message: failure.1.into() }));
}

/// What is told of a request that was given up before it was answered.
const ABORTED: &str = "the web server gave the request up";

/// Where a head ends, with the empty line behind it; the first so many bytes hold no beginning of that.
fn end_of_head(bytes: &[u8], looked: usize) -> Option<usize> {
    match bytes {
        [b'\n', ..] => return Some(1),
        [b'\r', b'\n', ..] => return Some(2),
        _ => {}
    }
    let rest = bytes.get(looked..)?;
    memchr::memchr_iter(b'\n', rest).find_map(|at| match rest.get(at + 1..)? {
        [b'\n', ..] => Some(looked + at + 2),
        [b'\r', b'\n', ..] => Some(looked + at + 3),
        _ => None,
    })
}
