//! What both sides say in the binary protocol.

use std::borrow::Cow;
use std::fmt::Write;

use model::details::Detail;
use model::exchange::{Outcome, Request, Response};

use crate::keyvalue::packet::{REQUEST, RESPONSE, big_endian};
use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::answered::{add, fail};
use super::asked::tell;
use super::opcodes::{Answers, Kind, answers};
use super::packet::{Packet, packet};
use super::session::{Due, Memcached, target};

/// So many rows of a result are kept for inspection.
const SAMPLES: u64 = 5;

/// The statuses that say that the key is not stored, that it is, and that it could not be.
const NOT_FOUND: u16 = 1;
const EXISTS: u16 = 2;
const NOT_STORED: u16 = 5;
/// The status of a proof that goes on.
const CONTINUE: u16 = 0x21;

impl Memcached {
    /// Reads the client's next packet.
    pub(super) fn asked_in_binary(&mut self, key: Key, wire: &mut Reader<'_>) -> Read<Heard> {
        let packet = packet(REQUEST, wire)?;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        request.operation = Cow::Borrowed(packet.opcode.word);
        request.statement.write_with(|out| state(&packet, out));
        if !packet.key.is_empty() && packet.opcode.kind != Kind::Proof {
            request.targets.push(target(packet.key));
        }
        match packet.opcode.kind {
            Kind::Store | Kind::Concat => tell(&packet.value, request),
            Kind::Proof => prove(&packet, request),
            _ => {}
        }
        if packet.opaque != 0 {
            request.details.push(("opaque", i64::from(packet.opaque).into()));
        }
        if packet.opcode.answers == Answers::Never {
            return Ok(Heard::Oneway(exchange));
        }
        self.wait(key, due(packet.opcode.answers));
        Ok(Heard::Request(key, exchange))
    }

    /// Reads the server's next packet.
    pub(super) fn answered_in_binary(&mut self, key: Key, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let packet = packet(RESPONSE, &mut ahead)?;
        if let Some(heard) = self.doubted(key, due(packet.opcode.answers), wire) {
            return Ok(heard);
        }
        if let Some(request) = self.waits(key, wire) {
            let is_named = request.targets.first().is_some_and(|target| target.as_bytes() == packet.key);
            let is_its = request.operation == packet.opcode.word
                && opaque(request) == packet.opaque
                && (packet.opcode.kind != Kind::Get || packet.key.is_empty() || is_named);
            match answers(&request.operation) {
                _ if is_its => {}
                Answers::Hits | Answers::Errors => return Ok(self.pass_over(key, wire)),
                Answers::Always | Answers::Never => {
                    return Err(wire.broken("a response is to another request"));
                }
            }
        }
        if let Some(heard) = self.turned(key, &packet, wire) {
            return Ok(heard);
        }
        wire.skip(ahead.taken() as u64 + ahead.debt());
        if packet.opcode.kind == Kind::Stats && packet.status == 0 && !packet.key.is_empty() {
            let items = self.items.get_or_insert_default();
            items.0 += 1;
            let count = items.0;
            if let Some(answer) = self.answer(key, wire).filter(|_| count <= SAMPLES) {
                add(packet.key, &packet.value, answer);
            }
            return Ok(if key == Key::Turn { Heard::Part } else { Heard::Piece(key) });
        }
        let items = self.items.take().unwrap_or_default().0;
        let name = self.waits(key, wire).and_then(|request| request.targets.first().cloned());
        if let Some(answer) = self.answer(key, wire) {
            write(&packet, items, name.as_deref().unwrap_or_default(), answer);
        }
        Ok(self.finish(key))
    }

    /// Who the session is behind this packet, if that is news.
    fn turned(&mut self, key: Key, packet: &Packet<'_>, wire: &mut Reader<'_>) -> Option<Heard> {
        let identity = match (packet.opcode.word, packet.status) {
            ("version", 0) => self.turn(wire, |identity| identity.version = Some(target(packet.value.bytes))),
            ("sasl_auth" | "sasl_step", 0) => {
                let told = self.waits(key, wire)?.details.iter().find(|(name, _)| *name == "user")?;
                let Detail::Text(user) = told.1.clone() else { return None };
                self.turn(wire, |identity| identity.user = Some(user))
            }
            _ => None,
        };
        identity.map(Heard::Identity)
    }
}

fn due(answers: Answers) -> Due {
    match answers {
        Answers::Always => Due::Surely,
        Answers::Hits | Answers::Errors | Answers::Never => Due::Perhaps,
    }
}

/// Writes a packet as the text protocol has it.
fn state(packet: &Packet<'_>, out: &mut String) {
    out.push_str(packet.opcode.word);
    if !packet.key.is_empty() {
        _ = write!(out, " {}", lossy(packet.key));
    }
    let extras = packet.extras;
    match packet.opcode.kind {
        Kind::Store => {
            let (flags, expiry) = extras.split_at_checked(4).unwrap_or_default();
            _ = write!(out, " {} {} {}", big_endian(flags), big_endian(expiry), packet.value.length);
            if packet.cas != 0 {
                _ = write!(out, " {}", packet.cas);
            }
        }
        Kind::Concat => _ = write!(out, " {}", packet.value.length),
        Kind::Count => _ = write!(out, " {}", big_endian(extras)),
        Kind::Touch | Kind::GetAndTouch => _ = write!(out, " {}", big_endian(extras)),
        Kind::Flush if !extras.is_empty() => _ = write!(out, " {}", big_endian(extras)),
        Kind::Proof => out.push_str(" ***"),
        Kind::Get | Kind::Delete | Kind::Flush | Kind::Stats | Kind::Plain => {}
    }
}

/// Keeps the user of a proof, and nothing else of it: `PLAIN` has an identity, a user and a password between NULs.
fn prove(packet: &Packet<'_>, request: &mut Request) {
    if packet.key == b"PLAIN"
        && let Some(user) = packet.value.bytes.split(|byte| *byte == 0).nth(1)
    {
        request.details.push(("user", target(user).into()));
    }
}

/// The number that a request bears; 0 where it bears none.
fn opaque(request: &Request) -> u32 {
    let told = request.details.iter().find(|(name, _)| *name == "opaque");
    match told {
        Some((_, Detail::Number(number))) => u32::try_from(*number).unwrap_or(0),
        Some((_, Detail::Text(_))) | None => 0,
    }
}

/// Writes the last packet of an answer of so many items; `name` is the key that was asked for.
fn write(packet: &Packet<'_>, items: u64, name: &str, answer: &mut Response) {
    answer.outcome = Outcome::Ok;
    let is_read = matches!(packet.opcode.kind, Kind::Get | Kind::GetAndTouch);
    match (packet.opcode.kind, packet.status) {
        (Kind::Get | Kind::GetAndTouch, 0) => {
            answer.rows = Some(1);
            let name = if packet.key.is_empty() { name.as_bytes() } else { packet.key };
            add(name, &packet.value, answer);
        }
        (_, NOT_FOUND) if is_read => answer.rows = Some(0),
        (Kind::Stats, 0) => answer.rows = Some(items),
        (Kind::Count, 0) => {
            let number = big_endian(packet.value.bytes);
            answer.affected = Some(1);
            answer.details.push(("reply", i64::try_from(number).unwrap_or(i64::MAX).into()));
        }
        (Kind::Store | Kind::Concat | Kind::Delete | Kind::Touch, 0) => answer.affected = Some(1),
        (Kind::Flush | Kind::Proof | Kind::Plain, 0) | (Kind::Proof, CONTINUE) => {}
        (_, status) => refuse(status, packet.value.bytes, answer),
    }
}

/// Writes why something was not done.
fn refuse(status: u16, why: &[u8], answer: &mut Response) {
    let word = match status {
        NOT_FOUND => "NOT_FOUND",
        EXISTS => "EXISTS",
        NOT_STORED => "NOT_STORED",
        _ => return fail(&format!("{status:#06x}"), why, answer),
    };
    answer.affected = Some(0);
    answer.details.push(("reply", word.into()));
}
