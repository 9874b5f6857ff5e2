//! How a session begins: what is agreed before, who the client is, and never what proves it ([MS-TDS] 2.2.6.4 and 2.2.6.5).

use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Exchange, Identity, Text};

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::tokens::protocol;
use super::wire::name;

/// Where the places of the texts are said, behind what has a fixed length.
const HOST: usize = 36;
const USER: usize = 40;
const APPLICATION: usize = 48;
const SERVER: usize = 52;
const EXTENSION: usize = 56;
const LIBRARY: usize = 60;
const DATABASE: usize = 68;
/// The shortest introduction: its fixed part, of version 7.0.
const SHORTEST: u32 = 86;
/// The ticket of the client's operating system proves who it is.
const INTEGRATED: u8 = 0x80;
/// Features are asked for.
const EXTENDED: u8 = 0x10;
/// The feature by which another party's token proves who the client is.
const FEDERATED: u8 = 2;
/// The list of features ends so, and no client asks for more.
const END: u8 = 0xff;
const FEATURES: usize = 64;

/// What the sides agree about encryption ([MS-TDS] 2.2.6.5, "ENCRYPTION").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Of the log-in alone.
    Login,
    /// Of all that follows.
    All,
    /// Of nothing.
    Nothing,
}

/// Reads what is said before the log-in: whether it asks for encryption.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, `Broken` when it is none.
pub(super) fn prelogin(body: &[u8]) -> Read<Encryption> {
    const VERSION: u8 = 0;
    const ENCRYPTION: u8 = 1;
    const LAST: u8 = 8;
    const VERSION_LENGTH: u16 = 6;
    let mut wire = Reader::new(body, 0, Ahead::Open);
    let mut encryption = Encryption::Nothing;
    let mut least = None;
    loop {
        let option = wire.u8()?;
        if option == END {
            return if least.is_some() {
                Ok(encryption)
            } else {
                Err(wire.broken("nothing is said before a log-in"))
            };
        }
        let (at, length) = (wire.be16()?, wire.be16()?);
        // The version comes first, the others by their number; 0x22 and its kin are asked back to who asked.
        let is_first = least.is_none();
        if is_first != (option == VERSION)
            || is_first && length != VERSION_LENGTH
            || option > LAST && option < 0x20
        {
            return Err(wire.broken("what is said before a log-in is none"));
        }
        least = Some(option);
        if option == ENCRYPTION {
            encryption = match body.get(usize::from(at)).ok_or(Stop::Short)? {
                0 => Encryption::Login,
                2 => Encryption::Nothing,
                1 | 3 | 0x80.. => Encryption::All,
                _ => return Err(wire.broken("an encryption is unknown")),
            };
        }
    }
}

/// What a client says of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Introduction<'a> {
    body: &'a [u8],
}

impl<'a> Introduction<'a> {
    /// Reads it as far as it is there.
    ///
    /// # Errors
    /// [`Stop::Short`] when its fixed part is not whole, `Broken` when it is none.
    pub(super) fn read(body: &'a [u8]) -> Read<Introduction<'a>> {
        let mut wire = Reader::new(body, 0, Ahead::Open);
        let length = wire.le32()?;
        let version = wire.le32()?;
        let is_sound = (SHORTEST..1 << 17).contains(&length);
        if !is_sound || protocol(version).is_none() {
            return Err(wire.broken("an introduction is none"));
        }
        wire.take(SHORTEST as usize - 8)?;
        Ok(Introduction { body })
    }

    /// How long it says that it is.
    pub(super) fn length(self) -> u64 {
        Reader::new(self.body, 0, Ahead::End).le32().map_or(0, u64::from)
    }

    /// The version of the protocol that the client wants.
    pub(super) fn version(self) -> u32 {
        self.number(4).unwrap_or_default()
    }

    /// Who the session is when the server believes it.
    pub(super) fn identity(self) -> Identity {
        Identity {
            user: self.text(USER),
            database: self.text(DATABASE),
            application: self.text(APPLICATION),
            version: None,
        }
    }

    /// The log-in as a request.
    pub(super) fn write(self, exchange: &mut Exchange) {
        exchange.request.operation = "login".into();
        let details = &mut exchange.request.details;
        let has = |at: usize, bit: u8| self.body.get(at).is_some_and(|flags| flags & bit != 0);
        let authentication = if has(25, INTEGRATED) {
            "integrated"
        } else if has(27, EXTENDED) && self.has_feature(FEDERATED) {
            "federated"
        } else {
            "password"
        };
        details.push(("authentication", Detail::from(authentication)));
        for (what, place) in [("host", HOST), ("server_name", SERVER), ("client", LIBRARY)] {
            if let Some(text) = self.text(place) {
                details.push((what, Detail::Text(text)));
            }
        }
    }

    /// A text by where its place is said.
    fn text(self, place: usize) -> Option<Text> {
        let mut wire = Reader::new(self.body.get(place..)?, 0, Ahead::End);
        let (at, letters) = (usize::from(wire.le16().ok()?), usize::from(wire.le16().ok()?));
        let bytes = self.body.get(at..)?.get(..letters * 2)?;
        (letters > 0).then(|| name(bytes))
    }

    fn number(self, place: usize) -> Option<u32> {
        self.body.get(place..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// Whether a feature is asked for.
    fn has_feature(self, wanted: u8) -> bool {
        self.find_feature(wanted).is_some()
    }

    fn find_feature(self, wanted: u8) -> Option<()> {
        let mut wire = Reader::new(self.body.get(EXTENSION..)?, 0, Ahead::End);
        let at = self.number(usize::from(wire.le16().ok()?))?;
        let mut wire = Reader::new(self.body.get(usize::try_from(at).ok()?..)?, 0, Ahead::End);
        for _ in 0..FEATURES {
            match wire.u8().ok()? {
                END => return None,
                feature if feature == wanted => return Some(()),
                _ => {
                    let length = usize::try_from(wire.le32().ok()?).ok()?;
                    wire.take(length).ok()?;
                }
            }
        }
        None
    }
}

/// Who the session is, after the server said which version and which database.
pub(super) fn changed(
    before: &Arc<Identity>,
    version: Option<&Text>,
    database: Option<&Text>,
) -> Option<Identity> {
    let version = version.or(before.version.as_ref());
    let database = database.filter(|name| !name.is_empty()).or(before.database.as_ref());
    let is_same = version == before.version.as_ref() && database == before.database.as_ref();
    (!is_same).then(|| Identity {
        version: version.cloned(),
        database: database.cloned(),
        ..Identity::clone(before)
    })
}

#[cfg(test)]
mod tests {
    use super::{Encryption, prelogin};

    #[test]
    fn encryption_is_agreed_on_before() {
        let said = |encryption: u8| {
            [&b"\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x0f\0\x10\x39\0\0"[..], &[encryption]].concat()
        };
        for (byte, wanted) in [(0, Encryption::Login), (1, Encryption::All), (2, Encryption::Nothing)] {
            assert_eq!(prelogin(&said(byte)), Ok(wanted));
        }
        assert!(prelogin(&said(9)).is_err());
        assert!(prelogin(b"\x16\x03\x01\x02\0\x01\0\x01").is_err());
    }
}
