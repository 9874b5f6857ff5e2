//! What a connection knows of its sessions and links, and what waits there for an answer.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;
use model::exchange::Text;

use crate::kit::protocol::Key;

use crate::kit::text::hash;
use crate::queue::sides::Sides;

/// So many links of one connection are known by each side; what comes on others is told without their addresses.
const LINKS: usize = 1024;
/// So many sessions are known.
const SESSIONS: usize = 1024;
/// So much waits on one connection at most; what is older is not paired any more.
const WAITING: usize = 4096;
/// So many ends of the server wait for the client's.
const ENDS: usize = 64;

/// What waits for an answer of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Login,
    Open,
    Begin,
    /// By its link.
    Attach(u64),
    /// By its link, where that is known.
    Detach(Option<u64>),
    End,
    Close,
    /// By its delivery's number.
    Transfer(u32),
}

impl What {
    /// Whether it is of a session, and not of the connection.
    pub(super) fn is_of_session(self) -> bool {
        !matches!(self, What::Login | What::Open | What::Close)
    }
}

/// Something that waits.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// The client's.
    channel: u16,
    what: What,
    id: u64,
}

/// A link, as one side knows it by a handle.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    /// Its name and direction; `None` where its beginning was not seen.
    pub(super) name: Option<u64>,
    /// Where its messages go, or come from.
    pub(super) address: Option<Text>,
    /// A delivery goes on in further frames: of what is sent unsettled, under which key.
    pub(super) more: Option<Option<Key>>,
}

/// Who sends on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Server,
}

/// A link's name and direction as one number: names are used again in the other direction (part 2, 2.6.1).
pub(super) fn link_name(name: &[u8], sender: Sender) -> u64 {
    hash(name) << 1 | u64::from(sender == Sender::Client)
}

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct Links {
    links: Sides<HashMap<(u16, u32), Link, RandomState>>,
    /// The client's channel of the session that the server has under its own.
    sessions: HashMap<u16, u16, RandomState>,
    asked: VecDeque<Asked>,
    last: u64,
    /// What the server ended of itself: the client's own end answers that.
    ended: VecDeque<(u16, What)>,
}

impl Links {
    /// The client asks something: it waits under this key.
    pub(super) fn ask(&mut self, channel: u16, what: What) -> Key {
        self.last += 1;
        if self.asked.len() >= WAITING {
            self.asked.pop_front();
        }
        self.asked.push_back(Asked { channel, what, id: self.last });
        Key::Id(self.last)
    }

    /// What waits and `is` meant: its key, and whether there is more of it.
    pub(super) fn answer(&mut self, is: impl Fn(u16, What) -> bool) -> Option<(Key, bool)> {
        let at = self.asked.iter().position(|asked| is(asked.channel, asked.what))?;
        let found = self.asked.remove(at)?;
        let more = self.asked.iter().any(|asked| is(asked.channel, asked.what));
        Some((Key::Id(found.id), more))
    }

    /// What waits and `is` meant, which goes on waiting.
    pub(super) fn waits(&self, is: impl Fn(u16, What) -> bool) -> Option<Key> {
        self.asked.iter().find(|asked| is(asked.channel, asked.what)).map(|asked| Key::Id(asked.id))
    }

    /// The server's channel is that of this session of the client's.
    pub(super) fn begin(&mut self, server: u16, client: u16) {
        if self.sessions.len() < SESSIONS {
            self.sessions.insert(server, client);
        }
    }

    /// The client's channel of the session that a server's channel is of; where its beginning was not seen, that of the only
    /// session in which something waits.
    pub(super) fn session(&self, server: u16) -> Option<u16> {
        if let Some(client) = self.sessions.get(&server) {
            return Some(*client);
        }
        let mut channels =
            self.asked.iter().filter(|asked| asked.what.is_of_session()).map(|asked| asked.channel);
        let first = channels.next()?;
        let is_taken = self.sessions.values().any(|client| *client == first);
        (!is_taken && channels.all(|channel| channel == first)).then_some(first)
    }

    /// A side knows a link by this handle from now on.
    pub(super) fn attach(&mut self, speaker: Speaker, channel: u16, handle: u32, link: Link) {
        let links = self.links.of(speaker);
        if links.len() < LINKS || links.contains_key(&(channel, handle)) {
            links.insert((channel, handle), link);
        }
    }

    /// The link that a side calls so, unknown perhaps.
    pub(super) fn link(&mut self, speaker: Speaker, channel: u16, handle: u32) -> &mut Link {
        let links = self.links.of(speaker);
        let known = links.len() < LINKS || links.contains_key(&(channel, handle));
        links.entry(if known { (channel, handle) } else { (u16::MAX, u32::MAX) }).or_default()
    }

    /// A side's link of this name.
    pub(super) fn named(&mut self, speaker: Speaker, name: u64) -> Option<&mut Link> {
        self.links.of(speaker).values_mut().find(|link| link.name == Some(name))
    }

    /// A side's link ends.
    pub(super) fn detach(&mut self, speaker: Speaker, channel: u16, handle: u32) -> Option<Link> {
        self.links.of(speaker).remove(&(channel, handle))
    }

    /// A session ends for a side, and all of its links.
    pub(super) fn end(&mut self, speaker: Speaker, channel: u16) {
        self.links.of(speaker).retain(|(its, _), _| *its != channel);
        if speaker == Speaker::Server {
            self.sessions.remove(&channel);
        }
    }

    /// The server ended something of itself, in this session of the client's.
    pub(super) fn ended(&mut self, what: (u16, What)) {
        if self.ended.len() >= ENDS {
            self.ended.pop_front();
        }
        self.ended.push_back(what);
    }

    /// Whether the client's end answers one of the server's, which is over with that.
    pub(super) fn is_answer(&mut self, channel: u16, what: What) -> bool {
        let at = self.ended.iter().position(|ended| *ended == (channel, what));
        at.and_then(|at| self.ended.remove(at)).is_some()
    }

    /// Bytes of `speaker` were lost: what it called its links and sessions may have changed.
    pub(super) fn lose(&mut self, speaker: Speaker) {
        self.links.of(speaker).clear();
        self.ended.clear();
        if speaker == Speaker::Server {
            self.sessions.clear();
            self.asked.clear();
        }
    }
}
