//! The bytes of LDAP: elements of BER (X.690, as RFC 4511 5.1 narrows it), and the heads of messages.

use model::conn::Speaker;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader, Sample};

/// A longer message is none: servers refuse requests of 16 MiB, and entries are smaller still.
const LONGEST: u64 = 256 << 20;

/// Tags of elements.
pub(super) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const OCTETS: u8 = 0x04;
    pub(crate) const ENUMERATED: u8 = 0x0a;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
    /// Behind an operation: its controls.
    pub(crate) const CONTROLS: u8 = 0xa0;
}

/// Tags of operations (RFC 4511, appendix B).
pub(super) mod op {
    pub(crate) const BIND: u8 = 0x60;
    pub(crate) const BIND_RESULT: u8 = 0x61;
    pub(crate) const UNBIND: u8 = 0x42;
    pub(crate) const SEARCH: u8 = 0x63;
    pub(crate) const ENTRY: u8 = 0x64;
    pub(crate) const SEARCH_RESULT: u8 = 0x65;
    pub(crate) const REFERENCE: u8 = 0x73;
    pub(crate) const MODIFY: u8 = 0x66;
    pub(crate) const MODIFY_RESULT: u8 = 0x67;
    pub(crate) const ADD: u8 = 0x68;
    pub(crate) const ADD_RESULT: u8 = 0x69;
    pub(crate) const DELETE: u8 = 0x4a;
    pub(crate) const DELETE_RESULT: u8 = 0x6b;
    pub(crate) const MODIFY_DN: u8 = 0x6c;
    pub(crate) const MODIFY_DN_RESULT: u8 = 0x6d;
    pub(crate) const COMPARE: u8 = 0x6e;
    pub(crate) const COMPARE_RESULT: u8 = 0x6f;
    pub(crate) const ABANDON: u8 = 0x50;
    pub(crate) const EXTENDED: u8 = 0x77;
    pub(crate) const EXTENDED_RESULT: u8 = 0x78;
    pub(crate) const INTERMEDIATE: u8 = 0x79;
}

/// What a message begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The number that joins requests and their responses.
    pub(super) id: u32,
    /// The tag of the operation.
    pub(super) op: u8,
    /// Bytes of what the operation says.
    pub(super) length: u64,
    /// Bytes of the controls behind it.
    pub(super) behind: u64,
}

impl Head {
    /// What the key of the pairing is.
    pub(super) fn key(self) -> u64 {
        self.id.into()
    }
}

/// The head of the next message of `speaker`, which is passed over.
#[inline]
pub(super) fn head(speaker: Speaker, wire: &mut Reader<'_>) -> Read<Head> {
    if wire.u8()? != tag::SEQUENCE {
        return Err(wire.broken("a message does not begin with a sequence"));
    }
    let total = length(wire)?;
    let before = wire.taken();
    if wire.u8()? != tag::INTEGER {
        return Err(wire.broken("a message has no number"));
    }
    let id = number(wire)?;
    let op = wire.u8()?;
    if !is_of(speaker, op) {
        return Err(wire.broken("a message has an operation that nobody knows"));
    }
    let length = length(wire)?;
    let behind = total.checked_sub((wire.taken() - before) as u64).and_then(|left| left.checked_sub(length));
    match behind {
        Some(behind) if total <= LONGEST && behind != 1 => Ok(Head { id, op, length, behind }),
        Some(_) | None => Err(wire.broken("a message has an impossible length")),
    }
}

/// The length of an element, of which the tag was read.
#[inline]
fn length(wire: &mut Reader<'_>) -> Read<u64> {
    let first = wire.u8()?;
    if first < 0x80 {
        return Ok(first.into());
    }
    let bytes = match first & 0x7f {
        count @ 1..=4 => wire.take(count.into())?,
        _ => return Err(wire.broken("a length has an impossible form")),
    };
    Ok(bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)))
}

/// A message's number, of which the tag was read: 0 to 2^31 - 1 (RFC 4511, 4.1.1.1).
#[inline]
fn number(wire: &mut Reader<'_>) -> Read<u32> {
    let count = wire.u8()?;
    if !(1..=4).contains(&count) {
        return Err(wire.broken("a message's number is too long"));
    }
    let bytes = wire.take(count.into())?;
    match bytes.first() {
        Some(first) if *first < 0x80 => Ok(bytes.iter().fold(0, |id, byte| id << 8 | u32::from(*byte))),
        Some(_) | None => Err(wire.broken("a message's number is negative")),
    }
}

/// Whether this side says this operation.
fn is_of(speaker: Speaker, tag: u8) -> bool {
    match speaker {
        Speaker::Client => matches!(
            tag,
            op::BIND
                | op::UNBIND
                | op::SEARCH
                | op::MODIFY
                | op::ADD
                | op::DELETE
                | op::MODIFY_DN
                | op::COMPARE
                | op::ABANDON
                | op::EXTENDED
        ),
        Speaker::Server => matches!(
            tag,
            op::BIND_RESULT
                | op::ENTRY
                | op::SEARCH_RESULT
                | op::REFERENCE
                | op::MODIFY_RESULT
                | op::ADD_RESULT
                | op::DELETE_RESULT
                | op::MODIFY_DN_RESULT
                | op::COMPARE_RESULT
                | op::EXTENDED_RESULT
                | op::INTERMEDIATE
        ),
    }
}

/// Whether a message of `speaker` begins here, with its first element where it has to have one.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Read<()> {
    let wire = &mut Reader::new(bytes, 0, Ahead::Open);
    let head = head(speaker, wire)?;
    let first = |wire: &mut Reader<'_>| if head.length == 0 { Ok(0) } else { wire.u8() };
    let is_sound = match head.op {
        op::UNBIND => head.length == 0,
        op::ABANDON => (1..=4).contains(&head.length),
        op::DELETE => true,
        op::BIND => matches!(wire.take(3)?, [tag::INTEGER, 1, 2 | 3]),
        op::SEARCH | op::MODIFY | op::ADD | op::MODIFY_DN | op::COMPARE | op::ENTRY | op::REFERENCE => {
            first(wire)? == tag::OCTETS
        }
        op::EXTENDED => first(wire)? == 0x80,
        op::INTERMEDIATE => matches!(first(wire)?, 0 | 0x80 | 0x81),
        _ => wire.take(2)? == [tag::ENUMERATED, 1],
    };
    if is_sound { Ok(()) } else { Err(wire.broken("a message does not begin like one")) }
}

/// What an element says, in order; where the rest of it was not kept, it ends there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elements<'a> {
    rest: &'a [u8],
    is_cut: bool,
}

impl<'a> Elements<'a> {
    /// The elements in `bytes`, which are all there.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Elements { rest: bytes, is_cut: false }
    }

    /// Those in the beginning of something longer.
    pub(super) fn of_sample(sample: Sample<'a>) -> Self {
        Elements { rest: sample.bytes, is_cut: sample.is_cut() }
    }

    /// Those within the next element, if it has this tag: of a long one the beginning.
    pub(super) fn within(&mut self, tag: u8) -> Option<Elements<'a>> {
        let before = *self;
        match self.next() {
            Some((found, bytes)) if found == tag => {
                Some(Elements { rest: bytes, is_cut: before.is_cut && self.rest.is_empty() })
            }
            Some(_) | None => {
                *self = before;
                None
            }
        }
    }

    /// What the next element says, if it has this tag.
    pub(super) fn content(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.within(tag).map(|elements| elements.rest)
    }

    /// The next element as a number, if it has this tag and is one.
    pub(super) fn number(&mut self, tag: u8) -> Option<i64> {
        self.content(tag).and_then(integer)
    }

    /// The bytes that were not read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Elements<'a> {
    /// Tag and content.
    type Item = (u8, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let mut wire = Reader::new(self.rest, 0, Ahead::Open);
        let tag = wire.u8().ok()?;
        let length = usize::try_from(length(&mut wire).ok()?).ok()?;
        let content = match wire.take(length) {
            Ok(content) => content,
            Err(_) if self.is_cut => wire.rest(),
            Err(_) => return None,
        };
        self.rest = wire.rest().get(if content.len() < length { content.len() } else { 0 }..)?;
        Some((tag, content))
    }
}

/// A number in two's complement.
pub(super) fn integer(bytes: &[u8]) -> Option<i64> {
    let first = *bytes.first().filter(|_| bytes.len() <= 8)?;
    let sign = if first < 0x80 { 0 } else { -1 };
    Some(bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;

    use super::{Elements, begins, integer};
    use crate::kit::protocol::Stop;

    #[test]
    fn numbers_have_a_sign() {
        assert_eq!(integer(b"\x7f"), Some(127));
        assert_eq!(integer(b"\xff"), Some(-1));
        assert_eq!(integer(b"\x00\xff"), Some(255));
        assert_eq!(integer(b""), None);
    }

    #[test]
    fn what_is_cut_ends_where_it_was_cut() {
        let mut whole = Elements::of(b"\x04\x02ab\x04\x05abc");
        assert_eq!((whole.content(4), whole.content(4)), (Some(&b"ab"[..]), None));
        let mut cut = Elements { rest: b"\x04\x02ab\x04\x05abc", is_cut: true };
        assert_eq!(
            (cut.content(4), cut.content(4), cut.content(4)),
            (Some(&b"ab"[..]), Some(&b"abc"[..]), None)
        );
    }

    #[test]
    fn a_message_is_told_by_its_lengths() {
        assert_eq!(begins(Speaker::Client, b"\x30\x05\x02\x01\x03\x42\x00"), Ok(()));
        assert_eq!(begins(Speaker::Client, b"\x30\x05\x02\x01\x03"), Err(Stop::Short));
        assert!(matches!(begins(Speaker::Client, b"\x30\x06\x02\x01\x03\x42\x00"), Err(Stop::Broken(_))));
        assert!(matches!(begins(Speaker::Client, b"0\r\n\r\nHTTP"), Err(Stop::Broken(_))));
    }
}
