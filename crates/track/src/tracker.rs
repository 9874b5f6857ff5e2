//! The tracker: every connection by its name, each event to the connection it tells of.

use std::sync::Arc;

use hashbrown::HashMap;
use model::access::Access;
use model::conn::{Address, ConnId, Role, Transport};
use model::event::{Event, Joined, Opened, Said, What};
use model::time::Time;
use protocols::kit::desk::Desk;

use crate::connection::{Connection, End};
use crate::connections::Connections;
use crate::openings::Openings;
use crate::talk::Ear;
use crate::tally::Tally;
use crate::unknown::Show;

/// So many connections are followed at once; beyond it, those silent for longest are closed and counted.
///
/// At 380 bytes an idle connection (`tests/idle.rs`) this is a fifth of a gigabyte.
const CONNECTIONS: usize = 512 << 10;

/// Follows every connection.
#[derive(Debug)]
pub struct Tracker {
    connections: Connections,
    /// The other ends of connections that are on this host too: their events belong there. None of them is the name of
    /// a connection.
    ends: HashMap<ConnId, OtherEnd>,
    /// Ends that are not known yet, with the connection at their other end, which is open and named them.
    awaited: HashMap<ConnId, ConnId>,
    ear: Ear,
}

/// One end of a connection that is followed under the name of its other end.
#[derive(Debug)]
struct OtherEnd {
    of: ConnId,
    opened: Arc<Opened>,
}

impl Tracker {
    /// Follows nothing yet; `show` says whether unknown bytes become accesses.
    #[must_use]
    pub fn new(show: Show) -> Self {
        Tracker {
            connections: Connections::default(),
            ends: HashMap::new(),
            awaited: HashMap::new(),
            ear: Ear {
                tally: Tally::default(),
                desk: Desk::default(),
                openings: Openings::default(),
                show,
                postings: Vec::new(),
            },
        }
    }

    /// What was understood and what was not, so far; connections that are open and dark included.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = self.ear.tally.clone();
        for connection in self.connections.iter() {
            connection.count_darkness(&mut tally.dark);
            connection.enter(&mut tally.ledger);
        }
        tally
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.connections.len() + self.ends.len()
    }

    /// Takes one event; the accesses that it completes are added to `out`.
    #[inline]
    pub fn follow(&mut self, event: Event<'_>, out: &mut Vec<Access>) {
        match event.what {
            What::Said(said) => self.hear(event.at, event.conn, said, out),
            _ => self.follow_any(&event, out),
        }
    }

    /// The same of bytes that were said, which nearly all events tell of.
    #[inline(always)]
    pub fn hear(&mut self, at: Time, conn: ConnId, said: Said<'_>, out: &mut Vec<Access>) {
        match self.connections.get_mut(conn) {
            Some(connection) => connection.hear(End::Named, at, said, &mut self.ear, out),
            None => self.follow_said(at, conn, Said { ..said }, out),
        }
    }

    /// The same on a connection that is not followed under this name. Out of line, as an event whose address is needed
    /// stands in memory.
    #[cold]
    #[inline(never)]
    fn follow_said(&mut self, at: Time, conn: ConnId, said: Said<'_>, out: &mut Vec<Access>) {
        self.follow_any(&Event { at, conn, what: What::Said(said) }, out);
    }

    /// The same of what is not said on a connection that is followed under this very name.
    #[inline(never)]
    fn follow_any(&mut self, event: &Event<'_>, out: &mut Vec<Access>) {
        match &event.what {
            What::Said(said) => {
                let (id, end) = named(&self.ends, event.conn);
                if let Some(connection) = self.connections.get_mut(id) {
                    return connection.hear(end, event.at, *said, &mut self.ear, out);
                }
            }
            What::Lost(lost) => {
                if let Some(connection) = find(&mut self.connections, &self.ends, event.conn) {
                    return connection.lose(event.at, lost, &mut self.ear, out);
                }
            }
            What::Sealed { speaker, length } => {
                return match find(&mut self.connections, &self.ends, event.conn) {
                    Some(connection) => connection.seal(event.at, *speaker, *length, &mut self.ear.tally),
                    // The other end closed first; ciphertext alone is no reason to go on.
                    None => self.ear.tally.sealed_bytes += length,
                };
            }
            What::Secured(paired) => {
                if let Some(connection) = find(&mut self.connections, &self.ends, event.conn) {
                    connection.secure(*paired);
                }
                return;
            }
            What::Counted(counted) => {
                if let Some(connection) = find(&mut self.connections, &self.ends, event.conn) {
                    connection.count(counted);
                }
                return;
            }
            What::Opened(opened) => return self.open_one(event.conn, event.at, opened, out),
            What::Closed => return self.close_one(event.conn, event.at, out),
        }
        let known = match self.ends.remove(&event.conn) {
            // It was not heard of for so long that its connection was given up; this end goes on by itself.
            Some(end) => Arc::new(Opened { peer: None, ..(*end.opened).clone() }),
            // Nobody announced it: it is followed with what is known, which is nothing.
            None => stranger(),
        };
        self.open_one(event.conn, event.at, &known, out);
        self.follow_any(event, out);
    }

    /// Takes back accesses that everybody is done with: the next ones are written into their memory.
    pub fn take_back(&mut self, accesses: impl Iterator<Item = Access>) {
        accesses.for_each(|access| {
            self.ear.openings.take_back(access.opened);
            self.ear.desk.take_back(access.exchange);
        });
    }

    /// Closes everything: what was asked and not answered is told.
    pub fn finish(&mut self, at: Time, out: &mut Vec<Access>) {
        self.ends.clear();
        for mut connection in self.connections.drain() {
            connection.close(at, &mut self.ear, out);
        }
    }

    fn open_one(&mut self, id: ConnId, at: Time, opened: &Arc<Opened>, out: &mut Vec<Access>) {
        if let Some(connection) = find(&mut self.connections, &self.ends, id) {
            return connection.reopen(Arc::clone(opened));
        }
        // On two processors, the end that was there second may be announced first.
        if let Some(other) = opened.peer.as_deref().copied().or_else(|| self.awaited.remove(&id)) {
            if let Some(connection) = find(&mut self.connections, &self.ends, other) {
                connection.join(opened);
                self.ends.insert(id, OtherEnd { of: other, opened: Arc::clone(opened) });
                return;
            }
            self.awaited.insert(other, id);
        }
        // An end whose connection is gone may have left its name.
        self.ends.remove(&id);
        if self.open() >= CONNECTIONS {
            self.evict(at, out);
        }
        self.ear.tally.connections += 1;
        self.connections.add(Connection::new(id, Arc::clone(opened), at));
    }

    fn close_one(&mut self, id: ConnId, at: Time, out: &mut Vec<Access>) {
        let (of, end) = named(&self.ends, id);
        self.ends.remove(&id);
        if self.connections.get_mut(of).is_some_and(|one| one.leave(end, at, &mut self.ear, out)) {
            self.remove(of, at, out);
        }
    }

    fn remove(&mut self, id: ConnId, at: Time, out: &mut Vec<Access>) {
        let Some(mut connection) = self.connections.remove(id) else { return };
        if let Some(peer) = connection.peer_id() {
            self.awaited.remove(&peer);
        }
        connection.close(at, &mut self.ear, out);
    }

    /// Closes the quarter of the connections that were silent for longest.
    fn evict(&mut self, at: Time, out: &mut Vec<Access>) {
        let mut heard: Vec<_> = self.connections.iter().map(|one| (one.heard, one.id())).collect();
        let quarter = heard.len() / 4;
        heard.select_nth_unstable(quarter);
        for (_, id) in heard.into_iter().take(quarter) {
            self.ear.tally.evicted += 1;
            self.remove(id, at, out);
        }
        self.ends.retain(|_, end| self.connections.get(end.of).is_some());
    }
}

fn find<'a>(
    connections: &'a mut Connections,
    ends: &HashMap<ConnId, OtherEnd>,
    id: ConnId,
) -> Option<&'a mut Connection> {
    connections.get_mut(named(ends, id).0)
}

/// The name under which the connection of an end is followed, and which of its ends that is.
#[inline]
fn named(others: &HashMap<ConnId, OtherEnd>, id: ConnId) -> (ConnId, End) {
    others.get(&id).map_or((id, End::Named), |other| (other.of, End::Other))
}

fn stranger() -> Arc<Opened> {
    Arc::new(Opened {
        transport: Transport::Tcp,
        role: Role::Observer,
        joined: Joined::Midway,
        client: Address::Unknown,
        server: Address::Unknown,
        process: None,
        peer: None,
        weight: 1,
    })
}
