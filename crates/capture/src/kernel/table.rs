//! The connections that the collector knows: turns each record into the events it stands for.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::{Address, ConnId, Layer, Paired, Role, Speaker, Transport};
use model::event::{Cause, Counted, Event, Joined, Lost, Opened, What};
use model::time::Time;

use super::clock::Clock;
use super::ends::{Listeners, addresses, transport};
use super::processes::Processes;
use super::records::{self, ANNOUNCED, Account, Head, NOT_COUNTED, Passed, Walked, text};

/// Twice the kernel's own table, so that ends which were not told do not pile up; beyond it the oldest half is ended.
const CONNECTIONS: usize = 131_072;
/// The kernel's causes, in its order (`enum cause`).
const CAUSES: [Cause; 7] = [
    Cause::RingFull,
    Cause::Limit,
    Cause::Fault,
    Cause::Unseen,
    Cause::SampledOut,
    Cause::Rate,
    Cause::Budget,
];

/// What is known.
pub(crate) struct Table {
    clock: Clock,
    connections: HashMap<ConnId, Known, RandomState>,
    processes: Processes,
    listeners: Listeners,
    unreadable: u64,
    /// When the latest record was written.
    latest: Time,
    /// Those that were given up here, while the kernel may still know them.
    left: Vec<Left>,
}

#[derive(Clone, Copy)]
struct Known {
    role: Role,
    user: u32,
    /// `None` for a connection that was given up and went on: what was counted of it is told already.
    key: Option<Key>,
    /// Whether the kernel tells its end by itself (TCP, pipes), or the end of its process must do.
    ends_by_itself: bool,
}

/// What a connection has in the kernel's table for a key.
pub(crate) type Key = [u64; 2];

/// A connection that is over by what is known here: its process ended, or the table was full.
pub(crate) struct Left {
    pub(crate) conn: ConnId,
    pub(crate) key: Option<Key>,
    role: Role,
    at: Time,
}

/// What a record was.
pub(crate) enum Heard {
    /// Bytes, which stand at this range of the record.
    Said(Passage, Range<usize>),
    /// Something that is waiting in the queue by now, or nothing.
    Other,
}

/// Where captured bytes belong.
pub(crate) struct Passage {
    pub(crate) at: Time,
    pub(crate) conn: ConnId,
    pub(crate) layer: Layer,
    pub(crate) speaker: Speaker,
    pub(crate) offset: u64,
}

impl Table {
    pub(crate) fn new() -> Table {
        Table {
            clock: Clock::read(),
            connections: HashMap::default(),
            processes: Processes::new(),
            listeners: Listeners::default(),
            unreadable: 0,
            latest: Time::default(),
            left: Vec::new(),
        }
    }

    /// The processes that are known.
    pub(crate) fn processes(&mut self) -> &mut Processes {
        &mut self.processes
    }

    /// Records that made no sense.
    pub(crate) fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Reads one record; events without bytes go to `events`.
    pub(crate) fn hear(&mut self, bytes: &[u8], events: &mut VecDeque<Event<'static>>) -> Heard {
        let heard = records::read::<Head>(bytes).and_then(|head| match head.kind {
            records::PASSED => self.passed(&records::read(bytes)?, events),
            records::OPENED => self.opened(&records::read(bytes)?, events),
            records::SEALED => self.sealed(&records::read(bytes)?, events),
            records::SECURED => self.secured(&head, events),
            records::CLOSED => {
                let closed: records::Closed = records::read(bytes)?;
                let at = self.clock.time(head.at);
                self.latest = at;
                self.closed(head.conn(), at, &closed.account, events)
            }
            records::FORKED | records::EXECED | records::EXITED => self.life(&records::read(bytes)?),
            _ => None,
        });
        heard.unwrap_or_else(|| {
            self.unreadable += 1;
            Heard::Other
        })
    }

    fn passed(&mut self, record: &Passed, events: &mut VecDeque<Event<'static>>) -> Option<Heard> {
        let head = &record.head;
        let speaker = self.speaker(head, events);
        let passage = Passage {
            at: self.clock.time(head.at),
            conn: head.conn(),
            layer: layer(head),
            speaker,
            offset: record.position,
        };
        let captured = u64::from(record.captured);
        if let Some(length) = record.length.checked_sub(captured).filter(|length| *length > 0) {
            let lost = Lost {
                layer: passage.layer,
                speaker,
                offset: record.position + captured,
                length,
                cause: *CAUSES.get(usize::from(head.detail))?,
            };
            events.push_back(Event { at: passage.at, conn: passage.conn, what: What::Lost(lost) });
        }
        if record.captured == 0 {
            return Some(Heard::Other);
        }
        let start = size_of::<Passed>();
        Some(Heard::Said(passage, start..start + record.captured as usize))
    }

    fn opened(&mut self, record: &records::Opened, events: &mut VecDeque<Event<'static>>) -> Option<Heard> {
        let conn = record.head.conn();
        let partner = ConnId {
            tgid: record.partner_tgid,
            fd: record.partner_fd,
            generation: record.partner_generation,
        };
        let role = match (self.connections.get(&conn), self.connections.get(&partner)) {
            (Some(known), _) => known.role,
            // What a datagram's two ends say first may be told in any order.
            (None, Some(Known { role, .. })) if transport(record) == Transport::Udp => other_end(*role),
            (None, _) => self.listeners.role(record),
        };
        let (own, other) = addresses(record);
        let (client, server) = if role == Role::Server { (other, own) } else { (own, other) };
        let process = self.processes.process(record.head.user, &text(&record.name), record.uid);
        let opened = Opened {
            transport: transport(record),
            role,
            joined: if record.midway == 0 { Joined::AtStart } else { Joined::Midway },
            client,
            server,
            process: Some(process),
            peer: (partner.generation != 0).then(|| Box::new(partner)),
            weight: record.weight.max(1),
        };
        let at = self.clock.time(record.head.at);
        self.make_room(at);
        let ends_by_itself = matches!(record.transport, 1 | 5);
        let key = Some([record.socket, record.peer]);
        self.connections.insert(conn, Known { role, user: record.head.user, key, ends_by_itself });
        events.push_back(Event { at, conn, what: What::Opened(Arc::new(opened)) });
        Some(Heard::Other)
    }

    fn sealed(&mut self, record: &Passed, events: &mut VecDeque<Event<'static>>) -> Option<Heard> {
        let what = What::Sealed { speaker: self.speaker(&record.head, events), length: record.length };
        events.push_back(Event { at: self.clock.time(record.head.at), conn: record.head.conn(), what });
        Some(Heard::Other)
    }

    fn secured(&mut self, head: &Head, events: &mut VecDeque<Event<'static>>) -> Option<Heard> {
        let paired = match head.detail {
            1 => Paired::Guessed,
            2 => Paired::Likely,
            3 => Paired::Certain,
            _ => return None,
        };
        if self.connections.contains_key(&head.conn()) {
            let at = self.clock.time(head.at);
            events.push_back(Event { at, conn: head.conn(), what: What::Secured(paired) });
        }
        Some(Heard::Other)
    }

    /// A connection ended, and this is its account.
    pub(crate) fn closed(
        &mut self,
        conn: ConnId,
        at: Time,
        account: &Account,
        events: &mut VecDeque<Event<'static>>,
    ) -> Option<Heard> {
        // The exit of its process may have ended it already.
        let Some(known) = self.connections.remove(&conn) else { return Some(Heard::Other) };
        if known.key.is_some() {
            tell(conn, at, known.role, account, events);
        }
        events.push_back(Event { at, conn, what: What::Closed });
        Some(Heard::Other)
    }

    /// A connection is open, and nothing more will be seen of it. One that found no room to be announced is now.
    pub(crate) fn counted(&mut self, walked: &Walked, events: &mut VecDeque<Event<'static>>) {
        let opened = walked.opened();
        let conn = opened.head.conn();
        if walked.connection.flags & ANNOUNCED == 0 {
            self.opened(&opened, events);
        }
        if let Some(known) = self.connections.get(&conn).filter(|known| known.key.is_some()) {
            let account = Account { socket: walked.socket, ..walked.connection.account };
            tell(conn, self.latest, known.role, &account, events);
        }
    }

    /// When the latest end was told.
    pub(crate) fn latest(&self) -> Time {
        self.latest
    }

    /// The connections that were given up since this was asked last.
    pub(crate) fn take_left(&mut self) -> Vec<Left> {
        std::mem::take(&mut self.left)
    }

    /// A connection was given up; the kernel has forgotten it too, or had this account of it.
    pub(crate) fn leave(left: &Left, account: Option<&Account>, events: &mut VecDeque<Event<'static>>) {
        if let Some(account) = account {
            tell(left.conn, left.at, left.role, account, events);
        }
        events.push_back(Event { at: left.at, conn: left.conn, what: What::Closed });
    }

    fn life(&mut self, record: &records::Life) -> Option<Heard> {
        match record.head.kind {
            records::FORKED => self.processes.forked(record),
            records::EXECED => self.processes.execed(record),
            _ => {
                self.processes.exited(record.head.user);
                let at = self.clock.time(record.head.at);
                self.latest = at;
                self.end(at, |known| known.user == record.head.user && !known.ends_by_itself);
            }
        }
        Some(Heard::Other)
    }

    fn make_room(&mut self, at: Time) {
        if self.connections.len() < CONNECTIONS {
            return;
        }
        let mut generations: Vec<u64> = self.connections.keys().map(|conn| conn.generation).collect();
        let middle = generations.len() / 2;
        let (_, median, _) = generations.select_nth_unstable(middle);
        let median = *median;
        self.leave_those(at, |conn, _| conn.generation < median);
    }

    fn end(&mut self, at: Time, ends: impl Fn(&Known) -> bool) {
        self.leave_those(at, |_, known| ends(known));
    }

    fn leave_those(&mut self, at: Time, leaves: impl Fn(&ConnId, &Known) -> bool) {
        let left = self.connections.extract_if(|conn, known| leaves(conn, known));
        self.left.extend(left.map(|(conn, known)| Left { conn, key: known.key, role: known.role, at }));
    }

    /// Who says what a record tells of.
    ///
    /// A connection that was ended here (its process exited, the table was full) and goes on all the same is announced
    /// again, with what is left to know of it: who uses it.
    fn speaker(&mut self, head: &Head, events: &mut VecDeque<Event<'static>>) -> Speaker {
        if let Some(known) = self.connections.get(&head.conn()) {
            return speaks(known.role, head.direction);
        }
        let at = self.clock.time(head.at);
        self.make_room(at);
        let role = Role::Client;
        self.connections
            .insert(head.conn(), Known { role, user: head.user, key: None, ends_by_itself: false });
        let opened = Opened {
            transport: Transport::Unix,
            role,
            joined: Joined::Midway,
            client: Address::Unknown,
            server: Address::Unknown,
            process: Some(self.processes.known(head.user)),
            peer: None,
            weight: 1,
        };
        events.push_back(Event { at, conn: head.conn(), what: What::Opened(Arc::new(opened)) });
        speaks(role, head.direction)
    }
}

/// Tells what an account holds: what was not told yet, and all that was counted.
fn tell(conn: ConnId, at: Time, role: Role, account: &Account, events: &mut VecDeque<Event<'static>>) {
    for (direction, length) in (0u8..).zip(account.sealed).filter(|(_, length)| *length > 0) {
        let what = What::Sealed { speaker: speaks(role, direction), length };
        events.push_back(Event { at, conn, what });
    }
    let mut counted = Box::<[Counted; 2]>::default();
    for (way, figures) in (0u8..).zip(account.ways) {
        let speaker = speaks(role, way & 1);
        let layer = if way < 2 { Layer::Wire } else { Layer::Clear };
        let side = &mut counted[speaker as usize];
        side.seen[layer as usize] = figures.position;
        side.twice[layer as usize] = figures.twice;
        let mut offset = figures.position.saturating_sub(figures.owed.iter().sum());
        for (cause, length) in CAUSES.into_iter().zip(figures.owed).filter(|(_, length)| *length > 0) {
            let lost = Lost { layer, speaker, offset, length, cause };
            events.push_back(Event { at, conn, what: What::Lost(lost) });
            offset += length;
        }
    }
    for ((direction, moved), before) in (0u8..).zip(account.socket).zip(account.before) {
        let side = &mut counted[speaks(role, direction) as usize];
        side.socket = Some(moved).filter(|moved| *moved != NOT_COUNTED);
        side.before = before;
    }
    events.push_back(Event { at, conn, what: What::Counted(counted) });
}

fn other_end(role: Role) -> Role {
    if role == Role::Client { Role::Server } else { Role::Client }
}

fn layer(head: &Head) -> Layer {
    if head.layer == 0 { Layer::Wire } else { Layer::Clear }
}

/// Who sends what the process with `role` writes (direction 0) or reads.
fn speaks(role: Role, direction: u8) -> Speaker {
    let own = if role == Role::Server { Speaker::Server } else { Speaker::Client };
    if direction == 0 { own } else { own.other() }
}
