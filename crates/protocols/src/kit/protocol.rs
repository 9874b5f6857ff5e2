//! The contracts between a protocol and everybody else.

use std::fmt;
use std::sync::Arc;

use model::conn::Speaker;
use model::event::Joined;
use model::exchange::{Exchange, Identity, Response};

use crate::kit::chain::Chain;
use crate::kit::reader::Reader;

/// A wire protocol: how it is recognised and how a session of it is opened.
pub trait Protocol: Sync {
    /// Its name in records.
    fn name(&self) -> &'static str;
    /// The server ports it usually has. They break a tie; they never prove.
    fn ports(&self) -> &'static [u16];
    /// Whether a connection that begins so is ours.
    fn recognise(&self, opening: &Opening<'_>) -> Guess;
    /// A machine for one connection.
    fn open(&self, joined: Joined) -> Box<dyn Session>;
    /// Whether ids of requests come again on a connection.
    fn ids(&self) -> Ids {
        Ids::Reused
    }
}

/// Whether a client gives the id of a request to another one on the same connection, once it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// It may: where bytes of both sides were lost, nobody knows which of them an answer is for.
    Reused,
    /// It counts: an answer is for the one request of its id, whatever was lost.
    Counted,
}

/// A protocol where it stands in [`ALL`](crate::ALL): each conversation has it, in a word instead of two.
pub type Listed = &'static &'static dyn Protocol;

impl fmt::Debug for dyn Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The state of one connection of a protocol.
pub trait Session: Send {
    /// Reads the next message of `speaker`.
    ///
    /// It either takes one whole message (or one whole step of a long one) and says what was heard, or
    /// stops without having changed anything that a second reading of the same bytes would do again.
    ///
    /// # Errors
    /// [`Stop::Short`] when the message is not complete, [`Stop::Broken`] when the bytes break the protocol,
    /// [`Stop::Over`] when what follows the bytes taken so far is no longer this protocol.
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard>;

    /// Bytes of `speaker` were lost, or could not be read: what it was saying has no end.
    ///
    /// Comes at once, before the other side says more; [`Session::resync`] follows when `speaker` goes on. The
    /// pairing has given up all requests when `speaker` is the server, and none when it is the client.
    fn lost(&mut self, speaker: Speaker) {
        let _ = speaker;
    }

    /// Finds the next message of `speaker` in `wire` after bytes were lost or could not be read.
    ///
    /// What is not passed over comes again, with more behind it.
    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought;
}

/// Where the next message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// After so many bytes.
    At(usize),
    /// Not within so many bytes, whatever follows them; more bytes would tell where.
    Behind(usize),
}

/// The first bytes of a connection, each side's from the beginning of one of its writes.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// What the client said.
    pub client: &'a [u8],
    /// What the server said.
    pub server: &'a [u8],
    /// The server's port, where there is one.
    pub port: Option<u16>,
    /// Whether these are the first bytes at all.
    pub joined: Joined,
}

impl Opening<'_> {
    /// Whether this opening is a protocol's whose client speaks first, and whose messages tell whose they are: `begins` says
    /// it of what one side said.
    pub fn judge(&self, begins: impl Fn(Speaker, &[u8]) -> Chain) -> Guess {
        let client = begins(Speaker::Client, self.client);
        let server = begins(Speaker::Server, self.server);
        match (self.joined, client, server) {
            (Joined::AtStart, Chain::Open, _) if self.client.is_empty() && !self.server.is_empty() => {
                Guess::No
            }
            (Joined::AtStart, client, Chain::Sound | Chain::Open) => client.into(),
            (Joined::AtStart, _, Chain::Broken) => Guess::No,
            // One side's piece may have begun within a message.
            (Joined::Midway, Chain::Sound, _) | (Joined::Midway, _, Chain::Sound) => Guess::Yes,
            (Joined::Midway, Chain::Broken, Chain::Broken) => Guess::No,
            (Joined::Midway, Chain::Open | Chain::Broken, Chain::Open | Chain::Broken) => Guess::Unsure,
        }
    }
}

/// Whether an opening is a protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// These bytes are ours: nothing else begins so.
    Yes,
    /// These bytes cannot be ours.
    No,
    /// They may be; more bytes would tell.
    Unsure,
}

/// What one message meant.
#[derive(Debug)]
pub enum Heard {
    /// A request, whole, written into a [`Reader::blank`].
    Request(Key, Box<Exchange>),
    /// A response, whole, written into [`Reader::answer`] or [`Reader::answer_to`].
    Response(Key),
    /// A whole message of an exchange that goes on: of a request that was heard, or of its response. Those of other
    /// exchanges may come in between.
    Piece(Key),
    /// A response, whole, to the request that the other side is still saying.
    Early(Box<Response>),
    /// A message that asks for no answer, or a notice nobody asked for.
    Oneway(Box<Exchange>),
    /// The end of a message that asks for no answer, of which earlier parts were said.
    Sent(Box<Exchange>),
    /// A piece of the request or response that this speaker will end with a later message.
    Part,
    /// The session said who it is.
    Identity(Arc<Identity>),
    /// So many of the oldest open requests will not be answered.
    Abandoned(usize),
    /// The oldest open request was answered, and neither is worth a record.
    Dismissed,
    /// Nothing that a record shows.
    Nothing,
}

/// Which request a response answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The oldest that is open: answers come in the order of the questions.
    Turn,
    /// The one with the same correlation, stream or transaction id.
    Id(u64),
}

/// The result of reading.
pub type Read<T> = Result<T, Stop>;

/// Why a reading ended without a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The message goes on in bytes that are not there yet.
    Short,
    /// The bytes break the protocol.
    Broken(Broken),
    /// The bytes that follow are no longer this protocol.
    Over,
}

/// How bytes break a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What is wrong.
    pub what: &'static str,
    /// At which position behind the message before.
    pub at: u64,
}
