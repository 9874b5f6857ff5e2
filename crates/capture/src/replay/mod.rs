//! Replay: packet captures and our own recordings, as the events that the kernel would have given.
//!
//! [`open`] is the one door: it looks at a file's first bytes and gives a [`Source`]. What can be read: pcap and
//! pcapng, and [recordings](recording) of events, also packed with gzip. A TCP byte arrives once, in order, at its place in the stream; what the capture
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
mod key;
mod line;
mod outbox;
mod packets;
mod pcap;
mod pcapng;
pub mod recording;
mod tags;
mod tally;
mod tls;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use model::conn::{ConnId, Speaker};
use model::event::{Event, Said};
use model::time::Time;

use crate::replay::capture_file::CaptureFile;
use crate::replay::feed::Feed;
use crate::replay::line::Desk;
use crate::replay::packets::Packets;
use crate::replay::recording::Recording;
use crate::replay::tls::keylog::Keylog;
use crate::source::Source;

pub use crate::replay::decode::Undecoded;
pub use crate::replay::tally::Tally;

/// A key log's line: a label, a random of 64 digits and a secret of at most 128 make less than 256.
const KEYLOG_LINE_MAX: u64 = 1024;

/// Why a file cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The key log cannot be read.
    #[error("cannot read the key log {}", path.display())]
    Keylog {
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
    file: Format,
}

enum Format {
    Packets(Box<CaptureFile>),
    Events(Recording),
}

/// How a file is to be replayed.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A TLS key log in the format of NSS (`SSLKEYLOGFILE`), beside the secrets that a pcapng file may hold itself.
    pub keylog: Option<PathBuf>,
    /// Who tells the two sides of a connection apart whose beginning is missing and whose ports are no services'.
    pub judge: Option<Judge>,
}

/// Tells by the first bytes that passed, and the ports that they went from and to, who said them.
pub type Judge = fn(&[u8], [u16; 2]) -> Option<Speaker>;

/// Opens a capture or a recording.
///
/// # Errors
/// When the file cannot be read, or is in no format that we know.
pub fn open(path: &Path, options: &Options) -> Result<Replay, ReplayError> {
    let unreadable = |source| ReplayError::Unreadable { path: path.to_owned(), source };
    let keys = options.keylog.as_deref().map_or(Ok(Keylog::default()), keylog)?;
    let feed = Feed::open(path).map_err(unreadable)?;
    let mut feed = match Recording::open(feed).map_err(unreadable)? {
        Ok(recording) => return Ok(Replay { file: Format::Events(recording) }),
        Err(feed) => feed,
    };
    match Packets::open(&mut feed).map_err(unreadable)? {
        Some(packets) => {
            let desk = Desk::new(keys, options.judge);
            Ok(Replay { file: Format::Packets(Box::new(CaptureFile::new(feed, packets, desk))) })
        }
        None => Err(ReplayError::Unknown { path: path.to_owned() }),
    }
}

/// Reads a key log, line by line: only its secrets are kept.
fn keylog(path: &Path) -> Result<Keylog, ReplayError> {
    let refused = |source| ReplayError::Keylog { path: path.to_owned(), source };
    let mut log = BufReader::new(File::open(path).map_err(refused)?);
    let mut keys = Keylog::default();
    let mut line = Vec::new();
    while log.by_ref().take(KEYLOG_LINE_MAX).read_until(b'\n', &mut line).map_err(refused)? > 0 {
        keys.read(&line);
        line.clear();
    }
    Ok(keys)
}

impl Replay {
    /// How many bytes of the file were read, and how many it has.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        match &self.file {
            Format::Packets(file) => file.progress(),
            Format::Events(file) => file.progress(),
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        match &self.file {
            Format::Packets(file) => file.tally(),
            Format::Events(file) => file.tally(),
        }
    }
}

impl Source for Replay {
    fn next(&mut self) -> io::Result<Option<Event<'_>>> {
        match &mut self.file {
            Format::Packets(file) => file.next(),
            Format::Events(file) => file.next(),
        }
    }

    #[inline]
    fn said(&mut self, hear: impl FnMut(Time, ConnId, Said<'_>) -> ControlFlow<()>) {
        match &mut self.file {
            Format::Packets(file) => file.said(hear),
            Format::Events(file) => file.said(hear),
        }
    }

    fn is_finished(&self) -> bool {
        match &self.file {
            Format::Packets(file) => file.is_finished(),
            Format::Events(file) => file.is_finished(),
        }
    }
}
