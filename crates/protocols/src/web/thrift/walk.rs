//! Where a struct ends that has no length before it: it is walked through as it comes, and nothing is kept but the way back.

use smallvec::SmallVec;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::encoding::{Encoding, Kind, field, length, list, map, number};

/// Deeper structs are an attack: Thrift's own limit.
const DEPTH: usize = 64;

/// A struct that is being walked through.
#[derive(Debug)]
pub(super) struct Walk {
    encoding: Encoding,
    levels: SmallVec<[Level; 8]>,
    /// Bytes of a value to come.
    left: u64,
}

/// Inside of what the next value is.
#[derive(Debug)]
enum Level {
    Struct {
        last: i16,
    },
    /// So many elements are to come.
    List {
        left: u32,
        kind: Kind,
    },
    /// So many keys and values.
    Map {
        left: u64,
        key: Kind,
        value: Kind,
    },
}

/// How far a walk came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Part,
    ToTheEnd,
}

impl Walk {
    /// At the beginning of a struct.
    pub(super) fn new(encoding: Encoding) -> Self {
        let levels = SmallVec::from_iter([Level::Struct { last: 0 }]);
        Walk { encoding, levels, left: 0 }
    }

    /// Walks on, as far as there are bytes: they are taken.
    ///
    /// # Errors
    /// [`Stop::Short`] when nothing could be taken, [`Stop::Broken`] when there is no way.
    pub(super) fn on(&mut self, wire: &mut Reader<'_>) -> Read<Came> {
        let begun = wire.taken();
        loop {
            if !self.pass(wire) {
                return if wire.taken() > begun || wire.debt() > 0 {
                    Ok(Came::Part)
                } else {
                    Err(Stop::Short)
                };
            }
            if self.levels.is_empty() {
                return Ok(Came::ToTheEnd);
            }
            // A step that fails is taken again once more has come.
            let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
            match self.step(&mut ahead) {
                Ok(()) => wire.skip(ahead.taken() as u64),
                Err(Stop::Short) if wire.taken() > begun => return Ok(Came::Part),
                Err(stop) => return Err(stop),
            }
        }
    }

    /// Passes over what is left of a value: whether that was all.
    fn pass(&mut self, wire: &mut Reader<'_>) -> bool {
        let here = self.left.min(wire.rest().len() as u64);
        wire.skip(here);
        self.left -= here;
        if self.left > 0 && matches!(wire.ahead(), Ahead::Hole(_)) {
            wire.skip(std::mem::take(&mut self.left));
            return false;
        }
        self.left == 0
    }

    fn step(&mut self, wire: &mut Reader<'_>) -> Read<()> {
        let kind = match self.levels.last_mut() {
            None => return Ok(()),
            Some(Level::Struct { last }) => match field(self.encoding, *last, wire)? {
                None => {
                    self.levels.pop();
                    return Ok(());
                }
                // Its head and its value are read in one step, or it would be read twice.
                Some((number, kind)) => {
                    let before = std::mem::replace(last, number);
                    return self.enter(kind, wire).inspect_err(|_| self.step_back(before));
                }
            },
            Some(Level::List { left: 0, .. } | Level::Map { left: 0, .. }) => {
                self.levels.pop();
                return Ok(());
            }
            Some(Level::List { kind, .. }) => *kind,
            Some(Level::Map { left, key, value }) => {
                if *left % 2 == 0 {
                    *key
                } else {
                    *value
                }
            }
        };
        let at = self.levels.len() - 1;
        self.enter(kind, wire)?;
        match self.levels.get_mut(at) {
            Some(Level::List { left, .. }) => *left -= 1,
            Some(Level::Map { left, .. }) => *left -= 1,
            Some(Level::Struct { .. }) | None => {}
        }
        Ok(())
    }

    fn step_back(&mut self, before: i16) {
        if let Some(Level::Struct { last }) = self.levels.last_mut() {
            *last = before;
        }
    }

    /// Begins a value of this kind, or passes over it.
    fn enter(&mut self, kind: Kind, wire: &mut Reader<'_>) -> Read<()> {
        let level = match kind {
            Kind::Is(_) => return Ok(()),
            Kind::Bytes => {
                self.left = length(self.encoding, wire)?.into();
                return Ok(());
            }
            Kind::Uuid => return wire.take(16).map(|_| ()),
            Kind::Struct => Level::Struct { last: 0 },
            Kind::List => {
                let (left, kind) = list(self.encoding, wire)?;
                Level::List { left, kind }
            }
            Kind::Map => {
                let (count, key, value) = map(self.encoding, wire)?;
                Level::Map { left: 2 * u64::from(count), key, value }
            }
            Kind::Boolean | Kind::Byte | Kind::Short | Kind::Int | Kind::Long | Kind::Double => {
                return number(self.encoding, kind, wire).map(|_| ());
            }
        };
        if self.levels.len() >= DEPTH {
            return Err(wire.broken("structs are deeper than anybody reads"));
        }
        self.levels.push(level);
        Ok(())
    }
}
