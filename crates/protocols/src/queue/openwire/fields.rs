//! The fields of a command, in either encoding: booleans, numbers, texts, ids and destinations.

use std::borrow::Cow;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::exchange::Text;

use crate::kit::protocol::Read;
use crate::kit::reader::{Reader, Sample};
use crate::kit::text::lossy;

use super::format::{Caching, Encoding, Format, Traces};

/// An id holds another, and not more.
const DEPTH: usize = 4;
/// So many things are cached in one direction; the standard is 1,024.
const CACHED: usize = 2048;
/// So many bytes of a cached thing are kept.
const NAME: usize = 1 << 10;

/// The ids and destinations that a side has said, by their numbers; none is one too.
pub(super) type Cache = HashMap<u16, Option<Text>, RandomState>;

/// An id or a destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Thing {
    #[default]
    None,
    Is(Text),
    /// It was said when nobody heard.
    Unknown,
}

impl Thing {
    /// Its text.
    pub(super) fn text(&self) -> Option<&Text> {
        match self {
            Thing::Is(text) => Some(text),
            Thing::None | Thing::Unknown => None,
        }
    }
}

/// What is left of a command.
pub(super) struct Fields<'a, 'c> {
    pub(super) wire: Reader<'a>,
    bits: Bits<'a>,
    pub(super) format: Format,
    cache: &'c mut Cache,
}

/// Booleans of the tight encoding.
#[derive(Clone, Copy, Debug, Default)]
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    fn read(wire: &mut Reader<'a>) -> Read<Self> {
        let length = match wire.u8()? {
            0xc0 => usize::from(wire.u8()?),
            0x80 => usize::from(wire.be16()?),
            short @ 0..0x80 => usize::from(short),
            _ => return Err(wire.broken("booleans have no known length")),
        };
        Ok(Bits { bytes: wire.take(length)?, at: 0 })
    }

    fn next(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }
}

impl<'a, 'c> Fields<'a, 'c> {
    /// The fields of a command whose type is read.
    pub(super) fn of(mut wire: Reader<'a>, format: Format, cache: &'c mut Cache) -> Read<Self> {
        let bits = match format.encoding {
            Encoding::Loose => Bits::default(),
            Encoding::Tight => Bits::read(&mut wire)?,
        };
        Ok(Fields { wire, bits, format, cache })
    }

    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        self.wire.rest().is_empty() && self.bits.bytes.len() == self.bits.at.div_ceil(8)
    }

    pub(super) fn boolean(&mut self) -> Read<bool> {
        match self.format.encoding {
            Encoding::Loose => match self.wire.u8()? {
                0 => Ok(false),
                1 => Ok(true),
                _ => Err(self.wire.broken("a boolean is neither")),
            },
            Encoding::Tight => {
                let bit = self.bits.next();
                bit.ok_or_else(|| self.wire.broken("a command has fewer booleans than fields"))
            }
        }
    }

    pub(super) fn byte(&mut self) -> Read<u8> {
        self.wire.u8()
    }

    pub(super) fn int(&mut self) -> Read<i32> {
        Ok(self.wire.be32()?.cast_signed())
    }

    pub(super) fn long(&mut self) -> Read<i64> {
        if self.format.encoding == Encoding::Loose {
            return Ok(self.wire.be64()?.cast_signed());
        }
        Ok(match (self.boolean()?, self.boolean()?) {
            (false, false) => 0,
            (false, true) => i64::from(self.wire.be16()?),
            (true, false) => i64::from(self.wire.be32()?),
            (true, true) => self.wire.be64()?.cast_signed(),
        })
    }

    pub(super) fn string(&mut self) -> Read<Option<Cow<'a, str>>> {
        if !self.boolean()? {
            return Ok(None);
        }
        if self.format.encoding == Encoding::Tight {
            // Whether all letters are of one byte: they are written alike.
            self.boolean()?;
        }
        let length = self.wire.be16()?;
        Ok(Some(lossy(self.wire.take(length.into())?)))
    }

    /// Bytes, of which what comes behind the end of what is looked at is left out.
    pub(super) fn bytes(&mut self) -> Read<Option<Sample<'a>>> {
        if !self.boolean()? {
            return Ok(None);
        }
        let length = self.wire.be32()?;
        let rest = self.wire.rest();
        let kept = usize::try_from(length).ok().and_then(|length| rest.get(..length)).unwrap_or(rest);
        self.wire.take(kept.len())?;
        Ok(Some(Sample { bytes: kept, length: length.into() }))
    }

    /// An id or a destination that may be cached.
    pub(super) fn cached(&mut self) -> Read<Thing> {
        self.cached_in(0)
    }

    fn cached_in(&mut self, depth: usize) -> Read<Thing> {
        if self.format.caching == Caching::Off {
            return self.nested_in(depth);
        }
        let is_new = self.boolean()?;
        let number = self.wire.be16()?;
        if !is_new {
            return Ok(match self.cache.get(&number) {
                Some(Some(text)) => Thing::Is(Text::clone(text)),
                Some(None) => Thing::None,
                None => Thing::Unknown,
            });
        }
        let thing = self.nested_in(depth)?;
        let known = match &thing {
            Thing::Is(text) if text.len() <= NAME => Some(Some(Text::clone(text))),
            Thing::None => Some(None),
            Thing::Is(_) | Thing::Unknown => None,
        };
        match known.filter(|_| self.cache.len() < CACHED || self.cache.contains_key(&number)) {
            Some(known) => _ = self.cache.insert(number, known),
            None => _ = self.cache.remove(&number),
        }
        Ok(thing)
    }

    /// An id or a destination.
    pub(super) fn nested(&mut self) -> Read<Thing> {
        self.nested_in(0)
    }

    fn nested_in(&mut self, depth: usize) -> Read<Thing> {
        if !self.boolean()? {
            return Ok(Thing::None);
        }
        if depth > DEPTH {
            return Err(self.wire.broken("an id holds too many others"));
        }
        let kind = self.byte()?;
        self.thing(kind, depth)
    }

    fn thing(&mut self, kind: u8, depth: usize) -> Read<Thing> {
        let text = match kind {
            100..=103 => {
                let name = self.string()?.unwrap_or_default();
                let scheme = match kind {
                    100 => "queue",
                    101 => "topic",
                    102 => "temp-queue",
                    _ => "temp-topic",
                };
                format!("{scheme}://{}", cut(&name))
            }
            110 => return self.message_id(depth),
            111 => {
                let number = self.long()?;
                match self.cached_in(depth + 1)? {
                    Thing::Is(connection) => format!("TX:{connection}:{number}"),
                    Thing::None | Thing::Unknown => return Ok(Thing::Unknown),
                }
            }
            112 => {
                let format = self.int()?;
                self.bytes()?;
                self.bytes()?;
                format!("XA:{format}")
            }
            120 | 124 => self.string()?.unwrap_or_default().into_owned(),
            121 => {
                let connection = self.string()?.unwrap_or_default();
                format!("{}:{}", cut(&connection), self.long()?)
            }
            122 => {
                let connection = self.string()?.unwrap_or_default();
                format!("{}:{}:{}", cut(&connection), self.long()?, self.long()?)
            }
            123 => {
                let connection = self.string()?.unwrap_or_default();
                let (value, session) = (self.long()?, self.long()?);
                format!("{}:{session}:{value}", cut(&connection))
            }
            _ => return Err(self.wire.broken("an id is of no known kind")),
        };
        Ok(Thing::Is(text.into()))
    }

    fn message_id(&mut self, depth: usize) -> Read<Thing> {
        let text = if self.format.version >= 10 { self.string()? } else { None };
        let producer = self.cached_in(depth + 1)?;
        let (number, _) = (self.long()?, self.long()?);
        Ok(match (text, producer) {
            (Some(text), _) => Thing::Is(cut(&text).into()),
            (None, Thing::Is(producer)) => Thing::Is(format!("{producer}:{number}").into()),
            (None, other) => other,
        })
    }

    /// Several ids.
    pub(super) fn pass_array(&mut self) -> Read<()> {
        if self.boolean()? {
            for _ in 0..self.wire.be16()? {
                self.nested()?;
            }
        }
        Ok(())
    }

    /// An exception: its class and what it says.
    pub(super) fn exception(&mut self) -> Read<Option<(Cow<'a, str>, Cow<'a, str>)>> {
        self.exception_in(0)
    }

    fn exception_in(&mut self, depth: usize) -> Read<Option<(Cow<'a, str>, Cow<'a, str>)>> {
        if !self.boolean()? {
            return Ok(None);
        }
        if depth > DEPTH * DEPTH {
            return Err(self.wire.broken("an exception has too many causes"));
        }
        let (class, message) = (self.string()?.unwrap_or_default(), self.string()?.unwrap_or_default());
        if self.format.traces == Traces::On {
            for _ in 0..self.wire.be16()? {
                self.string()?;
                self.string()?;
                self.string()?;
                self.int()?;
            }
            self.exception_in(depth + 1)?;
        }
        Ok(Some((class, message)))
    }

    /// Whether a message that is nested was written by itself before: then it has booleans of its own.
    pub(super) fn enter_message(&mut self) -> Read<Option<u8>> {
        if !self.boolean()? {
            return Ok(None);
        }
        let mut kind = self.byte()?;
        if self.format.encoding == Encoding::Tight && self.boolean()? {
            self.int()?;
            kind = self.byte()?;
            self.bits = Bits::read(&mut self.wire)?;
        }
        Ok(Some(kind))
    }
}

/// As much of a name as is kept.
fn cut(name: &str) -> &str {
    let end = (0..=NAME.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name.get(..end.unwrap_or_default()).unwrap_or_default()
}
