//! The server's messages become answers, element by element: documents beyond the samples are counted and passed over.

use model::conn::Speaker;
use model::exchange::{Identity, Request};

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::answering::{Answering, Manner, More, Place};
use super::asked::{Progress, VALUE};
use super::bson::{self, ARRAY, DOCUMENT, Head, Value};
use super::old::EXHAUSTS;
use super::session::{Mongodb, Stream};
use super::wire::{CHECKSUM, Code, Header, MORE_TO_COME};

impl Mongodb {
    /// The server's next message, or more of it.
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let mut answering = match self.answering.take() {
            Some(answering) => *answering,
            None => {
                let header = super::wire::header(Speaker::Server, &mut from)?;
                let Some(manner) = wire.asked_as(self.key(header)).map(Manner::of) else {
                    // Nobody asked, or it was not seen, or it was answered and this is the server's heartbeat.
                    wire.skip(header.length.into());
                    return Ok(Heard::Nothing);
                };
                if header.code == Code::Compressed {
                    return self.answered_compressed(header, manner, from, wire);
                }
                self.hear(header, manner, &mut from, wire)?
            }
        };
        let progress = self.read_answer(&mut answering, &mut from, wire)?;
        let passed = from.taken() as u64 + from.debt();
        wire.skip(passed);
        match progress {
            Progress::Done if wire.debt() == 0 => return Ok(self.respond(answering, wire)),
            Progress::Identity(identity) if passed == 0 => {
                self.answering = Some(Box::new(answering));
                return Ok(self.identify(identity, wire));
            }
            Progress::Done | Progress::More | Progress::Identity(_) => {}
        }
        self.answering = Some(Box::new(answering));
        if passed == 0 { Err(Stop::Short) } else { Ok(Heard::Part) }
    }

    /// The request that a message answers: its answer may come in several, each of which answers the one before.
    fn key(&self, header: Header) -> u64 {
        match self.stream {
            Some(stream) if stream.last == header.answers => stream.key,
            Some(_) | None => header.answers.into(),
        }
    }

    /// A compressed message, which is read at once.
    fn answered_compressed(
        &mut self,
        header: Header,
        manner: Manner,
        mut from: Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let inner = super::session::decompressed(header, &mut from)?;
        let whole = |wire: &mut Reader<'_>| wire.skip(header.length.into());
        let Some(inner) = inner.filter(|inner| matches!(inner.header.code, Code::Message | Code::Reply))
        else {
            whole(wire);
            return Ok(Heard::Response(Key::Id(self.key(header))));
        };
        let mut content = inner.reader();
        let short = |stop, wire: &Reader<'_>| match stop {
            Stop::Short => wire.broken("a compressed message is shorter than it says"),
            Stop::Broken(_) | Stop::Over => stop,
        };
        let answering = self.hear(inner.header, manner, &mut content, wire);
        let mut answering = answering.map_err(|stop| short(stop, wire))?;
        match self.read_answer(&mut answering, &mut content, wire)? {
            Progress::Identity(identity) => return Ok(self.identify(identity, wire)),
            Progress::Done | Progress::More => {}
        }
        whole(wire);
        answering.tail = 0;
        Ok(self.respond(answering, wire))
    }

    /// What a message says before its documents.
    fn hear(
        &mut self,
        header: Header,
        manner: Manner,
        from: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Answering> {
        let before = from.taken();
        let key = self.key(header);
        let mut answering = Answering::new(header, key, manner);
        if header.code == Code::Reply {
            let exhaust = |asked: &Request| asked.details.iter().any(|(name, _)| *name == EXHAUSTS);
            answering.reply(wire.asked_as(key).is_some_and(exhaust), from)?;
        } else {
            let flags = from.le32()?;
            answering.tail = if flags & CHECKSUM == 0 { 0 } else { 4 };
            answering.more = if flags & MORE_TO_COME == 0 { More::No } else { More::Yes };
        }
        let read = (from.taken() - before) as u64 + answering.tail;
        let left = header.rest().checked_sub(read);
        answering.left = left.ok_or_else(|| from.broken("a message is shorter than what it must say"))?;
        Ok(answering)
    }

    /// Reads what is there of an answer.
    fn read_answer(
        &mut self,
        answering: &mut Answering,
        from: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Progress> {
        while answering.left > 0 {
            answering.pass_rows(from);
            let mut step = Reader::new(from.rest(), from.position(), from.ahead());
            match self.answer_step(answering, &mut step, wire) {
                Ok(None) => {}
                Ok(Some(identity)) => return Ok(Progress::Identity(identity)),
                Err(Stop::Short) if matches!(from.ahead(), Ahead::Hole(_)) => {
                    answering.cut();
                    from.skip(std::mem::take(&mut answering.left));
                    return Ok(Progress::Done);
                }
                Err(Stop::Short) if from.rest().len() as u64 >= answering.left => {
                    return Err(from.broken("an element goes on behind its message"));
                }
                Err(Stop::Short) => return Ok(Progress::More),
                Err(stop) => return Err(stop),
            }
            let passed = step.taken() as u64 + step.debt();
            let left = answering.left.checked_sub(passed);
            answering.left = left.ok_or_else(|| from.broken("an element goes on behind its message"))?;
            from.skip(passed);
            if from.debt() > 0 {
                return Ok(if answering.left == 0 { Progress::Done } else { Progress::More });
            }
        }
        Ok(Progress::Done)
    }

    /// Reads one step of an answer; who the session is, if that makes it another one.
    #[inline]
    fn answer_step(
        &mut self,
        answering: &mut Answering,
        from: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Option<Identity>> {
        match answering.place {
            Place::Sections => answering.section(from).map(|()| None),
            Place::Documents => answering.document(from, wire).map(|()| None),
            Place::Rest => {
                from.skip(answering.left);
                Ok(None)
            }
            Place::Members | Place::Cursor | Place::Batch | Place::Values => {
                let Some(head) = bson::head(from)? else {
                    answering.place = answering.behind();
                    return Ok(None);
                };
                match answering.place {
                    Place::Batch => answering.row(head, from, wire)?,
                    Place::Values => answering.value(head, from, wire)?,
                    Place::Cursor => answering.of_cursor(head, from)?,
                    _ => return self.member(answering, head, from, wire),
                }
                Ok(None)
            }
        }
    }

    /// A member of the answer's document.
    fn member(
        &self,
        answering: &mut Answering,
        head: Head<'_>,
        from: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Option<Identity>> {
        match (head.name, head.kind, answering.manner) {
            (b"cursor", DOCUMENT, _) => {
                from.take(4)?;
                answering.place = Place::Cursor;
            }
            (b"values", ARRAY, Manner::Distinct) => {
                from.take(4)?;
                answering.begin_rows(Place::Values);
            }
            (b"value", DOCUMENT, Manner::Modify) => {
                answering.facts.begin_rows();
                answering.row(head, from, wire)?;
                answering.facts.end_rows();
            }
            _ => {
                let value = Value { kind: head.kind, bytes: from.sample(head.size, VALUE)?.bytes };
                let news = self.said(answering.manner, head.name, value);
                if news.is_some() {
                    return Ok(news);
                }
                answering.facts.hear(head.name, value);
            }
        }
        Ok(None)
    }

    /// Who the session is, if this member of an answer makes it another one.
    fn said(&self, manner: Manner, name: &[u8], value: Value<'_>) -> Option<Identity> {
        let mut changed = (*self.identity).clone();
        match (manner, name) {
            (Manner::Greeting, b"maxWireVersion") => {
                // The wire's version says less than the server's own.
                if changed.version.as_ref().is_none_or(|version| version.starts_with("wire ")) {
                    changed.version = Some(format!("wire {}", value.number()?).into());
                }
            }
            (Manner::Build, b"version") => changed.version = value.string().map(super::identity::text),
            (Manner::Login, b"ok") if value.number() == Some(0) => changed.user = None,
            _ => return None,
        }
        (changed != *self.identity).then_some(changed)
    }

    /// The answer was said, or one message of it.
    fn respond(&mut self, answering: Answering, wire: &mut Reader<'_>) -> Heard {
        wire.skip(answering.tail);
        let Answering { id, key, more, manner, mut facts, .. } = answering;
        // What a greeting promises to go on with is the server's heartbeat: the first is the answer.
        let goes_on = more == More::Yes && manner != Manner::Greeting;
        if goes_on {
            // It is told when the last batch leaves it open.
            facts.cursor = 0;
        }
        if let Some(answer) = wire.answer_to(key) {
            facts.write(manner, answer);
        }
        self.stream = goes_on.then_some(Stream { last: id, key });
        if goes_on { Heard::Piece(Key::Id(key)) } else { Heard::Response(Key::Id(key)) }
    }
}
