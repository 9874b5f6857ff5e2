//! What the server says: `CONNECTED`, `MESSAGE`, `ERROR`.

use model::exchange::{Failure, Outcome};

use crate::kit::protocol::Key;
use crate::kit::reader::Reader;
use crate::kit::text::{lossy, shortened};

use super::asked::write_body;
use super::fields::{Version, meant, tell};
use super::session::{CONNECT, Means, Stomp, receipt};
use super::wire::{Body, Head};

/// So many bytes of an error's text are kept.
const MESSAGE: usize = 1 << 10;

impl Stomp {
    /// The server takes the client in.
    pub(super) fn connected(&mut self, head: &Head<'_>, wire: &mut Reader<'_>) -> Means {
        self.version = Version::named(head.field("version").map(<[u8]>::trim_ascii));
        if let Some(answer) = answer(CONNECT, wire) {
            answer.outcome = Outcome::Ok;
            tell(Version::V10, head, &mut answer.details);
        }
        Means::Response(CONNECT)
    }

    /// A message for a subscriber.
    pub(super) fn delivered(&mut self, head: &Head<'_>, body: &Body<'_>, wire: &mut Reader<'_>) -> Means {
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        self.write(head, request);
        request.details.push(("from", "server".into()));
        write_body(body, request);
        Means::Oneway(exchange)
    }

    /// The server refuses the log-in, a frame that it names, or something that it does not name.
    pub(super) fn refused(&mut self, head: &Head<'_>, body: &Body<'_>, wire: &mut Reader<'_>) -> Means {
        let message = head.field("message").unwrap_or_default();
        let message = meant(self.version, message).unwrap_or(message.into());
        let (message, _) = shortened(&message, MESSAGE);
        let failure =
            Box::new(Failure { code: head.command.word().into(), message: message.as_ref().into() });
        let named = head.field("receipt-id").map(receipt);
        let key = [named, Some(CONNECT)].into_iter().flatten().find(|key| answer(*key, wire).is_some());
        let Some((key, response)) = key.and_then(|key| Some((key, answer(key, wire)?))) else {
            let mut exchange = wire.blank();
            self.write(head, &mut exchange.request);
            exchange.request.details.push(("from", "server".into()));
            exchange.response.failure = Some(failure);
            write_body(body, &mut exchange.request);
            return Means::Oneway(exchange);
        };
        response.outcome = Outcome::Error;
        response.failure = Some(failure);
        tell(self.version, head, &mut response.details);
        let (bytes, length) = match body {
            Body::Whole(body) => (body.bytes, body.length),
            // Its length is told when it is known.
            Body::GoesOn(bytes, _) => (*bytes, bytes.len() as u64),
        };
        if !bytes.is_empty() {
            response.details.push(("body", (&*lossy(bytes)).into()));
        }
        if (bytes.len() as u64) < length {
            response.details.push(("body_bytes", i64::try_from(length).unwrap_or(i64::MAX).into()));
        }
        Means::Response(key)
    }
}

/// What answers the request that waits under this key.
fn answer<'a>(key: Key, wire: &'a mut Reader<'_>) -> Option<&'a mut model::exchange::Response> {
    match key {
        Key::Id(id) => wire.answer_to(id),
        Key::Turn => wire.answer(),
    }
}
