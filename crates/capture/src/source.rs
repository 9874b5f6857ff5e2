//! The contract of everything that events come from.

use std::io;

use model::event::Event;

/// Something that events come from.
pub trait Source {
    /// The next event, or `None` when there is none for now (the kernel: its wait ended) or ever (a file: see
    /// [`Source::is_finished`]). The event borrows the source's memory until the next call.
    ///
    /// # Errors
    /// What the file or the kernel answered, with what was tried.
    fn next(&mut self) -> io::Result<Option<Event<'_>>>;

    /// Whether no event will ever follow.
    fn is_finished(&self) -> bool;
}
