//! What both directions of a conversation work on: the session, the pairing, the tally.

use crate::kit::pairing::Pairing;
use crate::kit::protocol::Session;

pub(super) struct Machine {
    pub(super) session: Box<dyn Session>,
    pub(super) pairing: Pairing,
    pub(super) tally: Tally,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine")
            .field("pairing", &self.pairing)
            .field("tally", &self.tally)
            .finish_non_exhaustive()
    }
}

/// What came of the bytes so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Bytes that were passed over to find the protocol again.
    pub skipped: u64,
    /// Times that the bytes broke the protocol; it stops at the highest number.
    pub breaches: u32,
    /// Whether an exchange came of the bytes.
    pub proven: bool,
}

impl Tally {
    /// The bytes broke the protocol.
    pub(super) fn count_breach(&mut self) {
        self.breaches = self.breaches.saturating_add(1);
    }
}
