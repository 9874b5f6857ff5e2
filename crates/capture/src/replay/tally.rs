//! What a replay counted: packets, and everything of them that gave no event.

use crate::replay::decode::Undecoded;
use crate::replay::packets::Ending;

/// What was read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets of the capture, or events of the recording.
    pub packets: u64,
    /// TCP payload bytes that were said before: retransmissions and keep-alives.
    pub repeated: u64,
    /// TCP payload bytes that came after a reset or after both ends: no program ever got them.
    pub late: u64,
    /// Connections and UDP flows.
    pub connections: u64,
    /// Flows that were closed because the table was full.
    pub evicted: u64,
    /// Bytes of a last packet that the file does not hold whole.
    pub truncated: u64,
    /// Whether the file stops making sense before its end.
    pub garbled: bool,
    undecoded: [u64; Undecoded::ALL.len()],
}

impl Tally {
    /// Packets that were not understood, by reason.
    pub fn undecoded(&self) -> impl Iterator<Item = (Undecoded, u64)> + '_ {
        Undecoded::ALL.into_iter().zip(self.undecoded.iter().copied())
    }

    /// What a reader should know before trusting the result, one sentence each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.truncated > 0 {
            let count = self.truncated;
            warnings.push(format!("the file ends inside a packet: its last {count} bytes were not read"));
        }
        if self.garbled {
            let count = self.packets;
            warnings.push(format!("the file is damaged after packet {count}: the rest was not read"));
        }
        if self.evicted > 0 {
            let count = self.evicted;
            warnings.push(format!("more flows at once than are kept: {count} idle ones were closed early"));
        }
        warnings
    }

    pub(super) fn count(&mut self, reason: Undecoded, packets: u64) {
        if let Some(count) = self.undecoded.get_mut(reason as usize) {
            *count += packets;
        }
    }

    pub(super) fn end(&mut self, ending: Ending, damaged: bool) {
        match ending {
            Ending::Clean => {}
            Ending::Truncated(bytes) => self.truncated += bytes,
            Ending::Garbled => self.garbled = true,
        }
        self.garbled |= damaged;
    }
}
