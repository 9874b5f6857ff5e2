//! Hessian 2: values that say what they are, told as JSON (<http://hessian.caucho.com/doc/hessian-serialization.html>).

use std::borrow::Cow;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::{lossy, shortened, utf8};
use crate::web::credentials::{Place, is_secret};
use crate::web::veiled::Veil;

use super::told::Told;

/// Deeper values than this are an attack.
const DEPTH: usize = 32;
/// So many classes, and so many fields of one, are remembered.
const CLASSES: usize = 256;
const FIELDS: usize = 512;
/// Of a text whose end is not there so many bytes are told.
const BEGINNING: usize = 512;
/// What a variable list or a map ends with.
const END: u8 = b'Z';

/// A class as it was defined: its name and the names of its fields.
#[derive(Debug)]
pub(super) struct Class<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) fields: Vec<Cow<'a, str>>,
}

/// Reads values, of which all are there or only the first bytes.
#[derive(Debug)]
pub(super) struct Hessian<'a> {
    wire: Reader<'a>,
    classes: Vec<Class<'a>>,
    depth: usize,
}

impl<'a> Hessian<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Hessian { wire: Reader::new(bytes, 0, Ahead::End), classes: Vec::new(), depth: 0 }
    }

    /// Whether all was read.
    pub(super) fn is_at_end(&self) -> bool {
        self.wire.rest().is_empty()
    }

    /// A text, or nothing where null stands for it.
    pub(super) fn text(&mut self) -> Read<Option<Cow<'a, str>>> {
        match self.wire.u8()? {
            b'N' => Ok(None),
            mark => self.text_behind(mark).map(Some),
        }
    }

    /// A whole number.
    pub(super) fn integer(&mut self) -> Read<i64> {
        let mark = self.wire.u8()?;
        match self.number_behind(mark)? {
            Some(number) => Ok(number),
            None => Err(self.wire.broken("a number is none")),
        }
    }

    /// Writes the next value.
    pub(super) fn value(&mut self, veil: Veil, told: &mut Told) -> Read<()> {
        if self.depth >= DEPTH {
            return Err(self.wire.broken("values are deeper than anybody reads"));
        }
        self.depth += 1;
        let read = self.value_here(veil, told);
        self.depth -= 1;
        read
    }

    fn value_here(&mut self, veil: Veil, told: &mut Told) -> Read<()> {
        let mark = self.wire.u8()?;
        if let Some(number) = self.number_behind(mark)? {
            told.number(number);
            return Ok(());
        }
        match mark {
            b'N' => told.plain("null"),
            b'T' => told.plain("true"),
            b'F' => told.plain("false"),
            b'D' | 0x5b..=0x5f => {
                let number = self.double_behind(mark)?;
                told.double(number);
            }
            0x4a => told.date(self.wire.be64()?.cast_signed()),
            0x4b => told.date(i64::from(self.wire.be32()?.cast_signed()) * 60_000),
            0x00..=0x1f | 0x30..=0x33 | b'R' | b'S' => {
                let there = self.wire.rest();
                let text =
                    self.text_behind(mark).inspect_err(|_| told.string(&beginning(mark, there), veil))?;
                told.string(&text, veil);
            }
            0x20..=0x2f | 0x34..=0x37 | b'A' | b'B' => {
                let length = self.bytes_behind(mark)?;
                told.bytes(length);
            }
            b'U' | b'V' | b'W' | b'X' | 0x70..=0x7f => return self.list_behind(mark, veil, told),
            b'M' => {
                self.type_name()?;
                return self.map(veil, told);
            }
            b'H' => return self.map(veil, told),
            b'C' => {
                self.define()?;
                return self.value(veil, told);
            }
            b'O' | 0x60..=0x6f => {
                let at = self.class_behind(mark)?;
                return self.object(at, veil, told);
            }
            // What was said before, by its number.
            b'Q' => {
                let number = self.integer()?;
                told.push(|out| out.push_str(&format!("{{\"$ref\":{number}}}")));
            }
            _ => return Err(self.wire.broken("a value is of no known kind")),
        }
        Ok(())
    }

    /// The number that begins with this byte, if one does (`int`, `long`).
    fn number_behind(&mut self, mark: u8) -> Read<Option<i64>> {
        let low = i64::from(mark);
        let wire = &mut self.wire;
        Ok(Some(match mark {
            0x80..=0xbf => low - 0x90,
            0xc0..=0xcf => (low - 0xc8) << 8 | i64::from(wire.u8()?),
            0xd0..=0xd7 => (low - 0xd4) << 16 | i64::from(wire.be16()?),
            b'I' | b'Y' => i64::from(wire.be32()?.cast_signed()),
            0xd8..=0xef => low - 0xe0,
            0xf0..=0xff => (low - 0xf8) << 8 | i64::from(wire.u8()?),
            0x38..=0x3f => (low - 0x3c) << 16 | i64::from(wire.be16()?),
            b'L' => wire.be64()?.cast_signed(),
            _ => return Ok(None),
        }))
    }

    fn double_behind(&mut self, mark: u8) -> Read<f64> {
        let wire = &mut self.wire;
        Ok(match mark {
            0x5b => 0.0,
            0x5c => 1.0,
            0x5d => f64::from(wire.u8()?.cast_signed()),
            0x5e => f64::from(wire.be16()?.cast_signed()),
            // Thousandths, as Hessian's own library has it; its specification says a float.
            0x5f => f64::from(wire.be32()?.cast_signed()) / 1000.0,
            _ => f64::from_bits(wire.be64()?),
        })
    }

    /// The text that begins with this byte, in one piece or several; its length counts UTF-16.
    fn text_behind(&mut self, mark: u8) -> Read<Cow<'a, str>> {
        let mut whole: Option<Cow<'a, str>> = None;
        let mut mark = mark;
        loop {
            let units = match mark {
                0x00..=0x1f => usize::from(mark),
                0x30..=0x33 => usize::from(mark - 0x30) << 8 | usize::from(self.wire.u8()?),
                b'R' | b'S' => usize::from(self.wire.be16()?),
                _ => return Err(self.wire.broken("a text is none")),
            };
            let piece = self.units(units)?;
            let text = match whole {
                None => piece,
                Some(before) => Cow::Owned(before.into_owned() + &piece),
            };
            if mark != b'R' {
                return Ok(text);
            }
            whole = Some(text);
            mark = self.wire.u8()?;
        }
    }

    /// A text of so many units of UTF-16, each written as UTF-8 would write it by itself, or a pair as UTF-8 does.
    fn units(&mut self, units: usize) -> Read<Cow<'a, str>> {
        let there = self.wire.rest();
        if let Some(letters) = there.get(..units).filter(|letters| letters.is_ascii()) {
            self.wire.skip(units as u64);
            return Ok(utf8(letters).map_or_else(|| lossy(letters), Cow::Borrowed));
        }
        let (mut left, mut length) = (units, 0);
        while left > 0 {
            let first = there.get(length).ok_or(Stop::Short)?;
            let (bytes, counts) = match first {
                0x00..=0xbf => (1, 1),
                0xc0..=0xdf => (2, 1),
                0xe0..=0xef => (3, 1),
                0xf0..=0xff => (4, 2),
            };
            length += bytes;
            left = left.saturating_sub(counts);
        }
        let bytes = self.wire.take(length)?;
        Ok(utf8(bytes).map_or_else(|| Cow::Owned(paired(bytes)), Cow::Borrowed))
    }

    /// Passes over bytes that begin with this one: how many there are.
    fn bytes_behind(&mut self, mark: u8) -> Read<usize> {
        let (mut mark, mut whole) = (mark, 0);
        loop {
            let length = match mark {
                0x20..=0x2f => usize::from(mark - 0x20),
                0x34..=0x37 => usize::from(mark - 0x34) << 8 | usize::from(self.wire.u8()?),
                b'A' | b'B' => usize::from(self.wire.be16()?),
                _ => return Err(self.wire.broken("bytes are none")),
            };
            self.wire.take(length)?;
            whole += length;
            if mark != b'A' {
                return Ok(whole);
            }
            mark = self.wire.u8()?;
        }
    }

    /// Passes over the name of a type, or over the number of one that was named before.
    fn type_name(&mut self) -> Read<()> {
        let mark = self.wire.u8()?;
        match self.number_behind(mark)? {
            Some(_) => Ok(()),
            None => self.text_behind(mark).map(|_| ()),
        }
    }

    fn list_behind(&mut self, mark: u8, veil: Veil, told: &mut Told) -> Read<()> {
        if matches!(mark, b'U' | b'V' | 0x70..=0x77) {
            self.type_name()?;
        }
        let count = match mark {
            b'U' | b'W' => None,
            b'V' | b'X' => Some(self.integer()?),
            few => Some(i64::from(few & 7)),
        };
        told.plain("[");
        let mut at = 0;
        while count.is_none_or(|count| at < count) && !(count.is_none() && self.ends()?) {
            told.plain(if at > 0 { "," } else { "" });
            self.value(veil, told)?;
            at += 1;
        }
        told.plain("]");
        Ok(())
    }

    /// Whether a list or a map ends here; its end is taken.
    fn ends(&mut self) -> Read<bool> {
        let ends = *self.wire.peek(1)? == [END];
        self.wire.skip(u64::from(ends));
        Ok(ends)
    }

    /// Writes a map up to its end.
    fn map(&mut self, veil: Veil, told: &mut Told) -> Read<()> {
        told.plain("{");
        let mut comma = "";
        while !self.ends()? {
            told.plain(comma);
            comma = ",";
            let name = self.name()?;
            told.string(&name, Veil::Off);
            told.plain(":");
            self.named(&name, veil, told)?;
        }
        told.plain("}");
        Ok(())
    }

    /// The pairs of a map of texts, as attachments are.
    pub(super) fn pairs(&mut self) -> Read<Vec<[Cow<'a, str>; 2]>> {
        match self.wire.u8()? {
            b'N' => return Ok(Vec::new()),
            b'H' => {}
            b'M' => self.type_name()?,
            _ => return Err(self.wire.broken("attachments are no map")),
        }
        let mut pairs = Vec::new();
        while !self.ends()? {
            pairs.push([self.name()?, self.name()?]);
        }
        Ok(pairs)
    }

    /// A text, or another value as a text.
    fn name(&mut self) -> Read<Cow<'a, str>> {
        match self.wire.peek(1)? {
            [0x00..=0x1f | 0x30..=0x33 | b'R' | b'S'] => Ok(self.text()?.unwrap_or_default()),
            _ => {
                let mut told = Told::to(256);
                self.value(Veil::Off, &mut told)?;
                Ok(Cow::Owned(told.text))
            }
        }
    }

    /// Writes a value that has this name, which says whether it is a credential.
    fn named(&mut self, name: &str, veil: Veil, told: &mut Told) -> Read<()> {
        if !is_secret(name.as_bytes(), Place::Document) {
            return self.value(if name.is_empty() { veil } else { Veil::Off }, told);
        }
        self.value(Veil::On, &mut Told::to(0))?;
        told.string("", Veil::On);
        Ok(())
    }

    fn define(&mut self) -> Read<()> {
        let name = self.text()?.unwrap_or_default();
        let count = usize::try_from(self.integer()?).unwrap_or(usize::MAX);
        if count > FIELDS || self.classes.len() >= CLASSES {
            return Err(self.wire.broken("a class is larger than any"));
        }
        let mut fields = Vec::new();
        for _ in 0..count {
            fields.push(self.text()?.unwrap_or_default());
        }
        self.classes.push(Class { name, fields });
        Ok(())
    }

    /// Which class the object is of that begins with this byte.
    fn class_behind(&mut self, mark: u8) -> Read<usize> {
        Ok(match mark {
            b'O' => usize::try_from(self.integer()?).unwrap_or(usize::MAX),
            small => usize::from(small & 15),
        })
    }

    /// Writes the fields of an object of this class.
    fn object(&mut self, class: usize, veil: Veil, told: &mut Told) -> Read<()> {
        told.plain("{");
        let mut at = 0;
        while let Some(name) = self.field(class, at)? {
            told.plain(if at > 0 { "," } else { "" });
            told.string(&name, Veil::Off);
            told.plain(":");
            self.named(&name, veil, told)?;
            at += 1;
        }
        told.plain("}");
        Ok(())
    }

    /// The name of a field of a class, if it has so many.
    fn field(&self, class: usize, at: usize) -> Read<Option<Cow<'a, str>>> {
        let Some(class) = self.classes.get(class) else {
            return Err(self.wire.broken("a class was not defined"));
        };
        Ok(class.fields.get(at).cloned())
    }

    /// Reads an exception: its class, and its message.
    pub(super) fn exception(&mut self) -> Read<[Cow<'a, str>; 2]> {
        let mut mark = self.wire.u8()?;
        while mark == b'C' {
            self.define()?;
            mark = self.wire.u8()?;
        }
        if !matches!(mark, b'O' | 0x60..=0x6f) {
            // What some servers throw is a text.
            return Ok([Cow::Borrowed("exception"), self.text_behind(mark)?]);
        }
        let class = self.class_behind(mark)?;
        let name = self.classes.get(class).map(|class| class.name.clone()).unwrap_or_default();
        let mut message = Cow::Borrowed("");
        let mut at = 0;
        while let Some(field) = self.field(class, at)? {
            if field == "detailMessage" {
                // Behind it stand other exceptions and where they were thrown.
                return Ok([name, self.text()?.unwrap_or_default()]);
            }
            if self.value(Veil::Off, &mut Told::to(0)).is_err() {
                message = Cow::Borrowed("\u{2026}");
                break;
            }
            at += 1;
        }
        Ok([name, message])
    }
}

/// The beginning of a text that begins with this byte, and of which the end is not there.
fn beginning(mark: u8, there: &[u8]) -> Cow<'_, str> {
    let length = match mark {
        b'R' | b'S' => 2,
        0x30..=0x33 => 1,
        _ => 0,
    };
    shortened(there.get(length..).unwrap_or_default(), BEGINNING).0
}

/// The text of letters beyond the first 65,536 that are written as two halves of three bytes each.
fn paired(bytes: &[u8]) -> String {
    let mut units = Vec::with_capacity(bytes.len());
    let mut wire = Reader::new(bytes, 0, Ahead::End);
    while let Ok(first) = wire.u8() {
        let more = |wire: &mut Reader<'_>| wire.u8().map_or(0, |byte| u16::from(byte & 0x3f));
        let first = u16::from(first);
        units.push(match first {
            0x00..=0x7f => first,
            0xc0..=0xdf => (first & 0x1f) << 6 | more(&mut wire),
            0xe0..=0xef => (first & 0x0f) << 12 | more(&mut wire) << 6 | more(&mut wire),
            _ => u16::from_be_bytes([0xff, 0xfd]),
        });
    }
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
