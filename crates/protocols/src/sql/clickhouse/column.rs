//! A column's values, which stand one behind the other without a length: to reach the next column, all of them are passed.
//!
//! A column is walked in steps, each of which is taken as a whole or not at all. What a step is about stands on a stack: an
//! array pushes its offsets, and what is in it once the last offset says how much that is.

use std::sync::Arc;

use model::row::Row;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::Reader;
use crate::kit::text::shortened;

use super::told::{ELEMENTS, Kept, Told, Within};
use super::types::{Kind, Type};
use super::values::{self, CELL, MORE};
use super::wire::{varint, whole};

/// So many bytes of a column's values are kept: what holds others may keep many.
const ROOM: usize = 32 << 10;
/// What marks the last group of defaults in a sparse column.
const LAST: u64 = 1 << 62;
/// The only version of dictionaries.
const DICTIONARY: u64 = 1;
/// What a dictionary's first word says: that it is shared with other blocks, which none is here; that its entries follow.
const SHARED: u64 = 1 << 8;
const ENTRIES: u64 = 1 << 9;

/// The way through one column.
#[derive(Debug, Default)]
pub(super) struct Walk {
    of: Option<Arc<Type>>,
    tasks: Vec<Task>,
    kept: Vec<Kept>,
    /// So many bytes may still be kept.
    room: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
struct Task {
    does: Does,
    node: usize,
    /// So many values are left.
    left: u64,
    /// So many of them are kept.
    keep: usize,
}

#[derive(Clone, Copy, Debug)]
enum Does {
    /// Say what comes of a type.
    Begin,
    /// Versions of dictionaries.
    Versions,
    Plain(u64),
    Texts,
    Fixed(u64),
    Nulls,
    Offsets,
    LastOffset,
    Dictionary,
    /// Places in a dictionary, each of so many bytes.
    Places(u64),
    /// Groups of defaults, of which the next begins at this row, behind so many other values.
    Defaults(u64, u64),
}

impl Walk {
    /// Begins a column of so many rows, of which the first are kept.
    pub(super) fn begin(&mut self, of: Arc<Type>, rows: u64, keep: usize) {
        self.kept.iter_mut().for_each(|kept| {
            kept.cells.clear();
            kept.marks.clear();
        });
        self.kept.resize_with(of.nodes.len(), Kept::default);
        self.room = ROOM;
        self.tasks.clear();
        if rows > 0 {
            self.tasks.push(Task { does: Does::Begin, node: 0, left: rows, keep });
            self.tasks.push(Task { does: Does::Versions, node: 0, left: of.dictionaries, keep: 0 });
        }
        self.of = Some(of);
    }

    /// Goes on until the column ends.
    ///
    /// # Errors
    /// `Short` where its bytes end: what was taken so far was walked.
    pub(super) fn walk(&mut self, wire: &mut Reader<'_>) -> Read<()> {
        while let Some(task) = self.tasks.pop() {
            self.step(task, wire)?;
        }
        Ok(())
    }

    /// Does the next thing, or leaves it on the stack.
    fn step(&mut self, task: Task, wire: &mut Reader<'_>) -> Read<()> {
        let depth = self.tasks.len();
        let done = match task.does {
            Does::Begin => self.expand(task, wire),
            Does::Versions => self.versions(task, wire),
            Does::Plain(width) => self.plain(task, width, wire),
            Does::Texts => self.texts(task, wire),
            Does::Fixed(width) => self.fixed(task, width, wire),
            Does::Nulls => self.marks(task, 1, wire),
            Does::Offsets => self.offsets(task, wire),
            Does::LastOffset => self.last_offset(task, wire),
            Does::Dictionary => self.dictionary(task, wire),
            Does::Places(width) => self.places(task, width, wire),
            Does::Defaults(at, count) => self.defaults(task, [at, count], wire),
        };
        // Who stopped in the midst has said where to go on.
        if done == Err(Stop::Short) && self.tasks.len() == depth {
            self.tasks.push(task);
        }
        done
    }

    fn push(&mut self, does: Does, task: Task) {
        self.tasks.push(Task { does, ..task });
    }

    fn expand(&mut self, task: Task, wire: &Reader<'_>) -> Read<()> {
        let Some(of) = self.of.clone() else { return Ok(()) };
        let inside = Task { node: task.node + 1, ..task };
        match of.kind(task.node) {
            Kind::Plain(plain) => self.push(Does::Plain(plain.width().into()), task),
            Kind::Text => self.push(Does::Texts, task),
            Kind::Fixed(width) => self.push(Does::Fixed(*width), task),
            Kind::Nullable => {
                self.push(Does::Begin, inside);
                self.push(Does::Nulls, task);
            }
            Kind::Array | Kind::Map => self.push(Does::Offsets, task),
            Kind::Tuple => {
                let begin = self.tasks.len();
                self.tasks.extend(of.parts(task.node).map(|node| Task { does: Does::Begin, node, ..task }));
                self.tasks.get_mut(begin..).unwrap_or_default().reverse();
            }
            Kind::LowCardinality if task.left == 0 => {}
            Kind::LowCardinality => self.push(Does::Dictionary, task),
            Kind::Sparse => self.push(Does::Defaults(0, 0), task),
            Kind::Unknown => return Err(wire.broken("values of an unknown type")),
        }
        Ok(())
    }

    fn versions(&mut self, task: Task, wire: &mut Reader<'_>) -> Read<()> {
        for done in 0..task.left {
            match whole(wire, Reader::le64) {
                Ok(DICTIONARY) => {}
                Ok(_) => return Err(wire.broken("a dictionary of another version")),
                Err(stop) => {
                    self.push(Does::Versions, Task { left: task.left - done, ..task });
                    return Err(stop);
                }
            }
        }
        Ok(())
    }

    fn kept(&mut self, node: usize) -> Option<&mut Kept> {
        self.kept.get_mut(node)
    }

    fn plain(&mut self, task: Task, width: u64, wire: &mut Reader<'_>) -> Read<()> {
        let (values, _) = run(task, width, wire)?;
        let Some(of) = &self.of else { return Ok(()) };
        let (Kind::Plain(plain), Some(kept)) = (of.kind(task.node), self.kept.get_mut(task.node)) else {
            return Ok(());
        };
        for value in values.chunks(usize::from(plain.width())) {
            kept.cells.push_with(|out| values::write(out, plain, value));
        }
        Ok(())
    }

    fn marks(&mut self, task: Task, width: u64, wire: &mut Reader<'_>) -> Read<()> {
        let (values, _) = run(task, width, wire)?;
        if let Some(kept) = self.kept(task.node) {
            let width = usize::try_from(width).unwrap_or(1);
            kept.marks.extend(values.chunks(width).map(values::number));
        }
        Ok(())
    }

    /// Passes texts, which say their lengths one by one.
    fn texts(&mut self, mut task: Task, wire: &mut Reader<'_>) -> Read<()> {
        while task.left > 0 {
            let read = if task.keep > 0 { self.text(task.node, wire) } else { pass(&mut task.left, wire) };
            if let Err(stop) = read {
                self.push(Does::Texts, task);
                return Err(stop);
            }
            if task.keep > 0 {
                (task.keep, task.left) = (task.keep - 1, task.left - 1);
            }
        }
        Ok(())
    }

    fn text(&mut self, node: usize, wire: &mut Reader<'_>) -> Read<()> {
        let sample = whole(wire, |wire| {
            let length = varint(wire)?;
            wire.sample(length, CELL)
        })?;
        self.keep_text(node, sample.bytes, sample.length);
        Ok(())
    }

    fn keep_text(&mut self, node: usize, bytes: &[u8], length: u64) {
        let Some(kept) = self.kept.get_mut(node) else { return };
        let (text, all) = shortened(bytes, CELL.min(self.room));
        self.room -= text.len().min(self.room);
        kept.cells.push_with(|out| {
            out.push_str(&text);
            if !all || length > bytes.len() as u64 {
                out.push(MORE);
            }
        });
    }

    fn fixed(&mut self, mut task: Task, width: u64, wire: &mut Reader<'_>) -> Read<()> {
        while task.keep > 0 && task.left > 0 {
            match whole(wire, |wire| wire.sample(width, CELL)) {
                Ok(sample) => {
                    let end = sample.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                    let cut = if sample.is_cut() { width } else { end as u64 };
                    self.keep_text(task.node, sample.bytes.get(..end).unwrap_or_default(), cut);
                }
                Err(stop) => {
                    self.push(Does::Fixed(width), task);
                    return Err(stop);
                }
            }
            (task.keep, task.left) = (task.keep - 1, task.left - 1);
        }
        wire.skip(product(task.left, width, wire)?);
        Ok(())
    }

    fn offsets(&mut self, task: Task, wire: &mut Reader<'_>) -> Read<()> {
        if task.left == 0 {
            return Ok(());
        }
        let ends = product(task.left, 8, wire)?;
        let keep = task.keep.min(usize::try_from(task.left).unwrap_or(usize::MAX));
        let kept = whole(wire, |wire| wire.take(keep * 8))?;
        if let Some(of) = self.kept(task.node) {
            of.marks.extend(kept.chunks(8).map(values::number));
        }
        let left = task.left - keep as u64;
        if left == 0 {
            let end = kept.rchunks(8).next().map_or(0, values::number);
            return self.elements(task.node, end, wire);
        }
        // All but the last are passed over.
        wire.skip(ends - kept.len() as u64 - 8);
        self.push(Does::LastOffset, task);
        Ok(())
    }

    fn last_offset(&mut self, task: Task, wire: &mut Reader<'_>) -> Read<()> {
        let end = whole(wire, Reader::le64)?;
        self.elements(task.node, end, wire)
    }

    /// What is in an array.
    fn elements(&mut self, node: usize, left: u64, wire: &Reader<'_>) -> Read<()> {
        let kept = self.kept.get(node).and_then(|kept| kept.marks.last()).copied().unwrap_or_default();
        if kept > left {
            return Err(wire.broken("an array ends before it begins"));
        }
        let keep = usize::try_from(kept).unwrap_or(usize::MAX).min(ELEMENTS);
        self.tasks.push(Task { does: Does::Begin, node: node + 1, left, keep });
        Ok(())
    }

    fn dictionary(&mut self, task: Task, wire: &mut Reader<'_>) -> Read<()> {
        let (flags, entries) = whole(wire, |wire| Ok((wire.le64()?, wire.le64()?)))?;
        let width = flags & 0xff;
        if width > 3 || flags & SHARED != 0 || flags & ENTRIES == 0 {
            return Err(wire.broken("a dictionary that is none"));
        }
        self.push(Does::Places(1 << width), task);
        // Of an optional value the first entry is the null, and there is no map.
        let is_optional = self.of.as_ref().is_some_and(|of| *of.kind(task.node + 1) == Kind::Nullable);
        let node = task.node + 1 + usize::from(is_optional);
        // A later part of the rows has a dictionary of its own.
        let keep = if task.keep > 0 { ELEMENTS + 2 } else { 0 };
        self.tasks.push(Task { does: Does::Begin, node, left: entries, keep });
        Ok(())
    }

    fn places(&mut self, task: Task, width: u64, wire: &mut Reader<'_>) -> Read<()> {
        let (places, left) = whole(wire, |wire| {
            let left = wire.le64()?;
            if left > task.left || left == 0 {
                return Err(wire.broken("more rows than there are"));
            }
            run(Task { left, ..task }, width, wire)
        })?;
        if let Some(kept) = self.kept(task.node) {
            let width = usize::try_from(width).unwrap_or(1);
            kept.marks.extend(places.chunks(width).map(values::number));
        }
        if left < task.left {
            self.push(Does::Dictionary, Task { left: task.left - left, keep: 0, ..task });
        }
        Ok(())
    }

    fn defaults(&mut self, task: Task, [mut at, mut count]: [u64; 2], wire: &mut Reader<'_>) -> Read<()> {
        loop {
            let group = match whole(wire, varint) {
                Ok(group) => group,
                Err(stop) => {
                    self.push(Does::Defaults(at, count), task);
                    return Err(stop);
                }
            };
            at = at.saturating_add(group & !LAST);
            if group & LAST != 0 {
                break;
            }
            if at >= task.left {
                return Err(wire.broken("more rows than there are"));
            }
            if let Some(kept) = self.kept.get_mut(task.node).filter(|_| at < task.keep as u64) {
                kept.marks.push(at);
            }
            (at, count) = (at + 1, count + 1);
        }
        let keep = self.kept.get(task.node).map_or(0, |kept| kept.marks.len());
        self.tasks.push(Task { does: Does::Begin, node: task.node + 1, left: count, keep });
        Ok(())
    }

    /// Writes the value of a row that is kept.
    pub(super) fn tell(&self, row: usize, cells: &mut Row) {
        let Some(of) = &self.of else { return cells.push_null() };
        let told = Told { of, kept: &self.kept };
        if told.is_null(0, row) {
            return cells.push_null();
        }
        cells.push_with(|out| told.write(out, 0, row, Within::Nothing));
    }
}

/// Reads a run of values of one width, of which the first are kept; the rest is passed over.
fn run<'a>(task: Task, width: u64, wire: &mut Reader<'a>) -> Read<(&'a [u8], u64)> {
    let length = product(task.left, width, wire)?;
    let keep = (task.keep as u64).min(task.left) * width;
    let sample = whole(wire, |wire| {
        let kept = wire.take(usize::try_from(keep).unwrap_or(usize::MAX))?;
        wire.skip(length - keep);
        Ok(kept)
    })?;
    Ok((sample, task.left))
}

fn product(count: u64, width: u64, wire: &Reader<'_>) -> Read<u64> {
    count.checked_mul(width).filter(|length| *length < 1 << 60).ok_or_else(|| wire.broken("too many values"))
}

/// Passes as many texts as are there.
fn pass(left: &mut u64, wire: &mut Reader<'_>) -> Read<()> {
    while *left > 0 {
        // Nearly all are short.
        match wire.rest().split_first() {
            Some((length, rest)) if *length < 0x80 && rest.len() >= usize::from(*length) => {
                wire.skip(1 + u64::from(*length));
            }
            _ => whole(wire, |wire| {
                let length = varint(wire)?;
                wire.skip(length);
                Ok(())
            })?,
        }
        *left -= 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::row::Row;

    use super::Walk;
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};
    use crate::sql::clickhouse::types::{Manner, Type};

    /// Walks a column of so many rows, cut after `piece` bytes again and again: its first three values.
    fn told(kind: &str, manner: Manner, rows: u64, bytes: &[u8], piece: usize) -> Vec<Option<String>> {
        let mut walk = Walk::default();
        walk.begin(Arc::new(Type::read(kind.as_bytes(), manner)), rows, 3);
        let (mut there, mut at, mut ended) = (0, 0, false);
        while !ended {
            there += piece;
            let window = &bytes[at.min(bytes.len())..there.min(bytes.len())];
            let mut wire = Reader::new(window, 0, Ahead::Open);
            match walk.walk(&mut wire) {
                Ok(()) => ended = true,
                Err(stop) => assert!(stop == Stop::Short && there < bytes.len() + piece, "{kind}: {stop:?}"),
            }
            at += wire.taken() + usize::try_from(wire.debt()).unwrap();
        }
        assert_eq!(at, bytes.len(), "{kind}");
        let mut cells = Row::default();
        (0..3.min(usize::try_from(rows).unwrap())).for_each(|row| walk.tell(row, &mut cells));
        cells.iter().map(|cell| cell.map(str::to_owned)).collect()
    }

    fn is_told(kind: &str, manner: Manner, rows: u64, bytes: &[u8], wanted: &[Option<&str>]) {
        for piece in [1, 2, 3, 7, 1000] {
            let told = told(kind, manner, rows, bytes, piece);
            assert_eq!(told.iter().map(Option::as_deref).collect::<Vec<_>>(), wanted, "{kind} by {piece}");
        }
    }

    fn words(numbers: &[u64]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    #[test]
    fn columns_are_told_however_they_are_cut() {
        is_told("UInt8", Manner::Dense, 5, b"\x01\x02\x03\x04\x05", &[Some("1"), Some("2"), Some("3")]);
        is_told("String", Manner::Dense, 4, b"\x01a\0\x02bc\x03xyz", &[Some("a"), Some(""), Some("bc")]);
        is_told("FixedString(2)", Manner::Dense, 2, b"ab\x63\0", &[Some("ab"), Some("c")]);
        is_told("Nullable(Int8)", Manner::Dense, 2, b"\x01\x00\x00\xff", &[None, Some("-1")]);
    }

    #[test]
    fn what_holds_others_is_told() {
        let arrays = [words(&[2, 2, 3, 4]), b"\x01a\x01b\x01c\x01d".to_vec()].concat();
        is_told("Array(String)", Manner::Dense, 4, &arrays, &[Some("['a','b']"), Some("[]"), Some("['c']")]);
        let maps = [words(&[1]), b"\x01k\x07".to_vec()].concat();
        is_told("Map(String, UInt8)", Manner::Dense, 1, &maps, &[Some("{'k':7}")]);
        is_told(
            "Tuple(a UInt8, b String)",
            Manner::Dense,
            2,
            b"\x01\x02\x01x\0",
            &[Some("(1,'x')"), Some("(2,'')")],
        );
    }

    #[test]
    fn dictionaries_are_looked_up() {
        let keys = b"\0\x01a\x01b";
        let column = [&words(&[1, 0x600, 3]), &keys[..], &words(&[4]), b"\x01\x02\x01\x00"].concat();
        is_told("LowCardinality(String)", Manner::Dense, 4, &column, &[Some("a"), Some("b"), Some("a")]);
        let column = [&words(&[1, 0x600, 3]), &keys[..], &words(&[2]), b"\x00\x02"].concat();
        is_told("LowCardinality(Nullable(String))", Manner::Dense, 2, &column, &[None, Some("b")]);
    }

    #[test]
    fn sparse_columns_say_their_defaults() {
        let last = [0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40];
        let column = [&b"\x01"[..], &last, b"\x07"].concat();
        is_told("UInt8", Manner::Sparse, 4, &column, &[Some("0"), Some("7"), Some("0")]);
    }
}
