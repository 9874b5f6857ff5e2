//! The tally: what was understood, and every byte that was not, with its cause.

use std::collections::BTreeMap;

use model::event::Cause;

use crate::darkness::Darkness;
use crate::ledger::Ledger;

/// Counts over all connections since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Exchanges by protocol, in the order in which the protocols were first heard.
    exchanges: Vec<(&'static str, u64)>,
    /// Connections that were opened.
    pub connections: u64,
    /// Connections given up because the table was full.
    pub evicted: u64,
    /// Bytes that were handed to the streams.
    pub heard_bytes: u64,
    /// Bytes that passed and were not captured, by cause.
    pub lost_bytes: BTreeMap<Cause, u64>,
    /// Ciphertext bytes, counted and not read.
    pub sealed_bytes: u64,
    /// Connections on which only ciphertext was seen, by the name of the process that holds the observed end.
    pub dark: Darkness,
    /// What became of every byte, by connection.
    pub ledger: Ledger,
    /// Bytes of protocols that nobody knows.
    pub unknown_bytes: u64,
    /// Times that bytes broke their protocol.
    pub breaches: u64,
    /// Bytes passed over to find a protocol again.
    pub skipped_bytes: u64,
    /// Protocols that were recognised wrongly and given up.
    pub undone: u64,
}

impl Tally {
    /// Exchanges by protocol.
    #[must_use]
    pub fn exchanges(&self) -> BTreeMap<&'static str, u64> {
        let mut all = BTreeMap::new();
        for (protocol, count) in &self.exchanges {
            *all.entry(*protocol).or_default() += count;
        }
        all
    }

    /// Counts an exchange.
    #[inline]
    pub(crate) fn count_exchange(&mut self, protocol: &'static str) {
        // A host speaks a few protocols, and each has its name in one place.
        match self.exchanges.iter_mut().find(|(known, _)| std::ptr::eq(*known, protocol)) {
            Some((_, count)) => *count += 1,
            None => self.exchanges.push((protocol, 1)),
        }
    }
}
