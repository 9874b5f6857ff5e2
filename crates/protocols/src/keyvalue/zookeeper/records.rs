//! What records are made of: numbers, texts, lists.

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Reader, Sample};

/// A path is not longer.
const TEXT: usize = 4 << 10;
/// So much of a node's data is kept.
pub(super) const CELL: usize = 1 << 10;
/// The bytes of a node's `Stat`.
const STAT: usize = 68;

pub(super) fn int(wire: &mut Reader<'_>) -> Read<i32> {
    wire.be32().map(u32::cast_signed)
}

pub(super) fn long(wire: &mut Reader<'_>) -> Read<i64> {
    wire.be64().map(u64::cast_signed)
}

pub(super) fn flag(wire: &mut Reader<'_>) -> Read<bool> {
    wire.u8().map(|byte| byte != 0)
}

/// How long a buffer, a text or a list is; a null one is empty.
pub(super) fn size(wire: &mut Reader<'_>) -> Read<u32> {
    Ok(u32::try_from(int(wire)?).unwrap_or(0))
}

/// A text.
pub(super) fn text<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = size(wire)?;
    Ok(wire.sample(length.into(), TEXT)?.bytes)
}

/// A node's data.
pub(super) fn data<'a>(wire: &mut Reader<'a>) -> Read<Sample<'a>> {
    let length = size(wire)?;
    wire.sample(length.into(), CELL)
}

/// The version of a node's data, from its `Stat`, which is passed over.
pub(super) fn version(wire: &mut Reader<'_>) -> Read<i32> {
    let mut stat = Reader::new(wire.take(STAT)?, 0, wire.ahead());
    stat.take(4 * size_of::<i64>())?;
    int(&mut stat)
}

/// Reads a list, of which `each` reads one.
///
/// # Errors
/// Those of `each`; [`Stop::Short`] where the list says that it is longer than what there is.
pub(super) fn list<'a>(
    wire: &mut Reader<'a>,
    mut each: impl FnMut(&mut Reader<'a>) -> Read<()>,
) -> Read<u32> {
    let count = size(wire)?;
    for _ in 0..count {
        // Of a lost text, a sample is nothing: the list would go on behind the bytes.
        if wire.rest().is_empty() {
            return Err(Stop::Short);
        }
        each(wire)?;
    }
    Ok(count)
}
