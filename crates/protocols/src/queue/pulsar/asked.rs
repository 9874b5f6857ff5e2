//! What clients ask, and what either side tells without an answer.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Column, Exchange, Identity, Response, Text};

use crate::kit::protobuf::{Value, fields};
use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::commands::Means;
use super::payload::Payload;
use super::session::{Consumer, GREETING, Pulsar, sent, text};
use super::wire::{Frame, bytes, numbered};

/// What stands for a credential.
const MASK: &str = "***";
/// So many message ids of one command are told.
const IDS: usize = 16;
/// `CommandSubscribe.SubType`, from 0 on.
const KINDS: [&str; 4] = ["exclusive", "shared", "failover", "key_shared"];

impl Pulsar {
    /// A command of the client that may be answered.
    pub(super) fn asked(&mut self, frame: &Frame<'_>, wire: &mut Reader<'_>) -> Heard {
        let mut exchange = wire.blank();
        let said = frame.fields;
        exchange.request.operation = Cow::Borrowed(frame.command.name);
        let key = match frame.command.means {
            Means::Greeting => {
                greet(said, &mut exchange);
                Some(GREETING)
            }
            Means::Send => {
                self.send(frame, &mut exchange);
                Some(sent(said))
            }
            Means::Ack => {
                self.acknowledge(said, &mut exchange);
                numbered(said, 8)
            }
            Means::Request { id, topic } => {
                self.request(frame, topic, &mut exchange);
                numbered(said, id)
            }
            _ => None,
        };
        match key {
            Some(key) => Heard::Request(Key::Id(key), exchange),
            None => Heard::Oneway(exchange),
        }
    }

    /// A request that names its topic, or the producer or consumer that it is about.
    fn request(&mut self, frame: &Frame<'_>, topic: u64, exchange: &mut Exchange) {
        let said = frame.fields;
        let named = bytes(said, topic).filter(|_| topic != 0).map(text);
        let mut words = Vec::new();
        match (frame.command.name, named) {
            ("Producer", Some(topic)) => {
                if let Some(id) = numbered(said, 2) {
                    self.know_producer(id, Arc::clone(&topic));
                }
                words.push(topic);
            }
            ("Subscribe", Some(topic)) => {
                let subscription = bytes(said, 2).map(text).unwrap_or_default();
                if let Some(id) = numbered(said, 4) {
                    let (topic, subscription) = (Arc::clone(&topic), Arc::clone(&subscription));
                    self.know_consumer(id, Consumer { topic, subscription });
                }
                let kind = numbered(said, 3).and_then(|kind| KINDS.get(usize::try_from(kind).ok()?));
                let details = &mut exchange.request.details;
                details.extend(kind.map(|kind| ("subscription_type", (*kind).into())));
                details.push(("subscription", Detail::Text(Arc::clone(&subscription))));
                words.extend([topic, subscription]);
            }
            ("CloseProducer", None) => {
                let known = numbered(said, 1).and_then(|id| self.producers.get(&id));
                words.extend(known.cloned());
            }
            ("CloseConsumer" | "Unsubscribe" | "Seek" | "GetLastMessageId", None) => {
                let known = numbered(said, 1).and_then(|id| self.consumers.get(&id));
                words.extend(
                    known.into_iter().flat_map(|it| [Arc::clone(&it.topic), Arc::clone(&it.subscription)]),
                );
            }
            ("GetTopicsOfNamespace", None) => {
                let namespace = bytes(said, 2).map(text);
                return say(exchange, namespace.as_slice());
            }
            (_, named) => words.extend(named),
        }
        exchange.request.targets.extend(words.first().cloned());
        // Whom it is about was told before the watching began.
        if !words.is_empty() || !is_about_somebody(frame.command.name) {
            say(exchange, &words);
        }
    }

    fn send(&self, frame: &Frame<'_>, exchange: &mut Exchange) {
        if let Some(topic) = self.producers.get(&numbered(frame.fields, 1).unwrap_or_default()) {
            exchange.request.targets.push(Arc::clone(topic));
            say(exchange, std::slice::from_ref(topic));
        }
        let count = numbered(frame.fields, 3).unwrap_or(1);
        let details = &mut exchange.request.details;
        details.push(("messages", Detail::Number(i64::try_from(count).unwrap_or(i64::MAX))));
        let Some(payload) = Payload::of(frame.payload) else { return };
        details.extend(payload.way().map(|way| ("compression", way.into())));
        payload.each(|message| message.write(&mut exchange.request.parameters));
    }

    fn acknowledge(&self, said: &[u8], exchange: &mut Exchange) {
        let Some(consumer) = numbered(said, 1).and_then(|id| self.consumers.get(&id)) else { return };
        exchange.request.targets.push(Arc::clone(&consumer.topic));
        exchange.request.details.push(("subscription", Detail::Text(Arc::clone(&consumer.subscription))));
        let ids = fields(said).filter(|field| field.number == 3);
        let ids = ids.filter_map(|field| match field.value {
            Value::Bytes(id) => Some(position(id).as_str().into()),
            Value::Cut(_) | Value::Varint(_) | Value::Fixed64(_) | Value::Fixed32(_) => None,
        });
        let up_to = (numbered(said, 2) == Some(1)).then(|| Text::from("up to"));
        let words = [Arc::clone(&consumer.topic), Arc::clone(&consumer.subscription)];
        let words: Vec<_> = words.into_iter().chain(up_to).chain(ids.take(IDS)).collect();
        say(exchange, &words);
    }

    /// What nobody answers: messages to a subscriber, notices.
    pub(super) fn told(&mut self, frame: &Frame<'_>, wire: &mut Reader<'_>) -> Heard {
        let mut exchange = wire.blank();
        let said = frame.fields;
        exchange.request.operation = Cow::Borrowed(frame.command.name);
        let consumer = numbered(said, 1).and_then(|id| self.consumers.get(&id));
        match (frame.command.name, consumer) {
            ("AuthChallenge" | "AuthResponse", _) => {
                exchange.request.statement.write_with(|out| _ = write!(out, "{} {MASK}", frame.command.name));
            }
            ("CloseProducer", _) => {
                if let Some(topic) = numbered(said, 1).and_then(|id| self.producers.get(&id)) {
                    exchange.request.targets.push(Arc::clone(topic));
                    say(&mut exchange, std::slice::from_ref(topic));
                }
            }
            ("Message", consumer) => deliver(frame, consumer, &mut exchange, wire),
            (_, Some(consumer)) => {
                exchange.request.targets.push(Arc::clone(&consumer.topic));
                say(&mut exchange, &[Arc::clone(&consumer.topic), Arc::clone(&consumer.subscription)]);
            }
            (_, None) => {}
        }
        Heard::Oneway(exchange)
    }

    /// Who the session is, if this makes it another one.
    pub(super) fn news(&self, frame: &Frame<'_>) -> Option<Identity> {
        let mut now = (*self.identity).clone();
        match frame.command.means {
            Means::Greeting => {
                now.application = bytes(frame.fields, 1).map(text);
                // Of all ways to prove who one is, this one says it in clear.
                if bytes(frame.fields, 5) == Some(b"basic") {
                    let user = bytes(frame.fields, 3).and_then(|it| it.split(|byte| *byte == b':').next());
                    now.user = user.map(text);
                }
            }
            Means::Greeted => now.version = bytes(frame.fields, 1).map(text),
            _ => return None,
        }
        (now != *self.identity).then_some(now)
    }
}

/// Whether a request is about a producer or a consumer that it names by a number.
fn is_about_somebody(name: &str) -> bool {
    matches!(name, "CloseProducer" | "CloseConsumer" | "Unsubscribe" | "Seek" | "GetLastMessageId")
}

fn greet(said: &[u8], exchange: &mut Exchange) {
    let details = &mut exchange.request.details;
    let version = numbered(said, 4).and_then(|version| i64::try_from(version).ok());
    details.extend(version.map(|version| ("protocol_version", Detail::Number(version))));
    let method = bytes(said, 5).map(text);
    exchange.request.statement.write_with(|out| {
        out.push_str("Connect");
        if let Some(method) = method.as_deref().filter(|method| !matches!(*method, "none" | "")) {
            _ = write!(out, " {method} {MASK}");
        }
    });
    details.extend(method.map(|method| ("auth_method", Detail::Text(method))));
}

/// Messages to a subscriber: rows of key, value and properties.
fn deliver(frame: &Frame<'_>, consumer: Option<&Consumer>, exchange: &mut Exchange, wire: &mut Reader<'_>) {
    let id = bytes(frame.fields, 2).map(position);
    if let Some(consumer) = consumer {
        exchange.request.targets.push(Arc::clone(&consumer.topic));
        exchange.request.details.push(("subscription", Detail::Text(Arc::clone(&consumer.subscription))));
        let id = id.as_deref().map(Text::from);
        let words = [Arc::clone(&consumer.topic), Arc::clone(&consumer.subscription)];
        say(exchange, &words.into_iter().chain(id).collect::<Vec<_>>());
    }
    let Some(payload) = Payload::of(frame.payload) else { return };
    let shown = shape(consumer.map(|consumer| &consumer.topic), wire);
    let Response { rows, samples, columns, details, .. } = &mut exchange.response;
    *rows = Some(payload.count());
    details.extend(payload.way().map(|way| ("compression", way.into())));
    *columns = Some(shown);
    payload.each(|message| {
        let row = samples.begin(0);
        message.write(row);
        message.write_properties(row);
        samples.end();
    });
}

/// What a message has, shared by all of this topic.
fn shape(topic: Option<&Text>, wire: &mut Reader<'_>) -> Arc<[Column]> {
    let make = || {
        let column = |name: &str| Column {
            name: name.into(),
            kind: "bytes".into(),
            table: topic.cloned(),
            origin: None,
        };
        Ok::<_, Infallible>(Arc::from(["key", "value", "properties"].map(column)))
    };
    let is = |known: &Arc<[Column]>| matches!(&**known, [key, _, last] if key.table.as_ref() == topic && &*last.name == "properties");
    let Ok(shared) = wire.recall(&("message", topic), is, make);
    Arc::clone(&shared)
}

/// Where a message stands: ledger and entry.
pub(super) fn position(id: &[u8]) -> String {
    let [ledger, entry] = [1, 2].map(|field| numbered(id, field).unwrap_or_default());
    format!("{ledger}:{entry}")
}

/// Writes a statement: the command, and what it names.
fn say(exchange: &mut Exchange, words: &[Text]) {
    let name = exchange.request.operation.clone();
    exchange.request.statement.write_with(|out| {
        out.push_str(&name);
        for word in words {
            out.push(' ');
            out.push_str(&lossy(word.as_bytes()));
        }
    });
}
