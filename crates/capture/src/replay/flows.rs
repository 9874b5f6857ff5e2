//! The table of flows: who talks with whom, within a bound.

use model::conn::{Speaker, Transport};
use model::places::Places;

use crate::replay::connection::Connection;
use crate::replay::key::{Ends, Key, SHORTCUTS};

/// Flows at once. Beyond it the longest idle of the next [`NEIGHBOURS`] is closed for each new one.
pub(super) const FLOWS_MAX: usize = 1_000_000;
/// As many flows as a capture of one service has: room for all [`FLOWS_MAX`] is taken beyond it.
const FLOWS_FEW: usize = 4096;
/// How many flows are compared to find one to close: enough to spare the busy ones, few enough to stay cheap.
const NEIGHBOURS: usize = 32;

/// A place for each [`Key::shortcut`]; whether it is the right one shows there.
#[derive(Debug)]
struct Recent(Box<[u32; SHORTCUTS]>);

impl Default for Recent {
    fn default() -> Recent {
        Recent(Box::new([0; SHORTCUTS]))
    }
}

/// One of each [`Ends::shortcut`].
#[derive(Debug)]
struct Nearby(Box<[Near; SHORTCUTS]>);

impl Default for Nearby {
    fn default() -> Nearby {
        Nearby(Box::new([Near::NOBODY; SHORTCUTS]))
    }
}

/// The packets that went between two ends lately, seen from the client, and where their flow is.
#[derive(Clone, Copy, Debug)]
struct Near {
    addresses: u64,
    ports: u32,
    place: u32,
}

impl Near {
    /// No flow has this place.
    const NOBODY: Near = Near { addresses: 0, ports: 0, place: u32::MAX };

    #[inline]
    fn asks(&self, ends: Ends) -> bool {
        ends == Ends { addresses: self.addresses, ports: self.ports }
    }
}

/// Every flow that is watched.
#[derive(Debug, Default)]
pub(super) struct Flows {
    /// The places of all flows, by their keys' hashes.
    places: Places,
    slots: Vec<Option<Connection>>,
    free: Vec<u32>,
    /// Where flows were found last, by their keys' [`shortcut`](Key::shortcut): a question's answer is near.
    recent: Recent,
    /// The same for segments that nothing but their ends is known of.
    near: Nearby,
    /// The next slot that a sweep looks at.
    hand: usize,
}

impl Flows {
    /// The flow between the ends of a segment, and who sent that.
    #[inline]
    pub(super) fn between(&mut self, ends: Ends) -> Option<(&mut Connection, Speaker)> {
        let near = &self.near.0[ends.shortcut()];
        let (place, speaker) = if near.asks(ends) {
            (near.place, Speaker::Client)
        } else if near.asks(ends.turned()) {
            (near.place, Speaker::Server)
        } else {
            self.approach(ends, ends, Transport::Tcp)?
        };
        Some((self.at(place)?, speaker))
    }

    /// The flow between the ends of a datagram, and who sent that.
    pub(super) fn between_datagrams(&mut self, ends: Ends) -> Option<(&mut Connection, Speaker)> {
        let named = ends.of_datagram();
        let near = &self.near.0[named.shortcut()];
        let (place, speaker) = if near.asks(named) {
            (near.place, Speaker::Client)
        } else if near.asks(named.turned()) {
            (near.place, Speaker::Server)
        } else {
            self.approach(ends, named, Transport::Udp)?
        };
        Some((self.at(place)?, speaker))
    }

    /// The same by the table: where it is. The next packet finds it near, under the ends as `named`.
    #[inline(never)]
    fn approach(&mut self, ends: Ends, named: Ends, transport: Transport) -> Option<(u32, Speaker)> {
        let (key, sender) = ends.key(transport);
        let place = self.place(key)?;
        let speaker = self.at(place)?.speaker(sender);
        // The ends of a connection to itself do not tell its sides apart.
        if ends != ends.turned() {
            let Ends { addresses, ports } = if speaker == Speaker::Client { named } else { named.turned() };
            self.near.0[ends.shortcut()] = Near { addresses, ports, place };
        }
        Some((place, speaker))
    }

    /// What was at a place is no longer there, or not with the same client.
    fn depart(&mut self, key: &Key, place: u32) {
        let near = &mut self.near.0[key.shortcut()];
        if near.place == place {
            *near = Near::NOBODY;
        }
    }

    /// The flow of this key.
    #[inline]
    pub(super) fn find(&mut self, key: &Key) -> Option<&mut Connection> {
        let recent = self.recent.0[key.shortcut()];
        if is_of(&self.slots, recent, key) { self.at(recent) } else { self.look_up(*key) }
    }

    #[inline]
    fn at(&mut self, place: u32) -> Option<&mut Connection> {
        self.slots.get_mut(place as usize)?.as_mut()
    }

    /// The flow of a key, by the table: out of line, so that the key of a flow that is near stays in registers.
    #[inline(never)]
    fn look_up(&mut self, key: Key) -> Option<&mut Connection> {
        let place = self.place(key)?;
        self.recent.0[key.shortcut()] = place;
        self.at(place)
    }

    /// Where the flow of a key is, by the table.
    fn place(&self, key: Key) -> Option<u32> {
        self.places.find(&key, |place| is_of(&self.slots, place, &key))
    }

    /// Adds a flow, in the place of the former one of its key.
    pub(super) fn add(&mut self, connection: Connection) {
        let key = connection.key();
        let place = match self.place(key) {
            Some(place) => place,
            None => self.settle(&key),
        };
        self.depart(&key, place);
        if let Some(slot) = self.slots.get_mut(place as usize) {
            *slot = Some(connection);
        }
    }

    /// A free place, entered in the table for a flow that is about to be put there.
    fn settle(&mut self, key: &Key) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            // Memory costs nothing before it is written to; growing by and by, as where this is refused, holds all flows
            // twice each time.
            if self.slots.len() == FLOWS_FEW {
                _ = self.slots.try_reserve_exact(FLOWS_MAX - FLOWS_FEW);
            }
            self.slots.push(None);
            // FLOWS_MAX bounds the slots, far below 2^32.
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let slots = &self.slots;
        self.places.add(key, place, |other| Some(slots.get(other as usize)?.as_ref()?.key()));
        place
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

    /// Removes any flow; `None` when there is none left, nor any memory for them.
    pub(super) fn drain(&mut self) -> Option<Connection> {
        self.free.clear();
        while let Some(last) = self.slots.len().checked_sub(1) {
            let connection = self.empty(u32::try_from(last).ok()?);
            self.slots.truncate(last);
            if connection.is_some() {
                return connection;
            }
        }
        *self = Flows::default();
        None
    }

    fn step(&mut self) -> Option<(u32, Option<&Connection>)> {
        let place = if self.hand < self.slots.len() { self.hand } else { 0 };
        self.hand = place + 1;
        let slot = self.slots.get(place)?;
        Some((u32::try_from(place).ok()?, slot.as_ref()))
    }

    fn remove(&mut self, place: u32) -> Option<Connection> {
        let connection = self.empty(place)?;
        self.free.push(place);
        Some(connection)
    }

    /// Takes the flow out of a place and out of the table.
    fn empty(&mut self, place: u32) -> Option<Connection> {
        let connection = self.slots.get_mut(place as usize)?.take()?;
        let key = connection.key();
        self.depart(&key, place);
        self.places.remove(&key, place);
        Some(connection)
    }
}

/// Whether the flow of this key is in this place.
#[inline]
fn is_of(slots: &[Option<Connection>], place: u32, key: &Key) -> bool {
    matches!(slots.get(place as usize), Some(Some(connection)) if connection.key() == *key)
}
