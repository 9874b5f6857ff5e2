//! Requests.

use model::conn::Speaker;
use model::exchange::{Exchange, Request, Text};

use crate::kit::reader::{Reader, Sample};
use crate::kit::text::shortened;
use crate::queue::message::Headers;

use super::invocation::Invocation;
use super::session::Dubbo;
use super::wire::Head;

/// So many bytes of a name are kept.
const NAME: usize = 512;
/// Attachments that say again what the body says elsewhere.
const TWICE: [&str; 5] = ["path", "interface", "version", "group", "dubbo"];

/// A request, written, and the program that the client says it is.
pub(super) struct Asked {
    pub(super) exchange: Box<Exchange>,
    pub(super) application: Option<Text>,
}

impl Dubbo {
    /// What is asked.
    pub(super) fn asked(speaker: Speaker, head: &Head, body: &Sample<'_>, wire: &mut Reader<'_>) -> Asked {
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let invocation = Invocation::read(head.form, body.bytes, &mut request.parameters);
        request.operation = match &invocation.method {
            Some(method) => name(method).to_string().into(),
            None => "invoke".into(),
        };
        let service = invocation.service.as_deref().map(name);
        if let Some(service) = &service {
            request.name_target(service);
        }
        if let (Some(service), Some(method)) = (&service, invocation.method.as_deref().map(name)) {
            request.statement.write_with(|out| {
                out.push_str(service);
                out.push('/');
                out.push_str(&method);
            });
        }
        tell(&invocation, head, body, request);
        if speaker == Speaker::Server {
            request.details.push(("from", "server".into()));
        }
        let application =
            ["remote.application", "application"].iter().find_map(|name| invocation.attached(name));
        Asked { exchange, application: application.map(|application| Text::from(name(application))) }
    }
}

/// Tells what has a detail of its own.
fn tell(invocation: &Invocation<'_>, head: &Head, body: &Sample<'_>, request: &mut Request) {
    let told = [
        ("service_version", invocation.version.as_deref()),
        ("group", invocation.attached("group")),
        ("types", invocation.types.as_deref()),
        ("dubbo", invocation.dubbo.as_deref()),
    ];
    for (called, text) in told {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            request.details.push((called, (&*name(text)).into()));
        }
    }
    let mut attachments = Headers::default();
    for [called, value] in invocation.attachments.iter().filter(|[called, _]| !TWICE.contains(&&**called)) {
        attachments.add(called.as_bytes(), value);
    }
    request.details.extend(attachments.told().map(|told| ("attachments", told)));
    if head.form != "hessian2" {
        request.details.push(("serialization", head.form.into()));
    }
    if invocation.method.is_none() || body.is_cut() {
        request.details.push(("body_bytes", i64::try_from(body.length).unwrap_or(i64::MAX).into()));
    }
}

fn name(text: &str) -> std::borrow::Cow<'_, str> {
    shortened(text.as_bytes(), NAME).0
}
