//! Performatives (part 2, section 2.7; part 5, section 5.3.3): their numbers, their names, their fields.

use smallvec::SmallVec;

use model::exchange::Failure;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::Reader;
use crate::kit::text::shortened;

use super::values::{Items, Value, descriptor};
use super::wire::{Frame, Layer};

/// So many bytes of an error's text are kept.
const MESSAGE: usize = 1 << 10;
/// No performative has more fields.
const FIELDS: usize = 15;

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Open,
    Begin,
    Attach,
    Flow,
    Transfer,
    Disposition,
    Detach,
    End,
    Close,
    Mechanisms,
    Init,
    Challenge,
    Response,
    Outcome,
}

const VERBS: [(u64, Verb, Layer, &str); 14] = [
    (0x14, Verb::Transfer, Layer::Amqp, "transfer"),
    (0x15, Verb::Disposition, Layer::Amqp, "disposition"),
    (0x13, Verb::Flow, Layer::Amqp, "flow"),
    (0x12, Verb::Attach, Layer::Amqp, "attach"),
    (0x16, Verb::Detach, Layer::Amqp, "detach"),
    (0x10, Verb::Open, Layer::Amqp, "open"),
    (0x11, Verb::Begin, Layer::Amqp, "begin"),
    (0x17, Verb::End, Layer::Amqp, "end"),
    (0x18, Verb::Close, Layer::Amqp, "close"),
    (0x40, Verb::Mechanisms, Layer::Sasl, "sasl-mechanisms"),
    (0x41, Verb::Init, Layer::Sasl, "sasl-init"),
    (0x42, Verb::Challenge, Layer::Sasl, "sasl-challenge"),
    (0x43, Verb::Response, Layer::Sasl, "sasl-response"),
    (0x44, Verb::Outcome, Layer::Sasl, "sasl-outcome"),
];

impl Verb {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        VERBS.iter().find(|(_, verb, ..)| *verb == self).map_or("", |(.., name)| name)
    }
}

/// A performative: what it says, its fields, and what stands behind it.
#[derive(Debug)]
pub(super) struct Performative<'a> {
    pub(super) verb: Verb,
    fields: SmallVec<[Value<'a>; FIELDS]>,
    pub(super) payload: &'a [u8],
}

impl<'a> Performative<'a> {
    /// What a frame holds; `None` where it is empty, or what was lost of it would tell.
    ///
    /// # Errors
    /// [`Stop::Broken`] when it holds none.
    pub(super) fn of(frame: &Frame<'a>) -> Read<Option<Performative<'a>>> {
        if frame.bytes.is_empty() {
            return Ok(None);
        }
        let mut wire = frame.reader();
        match Performative::read(frame.layer, &mut wire) {
            Err(Stop::Short) if frame.is_whole => {
                Err(wire.broken("a performative ends in the middle of a field"))
            }
            Err(Stop::Short) => Ok(None),
            read => read.map(Some),
        }
    }

    fn read(layer: Layer, wire: &mut Reader<'a>) -> Read<Performative<'a>> {
        let verb = verb(layer, wire)?;
        let Some(items) = Value::read(wire)?.list() else {
            return Err(wire.broken("a performative is no list"));
        };
        Ok(Performative { verb, fields: fields(items)?, payload: wire.rest() })
    }

    /// A field by its place; what is not there is null.
    pub(super) fn field(&self, at: usize) -> Value<'a> {
        self.fields.get(at).copied().unwrap_or(Value::Null)
    }

    /// A field that is a number of four bytes.
    pub(super) fn number(&self, at: usize) -> Option<u32> {
        u32::try_from(self.field(at).number()?).ok()
    }

    /// Whether a field is true.
    pub(super) fn is(&self, at: usize) -> bool {
        self.field(at) == Value::Truth(true)
    }
}

/// What a performative says that begins here.
pub(super) fn verb(layer: Layer, wire: &mut Reader<'_>) -> Read<Verb> {
    let code = descriptor(wire)?;
    let found = VERBS.iter().find(|(number, _, its, _)| *number == code && *its == layer);
    found.map(|(_, verb, ..)| *verb).ok_or_else(|| wire.broken("nobody says such a thing in a frame"))
}

/// The values of a list, as many as anything has.
pub(super) fn fields(items: Items<'_>) -> Read<SmallVec<[Value<'_>; FIELDS]>> {
    let mut wire = items.reader();
    (0..items.count).take(FIELDS).map(|_| Value::read(&mut wire)).collect()
}

/// An error (part 2, 2.8.14).
pub(super) fn failure(error: Value<'_>) -> Option<Box<Failure>> {
    let (_, value) = error.described()?;
    let fields = fields(value.list()?).ok()?;
    let text = |at: usize| {
        let bytes = fields.get(at).and_then(|field| field.bytes()).unwrap_or_default();
        shortened(bytes, MESSAGE).0.as_ref().into()
    };
    Some(Box::new(Failure { code: text(0), message: text(1) }))
}
