//! The bytes of RESP2 and RESP3: lines, numbers, bulk strings, aggregates; no state.

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

/// So many bytes of one word or value are kept.
pub(super) const CELL: usize = 1 << 10;
/// The longest string that a server takes unless it is told otherwise (`proto-max-bulk-len`).
const STRING: u64 = 512 << 20;
/// More elements no aggregate has: a server refuses commands of more words, and holds no larger collection.
const ELEMENTS: u64 = u32::MAX as u64;
/// A line has no end within so many bytes: the server's limit for inline commands, far beyond any status or error.
pub(super) const LINE: usize = 64 << 10;
/// The longest number, with its sign: those of 64 bits.
const DIGITS: usize = 20;

/// A piece of what the server says: a whole value, or what begins or ends one that has elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `+`: a simple string.
    Status(&'a [u8]),
    /// `-`, `!`: an error.
    Error(Sample<'a>),
    /// `:`: a whole number.
    Integer(i64),
    /// `$`, `=`: a string.
    Bulk(Sample<'a>),
    /// `,`, `(`, `#`: a number with a fraction or many digits, or a truth value, as text.
    Scalar(&'a [u8]),
    /// `$-1`, `*-1`, `_`: nothing.
    Null,
    /// `*`, `~`, `%`, `>`, `|` and how many values follow; a map's keys are values too.
    Aggregate(Kind, Count),
    /// `$?`: a string that comes in pieces.
    Pieces,
    /// `;`: such a piece; the last one is empty.
    Piece(Sample<'a>),
    /// `.`: the end of an aggregate that did not say how many.
    End,
}

/// What kind of an aggregate it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Array,
    Map,
    /// It comes before a reply and belongs to none.
    Attribute,
    /// Nobody asked for it, or it confirms a subscription.
    Push,
}

/// How many values an aggregate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Of(u64),
    /// So many as come before [`Token::End`].
    Open,
}

/// The server's next token, passed over.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when it is none.
pub(super) fn token<'a>(wire: &mut Reader<'a>) -> Read<Token<'a>> {
    let kind = *wire.rest().first().ok_or(Stop::Short)?;
    Ok(match kind {
        b'$' | b'=' | b'!' | b';' => return strings(kind, wire),
        b'*' | b'~' => aggregate(Kind::Array, wire)?,
        b'%' => aggregate(Kind::Map, wire)?,
        b'|' => aggregate(Kind::Attribute, wire)?,
        b'>' => aggregate(Kind::Push, wire)?,
        b':' => match signed(line(wire)?) {
            Some(number) => Token::Integer(number),
            None => return Err(wire.broken("an integer is none")),
        },
        b'+' => Token::Status(line(wire)?),
        b'-' => {
            let bytes = line(wire)?;
            let kept = bytes.get(..CELL).unwrap_or(bytes);
            Token::Error(Sample { bytes: kept, length: bytes.len() as u64 })
        }
        b',' | b'(' | b'#' => match line(wire)? {
            text if is_scalar(kind, text) => Token::Scalar(text),
            _ => return Err(wire.broken("a number or a truth value is none")),
        },
        b'_' | b'.' => match line(wire)? {
            b"" if kind == b'_' => Token::Null,
            b"" => Token::End,
            _ => return Err(wire.broken("a null or an end holds something")),
        },
        _ => return Err(wire.broken("no value begins so")),
    })
}

fn strings<'a>(kind: u8, wire: &mut Reader<'a>) -> Read<Token<'a>> {
    match (kind, wire.rest()) {
        (b'$', [_, b'-', b'1', b'\r', b'\n', ..]) => {
            wire.skip(5);
            return Ok(Token::Null);
        }
        (b'$', [_, b'?', b'\r', b'\n', ..]) => {
            wire.skip(4);
            return Ok(Token::Pieces);
        }
        (b';', [_, b'0', b'\r', b'\n', ..]) => {
            wire.skip(4);
            return Ok(Token::Piece(Sample { bytes: b"", length: 0 }));
        }
        (b'$', [_] | [_, b'-' | b'?'] | [_, b'-', b'1'] | [_, b'-', b'1', b'\r'] | [_, b'?', b'\r']) => {
            return Err(Stop::Short);
        }
        _ => {}
    }
    let text = string(kind, wire)?;
    Ok(match kind {
        b'!' => Token::Error(text),
        b';' => Token::Piece(text),
        b'=' => Token::Bulk(verbatim(text)),
        _ => Token::Bulk(text),
    })
}

/// The text of a verbatim string, which begins with its kind (`txt:`).
fn verbatim(text: Sample<'_>) -> Sample<'_> {
    match text.bytes.split_at_checked(4) {
        Some((kind, bytes)) if kind.ends_with(b":") => Sample { bytes, length: text.length - 4 },
        _ => text,
    }
}

fn aggregate<'a>(kind: Kind, wire: &mut Reader<'a>) -> Read<Token<'a>> {
    let text = line_of(wire, DIGITS + 2)?;
    let count = match text {
        b"-1" => return Ok(Token::Null),
        b"?" => Count::Open,
        text => match unsigned(text) {
            Some(count) if count <= ELEMENTS => Count::Of(if is_paired(kind) { 2 * count } else { count }),
            _ => return Err(wire.broken("an aggregate has an impossible length")),
        },
    };
    Ok(Token::Aggregate(kind, count))
}

fn is_paired(kind: Kind) -> bool {
    match kind {
        Kind::Map | Kind::Attribute => true,
        Kind::Array | Kind::Push => false,
    }
}

/// How many words the command has whose head is next, passed over; `None` if that is nothing.
///
/// # Errors
/// [`Stop::Short`] when the head is not whole, [`Stop::Broken`] when it is none.
pub(super) fn words(wire: &mut Reader<'_>) -> Read<Option<u64>> {
    if matches!(wire.rest(), [b'*', b'-', ..]) {
        line_of(wire, DIGITS + 2)?;
        return Ok(None);
    }
    match length(wire.rest()) {
        Some(Ok((count, head))) => {
            wire.skip(head as u64);
            Ok(Some(count).filter(|count| *count > 0))
        }
        Some(Err(())) => Err(wire.broken("a command has an impossible number of words")),
        None => Err(Stop::Short),
    }
}

/// The string that `bytes` begin with, and what is behind it, where it is written as nearly all are: its length in three
/// digits at most, all of it there.
///
/// Of what is not so, [`string`] says what it is.
#[inline(always)]
pub(super) fn short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [b'$', a @ b'0'..=b'9', b'\r', b'\n', rest @ ..] => (digit(*a), rest),
        [b'$', a @ b'0'..=b'9', b @ b'0'..=b'9', b'\r', b'\n', rest @ ..] => {
            (10 * digit(*a) + digit(*b), rest)
        }
        [b'$', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b'\r', b'\n', rest @ ..] => {
            (100 * digit(*a) + 10 * digit(*b) + digit(*c), rest)
        }
        _ => return None,
    };
    let (text, rest) = rest.split_at_checked(length)?;
    Some((text, rest.strip_prefix(b"\r\n")?))
}

#[inline(always)]
fn digit(byte: u8) -> usize {
    usize::from(byte - b'0')
}

/// The next string, which begins with `mark`, passed over; of a long one its beginning.
///
/// The end of a line behind it is looked at where all of it is kept: what is behind a long one never is.
///
/// # Errors
/// [`Stop::Short`] when what is kept of it is not there, [`Stop::Broken`] when it is none.
#[inline]
pub(super) fn string<'a>(mark: u8, wire: &mut Reader<'a>) -> Read<Sample<'a>> {
    let rest = wire.rest();
    if *rest.first().ok_or(Stop::Short)? != mark {
        return Err(wire.broken("a string begins otherwise"));
    }
    let (length, head) = match length(rest) {
        Some(Ok(length)) => length,
        Some(Err(())) => return Err(wire.broken("a string has an impossible length")),
        None => return Err(Stop::Short),
    };
    let behind = rest.get(head..).unwrap_or_default();
    let kept = usize::try_from(length).unwrap_or(CELL).min(CELL);
    let bytes = match (behind.get(..kept), wire.ahead()) {
        (Some(bytes), _) => bytes,
        (None, Ahead::Hole(_)) => behind,
        (None, Ahead::Open | Ahead::End) => return Err(Stop::Short),
    };
    if length <= CELL as u64 {
        match (behind.get(kept..).unwrap_or_default(), wire.ahead()) {
            ([b'\r', b'\n', ..], _) | ([] | [b'\r'], Ahead::Hole(_)) => {}
            ([] | [b'\r'], Ahead::Open | Ahead::End) => return Err(Stop::Short),
            _ => return Err(wire.broken("a string is longer than it says")),
        }
    }
    wire.skip(head as u64 + length + 2);
    Ok(Sample { bytes, length })
}

/// The length (or number of words) behind the first byte of `rest`, up to the end of its line, and where that ends.
#[inline]
fn length(rest: &[u8]) -> Option<Result<(u64, usize), ()>> {
    let mut length = 0;
    for (at, byte) in rest.iter().enumerate().skip(1) {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            length = length * 10 + u64::from(digit);
            if length > STRING {
                return Some(Err(()));
            }
        } else if *byte == b'\r' && at > 1 {
            return match rest.get(at + 1) {
                Some(b'\n') => Some(Ok((length, at + 2))),
                Some(_) => Some(Err(())),
                None => None,
            };
        } else {
            return Some(Err(()));
        }
        if at > DIGITS {
            return Some(Err(()));
        }
    }
    None
}

/// The line behind the next byte, passed over.
fn line<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    line_of(wire, LINE)
}

#[inline]
fn line_of<'a>(wire: &mut Reader<'a>, limit: usize) -> Read<&'a [u8]> {
    let rest = wire.rest();
    let near = rest.get(..limit).unwrap_or(rest);
    let Some(end) = memchr::memchr(b'\n', near) else {
        let is_long = rest.len() >= limit;
        return Err(if is_long { wire.broken("a line has no end within its limit") } else { Stop::Short });
    };
    match near.get(..end).and_then(<[u8]>::split_last) {
        Some((b'\r', [_, text @ ..])) => {
            wire.skip(end as u64 + 1);
            Ok(text)
        }
        _ => Err(wire.broken("a line ends without a carriage return")),
    }
}

/// A whole number without a sign.
pub(super) fn unsigned(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > DIGITS || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn signed(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Whether the text of a double, a big number or a truth value is one.
fn is_scalar(kind: u8, text: &[u8]) -> bool {
    match kind {
        b'#' => matches!(text, b"t" | b"f"),
        b'(' => {
            let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        }
        _ => std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok()),
    }
}
