//! One perf event's ring of records: opened for one processor, read without a system call.
#![expect(
    unsafe_code,
    reason = "perf events have no safe interface: a system call and memory shared with the kernel"
)]

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

/// Pages of records, a power of two as the kernel wants: some 2,500 mappings between two looks, and with its header
/// within what the kernel lets each user lock (`perf_event_mlock_kb`, 516 KiB a processor).
const PAGES: usize = 64;
/// The longest record: a mapping's, with a path of 4,096 bytes.
const LONGEST: u64 = 4_096 + 128;
/// Where the shared header page keeps its positions (`struct perf_event_mmap_page`).
const DATA_HEAD: usize = 1_024;
const DATA_TAIL: usize = 1_032;
/// Type, flags and size before each record (`struct perf_event_header`).
const HEADER: usize = 8;

/// The beginning of `struct perf_event_attr` that kernel 4.16 and later take (112 bytes).
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_watermark: u32,
    bp_type: u32,
    config1: u64,
    config2: u64,
    branch_sample_type: u64,
    sample_regs_user: u64,
    sample_stack_user: u32,
    clockid: i32,
    sample_regs_intr: u64,
    aux_watermark: u32,
    sample_max_stack: u16,
    reserved: u16,
}

const TYPE_SOFTWARE: u32 = 1;
const COUNT_SW_DUMMY: u64 = 9;
const SAMPLE_TIME: u64 = 1 << 2;
const MMAP: u64 = 1 << 8;
const TASK: u64 = 1 << 13;
const WATERMARK: u64 = 1 << 14;
const SAMPLE_ID_ALL: u64 = 1 << 18;
const MMAP2: u64 = 1 << 23;
const COMM: u64 = 1 << 9;
const COMM_EXEC: u64 = 1 << 24;
const USE_CLOCKID: u64 = 1 << 25;
const FLAG_FD_CLOEXEC: u64 = 1 << 3;

/// A ring of the records of one processor.
pub(crate) struct Ring {
    event: OwnedFd,
    base: NonNull<u8>,
    mapped: usize,
    page: usize,
    record: Vec<u8>,
}

// SAFETY: the mapping belongs to this Ring alone and is not bound to a thread; the other party is the kernel.
unsafe impl Send for Ring {}

impl Ring {
    /// Asks for mappings of code, forks, execs and exits on one processor, each with its moment.
    pub(crate) fn open(processor: u32) -> io::Result<Ring> {
        let event = open_event(processor)?;
        // SAFETY: sysconf only reads a number.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4_096);
        let mapped = (1 + PAGES) * page;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a fresh shared mapping at an address of the kernel's choice, of an event that we own.
        let base =
            unsafe { libc::mmap(ptr::null_mut(), mapped, access, libc::MAP_SHARED, event.as_raw_fd(), 0) };
        match NonNull::new(base.cast::<u8>()) {
            Some(start) if base != libc::MAP_FAILED => {
                Ok(Ring { event, base: start, mapped, page, record: Vec::new() })
            }
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Gives each waiting record to `each` (its type, its flags, what follows its header), and frees its place.
    ///
    /// Returns whether the ring was so full that the next record may have found no place. The kernel says that it
    /// lost records only when the next one comes, which on a quiet processor is late.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(u32, u16, &[u8])) -> bool {
        let head = self.position(DATA_HEAD).load(Ordering::Acquire);
        let mut tail = self.position(DATA_TAIL).load(Ordering::Relaxed);
        let room = ((PAGES * self.page) as u64).saturating_sub(head.saturating_sub(tail));
        let mut record = std::mem::take(&mut self.record);
        while tail < head {
            self.copy(tail, HEADER, &mut record);
            let Some((kind, flags, size)) = header(&record) else { break };
            self.copy(tail, size, &mut record);
            each(kind, flags, record.get(HEADER..).unwrap_or_default());
            tail += size as u64;
        }
        self.record = record;
        self.position(DATA_TAIL).store(tail.min(head), Ordering::Release);
        room < LONGEST
    }

    fn position(&self, at: usize) -> &AtomicU64 {
        // SAFETY: the header page is mapped as long as self; the kernel keeps aligned 64-bit positions there, which
        // both parties change by atomic stores only.
        unsafe { AtomicU64::from_ptr(self.base.as_ptr().add(at).cast()) }
    }

    /// Copies `size` bytes at a position of the ring, around its end where need be.
    fn copy(&self, at: u64, size: usize, into: &mut Vec<u8>) {
        let length = PAGES * self.page;
        let size = size.min(length);
        let begin = usize::try_from(at % length as u64).unwrap_or_default();
        let first = size.min(length - begin);
        into.clear();
        into.reserve(size);
        // SAFETY: both pieces lie within the mapped records (begin + first <= length, size - first <= begin or 0),
        // the kernel does not write between tail and head, and `into` has room for `size` bytes.
        unsafe {
            let records = self.base.as_ptr().add(self.page);
            ptr::copy_nonoverlapping(records.add(begin), into.as_mut_ptr(), first);
            ptr::copy_nonoverlapping(records, into.as_mut_ptr().add(first), size - first);
            into.set_len(size);
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: this mapping was made by `open`, and nothing borrows from it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.mapped) };
    }
}

impl AsFd for Ring {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

/// A record's type, flags and size; `None` when the size cannot be, so that nothing is read twice.
fn header(record: &[u8]) -> Option<(u32, u16, usize)> {
    let (kind, rest) = record.split_first_chunk::<4>()?;
    let (flags, size) = rest.split_first_chunk::<2>()?;
    let size = usize::from(u16::from_ne_bytes(*size.first_chunk::<2>()?));
    (size >= HEADER).then(|| (u32::from_ne_bytes(*kind), u16::from_ne_bytes(*flags), size))
}

fn open_event(processor: u32) -> io::Result<OwnedFd> {
    let attributes = Attributes {
        kind: TYPE_SOFTWARE,
        size: 112,
        config: COUNT_SW_DUMMY,
        sample_type: SAMPLE_TIME,
        flags: MMAP | MMAP2 | TASK | COMM | COMM_EXEC | WATERMARK | SAMPLE_ID_ALL | USE_CLOCKID,
        wakeup_watermark: 1,
        clockid: libc::CLOCK_MONOTONIC,
        ..Attributes::default()
    };
    // SAFETY: the kernel reads `size` bytes of the attributes, which live until it returns; the other arguments are
    // plain numbers (every process, this processor, no group).
    let event = unsafe {
        libc::syscall(libc::SYS_perf_event_open, &raw const attributes, -1, processor, -1, FLAG_FD_CLOEXEC)
    };
    owned(RawFd::try_from(event).unwrap_or(-1))
}

/// One descriptor that is ready when any of `events` is.
pub(crate) fn gather<'a>(events: impl Iterator<Item = BorrowedFd<'a>>) -> io::Result<File> {
    // SAFETY: no pointer is passed.
    let epoll = owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
    for event in events {
        let mut wanted = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 0 };
        // SAFETY: both descriptors are open, and `wanted` lives until the call returns.
        let added = unsafe {
            libc::epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, event.as_raw_fd(), &raw mut wanted)
        };
        if added != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(File::from(epoll))
}

fn owned(fd: RawFd) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just given us this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Nanoseconds on the clock by which records are dated (`CLOCK_MONOTONIC`).
pub(crate) fn monotonic() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is ours to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    part(now.tv_sec) * 1_000_000_000 + part(now.tv_nsec)
}
