//! Who a session is, as its first commands say.

use std::borrow::Cow;

use model::exchange::Text;

use super::bson::Value;

/// A name of the client; a longer one is cut. The server takes 512 bytes of all that it says of itself.
const NAME: usize = 512;

/// How a client proves who it is, as far as its first words differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// `SCRAM-SHA-1`, `SCRAM-SHA-256`, and what says nothing.
    #[default]
    Scram,
    Plain,
}

impl Mechanism {
    /// The mechanism of this name.
    pub(super) fn of(name: &[u8]) -> Mechanism {
        if name == b"PLAIN" { Mechanism::Plain } else { Mechanism::Scram }
    }
}

/// The program that a client says it is: its own name, or its driver's.
pub(super) fn application(client: Value<'_>) -> Option<Text> {
    let own = client.get(b"application").and_then(|it| it.get(b"name")).and_then(Value::string);
    if let Some(own) = own {
        return Some(text(own));
    }
    let driver = client.get(b"driver")?;
    let name = driver.get(b"name").and_then(Value::string)?;
    let version = driver.get(b"version").and_then(Value::string).unwrap_or_default();
    // Behind a bar stand those that the driver is built on, or wrapped in.
    let own = |said: &[u8]| text(said.split(|byte| *byte == b'|').next().unwrap_or_default());
    Some([own(name), own(version)].join(" ").trim_end().into())
}

/// The user that the first payload of a log-in names: `n,,n=user,r=...` (RFC 5802, 7) or `\0user\0password` (RFC 4616).
pub(super) fn user(mechanism: Mechanism, payload: Value<'_>) -> Option<Text> {
    let content = match payload.binary() {
        Some((_, content)) => content,
        None => payload.string()?,
    };
    if mechanism == Mechanism::Plain {
        return content.split(|byte| *byte == 0).nth(1).map(text);
    }
    let name = content.split(|byte| *byte == b',').find_map(|part| part.strip_prefix(b"n="))?;
    let name = String::from_utf8_lossy(name.get(..NAME).unwrap_or(name));
    Some(name.replace("=2C", ",").replace("=3D", "=").into())
}

/// A name as the client says it.
pub(super) fn text(name: &[u8]) -> Text {
    let kept = name.get(..NAME).unwrap_or(name);
    match crate::kit::text::lossy(kept) {
        Cow::Borrowed(name) => name.into(),
        Cow::Owned(name) => name.into(),
    }
}
