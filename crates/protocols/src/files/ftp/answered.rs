//! What the server says.

use model::exchange::{Exchange, Failure, Outcome, Response, Text};

use crate::kit::identity::turn;
use crate::kit::lines::Reply;
use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::session::{Ftp, State};
use super::wire::{Kind, command, decimal, endpoint, quoted, size, told};

/// So many bytes of a reply are told.
const TEXT: usize = 1 << 10;

impl Ftp {
    /// Reads the server's next reply.
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let reply = Reply::read(&mut ahead)?;
        let asked = wire.asked().and_then(|asked| command(asked.operation.as_bytes()));
        let asked = asked.map(|(_, kind, _)| kind);
        // Some clients do not wait for it.
        if !self.greeted && (wire.asked().is_none() || reply.code == 220) {
            return Ok(self.greeting(&reply, ahead.taken(), wire));
        }
        if let Some(news) = self.settle(asked, &reply, wire) {
            return Ok(news);
        }
        self.greeted = true;
        wire.skip(ahead.taken() as u64);
        if reply.code < 200 {
            return Ok(self.begun(asked, &reply, wire));
        }
        let ends_transfer = matches!(reply.code, 225 | 226 | 250 | 400..);
        let is_aside = self.state == State::Commands || !ends_transfer;
        if is_aside && !self.aside.is_empty() {
            let id = self.aside.start;
            self.aside.start += 1;
            if let Some(exchange) = wire.exchange_as(id) {
                end(None, &reply, exchange);
            }
            return Ok(Heard::Response(Key::Id(id)));
        }
        // What was said aside was not seen, or the transfer that ends: then the reply to `ABOR` follows (RFC 959, 4.1.3).
        let is_unseen = match self.state {
            State::Transfer | State::Aborting => !ends_transfer,
            State::Commands | State::Over => (asked, reply.code) == (Some(Kind::Abort), 426),
        };
        if is_unseen {
            return Ok(Heard::Nothing);
        }
        self.state = State::Commands;
        if matches!((asked, reply.code), (Some(Kind::Auth), 234) | (Some(Kind::Proof), 235)) {
            self.state = State::Over;
        }
        if let Some(exchange) = wire.exchange() {
            end(asked, &reply, exchange);
        }
        Ok(Heard::Response(Key::Turn))
    }

    /// A preliminary reply: what it is to goes on.
    fn begun(&mut self, asked: Option<Kind>, reply: &Reply<'_>, wire: &mut Reader<'_>) -> Heard {
        if asked == Some(Kind::Transfer) && self.state == State::Commands {
            self.state = State::Transfer;
        }
        let Some(answer) = wire.answer() else { return Heard::Nothing };
        answer.details.extend(size(reply.text()).map(|size| ("size", size.into())));
        Heard::Piece(Key::Turn)
    }

    /// What the server says at the beginning: who it is, or that it wants nothing to do with the client.
    fn greeting(&mut self, reply: &Reply<'_>, length: usize, wire: &mut Reader<'_>) -> Heard {
        if reply.code == 220 {
            let version = Some(text(reply.text().trim_ascii())).filter(|text| !text.is_empty());
            if let Some(news) = turn(&mut self.identity, wire, |identity| identity.version = version) {
                return news;
            }
        }
        // Another greeting follows a 120 (RFC 959, 5.4).
        self.greeted = reply.code >= 200;
        wire.skip(length as u64);
        if !reply.is_error() {
            return Heard::Nothing;
        }
        let mut exchange = wire.blank();
        exchange.request.operation = "connect".into();
        fail(reply, &mut exchange.response);
        Heard::Oneway(exchange)
    }

    /// What the reply means for the session.
    fn settle(&mut self, asked: Option<Kind>, reply: &Reply<'_>, wire: &mut Reader<'_>) -> Option<Heard> {
        // 232: whoever proved it while speaking in secret (RFC 2228, 5.2).
        let is_believed = matches!((asked?, reply.code), (Kind::User | Kind::Proof, 230 | 232));
        if !is_believed {
            return None;
        }
        let user = Some(self.user.clone()?);
        turn(&mut self.identity, wire, |identity| identity.user = user)
    }
}

/// A reply ends a request.
fn end(asked: Option<Kind>, reply: &Reply<'_>, exchange: &mut Exchange) {
    let is_unknown = exchange.request.operation == "unknown";
    let Exchange { request, response, .. } = exchange;
    if reply.is_error() {
        fail(reply, response);
        if is_unknown && let Some(failure) = &mut response.failure {
            // Some servers repeat what they do not know.
            failure.message = "".into();
        }
        return;
    }
    response.outcome = Outcome::Ok;
    let said = reply.text();
    let detail = match (asked, reply.code) {
        (Some(Kind::Passive), 227 | 229) => endpoint(said).map(|endpoint| ("data", told(endpoint))),
        (Some(Kind::Size), 213) => decimal(said).map(|size| ("size", size.into())),
        (Some(Kind::Modified), 213) => Some(("modified", text(said.trim_ascii()).into())),
        _ => None,
    };
    response.details.extend(detail);
    if let (Some(Kind::Where), 257) = (asked, reply.code) {
        request.targets.extend(quoted(said).map(Text::from));
    }
}

/// Writes a reply that is an error.
fn fail(reply: &Reply<'_>, answer: &mut Response) {
    answer.outcome = Outcome::Error;
    let message = reply.whole(TEXT, |line| line);
    answer.failure = Some(Box::new(Failure { code: reply.code.to_string().into(), message }));
}

fn text(bytes: &[u8]) -> Text {
    Text::from(&*lossy(bytes.get(..TEXT).unwrap_or(bytes)))
}
