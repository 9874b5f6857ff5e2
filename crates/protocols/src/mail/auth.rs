//! Log-ins in lines: what a client says in base64, of which the user alone is told (RFC 4954, 3501 6.2.2, 5034).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::exchange::Text;

use crate::kit::sasl;
use crate::kit::text::lossy;

/// Longer names of mechanisms are none (RFC 4422, 3.1, has 20).
const MECHANISM: usize = 32;
/// So much of a response is looked at.
const RESPONSE: usize = 12 << 10;

/// A log-in under way.
#[derive(Clone, Debug)]
pub(super) struct Auth {
    mechanism: Text,
    /// Who logs in, as far as it was said.
    pub(super) user: Option<Text>,
}

impl Auth {
    /// A log-in by this mechanism; `None` when that is none.
    pub(super) fn begin(mechanism: &[u8]) -> Option<Auth> {
        let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_one = (1..=MECHANISM).contains(&mechanism.len()) && mechanism.iter().all(is_letter);
        is_one.then(|| Auth { mechanism: lossy(mechanism).to_ascii_uppercase().into(), user: None })
    }

    /// A log-in of this user, whose password was said with the name.
    pub(super) fn of(user: Text) -> Auth {
        Auth { mechanism: "LOGIN".into(), user: Some(user) }
    }

    /// The mechanism's name.
    pub(super) fn mechanism(&self) -> &str {
        &self.mechanism
    }

    /// What the client says next, in base64.
    pub(super) fn hear(&mut self, response: &[u8]) {
        if self.user.is_some() || response.len() > RESPONSE {
            return;
        }
        let Ok(said) = STANDARD.decode(response.trim_ascii()) else { return };
        self.user = match &*self.mechanism {
            // The user, and then the password, each alone.
            "LOGIN" => Some(Text::from(&*lossy(&said))).filter(|user| !user.is_empty()),
            mechanism => sasl::user(mechanism.as_bytes(), &said),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::Auth;

    #[test]
    fn the_first_thing_said_by_login_is_the_user() {
        let mut auth = Auth::begin(b"login").unwrap();
        auth.hear(b"YWRh");
        auth.hear(b"dHVsaXA=");
        assert_eq!((auth.mechanism(), auth.user.as_deref()), ("LOGIN", Some("ada")));
        assert!(Auth::begin(b"").is_none() && Auth::begin(b"a b").is_none());
    }
}
