//! One record: its key, its value, its headers, in the formats of all times.

use std::fmt::Write;

use model::row::Row;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::{lossy, shortened};

use super::packed::Way;
use super::recognition::Fit;
use super::records::BEGIN;
use super::wire::signed;

/// So many bytes of a cell are kept.
const CELL: usize = 1 << 10;
/// So many headers of a record are told.
const HEADERS: usize = 16;
/// What shows that a text goes on.
const MORE: char = '…';

/// A record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record<'a> {
    pub(super) key: Option<Cut<'a>>,
    pub(super) value: Option<Cut<'a>>,
    /// How many headers there are, and the bytes that they stand in.
    headers: (usize, &'a [u8]),
}

/// The beginning of bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cut<'a> {
    pub(super) bytes: &'a [u8],
    /// How many there truly are.
    length: u64,
}

/// A message of the formats before 0.11.
#[derive(Debug)]
pub(super) struct Old<'a> {
    pub(super) record: Record<'a>,
    /// How its value is packed, which is messages then.
    pub(super) way: Option<Way>,
}

impl Record<'_> {
    /// Adds its key and its value to a row.
    pub(super) fn write(&self, row: &mut Row) {
        for cell in [self.key, self.value] {
            match cell {
                Some(cell) => row.push_with(|out| cell.write(out)),
                None => row.push_null(),
            }
        }
    }

    /// Adds its headers to a row, in one cell: `name=value, name=value`.
    pub(super) fn write_headers(&self, row: &mut Row) {
        let (count, bytes) = self.headers;
        if count == 0 {
            return row.push_null();
        }
        let mut wire = Reader::new(bytes, 0, Ahead::Open);
        row.push_with(|out| {
            for nth in 0..count.min(HEADERS) {
                let Ok((name, value)) = header(&mut wire) else { break };
                if nth > 0 {
                    out.push_str(", ");
                }
                _ = write!(out, "{}=", lossy(name));
                if let Some(value) = value {
                    Cut { bytes: value, length: value.len() as u64 }.write(out);
                }
            }
        });
    }
}

impl Cut<'_> {
    fn write(self, out: &mut String) {
        let (text, whole) = shortened(self.bytes, CELL);
        out.push_str(&text);
        if !whole || (self.bytes.len() as u64) < self.length {
            out.push(MORE);
        }
    }
}

/// Reads the records of a batch, as many as are wanted and there: how many were kept.
pub(super) fn read(wanted: usize, wire: &mut Reader<'_>, keep: &mut impl FnMut(&Record<'_>)) -> usize {
    for nth in 0..wanted {
        match next(wire) {
            Ok(record) => keep(&record),
            Err(_) => return nth,
        }
    }
    wanted
}

/// The next record of a batch, whose value may be cut.
fn next<'a>(wire: &mut Reader<'a>) -> Read<Record<'a>> {
    let length = u64::try_from(signed(wire)?).map_err(|_| wire.broken("a record has no length"))?;
    let begin = wire.taken() as u64;
    wire.u8()?;
    signed(wire)?;
    signed(wire)?;
    let key = cut(wire)?;
    let value = cut(wire)?;
    let mut record = Record { key, value, headers: (0, &[]) };
    let read = wire.taken() as u64 - begin;
    let left = length.saturating_sub(read);
    if let Ok(rest) = wire.take(usize::try_from(left).unwrap_or(usize::MAX)) {
        let mut headers = Reader::new(rest, 0, Ahead::Open);
        let count = signed(&mut headers).ok().and_then(|count| usize::try_from(count).ok());
        record.headers = (count.unwrap_or_default(), headers.rest());
    } else {
        wire.skip(left);
    }
    Ok(record)
}

/// Bytes behind their length, or null; those that are not there are passed over.
fn cut<'a>(wire: &mut Reader<'a>) -> Read<Option<Cut<'a>>> {
    let Ok(length) = u64::try_from(signed(wire)?) else { return Ok(None) };
    let there = usize::try_from(length).unwrap_or(usize::MAX).min(wire.rest().len());
    Ok(Some(Cut { bytes: wire.take(there)?, length }))
}

fn header<'a>(wire: &mut Reader<'a>) -> Read<(&'a [u8], Option<&'a [u8]>)> {
    let bytes = |wire: &mut Reader<'a>| match usize::try_from(signed(wire)?) {
        Ok(length) => wire.take(length).map(Some),
        Err(_) => Ok(None),
    };
    let name = bytes(wire)?.ok_or(Stop::Short)?;
    Ok((name, bytes(wire)?))
}

/// A message of the formats before 0.11, whose value may be cut; `None` if too little of it is there.
pub(super) fn old(message: &[u8]) -> Option<Old<'_>> {
    let mut wire = Reader::new(message, 0, Ahead::Open);
    let mut read = || -> Read<Old<'_>> {
        wire.take(16)?;
        let format = wire.u8()?;
        let attributes = wire.u8()?;
        if format > 0 {
            wire.be64()?;
        }
        let mut bytes = || -> Read<Option<Cut<'_>>> {
            let Ok(length) = u64::try_from(i32::from_be_bytes(wire.array()?)) else { return Ok(None) };
            let there = usize::try_from(length).unwrap_or(usize::MAX).min(wire.rest().len());
            Ok(Some(Cut { bytes: wire.take(there)?, length }))
        };
        let record = Record { key: bytes()?, value: bytes()?, headers: (0, &[]) };
        Ok(Old { record, way: Way::of(attributes.into()) })
    };
    read().ok()
}

/// Whether so many bytes of records begin here as records do.
pub(super) fn begins(length: u64, wire: &mut Reader<'_>) -> Read<Fit> {
    if length < BEGIN as u64 {
        return Ok(Fit::Likely);
    }
    let begin = wire.take(BEGIN)?;
    Ok(if matches!(begin.last(), Some(0..=2)) { Fit::Likely } else { Fit::Not })
}
