//! The bytes of memcached's text protocol: lines, numbers, data blocks, and the words that the server knows.

use crate::kit::eight;
use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

/// So many bytes of a value are kept.
pub(super) const CELL: usize = 1 << 10;
/// The longest line: one that asks for very many keys.
pub(super) const LINE: usize = 64 << 10;
/// Of a line that has no end yet, so many bytes are looked at.
const NEAR: usize = 64;
/// The longest key.
pub(super) const KEY: usize = 250;
/// The longest value that a server can be told to take (`-I`).
pub(super) const VALUE: u64 = 1 << 30;
/// The longest number.
const DIGITS: usize = 20;

/// What stands behind a command's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Keys, from this word on.
    Keys(usize),
    /// A key, flags, an expiry and the length of a data block.
    Store,
    /// A key, and perhaps other words.
    Key,
    /// A key, and the length of a data block.
    MetaStore,
    /// Other words, or none.
    Words,
    /// Nothing: the client goes, and nobody answers.
    Leave,
}

/// The commands, the frequent ones first.
const COMMANDS: &[(&str, Shape)] = &[
    ("get", Shape::Keys(1)),
    ("set", Shape::Store),
    ("mg", Shape::Key),
    ("ms", Shape::MetaStore),
    ("gets", Shape::Keys(1)),
    ("delete", Shape::Key),
    ("incr", Shape::Key),
    ("decr", Shape::Key),
    ("add", Shape::Store),
    ("replace", Shape::Store),
    ("append", Shape::Store),
    ("prepend", Shape::Store),
    ("cas", Shape::Store),
    ("touch", Shape::Key),
    ("gat", Shape::Keys(2)),
    ("gats", Shape::Keys(2)),
    ("md", Shape::Key),
    ("ma", Shape::Key),
    ("me", Shape::Key),
    ("mn", Shape::Words),
    ("stats", Shape::Words),
    ("version", Shape::Words),
    ("flush_all", Shape::Words),
    ("verbosity", Shape::Words),
    ("cache_memlimit", Shape::Words),
    ("lru", Shape::Words),
    ("lru_crawler", Shape::Words),
    ("slabs", Shape::Words),
    ("quit", Shape::Leave),
];

/// The command with this word, which is never written in capitals.
#[inline]
pub(super) fn command(word: &[u8]) -> Option<(&'static str, Shape)> {
    COMMANDS.iter().find(|(name, _)| name.as_bytes() == word).copied()
}

/// Whether a command is one of the meta commands.
pub(super) fn is_meta(operation: &str) -> bool {
    matches!(operation, "mg" | "ms" | "md" | "ma" | "me" | "mn")
}

/// The next line without its end, passed over.
///
/// # Errors
/// [`Stop::Short`] when it has no end yet, [`Stop::Broken`] when that is too far, or it is no text.
#[inline]
pub(super) fn line<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let line = match wire.until(b'\n', LINE) {
        Err(Stop::Short) if wire.rest().iter().take(NEAR).any(|byte| *byte < b' ' && *byte != b'\r') => {
            return Err(wire.broken("a line holds control characters"));
        }
        line => line?,
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // Lines are mostly short; control bytes are in none.
    if !eight::all(line, b' ', |bytes| !eight::has_below(bytes, b' ')) {
        return Err(wire.broken("a line holds control characters"));
    }
    Ok(line)
}

/// The words of a line.
#[inline]
pub(super) fn split(line: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            let end = eight::find(b' ', rest);
            let (word, behind) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
            rest = behind.get(1..).unwrap_or_default();
            if !word.is_empty() {
                return Some(word);
            }
            end?;
        }
    })
}

/// A whole number without a sign.
pub(super) fn number(word: &[u8]) -> Option<u64> {
    if word.is_empty() || word.len() > DIGITS {
        return None;
    }
    word.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

/// The length of a data block.
pub(super) fn block_length(word: Option<&[u8]>) -> Option<u64> {
    word.and_then(number).filter(|length| *length <= VALUE)
}

/// The data block of this length, passed over with its end of line; of a long one its beginning.
///
/// The end of a short one is looked at; what is behind a long one never is.
///
/// # Errors
/// [`Stop::Short`] when what is kept of it is not there, [`Stop::Broken`] when it is longer than it says.
#[inline]
pub(super) fn block<'a>(length: u64, wire: &mut Reader<'a>) -> Read<Sample<'a>> {
    let rest = wire.rest();
    let kept = usize::try_from(length).unwrap_or(CELL).min(CELL);
    let bytes = match (rest.get(..kept), wire.ahead()) {
        (Some(bytes), _) => bytes,
        (None, Ahead::Hole(_)) => rest,
        (None, Ahead::Open | Ahead::End) => return Err(Stop::Short),
    };
    if length <= CELL as u64 {
        match (rest.get(kept..).unwrap_or_default(), wire.ahead()) {
            ([b'\r', b'\n', ..], _) | ([] | [b'\r'], Ahead::Hole(_)) => {}
            ([] | [b'\r'], Ahead::Open | Ahead::End) => return Err(Stop::Short),
            _ => return Err(wire.broken("a data block is longer than it says")),
        }
    }
    wire.skip(length + 2);
    Ok(Sample { bytes, length })
}

/// A line of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// `VALUE key flags length [cas]`: a data block follows.
    Value { key: &'a [u8], length: u64 },
    /// `VA length flags`: a data block follows.
    MetaValue { length: u64 },
    /// `STAT name value`, `ITEM name value`.
    Stat { name: &'a [u8], value: &'a [u8] },
    /// `END`.
    End,
    /// `VERSION version`.
    Version(&'a [u8]),
    /// A number, after `incr` and `decr`.
    Number(u64),
    /// What was asked was done.
    Done(&'static str),
    /// It was not, for what is stored or is not.
    Refused(&'static str),
    /// Nothing is stored there (`EN`).
    Miss,
    /// `ME key ...`: what is known of an item.
    Item,
    /// `MN`: all quiet commands before it are done.
    Barrier,
    /// `ERROR`, `CLIENT_ERROR`, `SERVER_ERROR`, and why.
    Failed(&'static str, &'a [u8]),
}

/// Words that say that what was asked was done.
const DONE: &[&str] = &["STORED", "HD", "DELETED", "TOUCHED", "OK", "RESET"];
/// Words that say that it was not.
const REFUSED: &[&str] = &[
    "NOT_STORED",
    "NOT_FOUND",
    "EXISTS",
    "NS",
    "NF",
    "EX",
    "BUSY",
    "BADCLASS",
    "NOSPARE",
    "NOTFULL",
    "UNSAFE",
    "SAME",
];
/// Words of errors.
const FAILED: &[&str] = &["ERROR", "CLIENT_ERROR", "SERVER_ERROR"];

/// What a line of the server says; `None` if no server says it.
#[inline]
pub(super) fn said(line: &[u8]) -> Option<Said<'_>> {
    let (word, rest) = match eight::find(b' ', line).and_then(|at| line.split_at_checked(at)) {
        Some((word, rest)) => (word, rest.trim_ascii()),
        None => (line, &b""[..]),
    };
    let mut words = split(rest);
    let among = |known: &[&'static str]| known.iter().find(|known| known.as_bytes() == word).copied();
    match word {
        b"VALUE" => {
            let key = words.next().filter(|key| key.len() <= KEY)?;
            words.next().and_then(number)?;
            return Some(Said::Value { key, length: block_length(words.next())? });
        }
        b"END" => return Some(Said::End),
        b"VA" => return Some(Said::MetaValue { length: block_length(words.next())? }),
        b"STAT" | b"ITEM" => {
            let name = words.next()?;
            let value = rest.get(name.len()..).unwrap_or_default().trim_ascii_start();
            return Some(Said::Stat { name, value });
        }
        b"VERSION" => return Some(Said::Version(rest)),
        b"EN" => return Some(Said::Miss),
        b"ME" => return Some(Said::Item),
        b"MN" => return Some(Said::Barrier),
        _ => {}
    }
    let known = among(DONE).map(Said::Done).or(among(REFUSED).map(Said::Refused));
    known.or(among(FAILED).map(|word| Said::Failed(word, rest))).or_else(|| number(word).map(Said::Number))
}
