//! What servers answer.

use model::details::Detail;
use model::exchange::{Failure, Outcome, Response};

use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::Reader;
use crate::kit::text::shortened;

use super::asked::position;
use super::commands::{Means, error};
use super::session::{GREETING, Pulsar, sent};
use super::wire::{Frame, bytes, numbered};

/// So many bytes of an error's text are kept.
const MESSAGE: usize = 1 << 10;

impl Pulsar {
    /// An answer of the server.
    pub(super) fn answered(&mut self, frame: &Frame<'_>, wire: &mut Reader<'_>) -> Heard {
        let said = frame.fields;
        let (key, code, message) = match frame.command.means {
            Means::Receipt => (Some(sent(said)), 0, 0),
            Means::Refusal => (Some(sent(said)), 3, 4),
            Means::Answer { id, error, message } => (numbered(said, id), error, message),
            _ => (Some(GREETING), 0, 0),
        };
        let Some(key) = key else { return Heard::Nothing };
        let Some(exchange) = wire.exchange_as(key) else { return Heard::Nothing };
        let sent = exchange.request.details.iter().find_map(|(name, value)| match value {
            Detail::Number(count) if *name == "messages" => u64::try_from(*count).ok(),
            Detail::Number(_) | Detail::Text(_) => None,
        });
        let answer = &mut exchange.response;
        match numbered(said, code).filter(|_| code != 0) {
            Some(code) => fail(code, bytes(said, message), answer),
            None => answer.outcome = Outcome::Ok,
        }
        if frame.command.means == Means::Receipt {
            answer.affected = sent;
            let id = bytes(said, 3).map(position);
            answer.details.extend(id.map(|id| ("message_id", id.as_str().into())));
        }
        Heard::Response(Key::Id(key))
    }
}

fn fail(code: u64, message: Option<&[u8]>, answer: &mut Response) {
    answer.outcome = Outcome::Error;
    let name = error(code);
    let message = message
        .map_or_else(|| name.into(), |said| [name, ": ", &*shortened(said, MESSAGE).0].concat().into());
    answer.failure = Some(Box::new(Failure { code: code.to_string().into(), message }));
}
