//! Messages, and what acknowledges them: `PUBLISH`, `PUBACK`, `PUBREC`, `PUBREL`, `PUBCOMP` (sections 3.3 to 3.7).

use std::borrow::Cow;

use model::conn::Speaker;
use model::details::Detail;
use model::exchange::{Request, Text};

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

use crate::queue::message::{BODY, tell_body};

use super::properties::{LONGEST, Properties, Side};
use super::reasons::{FAILED, end, name};
use super::session::{Mqtt, id, key, tell_speaker};
use super::wire::{Head, Kind, Version, is_topic, number_of, within};

/// The properties that a message has (3.3.2.3).
const OF_MESSAGES: [u8; 8] = [0x01, 0x02, 0x03, 0x08, 0x09, 0x0b, 0x23, 0x26];

/// What stands before a message's payload.
pub(super) struct Message<'a> {
    /// Empty where an alias stands for it.
    pub(super) topic: &'a [u8],
    /// The packet's identifier, where it will be acknowledged.
    pub(super) packet: Option<u16>,
    /// Bytes behind them.
    left: u32,
}

/// Whether properties stand before a payload.
enum Found<'a> {
    /// Perhaps: nobody said which version it is, and there may be none or no room for them.
    Guessed(Properties<'a>),
    /// As the version says, which is known now.
    Known(Version, Properties<'a>),
    /// More than anybody reads.
    TooMany,
}

/// Topic and identifier of a message, within the packet's length.
pub(super) fn message<'a>(head: Head, wire: &mut Reader<'a>) -> Read<Message<'a>> {
    let topic_length = wire.be16()?;
    let packet_length = if head.quality() > 0 { 2 } else { 0 };
    let Some(left) = head.length.checked_sub(2 + u32::from(topic_length) + packet_length) else {
        return Err(wire.broken("a message is shorter than its topic"));
    };
    let topic = wire.take(usize::from(topic_length))?;
    if !is_topic(topic) {
        return Err(wire.broken("a topic is no text"));
    }
    let packet = if head.quality() > 0 { Some(wire.be16()?) } else { None };
    if packet == Some(0) {
        return Err(wire.broken("a packet that is acknowledged has no identifier"));
    }
    Ok(Message { topic, packet, left })
}

impl Mqtt {
    /// A message of either side.
    #[inline]
    pub(super) fn published(&mut self, speaker: Speaker, head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
        let message = message(head, wire)?;
        let before = wire.taken();
        let found = self.properties(message.left, wire)?;
        let left = u64::from(message.left) - (wire.taken() - before) as u64;
        let (properties, body) = match found {
            Found::Guessed(properties) | Found::Known(_, properties) => {
                (properties, Some(wire.sample(left, BODY)?))
            }
            Found::TooMany => {
                wire.skip(left);
                (Properties::default(), None)
            }
        };
        if message.topic.is_empty() && body.is_some() && properties.topic_alias().is_none() {
            return Err(wire.broken("a message has no topic"));
        }
        if let Found::Known(version, _) = found {
            self.version = Some(version);
        }
        let key = message.packet.map(|packet| key(speaker, packet));
        if let Some(key) = key.filter(|key| head.is_repeated() && quality(wire.asked_as(id(*key))).is_some())
        {
            return Ok(go_on(key, speaker, speaker, wire));
        }
        let mut exchange = wire.blank();
        let topic = self.topic(speaker, message.topic, properties.topic_alias());
        write(&mut exchange.request, head, topic, body);
        tell_speaker(speaker, &mut exchange.request);
        properties.tell(Side::Asked, &mut exchange.request.details);
        if matches!(found, Found::Guessed(_)) {
            exchange.request.details.push(("version", "guessed".into()));
        }
        Ok(match key {
            Some(key) => Heard::Request(key, exchange),
            None => Heard::Oneway(exchange),
        })
    }

    /// The properties before a payload, which has `left` bytes with them.
    #[inline]
    fn properties<'a>(&self, left: u32, wire: &mut Reader<'a>) -> Read<Found<'a>> {
        match self.version {
            Some(version @ (Version::V31 | Version::V311)) => {
                Ok(Found::Known(version, Properties::default()))
            }
            Some(Version::V5) => {
                let before = wire.taken();
                let length = number_of(wire)?;
                if u64::from(length) + (wire.taken() - before) as u64 > u64::from(left) {
                    return Err(wire.broken("a message is shorter than its properties"));
                }
                if length > LONGEST {
                    return Ok(Found::TooMany);
                }
                Ok(Found::Known(Version::V5, Properties::of(length, wire)?))
            }
            None => guessed(left, wire),
        }
    }

    /// The topic of a message, where it is known.
    #[inline]
    fn topic(&mut self, speaker: Speaker, topic: &[u8], alias: Option<u16>) -> Option<Text> {
        let topics = self.topics(speaker);
        match (topic, alias) {
            (b"", None) => None,
            (b"", Some(alias)) => topics.aliased(alias),
            (topic, alias) => {
                let topic = topics.named(topic);
                if let Some(alias) = alias {
                    topics.rename(alias, &topic);
                }
                Some(topic)
            }
        }
    }

    /// A step of the acknowledgement of a message.
    pub(super) fn acknowledged(
        &mut self,
        speaker: Speaker,
        head: Head,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let (packet, code, properties) = within(head.length, wire, acknowledgement)?;
        if head.length > 2 && self.version.is_some_and(|version| version != Version::V5) {
            return Err(wire.broken("an acknowledgement goes on as none of its version does"));
        }
        let asker = match (head.kind, speaker) {
            (Kind::Pubrel, speaker) => speaker,
            (_, Speaker::Client) => Speaker::Server,
            (_, Speaker::Server) => Speaker::Client,
        };
        let key = key(asker, packet);
        let is_last = match (head.kind, quality(wire.asked_as(id(key)))) {
            (Kind::Puback, Some(1)) | (Kind::Pubcomp, Some(2)) => true,
            (Kind::Pubrec, Some(2)) => code >= FAILED,
            (Kind::Pubrel, Some(2)) => false,
            // It answers what was lost, or said before anybody listened.
            _ => return Ok(Heard::Nothing),
        };
        if let Some(answer) = wire.answer_to(id(key)).filter(|_| is_last || code > 0) {
            end(code, (code >= FAILED).then(|| name(code)), properties.reason(), answer);
            properties.tell(Side::Answered, &mut answer.details);
        }
        if !is_last {
            return Ok(go_on(key, asker, speaker, wire));
        }
        // What was lost meanwhile may have been one of its steps.
        if head.kind == Kind::Pubcomp
            && let Some(cause) = wire.missed_as(id(key))
            && let Some(exchange) = wire.exchange_as(id(key))
        {
            exchange.completeness.cause.get_or_insert(cause);
        }
        Ok(Heard::Response(key))
    }
}

/// An identifier, a reason code, properties: the last two are left out where they say nothing (3.4.2).
pub(super) fn acknowledgement<'a>(body: &mut Reader<'a>) -> Read<(u16, u8, Properties<'a>)> {
    let packet = body.be16()?;
    if packet == 0 {
        return Err(body.broken("an acknowledgement is of no packet"));
    }
    let (code, properties) = reason(body)?;
    Ok((packet, code, properties))
}

/// A reason code and properties, both of which may be left out.
pub(super) fn reason<'a>(body: &mut Reader<'a>) -> Read<(u8, Properties<'a>)> {
    let code = if body.rest().is_empty() { 0 } else { body.u8()? };
    let properties = if body.rest().is_empty() { Properties::default() } else { Properties::read(body)? };
    Ok((code, properties))
}

/// An exchange that `asker` asked goes on with a packet of `speaker`.
fn go_on(key: Key, asker: Speaker, speaker: Speaker, wire: &mut Reader<'_>) -> Heard {
    if asker == Speaker::Client {
        return Heard::Piece(key);
    }
    // The pairing takes what the server says for a piece of a response.
    let bytes = wire.taken() as u64 + wire.debt();
    if let Some(exchange) = wire.exchange_as(id(key)) {
        match speaker {
            Speaker::Server => exchange.request_bytes += bytes,
            Speaker::Client => exchange.response_bytes += bytes,
        }
    }
    Heard::Nothing
}

/// The quality of service of an open request, if it is a message.
fn quality(request: Option<&Request>) -> Option<i64> {
    let request = request.filter(|request| request.operation == "PUBLISH")?;
    request.details.iter().find_map(|(name, detail)| match detail {
        Detail::Number(number) if *name == "qos" => Some(*number),
        Detail::Number(_) | Detail::Text(_) => None,
    })
}

/// Writes a message.
#[inline]
fn write(request: &mut Request, head: Head, topic: Option<Text>, body: Option<Sample<'_>>) {
    request.operation = Cow::Borrowed("PUBLISH");
    if let Some(topic) = topic {
        request.statement.write_with(|out| {
            out.push_str("PUBLISH ");
            out.push_str(&topic);
        });
        request.targets.push(topic);
    }
    let flags = [("retain", head.is_retained()), ("repeated", head.is_repeated())];
    if head.quality() > 0 {
        request.details.push(("qos", i64::from(head.quality()).into()));
    }
    for (name, _) in flags.into_iter().filter(|(_, is_set)| *is_set) {
        request.details.push((name, 1.into()));
    }
    if let Some(body) = body {
        tell_body(&body, request);
    }
}

/// Reads properties where nobody said whether the version has some: what cannot be such is a payload.
#[cold]
fn guessed<'a>(left: u32, wire: &mut Reader<'a>) -> Read<Found<'a>> {
    let none = Found::Known(Version::V311, Properties::default());
    let near = wire.rest().get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(wire.rest());
    let mut ahead = Reader::new(near, wire.position(), Ahead::Open);
    let length = match number_of(&mut ahead) {
        Ok(length) => length,
        Err(Stop::Short) if (near.len() as u64) < u64::from(left) => return Err(Stop::Short),
        Err(_) => return Ok(none),
    };
    if u64::from(length) + ahead.taken() as u64 > u64::from(left) || length > LONGEST {
        return Ok(none);
    }
    if length > 0 && ahead.rest().first().is_some_and(|id| !OF_MESSAGES.contains(id)) {
        return Ok(none);
    }
    let properties = match Properties::of(length, &mut ahead) {
        Ok(properties) => properties,
        Err(Stop::Short) => return Err(Stop::Short),
        Err(Stop::Broken(_) | Stop::Over) => return Ok(none),
    };
    wire.skip(ahead.taken() as u64);
    Ok(match length {
        0 => Found::Guessed(properties),
        _ => Found::Known(Version::V5, properties),
    })
}
