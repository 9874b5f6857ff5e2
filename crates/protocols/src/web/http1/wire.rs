//! Bytes to lines: start lines, folds, chunk sizes, and where messages begin; pure and borrowed.

use std::borrow::Cow;

use crate::kit::protocol::Guess;

/// The most bytes of a head. Servers take 8 to 32 KiB by default; nobody takes more than 64.
pub(in crate::web) const HEAD: usize = 64 << 10;

/// The longest method: the longest registered one has 17 letters.
const METHOD: usize = 24;

/// The first line of a request.
pub(in crate::web) struct RequestLine<'a> {
    /// Method and target with the blanks that part them.
    pub(in crate::web) words: &'a [u8],
    pub(in crate::web) method: &'a [u8],
    pub(in crate::web) target: &'a [u8],
    pub(in crate::web) version: &'static str,
    /// Its bytes, empty lines before it and its own end included.
    pub(in crate::web) length: usize,
}

/// The first line of a response.
pub(in crate::web) struct StatusLine<'a> {
    pub(in crate::web) status: u16,
    pub(in crate::web) reason: &'a [u8],
    /// Its bytes, empty lines before it and its own end included.
    pub(in crate::web) length: usize,
}

/// Why there is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum NoHead {
    /// It goes on in bytes that are not there yet.
    Short,
    /// It is none, or one that nobody would take.
    Broken(&'static str),
}

/// That a head goes on, as long as a head may.
pub(in crate::web) fn short(bytes: &[u8]) -> NoHead {
    if bytes.len() > HEAD { NoHead::Broken("a head is longer than any server takes") } else { NoHead::Short }
}

/// The first line that is not empty, without its end, and the bytes up to the next line.
///
/// A bare line feed ends a line too (RFC 9112, 2.2).
fn first_line(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let rest = without_empty_lines(bytes);
    let end = memchr::memchr(b'\n', rest)?;
    let line = rest.get(..end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), bytes.len() - rest.len() + end + 1))
}

/// Reads a request's first line.
pub(super) fn request_start(bytes: &[u8]) -> Result<RequestLine<'_>, NoHead> {
    let Some((line, length)) = first_line(bytes) else {
        return Err(match request_line(bytes) {
            Guess::Unsure | Guess::Yes => short(bytes),
            Guess::No => NoHead::Broken("no request where one should begin"),
        });
    };
    let Some((before, version)) = version(line.trim_ascii_end()) else {
        return Err(NoHead::Broken("no request where one should begin"));
    };
    let end = token(before);
    match before.split_at_checked(end) {
        // Without a target it is refused by most servers, and a request all the same.
        Some((method, target @ ([] | [b' ', ..]))) if (1..=METHOD).contains(&end) => {
            Ok(RequestLine { words: before, method, target: target.trim_ascii(), version, length })
        }
        Some(_) | None => Err(NoHead::Broken("a request line lacks a word")),
    }
}

/// What a request says its version is, and what stands before it.
///
/// Small letters, a digit that lacks and one that nobody defined are wrong (RFC 9112, 2.3), and most servers answer all the same.
fn version(line: &[u8]) -> Option<(&[u8], &'static str)> {
    let (line, version) = match line {
        [before @ .., digit @ b'0'..=b'9'] => (before, VERSIONS.get(usize::from(digit - b'0'))?),
        line => (line, &"1."),
    };
    let (before, name) = line.split_last_chunk::<{ NAME.len() }>()?;
    name.eq_ignore_ascii_case(NAME).then_some((before, version))
}

/// What stands before the last digit of a version.
const NAME: &[u8; 8] = b" HTTP/1.";

/// The versions by their last digit.
const VERSIONS: [&str; 10] = ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9"];

/// Reads the whole request of HTTP/0.9 that a connection begins with (`GET`, a blank, a path): it has no version, no fields, and
/// nothing that follows it on the connection is read by anybody
/// (<https://www.w3.org/Protocols/HTTP/AsImplemented.html>).
pub(super) fn simple_request(bytes: &[u8]) -> Result<RequestLine<'_>, NoHead> {
    let (words, length) = first_line(bytes).ok_or_else(|| short(bytes))?;
    let words = words.trim_ascii_end();
    let target = words.strip_prefix(b"GET ").unwrap_or_default();
    let is_version = |part: &[u8]| part.eq_ignore_ascii_case(b"HTTP/");
    // Who writes `GET /HTTP/1.1` means another version.
    if !target.starts_with(b"/") || target.contains(&b' ') || target.windows(5).any(is_version) {
        return Err(NoHead::Broken("no request where one should begin"));
    }
    Ok(RequestLine { words, method: b"GET", target, version: "0.9", length })
}

/// Whether a connection is HTTP/0.9: its request, and the beginning of a document as the answer, which nothing else
/// shows.
pub(super) fn is_simple(client: &[u8], server: &[u8]) -> Guess {
    let begin = SIMPLE.len().min(client.len());
    match (simple_request(client), server.trim_ascii_start()) {
        _ if client.get(..begin) != SIMPLE.get(..begin) => Guess::No,
        (Err(NoHead::Short) | Ok(_), []) => Guess::Unsure,
        (Ok(_), [b'<', ..]) => Guess::Yes,
        (Ok(_) | Err(_), _) => Guess::No,
    }
}

/// What a request of HTTP/0.9 begins with.
const SIMPLE: &[u8] = b"GET /";

/// Reads a response's first line.
pub(super) fn response_start(bytes: &[u8]) -> Result<StatusLine<'_>, NoHead> {
    // As nearly all begin.
    if bytes.starts_with(b"HTTP/1.1 200 OK\r\n") {
        return Ok(StatusLine { status: 200, reason: b"OK", length: 17 });
    }
    match status_line(bytes) {
        Guess::Yes => {}
        Guess::Unsure => return Err(short(bytes)),
        Guess::No => return Err(NoHead::Broken("no response where one should begin")),
    }
    let (line, length) = first_line(bytes).ok_or_else(|| short(bytes))?;
    let digits = line.get(9..12).unwrap_or_default();
    let status = digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
    Ok(StatusLine { status, reason: line.get(12..).unwrap_or_default().trim_ascii(), length })
}

/// A head with its folded lines (RFC 9112, 5.2) joined by blanks, so that nothing in it moves.
pub(super) fn unfold(head: &[u8]) -> Vec<u8> {
    let mut joined = head.to_vec();
    for end in memchr::memchr_iter(b'\n', head) {
        if !matches!(head.get(end + 1), Some(b' ' | b'\t')) {
            continue;
        }
        let from = if end > 0 && head.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
        if let Some(line_end) = joined.get_mut(from..=end) {
            line_end.fill(b' ');
        }
    }
    joined
}

/// The text of bytes that should be one.
pub(in crate::web) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// Whether a token has this byte (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// How many bytes of a token `bytes` begin with; one more than a method may have is enough.
fn token(bytes: &[u8]) -> usize {
    bytes.iter().take(METHOD + 1).take_while(|b| is_token(**b)).count()
}

fn without_empty_lines(mut bytes: &[u8]) -> &[u8] {
    while let [b'\r' | b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// Whether `bytes` begin with a request line: a method, a target, `HTTP/1.` and a digit.
pub(super) fn request_line(bytes: &[u8]) -> Guess {
    let bytes = without_empty_lines(bytes);
    let line = memchr::memchr(b'\n', bytes).map(|end| bytes.get(..end).unwrap_or_default());
    let method = token(bytes);
    match (bytes.get(method), line) {
        (None, _) => return Guess::Unsure,
        (Some(b' '), None) if method > 0 && method <= METHOD => return Guess::Unsure,
        (Some(b' '), Some(_)) if method > 0 && method <= METHOD => {}
        (Some(_), _) => return Guess::No,
    }
    match version(line.unwrap_or_default().trim_ascii_end()) {
        Some((before, _)) if before.len() >= method => Guess::Yes,
        Some(_) | None => Guess::No,
    }
}

/// Whether `bytes` begin with a status line: `HTTP/1.0` or `HTTP/1.1`, and three digits.
pub(super) fn status_line(bytes: &[u8]) -> Guess {
    let bytes = without_empty_lines(bytes);
    let fits = |(at, byte): (usize, &u8)| match at {
        // Written in small letters it is wrong, and read by most clients all the same.
        0..7 => b"HTTP/1.".get(at).is_some_and(|letter| letter.eq_ignore_ascii_case(byte)),
        7 => matches!(byte, b'0' | b'1'),
        8 => *byte == b' ',
        9 => matches!(byte, b'1'..=b'9'),
        10 | 11 => byte.is_ascii_digit(),
        _ => matches!(byte, b' ' | b'\r' | b'\n'),
    };
    let begins = bytes.get(..STATUS).unwrap_or(bytes);
    match begins.iter().enumerate().all(fits) {
        true if begins.len() == STATUS => Guess::Yes,
        true => Guess::Unsure,
        false => Guess::No,
    }
}

/// The bytes of a status line up to the blank behind its status.
const STATUS: usize = b"HTTP/1.1 200 ".len();

/// Methods by which a request is found again in the middle of bytes. Those that end like another one's
/// beginning was lost (`LOCK` of `UNLOCK`) are left out.
const METHODS: [&[u8]; 17] = [
    b"GET",
    b"POST",
    b"PUT",
    b"HEAD",
    b"DELETE",
    b"PATCH",
    b"OPTIONS",
    b"CONNECT",
    b"TRACE",
    b"PROPFIND",
    b"PROPPATCH",
    b"REPORT",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"SEARCH",
    b"PURGE",
];

/// Where the next request begins.
pub(super) fn find_request(bytes: &[u8]) -> Option<usize> {
    let word = bytes.get(..token(bytes)).unwrap_or_default();
    if METHODS.contains(&word) && request_line(bytes) == Guess::Yes && is_head(bytes) {
        return Some(0);
    }
    let mut from = 0;
    for end in memchr::memmem::find_iter(bytes, b" HTTP/1.") {
        let tail = bytes.get(end..).unwrap_or_default();
        let before = bytes.get(from..end).unwrap_or_default();
        from = end + 1;
        if !matches!(tail.get(8..10)?, [b'0' | b'1', b'\r' | b'\n']) {
            continue;
        }
        let Some(target) = memchr::memrchr(b' ', before) else { continue };
        let words = before.get(..target).unwrap_or_default();
        let begins = METHODS.iter().find_map(|method| {
            let rest = words.strip_suffix(*method)?;
            let glued = rest.last().is_some_and(|b| b.is_ascii_uppercase() || *b == b'-');
            (!glued).then_some(rest.len())
        });
        if let Some(begins) = begins.filter(|_| is_head(tail)) {
            return Some(end - before.len() + begins);
        }
    }
    None
}

/// Where the next response begins.
pub(super) fn find_response(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, b"HTTP/1.").find(|at| {
        let here = bytes.get(*at..).unwrap_or_default();
        status_line(here) == Guess::Yes && is_head(here)
    })
}

/// Whether a field or the end of the head follows the first line, as far as it is there: a body may tell of a
/// first line, and rarely goes on like a head.
fn is_head(bytes: &[u8]) -> bool {
    let Some((_, from)) = first_line(bytes) else { return true };
    let next = bytes.get(from..).unwrap_or_default();
    if matches!(next, [] | [b'\r' | b'\n', ..]) {
        return true;
    }
    let name = next.iter().take_while(|b| is_token(**b)).count();
    match next.get(name..).unwrap_or_default().trim_ascii_start() {
        [] => true,
        [first, ..] => name > 0 && *first == b':',
    }
}

/// The size that a chunk's first line says (RFC 9112, 7.1); its extensions are passed over.
pub(super) fn chunk_size(line: &[u8]) -> Result<u64, &'static str> {
    let digits = line.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    if digits.is_empty() {
        return Err("a chunk has no size");
    }
    let mut size: u64 = 0;
    for digit in digits {
        let digit = char::from(*digit).to_digit(16).ok_or("a chunk's size is no number")?;
        size = size.checked_mul(16).ok_or("a chunk is longer than anything")? + u64::from(digit);
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::{
        chunk_size, find_request, find_response, is_simple, request_line, request_start, status_line, unfold,
    };
    use crate::kit::protocol::Guess;

    #[test]
    fn start_lines_are_told_from_everything_else() {
        assert_eq!(request_line(b"GET / HTTP/1.1\r\n"), Guess::Yes);
        assert_eq!(request_line(b"\r\nM-SEARCH * HTTP/1.1\n"), Guess::Yes);
        assert_eq!(request_line(b"get /x http/1.1\r\n"), Guess::Yes);
        assert_eq!(request_line(b"GET / HTTP/1.\n"), Guess::Yes);
        assert_eq!(request_line(b"GET /long"), Guess::Unsure);
        for other in [
            &b"PRI * HTTP/2.0\r\n"[..],
            b"OPTIONS * RTSP/1.0\r\n",
            b"INVITE sip:a@b SIP/2.0\r\n",
            b"GET /\r\n",
            b"hello there\r\n",
            b"\x16\x03\x01 ",
        ] {
            assert_eq!(request_line(other), Guess::No, "{other:?}");
        }
        assert_eq!(status_line(b"HTTP/1.1 200 OK"), Guess::Yes);
        assert_eq!(status_line(b"http/1.1 200 OK"), Guess::Yes);
        assert_eq!(status_line(b"HTTP/1.1 2"), Guess::Unsure);
        assert_eq!(status_line(b"HTTP/2 200 OK\r\n"), Guess::No);
    }

    #[test]
    fn messages_are_found_behind_what_is_left_of_another() {
        assert_eq!(find_request(b"\"a\":1}GET /x HTTP/1.1\r\n"), Some(6));
        assert_eq!(find_request(b"ET /x HTTP/1.1\r\nHost: a\r\n\r\nPOST /y HTTP/1.0\r\n"), Some(27));
        assert_eq!(find_request(b"UNLOCK /x HTTP/1.1\r\n"), None);
        assert_eq!(find_response(b"a HTTP/1.1\r\nHTTP/1.1 204 No Content\r\n"), Some(12));
        assert_eq!(find_response(b"it says:\r\nHTTP/1.1 200 OK\r\nand nothing else"), None);
        assert_eq!(find_request(b"ask GET / HTTP/1.1\r\nand then wait\r\n"), None);
    }

    #[test]
    fn chunk_sizes_have_a_bound() {
        assert_eq!(chunk_size(b"1aF ;name=value"), Ok(0x1af));
        assert_eq!(chunk_size(b"00000000000000000000005"), Ok(5));
        assert!(chunk_size(b"10000000000000000").is_err());
        assert!(chunk_size(b"-1").is_err());
        assert!(chunk_size(b"").is_err());
    }

    #[test]
    fn a_target_may_hold_what_it_should_not() {
        let line = request_start(b"\nGET  /a b\xff  HTTP/1.0 \nHost: x").ok().unwrap();
        assert_eq!((line.method, line.target, line.version), (&b"GET"[..], &b"/a b\xff"[..], "1.0"));
        assert_eq!(line.length, 23);
    }

    #[test]
    fn a_version_is_told_as_it_was_sent() {
        for (line, told) in [
            (&b"GET / HTTP/1.\n"[..], Some("1.")),
            (b"PROPFIND /x http/1.1\r\n", Some("1.1")),
            (b"GET / HTTP/1.7\n", Some("1.7")),
            (b"GET / HTTP/2.0\n", None),
            (b"GET / HTTP/1.12\n", None),
        ] {
            assert_eq!(request_start(line).ok().map(|line| line.version), told, "{line:?}");
        }
    }

    #[test]
    fn the_oldest_requests_are_known_by_their_answer() {
        assert_eq!(is_simple(b"GET /\r\n\r\n", b"\n<!DOCTYPE HTML"), Guess::Yes);
        assert_eq!(is_simple(b"GET /a", b""), Guess::Unsure);
        assert_eq!(is_simple(b"GET /a\n", b""), Guess::Unsure);
        for (client, server) in [
            (&b"GET /a\n"[..], &b"$1\r\na\r\n"[..]),
            (b"GET a\n", b"<html>"),
            (b"get /a\n", b"<html>"),
            (b"Q\0\0\0\rselect 1\0", b""),
            (b"GET /a", b"<html>"),
            (b"GET /HTTP/1.1\nHost: a\n\n", b"<html>"),
        ] {
            assert_eq!(is_simple(client, server), Guess::No, "{client:?}");
        }
    }

    #[test]
    fn folds_become_blanks() {
        assert_eq!(unfold(b"A: 1\r\n 2\n\t3\r\nB: 4\r\n"), b"A: 1   2 \t3\r\nB: 4\r\n");
    }
}
