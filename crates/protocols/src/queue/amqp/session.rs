//! Where a session stands, and the state that its two sides share.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;
use model::event::Joined;
use model::exchange::Identity;

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::Reader;

use crate::queue::greeting::LENGTH;

use super::channel::{Channel, Numbering};
use super::methods;
use super::recognition::chain;
use super::wire::{END, Head, Kind, head, payload};

/// Of a connection, so many channels are followed: RabbitMQ allows 2,047.
const CHANNELS: usize = 2048;
/// Methods and headers are no longer than a frame of the usual size.
const LONGEST: u32 = 128 << 10;
/// Bytes before the payload of a frame.
const BEFORE: u64 = 7;
/// What is wrong with a method that is shorter than what stands in it.
pub(super) const CUT: &str = "a method ends in the middle of a field";
/// One connection: what waits on each of its channels.
///
/// ```text
///  AMQP 0 0 9 1 ──▶ start ──▶ start-ok (a request) ──▶ tune ──▶ open (a request) ──▶ channels
/// ```
#[derive(Debug)]
pub(super) struct Amqp {
    pub(super) identity: Option<Arc<Identity>>,
    channels: HashMap<u16, Channel, RandomState>,
    joined: Joined,
}

impl Session for Amqp {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if wire.rest().first() == Some(&b'A') {
            return match wire.take(LENGTH)? {
                [b'A', b'M', b'Q', b'P', ..] => Ok(Heard::Nothing),
                _ => Err(wire.broken("no frame is of this kind")),
            };
        }
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let head = head(&mut ahead)?;
        match head.kind {
            Kind::Method => self.method(speaker, head, ahead, wire),
            Kind::Header => {
                let mut read = payload(limited(head, wire)?, &mut ahead)?;
                read.take(4)?;
                let size = read.be64()?;
                *self.channel(head.channel).left.of(speaker) = size;
                wire.skip(ahead.taken() as u64);
                Ok(Heard::Nothing)
            }
            Kind::Body => Ok(self.body(speaker, head, wire)),
            Kind::Heartbeat => {
                payload(head, &mut ahead)?;
                wire.skip(ahead.taken() as u64);
                Ok(Heard::Nothing)
            }
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        self.channels.values_mut().for_each(|channel| channel.lose(speaker));
    }

    fn resync(&mut self, _: Speaker, wire: &[u8]) -> Sought {
        let frames = memchr::memchr_iter(END, wire).map(|end| end + 1);
        seek(wire, std::iter::once(0).chain(frames), chain)
    }
}

impl Amqp {
    pub(super) fn new(joined: Joined) -> Self {
        Amqp { identity: None, channels: HashMap::default(), joined }
    }

    /// A channel; a client that has more than there are shares the last one, and is not paired there.
    pub(super) fn channel(&mut self, number: u16) -> &mut Channel {
        let number =
            if self.channels.len() < CHANNELS || self.channels.contains_key(&number) { number } else { 0 };
        let numbering = match self.joined {
            Joined::AtStart => Numbering::Off,
            Joined::Midway => Numbering::Unknown(None),
        };
        self.channels.entry(number).or_insert_with(|| Channel::new(number, numbering))
    }

    /// A channel is opened: nothing waits there.
    pub(super) fn open(&mut self, number: u16) {
        self.channels.insert(number, Channel::new(number, Numbering::Off));
    }

    /// What waits on any channel and `answers`.
    pub(super) fn waiting(&mut self, answers: impl Fn(Key) -> bool) -> Option<Key> {
        self.channels.values_mut().find_map(|channel| channel.answer(Speaker::Client, &answers))
    }

    fn method(
        &mut self,
        speaker: Speaker,
        head: Head,
        mut ahead: Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let mut body = payload(limited(head, wire)?, &mut ahead)?;
        let Some(method) = methods::of(body.be32()?) else {
            return Err(wire.broken("nobody knows this method"));
        };
        match self.heard(method, (speaker, head.channel), &mut body, (ahead, wire)) {
            // Of a message behind a method, more may come.
            Err(Stop::Short) if !carries(method.role) => Err(body.broken(CUT)),
            heard => heard,
        }
    }

    /// More of a body.
    fn body(&mut self, speaker: Speaker, head: Head, wire: &mut Reader<'_>) -> Heard {
        let channel = self.channel(head.channel);
        let left = channel.left.of(speaker);
        *left = left.saturating_sub(u64::from(head.length));
        let ends = *left == 0;
        wire.skip(BEFORE + u64::from(head.length) + 1);
        let sending = channel.sending.filter(|_| speaker == Speaker::Client);
        if ends && speaker == Speaker::Client {
            channel.sending = None;
        }
        sending.map_or(Heard::Nothing, Heard::Piece)
    }
}

/// Whether a message follows a method of this role.
fn carries(role: methods::Role) -> bool {
    matches!(role, methods::Role::Carries | methods::Role::Gives)
}

fn limited(head: Head, wire: &Reader<'_>) -> Read<Head> {
    if head.length > LONGEST { Err(wire.broken("a method is longer than any")) } else { Ok(head) }
}
