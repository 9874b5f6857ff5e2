//! How a side writes values: the order of a number's bytes, the character sets of its texts (DDM, TYPDEFNAM and TYPDEFOVR).

use crate::kit::protocol::Read;
use crate::kit::reader::{Reader, Sample};

use super::codepage::Page;
use super::codes::{data, part};
use super::wire::{find, number};

/// The order of a number's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// Nobody said: most significant first, until a number tells that it is not.
    #[default]
    Unsaid,
    Big,
    Little,
}

/// How a side writes values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner {
    pub(super) order: Order,
    /// Whether numbers with a point are IBM's own and not those of IEEE 754.
    pub(super) has_hex_floats: bool,
    /// Texts of letters of one byte.
    pub(super) single: Page,
    /// Texts of letters of two bytes.
    pub(super) double: Page,
    /// Texts of letters of one byte or several.
    pub(super) mixed: Page,
}

impl Manner {
    /// Takes what a command or a message says of it, or objects beside one.
    pub(super) fn learn(&mut self, said: &Sample<'_>) {
        if let Some(name) = find(said, data::TYPDEFNAM) {
            self.name(name);
        }
        if let Some(overrides) = find(said, data::TYPDEFOVR) {
            self.overrides(&Sample { bytes: overrides, length: overrides.len() as u64 });
        }
    }

    /// A TYPDEFNAM.
    pub(super) fn name(&mut self, name: &[u8]) {
        let name = Page::Unsaid.text(name);
        self.order = match name.trim_end() {
            "QTDSQLX86" | "QTDSQLVAX" => Order::Little,
            "QTDSQLASC" | "QTDSQL370" | "QTDSQL400" => Order::Big,
            // Of another machine, or the rest of the name was lost.
            _ => Order::Unsaid,
        };
        self.has_hex_floats = name.trim_end() == "QTDSQL370";
    }

    /// A TYPDEFOVR.
    pub(super) fn overrides(&mut self, said: &Sample<'_>) {
        for (code, page) in [
            (part::CCSIDSBC, &mut self.single),
            (part::CCSIDDBC, &mut self.double),
            (part::CCSIDMBC, &mut self.mixed),
        ] {
            if let Some(ccsid) = number(said, code) {
                *page = Page::of(ccsid);
            }
        }
    }

    /// A whole number of as many bytes as there are.
    pub(super) fn integer(self, bytes: &[u8]) -> i64 {
        let sum = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        let number = match self.order {
            Order::Unsaid | Order::Big => bytes.iter().fold(0, sum),
            Order::Little => bytes.iter().rev().fold(0, sum),
        };
        let unused = u64::BITS.saturating_sub(u32::try_from(bytes.len()).unwrap_or_default() * 8);
        number.checked_shl(unused).map_or(0, |shifted| shifted.cast_signed() >> unused)
    }

    /// A whole number of four bytes that is never large: it tells the order where nobody said.
    pub(super) fn small(&mut self, wire: &mut Reader<'_>) -> Read<i32> {
        let bytes = wire.array()?;
        let (big, little) = (i32::from_be_bytes(bytes), i32::from_le_bytes(bytes));
        if self.order == Order::Unsaid && big.unsigned_abs() != little.unsigned_abs() {
            let is_big = big.unsigned_abs() < little.unsigned_abs();
            self.order = if is_big { Order::Big } else { Order::Little };
        }
        Ok(if self.order == Order::Little { little } else { big })
    }
}

#[cfg(test)]
mod tests {
    use super::{Manner, Order};
    use crate::kit::reader::{Ahead, Reader};

    #[test]
    fn numbers_have_signs_in_both_orders() {
        let big = Manner { order: Order::Big, ..Manner::default() };
        let little = Manner { order: Order::Little, ..Manner::default() };
        assert_eq!([big.integer(b"\xff\xfe"), little.integer(b"\xfe\xff"), big.integer(b"")], [-2, -2, 0]);
        assert_eq!(big.integer(&i64::MIN.to_be_bytes()), i64::MIN);
    }

    #[test]
    fn a_code_tells_the_order() {
        for (code, wanted) in
            [((-204_i32).to_be_bytes(), Order::Big), ((-204_i32).to_le_bytes(), Order::Little)]
        {
            let mut manner = Manner::default();
            assert_eq!(manner.small(&mut Reader::new(&code, 0, Ahead::End)), Ok(-204));
            assert_eq!(manner.order, wanted);
        }
        let mut manner = Manner::default();
        assert_eq!(manner.small(&mut Reader::new(&[0; 4], 0, Ahead::End)), Ok(0));
        assert_eq!(manner.order, Order::Unsaid);
    }
}
