//! What both sides of a connection have one of each.

use model::conn::Speaker;

/// Something of each speaker.
#[derive(Debug, Default)]
pub(super) struct Sides<T> {
    client: T,
    server: T,
}

impl<T> Sides<T> {
    /// That of one of them.
    pub(super) fn of(&mut self, speaker: Speaker) -> &mut T {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }
}
