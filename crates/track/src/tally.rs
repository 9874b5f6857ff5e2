//! The tally: what was understood, and every byte that was not, with its cause.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::event::Cause;

/// Counts over all connections since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Exchanges by protocol.
    pub exchanges: BTreeMap<&'static str, u64>,
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
    pub dark: BTreeMap<Arc<str>, u64>,
    /// Bytes of protocols that nobody knows.
    pub unknown_bytes: u64,
    /// Times that bytes broke their protocol.
    pub breaches: u64,
    /// Bytes passed over to find a protocol again.
    pub skipped_bytes: u64,
    /// Protocols that were recognised wrongly and given up.
    pub undone: u64,
}
