//! The consumer's side of the BPF ring buffer: records are read where the kernel wrote them.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::waker::Waker;

/// The record is still being written (`BPF_RINGBUF_BUSY_BIT`).
const BUSY: u32 = 1 << 31;
/// The record was given up (`BPF_RINGBUF_DISCARD_BIT`).
const DISCARDED: u32 = 1 << 30;
/// A record's own header, before its bytes (`BPF_RINGBUF_HDR_SZ`).
const HEADER: usize = 8;
/// Space is given back to the kernel in steps of this share of the ring: each step costs a write to a shared page.
const RELEASES_PER_ROUND: usize = 8;

/// The ring, mapped.
pub(crate) struct Ring {
    map: OwnedFd,
    consumer: Mapping,
    producer: Mapping,
    size: usize,
    page: usize,
    read: u64,
    released: u64,
}

/// Where one record's bytes stand in the ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    start: usize,
    length: usize,
}

impl Ring {
    /// Maps the ring buffer `map` of `size` bytes.
    pub(crate) fn open(map: BorrowedFd<'_>, size: usize) -> io::Result<Ring> {
        let page = page_size()?;
        let consumer = Mapping::new(map, page, libc::PROT_READ | libc::PROT_WRITE, 0)?;
        // The data is mapped twice in a row, so that no record is ever cut in two.
        let producer = Mapping::new(map, page + 2 * size, libc::PROT_READ, page)?;
        let mut ring =
            Ring { map: map.try_clone_to_owned()?, consumer, producer, size, page, read: 0, released: 0 };
        ring.read = ring.consumed().load(Ordering::Relaxed);
        ring.released = ring.read;
        Ok(ring)
    }

    /// The next whole record; gives the space of those before it back.
    pub(crate) fn take(&mut self) -> Option<Slot> {
        if self.read - self.released >= (self.size / RELEASES_PER_ROUND) as u64 {
            self.release();
        }
        loop {
            if self.is_empty() {
                self.release();
                return None;
            }
            let start = usize::try_from(self.read).ok()? & (self.size - 1);
            let header = self.header(start).load(Ordering::Acquire);
            if header & BUSY != 0 {
                return None;
            }
            let length = (header & !DISCARDED) as usize;
            self.read += (length + HEADER).next_multiple_of(8) as u64;
            if header & DISCARDED == 0 {
                return Some(Slot { start: start + HEADER, length });
            }
        }
    }

    /// Whether every record that was begun was taken. One that is still being written makes [`Ring::take`] answer nothing
    /// although it, and others behind it, will come: its writer may have lost its processor in the midst of it.
    pub(crate) fn is_empty(&self) -> bool {
        self.read >= self.produced().load(Ordering::Acquire)
    }

    /// The bytes of a record that [`Ring::take`] answered last.
    pub(crate) fn bytes(&self, slot: Slot) -> &[u8] {
        let offset = self.page + slot.start;
        let room = self.producer.length.saturating_sub(offset);
        // SAFETY: the mapping holds the data twice after its first page, so `offset` and the clamped length stay in
        // it; the kernel does not write to a record between its submission and its release, and only `take`, which
        // wants `&mut self`, releases.
        unsafe { std::slice::from_raw_parts(self.producer.at(offset), slot.length.min(room)) }
    }

    /// Waits until the kernel says that a batch is waiting, or another thread wakes this one, or for `timeout`.
    pub(crate) fn wait(&self, timeout: Duration, waker: &Waker) -> io::Result<()> {
        let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        let wanted = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut wanted = [wanted(self.map.as_raw_fd()), wanted(waker.as_raw_fd())];
        // SAFETY: two `pollfd`, which live across the call.
        if unsafe { libc::poll(wanted.as_mut_ptr(), 2, milliseconds) } >= 0 {
            if wanted[1].revents != 0 {
                waker.rest();
            }
            return Ok(());
        }
        match io::Error::last_os_error() {
            interrupted if interrupted.kind() == io::ErrorKind::Interrupted => Ok(()),
            other => Err(other),
        }
    }

    fn release(&mut self) {
        if self.released != self.read {
            self.consumed().store(self.read, Ordering::Release);
            self.released = self.read;
        }
    }

    fn consumed(&self) -> &AtomicU64 {
        // SAFETY: the first word of a page that is mapped as long as `self` lives; page-aligned.
        unsafe { &*self.consumer.at(0).cast::<AtomicU64>() }
    }

    fn produced(&self) -> &AtomicU64 {
        // SAFETY: as above; the mapping is read-only, and this reference is only loaded from.
        unsafe { &*self.producer.at(0).cast::<AtomicU64>() }
    }

    fn header(&self, start: usize) -> &AtomicU32 {
        // SAFETY: `start` is below `size` and a multiple of 8, as every record's length is rounded up.
        unsafe { &*self.producer.at(self.page + start).cast::<AtomicU32>() }
    }
}

/// Memory shared with the kernel.
struct Mapping {
    base: NonNull<u8>,
    length: usize,
}

// SAFETY: the memory belongs to the process, not to a thread, and is reached through `Ring` alone.
unsafe impl Send for Mapping {}

impl Mapping {
    fn new(map: BorrowedFd<'_>, length: usize, protection: i32, offset: usize) -> io::Result<Mapping> {
        let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
        let base = unsafe {
            libc::mmap(std::ptr::null_mut(), length, protection, libc::MAP_SHARED, map.as_raw_fd(), offset)
        };
        match NonNull::new(base.cast::<u8>()) {
            Some(base) if base.as_ptr().cast() != libc::MAP_FAILED => Ok(Mapping { base, length }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// The address of the byte at `offset`, which the caller keeps inside the mapping.
    fn at(&self, offset: usize) -> *const u8 {
        self.base.as_ptr().wrapping_add(offset)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly what `new` mapped, and nothing borrows it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.length) };
    }
}

fn page_size() -> io::Result<usize> {
    // SAFETY: a question without arguments in memory.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileExt as _;

    use super::{BUSY, Ring, page_size};

    #[test]
    fn a_record_that_is_being_written_is_not_the_end() {
        let (page, size) = (page_size().unwrap(), page_size().unwrap());
        let memory: File = tempfile::tempfile().unwrap();
        memory.set_len(2 * page as u64 + 2 * size as u64).unwrap();
        let mut ring = Ring::open(memory.as_fd(), size).unwrap();
        assert!(ring.take().is_none() && ring.is_empty());
        let write = |at: usize, bytes: &[u8]| memory.write_all_at(bytes, at as u64).unwrap();
        let data = 2 * page;
        // Two records of 8 bytes, of which the first is being written.
        write(data, &(8 | BUSY).to_ne_bytes());
        write(data + 16, &8u32.to_ne_bytes());
        write(data + 24, b"seconds!");
        write(page, &32u64.to_ne_bytes());
        assert!(ring.take().is_none() && !ring.is_empty());
        write(data + 8, b"firsts!!");
        write(data, &8u32.to_ne_bytes());
        for told in [b"firsts!!", b"seconds!"] {
            let slot = ring.take().unwrap();
            assert_eq!(ring.bytes(slot), told);
        }
        assert!(ring.take().is_none() && ring.is_empty());
    }
}
