//! What the client says.

use std::borrow::Cow;

use model::conn::Speaker;
use model::exchange::{Exchange, Request, Text};

use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::Reader;

use super::links::{Link, Sender, What, link_name};
use super::login::{self, name};
use super::messages;
use super::performatives::{Performative, Verb, failure, fields};
use super::session::Amqp;
use super::settled::state;
use super::values::Value;

/// The node that takes tokens (the draft "AMQP Claims-based Security"): what is sent there is a credential.
pub(super) const TOKENS: &str = "$cbs";

impl Amqp {
    /// A frame of the client.
    pub(super) fn asked(&mut self, channel: u16, said: &Performative<'_>, wire: &mut Reader<'_>) -> Heard {
        match said.verb {
            Verb::Transfer => return self.transfer(channel, said, wire),
            Verb::Response | Verb::Challenge => return self.step(),
            Verb::Mechanisms | Verb::Outcome => return Heard::Nothing,
            _ => {}
        }
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        request.operation = Cow::Borrowed(said.verb.name());
        let what = match said.verb {
            Verb::Init => {
                login::write(said, request);
                What::Login
            }
            Verb::Open => {
                tell_all(
                    said,
                    &[(2, "max_frame_size"), (3, "channel_max"), (4, "idle_time_out_ms")],
                    request,
                );
                let host = said.field(1).bytes().map(name);
                say(request, host.as_ref());
                request.targets.extend(host);
                What::Open
            }
            Verb::Begin => {
                if let Some(server) = said.number(0) {
                    // The server began this session.
                    self.links.begin(u16::try_from(server).unwrap_or_default(), channel);
                    return Heard::Nothing;
                }
                say(request, None);
                What::Begin
            }
            Verb::Attach => match self.attach(channel, said, request) {
                Some(what) => what,
                None => return Heard::Nothing,
            },
            Verb::Detach => {
                let link =
                    said.number(0).map(|handle| self.links.link(Speaker::Client, channel, handle).clone());
                let link = link.unwrap_or_default();
                if link.name.is_some_and(|name| self.links.is_answer(channel, What::Detach(Some(name)))) {
                    return Heard::Nothing;
                }
                tell_link(&link, request);
                What::Detach(link.name)
            }
            Verb::End | Verb::Close => {
                let what = if said.verb == Verb::End { What::End } else { What::Close };
                if self.links.is_answer(channel, what) {
                    return Heard::Nothing;
                }
                say(request, None);
                what
            }
            Verb::Flow => return self.flow(channel, said, exchange),
            Verb::Disposition => return disposed(said, exchange),
            Verb::Transfer | Verb::Response | Verb::Challenge | Verb::Mechanisms | Verb::Outcome => {
                return Heard::Nothing;
            }
        };
        Heard::Request(self.links.ask(channel, what), exchange)
    }

    /// The client wants a link, or agrees to one of the server's.
    fn attach(&mut self, channel: u16, said: &Performative<'_>, request: &mut Request) -> Option<What> {
        let (link, handle) = attached(said, Speaker::Client)?;
        let known = link.name.and_then(|name| self.links.named(Speaker::Server, name)).is_some();
        tell_link(&link, request);
        request.details.push(("link", name(said.field(0).bytes().unwrap_or_default()).into()));
        request.details.push(("role", if said.is(2) { "receiver" } else { "sender" }.into()));
        let what = What::Attach(link.name?);
        self.links.attach(Speaker::Client, channel, handle, link);
        (!known).then_some(what)
    }

    /// The client sends a message, or more of one.
    fn transfer(&mut self, channel: u16, said: &Performative<'_>, wire: &mut Reader<'_>) -> Heard {
        let Some(handle) = said.number(0) else { return Heard::Nothing };
        let link = self.links.link(Speaker::Client, channel, handle);
        let goes_on = said.is(5);
        if let Some(key) = link.more {
            if !goes_on {
                link.more = None;
            }
            return key.map_or(Heard::Nothing, Heard::Piece);
        }
        let known = link.clone();
        let mut exchange = wire.blank();
        tell_transfer(said, &known, &mut exchange.request);
        let delivery = said.number(1).filter(|_| !said.is(4));
        let key = delivery.map(|delivery| self.links.ask(channel, What::Transfer(delivery)));
        if goes_on {
            self.links.link(Speaker::Client, channel, handle).more = Some(key);
        }
        match key {
            Some(key) => Heard::Request(key, exchange),
            None => Heard::Oneway(exchange),
        }
    }

    /// How many messages of a link the client wants.
    fn flow(&mut self, channel: u16, said: &Performative<'_>, mut exchange: Box<Exchange>) -> Heard {
        let Some(handle) = said.number(4) else { return Heard::Nothing };
        let link = self.links.link(Speaker::Client, channel, handle).clone();
        let request = &mut exchange.request;
        tell_link(&link, request);
        tell_all(said, &[(6, "link_credit")], request);
        if said.is(8) {
            request.details.push(("drain", 1.into()));
        }
        Heard::Oneway(exchange)
    }
}

/// What the client made of what was delivered.
fn disposed(said: &Performative<'_>, mut exchange: Box<Exchange>) -> Heard {
    // As a sender it only forgets what the server settled before.
    if !said.is(0) {
        return Heard::Nothing;
    }
    let request = &mut exchange.request;
    let state = state(said.field(4)).map(|(name, _)| Text::from(name));
    say(request, state.as_ref());
    tell_all(said, &[(1, "first"), (2, "last")], request);
    request.details.extend(state.map(|state| ("state", state.into())));
    if said.is(3) {
        request.details.push(("settled", 1.into()));
    }
    Heard::Oneway(exchange)
}

/// A link as its `attach` by `speaker` says, and its handle there.
pub(super) fn attached(said: &Performative<'_>, speaker: Speaker) -> Option<(Link, u32)> {
    let handle = said.number(1)?;
    let sender = match (speaker, said.is(2)) {
        (Speaker::Client, false) | (Speaker::Server, true) => Sender::Client,
        (Speaker::Client, true) | (Speaker::Server, false) => Sender::Server,
    };
    let name = link_name(said.field(0).bytes()?, sender);
    let terminus = said.field(if sender == Sender::Client { 6 } else { 5 });
    Some((Link { name: Some(name), address: address(terminus), more: None }, handle))
}

/// The address of a source or a target (part 3, 3.5.3 and 3.5.4).
fn address(terminus: Value<'_>) -> Option<Text> {
    /// What takes transactions (part 4, 4.5.1) has no address, and no other name.
    const COORDINATOR: u64 = 0x30;
    match terminus.described()? {
        (COORDINATOR, _) => Some("coordinator".into()),
        (_, value) => fields(value.list()?).ok()?.first()?.bytes().map(name),
    }
}

/// Tells a message.
pub(super) fn tell_transfer(said: &Performative<'_>, link: &Link, request: &mut Request) {
    request.operation = Cow::Borrowed(said.verb.name());
    tell_link(link, request);
    tell_all(said, &[(1, "delivery")], request);
    if said.is(4) {
        request.details.push(("settled", 1.into()));
    }
    let masked = link.address.as_deref() == Some(TOKENS);
    messages::tell(said.payload, masked, request);
}

/// Tells what a link is about; the beginning of an unknown one was not seen.
pub(super) fn tell_link(link: &Link, request: &mut Request) {
    if link.name.is_some() {
        say(request, link.address.as_ref());
        request.targets.extend(link.address.clone());
    }
}

/// Writes a statement: the operation, and what it is about.
pub(super) fn say(request: &mut Request, about: Option<&Text>) {
    let operation = request.operation.clone();
    request.statement.write_with(|out| {
        out.push_str(&operation);
        if let Some(about) = about {
            out.push(' ');
            out.push_str(about);
        }
    });
}

/// Tells fields that are numbers.
pub(super) fn tell_all(said: &Performative<'_>, named: &[(usize, &'static str)], request: &mut Request) {
    for (at, name) in named {
        request.details.extend(said.number(*at).map(|number| (*name, i64::from(number).into())));
    }
}

/// The number of a key.
pub(super) fn id(key: Key) -> u64 {
    match key {
        Key::Id(id) => id,
        Key::Turn => u64::MAX,
    }
}

/// The error that an end has, in its field at this place.
pub(super) fn error(said: &Performative<'_>) -> Option<Box<model::exchange::Failure>> {
    failure(said.field(match said.verb {
        Verb::Detach => 2,
        _ => 0,
    }))
}
