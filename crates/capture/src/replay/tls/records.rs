//! Records of one direction, cut out of its stream, and found again after a hole.

use crate::replay::bytes::be16;
use crate::replay::tls::cipher::HEADER;

/// The longest body of a record: 2^14 bytes and what sealing may add (RFC 5246, section 6.2.3).
const BODY_MAX: usize = 0x4000 + 2048;

/// A direction's bytes that make no whole record yet.
#[derive(Debug, Default)]
pub(super) struct Records {
    pending: Vec<u8>,
    /// How many bytes of `pending` were given out as records.
    taken: usize,
    /// Bytes of a record that is known to be incomplete.
    debt: u64,
    /// Whether the next byte begins a record.
    lost: bool,
}

/// What a hole cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Torn {
    /// One record, whose body has this length; the next is where it should be.
    Record(usize),
    /// An unknown number of records.
    Several,
}

impl Records {
    /// Adds bytes of the stream.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.pending.drain(..self.taken);
        self.taken = 0;
        let owed = usize::try_from(self.debt).unwrap_or(usize::MAX).min(bytes.len());
        self.debt -= owed as u64;
        self.pending.extend_from_slice(bytes.get(owed..).unwrap_or_default());
    }

    /// Where the next whole record stands; see [`Records::bytes`]. After a hole it is only a candidate.
    pub(super) fn next(&mut self) -> Option<std::ops::Range<usize>> {
        loop {
            let rest = self.pending.get(self.taken..)?;
            let header = rest.get(..HEADER)?;
            match body(header) {
                Some(length) => {
                    rest.get(..HEADER + length)?;
                    let from = self.taken;
                    self.taken += HEADER + length;
                    return Some(from..self.taken);
                }
                None => self.seek(),
            }
        }
    }

    /// The bytes of a record.
    pub(super) fn bytes(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.pending.get(range).unwrap_or_default()
    }

    /// The record at `range` was none: the search goes on behind its first byte. How many bytes were passed over.
    pub(super) fn refuse(&mut self, range: std::ops::Range<usize>) -> u64 {
        self.taken = range.start;
        self.seek();
        (self.taken - range.start) as u64
    }

    /// Whether the place of the next record is not known for sure.
    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    /// A record was opened: its place is known.
    pub(super) fn found(&mut self) {
        self.lost = false;
    }

    /// `length` bytes of the stream are missing.
    pub(super) fn tear(&mut self, length: u64) -> Option<Torn> {
        let rest = self.pending.get(self.taken..).unwrap_or_default();
        let (present, known) = (rest.len() as u64, rest.get(..HEADER).and_then(body));
        self.pending.clear();
        self.taken = 0;
        if self.debt >= length {
            self.debt -= length;
            return None;
        }
        match known.filter(|_| !self.lost && self.debt == 0) {
            Some(body) if present + length <= (HEADER + body) as u64 => {
                self.debt = (HEADER + body) as u64 - present - length;
                Some(Torn::Record(body))
            }
            _ => {
                self.debt = 0;
                self.lost = true;
                Some(Torn::Several)
            }
        }
    }

    /// Passes on to the next byte that may begin a record.
    fn seek(&mut self) {
        self.lost = true;
        let rest = self.pending.get(self.taken + 1..).unwrap_or_default();
        self.taken += 1 + rest.iter().position(|byte| (20..=23).contains(byte)).unwrap_or(rest.len());
    }
}

/// The length of the body behind a header; `None` when it is no header.
fn body(header: &[u8]) -> Option<usize> {
    let length = usize::from(be16(header, 3)?);
    let known = matches!(header, [20..=23, 3, 0..=4, ..]);
    (known && length > 0 && length <= BODY_MAX).then_some(length)
}
