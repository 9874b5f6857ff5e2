//! The beginning and the end of a session: `CONNECT`, `CONNACK`, `AUTH`, `DISCONNECT` (sections 3.1, 3.2, 3.14, 3.15).

use std::borrow::Cow;
use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Request, Text};

use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::{Reader, Sample};
use crate::kit::text::lossy;

use crate::queue::message::{BODY, MASK, tell_body, write_name};

use super::properties::{Properties, Side};
use super::published::reason;
use super::reasons::{FAILED, end, failure, name, refusal};
use super::session::{AUTH, CONNECT, Mqtt, id, tell_speaker};
use super::wire::{Head, Kind, Version, bytes, within};

/// The reason code of an `AUTH` with which a client logs in anew.
const AGAIN: u8 = 0x19;
/// The reason code of an `AUTH` with which the server is content.
const SUCCESS: u8 = 0;
/// The bit of a level that bridges of Mosquitto set.
const BRIDGE: u8 = 0x80;

/// What a client says of itself (3.1).
pub(super) struct Connect<'a> {
    version: Version,
    level: u8,
    flags: u8,
    keep_alive: u16,
    properties: Properties<'a>,
    client: &'a [u8],
    will: Option<Will<'a>>,
    user: Option<&'a [u8]>,
    password: Option<()>,
}

/// What the server publishes when the client is gone without a word.
struct Will<'a> {
    topic: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Connect<'a> {
    /// Reads a `CONNECT` behind its fixed header.
    pub(super) fn read(body: &mut Reader<'a>) -> Read<Connect<'a>> {
        let (protocol, level) = (bytes(body)?, body.u8()?);
        let Some(version) = Version::of(protocol, level) else {
            return Err(body.broken("nobody knows this version"));
        };
        let (flags, keep_alive) = (body.u8()?, body.be16()?);
        // Without a will it has no quality and is not retained.
        if flags & 1 != 0 || flags & 4 == 0 && flags & 0x38 != 0 || flags & 0x18 == 0x18 {
            return Err(body.broken("the flags of a log-in contradict each other"));
        }
        let properties = if version == Version::V5 { Properties::read(body)? } else { Properties::default() };
        let client = bytes(body)?;
        let will = if flags & 4 == 0 { None } else { Some(Will::read(version, body)?) };
        let user = if flags & 0x80 == 0 { None } else { named(version, body)? };
        let password = if flags & 0x40 == 0 { None } else { named(version, body)?.map(drop) };
        Ok(Connect { version, level, flags, keep_alive, properties, client, will, user, password })
    }

    fn identity(&self) -> Identity {
        Identity {
            user: self.user.map(text),
            application: Some(self.client).filter(|client| !client.is_empty()).map(text),
            ..Identity::default()
        }
    }

    fn write(&self, request: &mut Request) {
        request.operation = Cow::Borrowed("CONNECT");
        request.statement.write_with(|out| {
            out.push_str("CONNECT");
            for word in [Some(self.client), self.user, self.password.map(|()| MASK.as_bytes())] {
                if let Some(word) = word.filter(|word| !word.is_empty()) {
                    out.push(' ');
                    write_name(word, out);
                }
            }
        });
        let details = &mut request.details;
        details.push(("version", self.version.name().into()));
        details.push(("clean", i64::from(self.flags >> 1 & 1).into()));
        details.push(("keep_alive_s", i64::from(self.keep_alive).into()));
        if self.level & BRIDGE != 0 {
            details.push(("bridge", 1.into()));
        }
        self.properties.tell(Side::Asked, details);
        let Some(will) = &self.will else { return };
        details.push(("will_topic", text(will.topic).into()));
        details.push(("will_qos", i64::from(self.flags >> 3 & 3).into()));
        details.push(("will_retain", i64::from(self.flags >> 5 & 1).into()));
        let kept = will.payload.get(..BODY).unwrap_or(will.payload);
        tell_body(&Sample { bytes: kept, length: will.payload.len() as u64 }, request);
    }
}

impl<'a> Will<'a> {
    fn read(version: Version, body: &mut Reader<'a>) -> Read<Will<'a>> {
        if version == Version::V5 {
            // They are those of a message that may never be published.
            Properties::read(body)?;
        }
        Ok(Will { topic: bytes(body)?, payload: bytes(body)? })
    }
}

/// A user or a password; version 3.1 lets both be missing though a flag says that they are there (3.1 there).
fn named<'a>(version: Version, body: &mut Reader<'a>) -> Read<Option<&'a [u8]>> {
    if version == Version::V31 && body.rest().is_empty() {
        return Ok(None);
    }
    bytes(body).map(Some)
}

impl Mqtt {
    /// A log-in and its answer say who the session is; that is told before either is read.
    pub(super) fn introduced(
        &mut self,
        head: Head,
        ahead: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Option<Heard>> {
        let identity = match head.kind {
            Kind::Connect => {
                let connect = within(head.length, ahead, Connect::read)?;
                self.version = Some(connect.version);
                connect.identity()
            }
            Kind::Connack => {
                let (_, _, properties) = within(head.length, ahead, answer)?;
                let unnamed = self.identity.as_deref().filter(|known| known.application.is_none());
                let (Some(known), Some(client)) = (unnamed, properties.assigned_client()) else {
                    return Ok(None);
                };
                Identity { application: Some(text(client)), ..known.clone() }
            }
            _ => return Ok(None),
        };
        if self.identity.as_deref() == Some(&identity) {
            return Ok(None);
        }
        let identity = wire.share(identity);
        self.identity = Some(Arc::clone(&identity));
        Ok(Some(Heard::Identity(identity)))
    }

    /// The server takes the client in, or not.
    pub(super) fn connected(&mut self, head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
        let (flags, code, properties) = within(head.length, wire, answer)?;
        let told = if head.length > 2 { Version::V5 } else { Version::V311 };
        let version = *self.version.get_or_insert(told);
        if let Some(answer) = wire.answer_to(id(CONNECT)) {
            end(code, refusal(code, version), properties.reason(), answer);
            if flags == 1 {
                answer.details.push(("session_present", 1.into()));
            }
            properties.tell(Side::Answered, &mut answer.details);
        }
        Ok(Heard::Response(CONNECT))
    }

    /// A step of a log-in of several, or of one that is done anew.
    pub(super) fn authenticate(
        &mut self,
        speaker: Speaker,
        head: Head,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let (code, properties) = within(head.length, wire, reason)?;
        if self.version.is_some_and(|version| version != Version::V5) {
            return Err(wire.broken("only version 5 logs in by steps"));
        }
        self.version = Some(Version::V5);
        let is_open = |key: Key| wire.asked_as(id(key)).is_some();
        match (speaker, code) {
            (Speaker::Client, AGAIN) => {
                let mut exchange = wire.blank();
                exchange.request.operation = Cow::Borrowed("AUTH");
                exchange.request.statement.write_with(|out| {
                    out.push_str("AUTH ");
                    write_name(properties.method().unwrap_or_default(), out);
                    out.push(' ');
                    out.push_str(MASK);
                });
                properties.tell(Side::Asked, &mut exchange.request.details);
                Ok(Heard::Request(AUTH, exchange))
            }
            _ if is_open(CONNECT) && !is_open(AUTH) => Ok(Heard::Piece(CONNECT)),
            (Speaker::Server, SUCCESS) if is_open(AUTH) => {
                if let Some(answer) = wire.answer_to(id(AUTH)) {
                    end(code, None, None, answer);
                    properties.tell(Side::Answered, &mut answer.details);
                }
                Ok(Heard::Response(AUTH))
            }
            _ if is_open(AUTH) => Ok(Heard::Piece(AUTH)),
            _ => Ok(Heard::Nothing),
        }
    }

    /// Somebody goes.
    pub(super) fn disconnect(&mut self, speaker: Speaker, head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
        let (code, properties) = within(head.length, wire, reason)?;
        if speaker == Speaker::Server && head.length == 0 && self.version != Some(Version::V5) {
            return Err(wire.broken("before version 5 no server takes its leave"));
        }
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        request.operation = Cow::Borrowed("DISCONNECT");
        request.statement.write("DISCONNECT");
        tell_speaker(speaker, request);
        if code >= FAILED {
            exchange.response.failure = Some(failure(code, name(code), properties.reason()));
        } else if code > 0 {
            request.details.push(("reply", name(code).into()));
        }
        properties.tell(Side::Asked, &mut request.details);
        Ok(Heard::Oneway(exchange))
    }
}

/// A client logs in.
pub(super) fn connect(head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
    let connect = within(head.length, wire, Connect::read)?;
    let mut exchange = wire.blank();
    connect.write(&mut exchange.request);
    Ok(Heard::Request(CONNECT, exchange))
}

/// The answer to a log-in (3.2.2): flags, a code, properties from version 5 on.
fn answer<'a>(body: &mut Reader<'a>) -> Read<(u8, u8, Properties<'a>)> {
    let (flags, code) = (body.u8()?, body.u8()?);
    if flags > 1 {
        return Err(body.broken("an answer to a log-in has unknown flags"));
    }
    let properties = if body.rest().is_empty() { Properties::default() } else { Properties::read(body)? };
    Ok((flags, code, properties))
}

fn text(bytes: &[u8]) -> Text {
    Text::from(&*lossy(bytes))
}
