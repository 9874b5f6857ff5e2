//! Which words of a command are credentials.

use crate::kit::reader::Sample;

/// What stands in the place of a credential.
pub(super) const MASK: &str = "***";

/// Settings whose values are credentials.
const SETTINGS: &[&str] = &[
    "requirepass",
    "masterauth",
    "primaryauth",
    "tls-key-file-pass",
    "tls-client-key-file-pass",
    "auth-pass",
    "sentinel-pass",
];

/// Commands that hold credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    /// None.
    None,
    /// `AUTH [user] password`.
    Auth,
    /// `AUTH user password` or, to `MIGRATE`, `AUTH password` and `AUTH2 user password` among other words.
    Among,
    /// Rules that begin with `>`, `<`, `#` or `!`: passwords and hashes of passwords.
    Rules,
    /// Names of settings and their values.
    Settings,
}

impl Secrets {
    /// Those of the command with this word, in capitals.
    pub(super) const fn of(operation: &[u8]) -> Secrets {
        match operation {
            b"AUTH" => Secrets::Auth,
            b"HELLO" | b"MIGRATE" => Secrets::Among,
            b"ACL SETUSER" => Secrets::Rules,
            b"CONFIG SET" | b"SENTINEL SET" | b"SENTINEL CONFIG" => Secrets::Settings,
            _ => Secrets::None,
        }
    }

    /// What is shown of the word at this place instead of it, if it is a credential.
    pub(super) fn masked(self, words: &[Sample<'_>], at: usize) -> Option<&'static str> {
        let is = |back: usize, name: &str| {
            let word = at.checked_sub(back).and_then(|at| words.get(at));
            word.is_some_and(|word| word.bytes.eq_ignore_ascii_case(name.as_bytes()))
        };
        let holds = match self {
            Secrets::None => false,
            Secrets::Auth => at >= 2 || at == 1 && words.len() == 2,
            Secrets::Among => {
                (is(2, "AUTH") && is(at, "HELLO")) || is(2, "AUTH2") || is(1, "AUTH") && is(at, "MIGRATE")
            }
            Secrets::Settings => SETTINGS.iter().any(|setting| is(1, setting)),
            Secrets::Rules => {
                return match words.get(at)?.bytes.first()? {
                    b'>' => Some(">***"),
                    b'<' => Some("<***"),
                    b'#' => Some("#***"),
                    b'!' => Some("!***"),
                    _ => None,
                };
            }
        };
        holds.then_some(MASK)
    }
}

/// Whether a line that a server tells of other clients' commands (`MONITOR`) may hold a credential.
///
/// Servers leave out `AUTH` and administration; older ones do not.
pub(super) fn may_hold(command: &[u8]) -> bool {
    [&b"AUTH"[..], b"HELLO", b"MIGRATE", b"ACL", b"CONFIG", b"SENTINEL"]
        .iter()
        .any(|name| command.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::Secrets;
    use crate::kit::reader::Sample;

    fn shown(operation: &str, line: &str) -> String {
        let words: Vec<_> = line.split(' ').collect();
        let samples: Vec<_> =
            words.iter().map(|w| Sample { bytes: w.as_bytes(), length: w.len() as u64 }).collect();
        let secrets = Secrets::of(operation.as_bytes());
        let shown = words.iter().enumerate().map(|(at, word)| secrets.masked(&samples, at).unwrap_or(word));
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn credentials_are_masked_and_nothing_else() {
        for (operation, line, wanted) in [
            ("AUTH", "AUTH pw", "AUTH ***"),
            ("AUTH", "auth me pw", "auth me ***"),
            ("AUTH", "AUTH me pw more", "AUTH me *** ***"),
            ("HELLO", "HELLO 3 AUTH me pw SETNAME auth", "HELLO 3 AUTH me *** SETNAME auth"),
            ("ACL SETUSER", "ACL SETUSER me on >pw #ab ~k* +@all", "ACL SETUSER me on >*** #*** ~k* +@all"),
            ("CONFIG SET", "CONFIG SET maxmemory 1 requirepass pw", "CONFIG SET maxmemory 1 requirepass ***"),
            ("SENTINEL SET", "SENTINEL SET m auth-pass pw", "SENTINEL SET m auth-pass ***"),
            ("MIGRATE", "MIGRATE h 1 k 0 9 AUTH pw KEYS a", "MIGRATE h 1 k 0 9 AUTH *** KEYS a"),
            ("MIGRATE", "MIGRATE h 1 k 0 9 AUTH2 me pw", "MIGRATE h 1 k 0 9 AUTH2 me ***"),
            ("SET", "SET requirepass pw", "SET requirepass pw"),
        ] {
            assert_eq!(shown(operation, line), wanted);
        }
    }
}
