//! Messages to requests and responses: the state of one connection.

use model::conn::Speaker;

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::encoding::Encoding;
use super::header::{self, header};
use super::walk::{Came, Walk};
use super::wire::{Head, Marked, Message, Sort, begins, framed};

/// So many bytes of a message are looked at.
const LOOKED: usize = 4 << 10;

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Thrift {
    client: Course,
    server: Course,
}

/// What a side is saying.
///
/// ```text
///  Message ──the head of one without a frame──▶ Struct ──its last byte──▶ Message
///   ╰─▶ one in a frame ─▶ Message
/// ```
#[derive(Debug, Default)]
enum Course {
    #[default]
    Message,
    Struct(Box<Unfinished>),
}

/// A message without a frame, of which the struct goes on.
#[derive(Debug)]
struct Unfinished {
    walk: Walk,
    head: Kept,
    kept: Vec<u8>,
    /// Whether its first bytes are all kept so far.
    keeping: Keeping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeping {
    On,
    Over,
}

/// A message's head, kept.
#[derive(Debug)]
struct Kept {
    encoding: Encoding,
    sort: Sort,
    name: Box<str>,
    number: u32,
}

impl Kept {
    fn of(head: &Head<'_>) -> Self {
        Kept { encoding: head.encoding, sort: head.sort, name: head.name.into(), number: head.number }
    }

    fn head(&self) -> Head<'_> {
        let Kept { encoding, sort, ref name, number } = *self;
        Head { encoding, marked: Marked::Yes, sort, name, number }
    }
}

impl Session for Thrift {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match self.course(speaker) {
            Course::Message => self.read_message(speaker, wire),
            Course::Struct(_) => self.read_struct(speaker, wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        *self.course(speaker) = Course::Message;
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        seek(wire, 0..wire.len(), |rest| begins(speaker, rest))
    }
}

impl Thrift {
    fn course(&mut self, speaker: Speaker) -> &mut Course {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    fn read_message(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        if let Some(length) = framed(&mut ahead)? {
            let bytes = ahead.sample(length.into(), LOOKED)?.bytes;
            let frame = Frame { bytes, length: ahead.taken() as u64 + ahead.debt() };
            return frame.hear(speaker, wire);
        }
        let head = Head::read(&mut ahead)?;
        if let Some(before) = before(speaker, &head, wire)? {
            return Ok(before);
        }
        let unfinished = Unfinished {
            walk: Walk::new(head.encoding),
            head: Kept::of(&head),
            kept: Vec::new(),
            keeping: Keeping::On,
        };
        wire.skip(ahead.taken() as u64);
        *self.course(speaker) = Course::Struct(Box::new(unfinished));
        match self.read_struct(speaker, wire) {
            // Its head is read.
            Err(Stop::Short) => Ok(Heard::Part),
            read => read,
        }
    }

    /// Reads more of a struct that has no length before it.
    fn read_struct(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let Course::Struct(unfinished) = self.course(speaker) else { return Ok(Heard::Nothing) };
        let (before, at) = (wire.rest(), wire.taken());
        let came = unfinished.walk.on(wire);
        let taken = before.get(..wire.taken() - at).unwrap_or_default();
        if unfinished.keeping == Keeping::On {
            let room = LOOKED - unfinished.kept.len();
            unfinished.kept.extend_from_slice(taken.get(..room).unwrap_or(taken));
        }
        if wire.debt() > 0 {
            unfinished.keeping = Keeping::Over;
        }
        match came {
            Ok(Came::Part) => Ok(Heard::Part),
            Ok(Came::ToTheEnd) => match std::mem::take(self.course(speaker)) {
                Course::Struct(done) => {
                    Ok(hear(&Message { head: done.head.head(), fields: &done.kept, pairs: &[] }, wire))
                }
                Course::Message => Ok(Heard::Nothing),
            },
            Err(stop) => {
                if !matches!(stop, Stop::Short) {
                    *self.course(speaker) = Course::Message;
                }
                Err(stop)
            }
        }
    }
}

/// A frame, of which these are the first bytes, and how long it is with its length.
struct Frame<'a> {
    bytes: &'a [u8],
    length: u64,
}

impl Frame<'_> {
    fn hear(&self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if !self.bytes.starts_with(&header::MAGIC) {
            return self.hear_message(speaker, self.bytes, &[], wire);
        }
        match header(&mut Reader::new(self.bytes, 0, Ahead::End)) {
            Ok(headed) => self.hear_message(speaker, &headed.message, &headed.pairs, wire),
            Err(Stop::Broken(broken)) => Err(wire.broken(broken.what)),
            Err(Stop::Short | Stop::Over) => Err(wire.broken("a header is longer than its frame")),
        }
    }

    /// Hears the message in it, of which these are the first bytes, behind these pairs of a header.
    fn hear_message(
        &self,
        speaker: Speaker,
        message: &[u8],
        pairs: &[[&[u8]; 2]],
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let mut inner = Reader::new(message, 0, Ahead::End);
        let Ok(head) = Head::read(&mut inner) else { return Err(wire.broken("a frame holds no message")) };
        if let Some(before) = before(speaker, &head, wire)? {
            return Ok(before);
        }
        wire.skip(self.length);
        Ok(hear(&Message { head, fields: inner.rest(), pairs }, wire))
    }
}

/// What is to be heard before a message with this head, if something is.
///
/// Old libraries say one-way calls as all others: what is answered next in turn was asked by the name that the answer has.
fn before(speaker: Speaker, head: &Head<'_>, wire: &Reader<'_>) -> Read<Option<Heard>> {
    if head.sort.speaker() != speaker {
        return Err(wire.broken("a message is of the other side's kind"));
    }
    let is_passed_over = speaker == Speaker::Server
        && head.key() == Key::Turn
        && wire.asked().is_some_and(|asked| asked.operation != head.method().1);
    Ok(is_passed_over.then_some(Heard::Abandoned(1)))
}

/// What a message means.
fn hear(message: &Message<'_>, wire: &mut Reader<'_>) -> Heard {
    let key = message.head.key();
    match message.head.sort {
        Sort::Call => Heard::Request(key, message.asked(wire)),
        Sort::Oneway => Heard::Sent(message.asked(wire)),
        Sort::Reply | Sort::Exception => {
            message.answered(wire);
            Heard::Response(key)
        }
    }
}
