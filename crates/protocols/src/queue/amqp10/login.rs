//! Who the session is, and the log-in that goes before it (part 5, section 5.3).

use model::conn::Speaker;
use model::exchange::{Failure, Identity, Outcome, Request, Text};

use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::Reader;
use crate::kit::sasl;
use crate::kit::text::lossy;

use crate::queue::message::{MASK, NAME};

use super::links::What;
use super::performatives::{Performative, Verb};
use super::session::Amqp;
use super::values::Value;

/// How a log-in ends (part 5, 5.3.3.6), from 1 on.
const ENDS: [&str; 4] = [
    "the credentials are wrong",
    "the server failed",
    "the server failed, and will again",
    "the server failed, and may not again",
];

/// A text as a name.
pub(super) fn name(bytes: &[u8]) -> Text {
    Text::from(&*lossy(bytes.get(..NAME).unwrap_or(bytes)))
}

impl Amqp {
    /// Who the session is, if this makes it another one.
    pub(super) fn introduced(&self, speaker: Speaker, said: &Performative<'_>) -> Option<Identity> {
        let known = self.identity.as_deref().cloned().unwrap_or_default();
        let word = |at: usize| said.field(at).bytes().filter(|bytes| !bytes.is_empty()).map(name);
        let identity = match (said.verb, speaker) {
            (Verb::Init, Speaker::Client) => {
                let [mechanism, response] = [0, 1].map(|at| said.field(at).bytes().unwrap_or_default());
                Identity { user: sasl::user(mechanism, response), ..known }
            }
            (Verb::Open, Speaker::Client) => Identity { application: word(0), database: word(1), ..known },
            (Verb::Open, Speaker::Server) => Identity { version: product(said.field(9)), ..known },
            _ => return None,
        };
        (self.identity.as_deref() != Some(&identity)).then_some(identity)
    }

    /// How the server answers a log-in.
    pub(super) fn outcome(&mut self, said: &Performative<'_>, wire: &mut Reader<'_>) -> Heard {
        let Some((key, _)) = self.links.answer(|_, what| what == What::Login) else { return Heard::Nothing };
        if let Key::Id(id) = key
            && let Some(answer) = wire.answer_to(id)
        {
            let code = said.number(0).unwrap_or_default();
            answer.outcome = if code == 0 { Outcome::Ok } else { Outcome::Error };
            answer.failure = (code != 0).then(|| {
                let why = ENDS.get(code as usize - 1).copied().unwrap_or_default();
                Box::new(Failure { code: code.to_string().into(), message: why.into() })
            });
        }
        Heard::Response(key)
    }

    /// A step of a log-in that has several.
    pub(super) fn step(&self) -> Heard {
        self.links.waits(|_, what| what == What::Login).map_or(Heard::Nothing, Heard::Piece)
    }
}

/// Writes a log-in without its proof.
pub(super) fn write(said: &Performative<'_>, request: &mut Request) {
    let [mechanism, response] = [0, 1].map(|at| said.field(at).bytes().unwrap_or_default());
    let user = sasl::user(mechanism, response);
    request.statement.write_with(|out| {
        out.push_str(said.verb.name());
        for word in [Some(name(mechanism)), user].into_iter().flatten() {
            out.push(' ');
            out.push_str(&word);
        }
        if !response.is_empty() {
            out.push(' ');
            out.push_str(MASK);
        }
    });
    request.details.push(("mechanism", name(mechanism).into()));
}

/// What a program says that it is, in the properties of its `open`.
fn product(properties: Value<'_>) -> Option<Text> {
    let Value::Map(items) = properties else { return None };
    let mut wire = items.reader();
    let [mut product, mut version] = [None, None];
    while let (Ok(key), Ok(value)) = (Value::read(&mut wire), Value::read(&mut wire)) {
        match key.bytes() {
            Some(b"product") => product = value.bytes(),
            Some(b"version") => version = value.bytes(),
            _ => {}
        }
    }
    let product = name(product?);
    Some(version.map_or(Text::clone(&product), |version| format!("{product} {}", lossy(version)).into()))
}
