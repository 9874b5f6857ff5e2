//! Commands that ask for something, or tell it.

use model::conn::Speaker;
use model::exchange::{Exchange, Request, Text};

use crate::kit::reader::{Reader, Sample};
use crate::kit::text::{lossy, shortened};
use crate::queue::message::{BODY, Headers, NAME, tell_body};

use super::command::{Command, name};
use super::fields::Thing;
use super::map::pairs;
use super::message::Message;
use super::session::OpenWire;

impl OpenWire {
    /// A command, written.
    pub(super) fn asked(speaker: Speaker, command: &Command<'_>, wire: &mut Reader<'_>) -> Box<Exchange> {
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let operation = name(command.kind).unwrap_or("unknown");
        request.operation = operation.into();
        if command.destination != Thing::Unknown {
            request.statement.write_with(|out| {
                out.push_str(operation);
                let action = command.texts.iter().find(|(name, _)| *name == "action");
                let words = action.map(|(_, action)| &**action);
                for word in words.into_iter().chain(command.destination.text().map(|text| &**text)) {
                    out.push(' ');
                    out.push_str(word);
                }
            });
        }
        if let Some(destination) = command.destination.text() {
            request.targets.push(Text::clone(destination));
        }
        tell_fields(command, request);
        if speaker == Speaker::Server {
            request.details.push(("from", "server".into()));
        }
        if let Some(message) = &command.message {
            tell_message(message, request);
        }
        exchange
    }
}

/// Tells what has a detail of its own.
fn tell_fields(command: &Command<'_>, request: &mut Request) {
    for (name, text) in &command.texts {
        let (text, _) = shortened(text.as_bytes(), NAME);
        request.details.push((name, text.as_ref().into()));
    }
    let about = command.about.text().map(|id| ("id", id));
    let transaction = command.transaction.text().map(|id| ("transaction", id));
    for (name, id) in about.into_iter().chain(transaction) {
        request.details.push((name, Text::clone(id).into()));
    }
    request.details.extend(command.numbers.iter().map(|(name, number)| (*name, (*number).into())));
    if let Some((class, message)) = &command.exception {
        let (message, _) = shortened(message.as_bytes(), NAME);
        request.details.push(("exception", format!("{class}: {message}").as_str().into()));
    }
}

fn tell_message(message: &Message<'_>, request: &mut Request) {
    if let Some(id) = message.id.text() {
        request.details.push(("message_id", Text::clone(id).into()));
    }
    let mut properties = Headers::default();
    if let Some(told) = &message.properties {
        pairs(told.bytes).for_each(|(name, value)| properties.add(name, &value.told()));
    }
    request.details.extend(properties.told().map(|told| ("properties", told)));
    let Some(body) = &message.body else { return };
    let told = match message.kind {
        _ if message.is_compressed => None,
        // A text with its length before it.
        28 => body.bytes.get(4..).map(|bytes| (bytes, body.length.saturating_sub(4))),
        24 => Some((body.bytes, body.length)),
        25 => return tell_map(body, request),
        _ => None,
    };
    match told {
        Some((bytes, length)) => {
            tell_body(&Sample { bytes: bytes.get(..BODY).unwrap_or(bytes), length }, request);
        }
        None => {
            let length = i64::try_from(body.length).unwrap_or(i64::MAX);
            request.details.push(("body_bytes", length.into()));
            if message.is_compressed {
                request.details.push(("compression", "zlib".into()));
            }
        }
    }
}

/// Tells the body of a message that is a map.
fn tell_map(body: &Sample<'_>, request: &mut Request) {
    let mut told = Headers::default();
    pairs(body.bytes).for_each(|(name, value)| told.add(name, &value.told()));
    if let Some(model::details::Detail::Text(text)) = told.told() {
        request.parameters.push(&lossy(text.as_bytes()));
    }
}
