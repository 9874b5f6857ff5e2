//! Where a session stands, and the state that its two sides share.

use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use crate::kit::text::hash;

use super::recognition::chain;
use super::wire::{Op, line};

/// Of a connection, so many subscriptions are known; more are heard, and told without their subjects when they end.
const SUBSCRIPTIONS: usize = 512;
/// So many requests for JetStream's messages are followed at once.
const PULLS: usize = 16;
/// Under what a log-in waits: no hash of a subject is it, nor the number of a sign of life.
pub(super) const CONNECT: Key = Key::Id(u64::MAX);
/// The bit that the numbers of signs of life have, and no hash of a subject.
const PING: u64 = 1 << 63;

/// Whether the server acknowledges what it would else take in silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Quiet,
    Verbose,
}

/// One connection.
///
/// ```text
///  INFO of the server ──▶ CONNECT (waits for the first answer to anything) ──▶ messages
///        │ TLS begins
///        ▼
///      Over (the clear layer goes on with CONNECT)
/// ```
#[derive(Debug, Default)]
pub(super) struct Nats {
    pub(super) mode: Mode,
    /// Whether the log-in asked for a sign of life, as clients do that want to know how it ends.
    pub(super) greeted: bool,
    /// How many signs of life were given, and asked for, besides that of the log-in.
    pub(super) pings: Range<u64>,
    pub(super) identity: Option<Arc<Identity>>,
    /// The subjects of the client's subscriptions, by the hashes of their numbers.
    subscriptions: HashMap<u64, Text, RandomState>,
    pub(super) pulls: Vec<Pull>,
    /// Whether the message that is read was counted already: it was the last that somebody asked for.
    pub(super) is_counted: bool,
}

/// A request for messages of JetStream, which come as messages do, and not as its answers.
#[derive(Debug)]
pub(super) struct Pull {
    /// Whose messages: a stream's and a consumer's.
    pub(super) of: [Text; 2],
    /// Where the server says how it ended, if it does.
    pub(super) reply: Text,
    /// Messages that are still to come.
    pub(super) left: u64,
}

impl Session for Nats {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if is_tls(wire.rest()) {
            return Err(Stop::Over);
        }
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let line = line(speaker, &mut ahead)?;
        if let Some(heard) = self.goes_before(line, wire) {
            return Ok(heard);
        }
        if matches!(line.op, Op::Msg | Op::Hmsg) {
            return self.deliver(line, ahead, wire);
        }
        wire.skip(ahead.taken() as u64);
        match line.op {
            Op::Connect => Ok(self.connect(line, wire)),
            Op::Pub | Op::Hpub => self.publish(line, wire),
            Op::Sub => self.subscribe(line, wire),
            Op::Unsub => self.unsubscribe(line, wire),
            Op::Ping => Ok(self.ping(speaker, wire)),
            Op::Pong => Ok(self.pong(speaker, wire)),
            Op::Ok => Ok(self.acknowledged(wire)),
            Op::Err => Ok(self.refused(line, wire)),
            // What it says of the server was told before; messages were delivered above.
            Op::Info | Op::Msg | Op::Hmsg => Ok(Heard::Nothing),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        if speaker == Speaker::Server {
            self.pulls.clear();
            self.pings.start = self.pings.end;
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        let lines = memchr::memchr_iter(b'\n', wire).map(|end| end + 1);
        seek(wire, std::iter::once(0).chain(lines), |bytes| chain(speaker, bytes))
    }
}

impl Nats {
    /// The client has a subscription.
    pub(super) fn remember(&mut self, number: &[u8], subject: &[u8]) {
        if self.subscriptions.len() < SUBSCRIPTIONS {
            self.subscriptions.insert(hash(number), name(subject));
        }
    }

    /// The subject of a subscription that ends now, or after some messages more.
    pub(super) fn forget(&mut self, number: &[u8], is_now: bool) -> Option<Text> {
        let hash = hash(number);
        if is_now { self.subscriptions.remove(&hash) } else { self.subscriptions.get(&hash).cloned() }
    }

    /// Whether the client listens at a subject, and so waits for an answer there.
    pub(super) fn awaits(&self, subject: &[u8]) -> bool {
        // What clients make up for this, joined midway too.
        subject.starts_with(b"_INBOX.")
            || self.subscriptions.values().any(|known| matches(known.as_bytes(), subject))
    }

    /// Messages were asked for, of a stream and a consumer.
    pub(super) fn pull(&mut self, of: &[Text], reply: &[u8], left: u64) {
        let [stream, consumer] = of else { return };
        let of = [stream, consumer].map(Text::clone);
        // A client may use a place for its answers again, when nobody answers there any more.
        self.pulls.retain(|pull| pull.reply.as_bytes() != reply);
        if self.pulls.len() < PULLS {
            self.pulls.push(Pull { of, reply: name(reply), left });
        }
    }
}

/// Under what a request waits whose answer comes at this subject.
pub(super) fn inbox(subject: &[u8]) -> Key {
    Key::Id(hash(subject) >> 1)
}

/// Under what the sign of life with this number waits.
pub(super) fn ping(number: u64) -> Key {
    Key::Id(PING | number)
}

/// Whether a subject is among those that a pattern means: `*` is one word of it, `>` all that follow.
pub(super) fn matches(pattern: &[u8], subject: &[u8]) -> bool {
    let mut words = subject.split(|byte| *byte == b'.');
    for wanted in pattern.split(|byte| *byte == b'.') {
        match (wanted, words.next()) {
            (b">", Some(_)) => return true,
            (b"*", Some(_)) => {}
            (wanted, Some(word)) if wanted == word => {}
            _ => return false,
        }
    }
    words.next().is_none()
}

/// Whether TLS begins, as it does behind the server's first line (RFC 8446, section 5.1).
fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x16, 3, ..])
}

/// A subject as a text.
pub(super) fn name(subject: &[u8]) -> Text {
    let kept = subject.get(..crate::queue::message::NAME).unwrap_or(subject);
    Text::from(&*lossy(kept))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_means_its_subjects() {
        for (pattern, subject, wanted) in [
            ("a.b", "a.b", true),
            ("a.*", "a.b", true),
            ("a.*", "a.b.c", false),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("a.b", "a", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), subject.as_bytes()), wanted, "{pattern} {subject}");
        }
    }
}
