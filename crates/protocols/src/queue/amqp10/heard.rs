//! What the server says.

use std::borrow::Cow;

use model::conn::Speaker;
use model::exchange::{Failure, Outcome};

use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::Reader;

use super::asked::{attached, error, id, say, tell_link, tell_transfer};
use super::links::What;
use super::performatives::{Performative, Verb};
use super::session::{Amqp, Left};
use super::settled::{Fate, answer, state};
use super::values::Value;

impl Amqp {
    /// A frame of the server.
    pub(super) fn heard(
        &mut self,
        channel: u16,
        said: &Performative<'_>,
        wire: &mut Reader<'_>,
    ) -> (Heard, Left) {
        let heard = match said.verb {
            Verb::Transfer => self.delivered(channel, said, wire),
            Verb::Disposition => return self.disposed(channel, said, wire),
            Verb::Attach => self.agreed(channel, said, wire),
            Verb::Begin => self.begun(channel, said, wire),
            Verb::Open => match self.links.answer(|_, what| what == What::Open) {
                Some((key, _)) => succeed(key, wire),
                None => Heard::Nothing,
            },
            Verb::Outcome => self.outcome(said, wire),
            Verb::Challenge | Verb::Response => self.step(),
            Verb::Detach | Verb::End | Verb::Close => return self.ended(channel, said, wire),
            Verb::Flow | Verb::Mechanisms | Verb::Init => Heard::Nothing,
        };
        (heard, Left::Nothing)
    }

    /// A session begins: the client's, or one of the server's own.
    fn begun(&mut self, channel: u16, said: &Performative<'_>, wire: &mut Reader<'_>) -> Heard {
        let Some(client) = said.number(0).and_then(|client| u16::try_from(client).ok()) else {
            return told(said, None, wire);
        };
        self.links.begin(channel, client);
        match self.links.answer(|its, what| its == client && what == What::Begin) {
            Some((key, _)) => succeed(key, wire),
            None => Heard::Nothing,
        }
    }

    /// A link is there: the client's, or one of the server's own.
    fn agreed(&mut self, channel: u16, said: &Performative<'_>, wire: &mut Reader<'_>) -> Heard {
        let Some((link, handle)) = attached(said, Speaker::Server) else { return Heard::Nothing };
        let Some(name) = link.name else { return Heard::Nothing };
        self.links.attach(Speaker::Server, channel, handle, link.clone());
        let Some(key) = self.links.waits(|_, what| what == What::Attach(name)) else {
            let known = self.links.named(Speaker::Client, name).is_some();
            return if known { Heard::Nothing } else { told(said, Some(&link), wire) };
        };
        // A link without an end is none: the reason follows (part 2, 2.6.3).
        let terminus = said.field(if said.is(2) { 6 } else { 5 });
        if terminus == Value::Null {
            return Heard::Piece(key);
        }
        _ = self.links.answer(|_, what| what == What::Attach(name));
        // The server made up the address that the client left open.
        if let Some(its) = self.links.named(Speaker::Client, name)
            && its.address.is_none()
        {
            its.address.clone_from(&link.address);
        }
        if let Some(response) = wire.answer_to(id(key)) {
            response.outcome = Outcome::Ok;
            response.details.extend(link.address.map(|address| ("address", address.into())));
        }
        Heard::Response(key)
    }

    /// A message for the client, or more of one.
    fn delivered(&mut self, channel: u16, said: &Performative<'_>, wire: &mut Reader<'_>) -> Heard {
        let Some(handle) = said.number(0) else { return Heard::Nothing };
        let link = self.links.link(Speaker::Server, channel, handle);
        let goes_on = said.is(5);
        let began = link.more.is_some();
        link.more = goes_on.then_some(None);
        if began {
            return Heard::Nothing;
        }
        let known = link.clone();
        let mut exchange = wire.blank();
        tell_transfer(said, &known, &mut exchange.request);
        exchange.request.details.push(("from", "server".into()));
        Heard::Oneway(exchange)
    }

    /// What became of what the client sent.
    fn disposed(&mut self, channel: u16, said: &Performative<'_>, wire: &mut Reader<'_>) -> (Heard, Left) {
        let nothing = (Heard::Nothing, Left::Nothing);
        let is_last = state(said.field(4)).map_or(said.is(3), |(_, fate)| fate != Fate::Open);
        let (Some(first), Some(client)) = (said.number(1), self.links.session(channel)) else {
            return nothing;
        };
        // As a sender it speaks of what the client receives.
        if !said.is(0) || !is_last {
            return nothing;
        }
        let count = said.number(2).unwrap_or(first).wrapping_sub(first);
        let meant = |its: u16, what: What| match what {
            What::Transfer(delivery) => its == client && delivery.wrapping_sub(first) <= count,
            _ => false,
        };
        let Some((key, more)) = self.links.answer(meant) else { return nothing };
        if let Some(response) = wire.answer_to(id(key)) {
            answer(said.field(4), response);
        }
        (Heard::Response(key), if more { Left::Something } else { Left::Nothing })
    }

    /// A link, a session or the connection ends: as the client wished, or because the server refuses something.
    fn ended(&mut self, channel: u16, said: &Performative<'_>, wire: &mut Reader<'_>) -> (Heard, Left) {
        let link = match said.verb {
            Verb::Detach => {
                said.number(0).map(|handle| self.links.link(Speaker::Server, channel, handle).clone())
            }
            _ => None,
        };
        let name = link.as_ref().and_then(|link| link.name);
        let client = self.links.session(channel);
        let failure = error(said);
        let fails = failure.is_some();
        let is_meant = |its: u16, what: What| match (said.verb, what) {
            (Verb::Detach, What::Detach(asked)) => {
                client == Some(its) && (asked == name || asked.is_none() || name.is_none())
            }
            (Verb::Detach, What::Attach(asked)) => Some(asked) == name,
            (Verb::End, What::End) => client == Some(its),
            (Verb::End, _) => fails && client == Some(its) && what.is_of_session(),
            (Verb::Close, What::Close) => true,
            (Verb::Close, _) => fails,
            _ => false,
        };
        let its = (
            client.unwrap_or(channel),
            match said.verb {
                Verb::Detach => What::Detach(name),
                Verb::End => What::End,
                _ => What::Close,
            },
        );
        let Some((key, more)) = self.links.answer(is_meant) else {
            self.links.ended(its);
            let mut heard = told(said, link.as_ref(), wire);
            if let Heard::Oneway(exchange) = &mut heard {
                exchange.response.failure = failure;
            }
            return (heard, Left::Nothing);
        };
        let asked = wire.asked_as(id(key)).map(|asked| asked.operation.clone()).unwrap_or_default();
        let refused = asked == "attach";
        let more = more && fails;
        if !more && asked != said.verb.name() {
            self.links.ended(its);
        }
        if let Some(response) = wire.answer_to(id(key)) {
            response.outcome = if fails || refused { Outcome::Error } else { Outcome::Ok };
            response.failure = failure.or_else(|| refused.then(|| Box::new(no_reason())));
        }
        (Heard::Response(key), if more { Left::Something } else { Left::Nothing })
    }
}

/// A link was refused, and nobody says why.
fn no_reason() -> Failure {
    Failure { code: "detach".into(), message: "the server does not say why".into() }
}

/// What the server does of itself.
fn told(said: &Performative<'_>, link: Option<&super::links::Link>, wire: &mut Reader<'_>) -> Heard {
    let mut exchange = wire.blank();
    exchange.request.operation = Cow::Borrowed(said.verb.name());
    match link {
        Some(link) => tell_link(link, &mut exchange.request),
        None => say(&mut exchange.request, None),
    }
    exchange.request.details.push(("from", "server".into()));
    Heard::Oneway(exchange)
}

fn succeed(key: Key, wire: &mut Reader<'_>) -> Heard {
    if let Some(response) = wire.answer_to(id(key)) {
        response.outcome = Outcome::Ok;
    }
    Heard::Response(key)
}
