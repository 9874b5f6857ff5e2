//! Lines, their words, and the literals at their ends.

use std::borrow::Cow;

use crate::kit::lines::{known, split_word};
use crate::kit::text::lossy;

/// Longer tags are nobody's.
const TAG: usize = 32;
/// A longer literal is none.
const LITERAL: u64 = 4 << 30;

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Login,
    Authenticate,
    Tls,
    Compress,
    /// A mailbox is opened.
    Select,
    /// A mailbox is named.
    Mailbox,
    Append,
    /// Messages, and then a mailbox.
    Copy,
    Fetch,
    Store,
    Search,
    List,
    Expunge,
    Idle,
    Id,
    /// Another command for numbers that stay.
    Uid,
    /// The mailbox is closed.
    Close,
    Other,
}

/// The commands.
const COMMANDS: &[(&str, Kind)] = &[
    ("FETCH", Kind::Fetch),
    ("UID", Kind::Uid),
    ("NOOP", Kind::Other),
    ("SELECT", Kind::Select),
    ("EXAMINE", Kind::Select),
    ("SEARCH", Kind::Search),
    ("STORE", Kind::Store),
    ("IDLE", Kind::Idle),
    ("STATUS", Kind::Mailbox),
    ("LIST", Kind::List),
    ("LSUB", Kind::List),
    ("XLIST", Kind::List),
    ("LOGIN", Kind::Login),
    ("AUTHENTICATE", Kind::Authenticate),
    ("CAPABILITY", Kind::Other),
    ("LOGOUT", Kind::Other),
    ("STARTTLS", Kind::Tls),
    ("COMPRESS", Kind::Compress),
    ("ENABLE", Kind::Other),
    ("ID", Kind::Id),
    ("NAMESPACE", Kind::Other),
    ("APPEND", Kind::Append),
    ("CREATE", Kind::Mailbox),
    ("DELETE", Kind::Mailbox),
    ("RENAME", Kind::Mailbox),
    ("SUBSCRIBE", Kind::Mailbox),
    ("UNSUBSCRIBE", Kind::Mailbox),
    ("COPY", Kind::Copy),
    ("MOVE", Kind::Copy),
    ("EXPUNGE", Kind::Expunge),
    ("CLOSE", Kind::Close),
    ("UNSELECT", Kind::Close),
    ("CHECK", Kind::Other),
    ("SORT", Kind::Search),
    ("THREAD", Kind::Search),
    ("GETQUOTA", Kind::Other),
    ("GETQUOTAROOT", Kind::Mailbox),
    ("SETQUOTA", Kind::Other),
    ("GETACL", Kind::Mailbox),
    ("SETACL", Kind::Mailbox),
    ("DELETEACL", Kind::Mailbox),
    ("MYRIGHTS", Kind::Mailbox),
    ("LISTRIGHTS", Kind::Mailbox),
    ("GETMETADATA", Kind::Mailbox),
    ("SETMETADATA", Kind::Mailbox),
    ("NOTIFY", Kind::Other),
    ("UNAUTHENTICATE", Kind::Other),
];

/// A line of the client that begins a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Command<'a> {
    pub(super) tag: &'a [u8],
    pub(super) word: &'static str,
    pub(super) kind: Kind,
    /// Whether it is one for numbers that stay.
    pub(super) is_uid: bool,
    /// What stands behind its words.
    pub(super) rest: &'a [u8],
}

/// The command that a line begins; `None` if it is none that we know.
pub(super) fn command(line: &[u8]) -> Option<Command<'_>> {
    let (tag, rest) = tag(line)?;
    let (first, behind) = split_word(rest);
    let (word, kind) = known(COMMANDS, first)?;
    if kind != Kind::Uid {
        return Some(Command { tag, word, kind, is_uid: false, rest: behind });
    }
    let (second, behind) = split_word(behind);
    let (word, kind) = known(COMMANDS, second)?;
    Some(Command { tag, word, kind, is_uid: true, rest: behind })
}

/// A line's tag, and what stands behind it.
pub(super) fn tag(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (tag, rest) = split_word(line);
    let may_be = |byte: &u8| byte.is_ascii_graphic() && !b"(){%*\"\\+".contains(byte);
    ((1..=TAG).contains(&tag.len()) && tag.iter().all(may_be) && !rest.is_empty()).then_some((tag, rest))
}

/// What a request and its response are known by.
pub(super) fn key(tag: &[u8]) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    tag.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// How a command came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    No,
    Bad,
}

/// The tag, the status and the text of a line that ends a command.
pub(super) fn status(line: &[u8]) -> Option<(&[u8], Status, &[u8])> {
    let (tag, rest) = tag(line)?;
    let (word, text) = split_word(rest);
    let status = match word {
        b"OK" => Status::Ok,
        b"NO" => Status::No,
        b"BAD" => Status::Bad,
        _ => return None,
    };
    Some((tag, status, text))
}

/// What the server may say behind `*`.
const TOLD: &[(&str, ())] = &[
    ("OK", ()),
    ("NO", ()),
    ("BAD", ()),
    ("PREAUTH", ()),
    ("BYE", ()),
    ("CAPABILITY", ()),
    ("LIST", ()),
    ("LSUB", ()),
    ("XLIST", ()),
    ("STATUS", ()),
    ("SEARCH", ()),
    ("ESEARCH", ()),
    ("SORT", ()),
    ("THREAD", ()),
    ("FLAGS", ()),
    ("NAMESPACE", ()),
    ("ENABLED", ()),
    ("ID", ()),
    ("QUOTA", ()),
    ("QUOTAROOT", ()),
    ("ACL", ()),
    ("MYRIGHTS", ()),
    ("LISTRIGHTS", ()),
    ("METADATA", ()),
    ("VANISHED", ()),
];
/// What it may say behind a number.
const COUNTED: &[(&str, ())] = &[("EXISTS", ()), ("RECENT", ()), ("FETCH", ()), ("EXPUNGE", ())];

/// Whether a line is one that a server says.
pub(super) fn is_told(line: &[u8]) -> bool {
    match line.strip_prefix(b"* ") {
        Some(rest) => {
            let (word, behind) = split_word(rest);
            known(TOLD, word).is_some()
                || number(word).is_some() && known(COUNTED, split_word(behind).0).is_some()
        }
        None => status(line).is_some(),
    }
}

/// A number.
pub(super) fn number(word: &[u8]) -> Option<u64> {
    let is_one = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(word).ok().filter(|_| is_one)?.parse().ok()
}

/// The length of the literal that a line ends with (RFC 9051, 4.3), and where it says so.
pub(super) fn literal(line: &[u8]) -> Option<(u64, usize)> {
    let inner = line.strip_suffix(b"}")?;
    let at = memchr::memrchr(b'{', inner)?;
    let length = inner.get(at + 1..)?;
    let length = length.strip_suffix(b"+").or(length.strip_suffix(b"-")).unwrap_or(length);
    number(length).filter(|length| *length <= LITERAL).map(|length| (length, at))
}

/// The next word of what stands behind a command, without its quotes, and what follows it.
pub(super) fn word(rest: &[u8]) -> (Cow<'_, str>, &[u8]) {
    let rest = rest.trim_ascii_start();
    let Some(quoted) = rest.strip_prefix(b"\"") else {
        let (word, behind) = split_word(rest);
        return (lossy(word), behind);
    };
    let mut text = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return (Cow::Owned(lossy(&text).into_owned()), quoted.get(at + 1..).unwrap_or_default()),
            b'\\' => text.extend(bytes.next().map(|(_, byte)| *byte)),
            byte => text.push(*byte),
        }
    }
    (Cow::Owned(lossy(&text).into_owned()), b"")
}

#[cfg(test)]
mod tests {
    use super::{Kind, command, is_told, literal, status, word};

    #[test]
    fn commands_have_a_tag() {
        let found = command(b"a1 uid fetch 1:* (FLAGS)").unwrap();
        assert_eq!(
            (found.tag, found.word, found.kind, found.is_uid),
            (&b"a1"[..], "FETCH", Kind::Fetch, true)
        );
        for line in [&b"a1"[..], b"* OK", b"+ go on", b"a1 GET / HTTP/1.1", b"LOGIN a b"] {
            assert!(command(line).is_none(), "{line:?}");
        }
    }

    #[test]
    fn literals_stand_at_the_end() {
        assert_eq!(literal(b"a LOGIN {3}"), Some((3, 8)));
        assert_eq!(literal(b"a LOGIN {3+}"), Some((3, 8)));
        assert_eq!(literal(b"a LOGIN {x}"), None);
    }

    #[test]
    fn words_are_read_without_their_quotes() {
        assert_eq!(word(b" \"a \\\"b\" c"), ("a \"b".into(), &b" c"[..]));
        assert_eq!(word(b"INBOX (x)"), ("INBOX".into(), &b"(x)"[..]));
    }

    #[test]
    fn what_servers_say_is_known() {
        assert!(is_told(b"* 13 EXISTS") && is_told(b"* OK hello") && is_told(b"a1 OK done"));
        assert!(!is_told(b"* 13 things") && !is_told(b"*1") && !is_told(b"+OK"));
        assert!(status(b"a1 OK").is_some());
    }
}
