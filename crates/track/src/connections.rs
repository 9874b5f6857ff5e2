//! The table of connections, by their names.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use model::conn::ConnId;

use crate::connection::Connection;

/// Every connection that is followed.
///
/// A place of the table is one pointer: up to half of them are empty, and a connection knows its own name.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    table: HashTable<Box<Connection>>,
    hasher: RandomState,
}

impl Connections {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// The connection of this name.
    #[inline]
    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut Connection> {
        let hash = self.hasher.hash_one(id);
        self.table.find_mut(hash, |connection| connection.id() == id).map(Box::as_mut)
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
