//! What the client says.

use std::borrow::Cow;

use model::exchange::{Identity, Request};

use crate::kit::reader::{Reader, Sample};
use crate::kit::text::lossy;

use crate::queue::message::{MASK, tell_body, write_name};

use super::fields::{Version, meant, tell, text};
use super::session::{CONNECT, Means, Stomp, receipt};
use super::wire::{Body, Command, Head};

impl Stomp {
    /// Who the session is, if a frame makes it another one.
    pub(super) fn introduced(&self, head: &Head<'_>) -> Option<Identity> {
        let known = self.identity.as_deref().cloned().unwrap_or_default();
        // Neither frame is escaped (1.2, "Value Encoding"), and 1.0 has blanks around values.
        let word = |name: &str| {
            let value = head.field(name).map(<[u8]>::trim_ascii).filter(|value| !value.is_empty());
            value.and_then(|value| text(Version::V10, value))
        };
        let identity = match head.command {
            Command::Connect | Command::Stomp => Identity {
                user: word("login"),
                database: word("host"),
                application: word("client-id"),
                version: None,
            },
            Command::Connected => Identity { version: word("server"), ..known },
            _ => return None,
        };
        (self.identity.as_deref() != Some(&identity)).then_some(identity)
    }

    /// The client says who it is and what it speaks.
    pub(super) fn connect(&mut self, head: &Head<'_>, wire: &mut Reader<'_>) -> Means {
        self.version = Version::Unknown;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let word = head.command.word();
        request.operation = Cow::Borrowed(word);
        let [login, passcode] = ["login", "passcode"].map(|name| head.field(name).map(<[u8]>::trim_ascii));
        request.statement.write_with(|out| {
            out.push_str(word);
            if let Some(login) = login {
                out.push(' ');
                write_name(login, out);
            }
            if passcode.is_some() {
                out.push(' ');
                out.push_str(MASK);
            }
        });
        tell(Version::V10, head, &mut request.details);
        Means::Request(CONNECT, exchange)
    }

    /// Any other frame of the client.
    pub(super) fn asked(&mut self, head: &Head<'_>, body: &Body<'_>, wire: &mut Reader<'_>) -> Means {
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        self.write(head, request);
        match (head.command, head.field("id"), request.targets.first()) {
            (Command::Subscribe, Some(id), Some(destination)) => self.remember(id, destination),
            (Command::Unsubscribe, Some(id), _) => self.forget(id),
            _ => {}
        }
        if head.command == Command::Send {
            write_body(body, request);
        }
        match head.field("receipt") {
            Some(id) => Means::Request(receipt(id), exchange),
            None => Means::Oneway(exchange),
        }
    }

    /// Writes what a frame says and touches.
    pub(super) fn write(&self, head: &Head<'_>, request: &mut Request) {
        let word = head.command.word();
        request.operation = Cow::Borrowed(word);
        let about =
            ["destination", "id", "message-id", "transaction"].iter().find_map(|name| head.field(name));
        let about = about.map(|about| meant(self.version, about));
        match about {
            // Whether it is escaped was said before the watching began.
            Some(None) => {}
            about => request.statement.write_with(|out| {
                out.push_str(word);
                if let Some(about) = about.flatten() {
                    out.push(' ');
                    write_name(&about, out);
                }
            }),
        }
        match head.field("destination") {
            Some(destination) => match text(self.version, destination) {
                Some(destination) => request.targets.push(destination),
                None => request.details.push(("destination_as_sent", (&*lossy(destination)).into())),
            },
            None => {
                let subscription = head
                    .field("subscription")
                    .or_else(|| head.field("id").filter(|_| head.command == Command::Unsubscribe));
                request.targets.extend(subscription.and_then(|id| self.subscribed(id)).cloned());
            }
        }
        tell(self.version, head, &mut request.details);
    }
}

/// Tells a body, as far as it is there.
pub(super) fn write_body(body: &Body<'_>, request: &mut Request) {
    match body {
        Body::Whole(sample) => tell_body(sample, request),
        // Its length is told when it is known.
        Body::GoesOn(bytes, _) => tell_body(&Sample { bytes, length: bytes.len() as u64 }, request),
    }
}
