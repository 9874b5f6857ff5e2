//! A struct without its schema, in words: fields by number.

use std::fmt::Write as _;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::credentials::{Place, is_secret};
use crate::web::mask::MASK;
use crate::web::veiled::{Veil, write_bytes};

use super::encoding::{Encoding, Kind, field, length, list, map, number};

/// Deeper values are not told.
const DEPTH: usize = 8;
/// Of a struct and all inside of it so many values are told.
const VALUES: usize = 64;

/// Writes a struct, of which all is there or only the first bytes.
pub(super) fn write(bytes: &[u8], encoding: Encoding, veil: Veil, out: &mut String) {
    let mut writer = Writer { encoding, veil, left: VALUES, out };
    let mut wire = Reader::new(bytes, 0, Ahead::End);
    if writer.fields(&mut wire, 0).is_err() {
        // It ends within a value, or has more of them than are told.
        out.push('\u{2026}');
    }
}

/// Writes one value.
pub(super) fn write_value(bytes: &[u8], encoding: Encoding, kind: Kind, veil: Veil, out: &mut String) {
    let mut writer = Writer { encoding, veil, left: VALUES, out };
    if writer.value(kind, &mut Reader::new(bytes, 0, Ahead::End), 0, Named::No).is_err() {
        out.push('\u{2026}');
    }
}

struct Writer<'a> {
    encoding: Encoding,
    veil: Veil,
    /// How many more values are told.
    left: usize,
    out: &'a mut String,
}

/// Whether a value stands under a credential's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    No,
    Secret,
}

impl Writer<'_> {
    fn fields(&mut self, wire: &mut Reader<'_>, depth: usize) -> Read<()> {
        self.out.push('{');
        let (mut last, mut comma) = (0, "");
        while let Some((number, kind)) = field(self.encoding, last, wire)? {
            self.out.push_str(comma);
            _ = write!(self.out, "{number}: ");
            self.value(kind, wire, depth, Named::No)?;
            (last, comma) = (number, ", ");
        }
        self.out.push('}');
        Ok(())
    }

    fn value(&mut self, kind: Kind, wire: &mut Reader<'_>, depth: usize, named: Named) -> Read<()> {
        self.left = self.left.checked_sub(1).ok_or(Stop::Short)?;
        if depth > DEPTH {
            return Err(Stop::Short);
        }
        match kind {
            Kind::Is(is) => self.out.push_str(if is { "true" } else { "false" }),
            Kind::Boolean => {
                let is = number(self.encoding, kind, wire)? != 0;
                self.out.push_str(if is { "true" } else { "false" });
            }
            Kind::Byte | Kind::Short | Kind::Int | Kind::Long => {
                _ = write!(self.out, "{}", number(self.encoding, kind, wire)?);
            }
            Kind::Double => {
                let bits = number(self.encoding, kind, wire)?.cast_unsigned();
                _ = write!(self.out, "{:?}", f64::from_bits(bits));
            }
            Kind::Bytes => self.bytes(wire, named)?,
            Kind::Uuid => write_bytes(wire.take(16)?, Veil::Off, self.out),
            Kind::Struct => self.fields(wire, depth + 1)?,
            Kind::List => self.list(wire, depth)?,
            Kind::Map => self.map(wire, depth)?,
        }
        Ok(())
    }

    fn bytes(&mut self, wire: &mut Reader<'_>, named: Named) -> Read<()> {
        let length = length(self.encoding, wire)? as usize;
        let there = wire.rest();
        let bytes = there.get(..length).unwrap_or(there);
        let veil = if named == Named::Secret { Veil::On } else { self.veil };
        write_bytes(bytes, veil, self.out);
        wire.take(length).map(|_| ())
    }

    fn list(&mut self, wire: &mut Reader<'_>, depth: usize) -> Read<()> {
        let (count, kind) = list(self.encoding, wire)?;
        self.out.push('[');
        for at in 0..count {
            self.out.push_str(if at > 0 { ", " } else { "" });
            self.value(kind, wire, depth + 1, Named::No)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn map(&mut self, wire: &mut Reader<'_>, depth: usize) -> Read<()> {
        let (count, key, value) = map(self.encoding, wire)?;
        self.out.push('{');
        for at in 0..count {
            self.out.push_str(if at > 0 { ", " } else { "" });
            let begins = self.out.len();
            self.value(key, wire, depth + 1, Named::No)?;
            let name = self.out.get(begins..).unwrap_or_default().trim_matches('"');
            let named = if is_secret(name.as_bytes(), Place::Document) { Named::Secret } else { Named::No };
            self.out.push_str(": ");
            match (named, value) {
                (Named::Secret, Kind::Bytes) | (Named::No, _) => self.value(value, wire, depth + 1, named)?,
                (Named::Secret, _) => {
                    let told = self.out.len();
                    self.value(value, wire, depth + 1, named)?;
                    self.out.truncate(told);
                    self.out.push_str(MASK);
                }
            }
        }
        self.out.push('}');
        Ok(())
    }
}
