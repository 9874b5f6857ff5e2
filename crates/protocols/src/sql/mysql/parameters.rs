//! The values that a statement is run with.

use std::sync::Arc;

use model::row::Row;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::sql::secrets::MASK;

use super::shape::is_null;
use super::statements::{Prepared, Store};
use super::types::Kind;
use super::values::{self, Value};
use super::wire::{counted, number};

/// So many bytes of one parameter are kept.
const PARAMETER: usize = 4 << 10;
/// A statement has at most so many parameters.
const MOST: u64 = 65_535;
/// Of a statement that was prepared before we came, so many parameters are found out: each number of them is tried.
const UNKNOWN: usize = 64;

/// What stands in a "COM_STMT_EXECUTE" behind the number of the statement.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) number: u32,
    /// Whether the packet says how many parameters there are, and their names.
    is_named: bool,
    /// What follows: which are null, their types, their values.
    rest: Reader<'a>,
}

/// The flag that says that the number of parameters follows (`PARAMETER_COUNT_AVAILABLE`).
const COUNTED: u8 = 8;

impl<'a> Run<'a> {
    /// Reads the packet up to the parameters.
    pub(super) fn read(mut body: Reader<'a>) -> Read<Run<'a>> {
        let number = body.le32()?;
        let flags = body.u8()?;
        let _iterations = body.le32()?;
        Ok(Run { number, is_named: flags & COUNTED != 0, rest: body })
    }

    /// Writes the values into `row` as far as they are there, and says how many there truly are.
    ///
    /// What the packet says of types is remembered in `prepared` for the next one, which says nothing.
    pub(super) fn bind(self, prepared: &mut Prepared, store: &Store, row: &mut Row) -> usize {
        let (at, is_named) = (self.number, self.is_named);
        let mut rest = self.rest;
        let count = match (is_named, prepared.statement.parameters.get()) {
            (true, _) => {
                number(&mut rest).ok().filter(|count| *count <= MOST).and_then(|n| usize::try_from(n).ok())
            }
            (false, Some(count)) => Some(usize::from(*count)),
            (false, None) => likely(rest.rest(), &prepared.kinds),
        };
        let Some(count) = count.filter(|count| *count > 0) else { return 0 };
        // What follows the parameters are attributes of the query.
        let wanted = prepared.statement.parameters.get().map_or(count, |wanted| count.min((*wanted).into()));
        let bound = Bound { number: at, prepared, store };
        match heads(&mut rest, count, is_named, &bound.prepared.kinds) {
            Ok((nulls, kinds)) => {
                bound.prepared.kinds = kinds;
                bound.write(wanted, nulls, rest, row);
                wanted
            }
            Err(_) => wanted,
        }
    }
}

/// Which of so many parameters are null, and the types of all.
fn heads<'a>(
    rest: &mut Reader<'a>,
    count: usize,
    is_named: bool,
    known: &Arc<[Kind]>,
) -> Read<(&'a [u8], Arc<[Kind]>)> {
    let nulls = rest.take(count.div_ceil(8))?;
    if rest.u8()? == 0 {
        return Ok((nulls, Arc::clone(known)));
    }
    let mut kinds = Vec::new();
    for _ in 0..count {
        kinds.push(Kind::of_parameter(rest.le16()?));
        if is_named {
            counted(rest)?;
        }
    }
    // Most are run with the same types each time.
    let is_known = *kinds == **known;
    Ok((nulls, if is_known { Arc::clone(known) } else { kinds.into() }))
}

/// A statement that is run.
struct Bound<'a> {
    number: u32,
    prepared: &'a mut Prepared,
    store: &'a Store,
}

impl Bound<'_> {
    fn write(&self, wanted: usize, nulls: &[u8], mut rest: Reader<'_>, row: &mut Row) {
        for (at, kind) in self.prepared.kinds.iter().take(wanted).enumerate() {
            let hidden = self.prepared.statement.hides(at);
            if is_null(nulls, at) {
                row.push_null();
                continue;
            }
            if let Some((bytes, length)) = self.store.long(self.number, at) {
                let more = length > bytes.len() as u64;
                row.push_with(|text| long(text, bytes, more, hidden));
                continue;
            }
            let Ok(value) = values::binary(*kind, &mut rest) else { return };
            push(row, *kind, value, hidden);
        }
    }
}

fn push(row: &mut Row, kind: Kind, value: Value<'_>, hidden: bool) {
    match (hidden, value) {
        (true, _) => row.push(MASK),
        (false, Value::Bytes(bytes)) if let Some(text) = values::plain(kind, bytes, PARAMETER) => {
            row.push(text);
        }
        (false, value) => row.push_with(|text| values::write(text, kind, value, PARAMETER)),
    }
}

/// A value that came in pieces of its own: what it is of is not said with it.
fn long(out: &mut String, bytes: &[u8], more: bool, hidden: bool) {
    if hidden {
        out.push_str(MASK);
        return;
    }
    let kind = Kind { is_binary: true, ..Kind::default() };
    values::text(out, kind, bytes, usize::MAX);
    if more {
        out.push('…');
    }
}

/// How many parameters a packet has whose statement was not seen: the least number of them that fills it.
fn likely(rest: &[u8], known: &[Kind]) -> Option<usize> {
    if rest.is_empty() {
        return None;
    }
    (1..=UNKNOWN).find(|count| fills(rest, *count, known))
}

/// Whether the packet is full with so many parameters.
fn fills(rest: &[u8], count: usize, known: &[Kind]) -> bool {
    let mut wire = Reader::new(rest, 0, Ahead::End);
    let Ok(nulls) = wire.take(count.div_ceil(8)) else { return false };
    // The bits behind the last parameter's are zero.
    let spare = nulls.last().map_or(0, |last| u32::from(*last) >> ((count - 1) % 8 + 1));
    let kinds: Vec<Kind> = match wire.u8() {
        Ok(1) => (0..count).map_while(|_| wire.le16().ok()).map(Kind::of_parameter).collect(),
        Ok(0) if known.len() == count => known.to_vec(),
        Ok(_) | Err(_) => return false,
    };
    let fits = |(at, kind): (usize, &Kind)| {
        kind.is_known() && (is_null(nulls, at) || values::fits(*kind, &mut wire))
    };
    spare == 0 && kinds.len() == count && kinds.iter().enumerate().all(fits) && wire.rest().is_empty()
}

/// What stands in MariaDB's "COM_STMT_BULK_EXECUTE": a statement that is run once for each row of values.
#[derive(Debug)]
pub(super) struct Bulk<'a> {
    pub(super) number: u32,
    flags: u16,
    rest: Reader<'a>,
}

/// The flag that says that types follow (`SEND_TYPES_TO_SERVER`).
const TYPES: u16 = 128;
/// What stands before a value of a row: that it follows, or that it is null, the column's default, or left as it is.
const FOLLOWS: u8 = 0;
/// See [`FOLLOWS`].
const DEFAULT: u8 = 2;
/// See [`FOLLOWS`].
const IGNORED: u8 = 3;

impl<'a> Bulk<'a> {
    /// Reads the packet up to the types.
    pub(super) fn read(mut body: Reader<'a>) -> Read<Bulk<'a>> {
        Ok(Bulk { number: body.le32()?, flags: body.le16()?, rest: body })
    }

    /// Writes the first row of values into `row`, and says how many rows there are, as far as they are there.
    pub(super) fn bind(mut self, prepared: &mut Prepared, row: &mut Row) -> u64 {
        let count = match prepared.statement.parameters.get() {
            Some(count) => usize::from(*count),
            None => prepared.kinds.len(),
        };
        if self.flags & TYPES != 0 {
            let said = (0..count).map_while(|_| self.rest.le16().ok());
            prepared.kinds = said.map(Kind::of_parameter).collect();
        }
        let mut rows = 0;
        while !self.rest.rest().is_empty() && !prepared.kinds.is_empty() {
            let mut beyond = Row::default();
            let into = if rows == 0 { &mut *row } else { &mut beyond };
            if self.row(prepared, into, rows == 0).is_err() {
                break;
            }
            rows += 1;
        }
        rows
    }

    fn row(&mut self, prepared: &Prepared, row: &mut Row, wanted: bool) -> Read<()> {
        for (at, kind) in prepared.kinds.iter().enumerate() {
            let value = match self.rest.u8()? {
                FOLLOWS => values::binary(*kind, &mut self.rest)?,
                _ if !wanted => continue,
                DEFAULT => Value::Bytes(b"DEFAULT"),
                IGNORED => Value::Bytes(b"IGNORE"),
                _ => {
                    row.push_null();
                    continue;
                }
            };
            if wanted {
                push(row, *kind, value, prepared.statement.hides(at));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use model::row::Row;

    use super::{Bulk, Run};
    use crate::kit::reader::{Ahead, Reader};
    use crate::sql::mysql::statements::Store;

    fn bound(body: &[u8], parameters: Option<u16>) -> (usize, Vec<Option<String>>) {
        let mut store = Store::default();
        let run = Run::read(Reader::new(body, 0, Ahead::End)).unwrap();
        let mut prepared = store.statement(1);
        parameters.iter().for_each(|count| prepared.statement.parameters.set(*count).unwrap());
        store.add(1, 1, b"long", 4);
        let mut row = Row::default();
        let count = run.bind(&mut prepared, &store, &mut row);
        (count, row.iter().map(|cell| cell.map(str::to_owned)).collect())
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn values_follow_their_types() {
        let run = b"\x01\0\0\0\0\x01\0\0\0\x04\x01\x03\0\xfd\0\x06\0\x08\x80\x07\0\0\0\xff\0\0\0\0\0\0\0";
        let wanted = (4, vec![text("7"), text("long"), None, text("255")]);
        assert_eq!(bound(run, Some(4)), wanted);
        let named = b"\x01\0\0\0\x08\x01\0\0\0\x01\0\x01\x03\0\x01a\x07\0\0\0";
        assert_eq!(bound(named, Some(1)), (1, vec![text("7")]));
    }

    #[test]
    fn the_number_of_parameters_is_found_out() {
        let run = b"\x01\0\0\0\0\x01\0\0\0\x02\x01\x03\0\x06\0\xfd\0\x07\0\0\0\x02hi";
        // The second is null, and what was sent apart of the second is not asked for.
        assert_eq!(bound(run, None), (3, vec![text("7"), None, text("hi")]));
        assert_eq!(bound(b"\x01\0\0\0\0\x01\0\0\0\x02\x01\x03\0", None), (0, vec![]));
    }

    #[test]
    fn rows_of_values_are_counted() {
        let mut store = Store::default();
        let mut prepared = store.statement(1);
        prepared.statement.parameters.set(2).unwrap();
        let body = b"\x01\0\0\0\x80\0\x03\0\xfd\0\0\x07\0\0\0\0\x01a\0\x08\0\0\0\x01\0\x09\0\0\0\x02";
        let bulk = Bulk::read(Reader::new(body, 0, Ahead::End)).unwrap();
        let mut row = Row::default();
        assert_eq!(bulk.bind(&mut prepared, &mut row), 3);
        assert_eq!(row.iter().collect::<Vec<_>>(), [Some("7"), Some("a")]);
    }
}
