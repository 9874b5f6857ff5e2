//! The bytes of STOMP: frames of a command, headers, a body and a NUL.

use model::conn::Speaker;
use smallvec::SmallVec;

use crate::kit::lines::{line, number};
use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Reader, Sample};

use crate::queue::message::BODY;

/// The longest head: RabbitMQ takes 100 headers of 4 KiB each at most, and nobody writes as many.
const HEAD: usize = 128 << 10;
/// More headers than these are passed over.
const FIELDS: usize = 128;
/// The longest body that a frame may say it has.
const LONGEST: u64 = 1 << 32;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Connect,
    Stomp,
    Send,
    Subscribe,
    Unsubscribe,
    Ack,
    Nack,
    Begin,
    Commit,
    Abort,
    Disconnect,
    Connected,
    Message,
    Receipt,
    Error,
}

/// The commands, whose they are, and the header that none goes without; the frequent ones first.
const COMMANDS: [(Command, Speaker, &str, &str); 15] = [
    (Command::Send, Speaker::Client, "SEND", "destination"),
    (Command::Message, Speaker::Server, "MESSAGE", "destination"),
    (Command::Receipt, Speaker::Server, "RECEIPT", "receipt-id"),
    (Command::Ack, Speaker::Client, "ACK", ""),
    (Command::Nack, Speaker::Client, "NACK", ""),
    (Command::Subscribe, Speaker::Client, "SUBSCRIBE", "destination"),
    (Command::Unsubscribe, Speaker::Client, "UNSUBSCRIBE", ""),
    (Command::Begin, Speaker::Client, "BEGIN", "transaction"),
    (Command::Commit, Speaker::Client, "COMMIT", "transaction"),
    (Command::Abort, Speaker::Client, "ABORT", "transaction"),
    (Command::Disconnect, Speaker::Client, "DISCONNECT", ""),
    (Command::Connect, Speaker::Client, "CONNECT", ""),
    (Command::Stomp, Speaker::Client, "STOMP", ""),
    (Command::Connected, Speaker::Server, "CONNECTED", ""),
    (Command::Error, Speaker::Server, "ERROR", ""),
];

impl Command {
    /// The word.
    pub(super) fn word(self) -> &'static str {
        COMMANDS.iter().find(|(command, ..)| *command == self).map_or("", |(_, _, word, _)| word)
    }

    /// The header that no frame of this command goes without.
    fn needs(self) -> &'static str {
        COMMANDS.iter().find(|(command, ..)| *command == self).map_or("", |(.., needed)| needed)
    }
}

/// What stands before the body of a frame: its headers are as they came.
#[derive(Clone, Debug)]
pub(super) struct Head<'a> {
    pub(super) command: Command,
    pub(super) fields: SmallVec<[(&'a [u8], &'a [u8]); 8]>,
}

impl<'a> Head<'a> {
    /// The first header of this name: where there are several, the others are its past (1.2, "Repeated Header Entries").
    pub(super) fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.fields.iter().find(|(field, _)| *field == name.as_bytes()).map(|(_, value)| *value)
    }

    /// Whether it has what no such frame goes without.
    pub(super) fn is_sound(&self) -> bool {
        let needed = self.command.needs();
        needed.is_empty() || self.field(needed).is_some()
    }
}

/// Passes over the line ends between frames, which are signs of life; how many bytes they were.
#[inline]
pub(super) fn signs(wire: &mut Reader<'_>) -> usize {
    let ends = wire.rest().iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    wire.skip(ends as u64);
    ends
}

/// The head of the next frame of `speaker`, passed over.
///
/// # Errors
/// [`Stop::Short`] when it has no end yet, [`Stop::Broken`] when `speaker` says no such frame.
pub(super) fn head<'a>(speaker: Speaker, wire: &mut Reader<'a>) -> Read<Head<'a>> {
    let begins = |(_, whose, word, _): &&(Command, Speaker, &str, &str)| {
        *whose == speaker && begins(wire.rest(), word.as_bytes())
    };
    if !COMMANDS.iter().any(|command| begins(&command)) {
        return Err(if wire.rest().is_empty() { Stop::Short } else { wire.broken("no frame begins so") });
    }
    let before = wire.taken();
    let word = line(wire)?;
    let is =
        |(_, whose, name, _): &&(Command, Speaker, &str, &str)| *whose == speaker && name.as_bytes() == word;
    let Some((command, ..)) = COMMANDS.iter().find(is) else {
        return Err(wire.broken("no frame begins so"));
    };
    let mut fields = SmallVec::new();
    loop {
        let line = line(wire)?;
        if line.is_empty() {
            return Ok(Head { command: *command, fields });
        }
        let Some((name, value)) = memchr::memchr(b':', line).and_then(|at| line.split_at_checked(at)) else {
            return Err(wire.broken("a header has no colon"));
        };
        if wire.taken() - before > HEAD {
            return Err(wire.broken("a frame has a head without an end"));
        }
        if fields.len() < FIELDS {
            fields.push((name, value.get(1..).unwrap_or_default()));
        }
    }
}

/// Whether bytes begin with this line, as far as they are there.
#[inline]
fn begins(bytes: &[u8], word: &[u8]) -> bool {
    match bytes.get(..word.len()) {
        Some(there) => there == word && matches!(bytes.get(word.len()), None | Some(b'\n' | b'\r')),
        None => !bytes.is_empty() && word.starts_with(bytes),
    }
}

/// A body, as far as it is there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'a> {
    /// The frame was passed over.
    Whole(Sample<'a>),
    /// It does not say how long it is, and its end is not there: so many of its bytes were passed over.
    GoesOn(&'a [u8], u64),
}

/// The body behind a head.
///
/// # Errors
/// [`Stop::Short`] while what is told of it may still come, [`Stop::Broken`] when it is longer than it says.
pub(super) fn body<'a>(head: &Head<'_>, wire: &mut Reader<'a>) -> Read<Body<'a>> {
    if let Some(length) = head.field("content-length") {
        let Some(length) = number(length.trim_ascii(), LONGEST) else {
            return Err(wire.broken("a body has no such length"));
        };
        let sample = wire.sample(length + 1, BODY + 1)?;
        if !sample.is_cut() && sample.bytes.last() != Some(&0) {
            return Err(wire.broken("a body is longer than it says"));
        }
        let kept = usize::try_from(length).unwrap_or(usize::MAX).min(BODY);
        return Ok(Body::Whole(Sample { bytes: sample.bytes.get(..kept).unwrap_or(sample.bytes), length }));
    }
    let rest = wire.rest();
    if let Some(length) = memchr::memchr(0, rest) {
        wire.skip(length as u64 + 1);
        return Ok(Body::Whole(Sample {
            bytes: rest.get(..length.min(BODY)).unwrap_or_default(),
            length: length as u64,
        }));
    }
    match rest.get(..BODY) {
        Some(kept) if rest.len() > BODY => {
            wire.skip(rest.len() as u64);
            Ok(Body::GoesOn(kept, rest.len() as u64))
        }
        _ => Err(Stop::Short),
    }
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;

    use super::{Body, Command, body, head};
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    #[test]
    fn a_head_is_of_one_side() {
        let read = |speaker, bytes: &'static [u8]| {
            head(speaker, &mut Reader::new(bytes, 0, Ahead::Open)).map(|head| head.command)
        };
        assert_eq!(read(Speaker::Client, b"SEND\ndestination:/a\n\n"), Ok(Command::Send));
        assert_eq!(read(Speaker::Server, b"CONNECTED\r\nversion:1.2\r\n\r\n"), Ok(Command::Connected));
        assert_eq!(read(Speaker::Client, b"CONN"), Err(Stop::Short));
        for wrong in [
            &b"CONNECT {\n"[..],
            b"CONNECT a:443 HTTP/1.1\r\n",
            b"SENDER\n",
            b"SEND\nno colon\n\n",
            b"MESSAGE\n",
        ] {
            assert!(matches!(read(Speaker::Client, wrong), Err(Stop::Broken(_))), "{wrong:?}");
        }
    }

    #[test]
    fn a_body_ends_where_it_says_or_with_a_nul() {
        let read = |bytes: &'static [u8]| {
            let mut wire = Reader::new(bytes, 0, Ahead::Open);
            let head = head(Speaker::Client, &mut wire)?;
            match body(&head, &mut wire)? {
                Body::Whole(body) => Ok(body.bytes),
                Body::GoesOn(..) => panic!("it ends"),
            }
        };
        assert_eq!(read(b"SEND\ncontent-length:3\n\na\0b\0"), Ok(&b"a\0b"[..]));
        assert_eq!(read(b"SEND\n\nab\0c\0"), Ok(&b"ab"[..]));
        assert_eq!(read(b"SEND\n\nab"), Err(Stop::Short));
        assert!(matches!(read(b"SEND\ncontent-length:2\n\nabc\0"), Err(Stop::Broken(_))));
        assert!(matches!(read(b"SEND\ncontent-length:-2\n\nabc\0"), Err(Stop::Broken(_))));
    }
}
