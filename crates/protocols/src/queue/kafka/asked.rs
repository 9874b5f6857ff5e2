//! The client's frames become requests, field by field: records are sampled and passed over as they come.

use std::borrow::Cow;
use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Exchange, Identity, Text};

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;

use super::apis::Api;
use super::layout::Word;
use super::records::Records;
use super::sasl;
use super::session::{Kafka, Open, Proofs};
use super::told::Told;
use super::topics::{Id, Topics, text, written};
use super::walk::{Lengths, Pace, Value, Walk};
use super::wire::{self, Header};

/// So many topics of one request are told.
pub(super) const TARGETS: usize = 64;
/// The longest proof that is sent without a request around it; a broker takes no longer one.
const PROOF: u32 = 512 << 10;
/// What stands for a credential.
const MASK: &str = "***";

/// A request that is being said.
#[derive(Debug)]
pub(super) struct Asking {
    open: Open,
    walk: Walk,
    records: Records,
    said: Said,
}

/// What was heard of it.
#[derive(Debug)]
struct Said {
    exchange: Box<Exchange>,
    told: Told,
    /// Whether it is answered.
    then: Then,
    /// Whether a topic's name was told before the watching began.
    hidden: bool,
    /// What the client says of its library.
    software: Option<Text>,
    /// The user whom a proof is of.
    claimed: Option<Text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Answered,
    Oneway,
}

impl Kafka {
    /// The client's next request, or more of it.
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let mut asking = match self.asking.take() {
            Some(asking) => *asking,
            None if self.proofs != Proofs::Asked && is_proof(&from)? => return self.prove(wire),
            None => {
                let header = wire::header(&mut from)?;
                if let Some(identity) = self.renamed(header.client) {
                    self.identity = wire.share(identity);
                    return Ok(Heard::Identity(Arc::clone(&self.identity)));
                }
                self.proofs = Proofs::Asked;
                match header.api.and_then(|api| Some((api, api.asked(header.version)?))) {
                    Some((api, layout)) => {
                        let lengths = lengths(api, header.version);
                        let walk = Walk::new(layout, header.version, lengths, header.left);
                        self.begin(header, api, walk, wire)
                    }
                    None => return Ok(self.ask_unread(header, from, wire)),
                }
            }
        };
        let done = self.read_request(&mut asking, &mut from, wire)?;
        let passed = from.taken() as u64 + from.debt();
        wire.skip(passed);
        if done && wire.debt() == 0 {
            return Ok(self.ask(asking));
        }
        self.asking = Some(Box::new(asking));
        if passed == 0 { Err(Stop::Short) } else { Ok(Heard::Part) }
    }

    /// Who the session is, if the client calls itself otherwise than before.
    fn renamed(&self, client: Option<&[u8]>) -> Option<Identity> {
        let client = client?;
        let known = &*self.identity;
        if known.application.as_ref().is_some_and(|known| known.as_bytes() == client) {
            return None;
        }
        let named = Identity { application: Some(text(client)), ..known.clone() };
        (named != *known).then_some(named)
    }

    fn begin(&mut self, header: Header<'_>, api: &'static Api, walk: Walk, wire: &mut Reader<'_>) -> Asking {
        let mut exchange = wire.blank();
        exchange.request.operation = Cow::Borrowed(api.name);
        exchange.request.details.push(("api_version", Detail::Number(header.version.into())));
        let said = Said {
            exchange,
            told: Told::new(std::mem::take(&mut self.memory), api.name),
            then: Then::Answered,
            hidden: false,
            software: None,
            claimed: None,
        };
        let open = Open { id: header.id, api: Some(api), version: header.version, records: None };
        Asking { open, walk, records: Records::default(), said }
    }

    /// Reads what is there of a request: whether that was all.
    fn read_request(
        &mut self,
        asking: &mut Asking,
        from: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<bool> {
        let Asking { walk, records, said, .. } = asking;
        loop {
            if records.goes_on() {
                let parameters = &mut said.exchange.request.parameters;
                if !records.go_on(from, &mut |record| record.write(parameters))? {
                    return Ok(false);
                }
            }
            let (topics, group) = (&mut self.topics, &mut self.group);
            let mut hear = |word, value: Value<'_>| said.hear(word, value, (topics, group), wire);
            match walk.go_on(from, &mut hear)? {
                Pace::Records(length) => records.begin(length),
                Pace::More => return Ok(false),
                Pace::Done => {
                    from.skip(std::mem::take(&mut walk.left));
                    return Ok(true);
                }
            }
        }
    }

    /// The request was said.
    fn ask(&mut self, asking: Asking) -> Heard {
        let Asking { mut open, records, said, .. } = asking;
        let Said { mut exchange, told, then, hidden, claimed, .. } = said;
        let request = &mut exchange.request;
        let is_produce = request.operation == "Produce";
        if is_produce {
            open.records = records.count();
            let count = records.count().and_then(|count| i64::try_from(count).ok());
            request.details.extend(count.map(|count| ("records", Detail::Number(count))));
            request.details.extend(records.way().map(|way| ("compression", way.name().into())));
        }
        let text = told.end();
        if !hidden {
            request.statement.write(&text);
        }
        self.keep(text);
        if claimed.is_some() {
            self.claimed = claimed;
        }
        if request.operation == "SaslHandshake" && open.version == 0 {
            self.proofs = Proofs::Bare;
        }
        match then {
            Then::Answered => {
                self.wait(open);
                Heard::Request(Key::Id(open.id.into()), exchange)
            }
            Then::Oneway => Heard::Sent(exchange),
        }
    }

    /// A request whose fields nobody knows.
    fn ask_unread(&mut self, header: Header<'_>, mut from: Reader<'_>, wire: &mut Reader<'_>) -> Heard {
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        request.operation = Cow::Borrowed(header.api.map_or("unknown", |api| api.name));
        if header.api.is_none() {
            request.details.push(("api_key", Detail::Number(header.key.into())));
        }
        request.details.push(("api_version", Detail::Number(header.version.into())));
        from.skip(header.left);
        wire.skip(from.taken() as u64 + from.debt());
        self.wait(Open { id: header.id, api: header.api, version: header.version, records: None });
        Heard::Request(Key::Id(header.id.into()), exchange)
    }

    /// A proof that no request stands around; the server answers in turn.
    fn prove(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let length = wire.be32()?;
        let proof = wire.sample(length.into(), PROOF as usize)?;
        if let Some(user) = sasl::user(proof.bytes) {
            self.claimed = Some(user);
        }
        self.proofs = Proofs::Proving;
        let mut exchange = wire.blank();
        exchange.request.operation = Cow::Borrowed("SaslAuthenticate");
        exchange.request.statement.write("SaslAuthenticate ***");
        Ok(Heard::Request(Key::Turn, exchange))
    }
}

/// Whether what comes next is a proof and no request: it does not begin like any that there is.
fn is_proof(from: &Reader<'_>) -> Read<bool> {
    let mut ahead = Reader::new(from.rest(), from.position(), from.ahead());
    let length = ahead.be32()?;
    if length > PROOF {
        return Ok(false);
    }
    // As much of it as a header may have.
    let begin = ahead.sample(length.into(), 64)?.bytes;
    let whole = [&length.to_be_bytes(), begin].concat();
    Ok(match wire::header(&mut Reader::new(&whole, 0, Ahead::Open)) {
        Ok(header) => header.api.is_none_or(|api| api.asked(header.version).is_none()),
        Err(_) => true,
    })
}

/// How lengths are written in messages of this version.
pub(super) fn lengths(api: &Api, version: u8) -> Lengths {
    if api.is_flexible(version) { Lengths::Compact } else { Lengths::Plain }
}

impl Said {
    /// A field of the request.
    fn hear(
        &mut self,
        word: Word,
        value: Value<'_>,
        (topics, group): (&mut Topics, &mut Option<Text>),
        wire: &mut Reader<'_>,
    ) {
        match (word, value) {
            (Word::TopicId, Value::Bytes(id)) => self.hear_id(id, topics, wire),
            (_, Value::Bytes(bytes)) => self.hear_bytes(word, bytes, topics, group),
            (Word::All, Value::Null) => self.told.name(b"*"),
            (Word::Partition, Value::Number(number)) => self.told.partition(number),
            (Word::Offset, Value::Number(number)) => self.told.offset(number),
            (Word::Time, Value::Number(number)) => self.told.time(number),
            (Word::Committed, Value::Number(0)) => self.told.name(b"abort"),
            (Word::Committed, Value::Number(_)) => self.told.name(b"commit"),
            (Word::Acks, Value::Number(acks)) => {
                self.exchange.request.details.push(("acks", Detail::Number(acks)));
                self.then = if acks == 0 { Then::Oneway } else { Then::Answered };
            }
            (_, Value::Number(_) | Value::Null) => {}
        }
    }

    fn hear_bytes(&mut self, word: Word, bytes: &[u8], topics: &mut Topics, group: &mut Option<Text>) {
        match word {
            Word::Topic => {
                self.told.name(bytes);
                self.touch(topics.named(bytes));
            }
            Word::Group => {
                self.told.name(bytes);
                let known = group.as_ref().filter(|group| group.as_bytes() == bytes).cloned();
                let named = known.unwrap_or_else(|| text(bytes));
                *group = Some(Arc::clone(&named));
                self.detail("group", named);
            }
            Word::Transaction => {
                self.told.name(bytes);
                self.detail("transactional_id", text(bytes));
            }
            Word::Name => self.told.name(bytes),
            Word::Part => self.told.part(bytes),
            Word::Mechanism => {
                self.told.name(bytes);
                self.detail("mechanism", text(bytes));
            }
            Word::Token => {
                self.told.name(MASK.as_bytes());
                self.claimed = sasl::user(bytes);
            }
            Word::Software => match self.software.take() {
                None => self.software = Some(text(bytes)),
                Some(name) => self.detail("software", [&*name, " ", &lossy(bytes)].concat().into()),
            },
            Word::Subscription => {
                for topic in subscribed(bytes) {
                    self.touch(topics.named(topic));
                }
            }
            Word::Nothing
            | Word::All
            | Word::TopicId
            | Word::Partition
            | Word::Offset
            | Word::Time
            | Word::Acks
            | Word::Committed
            | Word::Error
            | Word::Message
            | Word::BaseOffset => {}
        }
    }

    /// A topic that is named by its id, unless that is all zeros.
    fn hear_id(&mut self, id: &[u8], topics: &Topics, wire: &mut Reader<'_>) {
        let Some(id) = id.first_chunk::<{ size_of::<Id>() }>().filter(|id| **id != [0; 16]) else { return };
        let name = topics.find(*id, wire);
        self.hidden |= name.is_none();
        let name = name.unwrap_or_else(|| written(*id));
        self.told.name(name.as_bytes());
        self.touch(name);
    }

    fn touch(&mut self, topic: Text) {
        let targets = &mut self.exchange.request.targets;
        if targets.len() < TARGETS && !targets.contains(&topic) {
            targets.push(topic);
        }
    }

    /// A detail, the first of its name.
    fn detail(&mut self, name: &'static str, value: Text) {
        let details = &mut self.exchange.request.details;
        if details.iter().all(|(known, _)| *known != name) {
            details.push((name, Detail::Text(value)));
        }
    }
}

/// The topics that a member of a group wants to read ("ConsumerProtocolSubscription"): a version, and their names.
fn subscribed(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let count = wire.be16().and_then(|_| wire.be32()).unwrap_or_default();
    (0..count).map_while(move |_| {
        let length = wire.be16().ok()?;
        wire.take(length.into()).ok()
    })
}
