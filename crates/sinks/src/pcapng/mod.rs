//! Packet captures of what was said in clear, for Wireshark and its kin.
//!
//! TLS is gone and TCP is made up: each layer of a connection that says something is a stream with its hand-shake, its bytes at their
//! positions, and its end. Lost bytes are missing in it, as in any capture. A comment on the first packet says who talks.

mod block;
mod file;
mod flow;
mod packet;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::path::Path;
use std::sync::Arc;

use model::conn::ConnId;
use model::event::{Event, Opened, What};

use file::Files;
use flow::Flow;

pub use file::Ring;

/// So many connections are written at a time; others are left out, and counted.
const FLOWS: usize = 1 << 18;

/// Writes events as packets.
#[derive(Debug)]
pub struct Pcapng {
    files: Files,
    flows: HashMap<ConnId, Flow>,
    /// Ends of connections that are written under the name of the other end.
    others: HashMap<ConnId, ConnId>,
    /// Ends that one was opened with, before they were opened themselves, with that one.
    awaited: HashMap<ConnId, ConnId>,
    ordinal: u32,
    left_out: u64,
    packets: Vec<u8>,
}

impl Pcapng {
    /// A new capture at `path`, which only its owner may read; what stood there is replaced.
    ///
    /// # Errors
    /// What the system answered.
    pub fn create(path: &Path, ring: Option<Ring>) -> io::Result<Self> {
        Ok(Pcapng {
            files: Files::create(path, ring)?,
            flows: HashMap::new(),
            others: HashMap::new(),
            awaited: HashMap::new(),
            ordinal: 0,
            left_out: 0,
            packets: Vec::new(),
        })
    }

    /// Adds what an event says.
    ///
    /// # Errors
    /// What the system answered.
    pub fn record(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.files.turn()?;
        let id = self.others.get(&event.conn).copied().unwrap_or(event.conn);
        match &event.what {
            What::Opened(opened) => self.open(event.conn, opened),
            What::Said(said) => match self.flows.get_mut(&id) {
                Some(flow) => flow.say(&mut self.packets, self.files.ordinal(), event.at, said),
                None => self.left_out += said.bytes.len() as u64,
            },
            What::Secured(paired) => {
                if let Some(flow) = self.flows.get_mut(&id) {
                    flow.secure(*paired);
                }
            }
            What::Closed => {
                self.others.remove(&event.conn);
                if let Entry::Occupied(mut flow) = self.flows.entry(id)
                    && flow.get_mut().close(&mut self.packets, event.at)
                    && let Some(peer) = flow.remove().peer()
                {
                    self.awaited.remove(&peer);
                }
            }
            // Lost bytes are a gap between sequence numbers.
            What::Lost(_) | What::Sealed { .. } | What::Counted(_) => {}
        }
        self.files.write(&mut self.packets)
    }

    /// Hands everything to the system, so that who reads the file now sees it.
    ///
    /// # Errors
    /// What the system answered.
    pub fn flush(&mut self) -> io::Result<()> {
        self.files.flush()
    }

    /// Nothing more will be said on the connections that are open: what comes is of others.
    ///
    /// # Errors
    /// What the system answered.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flows.clear();
        self.others.clear();
        self.awaited.clear();
        self.flush()
    }

    /// The bytes that were left out, because too many connections were open.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    fn open(&mut self, id: ConnId, opened: &Arc<Opened>) {
        let known = self.others.get(&id).copied().unwrap_or(id);
        if let Some(flow) = self.flows.get_mut(&known) {
            return flow.reopen(opened);
        }
        // On two processors, the end that was there second may be announced first.
        if let Some(other) = opened.peer.as_deref().copied().or_else(|| self.awaited.remove(&id)) {
            if let Some(flow) = self.flows.get_mut(&other) {
                flow.join(opened);
                self.others.insert(id, other);
                return;
            }
            self.awaited.insert(other, id);
        }
        if self.flows.len() < FLOWS {
            self.ordinal = self.ordinal.wrapping_add(1);
            self.flows.insert(id, Flow::new(Arc::clone(opened), self.ordinal));
        }
    }
}
