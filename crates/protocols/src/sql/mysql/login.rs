//! How a session begins: the server's greeting, who the client is, and never what proves it.

use std::borrow::Cow;

use model::details::{Detail, Details};
use model::exchange::{Exchange, Identity, Text};

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::wire::{capability, counted, until_zero};

/// Names of users, databases and versions; a longer text is none.
const NAME: usize = 1 << 10;
/// So many attributes of a connection are looked through; clients send about ten.
const ATTRIBUTES: usize = 64;
/// The version of the greeting that every server since 3.21 sends.
pub(super) const PROTOCOL: u8 = 10;
/// What a client says before its name: capabilities, the longest packet, a character set, and room.
const FIXED: usize = 32;

/// What the server says first ("Protocol::HandshakeV10").
#[derive(Debug)]
pub(super) struct Greeting {
    pub(super) version: Text,
    pub(super) capabilities: u64,
}

/// Reads a greeting's body.
pub(super) fn greeting(body: &mut Reader<'_>) -> Read<Greeting> {
    if body.u8()? != PROTOCOL {
        return Err(body.broken("a greeting of an unknown version"));
    }
    let version = body.until(0, NAME)?;
    let is_version = |b: &u8| b.is_ascii_graphic() || *b == b' ';
    if !version.iter().all(is_version) || version.is_empty() {
        return Err(body.broken("a server has no version"));
    }
    body.take(4 + 8)?;
    if body.u8()? != 0 {
        return Err(body.broken("a greeting without its filler"));
    }
    let low = u64::from(body.le16()?);
    let Ok(_charset) = body.u8() else { return Ok(Greeting { version: text(version), capabilities: low }) };
    body.le16()?;
    let high = u64::from(body.le16()?);
    body.take(1 + 6)?;
    let extended = u64::from(body.le32()?);
    let own = low | high << 16;
    let extended = if own & capability::MYSQL == 0 { extended << 32 } else { 0 };
    Ok(Greeting { version: text(version), capabilities: own | extended })
}

/// What the client answers ("Protocol::HandshakeResponse41").
#[derive(Debug)]
pub(super) struct Introduction<'a> {
    pub(super) capabilities: u64,
    user: &'a [u8],
    database: Option<&'a [u8]>,
    plugin: Option<&'a [u8]>,
    attributes: &'a [u8],
}

/// What a client sends after the greeting.
#[derive(Debug)]
pub(super) enum Answer<'a> {
    /// It asks for TLS, and says the same again inside of it.
    Encrypt,
    Introduction(Introduction<'a>),
}

/// Reads the client's first packet.
pub(super) fn answer<'a>(body: &mut Reader<'a>) -> Read<Answer<'a>> {
    let length = body.rest().len();
    let own = u64::from(body.le32()?);
    if own & capability::PROTOCOL_41 == 0 {
        return Err(body.broken("a client of before version 4.1"));
    }
    let _longest = body.le32()?;
    let _charset = body.u8()?;
    let room: [u8; 19] = body.array()?;
    if room.iter().any(|b| *b != 0) {
        return Err(body.broken("a client says something where nothing is said"));
    }
    let extended = u64::from(body.le32()?);
    if length == FIXED && own & capability::SSL != 0 {
        return Ok(Answer::Encrypt);
    }
    let capabilities = if own & capability::MYSQL == 0 { own | extended << 32 } else { own };
    let user = body.until(0, NAME)?;
    proof(capabilities, body)?;
    let has = |flag| capabilities & flag != 0;
    let database = has(capability::CONNECT_WITH_DB).then(|| until_zero(body));
    let plugin = has(capability::PLUGIN_AUTH).then(|| until_zero(body));
    let attributes = if has(capability::CONNECT_ATTRS) { attributes(body) } else { &[] };
    Ok(Answer::Introduction(Introduction { capabilities, user, database, plugin, attributes }))
}

/// Passes over what proves who the client is.
fn proof(capabilities: u64, body: &mut Reader<'_>) -> Read<()> {
    if capabilities & capability::PLUGIN_AUTH_LENENC != 0 {
        counted(body)?;
    } else if capabilities & capability::SECURE_CONNECTION != 0 {
        let length = body.u8()?;
        body.take(usize::from(length))?;
    } else {
        until_zero(body);
    }
    Ok(())
}

/// The names and values that a client says of itself.
fn attributes<'a>(body: &mut Reader<'a>) -> &'a [u8] {
    let rest = body.rest();
    counted(body).unwrap_or(rest)
}

/// Reads the body of a request to go on as another user ("COM_CHANGE_USER"), of which the command was read.
///
/// # Errors
/// [`Stop::Short`] when it is not whole.
pub(super) fn change<'a>(capabilities: u64, body: &mut Reader<'a>) -> Read<Introduction<'a>> {
    let user = until_zero(body);
    let length = body.u8()?;
    body.take(usize::from(length)).map_err(|_| Stop::Short)?;
    let database = Some(until_zero(body));
    let _charset = body.le16();
    let plugin = (!body.rest().is_empty()).then(|| until_zero(body));
    let attributes = if body.rest().is_empty() { &[] } else { attributes(body) };
    Ok(Introduction { capabilities, user, database, plugin, attributes })
}

impl Introduction<'_> {
    /// Whether its user may be one's name, for who does not know that this is an introduction.
    pub(super) fn is_likely(&self) -> bool {
        let is_text = |bytes: &[u8]| bytes.iter().all(|b| *b >= b' ' && *b != 0x7f);
        is_text(self.user) && self.database.is_none_or(is_text) && self.plugin.is_none_or(is_text)
    }

    /// What both sides can do, as far as the server said what it can.
    pub(super) fn shared_with(&self, server: u64) -> u64 {
        if server == 0 { self.capabilities } else { self.capabilities & server }
    }

    /// Who the session is when the server believes it.
    pub(super) fn identity(&self, version: Option<Text>) -> Identity {
        Identity {
            user: Some(text(self.user)).filter(|name| !name.is_empty()),
            database: self.database.map(text).filter(|name| !name.is_empty()),
            application: self.attribute(b"program_name").map(text),
            version,
        }
    }

    /// The log-in as a request.
    pub(super) fn request(&self, operation: &'static str, mut blank: Box<Exchange>) -> Box<Exchange> {
        blank.request.operation = Cow::Borrowed(operation);
        let details = &mut blank.request.details;
        if let Some(plugin) = self.plugin.filter(|name| !name.is_empty()) {
            tell(details, "authentication", plugin);
        }
        let of = |names: [&[u8]; 2]| names.iter().find_map(|name| self.attribute(name));
        if let Some(library) = of([b"_client_name", b"_connector_name"]) {
            tell(details, "client", library);
        }
        if let Some(version) = of([b"_client_version", b"_connector_version"]) {
            tell(details, "client_version", version);
        }
        blank
    }

    fn attribute(&self, wanted: &[u8]) -> Option<&[u8]> {
        let mut wire = Reader::new(self.attributes, 0, crate::kit::reader::Ahead::End);
        for _ in 0..ATTRIBUTES {
            let (name, value) = (counted(&mut wire).ok()?, counted(&mut wire).ok()?);
            if name == wanted {
                return Some(value);
            }
        }
        None
    }
}

fn tell(details: &mut Details, name: &'static str, value: &[u8]) {
    details.push((name, Detail::Text(text(value))));
}

/// A name as text, cut where it is too long for one.
pub(super) fn text(bytes: &[u8]) -> Text {
    Text::from(lossy(bytes.get(..NAME).unwrap_or(bytes)))
}
