//! Replay: packet captures and our own recordings, as the events that the kernel would have given.
//!
//! [`open`] is the one door: it looks at a file's first bytes and gives a [`Source`]. What can be read: pcap and
//! pcapng, also packed with gzip. A TCP byte arrives once, in order, at its place in the stream; what the capture
//! lacks arrives as [`Lost`](model::event::Lost). Memory does not grow with the file.

mod bytes;
mod capture_file;
mod connection;
mod decode;
mod direction;
mod feed;
mod flows;
mod fragments;
mod held;
mod outbox;
mod packets;
mod pcap;
mod pcapng;
mod tally;

use std::io;
use std::path::{Path, PathBuf};

use model::event::Event;

use crate::replay::capture_file::CaptureFile;
use crate::replay::feed::Feed;
use crate::replay::packets::Packets;
use crate::source::Source;

pub use crate::replay::decode::Undecoded;
pub use crate::replay::tally::Tally;

/// Why a file cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// It is in no format that we know.
    #[error("{} is neither a packet capture (pcap, pcapng) nor a recording of events", path.display())]
    Unknown {
        /// Which file.
        path: PathBuf,
    },
}

/// A file that is being replayed.
pub struct Replay {
    file: CaptureFile,
}

/// Opens a capture.
///
/// # Errors
/// When the file cannot be read, or is in no format that we know.
pub fn open(path: &Path) -> Result<Replay, ReplayError> {
    let unreadable = |source| ReplayError::Unreadable { path: path.to_owned(), source };
    let mut feed = Feed::open(path).map_err(unreadable)?;
    match Packets::open(&mut feed).map_err(unreadable)? {
        Some(packets) => Ok(Replay { file: CaptureFile::new(feed, packets) }),
        None => Err(ReplayError::Unknown { path: path.to_owned() }),
    }
}

impl Replay {
    /// How many bytes of the file were read, and how many it has.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        self.file.progress()
    }

    /// What was counted so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        self.file.tally()
    }
}

impl Source for Replay {
    fn next(&mut self) -> io::Result<Option<Event<'_>>> {
        self.file.next()
    }

    fn is_finished(&self) -> bool {
        self.file.is_finished()
    }
}
