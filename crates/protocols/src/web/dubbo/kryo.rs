//! Kryo, as far as it is texts: the classes that its numbers stand for are known to the programs alone.
//!
//! There is no specification but its classes (`Output.writeString`, `MapSerializer`), and a capture of Dubbo 2.8.4.

use std::borrow::Cow;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;

/// The number of the class of texts (`String` is registered as 1, and numbers are two higher), behind which a first
/// reference to it stands.
const TEXT: [u8; 2] = [3, 1];

/// Reads what Kryo wrote.
#[derive(Debug)]
pub(super) struct Kryo<'a> {
    wire: Reader<'a>,
}

impl<'a> Kryo<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Kryo { wire: Reader::new(bytes, 0, Ahead::End) }
    }

    pub(super) fn u8(&mut self) -> Read<u8> {
        self.wire.u8()
    }

    /// A number of four bytes.
    pub(super) fn count(&mut self) -> Read<i32> {
        Ok(self.wire.be32()?.cast_signed())
    }

    /// A text: of ASCII up to a byte with its highest bit set, or a length (and one more) and so many letters.
    pub(super) fn text(&mut self) -> Read<Option<Cow<'a, str>>> {
        match self.wire.peek(1)? {
            [0x80..=0xff] => self.counted(),
            _ => self.ascii().map(Some),
        }
    }

    fn ascii(&mut self) -> Read<Cow<'a, str>> {
        let Some(last) = self.wire.rest().iter().position(|byte| *byte >= 0x80) else {
            return Err(self.wire.broken("a text has no end"));
        };
        let letters = self.wire.take(last + 1)?;
        Ok(Cow::Owned(letters.iter().map(|byte| char::from(byte & 0x7f)).collect()))
    }

    fn counted(&mut self) -> Read<Option<Cow<'a, str>>> {
        // Six bits, and seven in each byte behind it.
        let first = self.wire.u8()?;
        let mut length = usize::from(first & 0x3f);
        let (mut goes_on, mut place) = (first & 0x40 != 0, 6);
        while goes_on && place < 32 {
            let byte = self.wire.u8()?;
            length |= usize::from(byte & 0x7f) << place;
            (goes_on, place) = (byte & 0x80 != 0, place + 7);
        }
        let Some(letters) = length.checked_sub(1) else { return Ok(None) };
        let there = self.wire.rest();
        let mut end = 0;
        for _ in 0..letters {
            end += match there.get(end) {
                Some(0xe0..) => 3,
                Some(0xc0..) => 2,
                Some(_) => 1,
                None => break,
            };
        }
        Ok(Some(lossy(self.wire.take(end)?)))
    }

    /// The next object, if it is a text.
    pub(super) fn object(&mut self) -> Read<Option<Cow<'a, str>>> {
        if self.wire.take(2)? != TEXT {
            return Err(self.wire.broken("an object is no text"));
        }
        self.text()
    }

    /// The pairs of a map of texts, as attachments are, whatever its class is.
    pub(super) fn pairs(&mut self) -> Read<Vec<[Cow<'a, str>; 2]>> {
        let [_class, first, count] = self.wire.array()?;
        if first != 1 || count >= 0x80 {
            return Err(self.wire.broken("attachments are no map"));
        }
        (0..count)
            .map(|_| Ok([self.object()?.unwrap_or_default(), self.object()?.unwrap_or_default()]))
            .collect()
    }
}
