//! What watching costs the watched programs: hits of our hooks, at calibrated prices, and the time that our programs take there.

use std::collections::HashMap;
use std::mem;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use libbpf_rs::libbpf_sys::{BPF_STATS_RUN_TIME, bpf_enable_stats, bpf_obj_get_info_by_fd, bpf_prog_info};
use libbpf_rs::{MapCore as _, MapFlags};

use super::calibration::Calibration;
use super::error::KernelError;
use super::hooks::Hooks;
use super::skeleton::WatchSkel;

/// The kernel times our programs once in so many looks: timing costs each hit a tenth.
const TIMED: u32 = 10;
/// And then until it has timed so many calls, which a busy host makes in a moment, or until the next look.
const ENOUGH: u64 = 2000;
/// Whether it has is asked so often.
const ASKED: Duration = Duration::from_millis(100);
/// Fewer runs say nothing of what one takes.
const RUNS: u64 = 200;

/// What watching one process took since the look before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The process.
    pub pid: u32,
    /// Its system calls on sockets.
    pub calls: u64,
    /// The time that all hits together took of it.
    pub time: Duration,
}

/// `struct meter` of `bpf/meter.h`: calls, entries, returns, entries out of line.
type Hits = [u64; 4];

/// What is known of the costs.
#[derive(Debug, Default)]
pub(super) struct Costs {
    pub(super) calibration: Calibration,
    before: HashMap<u32, Hits>,
    timing: Option<Timing>,
    looks: u32,
    /// What a run takes in nanoseconds: of a call on a socket, and of a hook.
    call: u64,
    hook: u64,
    /// A call that is none on a socket, from the calibration.
    pub(super) idle: u64,
}

/// The kernel times our programs while this is kept. What there was when it began:
#[derive(Debug)]
struct Timing {
    _kept: OwnedFd,
    calls: Runs,
    hooks: Runs,
    met: HashMap<u32, Hits>,
    asked: Instant,
}

/// How often a program ran while it was timed, and for how long in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Runs {
    count: u64,
    time: u64,
}

impl Runs {
    fn since(self, before: Runs) -> Runs {
        Runs {
            count: self.count - before.count.min(self.count),
            time: self.time - before.time.min(self.time),
        }
    }
}

impl Costs {
    /// What each process paid since the last look; those that paid nothing are left out.
    pub(super) fn look(&mut self, skel: &WatchSkel<'_>, hooks: &Hooks) -> Result<Vec<Cost>, KernelError> {
        let now = meters(skel)?;
        let spent: Vec<(u32, Hits)> = met_since(&now, &self.before).collect();
        self.end_timing(skel, hooks, &now);
        self.looks += 1;
        // A quiet host has not said yet what a run takes.
        if self.looks.is_multiple_of(TIMED) || self.call == 0 {
            self.begin_timing(skel, hooks);
        }
        self.before = now;
        Ok(spent.into_iter().map(|(pid, hits)| self.price(pid, hits)).collect())
    }

    /// Whether the kernel times our programs; else only the way to them and back is told.
    pub(super) fn is_timed(&self) -> bool {
        self.idle > 0
    }

    /// Has the kernel time our programs from now on; false where we may not.
    pub(super) fn begin_timing(&mut self, skel: &WatchSkel<'_>, hooks: &Hooks) -> bool {
        // SAFETY: a question without memory; the descriptor is new, and nobody else's.
        let kept = match unsafe { bpf_enable_stats(BPF_STATS_RUN_TIME) } {
            fd @ 0.. => unsafe { OwnedFd::from_raw_fd(fd) },
            _ => return false,
        };
        let (calls, hooks) = runs(skel, hooks);
        let met = meters(skel).unwrap_or_default();
        self.timing = Some(Timing { _kept: kept, calls, hooks, met, asked: Instant::now() });
        true
    }

    /// Lets the kernel rest from timing once it has timed enough. To be asked often.
    pub(super) fn rest(&mut self, skel: &WatchSkel<'_>, hooks: &Hooks) {
        let Some(timing) = self.timing.as_mut().filter(|timing| timing.asked.elapsed() >= ASKED) else {
            return;
        };
        timing.asked = Instant::now();
        let Ok(now) = meters(skel) else { return };
        if calls_since(&now, &timing.met) >= ENOUGH {
            self.end_timing(skel, hooks, &now);
        }
    }

    /// Takes what a call that is none on a socket takes, of which only such were made since the timing began.
    pub(super) fn take_idle(&mut self, skel: &WatchSkel<'_>, hooks: &Hooks) {
        if let Some(timing) = &self.timing {
            let calls = runs(skel, hooks).0.since(timing.calls);
            self.idle = calls.time.checked_div(calls.count).unwrap_or_default();
        }
    }

    /// Takes what a run takes, as the kernel timed it until `now`.
    fn end_timing(&mut self, skel: &WatchSkel<'_>, hooks: &Hooks, now: &HashMap<u32, Hits>) {
        let Some(timing) = self.timing.take() else { return };
        let on_sockets = calls_since(now, &timing.met);
        let (calls, hits) = runs(skel, hooks);
        let (calls, hits) = (calls.since(timing.calls), hits.since(timing.hooks));
        let idle = calls.count.saturating_sub(on_sockets) * self.idle;
        if on_sockets >= RUNS {
            self.call = calls.time.saturating_sub(idle) / on_sockets;
        }
        if hits.count >= RUNS {
            self.hook = hits.time / hits.count;
        }
    }

    fn price(&self, pid: u32, [calls, entries, returns, stepped]: Hits) -> Cost {
        let Calibration { call, entry, leave, stepped: more } = self.calibration;
        let hits = [
            (calls, nanoseconds(call) + self.call),
            (entries, nanoseconds(entry) + self.hook),
            (returns, nanoseconds(leave) + self.hook),
            (stepped, nanoseconds(more)),
        ];
        let time = hits.iter().map(|(count, each)| count.saturating_mul(*each)).sum();
        Cost { pid, calls, time: Duration::from_nanos(time) }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn since(now: Hits, before: Hits) -> Hits {
    let mut hits = now;
    // A process id that is used again begins anew.
    hits.iter_mut().zip(before).for_each(|(now, before)| *now = now.checked_sub(before).unwrap_or(*now));
    hits
}

/// What each process met since `before`; those that met nothing are left out.
fn met_since(now: &HashMap<u32, Hits>, before: &HashMap<u32, Hits>) -> impl Iterator<Item = (u32, Hits)> {
    now.iter()
        .map(|(pid, hits)| (*pid, since(*hits, before.get(pid).copied().unwrap_or_default())))
        .filter(|(_, hits)| *hits != Hits::default())
}

/// The system calls on sockets among it.
fn calls_since(now: &HashMap<u32, Hits>, before: &HashMap<u32, Hits>) -> u64 {
    met_since(now, before).map(|(_, [calls, ..])| calls).sum()
}

fn meters(skel: &WatchSkel<'_>) -> Result<HashMap<u32, Hits>, KernelError> {
    let meters = &skel.maps.meters;
    let mut all = HashMap::new();
    for key in meters.keys() {
        let kept =
            meters.lookup(&key, MapFlags::ANY).map_err(|error| KernelError::Ledger(error.to_string()))?;
        // One that was pushed out between the two.
        let (Some(kept), Some(pid)) = (kept, key.first_chunk()) else { continue };
        let mut hits = Hits::default();
        for (hit, word) in hits.iter_mut().zip(kept.chunks_exact(size_of::<u64>())) {
            *hit = word.first_chunk().map_or(0, |word| u64::from_ne_bytes(*word));
        }
        all.insert(u32::from_ne_bytes(*pid), hits);
    }
    Ok(all)
}

/// How often the programs ran: the one of system calls, and all of hooked functions.
fn runs(skel: &WatchSkel<'_>, hooks: &Hooks) -> (Runs, Runs) {
    let mut hits = Runs::default();
    for program in hooks.programs(skel) {
        let Runs { count, time } = runs_of(program);
        hits = Runs { count: hits.count + count, time: hits.time + time };
    }
    (runs_of(skel.progs.sys_exit.as_fd()), hits)
}

fn runs_of(program: BorrowedFd<'_>) -> Runs {
    // SAFETY: all zeros are a question that asks for no memory beyond the struct.
    let mut info: bpf_prog_info = unsafe { mem::zeroed() };
    let mut length = u32::try_from(size_of::<bpf_prog_info>()).unwrap_or(0);
    // SAFETY: the kernel writes at most `length` bytes into `info`, which lives across the call.
    let failed =
        unsafe { bpf_obj_get_info_by_fd(program.as_raw_fd(), (&raw mut info).cast(), &raw mut length) } != 0;
    if failed { Runs::default() } else { Runs { count: info.run_cnt, time: info.run_time_ns } }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Calibration, Costs, since};

    #[test]
    fn each_hit_has_its_price() {
        let ns = Duration::from_nanos;
        let calibration = Calibration { call: ns(100), entry: ns(800), leave: ns(600), stepped: ns(10_000) };
        let costs = Costs { calibration, call: 400, hook: 200, ..Costs::default() };
        assert_eq!(costs.price(7, [10, 0, 0, 0]).time, ns(5000));
        assert_eq!(costs.price(7, [0, 4, 2, 1]).time, ns(4 * 1000 + 2 * 800 + 10_000));
    }

    #[test]
    fn a_process_id_that_is_used_again_begins_anew() {
        assert_eq!(since([5, 5, 5, 5], [3, 3, 3, 3]), [2, 2, 2, 2]);
        assert_eq!(since([2, 2, 2, 2], [3, 3, 3, 3]), [2, 2, 2, 2]);
    }
}
