//! Where things stand that are found by their names: a table that grows part by part.

use std::array;
use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// A table has so many parts: each is copied by itself when it grows, so that the old one and the new one of the whole are
/// never there at once, and its memory is of a size that is used again.
const PARTS: usize = 128;

/// Numbers of places, by the hashes of the names of what stands there: a thing knows its own name, so that the table holds
/// none.
#[derive(Debug)]
pub struct Places {
    parts: Box<[HashTable<u32>; PARTS]>,
    hasher: RandomState,
    count: usize,
}

impl Default for Places {
    fn default() -> Self {
        let parts = Box::new(array::from_fn(|_| HashTable::new()));
        Places { parts, hasher: RandomState::default(), count: 0 }
    }
}

impl Places {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The place of the thing of this name; `is` says of a place whether it is that.
    #[must_use]
    pub fn find(&self, name: &impl Hash, is: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = self.hasher.hash_one(name);
        self.parts[part(hash)].find(hash, |&place| is(place)).copied()
    }

    /// Adds the place of a thing that has none yet; `name_of` says whose the others are.
    pub fn add<N: Hash>(&mut self, name: &N, place: u32, name_of: impl Fn(u32) -> Option<N>) {
        let hasher = &self.hasher;
        let hash = hasher.hash_one(name);
        let hash_of = |&other: &u32| name_of(other).map_or(hash, |name| hasher.hash_one(name));
        self.parts[part(hash)].insert_unique(hash, place, hash_of);
        self.count += 1;
    }

    /// Removes the place of the thing of this name.
    pub fn remove(&mut self, name: &impl Hash, place: u32) {
        let hash = self.hasher.hash_one(name);
        if let Ok(entry) = self.parts[part(hash)].find_entry(hash, |&other| other == place) {
            entry.remove();
            self.count -= 1;
        }
    }
}

/// The part of a hash: by bits that say little of the place in it.
fn part(hash: u64) -> usize {
    usize::from((hash >> 32 & 0xff) as u8) % PARTS
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn what_was_added_is_found_until_it_is_removed() {
        let names: Vec<u64> = (0..10_000).map(|number| number * 7).collect();
        let name_of = |place: u32| names.get(place as usize).copied();
        let mut places = Places::default();
        for (place, name) in (0..).zip(&names) {
            assert_eq!(places.find(name, |other| name_of(other) == Some(*name)), None);
            places.add(name, place, name_of);
        }
        for (place, name) in (0..).zip(&names).step_by(2) {
            places.remove(name, place);
        }
        assert_eq!(places.len(), names.len() / 2);
        for (place, name) in (0..).zip(&names) {
            let found = places.find(name, |other| name_of(other) == Some(*name));
            assert_eq!(found, (place % 2 == 1).then_some(place));
        }
    }
}
