//! The sections of a message (part 3, section 3.2).

use model::details::Details;
use model::exchange::Request;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader, Sample};

use crate::queue::message::{BODY, Headers, MASK, NAME, tell_body};

use super::performatives::fields;
use super::values::{Value, binary_length, descriptor};

const HEADER: u64 = 0x70;
const DELIVERY_ANNOTATIONS: u64 = 0x71;
const MESSAGE_ANNOTATIONS: u64 = 0x72;
const PROPERTIES: u64 = 0x73;
const APPLICATION_PROPERTIES: u64 = 0x74;
const DATA: u64 = 0x75;
const SEQUENCE: u64 = 0x76;
const VALUE: u64 = 0x77;

/// The fields of a header.
const IN_HEADER: [&str; 5] = ["durable", "priority", "ttl_ms", "first_acquirer", "deliveries"];
/// The properties.
const IN_PROPERTIES: [&str; 13] = [
    "message_id",
    "user_id",
    "to",
    "subject",
    "reply_to",
    "correlation",
    "content_type",
    "content_encoding",
    "expires",
    "created",
    "group",
    "group_sequence",
    "reply_to_group",
];

/// What asks the node for tokens to take one.
const PUT_TOKEN: &str = "put-token";

/// Tells a message, as far as it stands in this frame; the body of a `secret` one is a credential.
pub(super) fn tell(payload: &[u8], secret: bool, request: &mut Request) {
    let mut wire = Reader::new(payload, 0, Ahead::End);
    let mut secret = secret;
    while !wire.rest().is_empty() {
        if section(&mut wire, &mut secret, request).is_err() {
            return;
        }
    }
}

fn section(wire: &mut Reader<'_>, secret: &mut bool, request: &mut Request) -> Read<()> {
    match descriptor(wire)? {
        HEADER => tell_fields(Value::read(wire)?, &IN_HEADER, &mut request.details),
        PROPERTIES => tell_fields(Value::read(wire)?, &IN_PROPERTIES, &mut request.details),
        DELIVERY_ANNOTATIONS => {
            _ = tell_map("delivery_annotations", Value::read(wire)?, &mut request.details);
        }
        MESSAGE_ANNOTATIONS => _ = tell_map("annotations", Value::read(wire)?, &mut request.details),
        APPLICATION_PROPERTIES => {
            *secret |= tell_map("headers", Value::read(wire)?, &mut request.details) == Asks::ToTakeAToken;
        }
        DATA => {
            let length = binary_length(wire)?;
            let there = wire.rest().len().min(usize::try_from(length).unwrap_or(usize::MAX));
            let bytes = wire.take(there)?;
            if *secret {
                request.parameters.push(MASK);
            } else {
                tell_body(&Sample { bytes: bytes.get(..BODY).unwrap_or(bytes), length }, request);
            }
        }
        SEQUENCE | VALUE => {
            let value = Value::read(wire);
            match value {
                _ if *secret => request.parameters.push(MASK),
                Ok(value) => request.parameters.push(&value.text(BODY)),
                // It goes on in further frames.
                Err(stop) => {
                    request.details.push(("body", "apart".into()));
                    return Err(stop);
                }
            }
        }
        // A footer, or what nobody knows.
        _ => _ = Value::read(wire)?,
    }
    Ok(())
}

/// Tells the fields of a list that are there.
fn tell_fields(value: Value<'_>, names: &[&'static str], details: &mut Details) {
    let Some(Ok(fields)) = value.list().map(fields) else { return };
    for (name, field) in names.iter().zip(fields) {
        match field {
            Value::Null | Value::Truth(false) => {}
            Value::Truth(true) => details.push((name, 1.into())),
            Value::Whole(number) => details.push((name, number.into())),
            Value::Count(number) => details.push((name, i64::try_from(number).unwrap_or(i64::MAX).into())),
            field => details.push((name, field.text(NAME).as_str().into())),
        }
    }
}

/// What the properties of a message want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    ToTakeAToken,
    Nothing,
}

/// Tells a map as one detail, credentials masked.
fn tell_map(name: &'static str, value: Value<'_>, details: &mut Details) -> Asks {
    let Value::Map(items) = value else { return Asks::Nothing };
    let (mut wire, mut headers, mut asks) = (items.reader(), Headers::default(), Asks::Nothing);
    while let (Ok(key), Ok(value)) = (Value::read(&mut wire), Value::read(&mut wire)) {
        let (key, value) = (key.text(NAME), value.text(NAME));
        if (&*key, &*value) == ("operation", PUT_TOKEN) {
            asks = Asks::ToTakeAToken;
        }
        headers.add(key.as_bytes(), &value);
    }
    details.extend(headers.told().map(|told| (name, told)));
    asks
}
