//! The table of connections, by their names.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use model::conn::ConnId;

use crate::connection::Connection;

/// So many shortcuts there are: what is kept for each stays near the processor.
const SHORTCUTS: usize = 1 << 11;

/// Every connection that is followed.
///
/// A place of the table is one pointer: up to half of them are empty, and a connection knows its own name.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    table: HashTable<Box<Connection>>,
    hasher: RandomState,
    recent: Recent,
}

/// Where in the table connections were found last, by their names' [`shortcut`]: an answer is near its question.
///
/// Whether a place is still the right one shows there.
#[derive(Debug)]
struct Recent(Box<[u32; SHORTCUTS]>);

impl Default for Recent {
    fn default() -> Self {
        Recent(Box::new([0; SHORTCUTS]))
    }
}

impl Connections {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// The connection of this name.
    #[inline]
    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut Connection> {
        let place = self.recent.0[shortcut(id)] as usize;
        if !self.is_at(place, id) {
            return self.look_up(id);
        }
        self.table.get_bucket_mut(place).map(Box::as_mut)
    }

    #[inline]
    fn is_at(&self, place: usize, id: ConnId) -> bool {
        self.table.get_bucket(place).is_some_and(|connection| connection.id() == id)
    }

    /// The connection of this name, by the table.
    #[inline(never)]
    fn look_up(&mut self, id: ConnId) -> Option<&mut Connection> {
        let hash = self.hasher.hash_one(id);
        let place = self.table.find_bucket_index(hash, |connection| connection.id() == id)?;
        self.recent.0[shortcut(id)] = u32::try_from(place).ok()?;
        self.table.get_bucket_mut(place).map(Box::as_mut)
    }

    /// The connection of this name, to look at.
    pub(crate) fn get(&self, id: ConnId) -> Option<&Connection> {
        let hash = self.hasher.hash_one(id);
        self.table.find(hash, |connection| connection.id() == id).map(Box::as_ref)
    }

    /// Adds a connection whose name no other one has.
    pub(crate) fn add(&mut self, connection: Connection) {
        let hasher = &self.hasher;
        let hash = hasher.hash_one(connection.id());
        self.table.insert_unique(hash, Box::new(connection), |other| hasher.hash_one(other.id()));
    }

    /// Takes the connection of this name out.
    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Box<Connection>> {
        let hash = self.hasher.hash_one(id);
        let found = self.table.find_entry(hash, |connection| connection.id() == id).ok()?;
        Some(found.remove().0)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.table.iter().map(Box::as_ref)
    }

    /// Takes all of them out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Box<Connection>> {
        self.table.drain()
    }
}

/// A number that few connections of a busy host share.
#[inline]
fn shortcut(id: ConnId) -> usize {
    id.tgid.wrapping_add(id.fd) as usize % SHORTCUTS
}
