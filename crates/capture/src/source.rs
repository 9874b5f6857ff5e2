//! The contract of everything that events come from.

use std::io;
use std::ops::ControlFlow;

use model::conn::ConnId;
use model::event::{Event, Said};
use model::time::Time;

/// Something that events come from.
pub trait Source {
    /// The next event, or `None` when there is none for now (the kernel: its wait ended) or ever (a file: see
    /// [`Source::is_finished`]). The event borrows the source's memory until the next call.
    ///
    /// # Errors
    /// What the file or the kernel answered, with what was tried.
    fn next(&mut self) -> io::Result<Option<Event<'_>>>;

    /// Hands on the next events while they are at hand and bytes that were said, and until `hear` has enough: what a busy
    /// source has most of is heard where it is read, and no event is built of it. [`Source::next`] gives what follows.
    #[inline]
    fn said(&mut self, hear: impl FnMut(Time, ConnId, Said<'_>) -> ControlFlow<()>)
    where
        Self: Sized,
    {
        let _ = hear;
    }

    /// Whether no event will ever follow.
    fn is_finished(&self) -> bool;
}
