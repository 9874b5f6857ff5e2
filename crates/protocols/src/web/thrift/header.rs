//! The header that may stand first in a frame (`THeader`, `HeaderFormat.md`): how the message behind it is written and
//! packed, and what the programs tell each other beside it.

use std::borrow::Cow;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::web::content::{self, Coding};

use super::encoding::varint;

/// The first bytes of a header.
pub(super) const MAGIC: [u8; 2] = [0x0f, 0xff];
/// A message that was packed is unpacked to so many bytes.
const UNPACKED: usize = 16 << 10;
/// The one transform that the specification has.
const ZLIB: u64 = 1;
/// The one kind of info that it has: keys and values.
const PAIRS: u64 = 1;

/// A header, and the message behind it as far as it is there.
#[derive(Debug)]
pub(super) struct Headed<'a> {
    /// Names and values, one behind the other.
    pub(super) pairs: Vec<[&'a [u8]; 2]>,
    pub(super) message: Cow<'a, [u8]>,
}

/// Reads the header that a frame begins with.
pub(super) fn header<'a>(wire: &mut Reader<'a>) -> Read<Headed<'a>> {
    if wire.array::<2>()? != MAGIC {
        return Err(wire.broken("a header is none"));
    }
    let [_flags, _more_flags, _number @ ..] = wire.array::<6>()?;
    let length = usize::from(wire.be16()?) * 4;
    let mut inner = Reader::new(wire.take(length)?, wire.position(), Ahead::End);
    // Which protocol the message is in shows in its own first bytes too.
    varint(&mut inner)?;
    let mut transforms = 0;
    for _ in 0..varint(&mut inner)? {
        if varint(&mut inner)? != ZLIB {
            return Err(wire.broken("a message is packed in a way that nobody reads"));
        }
        transforms += 1;
    }
    let pairs = pairs(&mut inner)?;
    let message = match transforms {
        0 => Cow::Borrowed(wire.rest()),
        1 => Cow::Owned(content::decoded(Coding::Deflate, UNPACKED, wire.rest()).unwrap_or_default()),
        _ => return Err(wire.broken("a message is packed more than once")),
    };
    wire.skip(wire.rest().len() as u64);
    Ok(Headed { pairs, message })
}

/// What the programs tell each other; padding ends it, and kinds that came later do.
fn pairs<'a>(wire: &mut Reader<'a>) -> Read<Vec<[&'a [u8]; 2]>> {
    let mut pairs = Vec::new();
    while !wire.rest().is_empty() && varint(wire)? == PAIRS {
        for _ in 0..varint(wire)? {
            pairs.push([text(wire)?, text(wire)?]);
        }
    }
    Ok(pairs)
}

fn text<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = usize::try_from(varint(wire)?).unwrap_or(usize::MAX);
    wire.take(length)
}
