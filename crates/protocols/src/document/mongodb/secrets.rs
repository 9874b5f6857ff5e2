//! Which members of a command or a document are credentials.

/// What stands for a credential.
pub(in crate::document) const MASK: &str = "***";

/// Members that end so are credentials in any document, letters alone: `passwordHash`, `client_secret`.
const ENDS: [&str; 9] = [
    "password",
    "passwordhash",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "apikey",
    "privatekey",
    "accesstoken",
];
/// Longer names are nobody's.
const NAME: usize = 64;

/// The members that are credentials in one command alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Secrets {
    #[default]
    None,
    /// The proof of a log-in.
    Payload,
    /// The digest of a password.
    Key,
}

impl Secrets {
    /// What this command has.
    pub(super) fn of(command: &[u8]) -> Secrets {
        match command {
            b"saslStart" | b"saslContinue" | b"copydbsaslstart" | b"speculativeAuthenticate" => {
                Secrets::Payload
            }
            b"authenticate" | b"copydb" | b"copydbgetnonce" => Secrets::Key,
            _ => Secrets::None,
        }
    }

    /// Whether a member of this name is a credential.
    #[inline]
    pub(super) fn hide(self, name: &[u8]) -> bool {
        match self {
            Secrets::Payload if name == b"payload" => true,
            Secrets::Key if name == b"key" => true,
            Secrets::None | Secrets::Payload | Secrets::Key => is_secret(name),
        }
    }

    /// What the members of the member of this name are.
    #[inline]
    pub(super) fn within(self, name: &[u8]) -> Secrets {
        if name == b"speculativeAuthenticate" { Secrets::Payload } else { self }
    }
}

/// Whether a member of this name is a credential in any document.
#[inline]
pub(in crate::document) fn is_secret(name: &[u8]) -> bool {
    // The last two letters rule out nearly every name there is.
    let [.., before, last] = name else { return false };
    let may_be = matches!(
        (before | 0x20, last | 0x20),
        (b'r' | b'w', b'd') | (b's', b'h' | b'e') | (b'e', b't' | b'y' | b'n')
    );
    may_be && is_credential(name)
}

fn is_credential(name: &[u8]) -> bool {
    let mut letters = [0; NAME];
    let plain = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let mut length = 0;
    for (letter, byte) in letters.iter_mut().zip(plain) {
        (*letter, length) = (byte.to_ascii_lowercase(), length + 1);
    }
    let name = letters.get(..length).unwrap_or_default();
    ENDS.iter().any(|end| name.ends_with(end.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::Secrets;

    #[test]
    fn credentials_are_told_by_their_names() {
        for name in ["pwd", "password", "user_password", "passwordHash", "client-secret", "apiKey"] {
            assert!(Secrets::None.hide(name.as_bytes()), "{name}");
        }
        for name in ["payload", "key", "name", "email", "word", "_id", "d"] {
            assert!(!Secrets::None.hide(name.as_bytes()), "{name}");
        }
        assert!(Secrets::of(b"saslStart").hide(b"payload"));
        assert!(Secrets::None.within(b"speculativeAuthenticate").hide(b"payload"));
        assert!(Secrets::of(b"authenticate").hide(b"key"));
    }
}
