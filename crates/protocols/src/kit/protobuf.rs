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
    let Head { number, start } = head(rest)?;
    let value = match start {
        Start::Varint(number) => Value::Varint(number),
        Start::Fixed64(bits) => Value::Fixed64(bits),
        Start::Fixed32(bits) => Value::Fixed32(bits),
        Start::Bytes(length) => match rest.split_at_checked(usize::try_from(length).ok()?) {
            Some((bytes, behind)) => {
                *rest = behind;
                Value::Bytes(bytes)
            }
            None => Value::Cut(std::mem::take(rest)),
        },
    };
    Some(Field { number, value })
}

/// No head is longer: its tag and a number, or a length.
pub const HEAD: usize = 20;

/// How a field begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// What it says, or how long that is.
    pub start: Start,
}

/// What a field says where that is short, or how many bytes follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A number of variable length.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Four bytes.
    Fixed32(u32),
    /// So many bytes follow.
    Bytes(u64),
}

/// The beginning of the next field, if all of it is there; what its bytes are is behind it.
#[inline]
#[must_use]
pub fn head(rest: &mut &[u8]) -> Option<Head> {
    let tag = varint(rest)?;
    let number = tag >> 3;
    // The highest number that a field may have.
    if number == 0 || number >= 1 << 29 {
        return None;
    }
    let start = match tag & 7 {
        0 => Start::Varint(varint(rest)?),
        1 => Start::Fixed64(u64::from_le_bytes(fixed(rest)?)),
        5 => Start::Fixed32(u32::from_le_bytes(fixed(rest)?)),
        2 => Start::Bytes(varint(rest)?),
        _ => return None,
    };
    Some(Head { number, start })
}

/// The numbers of a packed field, as far as they can be read.
pub fn packed(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let mut rest = bytes;
    std::iter::from_fn(move || varint(&mut rest))
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
