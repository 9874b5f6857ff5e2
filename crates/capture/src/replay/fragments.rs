//! IP fragments, put together again within bounds.

use std::collections::VecDeque;

use crate::replay::decode::{Fragment, FragmentOf};

/// The longest payload that fragments can make: 16 bits of length.
const DATAGRAM_MAX: usize = 0xffff;
/// Datagrams that wait for their parts at once; beyond it the oldest is given up.
const WAITING_MAX: usize = 64;
/// Parts of one datagram: 65,535 bytes in parts of 576 bytes are 119.
const PARTS_MAX: usize = 512;
/// A part waits no longer for the others (RFC 8200, section 4.5), in nanoseconds.
const PATIENCE: u64 = 60_000_000_000;

/// Datagrams that wait for their parts, oldest first.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    waiting: VecDeque<Waiting>,
    given_up: u64,
}

#[derive(Debug)]
struct Waiting {
    of: FragmentOf,
    since: u64,
    /// The length, once the last part came.
    length: Option<usize>,
    parts: Vec<(usize, Vec<u8>)>,
}

impl Fragments {
    /// Keeps a fragment; gives the whole payload when it was the last that was wanted.
    pub(super) fn keep(&mut self, fragment: &Fragment, bytes: &[u8], at: u64) -> Option<Vec<u8>> {
        self.forget(at);
        let index = self.waiting.iter().position(|waiting| waiting.of == fragment.of);
        let index = index.unwrap_or_else(|| self.wait_for(fragment.of, at));
        let waiting = self.waiting.get_mut(index)?;
        if fragment.missing > 0 || !waiting.add(fragment, bytes) {
            self.give_up(index);
            return None;
        }
        let whole = waiting.whole()?;
        self.waiting.remove(index);
        Some(whole)
    }

    /// Parts that were given up since the last call.
    pub(super) fn given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }

    /// Nothing more will come: gives up what waits.
    pub(super) fn end(&mut self) {
        while !self.waiting.is_empty() {
            self.give_up(0);
        }
    }

    fn wait_for(&mut self, of: FragmentOf, since: u64) -> usize {
        if self.waiting.len() >= WAITING_MAX {
            self.give_up(0);
        }
        self.waiting.push_back(Waiting { of, since, length: None, parts: Vec::new() });
        self.waiting.len() - 1
    }

    fn forget(&mut self, now: u64) {
        while self.waiting.front().is_some_and(|oldest| now.saturating_sub(oldest.since) > PATIENCE) {
            self.give_up(0);
        }
    }

    fn give_up(&mut self, index: usize) {
        let parts = self.waiting.remove(index).map_or(0, |waiting| waiting.parts.len());
        self.given_up += parts.max(1) as u64;
    }
}

impl Waiting {
    /// Adds a part; false when the datagram breaks the bounds.
    fn add(&mut self, fragment: &Fragment, bytes: &[u8]) -> bool {
        let end = fragment.offset + bytes.len();
        let misplaced = fragment.more && !bytes.len().is_multiple_of(8);
        if end > DATAGRAM_MAX || self.parts.len() >= PARTS_MAX || misplaced {
            return false;
        }
        if !fragment.more {
            self.length.get_or_insert(end);
        }
        let at = self.parts.partition_point(|(offset, _)| *offset <= fragment.offset);
        self.parts.insert(at, (fragment.offset, bytes.to_vec()));
        true
    }

    /// The payload, when no part is missing; of bytes that came twice the earlier place's hold.
    fn whole(&self) -> Option<Vec<u8>> {
        let length = self.length?;
        let mut whole = Vec::with_capacity(length);
        for (offset, bytes) in &self.parts {
            let known = whole.len().checked_sub(*offset)?;
            whole.extend_from_slice(bytes.get(known..).unwrap_or_default());
        }
        whole.truncate(length);
        (whole.len() == length).then_some(whole)
    }
}
