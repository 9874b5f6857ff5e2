//! The server's frames become answers, field by field: records are counted, sampled, and passed over as they come.

use std::convert::Infallible;
use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Column, Failure, Identity, Outcome, Response, Text};

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::Reader;
use crate::kit::text::shortened;

use super::apis::Api;
use super::asked::{TARGETS, lengths};
use super::errors::{self, UNSUPPORTED_VERSION};
use super::layout::Word;
use super::record::Record;
use super::records::Records;
use super::sasl;
use super::session::{Kafka, Open, Proofs};
use super::topics::{Id, Topics};
use super::walk::{Pace, Value, Walk};
use super::wire;

/// So many bytes of an error's text are kept.
const MESSAGE: usize = 1 << 10;
/// The longest answer to a bare proof.
const CHALLENGE: u32 = 512 << 10;

/// An answer that is being said.
#[derive(Debug)]
pub(super) struct Answering {
    open: Open,
    /// `None` for one whose fields nobody knows.
    walk: Option<Walk>,
    /// Bytes that are passed over then.
    left: u64,
    records: Records,
    facts: Facts,
}

/// What an answer says besides its records.
#[derive(Debug, Default)]
struct Facts {
    /// The topic that it stands in.
    topic: Option<Text>,
    /// Whether its id may follow.
    is_named: bool,
    partition: Option<i64>,
    error: Option<Error>,
    /// Whether what the server says of that error may follow.
    explains: bool,
    offset: Option<i64>,
    /// Whether the client is who it says it is.
    is_proven: bool,
}

/// The first error of an answer.
#[derive(Debug)]
struct Error {
    code: i16,
    message: Option<Text>,
    /// Which topic and partition it is about.
    of: Option<(Text, Option<i64>)>,
}

impl Kafka {
    /// The server's next answer, or more of it.
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let mut answering = match self.answering.take() {
            Some(answering) => *answering,
            None if self.proofs == Proofs::Proving => return self.challenged(wire),
            None => {
                let (left, id) = wire::answer(&mut from)?;
                let Some(open) = self.waits(id) else {
                    // Nobody asked, or it was not seen.
                    wire.skip(8 + left);
                    return Ok(Heard::Nothing);
                };
                begin(open, left, &mut from)?
            }
        };
        let done = self.read_answer(&mut answering, &mut from, wire)?;
        let passed = from.taken() as u64 + from.debt();
        wire.skip(passed);
        if done && wire.debt() == 0 {
            return Ok(self.respond(answering, wire));
        }
        self.answering = Some(Box::new(answering));
        if passed == 0 { Err(Stop::Short) } else { Ok(Heard::Part) }
    }

    /// The answer to a proof that no request stood around.
    fn challenged(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let length = wire.be32()?;
        if length > CHALLENGE {
            return Err(wire.broken("an answer to a proof has an impossible length"));
        }
        let is_good = sasl::is_done(wire.sample(length.into(), 2)?.bytes);
        if let Some(answer) = wire.answer() {
            answer.outcome = Outcome::Ok;
        }
        self.proofs = Proofs::Bare;
        if is_good {
            self.believe();
        }
        Ok(Heard::Response(Key::Turn))
    }

    /// Reads what is there of an answer: whether that was all.
    fn read_answer(
        &mut self,
        answering: &mut Answering,
        from: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<bool> {
        let Answering { open, walk, left, records, facts } = answering;
        let id = u64::from(open.id);
        let Some(walk) = walk else {
            from.skip(std::mem::take(left));
            return Ok(true);
        };
        loop {
            if records.goes_on() {
                let topic = &facts.topic;
                if !records.go_on(from, &mut |record| add(record, topic.as_ref(), id, wire))? {
                    return Ok(false);
                }
            }
            let topics = &mut self.topics;
            match walk.go_on(from, &mut |word, value: Value<'_>| facts.hear(word, value, topics, wire))? {
                Pace::Records(length) => {
                    records.begin(length);
                    facts.tell_topic(id, wire);
                }
                Pace::More => return Ok(false),
                Pace::Done => {
                    from.skip(std::mem::take(&mut walk.left));
                    return Ok(true);
                }
            }
        }
    }

    /// The answer was said.
    fn respond(&mut self, answering: Answering, wire: &mut Reader<'_>) -> Heard {
        let Answering { open, walk, records, facts, .. } = answering;
        let (has_failed, is_proven) = (facts.error.is_some(), facts.is_proven);
        if let Some(answer) = wire.answer_to(open.id.into()) {
            answer.outcome = if walk.is_some() { Outcome::Ok } else { Outcome::Unknown };
            match open.api.map(|api| api.name) {
                Some("Produce") if !has_failed => answer.affected = open.records,
                Some("Fetch" | "ShareFetch") => {
                    answer.rows = records.count();
                    answer.details.extend(records.way().map(|way| ("compression", way.name().into())));
                }
                _ => {}
            }
            facts.write(answer);
        }
        self.close(open.id);
        if open.api.is_some_and(|api| api.name == "SaslAuthenticate") {
            match (has_failed, is_proven) {
                (true, _) => self.claimed = None,
                (false, true) => self.believe(),
                (false, false) => {}
            }
        }
        Heard::Response(Key::Id(open.id.into()))
    }

    /// The server takes the client for the user that it says it is.
    fn believe(&mut self) {
        if self.claimed.is_some() && self.claimed != self.identity.user {
            self.news = Some(Identity { user: self.claimed.clone(), ..(*self.identity).clone() });
        }
    }
}

/// The answer to this request begins.
fn begin(open: Open, left: u64, from: &mut Reader<'_>) -> Read<Answering> {
    let walk = match open.api {
        Some(api) => walk(api, open.version, left, from)?,
        None => None,
    };
    Ok(Answering { open, walk, left, records: Records::default(), facts: Facts::default() })
}

/// The walk through an answer, of which `left` bytes stand behind its id ("Response Header v0" and "v1").
///
/// A server that does not speak the version of an `ApiVersions` answers in the oldest (KIP-511); the answer to it never
/// has tags in its header.
pub(super) fn walk(api: &'static Api, version: u8, left: u64, from: &mut Reader<'_>) -> Read<Option<Walk>> {
    let is_versions = api.name == "ApiVersions";
    let begin = from.taken();
    let version = match from.peek(2) {
        Ok([0, code]) if is_versions && i16::from(*code) == UNSUPPORTED_VERSION => 0,
        Err(Stop::Short) if is_versions => return Err(Stop::Short),
        _ => version,
    };
    let Some(layout) = api.answered(version) else { return Ok(None) };
    if api.is_flexible(version) && !is_versions {
        wire::tags(from)?;
    }
    let left = left.checked_sub((from.taken() - begin) as u64);
    let left = left.ok_or_else(|| from.broken("an answer is shorter than its header"))?;
    Ok(Some(Walk::new(layout, version, lengths(api, version), left)))
}

/// Adds a record to the samples of the answer to the request `id`.
fn add(record: &Record<'_>, topic: Option<&Text>, id: u64, wire: &mut Reader<'_>) {
    let columns = columns(topic, wire);
    let Some(answer) = wire.answer_to(id) else { return };
    match &answer.columns {
        None => answer.columns = Some(columns),
        Some(known) if !Arc::ptr_eq(known, &columns) && **known != *columns => {
            // Records of several topics.
            answer.columns =
                Some(known.iter().map(|column| Column { table: None, ..column.clone() }).collect());
        }
        Some(_) => {}
    }
    let row = answer.samples.begin(0);
    record.write(row);
    record.write_headers(row);
    answer.samples.end();
}

/// What a record has, shared by all answers with records of this topic.
fn columns(topic: Option<&Text>, wire: &mut Reader<'_>) -> Arc<[Column]> {
    let make = || {
        let column = |name: &str| Column {
            name: name.into(),
            kind: "bytes".into(),
            table: topic.cloned(),
            origin: None,
        };
        Ok::<_, Infallible>(Arc::from(["key", "value", "headers"].map(column)))
    };
    let is = |known: &Arc<[Column]>| matches!(&**known, [key, _, headers] if key.table.as_ref() == topic && &*headers.name == "headers");
    let Ok(shared) = wire.recall(&("record", topic), is, make);
    Arc::clone(&shared)
}

impl Facts {
    /// A field of the answer.
    fn hear(&mut self, word: Word, value: Value<'_>, topics: &mut Topics, wire: &mut Reader<'_>) {
        match (word, value) {
            (Word::Topic, Value::Bytes(name)) => {
                (self.topic, self.partition) = (Some(topics.named(name)), None);
                self.is_named = true;
            }
            (Word::Topic, Value::Null) => (self.topic, self.partition, self.is_named) = (None, None, false),
            (Word::TopicId, Value::Bytes(id)) => self.hear_id(id, topics, wire),
            (Word::Partition, Value::Number(number)) => self.partition = Some(number),
            (Word::Error, Value::Number(code)) => self.hear_error(i16::try_from(code).unwrap_or(-1)),
            (Word::Message, Value::Bytes(text)) if self.explains => {
                self.explains = false;
                if let Some(error) = &mut self.error {
                    error.message = Some(shortened(text, MESSAGE).0.into());
                }
            }
            (Word::Token, Value::Bytes(answer)) => self.is_proven = sasl::is_done(answer),
            (Word::Token, Value::Null) => self.is_proven = true,
            (Word::BaseOffset, Value::Number(offset)) if offset >= 0 => {
                self.offset.get_or_insert(offset);
            }
            _ => {}
        }
    }

    /// The id of the topic that was just named, or that stands in the place of a name.
    fn hear_id(&mut self, id: &[u8], topics: &mut Topics, wire: &mut Reader<'_>) {
        let Some(id) = id.first_chunk::<{ size_of::<Id>() }>().filter(|id| **id != [0; 16]) else { return };
        match self.topic.as_ref().filter(|_| std::mem::take(&mut self.is_named)) {
            Some(name) => topics.learn(*id, name, wire),
            None => (self.topic, self.partition) = (topics.find(*id, wire), None),
        }
    }

    fn hear_error(&mut self, code: i16) {
        self.explains = false;
        if code != 0 && self.error.is_none() {
            let of = self.topic.clone().map(|topic| (topic, self.partition));
            self.error = Some(Error { code, message: None, of });
            self.explains = true;
        }
    }

    /// A fetch goes on with topics that it named before, and does not name them again: the answer does.
    fn tell_topic(&self, id: u64, wire: &mut Reader<'_>) {
        let (Some(topic), Some(exchange)) = (&self.topic, wire.exchange_as(id)) else { return };
        let targets = &mut exchange.request.targets;
        if targets.len() < TARGETS && !targets.contains(topic) {
            targets.push(Arc::clone(topic));
        }
    }

    /// Writes them into the answer.
    fn write(self, answer: &mut Response) {
        answer.details.extend(self.offset.map(|offset| ("offset", Detail::Number(offset))));
        let Some(Error { code, message, of }) = self.error else { return };
        answer.outcome = Outcome::Error;
        let name = errors::name(code).unwrap_or("UNKNOWN");
        let message = message.map_or_else(|| name.into(), |said| [name, ": ", &*said].concat().into());
        answer.failure = Some(Box::new(Failure { code: code.to_string().into(), message }));
        if let Some((topic, partition)) = of {
            let of = partition.map_or(topic.to_string(), |partition| format!("{topic}[{partition}]"));
            answer.details.push(("failed", of.as_str().into()));
        }
    }
}
