//! What the client says: commands with their literals, proofs, the end of waiting.

use model::exchange::{Exchange, Text};

use crate::kit::lines::{line, split_word};
use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;
use crate::mail::auth::Auth;
use crate::mail::fields::Fields;

use super::session::{Imap, Open};
use super::wire::{Command, Kind, command, key, literal, word};

/// So many bytes of a command are told.
const TEXT: usize = 1 << 10;
/// A literal up to so many bytes is told in its place.
const TOLD: u64 = 256;
/// So much of a message is looked at.
const MESSAGE: usize = 8 << 10;
/// More open commands than this are not waited for.
const OPEN: usize = 64;
/// What stands for a credential.
const MASK: &str = "***";

/// A command whose literals are being said.
#[derive(Debug)]
pub(super) struct Saying {
    key: u64,
    kind: Kind,
    word: &'static str,
    is_uid: bool,
    /// What stands behind its words, with short literals in quotes.
    rest: Vec<u8>,
    /// The length of the literal that comes next.
    literal: Option<u64>,
    /// The last long literal, which is the message of an `APPEND`.
    message: Option<(u64, Fields)>,
}

impl Imap {
    /// Reads the client's next line or literal.
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if let Some(mut saying) = self.saying.take() {
            let read = self.go_on(&mut saying, wire);
            if read.is_err() || saying.literal.is_some() {
                self.saying = Some(saying);
            }
            return read;
        }
        if let Some(key) = self.proving {
            return self.prove(key, wire);
        }
        let line = line(wire)?;
        if line.eq_ignore_ascii_case(b"DONE") {
            let idle = self.open.iter().find(|open| open.kind == Kind::Idle);
            return Ok(idle.map_or(Heard::Nothing, |open| Heard::Piece(Key::Id(open.key))));
        }
        match command(line) {
            Some(command) => Ok(self.begin(command, wire)),
            // It may be what is left of a log-in: it is not told.
            None => Ok(self.unknown(line, wire)),
        }
    }

    fn unknown(&mut self, line: &[u8], wire: &mut Reader<'_>) -> Heard {
        let Some((tag, _)) = super::wire::tag(line) else { return Heard::Nothing };
        let mut exchange = wire.blank();
        exchange.request.operation = "unknown".into();
        Heard::Request(Key::Id(key(tag)), exchange)
    }

    /// A command begins, and perhaps ends, with this line.
    fn begin(&mut self, command: Command<'_>, wire: &mut Reader<'_>) -> Heard {
        let Command { tag, word, kind, is_uid, rest } = command;
        let key = key(tag);
        let mut saying = Saying { key, kind, word, is_uid, rest: Vec::new(), literal: None, message: None };
        saying.add(rest);
        if self.open.len() >= OPEN {
            self.open.remove(0);
        }
        self.open.push(Open { key, kind });
        let mut exchange = wire.blank();
        self.tell(&saying, &mut exchange);
        if saying.literal.is_some() {
            self.saying = Some(Box::new(saying));
        }
        Heard::Request(Key::Id(key), exchange)
    }

    /// A literal, or the line behind it.
    fn go_on(&mut self, saying: &mut Saying, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
        if let Some(length) = saying.literal {
            let sample = from.sample(length, MESSAGE)?;
            if from.debt() > 0 {
                // The line behind it is read once it is there.
                wire.skip(from.taken() as u64 + from.debt());
                saying.take_literal(length, sample.bytes);
                saying.literal = Some(0);
                return Ok(Heard::Piece(Key::Id(saying.key)));
            }
            let line = line(&mut from)?;
            if length > 0 || saying.message.is_none() {
                saying.take_literal(length, sample.bytes);
            }
            saying.add(line);
        }
        wire.skip(from.taken() as u64);
        if let Some(exchange) = wire.exchange_as(saying.key) {
            self.tell(saying, exchange);
        }
        Ok(Heard::Piece(Key::Id(saying.key)))
    }

    /// Tells what there is of a command.
    fn tell(&mut self, saying: &Saying, exchange: &mut Exchange) {
        let request = &mut exchange.request;
        let uid = if saying.is_uid { "UID " } else { "" };
        if saying.is_uid {
            request.operation = format!("UID {}", saying.word).into();
        } else {
            request.operation = saying.word.into();
        }
        request.targets.clear();
        request.details.clear();
        let (first, behind) = word(&saying.rest);
        let rest = match saying.kind {
            Kind::Login => {
                let user = Text::from(&*first);
                self.auth = Some(Box::new(Auth::of(Text::clone(&user))));
                request.targets.push(user);
                format!("{first} {MASK}")
            }
            Kind::Authenticate => {
                let (mechanism, proof) = split_word(&saying.rest);
                self.auth = Auth::begin(mechanism).map(Box::new);
                if let Some(auth) = self.auth.as_mut().filter(|_| !proof.is_empty()) {
                    auth.hear(proof);
                }
                format!("{}{}", lossy(mechanism), if proof.is_empty() { "" } else { " ***" })
            }
            _ => lossy(saying.rest.get(..TEXT).unwrap_or(&saying.rest)).into_owned(),
        };
        match saying.kind {
            Kind::Select | Kind::Mailbox | Kind::Append if !first.is_empty() => {
                request.targets.push(Text::from(&*first));
            }
            Kind::Copy => request.targets.push(Text::from(&*word(behind).0)),
            _ => {}
        }
        request.statement.write_with(|out| {
            out.push_str(uid);
            out.push_str(saying.word);
            if !rest.is_empty() {
                out.push(' ');
                out.push_str(&rest);
            }
        });
        if let Some((size, fields)) = saying.message.as_ref().filter(|_| saying.kind == Kind::Append) {
            fields.tell(&mut request.details);
            request.details.push(("size", i64::try_from(*size).unwrap_or(i64::MAX).into()));
        }
    }

    /// Reads a step of a log-in, which is never told.
    fn prove(&mut self, key: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let proof = match line(wire) {
            // What is lost of it nobody needs.
            Err(_) if matches!(wire.ahead(), Ahead::Hole(_)) => b"",
            proof => proof?,
        };
        self.proving = None;
        if let Some(auth) = &mut self.auth {
            auth.hear(proof);
        }
        Ok(Heard::Piece(Key::Id(key)))
    }
}

impl Saying {
    /// A line, or what stands behind a literal.
    fn add(&mut self, line: &[u8]) {
        let found = literal(line);
        self.literal = found.map(|(length, _)| length);
        let text = found.and_then(|(_, at)| line.get(..at)).unwrap_or(line);
        self.push(text);
    }

    fn take_literal(&mut self, length: u64, bytes: &[u8]) {
        if length <= TOLD && self.kind != Kind::Append {
            self.push(b"\"");
            for byte in bytes {
                if matches!(byte, b'"' | b'\\') {
                    self.push(b"\\");
                }
                self.push(&[*byte]);
            }
            self.push(b"\"");
            return;
        }
        self.push(format!("{{{length}}}").as_bytes());
        let mut fields = Fields::default();
        for line in bytes.split(|byte| *byte == b'\n') {
            fields.hear(line.strip_suffix(b"\r").unwrap_or(line));
        }
        self.message = Some((length, fields));
    }

    fn push(&mut self, text: &[u8]) {
        if self.rest.len() < TEXT {
            self.rest.extend_from_slice(text.get(..TEXT).unwrap_or(text));
        }
    }
}
