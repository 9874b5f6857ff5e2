//! Extended requests, by their OIDs (RFC 4511, 4.12).

use model::exchange::{Request, Text};

use crate::kit::text::lossy;

use super::session::Ldap;
use super::values::{MASK, write_name};
use super::wire::{Elements, Head, tag};

/// RFC 4511, 4.14.
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// RFC 3062.
const PASSWORD_MODIFY: &[u8] = b"1.3.6.1.4.1.4203.1.11.1";
/// RFC 4532.
const WHO_AM_I: &[u8] = b"1.3.6.1.4.1.4203.1.11.3";
/// RFC 3909.
const CANCEL: &[u8] = b"1.3.6.1.1.8";

/// Those that have a word of their own, and those of which it is enough to know the name.
const NAMES: &[(&[u8], &str)] = &[
    (START_TLS, "StartTLS"),
    (PASSWORD_MODIFY, "PasswordModify"),
    (WHO_AM_I, "WhoAmI"),
    (CANCEL, "Cancel"),
    (b"1.3.6.1.1.21.1", "StartTransaction"),
    (b"1.3.6.1.1.21.3", "EndTransaction"),
    (b"1.2.840.113556.1.4.1781", "FastBind"),
    (b"1.3.6.1.4.1.1466.20036", "NoticeOfDisconnection"),
    (b"1.3.6.1.4.1.1466.101.119.1", "RefreshEntry"),
];

/// Longer OIDs are none.
const OID: usize = 128;

/// The word of an OID.
pub(super) fn word(oid: &[u8]) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name)
}

impl Ldap {
    /// What an extended request says; `None` when it is not formed as one.
    pub(super) fn extended(
        &mut self,
        head: Head,
        mut body: Elements<'_>,
        request: &mut Request,
    ) -> Option<()> {
        let oid = body.content(0x80).filter(|oid| oid.len() <= OID)?;
        let value = body.content(0x81);
        let word = word(oid);
        request.operation = word.unwrap_or("extended").into();
        request.details.push(("oid", Text::from(&*lossy(oid)).into()));
        match oid {
            START_TLS => self.tls = Some(head.id),
            PASSWORD_MODIFY => return password(value.unwrap_or_default(), request),
            CANCEL => {
                let id = Elements::of(value?).within(tag::SEQUENCE)?.number(tag::INTEGER)?;
                request.statement.write(&format!("Cancel {id}"));
                return Some(());
            }
            _ => {}
        }
        match word {
            Some(word) => request.statement.write(word),
            None => request.statement.write(&format!("extended {}", lossy(oid))),
        }
        Some(())
    }
}

/// Whose password becomes another one; an empty request asks for a new one for whoever asks.
fn password(value: &[u8], request: &mut Request) -> Option<()> {
    let mut value = Elements::of(value).within(tag::SEQUENCE).unwrap_or(Elements::of(b""));
    let whose = value.content(0x80);
    let (old, new) = (value.content(0x81), value.content(0x82));
    if let Some(whose) = whose {
        request.targets.push(Text::from(&*lossy(whose)));
    }
    request.statement.write_with(|out| {
        out.push_str("PasswordModify ");
        write_name(out, whose.unwrap_or_default());
        for (name, there) in [(" old=", old), (" new=", new)] {
            if there.is_some() {
                out.push_str(name);
                out.push_str(MASK);
            }
        }
    });
    Some(())
}

/// The user that the answer to a `WhoAmI` names: `dn:` and a name, or `u:` and one (RFC 4513, 5.2.1.8).
pub(super) fn who(value: &[u8]) -> Option<Text> {
    let name = value.strip_prefix(b"dn:").or_else(|| value.strip_prefix(b"u:"))?;
    (!name.is_empty()).then(|| Text::from(&*lossy(name)))
}
