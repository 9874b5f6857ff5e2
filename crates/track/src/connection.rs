//! One connection: its two layers, its four streams, and who holds its ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::access::Access;
use model::conn::{Address, ConnId, Layer, Paired, Role, Speaker};
use model::event::{Joined, Lost, Opened, Said};
use model::exchange::Exchange;
use model::process::Process;
use model::time::Time;

use crate::stream::{Piece, Stream};
use crate::talk::{Circumstances, Talk};
use crate::tally::Tally;
use crate::unknown::Show;

/// One connection that is being followed.
#[derive(Debug)]
pub struct Connection {
    id: ConnId,
    opened: Arc<Opened>,
    /// The process at the other end, when that is on this host too.
    peer: Option<Arc<Process>>,
    paired: Option<Paired>,
    wire: Lane,
    /// There when plaintext above the socket is heard.
    clear: Option<Box<Lane>>,
    secrecy: Secrecy,
    /// When anything was last heard of it.
    pub heard: Time,
}

/// One layer of a connection.
#[derive(Debug, Default)]
struct Lane {
    talk: Talk,
    client: Stream,
    server: Stream,
}

/// Whether ciphertext passes, and whether its plaintext is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secrecy {
    /// No ciphertext was seen.
    Open,
    /// Ciphertext passes and nobody could read it so far.
    Dark,
    /// The plaintext is seen.
    Read,
}

/// Where a connection puts what it hears.
pub struct Ear<'a> {
    /// What was understood and what was not.
    pub tally: &'a mut Tally,
    /// Room for exchanges on their way.
    pub exchanges: &'a mut Vec<Box<Exchange>>,
    /// The accesses.
    pub out: &'a mut Vec<Access>,
    /// Whether unknown bytes are shown.
    pub show: Show,
}

impl Connection {
    /// A connection of which nothing was heard yet.
    #[must_use]
    pub fn new(id: ConnId, opened: Arc<Opened>, at: Time) -> Self {
        Connection {
            id,
            opened,
            peer: None,
            paired: None,
            wire: Lane::default(),
            clear: None,
            secrecy: Secrecy::Open,
            heard: at,
        }
    }

    /// More became known of it.
    pub fn reopen(&mut self, opened: Arc<Opened>) {
        if self.opened.role != Role::Both {
            self.opened = opened;
        }
    }

    /// The connection at the other end, if it named one when it was opened.
    #[must_use]
    pub fn peer_id(&self) -> Option<ConnId> {
        self.opened.peer
    }

    /// The other end is on this host too, and this is what is known there.
    pub fn join(&mut self, other: &Opened) {
        let ours = self.opened.process.clone();
        let (process, peer) = match other.role {
            Role::Server => (ours, other.process.clone()),
            Role::Client | Role::Both | Role::Observer => (other.process.clone(), ours),
        };
        let known = |ours: &Address, theirs: &Address| match ours {
            Address::Unknown => theirs.clone(),
            Address::Inet(_) | Address::Unix(_) => ours.clone(),
        };
        self.peer = peer;
        self.opened = Arc::new(Opened {
            role: Role::Both,
            process,
            client: known(&self.opened.client, &other.client),
            server: known(&self.opened.server, &other.server),
            ..(*self.opened).clone()
        });
    }

    /// Bytes passed.
    #[inline]
    pub fn hear(&mut self, at: Time, said: &Said<'_>, ear: &mut Ear<'_>) {
        self.heard = at;
        ear.tally.heard_bytes += said.bytes.len() as u64;
        let joined = self.opened.joined;
        if said.layer == Layer::Clear {
            self.secrecy = Secrecy::Read;
        }
        let port = self.opened.server.port();
        let bounds = self.opened.transport.keeps_bounds();
        let (lane, paired) = self.lane(said.layer);
        lane.with_stream(said.speaker, port, ear, |stream, talk, with| {
            stream.accept(at, said.offset, said.bytes, &mut |piece| {
                talk.take(joined, said.speaker, bounds, piece, with);
            });
        });
        self.deliver(said.layer, paired, ear);
    }

    /// Bytes passed that nobody will ever read.
    pub fn lose(&mut self, at: Time, lost: &Lost, ear: &mut Ear<'_>) {
        self.heard = at;
        *ear.tally.lost_bytes.entry(lost.cause).or_default() += lost.length;
        let joined = self.opened.joined;
        let port = self.opened.server.port();
        let bounds = self.opened.transport.keeps_bounds();
        let (lane, paired) = self.lane(lost.layer);
        lane.with_stream(lost.speaker, port, ear, |stream, talk, with| {
            stream.lose(at, lost.offset, lost.length, lost.cause, &mut |piece| {
                talk.take(joined, lost.speaker, bounds, piece, with);
            });
        });
        self.deliver(lost.layer, paired, ear);
    }

    /// Ciphertext passed.
    pub fn seal(&mut self, at: Time, length: u64, tally: &mut Tally) {
        self.heard = at;
        tally.sealed_bytes += length;
        if self.secrecy == Secrecy::Open {
            self.secrecy = Secrecy::Dark;
        }
    }

    /// A TLS session above the socket was found.
    pub fn secure(&mut self, paired: Paired) {
        self.paired = Some(self.paired.map_or(paired, |before| before.min(paired)));
    }

    /// The connection ended.
    pub fn close(&mut self, at: Time, ear: &mut Ear<'_>) {
        self.count_darkness(&mut ear.tally.dark);
        let clear = self.clear.is_some().then_some(Layer::Clear);
        for layer in std::iter::once(Layer::Wire).chain(clear) {
            let joined = self.opened.joined;
            let port = self.opened.server.port();
            let bounds = self.opened.transport.keeps_bounds();
            let (lane, paired) = self.lane(layer);
            for speaker in [Speaker::Client, Speaker::Server] {
                lane.with_stream(speaker, port, ear, |stream, talk, with| {
                    stream.close(at, &mut |piece| talk.take(joined, speaker, bounds, piece, with));
                });
            }
            lane.with_stream(Speaker::Client, port, ear, |_, talk, with| talk.close(at, with));
            self.deliver(layer, paired, ear);
        }
    }

    /// Counts this connection as dark if ciphertext passed and no plaintext was seen until now.
    pub fn count_darkness(&self, dark: &mut BTreeMap<Arc<str>, u64>) {
        if self.secrecy == Secrecy::Dark {
            *dark.entry(self.holder()).or_default() += 1;
        }
    }

    /// Whom a dark connection is counted under: a process, or nobody in a packet capture.
    fn holder(&self) -> Arc<str> {
        self.opened.process.as_ref().map_or_else(|| "".into(), |process| Arc::clone(&process.name))
    }

    fn lane(&mut self, layer: Layer) -> (&mut Lane, Option<Paired>) {
        match layer {
            Layer::Wire => (&mut self.wire, None),
            Layer::Clear => (self.clear.get_or_insert_default(), self.paired),
        }
    }

    #[inline]
    fn deliver(&self, layer: Layer, paired: Option<Paired>, ear: &mut Ear<'_>) {
        for exchange in ear.exchanges.drain(..) {
            *ear.tally.exchanges.entry(exchange.protocol).or_default() += 1;
            ear.out.push(Access {
                conn: self.id,
                opened: Arc::clone(&self.opened),
                actor: self.opened.process.clone(),
                peer: self.peer.clone(),
                layer,
                paired,
                exchange,
            });
        }
    }
}

impl Lane {
    #[inline]
    fn with_stream(
        &mut self,
        speaker: Speaker,
        port: Option<u16>,
        ear: &mut Ear<'_>,
        act: impl FnOnce(&mut Stream, &mut Talk, &mut Circumstances<'_>),
    ) {
        let stream = match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        };
        let mut with = Circumstances { port, show: ear.show, tally: ear.tally, out: ear.exchanges };
        act(stream, &mut self.talk, &mut with);
    }
}

impl Talk {
    #[inline]
    fn take(
        &mut self,
        joined: Joined,
        speaker: Speaker,
        bounds: bool,
        piece: Piece<'_>,
        with: &mut Circumstances<'_>,
    ) {
        if bounds {
            self.bound(speaker);
        }
        match piece {
            Piece::Bytes(at, bytes) => self.hear(joined, speaker, at, bytes, with),
            Piece::Hole(at, length, cause) => self.miss(speaker, at, length, cause, with),
        }
    }
}
