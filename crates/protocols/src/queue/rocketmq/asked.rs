//! Requests: of clients, and of servers.

use std::borrow::Cow;

use model::conn::Speaker;
use model::exchange::{Exchange, Request, Text};

use crate::kit::reader::{Ahead, Reader, Sample};
use crate::kit::text::{lossy, shortened, utf8};
use crate::web::mask;

use crate::queue::message::{BODY, Headers, MASK, NAME, tell_body};

use super::codes;
use super::header::Header;
use super::messages::{Message, packing, properties};
use super::session::RocketMq;

/// The requests that send a message.
const SENDS: [i32; 5] = [10, 310, 324, 325, 326];
/// The one that sends several.
const SENDS_BATCH: i32 = 320;
/// Those that bring a message as it is kept: `CHECK_TRANSACTION_STATE`, `CONSUME_MESSAGE_DIRECTLY`.
const CARRIES: [i32; 2] = [39, 309];
/// So many messages of a batch are told.
const BATCH: usize = 16;

/// Fields of the requests that send in the short form (`SendMessageRequestHeaderV2`), and what they are called in the long one.
const SHORT: [(&str, &str); 14] = [
    ("a", "producerGroup"),
    ("b", "topic"),
    ("c", "defaultTopic"),
    ("d", "defaultTopicQueueNums"),
    ("e", "queueId"),
    ("f", "sysFlag"),
    ("g", "bornTimestamp"),
    ("h", "flag"),
    ("i", "properties"),
    ("j", "reconsumeTimes"),
    ("k", "unitMode"),
    ("l", "maxReconsumeTimes"),
    ("m", "batch"),
    ("n", "brokerName"),
];
/// The requests that have them.
const SHORTENS: [i32; 3] = [310, 320, 325];

/// Fields that have a detail of their own. What has no name is told elsewhere, or is a credential.
const KNOWN: [(&str, &str); 20] = [
    ("topic", ""),
    ("properties", ""),
    ("AccessKey", ""),
    ("secretKey", ""),
    ("Signature", ""),
    ("SecurityToken", ""),
    ("producerGroup", "group"),
    ("consumerGroup", "group"),
    ("group", "group"),
    ("queueId", "queue"),
    ("queueOffset", "offset"),
    ("commitOffset", "commit_offset"),
    ("offset", "offset"),
    ("maxMsgNums", "max_messages"),
    ("subscription", "subscription"),
    ("expressionType", "expression_type"),
    ("clientID", "client_id"),
    ("msgId", "message_id"),
    ("sysFlag", "sys_flag"),
    ("bornTimestamp", "born"),
];

impl RocketMq {
    /// A request, written.
    pub(super) fn asked(
        speaker: Speaker,
        header: &Header<'_>,
        body: &Sample<'_>,
        wire: &mut Reader<'_>,
    ) -> Box<Exchange> {
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        request.operation = codes::request(header.code);
        let topic = named(header, "topic").filter(|topic| !topic.is_empty());
        let (operation, about) = (request.operation.clone(), topic.or_else(|| group(header)));
        request.statement.write_with(|out| {
            out.push_str(&operation);
            if let Some(about) = about {
                out.push(' ');
                out.push_str(about.get(..NAME).unwrap_or(about));
            }
        });
        request.targets.extend(topic.map(Text::from));
        tell_fields(header, request);
        if speaker == Speaker::Server {
            request.details.push(("from", "server".into()));
        }
        tell(header, body, request);
        exchange
    }
}

/// What a field is called in the long form.
fn long(code: i32, name: &str) -> &str {
    let short = SHORT.iter().find(|(short, _)| SHORTENS.contains(&code) && *short == name);
    short.map_or(name, |(_, long)| long)
}

/// A field by its name in the long form.
fn named<'a>(header: &'a Header<'_>, name: &str) -> Option<&'a str> {
    let found = header.fields.iter().find(|(field, _)| long(header.code, field) == name);
    found.map(|(_, value)| &**value)
}

fn group<'a>(header: &'a Header<'_>) -> Option<&'a str> {
    ["consumerGroup", "producerGroup", "group"].iter().find_map(|name| named(header, name))
}

/// Tells the fields of a header: a detail each of those that have a meaning, one for all others, credentials masked.
fn tell_fields(header: &Header<'_>, request: &mut Request) {
    let mut others = Headers::default();
    for (name, value) in &header.fields {
        let name = long(header.code, name);
        match KNOWN.iter().find(|(known, _)| *known == name) {
            Some((_, "")) => {}
            Some((_, detail)) => match value.parse::<i64>() {
                Ok(number) => request.details.push((detail, number.into())),
                Err(_) => request.details.push((detail, value.get(..NAME).unwrap_or(value).into())),
            },
            None => others.add(name.as_bytes(), value),
        }
    }
    request.details.extend(others.told().map(|told| ("fields", told)));
    if let Some(text) = named(header, "properties") {
        request.details.extend(tell_properties(text.as_bytes()).map(|told| ("properties", told)));
    }
}

/// The properties of a message as one detail, credentials masked.
pub(super) fn tell_properties(text: &[u8]) -> Option<model::details::Detail> {
    let mut told = Headers::default();
    properties(text).for_each(|(name, value)| told.add(name, &lossy(value)));
    told.told()
}

/// Tells what a request brings.
fn tell(header: &Header<'_>, body: &Sample<'_>, request: &mut Request) {
    if body.length == 0 {
        return;
    }
    let kept = Sample { bytes: body.bytes.get(..BODY).unwrap_or(body.bytes), length: body.length };
    match header.code {
        SENDS_BATCH => tell_batch(body.bytes, request),
        code if SENDS.contains(&code) => {
            let flags = named(header, "sysFlag").and_then(|flags| flags.parse().ok()).unwrap_or_default();
            match packing(flags) {
                Some(packing) => {
                    request.details.push(("compression", packing.into()));
                    request
                        .details
                        .push(("body_bytes", i64::try_from(body.length).unwrap_or(i64::MAX).into()));
                }
                // Several messages of one batch, which the short form marks.
                None if named(header, "batch") == Some("true") => tell_batch(body.bytes, request),
                None => tell_body(&kept, request),
            }
        }
        code if CARRIES.contains(&code) => {
            if let Ok(message) = Message::kept(&mut Reader::new(body.bytes, 0, Ahead::End)) {
                request.parameters.push(&text(message.body));
            }
        }
        _ => tell_other(&kept, request),
    }
}

/// Tells the messages of a batch, the first ones.
fn tell_batch(body: &[u8], request: &mut Request) {
    let mut wire = Reader::new(body, 0, Ahead::End);
    while request.parameters.len() < BATCH
        && let Ok(message) = Message::batched(&mut wire)
    {
        request.parameters.push(&text(message.body));
    }
}

/// Tells a body that is no message: JSON, or what nobody reads.
fn tell_other(body: &Sample<'_>, request: &mut Request) {
    match utf8(body.bytes) {
        Some(told) if told.trim_start().starts_with(['{', '[']) => {
            let mut out = String::new();
            mask::json(told, &mut out);
            request.parameters.push(&out);
        }
        // It may be cut within a letter, or hold passwords in a form that nobody knows.
        _ => request.parameters.push(MASK),
    }
    if body.is_cut() {
        request.details.push(("body_bytes", i64::try_from(body.length).unwrap_or(i64::MAX).into()));
    }
}

/// A body as text.
pub(super) fn text(body: &[u8]) -> Cow<'_, str> {
    shortened(body, BODY).0
}
