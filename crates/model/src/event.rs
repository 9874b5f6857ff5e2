//! Events: what capture tells about one connection, the only thing that crosses into the pipeline.

use std::sync::Arc;

use crate::conn::{Address, ConnId, Layer, Paired, Role, Speaker, Transport};
use crate::process::Process;
use crate::time::Time;

/// One thing that happened on one connection.
///
/// The bytes are borrowed from where they were captured: nothing is copied until somebody must keep them.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// When it happened.
    pub at: Time,
    /// On which connection.
    pub conn: ConnId,
    /// What happened.
    pub what: What<'a>,
}

/// What happened on a connection.
#[derive(Clone, Debug)]
pub enum What<'a> {
    /// The connection exists. Comes before anything else of it, and again when more became known.
    Opened(Arc<Opened>),
    /// Bytes passed.
    Said(Said<'a>),
    /// Bytes passed that were not captured.
    Lost(Lost),
    /// Ciphertext passed that was counted and not captured, because a TLS session owns the connection.
    Sealed {
        /// Who sent it.
        speaker: Speaker,
        /// How many bytes.
        length: u64,
    },
    /// A TLS session above the socket was found; what it says comes under [`Layer::Clear`].
    Secured(Paired),
    /// What the kernel counted of this end, by who sent it: the client, the server. Nothing that it counts follows.
    Counted(Box<[Counted; 2]>),
    /// The connection ended; nothing of it follows.
    Closed,
}

/// What was counted of the bytes that one side sent, at one end of a connection: every byte stands in it, whatever became
/// of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Bytes that the socket moved since the connection is followed, by its own count; `None` where it keeps none (TCP
    /// alone does).
    pub socket: Option<u64>,
    /// Bytes that it had moved before.
    pub before: u64,
    /// Bytes that were seen to move, by layer (wire, clear).
    pub seen: [u64; 2],
    /// Of these, the bytes that are read at the connection's other end.
    pub twice: [u64; 2],
}

/// What is known of a connection from the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What carries it.
    pub transport: Transport,
    /// Which end `process` holds.
    pub role: Role,
    /// Whether its first byte was seen.
    pub joined: Joined,
    /// Where the client is.
    pub client: Address,
    /// Where the server is.
    pub server: Address,
    /// Who holds the observed end; `None` in a packet capture.
    pub process: Option<Arc<Process>>,
    /// The connection at the other end, when that is on this host too. Most are not.
    pub peer: Option<Box<ConnId>>,
    /// So many connections it stands for: more than 1 where only some are read.
    pub weight: u32,
}

/// Whether a connection was watched from its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Joined {
    /// From its first byte.
    AtStart,
    /// It was in use before the watching began.
    Midway,
}

/// Bytes that one side said.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Where they were read.
    pub layer: Layer,
    /// Who said them.
    pub speaker: Speaker,
    /// The position of the first byte in its direction and layer.
    pub offset: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Bytes that one side said and nobody will ever read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Where they passed.
    pub layer: Layer,
    /// Who said them.
    pub speaker: Speaker,
    /// The position of the first lost byte in its direction and layer.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
    /// Why.
    pub cause: Cause,
}

/// Why bytes were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// The ring between kernel and collector was full.
    RingFull,
    /// More than the configured limit of one call or message.
    Limit,
    /// The kernel could not read the program's memory.
    Fault,
    /// They passed by a way that shows no bytes (`sendfile`, `splice`).
    Unseen,
    /// A packet capture does not hold them.
    NotCaptured,
    /// A message was longer than a machine keeps, or a buffer was at its cap.
    Cap,
    /// The wire broke its protocol; these bytes were passed over to find it again.
    Breach,
    /// Their message was not finished when the connection ended.
    Unfinished,
    /// They are of a protocol that nobody knows.
    Unknown,
    /// They are ciphertext of which nobody saw the plaintext.
    Dark,
    /// They passed before the watching began.
    Late,
    /// The socket counted them, and no call that could be seen moved them.
    Missed,
    /// Another connection stands for theirs.
    SampledOut,
    /// Their process moved more in a second than is to be captured of one.
    Rate,
    /// Watching their process would have cost it more than it may.
    Budget,
}

impl Cause {
    /// Every cause, in the order of reports.
    pub const ALL: [Cause; 15] = [
        Cause::RingFull,
        Cause::Limit,
        Cause::Fault,
        Cause::Unseen,
        Cause::NotCaptured,
        Cause::Cap,
        Cause::Breach,
        Cause::Unfinished,
        Cause::Unknown,
        Cause::Dark,
        Cause::Late,
        Cause::Missed,
        Cause::SampledOut,
        Cause::Rate,
        Cause::Budget,
    ];

    /// The cause's name in records and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Cause::RingFull => "ring_full",
            Cause::Limit => "limit",
            Cause::Fault => "fault",
            Cause::Unseen => "unseen",
            Cause::NotCaptured => "not_captured",
            Cause::Cap => "cap",
            Cause::Breach => "breach",
            Cause::Unfinished => "unfinished",
            Cause::Unknown => "unknown",
            Cause::Dark => "dark",
            Cause::Late => "late",
            Cause::Missed => "missed",
            Cause::SampledOut => "sampled_out",
            Cause::Rate => "rate",
            Cause::Budget => "budget",
        }
    }
}
