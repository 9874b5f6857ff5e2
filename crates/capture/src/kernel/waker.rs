//! Ends the wait for records from another thread: what it has found is to be hooked now, and not when a batch is there.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// Wakes the thread that waits in [`Source::next`](crate::source::Source::next) of the [`Kernel`](super::Kernel) that gave it.
#[derive(Clone, Debug)]
pub struct Waker(Arc<OwnedFd>);

impl Waker {
    pub(super) fn new() -> io::Result<Waker> {
        Ok(Waker(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    /// Ends the wait that goes on, or the next one. One that was woken already stays so.
    pub fn wake(&self) {
        // It fails only where so many wakes wait that one more says nothing.
        _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }

    /// The next wait is a wait again.
    pub(super) fn rest(&self) {
        // It fails only where nobody woke.
        _ = rustix::io::read(&*self.0, &mut [0; size_of::<u64>()]);
    }
}

impl AsRawFd for Waker {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
