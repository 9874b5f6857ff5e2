//! The kernel's clock, which counts from the boot, told in time of day.

use model::time::Time;

/// The distance between the two clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    boot: u64,
}

impl Clock {
    /// Reads both clocks now.
    pub(crate) fn read() -> Clock {
        Clock { boot: now(libc::CLOCK_REALTIME).saturating_sub(now(libc::CLOCK_MONOTONIC)) }
    }

    /// The time of day at the kernel's nanosecond `at`.
    pub(crate) fn time(self, at: u64) -> Time {
        Time(self.boot.saturating_add(at))
    }
}

fn now(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes into `time`, which lives across the call.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
