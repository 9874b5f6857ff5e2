//! Lines: commands and how they came out.

use crate::kit::chain::Weight;
use crate::kit::lines::{known, split_word};

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Password,
    /// A name and the proof behind it.
    Apop,
    Auth,
    Tls,
    /// A list, or one line of it where a number is said.
    List,
    /// A message, or its beginning.
    Message,
    Capabilities,
    Stat,
    Delete,
    Other,
}

/// The commands.
const COMMANDS: &[(&str, Kind)] = &[
    ("RETR", Kind::Message),
    ("LIST", Kind::List),
    ("UIDL", Kind::List),
    ("STAT", Kind::Stat),
    ("USER", Kind::User),
    ("PASS", Kind::Password),
    ("QUIT", Kind::Other),
    ("TOP", Kind::Message),
    ("DELE", Kind::Delete),
    ("NOOP", Kind::Other),
    ("RSET", Kind::Other),
    ("CAPA", Kind::Capabilities),
    ("APOP", Kind::Apop),
    ("AUTH", Kind::Auth),
    ("STLS", Kind::Tls),
    ("LAST", Kind::Other),
    ("UTF8", Kind::Other),
    ("LANG", Kind::Other),
    ("XTND", Kind::Other),
];

/// A command's word, what it is about, and what stands behind it; `None` if it is none.
#[inline]
pub(super) fn command(line: &[u8]) -> Option<(&'static str, Kind, &[u8])> {
    let (word, rest) = split_word(line);
    let (word, kind) = known(COMMANDS, word)?;
    Some((word, kind, rest))
}

/// Whether lines up to a dot follow `+OK` to this command.
pub(super) fn is_long(kind: Kind, rest: &[u8]) -> bool {
    match kind {
        Kind::Message | Kind::Capabilities => true,
        Kind::List => rest.is_empty(),
        // Without a mechanism it asks which there are (RFC 1734).
        Kind::Auth => rest.is_empty(),
        Kind::User | Kind::Password | Kind::Apop | Kind::Tls | Kind::Stat | Kind::Delete | Kind::Other => {
            false
        }
    }
}

/// How much a line of the client tells; `None` if no client of POP3 says it.
pub(super) fn weight(line: &[u8]) -> Option<Weight> {
    let (_, kind, rest) = command(line)?;
    let is_number = !rest.is_empty() && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b' ');
    match kind {
        Kind::Message | Kind::Delete => is_number.then_some(Weight::Strong),
        Kind::List => (rest.is_empty() || is_number).then_some(Weight::Strong),
        Kind::Stat | Kind::Capabilities | Kind::Tls => rest.is_empty().then_some(Weight::Strong),
        Kind::Apop => Some(Weight::Strong),
        // FTP's clients say so too, to servers that reply in numbers; behind STLS it is the first word.
        Kind::User => (!rest.is_empty()).then_some(Weight::Strong),
        Kind::Password | Kind::Auth | Kind::Other => Some(Weight::Weak),
    }
}

/// How a command came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    Error,
    /// More is to be proven.
    More,
}

/// The status of a line, and its text.
pub(super) fn status(line: &[u8]) -> Option<(Status, &[u8])> {
    let (word, text) = split_word(line);
    match word {
        b"+OK" => Some((Status::Ok, text)),
        b"-ERR" => Some((Status::Error, text)),
        b"+" => Some((Status::More, text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Status, Weight, status, weight};

    #[test]
    fn lines_are_known() {
        assert_eq!(weight(b"RETR 1"), Some(Weight::Strong));
        assert_eq!(weight(b"PASS tulip"), Some(Weight::Weak));
        assert_eq!(weight(b"RETR /etc/passwd"), None);
        assert_eq!(weight(b"EHLO x"), None);
        assert_eq!(status(b"-ERR [AUTH] no"), Some((Status::Error, &b"[AUTH] no"[..])));
        assert_eq!(status(b"* OK"), None);
    }
}
