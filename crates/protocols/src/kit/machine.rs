//! What both directions of a conversation work on: the session, the pairing, the tally.

use model::conn::Speaker;
use model::event::Cause;

use crate::kit::pairing::Pairing;
use crate::kit::protocol::Session;

pub(super) struct Machine {
    pub(super) session: Box<dyn Session>,
    pub(super) pairing: Pairing,
    pub(super) tally: Tally,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine")
            .field("pairing", &self.pairing)
            .field("tally", &self.tally)
            .finish_non_exhaustive()
    }
}

/// What came of the bytes so far: each was read, or was not, or still waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    read: [u64; 2],
    #[expect(
        clippy::box_collection,
        reason = "of nearly no conversation something is not read, and then it costs a word instead of three"
    )]
    unread: Option<Box<Vec<Unread>>>,
    /// Times that the bytes broke the protocol; it stops at the highest number.
    pub breaches: u32,
    /// Whether an exchange came of the bytes.
    pub proven: bool,
    /// Whether what each side said last is of an exchange that goes on: then so is what is lost behind it.
    goes_on: [bool; 2],
}

/// Bytes that were heard and are no part of any message that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Who said them.
    pub speaker: Speaker,
    /// Why they were not read.
    pub cause: Cause,
    /// How many they are.
    pub bytes: u64,
}

impl Tally {
    /// Bytes of messages that were read, by who said them: the client, the server.
    #[must_use]
    pub fn read(&self) -> [u64; 2] {
        self.read
    }

    /// Bytes that were not, an entry for each speaker and cause.
    #[must_use]
    pub fn unread(&self) -> &[Unread] {
        self.unread.as_ref().map_or(&[], |unread| unread)
    }

    /// The bytes broke the protocol.
    pub(super) fn count_breach(&mut self) {
        self.breaches = self.breaches.saturating_add(1);
    }

    /// `speaker` said whole messages of so many bytes, if any.
    #[inline]
    pub(super) fn count_whole(&mut self, speaker: Speaker, bytes: u64) {
        self.count_read(speaker, bytes);
        let [client, server] = &mut self.goes_on;
        match speaker {
            Speaker::Client => *client &= bytes == 0,
            Speaker::Server => *server &= bytes == 0,
        }
    }

    /// What `speaker` said last is of an exchange that goes on.
    pub(super) fn mark_going_on(&mut self, speaker: Speaker) {
        let [client, server] = &mut self.goes_on;
        match speaker {
            Speaker::Client => *client = true,
            Speaker::Server => *server = true,
        }
    }

    /// Whether what `speaker` said last is of an exchange that goes on.
    pub(super) fn goes_on(&self, speaker: Speaker) -> bool {
        let [client, server] = self.goes_on;
        match speaker {
            Speaker::Client => client,
            Speaker::Server => server,
        }
    }

    /// So many bytes were read.
    #[inline]
    pub(super) fn count_read(&mut self, speaker: Speaker, bytes: u64) {
        let [client, server] = &mut self.read;
        match speaker {
            Speaker::Client => *client += bytes,
            Speaker::Server => *server += bytes,
        }
    }

    /// So many bytes will not be read.
    pub(super) fn count_unread(&mut self, speaker: Speaker, cause: Cause, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let unread = self.unread.get_or_insert_default();
        match unread.iter_mut().find(|unread| (unread.speaker, unread.cause) == (speaker, cause)) {
            Some(unread) => unread.bytes += bytes,
            None => unread.push(Unread { speaker, cause, bytes }),
        }
    }
}
