//! Where connections stand: side by side in blocks, which are there while any of theirs is used. One that is not may wait
//! for the next connection, so that those that come and go alone share it.

use std::iter;

use crate::connection::Connection;

/// What a block has at most: two pages, of which an allocator wastes nothing, less what it may add to align the block.
const BYTES: usize = (8 << 10) - 16;
/// Connections of a block.
const BLOCK: usize = BYTES / size_of::<Option<Connection>>();
/// The places of two blocks are so far apart: a block has one bit of a word for each.
const STRIDE: u32 = u64::BITS;
/// The bits of a block that is full.
const FULL: u64 = (1 << BLOCK) - 1;

type Room = [Option<Connection>; BLOCK];

/// Connections, each in a place that it keeps.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    blocks: Vec<Block>,
    /// The blocks with a free place.
    vacant: Vec<u32>,
    /// A block's slots, all free.
    spare: Option<Box<Room>>,
}

#[derive(Debug, Default)]
struct Block {
    /// There while any is used.
    slots: Option<Box<Room>>,
    /// A bit for each that is used.
    used: u64,
}

impl Slots {
    /// The connection in this place.
    #[inline]
    pub(crate) fn get(&self, place: u32) -> Option<&Connection> {
        let slots = self.blocks.get((place / STRIDE) as usize)?.slots.as_ref()?;
        slots.get((place % STRIDE) as usize)?.as_ref()
    }

    /// The connection in this place.
    #[inline]
    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut Connection> {
        let slots = self.blocks.get_mut((place / STRIDE) as usize)?.slots.as_mut()?;
        slots.get_mut((place % STRIDE) as usize)?.as_mut()
    }

    /// Puts a connection in a free place; `None` when there are 2^32 of them.
    pub(crate) fn add(&mut self, connection: Connection) -> Option<u32> {
        if self.vacant.is_empty() {
            self.vacant.push(u32::try_from(self.blocks.len()).ok()?);
            self.blocks.push(Block::default());
        }
        let number = *self.vacant.last()?;
        let block = self.blocks.get_mut(number as usize)?;
        if block.slots.is_none() {
            block.slots = self.spare.take().or_else(free);
        }
        let slot = block.used.trailing_ones();
        *block.slots.as_mut()?.get_mut(slot as usize)? = Some(connection);
        block.used |= 1 << slot;
        if block.used == FULL {
            self.vacant.pop();
        }
        number.checked_mul(STRIDE)?.checked_add(slot)
    }

    /// Takes the connection out of a place.
    pub(crate) fn remove(&mut self, place: u32) -> Option<Connection> {
        let block = self.blocks.get_mut((place / STRIDE) as usize)?;
        let slot = place % STRIDE;
        let connection = block.slots.as_mut()?.get_mut(slot as usize)?.take()?;
        if block.used == FULL {
            self.vacant.push(place / STRIDE);
        }
        block.used &= !(1 << slot);
        if block.used == 0 {
            self.spare = block.slots.take();
        }
        Some(connection)
    }

    /// The places that are used.
    pub(crate) fn places(&self) -> impl Iterator<Item = u32> {
        let used = (0..).zip(&self.blocks).map(|(number, block)| (number * STRIDE, block.used));
        used.flat_map(|(first, used)| {
            (0..STRIDE).filter(move |slot| used >> slot & 1 == 1).map(move |slot| first + slot)
        })
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.blocks.iter().flat_map(|block| &block.slots).flat_map(|slots| slots.iter().flatten())
    }
}

/// The slots of a block, made where they stay: in a function's own room they would be 8 KiB to copy.
fn free() -> Option<Box<Room>> {
    iter::repeat_with(|| None).take(BLOCK).collect::<Box<[_]>>().try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::conn::{Address, ConnId, Role, Transport};
    use model::event::{Joined, Opened};
    use model::time::Time;

    use super::{BLOCK, Slots};
    use crate::connection::Connection;

    fn connection(number: u32) -> Connection {
        let opened = Opened {
            transport: Transport::Tcp,
            role: Role::Observer,
            joined: Joined::AtStart,
            client: Address::Unknown,
            server: Address::Unknown,
            process: None,
            peer: None,
            weight: 1,
        };
        Connection::new(ConnId { tgid: 0, fd: number, generation: 0 }, Arc::new(opened), Time(0))
    }

    /// As many as so many blocks have.
    fn numbers(blocks: usize) -> impl Iterator<Item = u32> {
        (0..).take(blocks * BLOCK)
    }

    #[test]
    fn a_place_is_used_again_and_a_block_goes_with_its_last_connection() {
        let mut slots = Slots::default();
        let places: Vec<_> = numbers(3).map(|number| slots.add(connection(number)).unwrap()).collect();
        for place in &places[..2 * BLOCK] {
            assert!(slots.remove(*place).is_some() && slots.remove(*place).is_none());
        }
        assert_eq!(slots.blocks.iter().filter(|block| block.slots.is_some()).count(), 1);
        let again: Vec<_> = numbers(2).map(|number| slots.add(connection(number)).unwrap()).collect();
        assert_eq!((slots.blocks.len(), slots.iter().count()), (3, 3 * BLOCK));
        for (number, place) in again.into_iter().enumerate() {
            assert_eq!(slots.get(place).unwrap().id().fd as usize, number);
        }
    }
}
