//! The client's lines: verbs, addresses, the lengths of chunks.

use crate::kit::chain::Weight;
use crate::kit::lines::{known, number, split_word};

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The client says its name.
    Hello,
    /// The same, in LMTP.
    LocalHello,
    /// The sender.
    Mail,
    /// A recipient.
    Recipient,
    /// The message follows, when the server says so.
    Data,
    /// A chunk of the message follows.
    Chunk,
    /// What was said of a message is void.
    Reset,
    /// Somebody is asked about.
    Name,
    Auth,
    Tls,
    /// Nothing else.
    Other,
}

/// The verbs, and what they are about.
const VERBS: &[(&str, Kind)] = &[
    ("MAIL", Kind::Mail),
    ("RCPT", Kind::Recipient),
    ("DATA", Kind::Data),
    ("BDAT", Kind::Chunk),
    ("EHLO", Kind::Hello),
    ("HELO", Kind::Hello),
    ("LHLO", Kind::LocalHello),
    ("QUIT", Kind::Other),
    ("RSET", Kind::Reset),
    ("NOOP", Kind::Other),
    ("AUTH", Kind::Auth),
    ("STARTTLS", Kind::Tls),
    ("VRFY", Kind::Name),
    ("EXPN", Kind::Name),
    ("HELP", Kind::Other),
    ("ETRN", Kind::Name),
    ("SEND", Kind::Mail),
    ("SOML", Kind::Mail),
    ("SAML", Kind::Mail),
    ("TURN", Kind::Other),
    ("ATRN", Kind::Other),
    ("BURL", Kind::Other),
    ("XCLIENT", Kind::Other),
    ("XFORWARD", Kind::Other),
    ("X-ANONYMOUSTLS", Kind::Tls),
];

/// A command's verb, what it is about, and what stands behind it; `None` if it is none.
#[inline]
pub(super) fn command(line: &[u8]) -> Option<(&'static str, Kind, &[u8])> {
    let (word, rest) = split_word(line);
    let (verb, kind) = known(VERBS, word)?;
    Some((verb, kind, rest))
}

/// The address in `FROM:<a@b> SIZE=1`, `TO:<a@b>`.
pub(super) fn address(rest: &[u8]) -> &[u8] {
    let at = memchr::memchr(b':', rest).map_or(0, |at| at + 1);
    let path = rest.get(at..).unwrap_or_default().trim_ascii_start();
    match path.strip_prefix(b"<") {
        // A quoted local part may hold what ends a path.
        Some(path) => path.get(..memchr::memrchr(b'>', path).unwrap_or(path.len())).unwrap_or_default(),
        None => split_word(path).0,
    }
}

/// The length of a chunk, and whether it is the last one (RFC 3030, 2).
pub(super) fn chunk(rest: &[u8]) -> Option<(u64, bool)> {
    let (length, rest) = split_word(rest);
    let length = number(length, CHUNK)?;
    match rest.trim_ascii() {
        b"" => Some((length, false)),
        last if last.eq_ignore_ascii_case(b"LAST") => Some((length, true)),
        _ => None,
    }
}

/// No server takes a longer chunk.
const CHUNK: u64 = 4 << 30;

/// How much a line of the client tells; `None` if no client of SMTP says it.
pub(super) fn weight(line: &[u8]) -> Option<Weight> {
    let (_, kind, rest) = command(line)?;
    let begins = |word: &[u8]| rest.get(..word.len()).is_some_and(|r| r.eq_ignore_ascii_case(word));
    match kind {
        Kind::Hello | Kind::LocalHello => Some(Weight::Strong),
        Kind::Mail => begins(b"FROM:").then_some(Weight::Strong),
        Kind::Recipient => begins(b"TO:").then_some(Weight::Strong),
        Kind::Chunk => chunk(rest).map(|_| Weight::Strong),
        Kind::Tls | Kind::Data | Kind::Reset => rest.is_empty().then_some(Weight::Weak),
        Kind::Name | Kind::Auth | Kind::Other => Some(Weight::Weak),
    }
}

/// The enhanced status code that a text begins with (RFC 3463, 2), and what follows it.
pub(super) fn status(code: u16, text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, rest) = split_word(text);
    let mut parts = word.split(|byte| *byte == b'.');
    let is_number = |part: &[u8]| (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    let class = parts.next()?;
    let is_class = matches!(class, [digit @ (b'2' | b'4' | b'5')] if u16::from(digit - b'0') == code / 100);
    let is_one = is_class && parts.next().is_some_and(is_number) && parts.next().is_some_and(is_number);
    (is_one && parts.next().is_none()).then_some((word, rest))
}

#[cfg(test)]
mod tests {
    use super::{address, chunk, status};

    #[test]
    fn addresses_are_found_in_their_paths() {
        assert_eq!(address(b"FROM:<a@b> SIZE=1"), b"a@b");
        assert_eq!(address(b"TO: c@d NOTIFY=NEVER"), b"c@d");
        assert_eq!(address(b"FROM:<>"), b"");
        assert_eq!(address(b"TO:<\"a>b\"@c>"), b"\"a>b\"@c");
        assert_eq!(address(b"root"), b"root");
    }

    #[test]
    fn chunks_have_a_length() {
        assert_eq!(chunk(b"86 LAST"), Some((86, true)));
        assert_eq!(chunk(b"64"), Some((64, false)));
        for wrong in [&b"-1"[..], b"99999999999999999999 LAST", b"", b"+5", b"5 FIRST"] {
            assert_eq!(chunk(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_status_has_the_class_of_its_code() {
        assert_eq!(status(550, b"5.1.1 no such user"), Some((&b"5.1.1"[..], &b"no such user"[..])));
        for (code, text) in
            [(250, &b"5.1.1 x"[..]), (250, b"2.0 x"), (250, b"mail.example"), (250, b"2.1.5.6 x")]
        {
            assert_eq!(status(code, text), None);
        }
    }
}
