//! Things that a session named, to a bound.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Things by name, of which the oldest is forgotten when there are too many or they are too large.
#[derive(Debug)]
pub(super) struct Names<T> {
    unnamed: Option<T>,
    named: HashMap<Box<[u8]>, Named<T>, BuildHasherDefault<Fnv>>,
    size: usize,
    age: u64,
}

#[derive(Debug)]
struct Named<T> {
    thing: T,
    size: usize,
    age: u64,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Names { unnamed: None, named: HashMap::default(), size: 0, age: 0 }
    }
}

impl<T> Names<T> {
    pub(super) fn find(&self, name: &[u8]) -> Option<&T> {
        if name.is_empty() {
            return self.unnamed.as_ref();
        }
        self.named.get(name).map(|named| &named.thing)
    }

    pub(super) fn forget(&mut self, name: &[u8]) -> Option<T> {
        if name.is_empty() {
            return self.unnamed.take();
        }
        let named = self.named.remove(name)?;
        self.size -= named.size;
        Some(named.thing)
    }

    pub(super) fn keep(
        &mut self,
        name: &[u8],
        thing: T,
        size: usize,
        most: usize,
        largest: usize,
    ) -> Option<T> {
        if name.is_empty() {
            return self.unnamed.replace(thing);
        }
        let before = self.forget(name);
        while self.named.len() >= most || (self.size + size > largest && !self.named.is_empty()) {
            self.forget_oldest();
        }
        self.age += 1;
        self.size += size;
        self.named.insert(name.into(), Named { thing, size, age: self.age });
        before
    }

    fn forget_oldest(&mut self) {
        let oldest = self.named.iter().min_by_key(|(_, named)| named.age).map(|(name, _)| name.clone());
        if let Some(name) = oldest {
            self.forget(&name);
        }
    }
}

/// The hash of Fowler, Noll and Vo: names are short, and their number is bounded, so that nobody gains by collisions.
#[derive(Debug)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    /// The length that stands before a name's bytes is one step, and not eight.
    fn write_usize(&mut self, length: usize) {
        self.0 = (self.0 ^ length as u64).wrapping_mul(0x100_0000_01b3);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
