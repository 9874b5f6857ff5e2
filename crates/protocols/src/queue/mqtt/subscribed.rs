//! Subscriptions: `SUBSCRIBE`, `SUBACK`, `UNSUBSCRIBE`, `UNSUBACK` (sections 3.8 to 3.11).

use std::borrow::Cow;
use std::fmt::Write as _;

use model::conn::Speaker;
use model::exchange::{Request, Text};

use smallvec::SmallVec;

use crate::kit::protocol::{Heard, Read};
use crate::kit::reader::Reader;
use crate::kit::text::utf8;

use crate::queue::message::write_name;

use super::properties::{Properties, Side};
use super::reasons::{FAILED, end, name};
use super::session::{Mqtt, id, key};
use super::wire::{Head, Kind, Version, bytes, within};

/// The reason code of an `UNSUBSCRIBE` that found no subscription (3.11.3).
const NOTHING: u8 = 0x11;
/// So many topic filters of one packet are told.
const TARGETS: usize = 64;

/// The filters of a packet, with their options.
pub(super) struct Filters<'a> {
    packet: u16,
    properties: Properties<'a>,
    /// How many there are.
    count: usize,
    told: SmallVec<[(&'a [u8], u8); 4]>,
}

impl<'a> Filters<'a> {
    /// Reads them as this version writes them.
    pub(super) fn read(kind: Kind, version: Version, body: &mut Reader<'a>) -> Read<Filters<'a>> {
        let packet = body.be16()?;
        let properties = match version {
            Version::V5 => Properties::read(body)?,
            Version::V31 | Version::V311 => Properties::default(),
        };
        let mut filters = Filters { packet, properties, count: 0, told: SmallVec::new() };
        while !body.rest().is_empty() {
            let filter = bytes(body)?;
            let options = if kind == Kind::Subscribe { body.u8()? } else { 0 };
            let reserved = if version == Version::V5 { 0xc0 } else { 0xfc };
            let is_text =
                utf8(filter).is_some_and(|text| !text.is_empty() && !text.contains(char::is_control));
            if !is_text || options & 3 == 3 || options & reserved != 0 {
                return Err(body.broken("a topic filter is no text or has no such options"));
            }
            filters.count += 1;
            if filters.told.len() < TARGETS {
                filters.told.push((filter, options));
            }
        }
        if filters.count == 0 || packet == 0 {
            return Err(body.broken("a subscription is to nothing"));
        }
        Ok(filters)
    }

    /// The same where the version is not known: hardly any bytes can be read both ways.
    pub(super) fn guess(kind: Kind, body: &mut Reader<'a>) -> Read<(Version, Filters<'a>)> {
        let all = body.take(body.rest().len())?;
        let read = |version| Filters::read(kind, version, &mut Reader::new(all, 0, body.ahead()));
        read(Version::V311)
            .map(|filters| (Version::V311, filters))
            .or_else(|_| read(Version::V5).map(|filters| (Version::V5, filters)))
            .map_err(|_| body.broken("a subscription is none of any version"))
    }
}

impl Mqtt {
    /// `SUBSCRIBE` or `UNSUBSCRIBE`.
    pub(super) fn subscribe(&mut self, head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
        let known = self.version;
        let (version, filters) = within(head.length, wire, |body| match known {
            Some(version) => Ok((version, Filters::read(head.kind, version, body)?)),
            None => Filters::guess(head.kind, body),
        })?;
        self.version = Some(version);
        let mut exchange = wire.blank();
        write(&mut exchange.request, head.kind, &filters);
        Ok(Heard::Request(key(Speaker::Client, filters.packet), exchange))
    }

    /// `SUBACK` or `UNSUBACK`.
    pub(super) fn subscribed(&mut self, head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
        let version = self.version;
        let (packet, properties, codes) = within(head.length, wire, |body| {
            let packet = body.be16()?;
            let properties = match version {
                Some(Version::V5) => Properties::read(body)?,
                Some(Version::V31 | Version::V311) | None => Properties::default(),
            };
            Ok((packet, properties, body.take(body.rest().len())?))
        })?;
        let key = key(Speaker::Client, packet);
        let answers = if head.kind == Kind::Suback { "SUBSCRIBE" } else { "UNSUBSCRIBE" };
        let Some(asked) = wire.asked_as(id(key)).filter(|asked| asked.operation == answers) else {
            return Ok(Heard::Nothing);
        };
        let failed = codes.iter().position(|code| *code >= FAILED);
        let refused = failed.and_then(|at| asked.targets.get(at).cloned());
        let granted = codes.iter().filter(|code| **code < FAILED && **code != NOTHING).count();
        let Some(answer) = wire.answer_to(id(key)) else { return Ok(Heard::Nothing) };
        let code = failed.and_then(|at| codes.get(at).copied()).unwrap_or_default();
        let error = failed.map(|_| match &refused {
            Some(filter) => format!("{}: {filter}", name(code)),
            None => name(code).to_owned(),
        });
        end(code, error.as_deref(), properties.reason(), answer);
        // In the versions before 5, nobody says what became of an `UNSUBSCRIBE`, but that it was done.
        if !codes.is_empty() {
            answer.affected = Some(granted as u64);
            answer.details.push(("granted", list(codes.iter()).into()));
        }
        properties.tell(Side::Answered, &mut answer.details);
        Ok(Heard::Response(key))
    }
}

fn write(request: &mut Request, kind: Kind, filters: &Filters<'_>) {
    let operation = if kind == Kind::Subscribe { "SUBSCRIBE" } else { "UNSUBSCRIBE" };
    request.operation = Cow::Borrowed(operation);
    request.statement.write_with(|out| {
        out.push_str(operation);
        for (filter, _) in &filters.told {
            out.push(' ');
            write_name(filter, out);
        }
        if filters.count > filters.told.len() {
            out.push_str(" …");
        }
    });
    request.targets.extend(filters.told.iter().map(|(filter, _)| {
        let mut name = String::new();
        write_name(filter, &mut name);
        Text::from(name)
    }));
    if kind == Kind::Subscribe {
        let asked: SmallVec<[u8; 8]> = filters.told.iter().map(|(_, options)| options & 3).collect();
        request.details.push(("qos", list(asked.iter()).into()));
    }
    filters.properties.tell(Side::Asked, &mut request.details);
}

/// Numbers as a text.
fn list<'a>(numbers: impl Iterator<Item = &'a u8>) -> Text {
    let mut text = String::new();
    for number in numbers.take(TARGETS) {
        let comma = if text.is_empty() { "" } else { "," };
        _ = write!(text, "{comma}{number}");
    }
    text.into()
}
