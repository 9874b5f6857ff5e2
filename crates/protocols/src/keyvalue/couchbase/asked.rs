//! Requests: of clients, and of servers.

use std::borrow::Cow;
use std::fmt::Write as _;

use model::conn::Speaker;
use model::exchange::{Request, Text};

use crate::keyvalue::packet::{Packet, big_endian};
use crate::kit::identity::turn;
use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::sasl;
use crate::kit::text::{lossy, utf8};
use crate::web::json::Value;

use super::names::feature_names;
use super::opcodes::{Answers, Kind};
use super::paths;
use super::session::{Couchbase, id};
use super::wire::{JSON, Message, SNAPPY, XATTR, frames, text};

/// So many keys of one command are told.
const KEYS: usize = 16;

impl Couchbase {
    /// A request of `speaker`, of so many bytes.
    pub(super) fn asked(
        &mut self,
        speaker: Speaker,
        message: &Message<'_>,
        length: u64,
        wire: &mut Reader<'_>,
    ) -> Heard {
        if let Some(news) = self.introduced(message, wire) {
            return news;
        }
        wire.skip(length);
        let mut exchange = wire.blank();
        self.write(message, &mut exchange.request);
        if speaker == Speaker::Server {
            exchange.request.details.push(("from", "server".into()));
        }
        if message.opcode.answers == Answers::Never {
            return Heard::Oneway(exchange);
        }
        let id = id(speaker, &message.packet.head);
        self.wait(id, message.opcode.answers);
        Heard::Request(Key::Id(id), exchange)
    }

    /// Who the client says that it is, if that is news.
    fn introduced(&mut self, message: &Message<'_>, wire: &mut Reader<'_>) -> Option<Heard> {
        let packet = &message.packet;
        match message.opcode.kind {
            Kind::Proof => {
                // What goes on names nobody.
                self.user = sasl::user(packet.key, packet.value.bytes).or_else(|| self.user.take());
                None
            }
            Kind::Hello if !packet.key.is_empty() => {
                let name = utf8(packet.key)?;
                let agent = Value::of(name).get("a").and_then(Value::text);
                let agent = agent.unwrap_or(Cow::Borrowed(name));
                turn(&mut self.identity, wire, |identity| identity.application = Some(Text::from(&*agent)))
            }
            _ => None,
        }
    }

    fn write(&self, message: &Message<'_>, request: &mut Request) {
        let packet = &message.packet;
        request.operation = Cow::Borrowed(message.opcode.word);
        let mut key = packet.key;
        if message.opcode.kind.is_document() {
            let (number, rest) = self.document(packet.key);
            key = rest;
            self.tell_collection(number, request);
            request.targets.push(Text::from(&*lossy(key)));
        }
        let Request { statement, parameters, .. } = request;
        statement.write_with(|out| {
            out.push_str(message.opcode.word);
            state(message, key, out);
            paths::ask(message, out, parameters);
        });
        self.tell(message, request);
        tell_frames(packet, request);
    }

    /// The collection that a number stands for; the one without a name is not told.
    fn tell_collection(&self, number: Option<u32>, request: &mut Request) {
        let Some(number) = number.filter(|number| *number != 0) else { return };
        request.targets.extend(self.collection(number).cloned());
        request.details.push(("collection_id", i64::from(number).into()));
    }

    /// Tells what a request brings.
    fn tell(&self, message: &Message<'_>, request: &mut Request) {
        let packet = &message.packet;
        let value = &packet.value;
        match message.opcode.kind {
            Kind::Store | Kind::Concat | Kind::Item if value.length > 0 => {
                request.parameters.push(&text(packet.head.datatype, value));
                if value.is_cut() {
                    let length = i64::try_from(value.length).unwrap_or(i64::MAX);
                    request.details.push(("value_bytes", length.into()));
                }
                request.details.extend(datatype(packet.head.datatype).map(|told| ("datatype", told.into())));
            }
            Kind::Hello => request.details.push(("features", feature_names(value.bytes).as_str().into())),
            Kind::Select => request.targets.push(Text::from(&*lossy(packet.key))),
            Kind::Collection => request.targets.push(Text::from(&*lossy(value.bytes))),
            Kind::Observe => self.tell_observed(value.bytes, request),
            _ => {}
        }
    }

    /// Tells the keys that are observed, each behind its partition and its length.
    fn tell_observed(&self, value: &[u8], request: &mut Request) {
        let mut wire = Reader::new(value, 0, Ahead::End);
        let mut next = || -> Option<&[u8]> {
            wire.be16().ok()?;
            let length = wire.be16().ok()?;
            wire.take(usize::from(length)).ok()
        };
        for _ in 0..KEYS {
            let Some(key) = next() else { break };
            request.targets.push(Text::from(&*lossy(self.document(key).1)));
        }
    }
}

/// Writes a request as a line: its key, and the numbers that stand before it.
fn state(message: &Message<'_>, key: &[u8], out: &mut String) {
    let Packet { extras, value, head, .. } = &message.packet;
    let kind = message.opcode.kind;
    if kind.is_document()
        || matches!(kind, Kind::Select | Kind::Named | Kind::Stats | Kind::Proof) && !key.is_empty()
    {
        _ = write!(out, " {}", lossy(key));
    }
    match kind {
        Kind::Store => {
            let (flags, expiry) = extras.split_at_checked(4).unwrap_or_default();
            _ = write!(out, " {} {} {}", big_endian(flags), big_endian(expiry), value.length);
            if head.cas != 0 {
                _ = write!(out, " {}", head.cas);
            }
        }
        Kind::Concat => _ = write!(out, " {}", value.length),
        // The difference; the first value and the expiry stand behind it.
        Kind::Count => _ = write!(out, " {}", big_endian(extras)),
        Kind::Touch | Kind::GetAnd if !extras.is_empty() => _ = write!(out, " {}", big_endian(extras)),
        Kind::Collection => _ = write!(out, " {}", lossy(value.bytes)),
        Kind::Proof => out.push_str(" ***"),
        _ => {}
    }
}

/// Tells what stands in the frame of a request.
fn tell_frames(packet: &Packet<'_>, request: &mut Request) {
    for (id, bytes) in frames(packet.frame) {
        match (id, bytes) {
            (0, _) => request.details.push(("barrier", 1.into())),
            (1, [level, timeout @ ..]) => {
                request.details.push(("durability", durability(*level).into()));
                if !timeout.is_empty() {
                    let timeout = i64::try_from(big_endian(timeout)).unwrap_or(i64::MAX);
                    request.details.push(("durability_timeout_ms", timeout.into()));
                }
            }
            (4, user) => request.details.push(("on_behalf_of", (&*lossy(user)).into())),
            (5, _) => request.details.push(("preserve_ttl", 1.into())),
            _ => {}
        }
    }
}

fn durability(level: u8) -> &'static str {
    match level {
        1 => "majority",
        2 => "majority_and_persist_to_active",
        3 => "persist_to_majority",
        _ => "unknown",
    }
}

/// What a value is, where that is more than JSON or nothing.
pub(super) fn datatype(datatype: u8) -> Option<&'static str> {
    match (datatype & JSON != 0, datatype & SNAPPY != 0, datatype & XATTR != 0) {
        (_, false, false) => None,
        (false, true, false) => Some("snappy"),
        (true, true, false) => Some("json snappy"),
        (false, false, true) => Some("xattr"),
        (true, false, true) => Some("json xattr"),
        (false, true, true) => Some("snappy xattr"),
        (true, true, true) => Some("json snappy xattr"),
    }
}
