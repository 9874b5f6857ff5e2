//! Rows: QRYDTA, which is read by the types that QRYDSC described (DRDA, "QRYDTA").

use model::row::{Row, Rows};

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::card::{Card, NULL, no_diagnostics};
use super::kinds::Kind;
use super::manner::Manner;
use super::values;

/// So many rows of a result are kept for inspection.
const SAMPLES: usize = 5;
/// A longer row is not waited for: rows behind it are not counted.
const ROW: usize = 256 << 10;

/// What came of a piece of rows.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) rows: u64,
    /// What a row said instead of values, or beside them.
    pub(super) card: Option<Card>,
    /// Whether what follows cannot be read.
    pub(super) is_lost: bool,
}

/// By what rows are read, and where the first of them are kept.
pub(super) struct Reading<'a> {
    pub(super) kinds: &'a [Kind],
    pub(super) manner: &'a mut Manner,
    pub(super) samples: Option<&'a mut Rows>,
}

impl Reading<'_> {
    /// Reads the rows in `data`, before which `held` was said; what is no whole row is held.
    pub(super) fn read(mut self, data: &[u8], held: &mut Vec<u8>) -> Heard {
        let before = std::mem::take(held);
        let joined = if before.is_empty() { Vec::new() } else { [&before, data].concat() };
        let mut rest = if before.is_empty() { data } else { &joined };
        let mut heard = Heard::default();
        while !rest.is_empty() {
            match row(rest, self.kinds, self.manner) {
                Ok(row) => {
                    rest = rest.get(row.length..).unwrap_or_default();
                    self.hear(row, &mut heard);
                }
                Err(Stop::Short) if rest.len() < ROW => {
                    held.extend_from_slice(rest);
                    break;
                }
                Err(_) => {
                    heard.is_lost = true;
                    break;
                }
            }
        }
        heard
    }

    fn hear(&mut self, row: One<'_>, heard: &mut Heard) {
        heard.card = row.card.or(heard.card.take());
        let Some(cells) = row.cells else { return };
        heard.rows += 1;
        if let Some(samples) = self.samples.as_deref_mut().filter(|samples| samples.len() < SAMPLES) {
            samples.add(0, |row| write(row, cells, self.kinds, *self.manner));
        }
    }
}

/// One row.
struct One<'a> {
    length: usize,
    /// How its statement stands, if it says so.
    card: Option<Card>,
    /// The bytes that its cells begin with, if it has any.
    cells: Option<&'a [u8]>,
}

/// The row at the beginning of `bytes`.
fn row<'a>(bytes: &'a [u8], kinds: &[Kind], manner: &mut Manner) -> Read<One<'a>> {
    let mut wire = Reader::new(bytes, 0, Ahead::End);
    let card = Card::read(&mut wire, manner)?;
    no_diagnostics(&mut wire, card.as_ref())?;
    if wire.u8()? == NULL {
        return Ok(One { length: wire.taken(), card, cells: None });
    }
    let cells = wire.rest();
    for kind in kinds {
        kind.take(&mut wire)?;
    }
    Ok(One { length: wire.taken(), card, cells: Some(cells) })
}

/// Writes the cells of a row.
fn write(row: &mut Row, cells: &[u8], kinds: &[Kind], manner: Manner) {
    let mut wire = Reader::new(cells, 0, Ahead::End);
    for kind in kinds {
        match kind.take(&mut wire) {
            Ok(Some(value)) => row.push_with(|out| values::write(out, *kind, value, manner)),
            Ok(None) => row.push_null(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::row::Rows;

    use super::Reading;
    use crate::sql::drda::kinds::{Kind, number};
    use crate::sql::drda::manner::Manner;

    const KINDS: [Kind; 2] = [
        Kind { number: number::SMALL, may_be_null: false, length: 2 },
        Kind { number: number::VARCHAR, may_be_null: true, length: 9 },
    ];

    #[test]
    fn rows_go_on_in_the_next_piece_wherever_they_were_cut() {
        let said = b"\xff\0\0\x01\0\0\x02ab\xff\0\0\x02\xff\xff\0\0\x03\0\0\0";
        for cut in 0..said.len() {
            let (mut held, mut samples, mut count) = (Vec::new(), Rows::default(), 0);
            for piece in [&said[..cut], &said[cut..]] {
                let reading =
                    Reading { kinds: &KINDS, manner: &mut Manner::default(), samples: Some(&mut samples) };
                let heard = reading.read(piece, &mut held);
                assert!(!heard.is_lost);
                count += heard.rows;
            }
            let rows: Vec<Vec<_>> = samples.iter().map(Iterator::collect).collect();
            let wanted = [[Some("1"), Some("ab")], [Some("2"), None], [Some("3"), Some("")]];
            assert_eq!((count, held.len()), (3, 0), "{cut}");
            assert_eq!(rows, wanted, "{cut}");
        }
    }

    #[test]
    fn behind_a_value_of_an_unknown_type_nothing_is_counted() {
        let kinds = [Kind { number: 0x50, may_be_null: false, length: 1 }];
        let reading = Reading { kinds: &kinds, manner: &mut Manner::default(), samples: None };
        let heard = reading.read(b"\xff\0a\xff\0b", &mut Vec::new());
        assert!(heard.is_lost && heard.rows == 0);
    }
}
