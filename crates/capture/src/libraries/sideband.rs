//! What processes do to their code, as it happens: map a file, fork, start another program, end.
//!
//! The kernel's perf "sideband" tells of every mapping of code, `dlopen` included. A record could name a file by its
//! build id or by its inode, not by both: hooks are per inode, so that is what is asked for.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::libraries::mappings::{FileId, Mapped};
use crate::libraries::ring::{Ring, gather, monotonic};

/// Where the kernel lists its processors that run.
const ONLINE: &str = "/sys/devices/system/cpu/online";
/// More processors than Linux can be built for.
const PROCESSORS: u32 = 8_192;
/// How often one look goes back to the rings for records older than those which it has already read.
const ROUNDS: usize = 3;

/// What a process did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It mapped a file as code.
    Mapped(Mapped),
    /// It began as a copy of another.
    Forked {
        /// The process that it is a copy of.
        parent: u32,
        /// The new process.
        child: u32,
    },
    /// It started another program: whatever it had mapped is gone.
    Executed(u32),
    /// It ended.
    Ended(u32),
}

/// What was not told, because nobody looked in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// Records that the kernel counted as lost. It says so only with the next record of that processor.
    pub records: u64,
    /// A ring was full: more may be lost than is counted yet.
    pub perhaps_more: bool,
}

/// The rings of all processors.
///
/// A processor that comes online later has no ring: [`Sideband::is_current`] tells, and whoever reads opens anew and
/// looks at all processes once. One that goes offline keeps its ring, which stays silent.
pub struct Sideband {
    rings: Vec<Ring>,
    ready: OwnedFd,
    online: String,
    held: Vec<(u64, Happened)>,
}

impl Sideband {
    /// Listens on every processor that is online.
    ///
    /// # Errors
    /// `PermissionDenied` without `CAP_PERFMON` (or `CAP_SYS_ADMIN`) where `perf_event_paranoid` is above 0; what the
    /// kernel answers otherwise.
    pub fn open() -> io::Result<Sideband> {
        let online = fs::read_to_string(ONLINE)?;
        let rings = processors(&online).map(Ring::open).collect::<io::Result<Vec<Ring>>>()?;
        let ready = gather(rings.iter().map(AsFd::as_fd))?.into();
        Ok(Sideband { rings, ready, online, held: Vec::new() })
    }

    /// Whether the processors are still those that were online at the opening.
    #[must_use]
    pub fn is_current(&self) -> bool {
        fs::read_to_string(ONLINE).is_ok_and(|online| online == self.online)
    }

    /// Gives what happened since the last time to `each`, in the order of time over all processors, with its moment
    /// (nanoseconds of `CLOCK_MONOTONIC`).
    pub fn drain(&mut self, mut each: impl FnMut(u64, Happened)) -> Missed {
        let mut missed = Missed::default();
        for round in 1..=ROUNDS {
            let before = monotonic();
            for ring in &mut self.rings {
                let held = &mut self.held;
                let full = ring.drain(|kind, flags, body| missed.records += read(kind, flags, body, held));
                missed.perhaps_more |= full;
            }
            self.held.sort_by_key(|(at, _)| *at);
            // What is younger than this round's beginning may have an elder in a ring that was read before it.
            let settled = match round {
                ROUNDS => self.held.len(),
                _ => self.held.partition_point(|(at, _)| *at <= before),
            };
            self.held.drain(..settled).for_each(|(at, happened)| each(at, happened));
            if self.held.is_empty() {
                break;
            }
        }
        missed
    }
}

impl AsFd for Sideband {
    /// Ready to read when something happened.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ready.as_fd()
    }
}

/// The processors in a list such as `0-3,6`.
fn processors(list: &str) -> impl Iterator<Item = u32> {
    list.trim()
        .split(',')
        .filter_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?.min(PROCESSORS))
        })
        .flatten()
}

const LOST: u32 = 2;
const COMM: u32 = 3;
const EXIT: u32 = 4;
const FORK: u32 = 7;
const MMAP2: u32 = 10;
const COMM_IS_EXEC: u16 = 1 << 13;
/// The moment that ends every record, as `PERF_SAMPLE_TIME` with `sample_id_all` asks.
const MOMENT: usize = 8;

/// Reads one record (perf_event_open(2), "Overflow handling"); returns how many lost ones it stands for.
fn read(kind: u32, flags: u16, record: &[u8], into: &mut Vec<(u64, Happened)>) -> u64 {
    let mut record = Record(record);
    match kind {
        LOST => return record.skip(8).and_then(|()| record.u64()).unwrap_or(1),
        MMAP2 => into.extend(mapped(record)),
        COMM if flags & COMM_IS_EXEC != 0 => {
            into.extend(record.moment().zip(record.u32()).map(|(at, pid)| (at, Happened::Executed(pid))));
        }
        FORK | EXIT => into.extend(task(kind, record)),
        _ => {}
    }
    0
}

fn mapped(mut record: Record<'_>) -> Option<(u64, Happened)> {
    let at = record.moment()?;
    let (pid, _thread) = (record.u32()?, record.u32()?);
    let (start, length, _offset) = (record.u64()?, record.u64()?, record.u64()?);
    let file = FileId { major: record.u32()?, minor: record.u32()?, inode: record.u64()? };
    let (generation, _protection, _flags) = (record.u64()?, record.u32()?, record.u32()?);
    let name = record.0.split(|byte| *byte == 0).next()?;
    let end = start.checked_add(length)?;
    let path = PathBuf::from(std::ffi::OsStr::from_bytes(name));
    (file.inode != 0).then_some((
        at,
        Happened::Mapped(Mapped { pid, file, generation: Some(generation), start, end, path }),
    ))
}

/// Forks and exits of processes; those of single threads say nothing here.
fn task(kind: u32, mut record: Record<'_>) -> Option<(u64, Happened)> {
    let (pid, parent, thread) = (record.u32()?, record.u32()?, record.u32()?);
    record.skip(4)?;
    let at = record.u64()?;
    if kind == FORK {
        return (pid != parent).then_some((at, Happened::Forked { parent, child: pid }));
    }
    (pid == thread).then_some((at, Happened::Ended(pid)))
}

/// The rest of a record's bytes.
struct Record<'a>(&'a [u8]);

impl Record<'_> {
    fn u32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_ne_bytes(*bytes))
    }

    fn u64(&mut self) -> Option<u64> {
        let (bytes, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_ne_bytes(*bytes))
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.0 = self.0.get(length..)?;
        Some(())
    }

    /// The moment at its end.
    fn moment(&self) -> Option<u64> {
        self.0.last_chunk::<MOMENT>().map(|bytes| u64::from_ne_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};

    use super::*;

    #[test]
    fn processors_are_listed_as_the_kernel_writes_them() {
        assert_eq!(processors("0-2,5,7-8\n").collect::<Vec<_>>(), [0, 1, 2, 5, 7, 8]);
        assert_eq!(processors("").count(), 0);
    }

    #[test]
    fn a_mapping_is_read() {
        let mut record = [7_u32.to_ne_bytes(), 9_u32.to_ne_bytes()].concat();
        record.extend([0x1000_u64, 0x2000, 0].map(u64::to_ne_bytes).concat());
        record.extend([0xfe_u32, 1].map(u32::to_ne_bytes).concat());
        record.extend([55_u64, 6, 0].map(u64::to_ne_bytes).concat());
        record.extend(b"/lib/a.so\0\0\0\0\0\0\0");
        record.extend(4_711_u64.to_ne_bytes());
        let mut happened = Vec::new();
        assert_eq!(read(MMAP2, 0, &record, &mut happened), 0);
        let file = FileId { major: 0xfe, minor: 1, inode: 55 };
        let path = PathBuf::from("/lib/a.so");
        let mapped = Mapped { pid: 7, file, generation: Some(6), start: 0x1000, end: 0x3000, path };
        assert_eq!(happened, [(4_711, Happened::Mapped(mapped))]);
    }

    #[test]
    fn lost_records_are_counted() {
        let record = [1_u64.to_ne_bytes(), 23_u64.to_ne_bytes(), 0_u64.to_ne_bytes()].concat();
        assert_eq!(read(LOST, 0, &record, &mut Vec::new()), 23);
    }

    proptest! {
        #[test]
        fn any_record_is_survived(kind in 0_u32..16, flags in any::<u16>(), body in prop::collection::vec(any::<u8>(), 0..128)) {
            read(kind, flags, &body, &mut Vec::new());
        }
    }
}
