//! One connection: its two layers, its four streams, and who holds its ends.

use std::iter;
use std::sync::Arc;

use model::access::Access;
use model::conn::{Address, ConnId, Layer, Paired, Role, Speaker};
use model::event::{Counted, Lost, Opened, Said};
use model::exchange::Exchange;
use model::process::Process;
use model::time::Time;

use crate::account::{Account, Books, Fate, Standing};
use crate::darkness::Darkness;
use crate::ledger::{Ledger, Lossy};
use crate::openings::Openings;
use crate::stream::{Piece, Streams};
use crate::talk::{Ear, Talk};
use crate::tally::Tally;

/// One connection that is being followed.
#[derive(Debug)]
pub struct Connection {
    id: ConnId,
    opened: Arc<Opened>,
    paired: Option<Paired>,
    wire: Lane,
    more: Option<Box<More>>,
    secrecy: Secrecy,
    bounds: Bounds,
    /// How many of its ends on this host are still open.
    ends: u8,
    /// At which end each speaker (client, server) was heard last, on each layer (wire, clear).
    heard_at: [[End; 2]; 2],
    /// When anything was last heard of it.
    pub heard: Time,
}

/// What few connections have.
#[derive(Debug, Default)]
struct More {
    /// The process at the other end, when that is on this host too.
    peer: Option<Arc<Process>>,
    /// There when plaintext above the socket is heard.
    clear: Option<Lane>,
    /// There once something is to be written down.
    books: Option<Box<Books>>,
}

/// One layer of a connection.
#[derive(Debug, Default)]
struct Lane {
    talk: Talk,
    streams: Streams,
}

/// An end of a connection that may have both on this host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// The one under whose name it is followed.
    #[default]
    Named,
    /// The other one.
    Other,
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

/// Whether each write of a connection keeps its own bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bounds {
    None,
    Kept,
}

impl Bounds {
    fn of(opened: &Opened) -> Self {
        if opened.transport.keeps_bounds() { Bounds::Kept } else { Bounds::None }
    }
}

impl Connection {
    /// A connection of which nothing was heard yet.
    #[must_use]
    pub fn new(id: ConnId, opened: Arc<Opened>, at: Time) -> Self {
        Connection {
            id,
            bounds: Bounds::of(&opened),
            opened,
            paired: None,
            wire: Lane::default(),
            more: None,
            secrecy: Secrecy::Open,
            ends: 1,
            heard_at: <[[End; 2]; 2]>::default(),
            heard: at,
        }
    }

    /// Its name.
    #[inline]
    #[must_use]
    pub fn id(&self) -> ConnId {
        self.id
    }

    /// More became known of it.
    pub fn reopen(&mut self, opened: Arc<Opened>) {
        if self.opened.role != Role::Both {
            self.bounds = Bounds::of(&opened);
            self.opened = opened;
        } else if self.opened.weight != opened.weight {
            self.opened = Arc::new(Opened { weight: opened.weight, ..(*self.opened).clone() });
        }
    }

    /// The connection at the other end, if it named one when it was opened.
    #[must_use]
    pub fn peer_id(&self) -> Option<ConnId> {
        self.opened.peer.as_deref().copied()
    }

    /// The other end is on this host too, and this is what is known there.
    pub fn join(&mut self, other: &Opened) {
        self.ends = 2;
        let ours = self.opened.process.clone();
        let (process, peer) = match other.role {
            Role::Server => (ours, other.process.clone()),
            Role::Client | Role::Both | Role::Observer => (other.process.clone(), ours),
        };
        let known = |ours: &Address, theirs: &Address| match ours {
            Address::Unknown => theirs.clone(),
            Address::Inet(_) | Address::Unix(_) => ours.clone(),
        };
        if peer.is_some() || self.more.is_some() {
            self.more.get_or_insert_default().peer = peer;
        }
        self.opened = Arc::new(Opened {
            role: Role::Both,
            process,
            client: known(&self.opened.client, &other.client),
            server: known(&self.opened.server, &other.server),
            weight: self.opened.weight.max(other.weight),
            ..(*self.opened).clone()
        });
    }

    /// One end was closed: who was heard there has said all. Whether it was the last end, for what is heard at the other
    /// one may come after.
    pub fn leave(&mut self, end: End, at: Time, ear: &mut Ear, out: &mut Vec<Access>) -> bool {
        self.ends -= 1;
        if self.ends == 0 {
            return true;
        }
        let [wire, clear] = self.heard_at.map(|speakers| speakers.map(|heard_at| heard_at == end));
        self.wire.end(wire, &self.opened, at, ear);
        self.deliver(Layer::Wire, ear, out);
        if let Some(lane) = self.more.as_mut().and_then(|more| more.clear.as_mut()) {
            lane.end(clear, &self.opened, at, ear);
            self.deliver(Layer::Clear, ear, out);
        }
        self.write_down(ear);
        false
    }

    /// Bytes passed.
    #[inline(always)]
    pub fn hear(&mut self, end: End, at: Time, said: Said<'_>, ear: &mut Ear, out: &mut Vec<Access>) {
        self.heard = at;
        ear.tally.heard_bytes += said.bytes.len() as u64;
        let lane = match said.layer {
            Layer::Wire => &mut self.wire,
            Layer::Clear => {
                self.secrecy = Secrecy::Read;
                self.more.get_or_insert_default().clear.get_or_insert_default()
            }
        };
        self.heard_at[said.layer as usize][said.speaker as usize] = end;
        if !said.bytes.is_empty() && lane.streams.pass(said.speaker, said.offset, said.bytes.len()) {
            if self.bounds == Bounds::Kept {
                lane.talk.bound(said.speaker);
            }
            lane.talk.hear(&self.opened, said.speaker, at, said.bytes, ear);
        } else {
            lane.order(&self.opened, at, Said { ..said }, ear);
        }
        if !ear.postings.is_empty() {
            self.write_down(ear);
        }
        self.deliver(said.layer, ear, out);
    }

    /// Writes down what became of bytes.
    #[cold]
    fn write_down(&mut self, ear: &mut Ear) {
        if !ear.postings.is_empty() {
            let books = self.books();
            ear.postings.drain(..).for_each(|posting| books.post(posting));
        }
    }

    /// Bytes passed that nobody will ever read.
    pub fn lose(&mut self, at: Time, lost: &Lost, ear: &mut Ear, out: &mut Vec<Access>) {
        self.heard = at;
        *ear.tally.lost_bytes.entry(lost.cause).or_default() += lost.length;
        let lane = match lost.layer {
            Layer::Wire => &mut self.wire,
            Layer::Clear => self.more.get_or_insert_default().clear.get_or_insert_default(),
        };
        let Lane { talk, streams } = lane;
        streams.lose(lost.speaker, at, lost.offset, lost.length, lost.cause, &mut |piece| {
            talk.take(&self.opened, lost.speaker, piece, ear);
        });
        self.write_down(ear);
        self.deliver(lost.layer, ear, out);
    }

    /// Ciphertext passed.
    pub fn seal(&mut self, at: Time, speaker: Speaker, length: u64, tally: &mut Tally) {
        self.heard = at;
        self.books().seal(speaker, length);
        tally.sealed_bytes += length;
        if self.secrecy == Secrecy::Open {
            self.secrecy = Secrecy::Dark;
        }
    }

    /// A TLS session above the socket was found.
    pub fn secure(&mut self, paired: Paired) {
        self.paired = Some(self.paired.map_or(paired, |before| before.min(paired)));
    }

    /// The kernel counted one of its ends.
    pub fn count(&mut self, counted: &[Counted; 2]) {
        self.books().count(counted);
    }

    fn books(&mut self) -> &mut Books {
        self.more.get_or_insert_default().books.get_or_insert_default()
    }

    /// Enters its account, as it stands.
    pub fn enter(&self, ledger: &mut Ledger) {
        let accounts = [self.account(Speaker::Client), self.account(Speaker::Server)];
        ledger.add(accounts, |accounts| Lossy {
            conn: self.id,
            opened: Arc::clone(&self.opened),
            peer: self.more.as_ref().and_then(|more| more.peer.clone()),
            accounts,
        });
    }

    /// What became of what a speaker said.
    fn account(&self, speaker: Speaker) -> Account {
        let mut standing = Standing::default();
        let clear = self.more.as_ref().and_then(|more| more.clear.as_ref());
        let mut unread = Vec::new();
        for lane in [Some(&self.wire), clear].into_iter().flatten() {
            standing.heard += lane.streams.given(speaker);
            let [parsed, waiting] = lane.talk.standing().map(|of| of[speaker as usize]);
            standing.parsed += parsed;
            standing.waiting += waiting;
            unread.extend_from_slice(lane.talk.unread());
        }
        let none = Books::default();
        let books = self.more.as_ref().and_then(|more| more.books.as_deref()).unwrap_or(&none);
        books.account(speaker, standing, &unread, self.secrecy == Secrecy::Dark)
    }

    /// The connection ended.
    pub fn close(&mut self, at: Time, ear: &mut Ear, out: &mut Vec<Access>) {
        self.count_darkness(&mut ear.tally.dark);
        self.wire.close(&self.opened, at, ear);
        self.deliver(Layer::Wire, ear, out);
        if let Some(clear) = self.more.as_mut().and_then(|more| more.clear.as_mut()) {
            clear.close(&self.opened, at, ear);
            self.deliver(Layer::Clear, ear, out);
        }
        self.write_down(ear);
        self.enter(&mut ear.tally.ledger);
    }

    /// Counts this connection as dark if ciphertext passed and no plaintext was seen until now.
    pub fn count_darkness(&self, dark: &mut Darkness) {
        if self.secrecy == Secrecy::Dark {
            dark.count(self.opened.process.as_deref(), self.wire.talk.server_name());
        }
    }

    #[inline(always)]
    fn deliver(&self, layer: Layer, ear: &mut Ear, out: &mut Vec<Access>) {
        // Nearly every answer ends one exchange.
        if let Some(exchange) = ear.desk.exchanges.pop() {
            if ear.desk.exchanges.is_empty() {
                self.deliver_one(layer, exchange, ear, out);
            } else {
                self.deliver_all(layer, exchange, ear, out);
            }
        }
    }

    #[inline(never)]
    fn deliver_one(&self, layer: Layer, exchange: Box<Exchange>, ear: &mut Ear, out: &mut Vec<Access>) {
        // Built where it will stand: on its way through the stack, it would be waited for.
        out.extend(iter::once_with(|| self.access(layer, exchange, &mut ear.tally, &mut ear.openings)));
    }

    #[inline(never)]
    fn deliver_all(&self, layer: Layer, last: Box<Exchange>, ear: &mut Ear, out: &mut Vec<Access>) {
        let exchanges = ear.desk.exchanges.drain(..).chain([last]);
        out.extend(exchanges.map(|exchange| self.access(layer, exchange, &mut ear.tally, &mut ear.openings)));
    }

    #[inline(always)]
    fn access(
        &self,
        layer: Layer,
        exchange: Box<Exchange>,
        tally: &mut Tally,
        openings: &mut Openings,
    ) -> Access {
        tally.count_exchange(exchange.protocol);
        let (paired, server_name) = match layer {
            Layer::Wire => (None, None),
            Layer::Clear => (self.paired, self.wire.talk.server_name().cloned()),
        };
        Access {
            conn: self.id,
            opened: openings.lend(&self.opened),
            actor: self.opened.process.clone(),
            peer: self.more.as_ref().and_then(|more| more.peer.clone()),
            layer,
            paired,
            server_name,
            exchange,
        }
    }
}

impl Lane {
    /// Bytes passed that are not the very next ones.
    #[inline(never)]
    fn order(&mut self, opened: &Opened, at: Time, said: Said<'_>, ear: &mut Ear) {
        let Lane { talk, streams } = self;
        streams.accept(said.speaker, at, said.offset, said.bytes, &mut |piece| {
            talk.take(opened, said.speaker, piece, ear);
        });
    }

    /// Some speakers (client, server) will say nothing more.
    fn end(&mut self, ended: [bool; 2], opened: &Opened, at: Time, ear: &mut Ear) {
        for (speaker, _) in
            [Speaker::Client, Speaker::Server].into_iter().zip(ended).filter(|(_, ended)| *ended)
        {
            let Lane { talk, streams } = self;
            streams.close(speaker, at, &mut |piece| talk.take(opened, speaker, piece, ear));
            talk.end(speaker, at, ear);
        }
    }

    fn close(&mut self, opened: &Opened, at: Time, ear: &mut Ear) {
        for speaker in [Speaker::Client, Speaker::Server] {
            let Lane { talk, streams } = self;
            streams.close(speaker, at, &mut |piece| talk.take(opened, speaker, piece, ear));
        }
        self.talk.close(opened, at, ear);
    }
}

impl Talk {
    #[inline]
    fn take(&mut self, opened: &Opened, speaker: Speaker, piece: Piece<'_>, ear: &mut Ear) {
        if opened.transport.keeps_bounds() {
            self.bound(speaker);
        }
        match piece {
            Piece::Bytes(at, bytes) => self.hear(opened, speaker, at, bytes, ear),
            Piece::Hole(at, length, cause) => {
                ear.post(speaker, Fate::Hole(cause), length);
                self.miss(speaker, at, length, cause, ear);
            }
        }
    }
}
