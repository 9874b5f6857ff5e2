//! Parameters to requests.

use std::sync::Arc;

use model::details::{Detail, Named};
use model::exchange::Identity;

use crate::kit::reader::Reader;
use crate::web::fields::Fields;
use crate::web::head::{Asking, Content, Head};
use crate::web::http1::body::Framing;
use crate::web::http1::wire::{RequestLine, text};
use crate::web::identity;
use crate::web::said::Stage;

use super::params::Params;
use super::requests::{Heard, Role};
use super::session::FastCgi;

/// What is told of a request whose parameters were not all heard.
const CUT: &str = "its parameters were not heard";

impl FastCgi {
    /// More parameters of a request.
    pub(super) fn hear_params(&mut self, id: u16, bytes: &[u8]) {
        let kept = self.requests.gather(id, bytes);
        if let Some(request) = self.requests.get(id).filter(|_| kept < bytes.len()) {
            request.client = Heard::NotAll;
        }
    }

    /// All parameters of a request came: it is told.
    pub(super) fn begin(&mut self, id: u16, wire: &mut Reader<'_>) {
        if self.requests.get(id).is_none_or(|request| request.asked.stage != Stage::Head) {
            return;
        }
        let gathered = self.requests.take_gathered(id);
        let Some(request) = self.requests.get(id) else { return };
        request.asked.stage = Stage::Body;
        let (heard, role) = (request.client, request.role);
        let params = (heard == Heard::All).then(|| Params::read(&gathered)).flatten();
        if params.and_then(|params| self.tell(id, role, &params, wire)).is_none()
            && let Some(exchange) = wire.exchange_as(id.into())
        {
            exchange.request.details.push(("http.request_cut", CUT.into()));
        }
    }

    /// Tells the request that has these parameters.
    fn tell(&mut self, id: u16, role: Role, params: &Params<'_>, wire: &mut Reader<'_>) -> Option<()> {
        let fields = Fields::read(params.fields.lines()).ok()?;
        let identity = self.identity(params, &fields, wire);
        let target = params.target();
        let method = params.method.unwrap_or(called(role).as_bytes());
        let line = RequestLine { words: &[], method, target: &target, version: params.version(), length: 0 };
        let asking = Asking::of(&line, &self.asking);
        let head = Head::of(&fields, Ok(Framing::Empty), &self.asked);
        let details = asking.details(&head, identity.as_deref());
        // Who calls a program by hand may leave the version of HTTP out.
        let said = |(name, _): &&Named| *name != "http.version" || !params.version().is_empty();
        let details = details.iter().filter(said).cloned();
        let details: Arc<[Named]> = details.chain(told(role, params)).collect();
        let candidates = asking.candidates(&details);
        let exchange = wire.exchange_as(id.into())?;
        exchange.identity = identity;
        asking.write(&mut exchange.request, (&head, &details), None);
        let request = self.requests.get(id)?;
        request.candidates = candidates;
        request.asked.begin(Content { kind: candidates.body(head.content.kind, 0), ..head.content });
        self.asking = if asking.is_short() { asking } else { Asking::default() };
        self.asked = if head.is_short() { head } else { Head::default() };
        Some(())
    }

    /// Who asked, and what program answers, as far as is known.
    fn identity(
        &self,
        params: &Params<'_>,
        fields: &Fields<'_>,
        wire: &mut Reader<'_>,
    ) -> Option<Arc<Identity>> {
        let mut who = identity::new_client(None, fields).unwrap_or_default();
        who.user = params.user.map(|user| text(user).into()).or(who.user);
        who.version.clone_from(&self.version);
        (who != Identity::default()).then(|| identity::shared(who, wire))
    }

    /// All of a request's body came.
    pub(super) fn end_body(&mut self, id: u16, wire: &mut Reader<'_>) {
        let Some(request) = self.requests.get(id).filter(|request| request.asked.stage == Stage::Body) else {
            return;
        };
        request.asked.stage = Stage::Over;
        let text = request.asked.text(&mut self.request_body, wire);
        if let (Some(text), Some(exchange)) = (text, wire.exchange_as(id.into())) {
            exchange.request.details.push(("http.request_body", text.into()));
        }
    }
}

/// The name of a role.
fn called(role: Role) -> &'static str {
    match role {
        Role::Responder => "RESPONDER",
        Role::Authorizer => "AUTHORIZER",
        Role::Filter => "FILTER",
        Role::Other => "unknown",
    }
}

/// What is told of a request beside what HTTP has.
fn told(role: Role, params: &Params<'_>) -> impl Iterator<Item = Named> {
    let of = |name, value: Option<&[u8]>| value.map(|value| (name, Detail::from(&*text(value))));
    [
        (role != Role::Responder).then(|| ("fastcgi.role", called(role).into())),
        of("fastcgi.script", params.file),
        of("fastcgi.gateway", params.gateway),
        params.remote().map(|remote| ("fastcgi.remote", remote.as_str().into())),
        (!params.others.is_empty()).then(|| ("fastcgi.params", params.others.as_str().into())),
        params.fields.oddity().map(|what| ("http.request_ambiguity", what.into())),
    ]
    .into_iter()
    .flatten()
}
