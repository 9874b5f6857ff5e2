//! The table of connections, by their names.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use model::conn::ConnId;

use crate::connection::Connection;
use crate::slots::Slots;

/// As many shortcuts as the connections of a quiet host need. There are at least as many as connections: a shortcut to
/// another one is a look at memory that nobody needs.
const SHORTCUTS: usize = 1 << 11;

/// Every connection that is followed.
#[derive(Debug)]
pub(crate) struct Connections {
    /// The places of all connections, by their names' hashes: a connection knows its own name.
    places: HashTable<u32>,
    hasher: RandomState,
    slots: Slots,
    /// Where connections were found last, by their names' [`shortcut`](Connections::shortcut); whether a place is still the
    /// right one shows there.
    recent: Vec<u32>,
}

impl Default for Connections {
    fn default() -> Self {
        Connections {
            places: HashTable::new(),
            hasher: RandomState::default(),
            slots: Slots::default(),
            recent: vec![0; SHORTCUTS],
        }
    }
}

impl Connections {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The connection of this name.
    #[inline]
    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut Connection> {
        let place = self.recent.get(self.shortcut(id)).copied()?;
        if self.slots.get(place).is_some_and(|connection| connection.id() == id) {
            self.slots.get_mut(place)
        } else {
            self.look_up(id)
        }
    }

    /// The connection of this name, by the table.
    #[inline(never)]
    fn look_up(&mut self, id: ConnId) -> Option<&mut Connection> {
        let place = self.place(id)?;
        self.remember(id, place);
        self.slots.get_mut(place)
    }

    /// The connection of this name, to look at.
    pub(crate) fn get(&self, id: ConnId) -> Option<&Connection> {
        self.slots.get(self.place(id)?)
    }

    /// Adds a connection whose name no other one has.
    pub(crate) fn add(&mut self, connection: Connection) {
        let id = connection.id();
        let Some(place) = self.slots.add(connection) else { return };
        let (hasher, slots) = (&self.hasher, &self.slots);
        let hash = |&place: &u32| slots.get(place).map_or(0, |one| hasher.hash_one(one.id()));
        self.places.insert_unique(hasher.hash_one(id), place, hash);
        if self.places.len() > self.recent.len() {
            self.recent = vec![0; 2 * self.recent.len()];
        }
        self.remember(id, place);
    }

    /// Takes the connection of this name out.
    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Connection> {
        let place = self.place(id)?;
        if let Ok(entry) = self.places.find_entry(self.hasher.hash_one(id), |&other| other == place) {
            entry.remove();
        }
        self.slots.remove(place)
    }

    /// Takes all of them out, those that were silent for longest first.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Connection> {
        let Connections { places: table, mut slots, recent: mut places, .. } = std::mem::take(self);
        // There are no fewer shortcuts than places: what is about to shrink takes no memory more.
        places.clear();
        places.extend(table);
        places.sort_unstable_by_key(|&place| slots.get(place).map(|one| (one.heard, one.id())));
        places.into_iter().filter_map(move |place| slots.remove(place))
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.slots.iter()
    }

    /// Where the connection of this name is, by the table.
    fn place(&self, id: ConnId) -> Option<u32> {
        let is = |&place: &u32| self.slots.get(place).is_some_and(|connection| connection.id() == id);
        self.places.find(self.hasher.hash_one(id), is).copied()
    }

    fn remember(&mut self, id: ConnId, place: u32) {
        let shortcut = self.shortcut(id);
        if let Some(recent) = self.recent.get_mut(shortcut) {
            *recent = place;
        }
    }

    /// A number that few connections of a busy host share. There is a power of two of them.
    #[inline]
    fn shortcut(&self, id: ConnId) -> usize {
        id.tgid.wrapping_add(id.fd) as usize & (self.recent.len() - 1)
    }
}
