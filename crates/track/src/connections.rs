//! The table of connections, by their names.

use model::conn::ConnId;
use model::places::Places;

use crate::connection::Connection;
use crate::slots::Slots;

/// As many shortcuts as the connections of a quiet host need. There are at least as many as connections: a shortcut to
/// another one is a look at memory that nobody needs.
const SHORTCUTS: usize = 1 << 11;
/// So many of them stand together: a page, of which an allocator wastes nothing.
const TOGETHER: usize = 1 << 10;

/// Some of the places where connections were found last.
type Recent = Box<[u32; TOGETHER]>;

/// Every connection that is followed.
#[derive(Debug)]
pub(crate) struct Connections {
    /// The places of all connections, by their names' hashes: a connection knows its own name.
    places: Places,
    slots: Slots,
    /// Where connections were found last, by their names' [`shortcut`](Connections::shortcut); whether a place is still the
    /// right one shows there. A power of two, of which those that are there stay where they are when there are more.
    recent: Vec<Recent>,
}

impl Default for Connections {
    fn default() -> Self {
        Connections {
            places: Places::default(),
            slots: Slots::default(),
            recent: (0..SHORTCUTS / TOGETHER).map(|_| nowhere()).collect(),
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
        let (part, shortcut) = self.shortcut(id);
        let place = self.recent.get(part)?[shortcut];
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
        let slots = &self.slots;
        self.places.add(&id, place, |other| slots.get(other).map(Connection::id));
        if self.places.len() > self.recent.len() * TOGETHER {
            self.recent.resize_with(2 * self.recent.len(), nowhere);
        }
        self.remember(id, place);
    }

    /// Takes the connection of this name out.
    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Connection> {
        let place = self.place(id)?;
        self.places.remove(&id, place);
        self.slots.remove(place)
    }

    /// Takes all of them out, those that were silent for longest first.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Connection> {
        let Connections { mut slots, .. } = std::mem::take(self);
        let mut places: Vec<u32> = slots.places().collect();
        places.sort_unstable_by_key(|&place| slots.get(place).map(|one| (one.heard, one.id())));
        places.into_iter().filter_map(move |place| slots.remove(place))
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.slots.iter()
    }

    /// Where the connection of this name is, by the table.
    fn place(&self, id: ConnId) -> Option<u32> {
        self.places.find(&id, |place| self.slots.get(place).is_some_and(|connection| connection.id() == id))
    }

    fn remember(&mut self, id: ConnId, place: u32) {
        let (part, shortcut) = self.shortcut(id);
        if let Some(recent) = self.recent.get_mut(part) {
            recent[shortcut] = place;
        }
    }

    /// A number that few connections of a busy host share, as a part of those that there are and a place in it.
    #[inline]
    fn shortcut(&self, id: ConnId) -> (usize, usize) {
        let number = id.tgid.wrapping_add(id.fd) as usize;
        ((number / TOGETHER) & (self.recent.len() - 1), number % TOGETHER)
    }
}

/// Shortcuts to the first place, where whoever is looked for is not, or is.
fn nowhere() -> Recent {
    Box::new([0; TOGETHER])
}
