//! What a method means: a request, an answer, a message, an acknowledgement, an end.

use model::conn::Speaker;
use model::exchange::{Failure, Outcome, Request};

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::arguments::{Wait, answer, ask, write};
use super::channel::{Numbering, Published};
use super::content::Content;
use super::methods::{GET, Method, OPEN, PUBLISH, Role, START_OK};
use super::session::{Amqp, CUT};
use super::wire::short;

/// Who says a method, and on which channel.
type Where = (Speaker, u16);
/// A reader that has passed over the frame, and one that has not.
type Frame<'a, 'b, 'c> = (Reader<'a>, &'b mut Reader<'c>);

impl Amqp {
    pub(super) fn heard(
        &mut self,
        method: &'static Method,
        at: Where,
        body: &mut Reader<'_>,
        (mut ahead, wire): Frame<'_, '_, '_>,
    ) -> Read<Heard> {
        if let Some(heard) = self.introduced(method, body, wire)? {
            return Ok(heard);
        }
        match method.role {
            Role::Carries => return self.message(method, at, body, (ahead, wire)),
            Role::Gives => {
                let content = Content::read(at.1, &mut ahead)?;
                wire.skip(ahead.taken() as u64 + ahead.debt());
                return self.given(method, at, body, &content, wire);
            }
            Role::Settles if at.0 == Speaker::Server => {
                return self.confirmed(method, at.1, body, ahead.taken() as u64, wire);
            }
            Role::Asks | Role::Answers(_) | Role::Tells | Role::Settles | Role::Ends | Role::Silent => {}
        }
        wire.skip(ahead.taken() as u64);
        match method.role {
            Role::Answers(of) => self.answered(method, of, at, body, wire),
            Role::Ends => self.ended(method, at, body, wire),
            Role::Silent => {
                let key = self.waiting_login(method, wire);
                Ok(key.map_or(Heard::Nothing, Heard::Piece))
            }
            Role::Asks | Role::Tells | Role::Settles | Role::Carries | Role::Gives => {
                self.asked(method, at, body, wire)
            }
        }
    }

    /// A method that is answered, or told.
    fn asked(
        &mut self,
        method: &'static Method,
        (speaker, channel): Where,
        body: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let wait = match method.name {
            START_OK => super::login::write(body, request).map(|()| Wait::Yes)?,
            _ => ask(method, body, request)?,
        };
        tell_speaker(speaker, request);
        match method.name {
            "channel.open" => self.open(channel),
            "confirm.select" => self.channel(channel).numbering = Numbering::Known(0),
            _ => {}
        }
        if method.role != Role::Asks || wait == Wait::No {
            return Ok(Heard::Oneway(exchange));
        }
        Ok(Heard::Request(self.channel(channel).ask(speaker), exchange))
    }

    /// The answer to what the other side asked.
    fn answered(
        &mut self,
        method: &'static Method,
        of: &'static str,
        (speaker, channel): Where,
        body: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let Some(key) = self.channel(channel).answer(other(speaker), |key| is(key, of, wire)) else {
            return Ok(Heard::Nothing);
        };
        if let Some(response) = wire.answer_to(id(key)) {
            response.outcome = Outcome::Ok;
            if of == GET {
                response.rows = Some(0);
            }
            answer(method, body, response)?;
        }
        Ok(Heard::Response(key))
    }

    /// A message that was asked for.
    fn given(
        &mut self,
        method: &'static Method,
        (speaker, channel): Where,
        body: &mut Reader<'_>,
        content: &Content<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let cut = wire.broken(CUT);
        *self.channel(channel).left.of(speaker) = content.left;
        let Some(key) = self.channel(channel).answer(other(speaker), |key| is(key, GET, wire)) else {
            return Ok(Heard::Nothing);
        };
        if let Some(response) = wire.answer_to(id(key)) {
            response.outcome = Outcome::Ok;
            response.rows = Some(1);
            answer(method, body, response).map_err(|_| cut)?;
            content.tell_properties(&mut response.details);
            if let Some(text) = content.text() {
                response.samples.begin(0).push(&text);
                response.samples.end();
            }
        }
        Ok(Heard::Response(key))
    }

    /// A message that the client publishes, that is delivered to it, or that comes back.
    fn message(
        &mut self,
        method: &'static Method,
        (speaker, channel): Where,
        body: &mut Reader<'_>,
        (mut ahead, wire): Frame<'_, '_, '_>,
    ) -> Read<Heard> {
        let content = Content::read(channel, &mut ahead)?;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        ask(method, body, request).map_err(|stop| whole(stop, wire))?;
        content.tell(request);
        let state = self.channel(channel);
        let published = if method.name == PUBLISH { state.publish() } else { Published::Told };
        if let Published::Instead(key) = published {
            // Nobody confirmed the one before, so nobody will: that becomes known only now.
            if let Some(response) = wire.answer_to(id(key)) {
                response.outcome = Outcome::Oneway;
            }
            return Ok(Heard::Response(key));
        }
        *state.left.of(speaker) = content.left;
        tell_speaker(speaker, &mut exchange.request);
        if method.name == "basic.return" {
            returned(&mut exchange);
        }
        wire.skip(ahead.taken() as u64 + ahead.debt());
        match published {
            Published::Waits(key) => {
                state.sending = Some(key).filter(|_| content.left > 0);
                Ok(Heard::Request(key, exchange))
            }
            Published::Told | Published::Instead(_) => Ok(Heard::Oneway(exchange)),
        }
    }

    /// The server took, or did not take, what was published.
    fn confirmed(
        &mut self,
        method: &'static Method,
        channel: u16,
        body: &mut Reader<'_>,
        length: u64,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let (number, flags) = (body.be64()?, body.u8()?);
        let several = flags & 1 != 0 && method.name != "basic.reject";
        let confirmed = self.channel(channel).confirm(number, several);
        let Some((key, more)) = confirmed else {
            wire.skip(length);
            return Ok(Heard::Nothing);
        };
        if let Some(response) = wire.answer_to(id(key)) {
            response.outcome = Outcome::Ok;
            if method.name != "basic.ack" {
                response.outcome = Outcome::Error;
                let message = "the server did not take the message".into();
                response.failure = Some(Box::new(Failure { code: method.name.into(), message }));
            }
        }
        // The frame answers several: it is passed over with the last of them.
        if !more {
            wire.skip(length);
        }
        Ok(Heard::Response(key))
    }

    /// A channel or the connection ends: by the client's wish, or because the server refuses something.
    fn ended(
        &mut self,
        method: &'static Method,
        (speaker, channel): Where,
        body: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let (code, why) = (body.be16()?, short(body)?);
        let cause = u32::from(body.be16()?) << 16 | u32::from(body.be16()?);
        if speaker == Speaker::Client {
            let mut exchange = wire.blank();
            let request = &mut exchange.request;
            write(method.name, request);
            request.details.push(("reply_code", i64::from(code).into()));
            request.details.push(("reply_text", lossy(why).as_ref().into()));
            return Ok(Heard::Request(self.channel(channel).ask(speaker), exchange));
        }
        let failure =
            Box::new(Failure { code: code.to_string().into(), message: lossy(why).as_ref().into() });
        let refused = super::methods::of(cause).map(|method| method.name);
        let is_meant = |key| match refused {
            Some(refused) => is(key, refused, wire),
            // Before the connection is open it is not said what is refused.
            None => is(key, START_OK, wire) || is(key, OPEN, wire),
        };
        let key = match method.name {
            "channel.close" => self.channel(channel).answer(Speaker::Client, is_meant),
            _ => self.waiting(is_meant),
        };
        if let Some(key) = key {
            if let Some(response) = wire.answer_to(id(key)) {
                response.outcome = Outcome::Error;
                response.failure = Some(failure);
            }
            return Ok(Heard::Response(key));
        }
        let mut exchange = wire.blank();
        write(method.name, &mut exchange.request);
        tell_speaker(speaker, &mut exchange.request);
        if let Some(refused) = refused {
            exchange.request.details.push(("refuses", refused.into()));
        }
        if code != SUCCESS {
            exchange.response.failure = Some(failure);
        }
        Ok(Heard::Oneway(exchange))
    }

    /// A step of a log-in that has several.
    fn waiting_login(&mut self, method: &'static Method, wire: &Reader<'_>) -> Option<Key> {
        let is_step = matches!(method.name, "connection.secure" | "connection.secure-ok");
        is_step
            .then(|| self.channel(0).peek(Speaker::Client))
            .flatten()
            .filter(|key| is(*key, START_OK, wire))
    }
}

/// A method is whole: what is missing in it will not come.
fn whole(stop: Stop, wire: &Reader<'_>) -> Stop {
    if stop == Stop::Short { wire.broken(CUT) } else { stop }
}

/// The code of an end that nothing is wrong with.
const SUCCESS: u16 = 200;

/// Whether what waits under a key is of this method.
fn is(key: Key, operation: &str, wire: &Reader<'_>) -> bool {
    wire.asked_as(id(key)).is_some_and(|asked| asked.operation == operation)
}

/// A message that comes back: the details say why.
fn returned(exchange: &mut model::exchange::Exchange) {
    let mut told = [None, None];
    for (name, detail) in &exchange.request.details {
        match (*name, detail) {
            ("reply_code", model::details::Detail::Number(code)) => told[0] = Some(code.to_string()),
            ("reply_text", model::details::Detail::Text(why)) => told[1] = Some(why.to_string()),
            _ => {}
        }
    }
    let [code, message] = told.map(|text| text.unwrap_or_default().into());
    exchange.response.failure = Some(Box::new(Failure { code, message }));
}

fn tell_speaker(speaker: Speaker, request: &mut Request) {
    if speaker == Speaker::Server {
        request.details.push(("from", "server".into()));
    }
}

fn other(speaker: Speaker) -> Speaker {
    match speaker {
        Speaker::Client => Speaker::Server,
        Speaker::Server => Speaker::Client,
    }
}

/// The number of a key.
fn id(key: Key) -> u64 {
    match key {
        Key::Id(id) => id,
        Key::Turn => u64::MAX,
    }
}
