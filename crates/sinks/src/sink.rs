//! The contract of everything that accesses go to.

use std::io;

use model::access::Access;

/// Something that accesses go to.
pub trait Sink: Send {
    /// Takes accesses in the order in which they were completed.
    ///
    /// # Errors
    /// What the file, terminal or peer answered; none of `accesses` is then to be thought delivered.
    fn deliver(&mut self, accesses: &[Access]) -> io::Result<()>;
}
