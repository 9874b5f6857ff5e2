//! Messages: an envelope, a body, properties.

use std::borrow::Cow;

use crate::kit::protocol::Read;
use crate::kit::reader::Sample;

use super::command::{Command, Whole};
use super::fields::{Fields, Thing};

/// A message.
#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    pub(super) kind: u8,
    pub(super) id: Thing,
    pub(super) body: Option<Sample<'a>>,
    pub(super) properties: Option<Sample<'a>>,
    pub(super) is_compressed: bool,
}

/// Whether a command is a message.
pub(super) fn is_message(kind: u8) -> bool {
    matches!(kind, 23..=29)
}

impl<'a> Command<'a> {
    /// Reads a message of this kind, behind the fields that all commands have.
    pub(super) fn read_message(
        &mut self,
        kind: u8,
        fields: &mut Fields<'a, '_>,
    ) -> Read<(Message<'a>, Whole)> {
        let mut message = Message { kind, id: self.read_envelope(fields)?, ..Message::default() };
        message.body = fields.bytes()?;
        if message.body.is_some_and(|body| body.is_cut()) {
            return Ok((message, Whole::No));
        }
        message.properties = fields.bytes()?;
        if message.properties.is_some_and(|properties| properties.is_cut()) || fields.boolean()? {
            // What brokers tell each other, and clients of advisories, is a command in a message.
            return Ok((message, Whole::No));
        }
        fields.cached()?;
        message.is_compressed = fields.boolean()?;
        pass_rest(fields)?;
        Ok((message, Whole::Yes))
    }

    /// What stands before a body; the message's id.
    fn read_envelope(&mut self, fields: &mut Fields<'a, '_>) -> Read<Thing> {
        fields.cached()?;
        self.destination = fields.cached()?;
        self.transaction = fields.cached()?;
        fields.cached()?;
        let id = fields.nested()?;
        fields.cached()?;
        let group = fields.string()?;
        fields.int()?;
        let correlation = fields.string()?;
        let delivery = if fields.boolean()? { "persistent" } else { "transient" };
        fields.long()?;
        let priority = fields.byte()?;
        let reply = fields.nested()?;
        fields.long()?;
        let sort = fields.string()?;
        self.note("group", group);
        self.note("correlation_id", correlation);
        self.note("type", sort);
        self.texts.extend(reply.text().map(|reply| ("reply_to", Cow::Owned(reply.to_string()))));
        self.texts.push(("delivery", delivery.into()));
        self.numbers.push(("priority", priority.into()));
        Ok(id)
    }
}

/// Passes over what stands behind whether the body is compressed.
fn pass_rest(fields: &mut Fields<'_, '_>) -> Read<()> {
    fields.int()?;
    fields.pass_array()?;
    fields.long()?;
    fields.string()?;
    fields.boolean()?;
    let version = fields.format.version;
    if version >= 2 {
        fields.boolean()?;
    }
    if version >= 3 {
        fields.pass_array()?;
        fields.long()?;
        fields.long()?;
    }
    if version >= 10 {
        fields.boolean()?;
    }
    Ok(())
}
