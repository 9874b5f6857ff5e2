//! Bytes to heads: start lines, field lines, chunk sizes; pure and borrowed.

use std::mem::MaybeUninit;

use httparse::{Error, Header, ParserConfig, Status};

use crate::kit::protocol::Guess;

/// The most bytes of a head. Servers take 8 to 32 KiB by default; nobody takes more than 64.
pub(super) const HEAD: usize = 64 << 10;

/// Field lines that are read without memory of their own; nearly every head has fewer.
const FIELDS: usize = 48;

/// The most field lines of a head. Servers take about 100 by default.
const MANY_FIELDS: usize = 1024;

/// The longest method: the longest registered one has 17 letters.
const METHOD: usize = 24;

/// The head of a request.
pub(super) struct RequestHead<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) version: Version,
    pub(super) lines: Lines<'a>,
}

/// The head of a response.
pub(super) struct ResponseHead<'a> {
    pub(super) status: u16,
    pub(super) reason: &'a str,
    pub(super) lines: Lines<'a>,
}

/// The field lines of a head.
pub(super) struct Lines<'a> {
    pub(super) fields: &'a [Header<'a>],
    /// As sent, the last line's end left out.
    pub(super) block: &'a [u8],
}

impl<'a> Lines<'a> {
    fn new(head: &'a [u8], fields: &'a [Header<'a>]) -> Self {
        let head = without_empty_lines(head).trim_ascii_end();
        let block = memchr::memchr(b'\n', head).and_then(|end| head.get(end + 1..));
        Lines { fields, block: block.unwrap_or_default() }
    }
}

/// The version that a start line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http10,
    Http11,
}

/// Why there is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoHead {
    /// It goes on in bytes that are not there yet.
    Short,
    /// It is none, or one that nobody would take.
    Broken(&'static str),
}

/// Reads the head of a request and lets `then` see it and how many bytes it has.
pub(super) fn request<T>(bytes: &[u8], then: impl FnOnce(&RequestHead<'_>, usize) -> T) -> Result<T, NoHead> {
    let mut room = [const { MaybeUninit::uninit() }; FIELDS];
    let mut head = httparse::Request::new(&mut []);
    match head.parse_with_uninit_headers(bytes, &mut room) {
        Ok(Status::Complete(length)) => Ok(then(&request_head(&head, bytes, length)?, length)),
        Ok(Status::Partial) => Err(short(bytes)),
        Err(_) => {
            let (mended, length) = mend(bytes, request_line(bytes))?;
            let mut room = vec![MaybeUninit::uninit(); MANY_FIELDS];
            let mut head = httparse::Request::new(&mut []);
            match head.parse_with_uninit_headers(&mended, &mut room) {
                Ok(Status::Complete(end)) => Ok(then(&request_head(&head, &mended, end)?, length)),
                Ok(Status::Partial) => Err(NoHead::Broken("a request's head has no end")),
                Err(error) => Err(NoHead::Broken(complaint(error))),
            }
        }
    }
}

fn request_head<'a>(
    head: &'a httparse::Request<'_, 'a>,
    bytes: &'a [u8],
    length: usize,
) -> Result<RequestHead<'a>, NoHead> {
    let lines = Lines::new(bytes.get(..length).unwrap_or_default(), head.headers);
    match (head.method, head.path, head.version) {
        (Some(method), Some(target), Some(version)) => {
            Ok(RequestHead { method, target, version: named(version), lines })
        }
        _ => Err(NoHead::Broken("a request line lacks a word")),
    }
}

/// Reads the head of a response and lets `then` see it and how many bytes it has.
pub(super) fn response<T>(
    bytes: &[u8],
    then: impl FnOnce(&ResponseHead<'_>, usize) -> T,
) -> Result<T, NoHead> {
    let mut room = [const { MaybeUninit::uninit() }; FIELDS];
    let mut head = httparse::Response::new(&mut []);
    let config = ParserConfig::default();
    match config.parse_response_with_uninit_headers(&mut head, bytes, &mut room) {
        Ok(Status::Complete(length)) => Ok(then(&response_head(&head, bytes, length)?, length)),
        Ok(Status::Partial) => Err(short(bytes)),
        Err(_) => {
            let (mended, length) = mend(bytes, status_line(bytes))?;
            let mut room = vec![MaybeUninit::uninit(); MANY_FIELDS];
            let mut head = httparse::Response::new(&mut []);
            match config.parse_response_with_uninit_headers(&mut head, &mended, &mut room) {
                Ok(Status::Complete(end)) => Ok(then(&response_head(&head, &mended, end)?, length)),
                Ok(Status::Partial) => Err(NoHead::Broken("a response's head has no end")),
                Err(error) => Err(NoHead::Broken(complaint(error))),
            }
        }
    }
}

fn response_head<'a>(
    head: &'a httparse::Response<'_, 'a>,
    bytes: &'a [u8],
    length: usize,
) -> Result<ResponseHead<'a>, NoHead> {
    let lines = Lines::new(bytes.get(..length).unwrap_or_default(), head.headers);
    match (head.code, head.reason) {
        (Some(status), Some(reason)) => Ok(ResponseHead { status, reason, lines }),
        _ => Err(NoHead::Broken("a status line lacks a word")),
    }
}

fn named(minor: u8) -> Version {
    match minor {
        0 => Version::Http10,
        _ => Version::Http11,
    }
}

fn short(bytes: &[u8]) -> NoHead {
    if bytes.len() > HEAD { NoHead::Broken("a head is longer than any server takes") } else { NoHead::Short }
}

fn complaint(error: Error) -> &'static str {
    match error {
        Error::HeaderName => "a field name has a byte that no name has",
        Error::HeaderValue => "a field value has a byte that no value has",
        Error::NewLine => "a line of a head does not end where it should",
        Error::Status => "a status is no number",
        Error::Token => "a start line has a byte that it may not have",
        Error::TooManyHeaders => "a head has more field lines than any server takes",
        Error::Version => "a start line names another version",
    }
}

/// A head that the strict parser refused, written as it would take it: folded lines joined (RFC 9112, 5.2), blanks before a colon
/// dropped, lines that are no fields dropped, bytes that a target may not have percent-encoded.
///
/// Says also how many bytes the head has as sent.
fn mend(bytes: &[u8], start: Guess) -> Result<(Vec<u8>, usize), NoHead> {
    match start {
        Guess::Yes => {}
        Guess::Unsure => return Err(short(bytes)),
        Guess::No => return Err(NoHead::Broken("no start line where a message should begin")),
    }
    let mut mended = Vec::new();
    let mut at = 0;
    while let Some(length) = memchr::memchr(b'\n', bytes.get(at..).unwrap_or_default()) {
        let line = bytes.get(at..at + length).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at += length + 1;
        if at > HEAD {
            break;
        }
        match line {
            [] if mended.is_empty() => {}
            [] => {
                mended.extend_from_slice(b"\r\n");
                return Ok((mended, at));
            }
            line if mended.is_empty() => mend_start(line, &mut mended),
            [b' ' | b'\t', ..] => mend_fold(line, &mut mended),
            line => mend_field(line, &mut mended),
        }
    }
    Err(short(bytes))
}

fn mend_start(line: &[u8], mended: &mut Vec<u8>) {
    let first = memchr::memchr(b' ', line).unwrap_or(0);
    let is_status = line.starts_with(b"HTTP/");
    let last = if is_status { first } else { memchr::memrchr(b' ', line).unwrap_or(first) };
    for (at, byte) in line.iter().enumerate() {
        match *byte {
            b' ' if at == first || at == last || is_status => mended.push(b' '),
            byte @ (b'!'..=b'~') => mended.push(byte),
            _ if is_status => mended.push(b'?'),
            byte => mended.extend_from_slice(&[b'%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    mended.extend_from_slice(b"\r\n");
}

fn hex(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'A' + digit - 10 }
}

fn mend_fold(line: &[u8], mended: &mut Vec<u8>) {
    // A fold of the start line belongs to no field.
    if memchr::memchr_iter(b'\n', mended).nth(1).is_none() {
        return;
    }
    mended.truncate(mended.len() - 2);
    mended.push(b' ');
    mend_value(line.trim_ascii(), mended);
}

fn mend_field(line: &[u8], mended: &mut Vec<u8>) {
    let Some(colon) = memchr::memchr(b':', line) else { return };
    let (name, value) = line.split_at(colon);
    let name = name.trim_ascii();
    if name.is_empty() || !name.iter().all(|b| is_token(*b)) {
        return;
    }
    mended.extend_from_slice(name);
    mended.extend_from_slice(b": ");
    mend_value(value.get(1..).unwrap_or_default().trim_ascii(), mended);
}

fn mend_value(value: &[u8], mended: &mut Vec<u8>) {
    mended.extend(value.iter().map(|b| match b {
        b'\t' | b' '..=b'~' | 0x80.. => *b,
        _ => b'?',
    }));
    mended.extend_from_slice(b"\r\n");
}

/// The bytes of a token (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn without_empty_lines(mut bytes: &[u8]) -> &[u8] {
    while let [b'\r' | b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// Whether `bytes` begin with a request line: a method, a target, `HTTP/1.0` or `HTTP/1.1`.
pub(super) fn request_line(bytes: &[u8]) -> Guess {
    let bytes = without_empty_lines(bytes);
    let line = memchr::memchr(b'\n', bytes).map(|end| bytes.get(..end).unwrap_or_default());
    let method = bytes.iter().take(METHOD + 1).take_while(|b| is_token(**b)).count();
    match (bytes.get(method), line) {
        (None, _) => return Guess::Unsure,
        (Some(b' '), None) if method > 0 && method <= METHOD => return Guess::Unsure,
        (Some(b' '), Some(_)) if method > 0 && method <= METHOD => {}
        (Some(_), _) => return Guess::No,
    }
    let line = line.unwrap_or_default().trim_ascii_end();
    match line.split_last_chunk::<9>() {
        Some((before, b" HTTP/1.0" | b" HTTP/1.1")) if before.len() > method => Guess::Yes,
        Some(_) | None => Guess::No,
    }
}

/// Whether `bytes` begin with a status line: `HTTP/1.0` or `HTTP/1.1`, and three digits.
pub(super) fn status_line(bytes: &[u8]) -> Guess {
    let bytes = without_empty_lines(bytes);
    let fits = |(at, byte): (usize, &u8)| match at {
        0..7 => b"HTTP/1.".get(at) == Some(byte),
        7 => matches!(byte, b'0' | b'1'),
        8 => *byte == b' ',
        9 => matches!(byte, b'1'..=b'9'),
        10 | 11 => byte.is_ascii_digit(),
        _ => matches!(byte, b' ' | b'\r' | b'\n'),
    };
    if !bytes.iter().take(13).enumerate().all(fits) {
        Guess::No
    } else if bytes.len() < 13 {
        Guess::Unsure
    } else {
        Guess::Yes
    }
}

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
        if let Some(begins) = begins {
            return Some(end - before.len() + begins);
        }
    }
    None
}

/// Where the next response begins.
pub(super) fn find_response(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, b"HTTP/1.")
        .find(|at| status_line(bytes.get(*at..).unwrap_or_default()) == Guess::Yes)
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
    use super::{chunk_size, find_request, find_response, request, request_line, status_line};
    use crate::kit::protocol::Guess;

    #[test]
    fn start_lines_are_told_from_everything_else() {
        assert_eq!(request_line(b"GET / HTTP/1.1\r\n"), Guess::Yes);
        assert_eq!(request_line(b"\r\nM-SEARCH * HTTP/1.1\n"), Guess::Yes);
        assert_eq!(request_line(b"GET /long"), Guess::Unsure);
        for other in [
            &b"PRI * HTTP/2.0\r\n"[..],
            b"OPTIONS * RTSP/1.0\r\n",
            b"INVITE sip:a@b SIP/2.0\r\n",
            b"GET /\r\n",
            b"GET HTTP/1.1\r\n",
            b"hello there\r\n",
            b"\x16\x03\x01 ",
        ] {
            assert_eq!(request_line(other), Guess::No, "{other:?}");
        }
        assert_eq!(status_line(b"HTTP/1.1 200 OK"), Guess::Yes);
        assert_eq!(status_line(b"HTTP/1.1 2"), Guess::Unsure);
        assert_eq!(status_line(b"HTTP/2 200 OK\r\n"), Guess::No);
    }

    #[test]
    fn messages_are_found_behind_what_is_left_of_another() {
        assert_eq!(find_request(b"\"a\":1}GET /x HTTP/1.1\r\n"), Some(6));
        assert_eq!(find_request(b"ET /x HTTP/1.1\r\nHost: a\r\n\r\nPOST /y HTTP/1.0\r\n"), Some(27));
        assert_eq!(find_request(b"UNLOCK /x HTTP/1.1\r\n"), None);
        assert_eq!(find_response(b"a HTTP/1.1\r\nHTTP/1.1 204 No Content\r\n"), Some(12));
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
    fn a_crooked_head_is_mended() {
        let crooked = b"GET /a b\xff HTTP/1.1\r\nA : 1\r\n 2\r\nnonsense\r\nB:\t3\r\n\r\n";
        let mended = request(crooked, |head, length| {
            let fields: Vec<_> =
                head.lines.fields.iter().map(|f| (f.name.to_owned(), f.value.to_vec())).collect();
            (head.target.to_owned(), fields, length)
        });
        let fields = vec![("A".to_owned(), b"1 2".to_vec()), ("B".to_owned(), b"3".to_vec())];
        assert_eq!(mended, Ok(("/a%20b%FF".to_owned(), fields, crooked.len())));
    }
}
