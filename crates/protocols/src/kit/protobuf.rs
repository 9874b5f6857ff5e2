//! Messages of Protocol Buffers, field by field (<https://protobuf.dev/programming-guides/encoding>).

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its number.
    pub number: u64,
    /// What it says.
    pub value: Value<'a>,
}

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number of variable length.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Four bytes.
    Fixed32(u32),
    /// Bytes: a text, a message, or numbers.
    Bytes(&'a [u8]),
    /// Bytes of which the rest is not there.
    Cut(&'a [u8]),
}

/// The fields of a message, as far as they can be read.
pub fn fields(message: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = message;
    std::iter::from_fn(move || field(&mut rest))
}

/// The next field, if there is one.
#[inline]
#[must_use]
pub fn field<'a>(rest: &mut &'a [u8]) -> Option<Field<'a>> {
    let tag = varint(rest)?;
    let number = tag >> 3;
    // The highest number that a field may have.
    if number == 0 || number >= 1 << 29 {
        return None;
    }
    let value = match tag & 7 {
        0 => Value::Varint(varint(rest)?),
        1 => Value::Fixed64(u64::from_le_bytes(fixed(rest)?)),
        5 => Value::Fixed32(u32::from_le_bytes(fixed(rest)?)),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            match rest.split_at_checked(length) {
                Some((bytes, behind)) => {
                    *rest = behind;
                    Value::Bytes(bytes)
                }
                None => Value::Cut(std::mem::take(rest)),
            }
        }
        _ => return None,
    };
    Some(Field { number, value })
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*bytes)
}

#[inline]
fn varint(rest: &mut &[u8]) -> Option<u64> {
    // Most have one byte.
    if let Some((byte @ 0..0x80, behind)) = rest.split_first() {
        *rest = behind;
        return Some(u64::from(*byte));
    }
    long_varint(rest)
}

fn long_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
