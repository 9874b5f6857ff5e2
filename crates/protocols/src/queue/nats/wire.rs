//! The bytes of NATS: lines of words, and the bodies behind some of them.

use model::conn::Speaker;
use smallvec::SmallVec;

use crate::kit::lines::number;
use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Reader, Sample};

use crate::queue::message::BODY;

/// The longest line: an `INFO` with very many addresses, a `CONNECT` with a signed token.
const LINE: usize = 64 << 10;
/// Longer headers than these are passed over unread.
const HEADERS: u64 = 64 << 10;
/// No line that goes before a body has more words behind its first.
const WORDS: usize = 5;
/// The longest body that a server can be told to take (`max_payload`), with room to spare.
const LONGEST: u64 = 1 << 30;

/// What a line says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Info,
    Connect,
    Pub,
    Hpub,
    Sub,
    Unsub,
    Msg,
    Hmsg,
    Ping,
    Pong,
    Ok,
    Err,
}

/// Who may say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Client,
    Server,
    Both,
}

/// The words, in any case; the frequent ones first.
const OPS: [(Op, Says, &str); 12] = [
    (Op::Msg, Says::Server, "MSG"),
    (Op::Pub, Says::Client, "PUB"),
    (Op::Hmsg, Says::Server, "HMSG"),
    (Op::Hpub, Says::Client, "HPUB"),
    (Op::Sub, Says::Client, "SUB"),
    (Op::Unsub, Says::Client, "UNSUB"),
    (Op::Ping, Says::Both, "PING"),
    (Op::Pong, Says::Both, "PONG"),
    (Op::Ok, Says::Server, "+OK"),
    (Op::Err, Says::Server, "-ERR"),
    (Op::Info, Says::Server, "INFO"),
    (Op::Connect, Says::Client, "CONNECT"),
];

impl Op {
    /// The word.
    pub(super) fn word(self) -> &'static str {
        OPS.iter().find(|(op, ..)| *op == self).map_or("", |(.., word)| word)
    }
}

/// A line: its first word, all of it, and what stands behind the word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) op: Op,
    pub(super) all: &'a [u8],
    pub(super) rest: &'a [u8],
}

/// The next line of `speaker`, passed over.
///
/// # Errors
/// [`Stop::Short`] when it has no end yet, [`Stop::Broken`] when `speaker` says no such line.
#[inline]
pub(super) fn line<'a>(speaker: Speaker, wire: &mut Reader<'a>) -> Read<Line<'a>> {
    let Some((op, says, word)) = OPS.iter().find(|(.., word)| begins(wire.rest(), word)) else {
        return Err(if wire.rest().is_empty() { Stop::Short } else { wire.broken("no line begins so") });
    };
    let all = wire.until(b'\n', LINE)?;
    let all = all.strip_suffix(b"\r").unwrap_or(all);
    match (says, speaker) {
        (Says::Both, _) | (Says::Client, Speaker::Client) | (Says::Server, Speaker::Server) => {}
        (Says::Client, Speaker::Server) | (Says::Server, Speaker::Client) => {
            return Err(wire.broken("the other side says such lines"));
        }
    }
    let rest = all.get(word.len()..).unwrap_or_default();
    // A word ends where a blank, or what it says, begins.
    if all.len() < word.len() || rest.first().is_some_and(|byte| !is_blank(*byte) && *byte != b'{') {
        return Err(wire.broken("a line begins with no word"));
    }
    Ok(Line { op: *op, all, rest: rest.trim_ascii() })
}

/// Whether bytes begin with a word, as far as they are there.
#[inline]
fn begins(bytes: &[u8], word: &str) -> bool {
    let length = bytes.len().min(word.len());
    let (Some(bytes), Some(word)) = (bytes.get(..length), word.as_bytes().get(..length)) else {
        return false;
    };
    length > 0 && bytes.eq_ignore_ascii_case(word)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The words of what stands behind a line's first.
pub(super) fn words(rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    rest.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty())
}

/// A message that somebody publishes, or is delivered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) subject: &'a [u8],
    /// Where an answer is expected.
    pub(super) reply: Option<&'a [u8]>,
    pub(super) headers: &'a [u8],
    pub(super) body: Sample<'a>,
}

/// The message of a line, with the body behind it, passed over.
///
/// # Errors
/// [`Stop::Short`] while the part that is told may still come, [`Stop::Broken`] when the line is none of a message.
#[inline]
pub(super) fn message<'a>(line: Line<'a>, wire: &mut Reader<'a>) -> Read<Message<'a>> {
    let mut found: SmallVec<[&[u8]; WORDS]> = SmallVec::new();
    found.extend(words(line.rest).take(WORDS + 1));
    let wrong = wire.broken("a message has no such words");
    let has_headers = matches!(line.op, Op::Hpub | Op::Hmsg);
    let length_of = |word| number(word, LONGEST);
    let length = found.pop().and_then(length_of).ok_or(wrong)?;
    let headers = if has_headers { found.pop().and_then(length_of).ok_or(wrong)? } else { 0 };
    // What is delivered names the subscription behind its subject.
    let (subject, reply) = match (line.op, found.as_slice()) {
        (Op::Pub | Op::Hpub, [subject]) | (Op::Msg | Op::Hmsg, [subject, _]) => (*subject, None),
        (Op::Pub | Op::Hpub, [subject, reply]) | (Op::Msg | Op::Hmsg, [subject, _, reply]) => {
            (*subject, Some(*reply))
        }
        _ => return Err(wrong),
    };
    let Some(length) = length.checked_sub(headers) else {
        return Err(wire.broken("a message is shorter than its headers"));
    };
    let headers = if headers > HEADERS {
        wire.skip(headers);
        &[]
    } else {
        wire.take(usize::try_from(headers).unwrap_or(usize::MAX))?
    };
    let body = body(length, wire)?;
    Ok(Message { subject, reply, headers, body })
}

/// A body of `length` bytes, and the end of the line behind it.
fn body<'a>(length: u64, wire: &mut Reader<'a>) -> Read<Sample<'a>> {
    let sample = wire.sample(length + 2, BODY + 2)?;
    if !sample.is_cut() && !sample.bytes.ends_with(b"\r\n") {
        return Err(wire.broken("a body is longer than it says"));
    }
    let kept = usize::try_from(length).unwrap_or(usize::MAX).min(BODY);
    Ok(Sample { bytes: sample.bytes.get(..kept).unwrap_or(sample.bytes), length })
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;

    use super::{Op, line, message};
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    #[test]
    fn a_line_is_of_one_side_in_any_case() {
        let read =
            |speaker, bytes| line(speaker, &mut Reader::new(bytes, 0, Ahead::Open)).map(|line| line.op);
        assert_eq!(read(Speaker::Client, b"pub\ta 0\r\n"), Ok(Op::Pub));
        assert_eq!(read(Speaker::Server, b"+OK\r\n"), Ok(Op::Ok));
        assert_eq!(read(Speaker::Server, b"INFO {\"a\":1} \r\n"), Ok(Op::Info));
        assert_eq!(read(Speaker::Server, b"MS"), Err(Stop::Short));
        assert!(matches!(read(Speaker::Server, b"PUB a 0\r\n"), Err(Stop::Broken(_))));
        assert!(matches!(read(Speaker::Client, b"PUBLISH a\r\n"), Err(Stop::Broken(_))));
        assert!(matches!(read(Speaker::Client, b"GET / HTTP/1.1\r\n"), Err(Stop::Broken(_))));
    }

    #[test]
    fn a_message_ends_where_it_says() {
        let read = |speaker, bytes| {
            let mut wire = Reader::new(bytes, 0, Ahead::Open);
            let line = line(speaker, &mut wire)?;
            message(line, &mut wire)
        };
        let found = read(Speaker::Server, b"HMSG a.b 9 _INBOX.1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n").unwrap();
        assert_eq!((found.subject, found.reply), (&b"a.b"[..], Some(&b"_INBOX.1"[..])));
        assert_eq!((found.headers, found.body.bytes), (&b"NATS/1.0\r\n\r\n"[..], &b"hi"[..]));
        assert!(matches!(read(Speaker::Client, b"PUB a 3\r\nhello\r\n"), Err(Stop::Broken(_))));
        assert!(matches!(read(Speaker::Client, b"HPUB a 9 3\r\n"), Err(Stop::Broken(_))));
        assert!(matches!(read(Speaker::Client, b"PUB a b c 3\r\n"), Err(Stop::Broken(_))));
        assert!(matches!(read(Speaker::Client, b"PUB a -3\r\n"), Err(Stop::Broken(_))));
    }
}
