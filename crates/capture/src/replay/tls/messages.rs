//! Handshake messages, cut out of records however they were cut in.

use crate::replay::bytes::be8;

/// A message's header: type, and three bytes of length.
const HEADER: usize = 4;
/// What is kept of a message: the hellos' parts that matter stand in their first few hundred bytes, and only
/// certificates are longer.
const KEPT: usize = 4096;

/// The messages of one direction.
#[derive(Debug, Default)]
pub(super) struct Messages {
    pending: Vec<u8>,
    /// Bytes of the last message that nobody wants.
    debt: usize,
}

impl Messages {
    /// Adds a record's content.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let owed = self.debt.min(bytes.len());
        self.debt -= owed;
        // A record is at most 16 KiB, and a message is taken as soon as KEPT bytes of it are here.
        self.pending.extend_from_slice(bytes.get(owed..).unwrap_or_default());
    }

    /// The next message: its type and the first of its body's bytes.
    pub(super) fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = be8(&self.pending, 0)?;
        let length = self.pending.get(1..HEADER)?.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let kept = length.min(KEPT);
        let body = self.pending.get(HEADER..HEADER + kept)?.to_vec();
        let whole = (HEADER + length).min(self.pending.len());
        self.debt = HEADER + length - whole;
        self.pending.drain(..whole);
        Some((kind, body))
    }

    /// Forgets an unfinished message, whose rest was lost.
    pub(super) fn forget(&mut self) {
        *self = Messages::default();
    }
}
