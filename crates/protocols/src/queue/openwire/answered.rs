//! Responses.

use model::exchange::{Failure, Outcome};

use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::Reader;
use crate::kit::text::shortened;

use super::command::Command;
use super::session::OpenWire;

/// So many bytes of an exception's message are kept.
const MESSAGE: usize = 1 << 10;

impl OpenWire {
    /// How what waits under this key ended.
    pub(super) fn answered(key: Key, command: &Command<'_>, wire: &mut Reader<'_>) -> Heard {
        let Key::Id(id) = key else { return Heard::Nothing };
        let Some(answer) = wire.answer_to(id) else { return Heard::Nothing };
        answer.outcome = Outcome::Ok;
        if let Some((class, message)) = &command.exception {
            answer.outcome = Outcome::Error;
            let (message, _) = shortened(message.as_bytes(), MESSAGE);
            let (code, _) = shortened(class.as_bytes(), MESSAGE);
            answer.failure = Some(Box::new(Failure { code: code.into(), message: message.into() }));
        }
        Heard::Response(key)
    }
}
