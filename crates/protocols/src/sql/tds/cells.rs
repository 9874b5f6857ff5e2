//! The cells of a row, as they come: those that are kept are written where they will stay, the others passed over by
//! their lengths ([MS-TDS] 2.2.7.17 and 2.2.7.19).

use model::row::Row;

use super::shape::Shape;
use super::types::{Kind, Length};
use super::values;

/// So many bytes of a cell are kept in a sample.
pub(super) const CELL: usize = 2 << 10;
/// A length that is not told: pieces come until an empty one.
const UNTOLD: u64 = 0xffff_ffff_ffff_fffe;
/// What no value has.
const NULL: u64 = 0xffff_ffff_ffff_ffff;

/// A row that is being said.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// The column whose value comes next, or goes on.
    column: usize,
    /// The bytes of it that are still to be passed over.
    inside: u64,
    /// Whether another piece of it follows them.
    has_pieces: bool,
    /// Whether a row under way came with a list of its nulls.
    has_nulls: bool,
    nulls: Vec<u8>,
}

/// How the length of a value is said: by how many bytes, and which length; none is null.
struct Head {
    size: usize,
    length: Option<u64>,
}

impl Cells {
    /// A row begins at which a list of nulls stands, or none.
    #[inline]
    pub(super) fn begin(&mut self, nulls: Option<&[u8]>) {
        (self.column, self.inside, self.has_pieces) = (0, 0, false);
        self.has_nulls = nulls.is_some();
        if let Some(nulls) = nulls {
            self.nulls.clear();
            self.nulls.extend_from_slice(nulls);
        }
    }

    /// Reads on in a row: how many bytes were read, and whether the row has ended.
    ///
    /// What is left unread comes again, with more behind it; it is never longer than the head of a value, and in a row
    /// that is kept than what is kept of it.
    #[inline]
    pub(super) fn read(&mut self, shape: &Shape, bytes: &[u8], mut row: Option<&mut Row>) -> (usize, bool) {
        let mut rest = bytes;
        if self.inside > 0 || self.has_pieces {
            rest = self.pass(rest);
            if self.inside > 0 || self.has_pieces {
                return (bytes.len() - rest.len(), false);
            }
            self.column += 1;
        }
        while let Some(kind) = shape.kinds().get(self.column) {
            if self.has_nulls && is_null(&self.nulls, self.column) {
                if let Some(row) = &mut row {
                    row.push_null();
                }
                self.column += 1;
                continue;
            }
            let next = match &mut row {
                Some(row) => self.keep(*kind, rest, row),
                None => self.skip(*kind, rest),
            };
            match next {
                Some(next) if self.inside == 0 && !self.has_pieces => {
                    (rest, self.column) = (next, self.column + 1);
                }
                Some(next) => return (bytes.len() - next.len(), false),
                None => return (bytes.len() - rest.len(), false),
            }
        }
        (bytes.len() - rest.len(), true)
    }

    /// Passes over one value: what is behind it, or behind what is there of it.
    #[inline]
    fn skip<'a>(&mut self, kind: Kind, rest: &'a [u8]) -> Option<&'a [u8]> {
        let head = head(kind, rest)?;
        let behind = rest.get(head.size..)?;
        match head.length {
            None => Some(behind),
            Some(_) if kind.length == Length::Pieces => {
                self.has_pieces = true;
                Some(self.pass(behind))
            }
            Some(length) => {
                self.inside = length;
                Some(self.pass(behind))
            }
        }
    }

    /// Passes over bytes of a value, and of the pieces that follow.
    fn pass<'a>(&mut self, mut rest: &'a [u8]) -> &'a [u8] {
        loop {
            let passed = usize::try_from(self.inside).unwrap_or(usize::MAX).min(rest.len());
            self.inside -= passed as u64;
            rest = rest.get(passed..).unwrap_or_default();
            if self.inside > 0 || !self.has_pieces {
                return rest;
            }
            let Some((length, behind)) = rest.split_first_chunk() else { return rest };
            self.inside = u32::from_le_bytes(*length).into();
            self.has_pieces = self.inside > 0;
            rest = behind;
        }
    }

    /// Writes one value, as far as it is kept; nothing while more of that must come.
    fn keep<'a>(&mut self, kind: Kind, rest: &'a [u8], row: &mut Row) -> Option<&'a [u8]> {
        let head = head(kind, rest)?;
        let behind = rest.get(head.size..)?;
        let Some(length) = head.length else {
            row.push_null();
            return Some(behind);
        };
        if kind.length == Length::Pieces {
            return self.keep_piece(kind, length, behind, row);
        }
        let kept = behind.get(..usize::try_from(length).unwrap_or(usize::MAX).min(CELL))?;
        row.push_with(|text| values::write(text, kind, kept, length, CELL));
        self.inside = length;
        Some(self.pass(behind))
    }

    /// Writes what the first piece of a value holds.
    fn keep_piece<'a>(&mut self, kind: Kind, total: u64, rest: &'a [u8], row: &mut Row) -> Option<&'a [u8]> {
        let (length, behind) = rest.split_first_chunk()?;
        let piece = u64::from(u32::from_le_bytes(*length));
        let size = usize::try_from(piece).unwrap_or(usize::MAX);
        let kept = behind.get(..size.min(CELL))?;
        let total = match total {
            // It is whole if nothing follows, which the next length says.
            UNTOLD if piece > 0 && size <= CELL => {
                let next = behind.get(size..)?.first_chunk::<4>()?;
                piece.saturating_add(u32::from_le_bytes(*next).into())
            }
            UNTOLD => piece,
            total => total,
        };
        row.push_with(|text| values::write(text, kind, kept, total, CELL));
        self.has_pieces = true;
        Some(self.pass(rest))
    }
}

/// How long the value is that begins here; nothing while more must come to tell.
#[inline]
fn head(kind: Kind, rest: &[u8]) -> Option<Head> {
    let told = |size: usize, length: u64, is_null: bool| Head { size, length: (!is_null).then_some(length) };
    Some(match kind.length {
        Length::Fixed(0) => told(0, 0, true),
        Length::Fixed(size) => told(0, size.into(), false),
        Length::Byte => {
            let length = *rest.first()?;
            told(1, length.into(), length == 0)
        }
        Length::Short => {
            let length = u16::from_le_bytes(*rest.first_chunk()?);
            told(2, length.into(), length == u16::MAX)
        }
        Length::Long => {
            let length = u32::from_le_bytes(*rest.first_chunk()?);
            told(4, length.into(), length == 0)
        }
        Length::Pointer => {
            let pointer = usize::from(*rest.first()?);
            if pointer == 0 {
                return Some(told(1, 0, true));
            }
            // The pointer, and when it was made.
            let size = 1 + pointer + 8;
            let length = u32::from_le_bytes(*rest.get(size..)?.first_chunk()?);
            told(size + 4, length.into(), false)
        }
        Length::Pieces => {
            let length = u64::from_le_bytes(*rest.first_chunk()?);
            told(8, length, length == NULL)
        }
    })
}

#[inline]
fn is_null(nulls: &[u8], column: usize) -> bool {
    nulls.get(column / 8).is_some_and(|byte| byte >> (column % 8) & 1 != 0)
}

#[cfg(test)]
mod tests {
    use model::row::Row;

    use super::{CELL, Cells};
    use crate::kit::reader::{Ahead, Reader};
    use crate::sql::tds::shape::{self, Dialect};

    /// `id int not null, name nvarchar(15), note nvarchar(max), old text`.
    const SHAPE: &[u8] = b"\x81\x04\0\0\0\0\0\0\0\x38\x02i\0d\0\0\0\0\0\x09\0\xe7\x1e\0\x09\x04\xd0\0\x34\x01n\0\
        \0\0\0\0\x09\0\xe7\xff\xff\x09\x04\xd0\0\x34\x01m\0\0\0\0\0\x09\0\x23\xff\xff\xff\x7f\x09\x04\xd0\0\x34\x01\x01\0t\0\x01o\0";

    fn told(pieces: &[&[u8]]) -> Vec<u8> {
        let total: usize = pieces.iter().map(|piece| piece.len()).sum();
        let mut bytes = (total as u64).to_le_bytes().to_vec();
        for piece in pieces {
            bytes.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
            bytes.extend(*piece);
        }
        bytes.extend([0; 4]);
        bytes
    }

    fn row() -> Vec<u8> {
        let note = told(&[b"a\0b\0", b"c\0"]);
        [b"\x07\0\0\0\x02\0x\0", &*note, b"\x02ptstampedd\x03\0\0\0old"].concat()
    }

    #[test]
    fn a_row_is_read_the_same_however_it_is_cut() {
        let (length, shape) =
            shape::read(SHAPE, Dialect::default(), &mut Reader::new(b"", 0, Ahead::End)).unwrap();
        let shape = shape.unwrap();
        assert_eq!(length, SHAPE.len());
        let row = row();
        for size in 1..=row.len() {
            for is_kept in [true, false] {
                let (mut cells, mut shown, mut held) = (Cells::default(), Row::default(), Vec::new());
                cells.begin(None);
                let mut ends = Vec::new();
                for piece in row.chunks(size) {
                    held.extend_from_slice(piece);
                    let (read, ended) = cells.read(&shape, &held, is_kept.then_some(&mut shown));
                    held.drain(..read);
                    assert!(held.len() <= CELL);
                    ends.push(ended);
                }
                assert_eq!((ends.pop(), ends.contains(&true), held.len()), (Some(true), false, 0), "{size}");
                let wanted: &[_] =
                    if is_kept { &[Some("7"), Some("x"), Some("ab…"), Some("old")] } else { &[] };
                assert_eq!(shown.iter().collect::<Vec<_>>(), wanted, "{size}");
            }
        }
    }

    #[test]
    fn nulls_may_be_listed_before() {
        let (_, shape) =
            shape::read(SHAPE, Dialect::default(), &mut Reader::new(b"", 0, Ahead::End)).unwrap();
        let (mut cells, mut shown) = (Cells::default(), Row::default());
        cells.begin(Some(b"\x0e"));
        assert_eq!(cells.read(&shape.unwrap(), b"\x07\0\0\0", Some(&mut shown)), (4, true));
        assert_eq!(shown.iter().collect::<Vec<_>>(), [Some("7"), None, None, None]);
    }
}
