//! Commands: the fields of each type in their order, as far as something is told of them.

use std::borrow::Cow;

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;

use super::fields::{Cache, Fields, Thing};
use super::format::Format;
use super::message::{Message, is_message};

/// The types of commands, and their names.
const KINDS: [(u8, &str); 31] = [
    (WIRE_FORMAT, "WireFormatInfo"),
    (2, "BrokerInfo"),
    (CONNECTION, "ConnectionInfo"),
    (4, "SessionInfo"),
    (5, "ConsumerInfo"),
    (6, "ProducerInfo"),
    (7, "TransactionInfo"),
    (8, "DestinationInfo"),
    (9, "RemoveSubscriptionInfo"),
    (10, "KeepAliveInfo"),
    (11, "ShutdownInfo"),
    (12, "RemoveInfo"),
    (14, "ControlCommand"),
    (15, "FlushCommand"),
    (16, "ConnectionError"),
    (17, "ConsumerControl"),
    (18, "ConnectionControl"),
    (19, "ProducerAck"),
    (20, "MessagePull"),
    (DISPATCH, "MessageDispatch"),
    (22, "MessageAck"),
    (23, "ActiveMQMessage"),
    (24, "ActiveMQBytesMessage"),
    (25, "ActiveMQMapMessage"),
    (26, "ActiveMQObjectMessage"),
    (27, "ActiveMQStreamMessage"),
    (28, "ActiveMQTextMessage"),
    (29, "ActiveMQBlobMessage"),
    (RESPONSE, "Response"),
    (EXCEPTION, "ExceptionResponse"),
    (90, "MessageDispatchNotification"),
];
/// Responses that bring something.
const BRING: [(u8, &str); 3] = [(32, "DataResponse"), (33, "DataArrayResponse"), (34, "IntegerResponse")];

pub(super) const WIRE_FORMAT: u8 = 1;
pub(super) const CONNECTION: u8 = 3;
pub(super) const DISPATCH: u8 = 21;
const RESPONSE: u8 = 30;
const EXCEPTION: u8 = 31;

/// The name of a command's type, if there is such a type.
pub(super) fn name(kind: u8) -> Option<&'static str> {
    KINDS.iter().chain(&BRING).find(|(known, _)| *known == kind).map(|(_, name)| *name)
}

/// What a command says.
#[derive(Debug, Default)]
pub(super) struct Command<'a> {
    pub(super) kind: u8,
    pub(super) id: i32,
    pub(super) wants_response: bool,
    /// The command that it answers.
    pub(super) answers: Option<i32>,
    pub(super) destination: Thing,
    /// The connection, session, consumer or producer that it is about.
    pub(super) about: Thing,
    pub(super) transaction: Thing,
    pub(super) message: Option<Message<'a>>,
    pub(super) user: Option<Cow<'a, str>>,
    pub(super) exception: Option<(Cow<'a, str>, Cow<'a, str>)>,
    /// Texts that have a detail of their own.
    pub(super) texts: Vec<(&'static str, Cow<'a, str>)>,
    pub(super) numbers: Vec<(&'static str, i64)>,
    /// Whether it was read to its end.
    pub(super) reading: Reading,
}

/// How far a command was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// What is left says nothing that is told.
    #[default]
    Enough,
    All,
    /// There is more in it than its fields, or less.
    Wrong,
}

impl<'a> Command<'a> {
    /// Reads a command whose type was read.
    pub(super) fn read(kind: u8, wire: Reader<'a>, format: Format, cache: &mut Cache) -> Read<Command<'a>> {
        let mut fields = Fields::of(wire, format, cache)?;
        let (id, wants_response) = (fields.int()?, fields.boolean()?);
        let mut command = Command { kind, id, wants_response, ..Command::default() };
        let whole = command.read_fields(&mut fields)?;
        command.reading = match whole {
            Whole::No => Reading::Enough,
            Whole::Yes if fields.is_over() => Reading::All,
            Whole::Yes => Reading::Wrong,
        };
        Ok(command)
    }

    fn read_fields(&mut self, fields: &mut Fields<'a, '_>) -> Read<Whole> {
        match self.kind {
            CONNECTION => self.read_connection(fields)?,
            4 => self.about = fields.cached()?,
            5 => return self.read_consumer(fields),
            6 => self.read_producer(fields)?,
            7 => self.read_transaction(fields)?,
            8 => self.read_destination(fields)?,
            9 => self.read_subscription(fields)?,
            10 | 11 => {}
            12 => self.read_removed(fields)?,
            20 => self.read_pull(fields)?,
            DISPATCH => return self.read_dispatch(fields),
            22 => self.read_ack(fields)?,
            23..=29 => {
                let (message, whole) = self.read_message(self.kind, fields)?;
                self.message = Some(message);
                return Ok(whole);
            }
            RESPONSE..=34 => return self.read_response(fields),
            16 => {
                self.exception = fields.exception()?;
                return Ok(Whole::No);
            }
            _ => return Ok(Whole::No),
        }
        Ok(Whole::Yes)
    }

    fn read_producer(&mut self, fields: &mut Fields<'a, '_>) -> Read<()> {
        (self.about, self.destination) = (fields.cached()?, fields.cached()?);
        fields.pass_array()?;
        if fields.format.version >= 2 {
            fields.boolean()?;
        }
        if fields.format.version >= 3 {
            fields.int()?;
        }
        Ok(())
    }

    fn read_transaction(&mut self, fields: &mut Fields<'a, '_>) -> Read<()> {
        fields.cached()?;
        self.transaction = fields.cached()?;
        self.texts.push(("action", transaction(fields.byte()?).into()));
        Ok(())
    }

    fn read_destination(&mut self, fields: &mut Fields<'a, '_>) -> Read<()> {
        fields.cached()?;
        self.destination = fields.cached()?;
        let action = if fields.byte()? == 0 { "add" } else { "remove" };
        self.texts.push(("action", action.into()));
        fields.long()?;
        fields.pass_array()
    }

    fn read_subscription(&mut self, fields: &mut Fields<'a, '_>) -> Read<()> {
        fields.cached()?;
        let (name, client) = (fields.string()?, fields.string()?);
        self.note("subscription", name);
        self.note("client_id", client);
        Ok(())
    }

    fn read_removed(&mut self, fields: &mut Fields<'a, '_>) -> Read<()> {
        self.about = fields.cached()?;
        if fields.format.version >= 5 {
            fields.long()?;
        }
        Ok(())
    }

    fn read_pull(&mut self, fields: &mut Fields<'a, '_>) -> Read<()> {
        (self.about, self.destination) = (fields.cached()?, fields.cached()?);
        self.numbers.push(("timeout_ms", fields.long()?));
        if fields.format.version >= 3 {
            fields.string()?;
            fields.nested()?;
        }
        Ok(())
    }

    /// Its password is passed over.
    fn read_connection(&mut self, fields: &mut Fields<'a, '_>) -> Read<()> {
        self.about = fields.cached()?;
        let client = fields.string()?;
        self.note("client_id", client);
        fields.string()?;
        self.user = fields.string()?;
        fields.pass_array()?;
        fields.boolean()?;
        fields.boolean()?;
        let version = fields.format.version;
        for from in [2, 6, 6] {
            if version >= from {
                fields.boolean()?;
            }
        }
        if version >= 8 {
            fields.string()?;
        }
        Ok(())
    }

    fn read_consumer(&mut self, fields: &mut Fields<'a, '_>) -> Read<Whole> {
        self.about = fields.cached()?;
        let browses = fields.boolean()?;
        self.destination = fields.cached()?;
        self.numbers.push(("prefetch", fields.int()?.into()));
        fields.int()?;
        fields.boolean()?;
        let selector = fields.string()?;
        if fields.format.version >= 10 {
            let client = fields.string()?;
            self.note("client_id", client);
        }
        let name = fields.string()?;
        self.note("subscription", name);
        self.note("selector", selector);
        if browses {
            self.texts.push(("browses", "yes".into()));
        }
        pass_consumer(fields)
    }

    fn read_dispatch(&mut self, fields: &mut Fields<'a, '_>) -> Read<Whole> {
        (self.about, self.destination) = (fields.cached()?, fields.cached()?);
        let Some(kind) = fields.enter_message()? else {
            fields.int()?;
            return Ok(Whole::Yes);
        };
        if !is_message(kind) {
            return Err(fields.wire.broken("what is dispatched is no message"));
        }
        // Of the message's own command.
        fields.int()?;
        fields.boolean()?;
        let destination = std::mem::take(&mut self.destination);
        let (message, whole) = self.read_message(kind, fields)?;
        self.message = Some(message);
        self.destination = destination;
        if whole == Whole::Yes {
            fields.int()?;
        }
        Ok(whole)
    }

    fn read_ack(&mut self, fields: &mut Fields<'a, '_>) -> Read<()> {
        self.destination = fields.cached()?;
        self.transaction = fields.cached()?;
        self.about = fields.cached()?;
        self.texts.push(("acknowledges", acknowledgement(fields.byte()?).into()));
        fields.nested()?;
        let last = fields.nested()?;
        if let Some(last) = last.text() {
            self.texts.push(("message_id", last.to_string().into()));
        }
        self.numbers.push(("messages", fields.int()?.into()));
        if fields.format.version >= 7 {
            self.exception = fields.exception()?;
        }
        Ok(())
    }

    fn read_response(&mut self, fields: &mut Fields<'a, '_>) -> Read<Whole> {
        self.answers = Some(fields.int()?);
        match self.kind {
            RESPONSE => Ok(Whole::Yes),
            EXCEPTION => {
                self.exception = fields.exception()?;
                Ok(Whole::Yes)
            }
            34 => fields.int().map(|_| Whole::Yes),
            _ => Ok(Whole::No),
        }
    }

    pub(super) fn note(&mut self, name: &'static str, text: Option<Cow<'a, str>>) {
        self.texts.extend(text.filter(|text| !text.is_empty()).map(|text| (name, text)));
    }
}

/// Whether all fields of a type are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    Yes,
    No,
}

/// Passes over how messages are given to a consumer.
fn pass_consumer(fields: &mut Fields<'_, '_>) -> Read<Whole> {
    for _ in 0..3 {
        fields.boolean()?;
    }
    fields.byte()?;
    fields.pass_array()?;
    if fields.boolean()? {
        // A condition of another broker's.
        return Ok(Whole::No);
    }
    for _ in 0..3 {
        fields.boolean()?;
    }
    if fields.format.version >= 4 {
        fields.pass_array()?;
    }
    Ok(Whole::Yes)
}

/// What is done with a transaction.
fn transaction(action: u8) -> &'static str {
    match action {
        0 => "begin",
        1 => "prepare",
        2 => "commit",
        3 => "commit prepared",
        4 => "rollback",
        5 => "recover",
        6 => "forget",
        7 => "end",
        _ => "unknown",
    }
}

/// What is said of messages.
fn acknowledgement(kind: u8) -> &'static str {
    match kind {
        0 => "delivered",
        1 => "poison",
        2 => "consumed",
        3 => "redelivered",
        4 => "consumed, one",
        5 => "not matched",
        6 => "expired",
        _ => "unknown",
    }
}
