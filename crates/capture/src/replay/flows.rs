//! The table of flows: who talks with whom, within a bound.

use std::hash::{Hash, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use crate::replay::connection::Connection;
use crate::replay::decode::{Endpoint, Packet};

/// Flows at once. Beyond it the longest idle of the next [`NEIGHBOURS`] is closed for each new one.
pub(super) const FLOWS_MAX: usize = 1_000_000;
/// How many flows are compared to find one to close: enough to spare the busy ones, few enough to stay cheap.
const NEIGHBOURS: usize = 32;

/// Names a flow in both directions: the two ends in order, the network and the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key([u64; 5]);

impl Key {
    /// The flow of a packet, and whether the lower end sent it.
    #[inline]
    pub(super) fn of(packet: &Packet) -> (Key, bool) {
        let from_low = packet.source <= packet.target;
        let (low, high) =
            if from_low { (packet.source, packet.target) } else { (packet.target, packet.source) };
        let transport = if packet.tcp.is_some() { 0 } else { 1 << 31 };
        let network = u64::from(packet.network & 0x7fff_ffff | transport);
        let [low_upper, low_lower] = halves(low);
        let [high_upper, high_lower] = halves(high);
        let ports = u64::from(low.port) << 48 | u64::from(high.port) << 32;
        (Key([low_upper, low_lower, high_upper, high_lower, ports | network]), from_low)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0 {
            state.write_u64(word);
        }
    }
}

fn halves(end: Endpoint) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, lower @ ..] = end.ip.to_be_bytes();
    [u64::from_be_bytes([a, b, c, d, e, f, g, h]), u64::from_be_bytes(lower)]
}

/// Every flow that is watched.
#[derive(Debug, Default)]
pub(super) struct Flows {
    places: HashMap<Key, u32, FixedState>,
    slots: Vec<Option<Connection>>,
    free: Vec<u32>,
    /// The next slot that a sweep looks at.
    hand: usize,
}

impl Flows {
    /// The place of a flow.
    #[inline]
    pub(super) fn find(&self, key: &Key) -> Option<u32> {
        self.places.get(key).copied()
    }

    /// The flow at a place.
    #[inline]
    pub(super) fn at(&mut self, place: u32) -> Option<&mut Connection> {
        self.slots.get_mut(place as usize)?.as_mut()
    }

    /// Adds a flow. When its key was in use, the former one is given back.
    pub(super) fn add(&mut self, connection: Connection) -> Option<Connection> {
        match self.places.entry(connection.key) {
            Entry::Occupied(place) => {
                let slot = self.slots.get_mut(*place.get() as usize)?;
                slot.replace(connection)
            }
            Entry::Vacant(vacant) => {
                if let Some(free) = self.free.pop() {
                    vacant.insert(free);
                    return self.slots.get_mut(free as usize)?.replace(connection);
                }
                // FLOWS_MAX bounds the slots, far below 2^32.
                vacant.insert(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
                self.slots.push(Some(connection));
                None
            }
        }
    }

    /// Whether there is no flow.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether a flow must go before one is added.
    pub(super) fn is_full(&self) -> bool {
        self.places.len() >= FLOWS_MAX
    }

    /// Removes the longest idle of the next few flows.
    pub(super) fn remove_idle(&mut self) -> Option<Connection> {
        let mut idlest: Option<(u64, u32)> = None;
        for _ in 0..NEIGHBOURS {
            let (place, connection) = self.step()?;
            let candidate = connection.map(|connection| (connection.last, place));
            idlest = [idlest, candidate].into_iter().flatten().min();
        }
        self.remove(idlest?.1)
    }

    /// Removes the next flow of a sweep when it has expired at `now`.
    pub(super) fn sweep(&mut self, now: u64) -> Option<Connection> {
        let (place, connection) = self.step()?;
        if connection.is_some_and(|connection| connection.has_expired(now)) {
            self.remove(place)
        } else {
            None
        }
    }

    /// Removes any flow; `None` when there is none left.
    pub(super) fn drain(&mut self) -> Option<Connection> {
        loop {
            match self.slots.pop()? {
                Some(connection) => {
                    self.places.remove(&connection.key);
                    return Some(connection);
                }
                None => self.free.clear(),
            }
        }
    }

    fn step(&mut self) -> Option<(u32, Option<&Connection>)> {
        let place = if self.hand < self.slots.len() { self.hand } else { 0 };
        self.hand = place + 1;
        let slot = self.slots.get(place)?;
        Some((u32::try_from(place).ok()?, slot.as_ref()))
    }

    fn remove(&mut self, place: u32) -> Option<Connection> {
        let connection = self.slots.get_mut(place as usize)?.take()?;
        self.places.remove(&connection.key);
        self.free.push(place);
        Some(connection)
    }
}
