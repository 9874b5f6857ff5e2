//! The shape of rows: their columns as records show them, and the types that their cells are read by ([MS-TDS] 2.2.7.4).

use std::sync::Arc;

use model::exchange::{Column, Response, Text};

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};

use super::types::{self, Kind, Place};
use super::wire::{long_text, name, short_text};

/// What begins a description.
pub(super) const COLMETADATA: u8 = 0x81;
/// So many columns say that there is no description.
const NONE: u16 = 0xffff;
/// The flag of a column whose values are encrypted by the client.
const ENCRYPTED: u16 = 0x0800;
/// Types that say from which table they are.
const WITH_TABLE: [u8; 3] = [types::number::TEXT, types::number::NTEXT, types::number::IMAGE];
/// Longer descriptions are not shared: they are rare, and their number is bounded where they are kept.
const SHARED: usize = 16 << 10;

/// How the sides agreed to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Whether numbers have the widths of version 7.2 and later.
    pub(super) is_wide: bool,
    /// Whether columns may be encrypted, so that descriptions say by which keys.
    pub(super) has_keys: bool,
}

impl Default for Dialect {
    /// What all servers since 2005 speak.
    fn default() -> Self {
        Dialect { is_wide: true, has_keys: false }
    }
}

impl Dialect {
    /// Passes over a "UserType" and reads the flags behind it.
    pub(super) fn flags(self, wire: &mut Reader<'_>) -> Read<u16> {
        wire.take(if self.is_wide { 4 } else { 2 })?;
        wire.le16()
    }
}

/// The columns of a result.
#[derive(Debug)]
pub(super) struct Shape {
    columns: Arc<[Column]>,
    kinds: Box<[Kind]>,
    /// The token that it was read from.
    said: Box<[u8]>,
}

impl Shape {
    /// The token that it was read from.
    #[inline]
    pub(super) fn said(&self) -> &[u8] {
        &self.said
    }

    /// The types of its cells.
    #[inline]
    pub(super) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Shows the columns in a response, unless it shows others.
    #[inline]
    pub(super) fn show(&self, response: Option<&mut Response>) {
        if let Some(response) = response {
            response.columns.get_or_insert_with(|| Arc::clone(&self.columns));
        }
    }
}

/// Reads the description at the beginning of `said`: how long it is, and the shape, if it describes any; sessions that ask
/// the same share it.
///
/// # Errors
/// [`Stop::Short`](crate::kit::protocol::Stop::Short) when it is not whole, `Broken` when it is none.
pub(super) fn read(
    said: &[u8],
    dialect: Dialect,
    wire: &mut Reader<'_>,
) -> Read<(usize, Option<Arc<Shape>>)> {
    let mut from = Reader::new(said, 0, Ahead::Open);
    let token = from.u8()?;
    let count = from.le16()?;
    if token != COLMETADATA {
        return Err(from.broken("a description is none"));
    }
    if count == NONE {
        return Ok((from.taken(), None));
    }
    if dialect.has_keys {
        keys(&mut from)?;
    }
    let (mut columns, mut kinds) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (column, kind) = column(&mut from, dialect)?;
        columns.push(column);
        kinds.push(kind);
    }
    let length = from.taken();
    let said = said.get(..length).unwrap_or_default();
    let make = || Shape { columns: columns.into(), kinds: kinds.into(), said: said.into() };
    if length > SHARED {
        return Ok((length, Some(Arc::new(make()))));
    }
    // The widths tell two dialects apart that would read one token in two ways.
    let told = (said, dialect.is_wide);
    let is = |known: &Shape| *known.said == *said;
    let Ok(shape) = wire.recall(&told, is, || Ok::<_, std::convert::Infallible>(make()));
    Ok((length, Some(shape)))
}

/// Reads one column of a description.
fn column(wire: &mut Reader<'_>, dialect: Dialect) -> Read<(Column, Kind)> {
    let flags = dialect.flags(wire)?;
    let (kind, own) = types::read(wire, Place::Column)?;
    let table = if WITH_TABLE.contains(&kind.number) { table(wire, dialect)? } else { None };
    let mut shown = own;
    if dialect.has_keys && flags & ENCRYPTED != 0 {
        wire.le16()?;
        dialect.flags(wire)?;
        shown = types::read(wire, Place::Column)?.1;
        if wire.u8()? == 0 {
            short_text(wire)?;
        }
        wire.take(2)?;
        shown = format!("{shown} encrypted").into();
    }
    let named = name(short_text(wire)?);
    Ok((Column { name: named, kind: shown, table, origin: None }, kind))
}

/// The last part of the table's name.
fn table(wire: &mut Reader<'_>, dialect: Dialect) -> Read<Option<Text>> {
    let parts = if dialect.is_wide { wire.u8()? } else { 1 };
    let mut last = &[][..];
    for _ in 0..parts {
        last = long_text(wire)?;
    }
    Ok(Some(name(last)).filter(|name| !name.is_empty()))
}

/// Passes over the keys by which columns are encrypted ("CekTable").
fn keys(wire: &mut Reader<'_>) -> Read<()> {
    for _ in 0..wire.le16()? {
        wire.take(4 + 4 + 4 + 8)?;
        for _ in 0..wire.u8()? {
            let length = wire.le16()?;
            wire.take(length.into())?;
            short_text(wire)?;
            long_text(wire)?;
            short_text(wire)?;
        }
    }
    Ok(())
}
