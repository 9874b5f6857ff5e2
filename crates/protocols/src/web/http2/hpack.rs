//! Header blocks to fields (RFC 7541, 6).

use crate::web::http2::huffman;
use crate::web::http2::table::{Field, Table};

/// A number never has more bytes behind its first: it would be longer than any block.
const NUMBER: usize = 5;

/// Reads a whole block: `tell` hears its fields in order, and `table` is what it is behind it.
pub(super) fn decode(
    block: &[u8],
    table: &mut Table,
    mut tell: impl FnMut(Field<'_>),
) -> Result<(), &'static str> {
    let mut wire = Block { rest: block };
    let (mut name, mut value) = (Vec::new(), Vec::new());
    let mut begun = false;
    while let Some(first) = wire.rest.first() {
        match first {
            0x80.. => tell(table.field(wire.number(7)?)?),
            0x20..0x40 if begun => return Err("a header table changes its size behind a field"),
            0x20..0x40 => {
                table.resize(wire.number(5)?);
                continue;
            }
            _ => {
                let adds = *first >= 0x40;
                let named = match wire.number(if adds { 6 } else { 4 })? {
                    0 => Some(wire.text(&mut name)?),
                    index => {
                        let named = table.field(index)?.name;
                        // It may be the one that makes room for this field.
                        named.map(|known| copied(known, &mut name))
                    }
                };
                let value = wire.text(&mut value)?;
                tell(Field { name: named, value: Some(value) });
                if adds {
                    table.add(named, value);
                }
            }
        }
        begun = true;
    }
    Ok(())
}

fn copied<'a>(text: &[u8], into: &'a mut Vec<u8>) -> &'a [u8] {
    into.clear();
    into.extend_from_slice(text);
    into
}

/// What of a block is unread.
struct Block<'a> {
    rest: &'a [u8],
}

impl<'a> Block<'a> {
    /// A number whose first bits are the last `bits` of the next byte (RFC 7541, 5.1).
    fn number(&mut self, bits: u32) -> Result<usize, &'static str> {
        const CUT: &str = "a header block ends inside of a number";
        let (first, mut rest) = self.rest.split_first().ok_or(CUT)?;
        let most = (1 << bits) - 1;
        let mut number = usize::from(*first) & most;
        if number == most {
            for place in 0.. {
                let (byte, behind) = rest.split_first().ok_or(CUT)?;
                rest = behind;
                if place == NUMBER {
                    return Err("a number of a header block is longer than any block");
                }
                number += usize::from(byte & 0x7f) << (7 * place);
                if byte & 0x80 == 0 {
                    break;
                }
            }
        }
        self.rest = rest;
        Ok(number)
    }

    /// A text (RFC 7541, 5.2), decoded into `room` if it must be.
    fn text<'b>(&mut self, room: &'b mut Vec<u8>) -> Result<&'b [u8], &'static str>
    where
        'a: 'b,
    {
        const CUT: &str = "a header block ends inside of a text";
        let is_short = self.rest.first().ok_or(CUT)? & 0x80 != 0;
        let length = self.number(7)?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(CUT)?;
        self.rest = rest;
        if !is_short {
            return Ok(text);
        }
        room.clear();
        huffman::decode(text, room).ok_or("a text of a header block breaks its code")?;
        Ok(room)
    }
}
