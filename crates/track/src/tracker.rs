//! The tracker: every connection by its name, each event to the connection it tells of.

use std::sync::Arc;

use hashbrown::HashMap;
use model::access::Access;
use model::conn::{Address, ConnId, Role, Transport};
use model::event::{Event, Joined, Opened, What};
use model::exchange::Exchange;
use model::time::Time;

use crate::connection::{Connection, Ear};
use crate::tally::Tally;
use crate::unknown::Show;

/// So many connections are followed at once; beyond it, those silent for longest are closed and counted.
///
/// At 1.7 KB an idle connection (`tests/idle.rs`) this is 0.9 GB.
const CONNECTIONS: usize = 512 << 10;

/// Follows every connection.
#[derive(Debug)]
pub struct Tracker {
    slots: HashMap<ConnId, Slot>,
    /// Ends that are not known yet, with the connection at their other end, which is open and named them.
    awaited: HashMap<ConnId, ConnId>,
    show: Show,
    tally: Tally,
    exchanges: Vec<Box<Exchange>>,
}

#[derive(Debug)]
enum Slot {
    Own(Box<Connection>),
    /// The other end of a connection that is on this host too: its events belong there.
    End(ConnId, Arc<Opened>),
}

impl Tracker {
    /// Follows nothing yet; `show` says whether unknown bytes become accesses.
    #[must_use]
    pub fn new(show: Show) -> Self {
        Tracker {
            slots: HashMap::new(),
            awaited: HashMap::new(),
            show,
            tally: Tally::default(),
            exchanges: Vec::new(),
        }
    }

    /// What was understood and what was not, so far; connections that are open and dark included.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        for slot in self.slots.values() {
            if let Slot::Own(connection) = slot {
                connection.count_darkness(&mut tally.dark);
            }
        }
        tally
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.slots.len()
    }

    /// Takes one event; the accesses that it completes are added to `out`.
    #[inline]
    pub fn follow(&mut self, event: &Event<'_>, out: &mut Vec<Access>) {
        let mut ear =
            Ear { tally: &mut self.tally, exchanges: &mut self.exchanges, out: &mut *out, show: self.show };
        match &event.what {
            What::Said(said) => {
                if let Some(connection) = find(&mut self.slots, event.conn) {
                    return connection.hear(event.at, said, &mut ear);
                }
            }
            What::Lost(lost) => {
                if let Some(connection) = find(&mut self.slots, event.conn) {
                    return connection.lose(event.at, lost, &mut ear);
                }
            }
            What::Sealed { length, .. } => {
                return match find(&mut self.slots, event.conn) {
                    Some(connection) => connection.seal(event.at, *length, &mut self.tally),
                    // The other end closed first; ciphertext alone is no reason to go on.
                    None => self.tally.sealed_bytes += length,
                };
            }
            What::Secured(paired) => {
                if let Some(connection) = find(&mut self.slots, event.conn) {
                    connection.secure(*paired);
                }
                return;
            }
            What::Opened(opened) => return self.open_one(event.conn, event.at, opened, out),
            What::Closed => return self.close_one(event.conn, event.at, out),
        }
        let known = match self.slots.remove(&event.conn) {
            // The end that stood for both is gone; this one goes on by itself.
            Some(Slot::End(_, opened)) => Arc::new(Opened { peer: None, ..(*opened).clone() }),
            // Nobody announced it: it is followed with what is known, which is nothing.
            Some(Slot::Own(_)) | None => stranger(),
        };
        self.open_one(event.conn, event.at, &known, out);
        self.follow(event, out);
    }

    /// Closes everything: what was asked and not answered is told.
    pub fn finish(&mut self, at: Time, out: &mut Vec<Access>) {
        let slots = std::mem::take(&mut self.slots);
        let mut own: Vec<_> = slots
            .into_values()
            .filter_map(|slot| match slot {
                Slot::Own(connection) => Some(connection),
                Slot::End(..) => None,
            })
            .collect();
        own.sort_unstable_by_key(|connection| connection.heard);
        for mut connection in own {
            connection.close(at, &mut self.ear(out));
        }
    }

    fn open_one(&mut self, id: ConnId, at: Time, opened: &Arc<Opened>, out: &mut Vec<Access>) {
        if let Some(connection) = find(&mut self.slots, id) {
            return connection.reopen(Arc::clone(opened));
        }
        // On two processors, the end that was there second may be announced first.
        if let Some(other) = opened.peer.or_else(|| self.awaited.remove(&id)) {
            if let Some(connection) = find(&mut self.slots, other) {
                connection.join(opened);
                self.slots.insert(id, Slot::End(other, Arc::clone(opened)));
                return;
            }
            self.awaited.insert(other, id);
        }
        if self.slots.len() >= CONNECTIONS {
            self.evict(at, out);
        }
        self.tally.connections += 1;
        self.slots.insert(id, Slot::Own(Box::new(Connection::new(id, Arc::clone(opened), at))));
    }

    fn close_one(&mut self, id: ConnId, at: Time, out: &mut Vec<Access>) {
        match self.slots.remove(&id) {
            Some(Slot::Own(mut connection)) => {
                if let Some(peer) = connection.peer_id() {
                    self.awaited.remove(&peer);
                }
                connection.close(at, &mut self.ear(out));
            }
            Some(Slot::End(..)) | None => {}
        }
    }

    /// Closes the quarter of the connections that were silent for longest.
    fn evict(&mut self, at: Time, out: &mut Vec<Access>) {
        let last_heard = |slot: &Slot| match slot {
            Slot::Own(connection) => connection.heard,
            Slot::End(other, _) => match self.slots.get(other) {
                Some(Slot::Own(connection)) => connection.heard,
                Some(Slot::End(..)) | None => Time::default(),
            },
        };
        let mut heard: Vec<(Time, ConnId)> =
            self.slots.iter().map(|(id, slot)| (last_heard(slot), *id)).collect();
        let quarter = heard.len() / 4;
        heard.select_nth_unstable(quarter);
        for (_, id) in heard.into_iter().take(quarter) {
            self.tally.evicted += 1;
            self.close_one(id, at, out);
        }
    }

    fn ear<'a>(&'a mut self, out: &'a mut Vec<Access>) -> Ear<'a> {
        Ear { tally: &mut self.tally, exchanges: &mut self.exchanges, out, show: self.show }
    }
}

#[inline]
fn find(slots: &mut HashMap<ConnId, Slot>, id: ConnId) -> Option<&mut Connection> {
    let id = match slots.get(&id)? {
        Slot::Own(_) => id,
        Slot::End(other, _) => *other,
    };
    match slots.get_mut(&id)? {
        Slot::Own(connection) => Some(connection),
        Slot::End(..) => None,
    }
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
    })
}
