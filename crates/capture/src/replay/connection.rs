//! One flow of a capture: its two ends, and what stands between a packet and an event.

use std::sync::Arc;

use model::conn::{Address, ConnId, Role, Speaker};
use model::event::{Cause, Joined, Opened};

use crate::replay::Judge;
use crate::replay::decode::{Packet, Tcp};
use crate::replay::direction::{Beyond, Direction, Segment, Side};
use crate::replay::key::{End, Key, Name, Six};
use crate::replay::line::{Desk, Line, Tls};
use crate::replay::outbox::{Noted, Span};
use crate::replay::tls::is_client_hello;

/// A UDP flow that is silent for so long has ended, and a TCP connection that ended is forgotten: nanoseconds.
const LINGER: u64 = 60_000_000_000;

/// A TCP connection or a UDP flow.
#[derive(Debug)]
pub(super) struct Connection {
    name: Name,
    /// Which of the capture's it is, from 1.
    ordinal: u32,
    /// When its first packet passed.
    opened: u64,
    /// When its last packet passed.
    pub(super) last: u64,
    /// The client's end.
    client_end: End,
    course: Course,
    client: Direction,
    server: Direction,
    rare: Option<Box<Rare>>,
}

/// What few flows have: each would hold room for it.
#[derive(Debug, Default)]
struct Rare {
    /// The addresses, where they are not IPv4's.
    six: Option<Six>,
    /// What is known of each direction (the client's, the server's) beyond what was delivered.
    beyond: [Option<Box<Beyond>>; 2],
    tls: Option<Box<Tls>>,
}

impl Rare {
    fn is_nothing(&self) -> bool {
        self.six.is_none() && self.is_straight()
    }

    /// Whether both directions go on in clear with nothing missing.
    fn is_straight(&self) -> bool {
        self.tls.is_none() && self.beyond.iter().all(Option::is_none)
    }

    /// The bytes that wait beyond holes.
    fn held(&self) -> usize {
        self.beyond.iter().flatten().map(|beyond| beyond.held()).sum()
    }
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// Both directions of a TCP connection go on in clear, with nothing missing so far.
    Straight,
    /// Anything.
    Winding,
    /// Nothing: it ended.
    Closed,
}

/// What a packet did to its connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    /// Bytes that were said before.
    pub(super) repeated: u64,
    /// Bytes that came after the end, which no program ever got.
    pub(super) late: u64,
}

impl Connection {
    /// The flow that `packet` opens, announced. `None` when such a packet opens none.
    pub(super) fn open(
        (packet, said): (&Packet, &[u8]),
        ordinal: u32,
        at: u64,
        desk: &mut Desk,
    ) -> Option<Connection> {
        let (sender_is_client, joined) = match packet.tcp {
            Some(tcp) => opening(packet, said, tcp, desk.judge)?,
            None => (asks(packet), Joined::AtStart),
        };
        let client_end = if sender_is_client { packet.sender } else { packet.sender.other() };
        let address = |end| Address::Inet(packet.key.end(end).inet());
        let opened = Opened {
            transport: packet.transport(),
            role: Role::Observer,
            joined,
            client: address(client_end),
            server: address(client_end.other()),
            process: None,
            peer: None,
            weight: 1,
        };
        let (name, six) = Name::of(&packet.key);
        let connection = Connection {
            name,
            ordinal,
            opened: at,
            last: at,
            client_end,
            course: Course::Winding,
            client: Direction::default(),
            server: Direction::default(),
            rare: six.map(|six| Box::new(Rare { six: Some(six), ..Rare::default() })),
        };
        desk.out.note(connection.id(), Noted::Opened(Arc::new(opened)));
        Some(connection)
    }

    /// The name that its events bear.
    #[inline]
    pub(super) fn id(&self) -> ConnId {
        ConnId { tgid: 0, fd: self.ordinal, generation: self.opened }
    }

    /// The key of its flow.
    #[inline]
    pub(super) fn key(&self) -> Key {
        self.name.key(self.rare.as_ref().and_then(|rare| rare.six))
    }

    /// Whether `packet` belongs to a later use of the same ports.
    pub(super) fn is_reused_by(&self, packet: &Packet, at: u64) -> bool {
        if self.has_expired(at) {
            return true;
        }
        let Some(tcp) = packet.tcp.filter(|tcp| tcp.is_syn()) else { return false };
        let direction = match self.speaker(packet.sender) {
            Speaker::Client => &self.client,
            Speaker::Server => &self.server,
        };
        let again = direction.began_with(tcp.sequence);
        !again && (direction.is_known() || !tcp.is_ack())
    }

    /// Whether it may be forgotten at `now`.
    pub(super) fn has_expired(&self, now: u64) -> bool {
        let ends = self.course == Course::Closed || self.name.is_udp();
        ends && now.saturating_sub(self.last) > LINGER
    }

    /// The bytes that wait beyond holes.
    pub(super) fn held(&self) -> usize {
        self.rare.as_ref().map_or(0, |rare| rare.held())
    }

    /// Hears a segment of `speaker`, when it only goes on with a stream in clear where that stood, as nearly all do: at
    /// which position. `None`, and nothing was changed, when there is more to it: see [`Self::hear`].
    #[inline]
    pub(super) fn follow(&mut self, speaker: Speaker, tcp: Tcp, bytes: &[u8], at: u64) -> Option<u64> {
        let (this, other) = match speaker {
            Speaker::Client => (&mut self.client, &self.server),
            Speaker::Server => (&mut self.server, &self.client),
        };
        if self.course != Course::Straight
            || !tcp.goes_on()
            || !other.is_past(tcp.acknowledged)
            || is_client_hello(bytes)
        {
            return None;
        }
        let offset = this.follow(tcp.sequence, bytes.len())?;
        self.last = at;
        Some(offset)
    }

    /// Hears a datagram of `speaker` with a payload of so many bytes, all of them there, when its flow goes on: at which
    /// position. `None`, and nothing was changed, when there is more to it.
    pub(super) fn follow_datagram(&mut self, speaker: Speaker, length: usize, at: u64) -> Option<u64> {
        if !self.name.is_udp() || self.course == Course::Closed || self.has_expired(at) {
            return None;
        }
        self.last = at;
        let this = match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        };
        Some(this.pass(length as u64))
    }

    /// Hears a packet of this flow, whose payload is `said`: the bytes, and where they stand.
    pub(super) fn hear(&mut self, packet: &Packet, said: (&[u8], Span), desk: &mut Desk) -> Heard {
        if self.course == Course::Closed {
            return Heard { late: packet.payload.len() as u64, repeated: 0 };
        }
        let Some(tcp) = packet.tcp else { return self.datagram(packet, said.1, desk) };
        let heard = self.with_rare(|this, rare| this.segment(packet, tcp, said, (rare, &mut *desk)));
        if tcp.is_reset() || (self.client.is_finished() && self.server.is_finished()) {
            self.close(desk);
        } else {
            let runs = self.client.is_running() && self.server.is_running();
            let straight = runs && self.rare.as_ref().is_none_or(|rare| rare.is_straight());
            self.course = if straight { Course::Straight } else { Course::Winding };
        }
        heard
    }

    /// Delivers what is held beyond holes.
    pub(super) fn flush(&mut self, desk: &mut Desk) {
        self.with_rare(|this, rare| {
            for speaker in [Speaker::Client, Speaker::Server] {
                let (mut side, _, mut line) = this.sides(speaker, (&mut *rare, &mut *desk));
                side.flush(&mut line);
            }
        });
    }

    /// Ends the flow, after what is held.
    pub(super) fn close(&mut self, desk: &mut Desk) {
        if self.course != Course::Closed {
            self.flush(desk);
            self.course = Course::Closed;
            desk.out.note(self.id(), Noted::Closed);
        }
    }

    /// Who speaks at an end.
    pub(super) fn speaker(&self, end: End) -> Speaker {
        if end == self.client_end { Speaker::Client } else { Speaker::Server }
    }

    /// Does something with what few flows have, which is kept while there is any.
    fn with_rare<T>(&mut self, act: impl FnOnce(&mut Connection, &mut Rare) -> T) -> T {
        let (mut rare, mut none) = (self.rare.take(), Rare::default());
        let done = act(self, rare.as_deref_mut().unwrap_or(&mut none));
        self.rare = match rare {
            Some(rare) => Some(rare).filter(|rare| !rare.is_nothing()),
            None => (!none.is_nothing()).then(|| Box::new(none)),
        };
        done
    }

    fn segment(
        &mut self,
        packet: &Packet,
        tcp: Tcp,
        (bytes, span): (&[u8], Span),
        beside: (&mut Rare, &mut Desk),
    ) -> Heard {
        let speaker = self.speaker(packet.sender);
        let (mut this, mut other, mut line) = self.sides(speaker.other(), beside);
        let sure = !bytes.is_empty() || tcp.is_fin();
        if tcp.is_ack() {
            this.acknowledge(tcp.acknowledged, sure, &mut line);
        }
        line.speaker = speaker;
        let sequence = if tcp.is_syn() { tcp.sequence.wrapping_add(1) } else { tcp.sequence };
        let mut heard = Heard::default();
        if !bytes.is_empty() || packet.missing > 0 || tcp.is_fin() || tcp.is_syn() {
            let (missing, last) = (packet.missing, tcp.is_fin());
            let segment = Segment { sequence, at: line.desk.out.at, bytes, span: Some(span), missing, last };
            heard.repeated = other.hear(segment, &mut line) as u64;
        }
        heard
    }

    fn datagram(&mut self, packet: &Packet, span: Span, desk: &mut Desk) -> Heard {
        let speaker = self.speaker(packet.sender);
        self.with_rare(|this, rare| {
            let (side, _, mut line) = this.sides(speaker, (rare, desk));
            let length = packet.payload.len() as u64;
            let offset = side.direction.pass(length);
            if length > 0 {
                line.said(offset, span);
            }
            if packet.missing > 0 {
                let missing = packet.missing as u64;
                line.lost(side.direction.pass(missing), missing, Cause::Limit);
            }
        });
        Heard::default()
    }

    /// The side of `speaker`, the other, and the line to the events of `speaker`.
    fn sides<'a>(
        &'a mut self,
        speaker: Speaker,
        (rare, desk): (&'a mut Rare, &'a mut Desk),
    ) -> (Side<'a>, Side<'a>, Line<'a>) {
        let line = Line { conn: self.id(), speaker, tls: &mut rare.tls, desk };
        let [client, server] = &mut rare.beyond;
        let client = Side { direction: &mut self.client, beyond: client };
        let server = Side { direction: &mut self.server, beyond: server };
        match speaker {
            Speaker::Client => (client, server, line),
            Speaker::Server => (server, client, line),
        }
    }
}

/// Whether the sender of the first segment is the client, and how the connection was joined. `None` for segments
/// that open nothing: bare acknowledgements, resets and the like of a connection that carried nothing yet.
fn opening(packet: &Packet, said: &[u8], tcp: Tcp, judge: Option<Judge>) -> Option<(bool, Joined)> {
    match (tcp.is_syn(), tcp.is_ack()) {
        (true, false) => Some((true, Joined::AtStart)),
        (true, true) => Some((false, Joined::AtStart)),
        (false, _) if packet.payload.is_empty() && packet.missing == 0 => None,
        (false, _) => {
            let speaker = judge.and_then(|judge| judge(said, [packet.source().port, packet.target().port]));
            let asks = speaker.map_or_else(|| asks(packet), |speaker| speaker == Speaker::Client);
            Some((asks, Joined::Midway))
        }
    }
}

/// Whether the sender of a first packet is the client: the server has the port that services use. Where the ports do not
/// tell, who speaks first asks.
fn asks(packet: &Packet) -> bool {
    service(packet.source().port) <= service(packet.target().port)
}

/// How likely a port is a service's: well-known, registered, ephemeral.
fn service(port: u16) -> u8 {
    match port {
        0..1024 => 2,
        1024..32768 => 1,
        32768.. => 0,
    }
}
