//! The properties of MQTT 5 (section 2.2.2): what each is, and what a record shows of it.

use std::fmt::Write as _;

use model::details::{Detail, Details};

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::{lossy, utf8};

use crate::queue::message::Headers;

use super::wire::{bytes, number_of};

/// Longer properties than these of a message are passed over unread.
pub(super) const LONGEST: u32 = 64 << 10;
/// So many bytes of a text or of binary data are told.
const TEXT: usize = 256;

/// The form of a property's value.
#[derive(Clone, Copy, Debug)]
enum Form {
    Byte,
    Two,
    Four,
    Number,
    Text,
    Binary,
    /// A credential: passed over.
    Secret,
    Pair,
}

/// What a property is: identifier, form, and the names of the details of a request and of an answer, which stand in one
/// object.
macro_rules! property {
    ($id:expr, $form:ident, $name:literal) => {
        ($id, Form::$form, [$name, concat!("answer.", $name)])
    };
}

/// All of them (2.2.2.2).
const PROPERTIES: [(u8, Form, Names); 27] = [
    property!(TOPIC_ALIAS, Two, "topic_alias"),
    property!(USER_PROPERTY, Pair, "user_properties"),
    property!(0x01, Byte, "payload_format"),
    property!(0x02, Four, "expiry_s"),
    property!(0x03, Text, "content_type"),
    property!(0x08, Text, "response_topic"),
    property!(0x09, Binary, "correlation"),
    property!(0x0b, Number, "subscription"),
    property!(0x11, Four, "session_expiry_s"),
    property!(ASSIGNED_CLIENT, Text, "assigned_client_id"),
    property!(0x13, Two, "server_keep_alive_s"),
    property!(METHOD, Text, "auth_method"),
    property!(0x16, Secret, "auth_data"),
    property!(0x17, Byte, "request_problem_information"),
    property!(0x18, Four, "will_delay_s"),
    property!(0x19, Byte, "request_response_information"),
    property!(0x1a, Text, "response_information"),
    property!(0x1c, Text, "server_reference"),
    property!(REASON, Text, "reason"),
    property!(0x21, Two, "receive_maximum"),
    property!(0x22, Two, "topic_alias_maximum"),
    property!(0x24, Byte, "maximum_qos"),
    property!(0x25, Byte, "retain_available"),
    property!(0x27, Four, "maximum_packet_bytes"),
    property!(0x28, Byte, "wildcards_available"),
    property!(0x29, Byte, "subscription_ids_available"),
    property!(0x2a, Byte, "shared_subscriptions_available"),
];

const ASSIGNED_CLIENT: u8 = 0x12;
const METHOD: u8 = 0x15;
const REASON: u8 = 0x1f;
const TOPIC_ALIAS: u8 = 0x23;
const USER_PROPERTY: u8 = 0x26;

/// The names of a detail, of a request and of an answer.
type Names = [&'static str; 2];

const USER_PROPERTIES: Names = ["user_properties", "answer.user_properties"];

/// Whose properties they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Asked,
    Answered,
}

/// The value of a property.
enum Value<'a> {
    Number(u32),
    Bytes(&'a [u8]),
    Pair(&'a [u8], &'a [u8]),
}

/// The properties of one packet, known to be whole.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Properties<'a>(&'a [u8]);

impl<'a> Properties<'a> {
    /// Reads them from a packet.
    ///
    /// # Errors
    /// [`Stop::Short`](crate::kit::protocol::Stop) when they are not there, [`Stop::Broken`](crate::kit::protocol::Stop)
    /// when one is none that there is, or ends behind them.
    pub(super) fn read(wire: &mut Reader<'a>) -> Read<Properties<'a>> {
        let length = number_of(wire)?;
        Properties::of(length, wire)
    }

    /// The same, when their length is read already.
    pub(super) fn of(length: u32, wire: &mut Reader<'a>) -> Read<Properties<'a>> {
        let all = wire.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        let mut each = Reader::new(all, wire.position(), Ahead::End);
        while !each.rest().is_empty() {
            if next(&mut each).is_none() {
                return Err(wire.broken("a property is none that there is"));
            }
        }
        Ok(Properties(all))
    }

    pub(super) fn topic_alias(self) -> Option<u16> {
        let found = self.iter().find(|(id, ..)| *id == TOPIC_ALIAS);
        match found {
            Some((_, _, Value::Number(alias))) => u16::try_from(alias).ok(),
            Some((_, _, Value::Bytes(_) | Value::Pair(..))) | None => None,
        }
    }

    pub(super) fn assigned_client(self) -> Option<&'a [u8]> {
        self.text(ASSIGNED_CLIENT)
    }

    /// What the sender says to explain its reason code.
    pub(super) fn reason(self) -> Option<&'a [u8]> {
        self.text(REASON)
    }

    /// The method of an extended log-in (4.12).
    pub(super) fn method(self) -> Option<&'a [u8]> {
        self.text(METHOD)
    }

    fn text(self, wanted: u8) -> Option<&'a [u8]> {
        self.iter().find_map(|(id, _, value)| match value {
            Value::Bytes(text) if id == wanted => Some(text),
            Value::Bytes(_) | Value::Number(_) | Value::Pair(..) => None,
        })
    }

    /// Tells all of them but credentials and what an error's message says.
    pub(super) fn tell(self, side: Side, details: &mut Details) {
        if self.0.is_empty() {
            return;
        }
        let name = |[asked, answered]: Names| match side {
            Side::Asked => asked,
            Side::Answered => answered,
        };
        let mut user = Headers::default();
        for (id, names, value) in self.iter() {
            match value {
                Value::Bytes(_) if id == REASON => {}
                Value::Number(number) => details.push((name(names), i64::from(number).into())),
                Value::Bytes(bytes) => details.push((name(names), shown(bytes))),
                Value::Pair(name, value) => user.add(name, &lossy(value)),
            }
        }
        if let Some(user) = user.told() {
            details.push((name(USER_PROPERTIES), user));
        }
    }

    /// All but credentials: identifier, names of the detail, value.
    fn iter(self) -> impl Iterator<Item = (u8, Names, Value<'a>)> {
        let mut each = Reader::new(self.0, 0, Ahead::End);
        std::iter::from_fn(move || next(&mut each))
            .filter_map(|(id, names, value)| value.map(|value| (id, names, value)))
    }
}

/// The next property; without a value where that is a credential.
fn next<'a>(wire: &mut Reader<'a>) -> Option<(u8, Names, Option<Value<'a>>)> {
    let id = wire.u8().ok()?;
    let (_, form, names) = PROPERTIES.iter().find(|(known, ..)| *known == id)?;
    let value = match form {
        Form::Byte => Value::Number(wire.u8().ok()?.into()),
        Form::Two => Value::Number(wire.be16().ok()?.into()),
        Form::Four => Value::Number(wire.be32().ok()?),
        Form::Number => Value::Number(number_of(wire).ok()?),
        Form::Text | Form::Binary => Value::Bytes(bytes(wire).ok()?),
        Form::Pair => Value::Pair(bytes(wire).ok()?, bytes(wire).ok()?),
        Form::Secret => {
            bytes(wire).ok()?;
            return Some((id, *names, None));
        }
    };
    Some((id, *names, Some(value)))
}

/// Text as it is, other bytes as hexadecimal digits.
fn shown(bytes: &[u8]) -> Detail {
    let kept = bytes.get(..TEXT).unwrap_or(bytes);
    if let Some(text) = utf8(kept).filter(|text| !text.chars().any(char::is_control)) {
        return text.into();
    }
    let mut digits = String::with_capacity(kept.len() * 2);
    kept.iter().for_each(|byte| _ = write!(digits, "{byte:02x}"));
    digits.as_str().into()
}

#[cfg(test)]
mod tests {
    use model::details::Details;

    use super::{Properties, Side};
    use crate::kit::reader::{Ahead, Reader};

    fn read(bytes: &[u8]) -> Option<Properties<'_>> {
        Properties::read(&mut Reader::new(bytes, 0, Ahead::End)).ok()
    }

    #[test]
    fn what_is_told_is_no_credential() {
        let bytes = b"\x28\x23\0\x07\x16\0\x02pw\x09\0\x02\x01\xff\x26\0\x05token\0\x01t\x26\0\x01a\0\x01b\x1f\0\x03why\x0b\x81\x01";
        let properties = read(bytes).unwrap();
        assert_eq!(properties.topic_alias(), Some(7));
        assert_eq!(properties.reason(), Some(&b"why"[..]));
        let mut told = Details::new();
        properties.tell(Side::Asked, &mut told);
        let told = format!("{told:?}");
        assert!(told.contains("01ff") && told.contains("token=***; a=b") && told.contains("129"), "{told}");
        assert!(!told.contains("pw") && !told.contains("auth_data"), "{told}");
    }

    #[test]
    fn what_there_is_not_is_broken() {
        assert!(read(b"\x01\x7f").is_none());
        assert!(read(b"\x02\x23\0").is_none());
        assert!(read(b"\x00").is_some());
    }
}
