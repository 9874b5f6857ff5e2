//! What the server says.

use model::exchange::{Exchange, Failure, Outcome, Response, Text};

use crate::kit::identity::turn;
use crate::kit::lines::{Reply, split_word};
use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::envelope::Envelope;
use super::session::{Doubt, Smtp, State};
use super::wire::{Kind, chunk, command, status};

/// So many bytes of a reply are told.
const TEXT: usize = 1 << 10;
/// The words behind which a server says what it is.
const CALLED: [&[u8]; 3] = [b"ESMTP ", b"LMTP ", b"SMTP "];

/// What the reply is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// A command that waits.
    Waiting(Kind),
    /// `DATA`, of which the message is still to be said.
    Data,
    /// Nobody.
    Nobody,
}

impl Smtp {
    /// Reads the server's next reply.
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let reply = Reply::read(&mut ahead)?;
        let what = self.what(wire);
        // Some clients do not wait for it.
        let is_greeting = reply.code == 220 && what != For::Waiting(Kind::Tls);
        if !self.greeted && (what == For::Nobody || is_greeting) {
            return Ok(self.greeting(&reply, ahead.taken(), wire));
        }
        if let Some(identity) = self.settle(what, &reply, wire) {
            return Ok(identity);
        }
        self.greeted = true;
        if self.doubt == Doubt::Unanswered {
            self.doubt = Doubt::Answered;
        }
        if matches!(self.state, State::Proving) {
            // What was to prove it was lost.
            self.state = State::Commands;
        }
        wire.skip(ahead.taken() as u64);
        Ok(match what {
            For::Nobody => {
                if reply.code == 334 {
                    // The log-in began unseen.
                    self.state = State::Proving;
                }
                Heard::Response(Key::Turn)
            }
            For::Data => self.data_answered(&reply),
            For::Waiting(kind) => self.command_answered(kind, &reply, wire),
        })
    }

    fn what(&self, wire: &Reader<'_>) -> For {
        match (wire.asked(), &self.state) {
            (Some(asked), _) => {
                let kind = command(asked.operation.as_bytes()).map_or(Kind::Other, |(_, kind, _)| kind);
                let line = asked.statement.as_deref().unwrap_or_default();
                let is_last = chunk(split_word(line.as_bytes()).1).is_some_and(|(_, is_last)| is_last);
                // Whoever says a chunk that is not the last goes on with the message.
                For::Waiting(if kind == Kind::Chunk && !is_last { Kind::Other } else { kind })
            }
            (None, State::Asking | State::Unsure | State::Message(_)) => For::Data,
            (None, State::Commands | State::Refused(_) | State::Proving | State::Over) => For::Nobody,
        }
    }

    /// What the server says at the beginning: who it is, or that it wants nothing to do with the client.
    fn greeting(&mut self, reply: &Reply<'_>, length: usize, wire: &mut Reader<'_>) -> Heard {
        if !reply.is_error() {
            let version = version(reply.text());
            if version.is_some()
                && let Some(news) = turn(&mut self.identity, wire, |identity| identity.version = version)
            {
                return news;
            }
        }
        self.greeted = true;
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
    fn settle(&mut self, what: For, reply: &Reply<'_>, wire: &mut Reader<'_>) -> Option<Heard> {
        let For::Waiting(kind) = what else { return None };
        match (kind, reply.code) {
            (Kind::Auth, 235) => {
                let user = self.auth.as_ref()?.user.clone();
                turn(&mut self.identity, wire, |identity| identity.user = user)
            }
            (Kind::Hello | Kind::LocalHello, 250) => {
                self.is_local = kind == Kind::LocalHello;
                let named = wire.asked().and_then(|asked| asked.statement.as_deref());
                let name = named.and_then(|line| line.split_whitespace().nth(1)).map(Text::from);
                turn(&mut self.identity, wire, |identity| identity.application = name)
            }
            _ => None,
        }
    }

    /// A reply to `DATA` while its message is to be said.
    fn data_answered(&mut self, reply: &Reply<'_>) -> Heard {
        let before = std::mem::take(&mut self.state);
        self.state = match before {
            State::Message(message) if reply.code == 354 => State::Message(message),
            _ if reply.code == 354 => State::Message(Box::default()),
            // Nobody knows what it answers.
            State::Asking | State::Unsure if self.doubt != Doubt::None => State::Unsure,
            State::Message(message) if self.doubt != Doubt::None => State::Message(message),
            // Its end was lost, or the server does not wait for it.
            State::Message(message) if message.body.is_holed => State::Refused(Some(message)),
            State::Message(message) => State::Message(message),
            State::Unsure => State::Unsure,
            _ => State::Refused(None),
        };
        if reply.code == 354 {
            return Heard::Nothing;
        }
        if self.doubt != Doubt::None || matches!(self.state, State::Unsure) {
            return Heard::Response(Key::Turn);
        }
        let mut response = Response::default();
        write(reply, &mut response);
        Heard::Early(Box::new(response))
    }

    /// A reply to a command that was said to its end.
    fn command_answered(&mut self, kind: Kind, reply: &Reply<'_>, wire: &mut Reader<'_>) -> Heard {
        let goes_on = match (kind, reply.code) {
            // A message may be said before the server asks for it.
            (Kind::Data, 354) => true,
            (Kind::Auth, 334) => {
                self.state = State::Proving;
                true
            }
            _ => false,
        };
        if goes_on {
            return Heard::Piece(Key::Turn);
        }
        let Some(exchange) = wire.exchange() else { return Heard::Response(Key::Turn) };
        match kind {
            Kind::Data | Kind::Chunk => return self.message_answered(reply, exchange),
            Kind::Auth => {
                // Whoever was refused is to be known too.
                if let Some(user) = self.auth.take().and_then(|auth| auth.user) {
                    exchange.request.targets.push(user);
                }
            }
            Kind::Tls if reply.code == 220 => self.state = State::Over,
            _ => {}
        }
        let is_unknown = exchange.request.operation == "unknown";
        let target = exchange.request.targets.first().cloned();
        write(reply, &mut exchange.response);
        if is_unknown && let Some(failure) = &mut exchange.response.failure {
            // Some servers repeat what they do not know.
            failure.message = "".into();
        }
        if !reply.is_error() {
            self.take(kind, target);
        }
        Heard::Response(Key::Turn)
    }

    /// A reply to a message: in LMTP one for each recipient.
    fn message_answered(&mut self, reply: &Reply<'_>, exchange: &mut Exchange) -> Heard {
        if self.replies == 0 {
            self.envelope.tell(&mut exchange.request.targets, &mut exchange.request.details);
        }
        self.replies += 1;
        let is_first = self.replies == 1;
        let answer = &mut exchange.response;
        if is_first {
            write(reply, answer);
        } else if reply.is_error() && answer.failure.is_none() {
            fail(reply, answer);
        }
        if self.is_local && reply.is_error() {
            let who = self.envelope.recipients.get(self.replies as usize - 1);
            let who = who.map_or_else(|| "?".into(), Text::clone);
            answer.details.push(("refused", who.into()));
        } else if is_first && !reply.is_error() {
            answer.details.push(("reply", text(reply.lines().last().unwrap_or_default()).into()));
        }
        if self.is_local && self.replies < self.envelope.count {
            return Heard::Piece(Key::Turn);
        }
        self.replies = 0;
        self.envelope.begin(None);
        Heard::Response(Key::Turn)
    }

    /// What the server took.
    fn take(&mut self, kind: Kind, target: Option<Text>) {
        match kind {
            Kind::Mail => self.envelope.begin(target),
            Kind::Recipient => self.envelope.add(target.unwrap_or_else(|| "".into())),
            Kind::Reset | Kind::Hello | Kind::LocalHello => *self.envelope = Envelope::default(),
            _ => {}
        }
    }
}

/// Writes a reply into an answer.
fn write(reply: &Reply<'_>, answer: &mut Response) {
    if reply.is_error() {
        return fail(reply, answer);
    }
    answer.outcome = Outcome::Ok;
}

/// Writes a reply that is an error.
fn fail(reply: &Reply<'_>, answer: &mut Response) {
    answer.outcome = Outcome::Error;
    // Each line may repeat the status (RFC 2034, 4).
    let message = reply.whole(TEXT, |line| status(reply.code, line).map_or(line, |(_, rest)| rest));
    answer.failure = Some(Box::new(Failure { code: reply.code.to_string().into(), message }));
    if let Some((status, _)) = status(reply.code, reply.text()) {
        answer.details.push(("status", text(status).into()));
    }
}

fn text(bytes: &[u8]) -> Text {
    Text::from(&*lossy(bytes.get(..TEXT).unwrap_or(bytes)))
}

/// What a server says that it is, behind its name and the protocol's.
fn version(greeting: &[u8]) -> Option<Text> {
    let behind = CALLED
        .iter()
        .find_map(|word| memchr::memmem::find(greeting, word).and_then(|at| greeting.get(at + word.len()..)));
    behind.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty()).map(text)
}
