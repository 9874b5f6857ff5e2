//! Values in PackStream: <https://neo4j.com/docs/bolt/current/packstream/>.

use std::fmt::Write;

use crate::document::mongodb::secrets::{MASK, is_secret};
use crate::kit::protocol::Read;
use crate::kit::reader::{Reader, Sample};
use crate::kit::text::{integer, lossy, shortened};
use crate::sql::calendar;

/// So many bytes of a value are told.
pub(super) const CELL: usize = 1 << 10;
/// What ends a value of which more was said.
pub(super) const MORE: char = '…';
/// Values that hold others deeper than this are an attack.
const DEPTH: usize = 16;

/// Days from 1970-01-01 to 2000-01-01.
const CENTURY: i64 = 10_957;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// What a value begins with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Head {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    /// So many bytes.
    Bytes(u32),
    /// So many bytes of text.
    String(u32),
    /// So many values.
    List(u32),
    /// So many names with values.
    Map(u32),
    /// So many fields of a structure with this tag.
    Structure(u32, u8),
}

impl Head {
    /// What such values are called.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Head::Null => "NULL",
            Head::Boolean(_) => "BOOLEAN",
            Head::Integer(_) => "INTEGER",
            Head::Float(_) => "FLOAT",
            Head::Bytes(_) => "BYTES",
            Head::String(_) => "STRING",
            Head::List(_) => "LIST",
            Head::Map(_) => "MAP",
            Head::Structure(_, tag) => structure(tag),
        }
    }
}

/// What structures are called: <https://neo4j.com/docs/bolt/current/bolt/structure-semantics/>.
fn structure(tag: u8) -> &'static str {
    match tag {
        0x4e => "NODE",
        0x52 | 0x72 => "RELATIONSHIP",
        0x50 => "PATH",
        0x44 => "DATE",
        0x54 => "TIME",
        0x74 => "LOCAL TIME",
        0x46 | 0x49 | 0x66 | 0x69 => "DATETIME",
        0x64 => "LOCAL DATETIME",
        0x45 => "DURATION",
        0x58 | 0x59 => "POINT",
        _ => "STRUCTURE",
    }
}

/// Reads what a value begins with.
pub(super) fn head(wire: &mut Reader<'_>) -> Read<Head> {
    let marker = wire.u8()?;
    let low = u32::from(marker & 0x0f);
    Ok(match marker {
        0x00..=0x7f | 0xf0..=0xff => Head::Integer(marker.cast_signed().into()),
        0x80..=0x8f => Head::String(low),
        0x90..=0x9f => Head::List(low),
        0xa0..=0xaf => Head::Map(low),
        0xb0..=0xbf => Head::Structure(low, wire.u8()?),
        0xc0 => Head::Null,
        0xc1 => Head::Float(f64::from_be_bytes(wire.array()?)),
        0xc2 | 0xc3 => Head::Boolean(marker == 0xc3),
        0xc8 => Head::Integer(wire.u8()?.cast_signed().into()),
        0xc9 => Head::Integer(wire.be16()?.cast_signed().into()),
        0xca => Head::Integer(wire.be32()?.cast_signed().into()),
        0xcb => Head::Integer(wire.be64()?.cast_signed()),
        0xcc => Head::Bytes(wire.u8()?.into()),
        0xcd => Head::Bytes(wire.be16()?.into()),
        0xce => Head::Bytes(wire.be32()?),
        0xd0 => Head::String(wire.u8()?.into()),
        0xd1 => Head::String(wire.be16()?.into()),
        0xd2 => Head::String(wire.be32()?),
        0xd4 => Head::List(wire.u8()?.into()),
        0xd5 => Head::List(wire.be16()?.into()),
        0xd6 => Head::List(wire.be32()?),
        0xd8 => Head::Map(wire.u8()?.into()),
        0xd9 => Head::Map(wire.be16()?.into()),
        0xda => Head::Map(wire.be32()?),
        0xdc => Head::Structure(wire.u8()?.into(), wire.u8()?),
        0xdd => Head::Structure(wire.be16()?.into(), wire.u8()?),
        _ => return Err(wire.broken("a value begins with what no value begins with")),
    })
}

/// Reads a text.
pub(super) fn text<'a>(wire: &mut Reader<'a>) -> Read<Sample<'a>> {
    match head(wire)? {
        Head::String(length) => wire.sample(length.into(), usize::MAX),
        _ => Err(wire.broken("a value is no text")),
    }
}

/// Reads a whole number.
fn whole(wire: &mut Reader<'_>) -> Read<i64> {
    match head(wire)? {
        Head::Integer(number) => Ok(number),
        _ => Err(wire.broken("a value is no whole number")),
    }
}

/// Passes over a value.
pub(super) fn pass(wire: &mut Reader<'_>) -> Read<()> {
    // How many values are still to come: those of lists, maps and structures join them.
    let mut left = 1_u64;
    while left > 0 {
        left -= 1;
        match head(wire)? {
            Head::Null | Head::Boolean(_) | Head::Integer(_) | Head::Float(_) => {}
            Head::Bytes(length) | Head::String(length) => {
                wire.take(usize::try_from(length).unwrap_or(usize::MAX))?;
            }
            Head::List(count) | Head::Structure(count, _) => left += u64::from(count),
            Head::Map(count) => left += 2 * u64::from(count),
        }
    }
    Ok(())
}

/// Reads a map, of which `each` reads a value by its name.
pub(super) fn map<'a>(
    wire: &mut Reader<'a>,
    mut each: impl FnMut(&'a [u8], &mut Reader<'a>) -> Read<()>,
) -> Read<()> {
    let Head::Map(count) = head(wire)? else { return Err(wire.broken("a value is no map")) };
    for _ in 0..count {
        let name = text(wire)?.bytes;
        each(name, wire)?;
    }
    Ok(())
}

/// Writes a value, much as Cypher writes it; what it is called.
///
/// # Errors
/// [`Stop::Short`](crate::kit::protocol::Stop::Short) where it goes on beyond what is there: what is told ends with `…`.
pub(super) fn write(out: &mut String, wire: &mut Reader<'_>) -> Read<&'static str> {
    let begin = out.len();
    let head = head(wire)?;
    let written = match head {
        Head::String(length) => {
            let sample = wire.sample(length.into(), usize::MAX)?;
            let (text, all) = shortened(sample.bytes, CELL);
            out.push_str(&text);
            if !all || sample.is_cut() {
                out.push(MORE);
            }
            return Ok(head.kind());
        }
        head => Writer { out, most: begin + CELL }.value(head, wire, DEPTH),
    };
    if out.len() > begin + CELL || written.is_err() {
        let end = (begin..=out.len().min(begin + CELL)).rev().find(|at| out.is_char_boundary(*at));
        out.truncate(end.unwrap_or(begin));
        out.push(MORE);
    }
    written.map(|()| head.kind())
}

struct Writer<'o> {
    out: &'o mut String,
    /// Behind so many bytes, nothing more is written.
    most: usize,
}

impl Writer<'_> {
    fn value(&mut self, head: Head, wire: &mut Reader<'_>, depth: usize) -> Read<()> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(wire.broken("values hold each other too deeply"));
        };
        match head {
            Head::Null => self.out.push_str("null"),
            Head::Boolean(is) => self.out.push_str(if is { "true" } else { "false" }),
            Head::Integer(number) => integer(self.out, number),
            Head::Float(number) => _ = write!(self.out, "{number:?}"),
            Head::Bytes(length) => self.bytes(wire.take(usize::try_from(length).unwrap_or(usize::MAX))?),
            Head::String(length) => self.quoted(wire.take(usize::try_from(length).unwrap_or(usize::MAX))?),
            Head::List(count) => self.list(['[', ']'], count, wire, depth)?,
            Head::Map(count) => self.map(count, wire, depth)?,
            Head::Structure(fields @ (4 | 3), 0x4e) => self.node(fields, wire, depth)?,
            Head::Structure(count @ (8 | 5), 0x52) => self.relationship(count, 3, wire, depth)?,
            Head::Structure(count @ (4 | 3), 0x72) => self.relationship(count, 1, wire, depth)?,
            Head::Structure(1, 0x44) => {
                let days = whole(wire)?;
                let before = calendar::day(self.out, days.saturating_sub(CENTURY));
                self.out.push_str(before);
            }
            Head::Structure(2, 0x64) => {
                let (seconds, nanoseconds) = (whole(wire)?, whole(wire)?);
                let before = calendar::day(self.out, seconds.div_euclid(DAY) - CENTURY);
                let of_day = seconds.rem_euclid(DAY).unsigned_abs() * 1_000_000_000;
                self.out.push(' ');
                calendar::time(self.out, of_day + nanoseconds.rem_euclid(1_000_000_000).unsigned_abs(), 9);
                self.out.push_str(before);
            }
            Head::Structure(count, tag) => {
                self.out.push_str(structure(tag));
                self.list(['(', ')'], count, wire, depth)?;
            }
        }
        Ok(())
    }

    fn next(&mut self, wire: &mut Reader<'_>, depth: usize) -> Read<()> {
        if self.out.len() > self.most {
            return pass(wire);
        }
        let head = head(wire)?;
        self.value(head, wire, depth)
    }

    fn list(
        &mut self,
        [open, close]: [char; 2],
        count: u32,
        wire: &mut Reader<'_>,
        depth: usize,
    ) -> Read<()> {
        self.out.push(open);
        for at in 0..count {
            if at > 0 && self.out.len() <= self.most {
                self.out.push_str(", ");
            }
            self.next(wire, depth)?;
        }
        self.out.push(close);
        Ok(())
    }

    fn map(&mut self, count: u32, wire: &mut Reader<'_>, depth: usize) -> Read<()> {
        self.out.push('{');
        for at in 0..count {
            let name = text(wire)?;
            if self.out.len() <= self.most {
                self.out.push_str(if at > 0 { ", " } else { "" });
                self.out.push_str(&lossy(name.bytes));
                self.out.push_str(": ");
            }
            if is_secret(name.bytes) {
                pass(wire)?;
                self.out.push_str(MASK);
            } else {
                self.next(wire, depth)?;
            }
        }
        self.out.push('}');
        Ok(())
    }

    /// `(:User {name: 'Ada'})`: its numbers are the server's own.
    fn node(&mut self, fields: u32, wire: &mut Reader<'_>, depth: usize) -> Read<()> {
        pass(wire)?;
        self.out.push('(');
        let Head::List(labels) = head(wire)? else { return Err(wire.broken("a node's labels are no list")) };
        for _ in 0..labels {
            self.out.push(':');
            self.out.push_str(&lossy(text(wire)?.bytes));
        }
        self.properties(wire, depth)?;
        self.out.push(')');
        if fields > 3 { pass(wire) } else { Ok(()) }
    }

    /// `[:KNOWS {since: 1815}]`, behind so many numbers; what it is between, its path tells.
    fn relationship(&mut self, fields: u32, numbers: u32, wire: &mut Reader<'_>, depth: usize) -> Read<()> {
        for _ in 0..numbers {
            pass(wire)?;
        }
        self.out.push_str("[:");
        self.out.push_str(&lossy(text(wire)?.bytes));
        self.properties(wire, depth)?;
        self.out.push(']');
        (numbers + 2..fields).try_for_each(|_| pass(wire))
    }

    fn properties(&mut self, wire: &mut Reader<'_>, depth: usize) -> Read<()> {
        self.out.push(' ');
        let head = head(wire)?;
        self.value(head, wire, depth)
    }

    fn quoted(&mut self, text: &[u8]) {
        self.out.push('\'');
        self.out.push_str(&lossy(text.get(..CELL).unwrap_or(text)).replace('\'', "\\'"));
        self.out.push('\'');
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.out.push_str("0x");
        for byte in bytes.get(..CELL).unwrap_or(bytes) {
            _ = write!(self.out, "{byte:02x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::kit::reader::{Ahead, Reader};

    fn told(value: &[u8]) -> (String, Option<&'static str>) {
        let mut out = String::new();
        let kind = write(&mut out, &mut Reader::new(value, 0, Ahead::End)).ok();
        (out, kind)
    }

    /// The examples of PackStream's specification, and structures.
    #[test]
    fn values_are_written_as_cypher_writes_them() {
        let cases: [(&[u8], &str, &str); 13] = [
            (b"\xb1\x44\xc9\x51\x2b", "2026-11-22", "DATE"),
            (b"\xb2\x64\x01\x01", "1970-01-01 00:00:01.000000001", "LOCAL DATETIME"),
            (b"\xc0", "null", "NULL"),
            (b"\xc3", "true", "BOOLEAN"),
            (b"\xf0", "-16", "INTEGER"),
            (b"\xc9\x04\xd2", "1234", "INTEGER"),
            (b"\xc1\x3f\xf8\0\0\0\0\0\0", "1.5", "FLOAT"),
            (b"\xcc\x02\xca\xfe", "0xcafe", "BYTES"),
            (b"\xd0\x1aABCDEFGHIJKLMNOPQRSTUVWXYZ", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "STRING"),
            (b"\x93\x01\x82it\xa1\x81a\xc2", "[1, 'it', {a: false}]", "LIST"),
            (b"\xb4\x4e\x01\x91\x84User\xa1\x84name\x83Ada\x821a", "(:User {name: 'Ada'})", "NODE"),
            (b"\xb4\x72\x01\x85KNOWS\xa0\x821a", "[:KNOWS {}]", "RELATIONSHIP"),
            (b"\xa1\x88password\x81x", "{password: ***}", "MAP"),
        ];
        for (value, wanted, kind) in cases {
            assert_eq!(told(value), (wanted.to_owned(), Some(kind)));
        }
    }

    #[test]
    fn what_is_too_long_too_deep_or_cut_ends() {
        let mut long = b"\xd5\x13\x88".to_vec();
        long.extend([1; 5000]);
        assert!(told(&long).0.len() <= super::CELL + 3);
        assert_eq!(told(&[0x91; 100]).1, None);
        assert_eq!(told(b"\x92\x01"), ("[1, …".to_owned(), None));
    }
}
