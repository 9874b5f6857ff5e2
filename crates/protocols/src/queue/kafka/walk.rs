//! Walks through the fields of a message, whatever its layout, from any byte that it was read to.

use smallvec::SmallVec;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::layout::{Field, Kind, Layout, Word};
use super::wire::{tags, unsigned};

/// So many bytes of a text, or of bytes, are looked at.
const KEPT: usize = 4 << 10;

/// A message as far as it was walked.
#[derive(Debug)]
pub(super) struct Walk {
    version: u8,
    lengths: Lengths,
    /// Bytes of the message that were not walked.
    pub(super) left: u64,
    /// Where it stands in the message, in an element of it, and so on inwards.
    levels: SmallVec<[Level; 4]>,
    /// Whether some of it was passed over without a look.
    pub(super) is_loose: bool,
    /// How many fields were read, which is what the walk cost.
    pub(super) fields: u32,
}

/// How lengths are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lengths {
    /// In two or four bytes.
    Plain,
    /// In a number of variable length, and tags stand behind each structure.
    Compact,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    layout: Layout,
    /// Which field comes next.
    at: u16,
    ends: Ends,
    /// Elements that come, the one that it stands in included.
    elements: u32,
}

/// What stands behind the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    WithTags,
    Bare,
}

/// A field that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(i64),
    /// The beginning of a text or of bytes.
    Bytes(&'a [u8]),
    Null,
}

/// How far it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// To the end of the message, or of what is there of it.
    Done,
    /// More of it must come.
    More,
    /// To so many bytes of records, which count as walked.
    Records(u64),
}

impl Walk {
    /// A message of this layout, of which `left` bytes stand behind its header.
    pub(super) fn new(layout: Layout, version: u8, lengths: Lengths, left: u64) -> Walk {
        let mut levels = SmallVec::new();
        let ends = if lengths == Lengths::Compact { Ends::WithTags } else { Ends::Bare };
        levels.push(Level { layout, at: 0, ends, elements: 1 });
        Walk { version, lengths, left, levels, is_loose: false, fields: 0 }
    }

    /// Walks on through what is there, and tells the fields that have a word.
    pub(super) fn go_on<'a>(
        &mut self,
        from: &mut Reader<'a>,
        hear: &mut impl FnMut(Word, Value<'a>),
    ) -> Read<Pace> {
        loop {
            if from.debt() > 0 {
                return Ok(Pace::More);
            }
            match self.step(from, hear) {
                Ok(None) => {}
                Ok(Some(pace)) => return Ok(pace),
                Err(Stop::Short) if from.rest().len() as u64 >= self.left => {
                    return Err(from.broken("a field goes on behind its message"));
                }
                Err(Stop::Short) => match from.ahead() {
                    Ahead::Hole(_) => {
                        self.levels.clear();
                        from.skip(std::mem::take(&mut self.left));
                        return Ok(Pace::Done);
                    }
                    Ahead::Open | Ahead::End => return Ok(Pace::More),
                },
                Err(stop) => return Err(stop),
            }
        }
    }

    /// Reads the next field, or the end of a structure, or neither.
    #[inline]
    fn step<'a>(
        &mut self,
        from: &mut Reader<'a>,
        hear: &mut impl FnMut(Word, Value<'a>),
    ) -> Read<Option<Pace>> {
        let Some(level) = self.levels.last_mut() else { return Ok(Some(Pace::Done)) };
        // Most fields are numbers, and stand in rows.
        let field = loop {
            let Some(field) = level.layout.get(usize::from(level.at)) else { break None };
            if !field.is_in(self.version) {
                level.at += 1;
                continue;
            }
            self.fields += 1;
            let Kind::Fixed(size) = field.kind else { break Some(field) };
            if u64::from(size) > self.left {
                return Err(from.broken("a field goes on behind its message"));
            }
            let bytes = from.take(size.into())?;
            level.at += 1;
            self.left -= u64::from(size);
            if field.word != Word::Nothing {
                hear(field.word, fixed(bytes));
            }
        };
        let Some(field) = field else { return self.end_element(from).map(|()| None) };
        let at = level.at + 1;
        let depth = self.levels.len();
        let pace = self.field(field, from, hear)?;
        if let Some(level) = self.levels.get_mut(depth - 1) {
            level.at = at;
        }
        Ok(pace)
    }

    /// Reads a field that has a length of its own.
    fn field<'a>(
        &mut self,
        field: &'static Field,
        from: &mut Reader<'a>,
        hear: &mut impl FnMut(Word, Value<'a>),
    ) -> Read<Option<Pace>> {
        let mut step = Reader::new(from.rest(), from.position(), from.ahead());
        let mut pace = None;
        match field.kind {
            // It was read where it is met most.
            Kind::Fixed(_) => {}
            Kind::Text | Kind::Bytes => {
                let length = match field.kind {
                    Kind::Text => self.length(2, &mut step)?,
                    _ => self.length(4, &mut step)?,
                };
                let value = self.bytes(length, field.word, &mut step)?;
                if field.word != Word::Nothing {
                    hear(field.word, value);
                }
            }
            Kind::Records => pace = self.length(4, &mut step)?.filter(|n| *n > 0).map(Pace::Records),
            Kind::Numbers(size) => {
                let count = self.length(4, &mut step)?.unwrap_or_default();
                step.skip(count * u64::from(size));
            }
            Kind::List(_) | Kind::Array(_) => {
                if !self.enter(field.kind, &mut step)? && field.word != Word::Nothing {
                    hear(field.word, Value::Null);
                }
            }
            Kind::Struct(layout) => self.levels.push(self.one(layout)),
            Kind::Maybe(layout) => {
                if step.u8()? < 0x80 {
                    self.levels.push(self.one(layout));
                }
            }
            Kind::Rest => {
                self.levels.clear();
                self.is_loose = true;
                step.skip(self.left);
            }
        }
        let passed = step.taken() as u64 + step.debt();
        let records = match pace {
            Some(Pace::Records(length)) => length,
            Some(Pace::Done | Pace::More) | None => 0,
        };
        let left = passed.checked_add(records).and_then(|passed| self.left.checked_sub(passed));
        self.left = left.ok_or_else(|| from.broken("a field goes on behind its message"))?;
        from.skip(passed);
        Ok(pace)
    }

    /// The end of the fields: the tags behind them, and the next element, or what stands behind the last.
    fn end_element(&mut self, from: &mut Reader<'_>) -> Read<()> {
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        if level.ends == Ends::WithTags && self.left > 0 && from.rest().first() == Some(&0) {
            // Nobody sends any.
            from.skip(1);
            self.left -= 1;
        } else if level.ends == Ends::WithTags {
            let mut step = Reader::new(from.rest(), from.position(), from.ahead());
            tags(&mut step)?;
            let passed = step.taken() as u64;
            let left = self.left.checked_sub(passed);
            self.left = left.ok_or_else(|| from.broken("a field goes on behind its message"))?;
            from.skip(passed);
        }
        level.at = 0;
        level.elements -= 1;
        if level.elements == 0 {
            self.levels.pop();
        }
        Ok(())
    }

    /// The elements of an array come next, if it has any; whether there is an array.
    fn enter(&mut self, kind: Kind, step: &mut Reader<'_>) -> Read<bool> {
        let (layout, ends) = match kind {
            Kind::List(element) => (std::slice::from_ref(element), Ends::Bare),
            Kind::Array(element) => (element, self.ends()),
            _ => return Ok(false),
        };
        let Some(elements) = self.length(4, step)? else { return Ok(false) };
        // Each has a byte at least.
        let elements = u32::try_from(elements).ok().filter(|elements| u64::from(*elements) <= self.left);
        let elements = elements.ok_or_else(|| step.broken("an array has more elements than bytes"))?;
        if elements > 0 {
            self.levels.push(Level { layout, at: 0, ends, elements });
        }
        Ok(true)
    }

    /// A structure that stands alone.
    fn one(&self, layout: Layout) -> Level {
        Level { layout, at: 0, ends: self.ends(), elements: 1 }
    }

    fn ends(&self) -> Ends {
        match self.lengths {
            Lengths::Plain => Ends::Bare,
            Lengths::Compact => Ends::WithTags,
        }
    }

    /// A length of so many bytes where they are plain; `None` is null.
    #[inline]
    fn length(&self, size: u8, step: &mut Reader<'_>) -> Read<Option<u64>> {
        match (self.lengths, size) {
            (Lengths::Compact, _) => Ok(unsigned(step)?.checked_sub(1).map(u64::from)),
            (Lengths::Plain, 2) => Ok(u64::try_from(i16::from_be_bytes(step.array()?)).ok()),
            (Lengths::Plain, _) => Ok(u64::try_from(i32::from_be_bytes(step.array()?)).ok()),
        }
    }

    /// The beginning of so many bytes, if anybody wants it.
    #[inline]
    fn bytes<'a>(&self, length: Option<u64>, word: Word, step: &mut Reader<'a>) -> Read<Value<'a>> {
        let Some(length) = length else { return Ok(Value::Null) };
        if length > self.left {
            return Err(step.broken("a field goes on behind its message"));
        }
        if word == Word::Nothing {
            step.skip(length);
            return Ok(Value::Null);
        }
        let sample = step.sample(length, KEPT)?;
        // A part of a name is none.
        let lost = step.debt() > 0 && sample.bytes.len() < KEPT;
        Ok(if lost { Value::Null } else { Value::Bytes(sample.bytes) })
    }
}

/// A number, or bytes that are none.
#[inline]
fn fixed(bytes: &[u8]) -> Value<'_> {
    match *bytes {
        [a] => Value::Number(i8::from_be_bytes([a]).into()),
        [a, b] => Value::Number(i16::from_be_bytes([a, b]).into()),
        [a, b, c, d] => Value::Number(i32::from_be_bytes([a, b, c, d]).into()),
        [a, b, c, d, e, f, g, h] => Value::Number(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
        _ => Value::Bytes(bytes),
    }
}
