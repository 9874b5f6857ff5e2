//! Answers and events (native_protocol_v5.spec 4.2).

use std::borrow::Cow;
use std::fmt::Write;
use std::net::IpAddr;

use model::details::Detail;
use model::exchange::{Failure, Outcome, Response, Text};

use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::{lossy, shortened};

use super::errors;
use super::rows::rows;
use super::session::{Cassandra, Open};
use super::shape::{Of, described};
use super::statements::Prepared;
use super::wire::{Header, Opcode, each, settle, short_bytes, string};

/// So much of an error's message is told.
const MESSAGE: usize = 1 << 10;
/// The stream of what nobody asked for.
const NOBODYS: u16 = u16::MAX;

impl Cassandra {
    /// Hears an answer or an event.
    pub(super) fn answered(
        &mut self,
        header: Header,
        mut body: Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        if header.opcode == Opcode::Event {
            return event(&mut body, wire);
        }
        let key = u64::from(header.stream);
        let open = self.open.remove(&header.stream);
        if wire.asked_as(key).is_none() {
            // An error of no request: version 5 has it for frames that it could not read.
            return Ok(if header.stream == NOBODYS { Heard::Nothing } else { Heard::Response(Key::Id(key)) });
        }
        let mut answer = std::mem::take(wire.answer_to(key).ok_or_else(|| body.broken("nobody asked"))?);
        answer.outcome = Outcome::Ok;
        let told = match header.opcode {
            Opcode::Error => self.failed(&mut body, &mut answer),
            Opcode::Authenticate => string(&mut body).map(|name| {
                answer.details.push(("authenticator", Text::from(lossy(name)).into()));
            }),
            Opcode::Success => {
                let user = self.claimed.take();
                self.turn(|identity| identity.user = user.or(identity.user.take()));
                Ok(())
            }
            Opcode::Supported => supported(&mut body, &mut answer),
            Opcode::Result => self.result(header, &mut body, &mut answer, (open, wire)),
            Opcode::Ready | Opcode::Challenge => Ok(()),
            _ => Err(body.broken("a server says what no server says")),
        };
        if let Some(place) = wire.answer_to(key) {
            *place = answer;
        }
        settle(&body, told)?;
        Ok(Heard::Response(Key::Id(key)))
    }

    /// What went wrong.
    fn failed(&mut self, body: &mut Reader<'_>, answer: &mut Response) -> Read<()> {
        answer.outcome = Outcome::Error;
        let code = body.be32()?;
        let message = string(body)?;
        if code == errors::UNPREPARED {
            self.statements.forget(short_bytes(body)?);
        }
        let named = errors::name(code).map_or_else(|| Text::from(format!("{code:#06x}")), Text::from);
        answer.failure =
            Some(Box::new(Failure { code: named, message: shortened(message, MESSAGE).0.into() }));
        Ok(())
    }

    fn result(
        &mut self,
        header: Header,
        body: &mut Reader<'_>,
        answer: &mut Response,
        (open, wire): (Option<Open>, &mut Reader<'_>),
    ) -> Read<()> {
        match body.be32()? {
            2 => {
                let known = match &open {
                    Some(Open::Execute(prepared)) => Some(prepared),
                    Some(Open::Prepare(_)) | None => None,
                };
                let told = rows(body, answer, known.and_then(|known| known.rows.as_ref()), wire)?;
                if let (Some(news), Some(known)) = (told.news, known) {
                    self.statements.change(known, news, wire);
                }
                if let Some(version) = told.version {
                    self.turn(|identity| identity.version = Some(version));
                }
            }
            3 => {
                let keyspace = Text::from(lossy(string(body)?));
                self.turn(|identity| identity.database = Some(keyspace));
            }
            4 => self.prepared(header, body, (open, wire))?,
            5 => {
                let mut text = String::new();
                changed(&mut text, body)?;
                answer.details.push(("schema_change", Text::from(text).into()));
            }
            _ => {}
        }
        Ok(())
    }

    /// The id of a statement, what is to be bound to it, and its rows.
    fn prepared(
        &mut self,
        header: Header,
        body: &mut Reader<'_>,
        (open, wire): (Option<Open>, &mut Reader<'_>),
    ) -> Read<()> {
        let id = short_bytes(body)?;
        let Some(Open::Prepare(said)) = open else { return Ok(()) };
        if header.is_fifth() {
            short_bytes(body)?;
        }
        let of = if header.version == 3 { Of::OldBound } else { Of::Bound };
        // Of very wide tables, not all is kept: the statement is known all the same.
        let bound = described(of, body, wire).ok().and_then(|told| told.shape);
        let rows = bound.as_ref().and_then(|_| described(Of::Rows, body, wire).ok()?.shape);
        let rows = rows.filter(|rows| rows.width() > 0);
        self.statements.keep(id, Prepared::new(id, said, bound, rows), wire);
        Ok(())
    }
}

/// What the server speaks.
fn supported(body: &mut Reader<'_>, answer: &mut Response) -> Read<()> {
    each(body, |body| {
        let name = match string(body)? {
            b"CQL_VERSION" => Some("cql_version"),
            b"PROTOCOL_VERSIONS" => Some("protocol_versions"),
            b"COMPRESSION" => Some("compression"),
            _ => None,
        };
        let mut values = String::new();
        each(body, |body| {
            if !values.is_empty() {
                values.push_str(", ");
            }
            values.push_str(&lossy(string(body)?));
            Ok(())
        })?;
        answer.details.extend(name.map(|name| (name, Detail::Text(values.into()))));
        Ok(())
    })
}

/// `<schema_change>`: how, what, and which.
fn changed(out: &mut String, body: &mut Reader<'_>) -> Read<()> {
    let (how, what) = (string(body)?, string(body)?);
    _ = write!(out, "{} {} {}", lossy(how), lossy(what), lossy(string(body)?));
    if what != b"KEYSPACE" {
        _ = write!(out, ".{}", lossy(string(body)?));
    }
    Ok(())
}

/// What the client asked to be told of.
fn event(body: &mut Reader<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
    let mut exchange = wire.blank();
    exchange.request.operation = Cow::Borrowed("EVENT");
    let mut text = String::new();
    let told = happened(&mut text, body);
    settle(body, told)?;
    exchange.request.statement.write(&text);
    Ok(Heard::Oneway(exchange))
}

fn happened(out: &mut String, body: &mut Reader<'_>) -> Read<()> {
    let kind = string(body)?;
    out.push_str(&lossy(kind));
    out.push(' ');
    if kind == b"SCHEMA_CHANGE" {
        return changed(out, body);
    }
    out.push_str(&lossy(string(body)?));
    let length = body.u8()?;
    let address = body.take(length.into())?;
    let address = match <[u8; 4]>::try_from(address) {
        Ok(four) => Some(IpAddr::from(four)),
        Err(_) => <[u8; 16]>::try_from(address).ok().map(IpAddr::from),
    };
    if let Some(address) = address {
        _ = write!(out, " {address} port {}", body.be32()?);
    }
    Ok(())
}
