//! What the client says: commands, messages, proofs.

use model::exchange::{Exchange, Text};

use crate::kit::lines::{LINE, line};
use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;
use crate::mail::auth::Auth;
use crate::mail::dotted::Body;

use super::envelope::{Message, size};
use super::session::{Smtp, State, begins_command};
use super::wire::{Kind, address, chunk, command};

/// So many bytes of a line are told.
const TEXT: usize = 1 << 10;
/// So many bytes of an address.
const ADDRESS: usize = 320;
/// So much of a chunk is looked at.
const CHUNK: usize = 16 << 10;

impl Smtp {
    /// Reads the client's next command.
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let line = line(wire)?;
        let Some((verb, kind, rest)) = command(line) else {
            if self.auth.is_some() {
                // What asked for it was lost: it proves who the client is.
                return Ok(Heard::Nothing);
            }
            self.ask();
            let mut exchange = wire.blank();
            exchange.request.operation = "unknown".into();
            return Ok(Heard::Request(Key::Turn, exchange));
        };
        self.auth = None;
        if kind == Kind::Data && rest.is_empty() {
            self.state = State::Asking;
            return Ok(Heard::Part);
        }
        self.ask();
        if kind == Kind::Chunk {
            return self.chunk(line, rest, wire);
        }
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        request.operation = verb.into();
        match kind {
            Kind::Auth => {
                let auth = self.begin_auth(rest);
                request.statement.write(&auth);
            }
            _ => request.statement.write(&lossy(line.get(..TEXT).unwrap_or(line))),
        }
        if matches!(kind, Kind::Mail | Kind::Recipient | Kind::Name) {
            let address = address(rest);
            if !address.is_empty() {
                request.targets.push(text(address));
            }
        }
        Ok(Heard::Request(Key::Turn, exchange))
    }

    /// What is told of a log-in that begins.
    fn begin_auth(&mut self, rest: &[u8]) -> String {
        let (mechanism, proof) = crate::kit::lines::split_word(rest);
        let Some(mut auth) = Auth::begin(mechanism) else { return "AUTH ***".to_owned() };
        let masked = if proof.is_empty() { "" } else { " ***" };
        let told = format!("AUTH {}{masked}", auth.mechanism());
        auth.hear(proof);
        self.auth = Some(Box::new(auth));
        told
    }

    /// Reads a chunk of a message.
    fn chunk(&mut self, line: &[u8], rest: &[u8], wire: &mut Reader<'_>) -> Read<Heard> {
        let (length, is_last) = chunk(rest).unwrap_or((0, false));
        let sample = wire.sample(length, CHUNK)?;
        self.envelope.chunk(length, sample.bytes);
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        request.operation = "BDAT".into();
        request.statement.write(&lossy(line.get(..TEXT).unwrap_or(line)));
        if is_last {
            self.envelope.end_chunks(&mut request.details);
        }
        Ok(Heard::Request(Key::Turn, exchange))
    }

    /// What follows `DATA` before its reply: the message of a client that does not wait, or what comes after lost bytes.
    pub(super) fn begin_message(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        self.state = State::Message(Box::default());
        self.message(wire)
    }

    /// What follows `DATA` where its reply was lost: the message, or another command if there was to be none.
    pub(super) fn go_on_unsure(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        match begins_command(wire.rest()) {
            Err(Stop::Short) => Err(Stop::Short),
            Err(_) => self.begin_message(wire),
            Ok(()) => {
                // Nobody waits: what the server said before is lost.
                self.state = State::Commands;
                Ok(Heard::Dismissed)
            }
        }
    }

    /// Reads more of the message.
    pub(super) fn message(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let State::Message(message) = &mut self.state else { return Ok(Heard::Nothing) };
        let Message { body, fields } = &mut **message;
        match body.read(wire, |line| fields.hear(line))? {
            Body::GoesOn => Ok(Heard::Part),
            Body::Ended => {
                let exchange = told(wire, Some(message));
                self.state = State::Commands;
                self.ask();
                Ok(Heard::Request(Key::Turn, exchange))
            }
        }
    }

    /// The request whose answer came before its end.
    pub(super) fn end_refused(&mut self, wire: &mut Reader<'_>) -> Heard {
        let message = match std::mem::take(&mut self.state) {
            State::Refused(message) => message,
            _ => None,
        };
        Heard::Request(Key::Turn, told(wire, message.as_deref()))
    }

    /// Reads a step of a log-in, which is never told.
    pub(super) fn prove(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let proof = match line(wire) {
            // What is lost of it nobody needs.
            Err(_) if matches!(wire.ahead(), Ahead::Hole(_)) => b"",
            proof => proof?,
        };
        self.state = State::Commands;
        if let Some(auth) = &mut self.auth {
            auth.hear(proof.get(..LINE).unwrap_or(proof));
        }
        Ok(Heard::Piece(Key::Turn))
    }
}

/// `DATA`, with what was seen of its message.
fn told(wire: &mut Reader<'_>, message: Option<&Message>) -> Box<Exchange> {
    let mut exchange = wire.blank();
    exchange.request.operation = "DATA".into();
    exchange.request.statement.write("DATA");
    if let Some(message) = message {
        message.fields.tell(&mut exchange.request.details);
        exchange.request.details.push(("size", size(message.body.size)));
    }
    exchange
}

/// An address as a target.
fn text(address: &[u8]) -> Text {
    Text::from(&*lossy(address.get(..ADDRESS).unwrap_or(address)))
}
