//! The client's messages become requests, element by element: what is long is passed over as it comes.

use std::borrow::Cow;
use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::bson::{self, BINARY, DOCUMENT, Value, document_size};
use super::commands::Scope;
use super::compressed::GATHERED;
use super::identity::{self, Mechanism};
use super::old::start;
use super::saying::{After, Place, Saying, Then};
use super::secrets::Secrets;
use super::session::Mongodb;
use super::wire::{Code, HEADER, Header, MORE_TO_COME, NAME};

/// So many bytes of one value are looked at; the statement's own bound is not longer.
pub(super) const VALUE: usize = 16 << 10;

/// How far a message was read.
#[derive(Debug)]
pub(super) enum Progress {
    /// To its end, or to what was lost of it.
    Done,
    /// More of it must come.
    More,
    /// To where it says that the session is another one, which is read again.
    Identity(Identity),
}

impl Mongodb {
    /// The client's next message, or more of it.
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let mut saying = match self.saying.take() {
            Some(saying) => *saying,
            None => {
                let header = super::wire::header(Speaker::Client, &mut from)?;
                match header.code {
                    Code::Compressed => return self.asked_compressed(header, from, wire),
                    Code::Internal | Code::Reply => {
                        wire.skip(header.length.into());
                        return Ok(Heard::Nothing);
                    }
                    _ if is_oneway(header.code, &from)? => return self.told(header, from, wire),
                    _ => self.begin(header, &mut from, wire)?,
                }
            }
        };
        let progress = self.read_request(&mut saying, &mut from)?;
        let passed = from.taken() as u64 + from.debt();
        wire.skip(passed);
        match progress {
            Progress::Done if wire.debt() == 0 => return Ok(self.ask(saying, wire)),
            Progress::Identity(identity) if passed == 0 => {
                self.saying = Some(Box::new(saying));
                return Ok(self.identify(identity, wire));
            }
            Progress::Done | Progress::More | Progress::Identity(_) => {}
        }
        self.saying = Some(Box::new(saying));
        if passed == 0 { Err(Stop::Short) } else { Ok(Heard::Part) }
    }

    /// A message that nobody answers, which is read at once: it stands between others, and is no part of them.
    fn told(&mut self, header: Header, mut from: Reader<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = from.sample(header.rest(), GATHERED)?;
        let cut = sample.length - sample.bytes.len() as u64;
        let ahead = if cut > 0 { Ahead::Hole(cut) } else { Ahead::Open };
        let heard = self.ask_at_once(header, Reader::new(sample.bytes, HEADER, ahead), None, wire)?;
        Ok(passed_over(heard, header, wire))
    }

    /// A compressed message, which is read at once.
    fn asked_compressed(
        &mut self,
        header: Header,
        mut from: Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let Some(inner) = super::session::decompressed(header, &mut from)? else {
            return Ok(self.ask_unread(header, wire));
        };
        if matches!(inner.header.code, Code::Internal | Code::Reply | Code::Compressed) {
            return Ok(self.ask_unread(header, wire));
        }
        let heard = self.ask_at_once(inner.header, inner.reader(), Some(inner.way), wire)?;
        Ok(passed_over(heard, header, wire))
    }

    /// Reads a message of which all is there that ever will be.
    fn ask_at_once(
        &mut self,
        header: Header,
        mut content: Reader<'_>,
        way: Option<&'static str>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let saying = self.begin(header, &mut content, wire);
        let mut saying = saying.map_err(|stop| settled(stop, wire))?;
        if let Progress::Identity(identity) = self.read_request(&mut saying, &mut content)? {
            return Ok(self.identify(identity, wire));
        }
        saying.tail = 0;
        saying.exchange.request.details.extend(way.map(|way| ("compressor", way.into())));
        Ok(self.ask(saying, wire))
    }

    /// A compressed message that nobody can read.
    fn ask_unread(&mut self, header: Header, wire: &mut Reader<'_>) -> Heard {
        let mut exchange = wire.blank();
        exchange.request.operation = Cow::Borrowed("unknown");
        wire.skip(header.length.into());
        Heard::Request(Key::Id(header.id.into()), exchange)
    }

    /// What a message says before its documents.
    fn begin(&mut self, header: Header, from: &mut Reader<'_>, wire: &mut Reader<'_>) -> Read<Saying> {
        let before = from.taken() as u64;
        let start = start(header.code, from)?;
        let read = from.taken() as u64 - before;
        let left = header.rest().checked_sub(read + start.tail);
        let left = left.ok_or_else(|| from.broken("a message is shorter than what it must say"))?;
        let mut saying = Saying {
            id: header.id.into(),
            left,
            tail: start.tail,
            place: start.place,
            then: start.then,
            ..Saying::new(std::mem::take(&mut self.memory), wire.blank())
        };
        if let Some(old) = start.old {
            old.write(&mut saying);
        }
        Ok(saying)
    }

    /// Reads what is there of a request.
    fn read_request(&mut self, saying: &mut Saying, from: &mut Reader<'_>) -> Read<Progress> {
        while saying.left > 0 {
            if let Some(identity) = self.moved(saying) {
                return Ok(Progress::Identity(identity));
            }
            let mut step = Reader::new(from.rest(), from.position(), from.ahead());
            match self.step(saying, &mut step) {
                Ok(None) => {}
                Ok(Some(identity)) => return Ok(Progress::Identity(identity)),
                Err(Stop::Short) if matches!(from.ahead(), Ahead::Hole(_)) => {
                    from.skip(std::mem::take(&mut saying.left));
                    return Ok(Progress::Done);
                }
                Err(Stop::Short) if from.rest().len() as u64 >= saying.left => {
                    return Err(from.broken("an element goes on behind its message"));
                }
                Err(Stop::Short) => return Ok(Progress::More),
                Err(stop) => return Err(stop),
            }
            let passed = step.taken() as u64 + step.debt();
            saying.left = saying
                .left
                .checked_sub(passed)
                .ok_or_else(|| from.broken("an element goes on behind its message"))?;
            from.skip(passed);
            if from.debt() > 0 {
                return Ok(if saying.left == 0 { Progress::Done } else { Progress::More });
            }
        }
        Ok(Progress::Done)
    }

    /// Reads one step of a request; who the session is, if that makes it another one.
    fn step(&mut self, saying: &mut Saying, from: &mut Reader<'_>) -> Read<Option<Identity>> {
        match saying.place {
            Place::Sections => section(saying, from).map(|()| None),
            Place::Command(after) | Place::Members(after) => self.element(saying, after, from),
            Place::Documents(names) => {
                let size = document_size(from)?;
                let value = Value { kind: DOCUMENT, bytes: from.sample(size, VALUE)?.bytes };
                let (name, rest) = names.split_first().unwrap_or((&"", &[]));
                saying.json.add(name.as_bytes(), value, Secrets::None);
                saying.place = if rest.is_empty() { Place::Rest } else { Place::Documents(rest) };
                Ok(None)
            }
            Place::Inserted => {
                let documents = from.sample(saying.left, VALUE)?;
                saying.json.add_documents(b"documents", documents, Secrets::None);
                Ok(None)
            }
            Place::Rest => {
                from.skip(saying.left);
                Ok(None)
            }
        }
    }

    /// Reads one element of a command.
    #[inline]
    fn element(
        &mut self,
        saying: &mut Saying,
        after: After,
        from: &mut Reader<'_>,
    ) -> Read<Option<Identity>> {
        let Some(head) = bson::head(from)? else {
            saying.place = match after {
                After::Sections => Place::Sections,
                After::Rest => Place::Rest,
            };
            return Ok(None);
        };
        let names = matches!(saying.place, Place::Command(_));
        if names && head.name == b"$query" && head.kind == DOCUMENT {
            // The command stands within, and how it is to be routed behind it.
            from.take(4)?;
            return Ok(None);
        }
        let value = Value { kind: head.kind, bytes: from.sample(head.size, VALUE)?.bytes };
        if names {
            saying.name(head.name, value);
            saying.place = Place::Members(after);
            return Ok(None);
        }
        let news = self.news(saying, head.name, value);
        if news.is_none() {
            saying.member(head.name, value);
        }
        Ok(news)
    }

    /// Who the session is, if what is asked is asked of another database.
    fn moved(&self, saying: &Saying) -> Option<Identity> {
        let database = saying.database.as_ref().filter(|_| saying.scope.is_of_database())?;
        if self.identity.database.as_ref() == Some(database) {
            return None;
        }
        Some(Identity { database: Some(Arc::clone(database)), ..(*self.identity).clone() })
    }

    /// Who the session is, if this member of a command makes it another one.
    #[inline]
    fn news(&self, saying: &Saying, name: &[u8], value: Value<'_>) -> Option<Identity> {
        let known = &*self.identity;
        let (slot, said): (fn(&mut Identity) -> &mut Option<Text>, _) = match name {
            b"$db" if saying.scope.is_of_database() => {
                let name = value.string()?;
                if known.database.as_ref().is_some_and(|database| database.as_bytes() == name) {
                    return None;
                }
                (|identity| &mut identity.database, identity::text(name))
            }
            b"client" if value.kind == DOCUMENT => {
                (|identity| &mut identity.application, identity::application(value)?)
            }
            b"speculativeAuthenticate" => (|identity| &mut identity.user, speculative(value)?),
            b"payload" if saying.operation() == "saslStart" && value.kind == BINARY => {
                let user = identity::user(saying.mechanism, value)?;
                (|identity| &mut identity.user, user)
            }
            b"user" if saying.operation() == "authenticate" => {
                (|identity| &mut identity.user, identity::text(value.string()?))
            }
            _ => return None,
        };
        let mut changed = known.clone();
        *slot(&mut changed) = Some(said);
        (changed != *known).then_some(changed)
    }

    /// From now on the session is this.
    pub(super) fn identify(&mut self, identity: Identity, wire: &mut Reader<'_>) -> Heard {
        self.identity = wire.share(identity);
        Heard::Identity(Arc::clone(&self.identity))
    }

    /// The request was said.
    fn ask(&mut self, mut saying: Saying, wire: &mut Reader<'_>) -> Heard {
        wire.skip(saying.tail);
        self.tell_targets(&mut saying);
        let text = saying.json.end();
        let request = &mut saying.exchange.request;
        if request.operation.is_empty() {
            request.operation = Cow::Borrowed("unknown");
        } else {
            request.statement.write(&text);
        }
        self.keep(text, saying.collection);
        match saying.then {
            Then::Answered => Heard::Request(Key::Id(saying.id), saying.exchange),
            Then::Oneway => Heard::Oneway(saying.exchange),
        }
    }

    /// What it touches, each with its database.
    fn tell_targets(&mut self, saying: &mut Saying) {
        let database = self.identity.database.as_deref().unwrap_or_default();
        let targets = &mut saying.exchange.request.targets;
        match saying.scope {
            Scope::Nothing => {}
            Scope::Namespace => {
                targets.push(saying.collection.as_str().into());
                targets.append(&mut saying.touched);
            }
            Scope::Collection | Scope::Cursor if !saying.collection.is_empty() => {
                let is_last = |last: &&Text| {
                    let end = last.strip_prefix(database).and_then(|end| end.strip_prefix('.'));
                    end == Some(saying.collection.as_str())
                };
                let target = match self.target.as_ref().filter(is_last) {
                    Some(target) => Arc::clone(target),
                    None => qualified(database, &saying.collection),
                };
                self.target = Some(Arc::clone(&target));
                targets.push(target);
                targets.extend(saying.touched.iter().map(|other| qualified(database, other)));
            }
            Scope::Listed => targets.append(&mut saying.touched),
            Scope::Database | Scope::Collection | Scope::Cursor => {
                targets.extend(self.identity.database.clone());
            }
        }
    }
}

fn qualified(database: &str, collection: &str) -> Text {
    if database.is_empty() { collection.into() } else { [database, ".", collection].concat().into() }
}

/// What was heard of a message, which is passed over unless it is read again.
fn passed_over(heard: Heard, header: Header, wire: &mut Reader<'_>) -> Heard {
    if !matches!(heard, Heard::Identity(_)) {
        wire.skip(header.length.into());
    }
    heard
}

/// Whether the message behind this header is not answered.
fn is_oneway(code: Code, from: &Reader<'_>) -> Read<bool> {
    Ok(match code {
        Code::Message => {
            let flags = u32::from_le_bytes(from.peek(4)?.first_chunk().copied().unwrap_or_default());
            flags & MORE_TO_COME != 0
        }
        Code::Update | Code::Insert | Code::Delete | Code::KillCursors => true,
        Code::Reply | Code::Query | Code::GetMore | Code::Internal | Code::Compressed => false,
    })
}

/// Bytes that are all there and too few are broken, whatever comes.
fn settled(stop: Stop, wire: &Reader<'_>) -> Stop {
    match stop {
        Stop::Short => wire.broken("a compressed message is shorter than it says"),
        Stop::Broken(_) | Stop::Over => stop,
    }
}

/// The user that a log-in within a greeting names.
fn speculative(value: Value<'_>) -> Option<Text> {
    let mechanism = value.get(b"mechanism").and_then(Value::string).unwrap_or_default();
    match value.get(b"payload") {
        Some(payload) => identity::user(Mechanism::of(mechanism), payload),
        None => value.get(b"user").and_then(Value::string).map(identity::text),
    }
}

/// Reads the head of the next section of an `OP_MSG`, and all of it if it is a sequence of documents.
fn section(saying: &mut Saying, from: &mut Reader<'_>) -> Read<()> {
    match from.u8()? {
        0 => {
            document_size(from)?;
            from.take(4)?;
            saying.place = Place::Command(After::Sections);
        }
        1 => {
            let size = u64::from(from.le32()?);
            let name = from.until(0, NAME)?;
            let left = size.checked_sub(5 + name.len() as u64);
            let left = left.ok_or_else(|| from.broken("a sequence is shorter than its name"))?;
            let documents = from.sample(left, VALUE)?;
            saying.sequence(name, documents);
        }
        // A token of who asks, among servers.
        2 => _ = from.until(0, VALUE)?,
        _ => return Err(from.broken("a section has a kind that nobody knows")),
    }
    Ok(())
}
