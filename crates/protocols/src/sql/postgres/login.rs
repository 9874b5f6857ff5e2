//! How a session begins: who the client is, how it proves that, and never the proof itself.

use std::borrow::Cow;

use model::details::Detail;
use model::exchange::{Exchange, Identity, Text};

use super::wire::parameters;

/// A name or setting of the client; a longer one is cut.
const SETTING: usize = 1 << 10;

/// Who the parameters of a start-up packet say the session is.
pub(super) fn identity(body: &[u8]) -> Identity {
    let find =
        |wanted: &[u8]| parameters(body).find(|(name, _)| *name == wanted).map(|(_, value)| text(value));
    let user = find(b"user");
    Identity {
        // Without a database, the server takes the one that is named like the user.
        database: find(b"database").or_else(|| user.clone()),
        application: find(b"application_name"),
        user,
        version: None,
    }
}

/// The log-in as a request.
pub(super) fn request(minor: u16, body: &[u8], mut blank: Box<Exchange>) -> Box<Exchange> {
    let details = &mut blank.request.details;
    details.push(("protocol_version", Detail::Text(format!("3.{minor}").into())));
    for (name, value) in parameters(body) {
        match name {
            b"options" => details.push(("options", Detail::Text(text(value)))),
            b"replication" => details.push(("replication", Detail::Text(text(value)))),
            _ => {}
        }
    }
    blank.request.operation = Cow::Borrowed("login");
    blank
}

/// A request to cancel what the server process of this number runs.
pub(super) fn cancel(process: u32, mut blank: Box<Exchange>) -> Box<Exchange> {
    blank.request.operation = Cow::Borrowed("cancel");
    blank.request.details.push(("process", Detail::Number(i64::from(process))));
    blank
}

/// The way in which the server wants the client to prove who it is; `None` for a step on that way.
pub(super) fn method(kind: u32, mechanisms: &[u8]) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(match kind {
        2 => "kerberos",
        3 => "cleartext",
        5 => "md5",
        6 => "scm",
        7 => "gss",
        9 => "sspi",
        10 => {
            let first = mechanisms.split(|b| *b == 0).next().unwrap_or_default();
            return Some(Cow::Owned(String::from_utf8_lossy(first).to_ascii_lowercase()));
        }
        _ => return None,
    }))
}

/// The identity after the server reported a setting, if the setting is part of it.
pub(super) fn report(identity: &Identity, name: &[u8], value: &[u8]) -> Option<Identity> {
    let value = Some(text(value)).filter(|v| !v.is_empty());
    let mut changed = identity.clone();
    match name {
        b"server_version" => changed.version = value,
        b"application_name" => changed.application = value,
        b"session_authorization" => changed.user = value,
        _ => return None,
    }
    (changed != *identity).then_some(changed)
}

fn text(bytes: &[u8]) -> Text {
    Text::from(String::from_utf8_lossy(bytes.get(..SETTING).unwrap_or(bytes)))
}
