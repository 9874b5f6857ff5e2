//! One connection: where it stands, its sessions, what was prepared, who asks.

use std::sync::Arc;

use hashbrown::HashMap;
use model::conn::Speaker;
use model::event::Joined;
use model::exchange::{Exchange, Identity, Text};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::Reader;

use super::asked::Asking;
use super::chain;
use super::login::Encryption;
use super::reply::Reply;
use super::statements::{Of, Prepared, Store};
use super::wire::{self, SMP, SMP_HEADER, session_header, smp};

/// So many sessions of one connection are followed; drivers open one for each result that is read beside another.
const LANES: usize = 256;

/// Where a connection stands.
///
/// ```text
///            PRELOGIN          the server's           records of TLS
///  Silent ────────────▶ Asked ─────────────▶ Tunnel ──────────────────▶ Over: the clear layer goes on, and is Silent
///    │                                          │
///    │                                          │ only the log-in is encrypted, or nothing
///    ╰───────────── LOGIN7, any request ────────┴──▶ Talking
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was said.
    Silent,
    /// The client said how it wants to be encrypted.
    Asked(Encryption),
    /// The sides agreed on that.
    Tunnel(Encryption),
    /// Questions and answers.
    Talking,
}

/// What the server owes.
#[derive(Debug)]
pub(super) enum Due {
    /// The end of the log-in.
    Login,
    /// The numbers by which a statement, or a cursor of it, goes on.
    Numbers {
        promised: [Option<Of>; 2],
        prepared: Prepared,
    },
    Other,
}

/// One session: questions and answers in turn.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// The message of the client that is not whole.
    pub(super) asking: Option<Box<Asking>>,
    pub(super) reply: Reply,
    pub(super) due: Option<Due>,
}

impl Lane {
    /// What its requests wait under.
    #[inline]
    pub(super) fn key(&self) -> Key {
        self.reply.session.map_or(Key::Turn, |session| Key::Id(session.into()))
    }

    /// A request begins to wait.
    #[inline]
    pub(super) fn ask(&mut self, due: Due, exchange: Box<Exchange>) -> Heard {
        self.due = Some(due);
        Heard::Request(self.key(), exchange)
    }

    /// What `speaker` was saying has no end.
    fn lose(&mut self, speaker: Speaker) {
        match speaker {
            Speaker::Client => self.asking = None,
            Speaker::Server => {
                self.reply = Reply::of(self.reply.session, self.reply.dialect);
            }
        }
        self.due = None;
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Tds {
    pub(super) state: State,
    /// The one session, or what is said outside of any.
    pub(super) lane: Lane,
    /// The sessions, where a connection has several.
    lanes: Option<Box<HashMap<u16, Box<Lane>>>>,
    store: Option<Box<Store>>,
    pub(super) identity: Arc<Identity>,
    /// Whether who the session is must still be told.
    is_new: bool,
    pub(super) in_transaction: bool,
    /// The statement that announced rows of the client's.
    pub(super) bulk: Option<Text>,
}

impl Session for Tds {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if std::mem::take(&mut self.is_new) {
            return Ok(Heard::Identity(Arc::clone(&self.identity)));
        }
        match *wire.peek(1)? {
            [SMP] => self.read_session(speaker, wire),
            [0x14..=0x17] => self.read_sealed(speaker, wire),
            _ => {
                let mut lane = std::mem::take(&mut self.lane);
                let read = self.read_packet(speaker, &mut lane, wire);
                self.lane = lane;
                read
            }
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        self.lane.lose(speaker);
        let lanes = self.lanes.iter_mut().flat_map(|lanes| lanes.values_mut());
        lanes.for_each(|lane| lane.lose(speaker));
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        seek(wire, 0..wire.len(), |bytes| chain::begins(speaker, bytes))
    }
}

impl Tds {
    /// A connection of which nothing was heard yet.
    pub(super) fn new(joined: Joined) -> Self {
        Tds {
            state: match joined {
                Joined::AtStart => State::Silent,
                Joined::Midway => State::Talking,
            },
            lane: Lane::default(),
            lanes: None,
            store: None,
            identity: Arc::default(),
            is_new: false,
            in_transaction: false,
            bulk: None,
        }
    }

    fn read_packet(&mut self, speaker: Speaker, lane: &mut Lane, wire: &mut Reader<'_>) -> Read<Heard> {
        let header = wire::header(wire)?;
        match speaker {
            Speaker::Client => self.asked(header, lane, wire),
            Speaker::Server => self.answered(header, lane, wire),
        }
    }

    /// A session's packet, which holds one packet.
    fn read_session(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let around = session_header(wire)?;
        if around.kind != smp::DATA {
            wire.skip(SMP_HEADER as u64);
            if around.kind == smp::FIN
                && let Some(lanes) = &mut self.lanes
                && lanes.get(&around.session).is_some_and(|lane| lane.due.is_none())
            {
                lanes.remove(&around.session);
            }
            return Ok(Heard::Nothing);
        }
        let mut lane =
            self.lane_of(around.session).ok_or(wire.broken("a connection has too many sessions"))?;
        wire.skip(SMP_HEADER as u64);
        let fits = wire::header(wire)
            .map(|header| usize::from(header.length) + SMP_HEADER == around.length as usize);
        let read = match fits {
            Ok(true) => self.read_packet(speaker, &mut lane, wire),
            Ok(false) => Err(wire.broken("a session's packet holds more or less than one")),
            Err(stop) => Err(stop),
        };
        if let Some(lanes) = &mut self.lanes {
            lanes.insert(around.session, lane);
        }
        read
    }

    /// Takes a session out of those that are known; it comes back when its packet was read.
    fn lane_of(&mut self, session: u16) -> Option<Box<Lane>> {
        let dialect = self.lane.reply.dialect;
        let lanes = self.lanes.get_or_insert_default();
        let known = lanes.remove(&session);
        let made = || Box::new(Lane { reply: Reply::of(Some(session), dialect), ..Lane::default() });
        known.or_else(|| (lanes.len() < LANES).then(made))
    }

    /// A record of TLS: of the log-in, if only that is encrypted.
    fn read_sealed(&self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        const LONGEST: u16 = (1 << 14) + 2048;
        let record = wire.array::<5>()?;
        let [_, major, minor, high, low] = record;
        let length = u16::from_be_bytes([high, low]);
        match (self.state, speaker) {
            (State::Asked(_) | State::Tunnel(_), _) if major != 3 || minor > 4 || length > LONGEST => {
                Err(wire.broken("a record of TLS is none"))
            }
            // Where what they agreed on was lost, the server's next record tells.
            (State::Tunnel(Encryption::Login), _) | (State::Asked(_), Speaker::Client) => {
                wire.skip(length.into());
                Ok(Heard::Nothing)
            }
            (State::Asked(_) | State::Tunnel(_), _) => Err(Stop::Over),
            (State::Silent | State::Talking, _) => Err(wire.broken("a packet's header is none")),
        }
    }

    /// The session holds nothing that was prepared any more.
    pub(super) fn forget_statements(&mut self) {
        self.store = None;
    }

    /// What the client prepared; most sessions prepare nothing, and hold no room for it.
    pub(super) fn store(&mut self) -> &mut Store {
        self.store.get_or_insert_default()
    }

    /// The session is this from now on, which is told before anything else is.
    pub(super) fn identify(&mut self, identity: Identity, wire: &mut Reader<'_>) {
        if identity != *self.identity {
            self.identity = wire.share(identity);
            self.is_new = true;
        }
    }

    /// Whether who the session is was told.
    pub(super) fn take_news(&mut self) -> Option<Heard> {
        std::mem::take(&mut self.is_new).then(|| Heard::Identity(Arc::clone(&self.identity)))
    }
}
