//! One flow of a capture: its two ends, and what stands between a packet and an event.

use std::net::SocketAddr;
use std::sync::Arc;

use model::conn::{Address, ConnId, Role, Speaker, Transport};
use model::event::{Cause, Joined, Opened};

use crate::replay::decode::{Endpoint, Packet, Tcp};
use crate::replay::direction::{Direction, Segment};
use crate::replay::flows::Key;
use crate::replay::line::{Desk, Line, Tls};
use crate::replay::outbox::{Noted, Span};

/// A UDP flow that is silent for so long has ended, and a TCP connection that ended is forgotten: nanoseconds.
const LINGER: u64 = 60_000_000_000;

/// A TCP connection or a UDP flow.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) key: Key,
    pub(super) id: ConnId,
    /// When its last packet passed.
    pub(super) last: u64,
    transport: Transport,
    /// Whether the client is the lower of the key's two ends.
    client_is_low: bool,
    closed: bool,
    client: Direction,
    server: Direction,
    /// The positions of the next datagrams (UDP): client's, server's.
    said: [u64; 2],
    tls: Option<Box<Tls>>,
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
    pub(super) fn open(packet: &Packet, ordinal: u32, at: u64, desk: &mut Desk) -> Option<Connection> {
        let (sender_is_client, joined) = match packet.tcp {
            Some(tcp) => opening(packet, tcp)?,
            None => (asks(packet), Joined::AtStart),
        };
        let transport = if packet.tcp.is_some() { Transport::Tcp } else { Transport::Udp };
        let (key, from_low) = Key::of(packet);
        let id = ConnId { tgid: 0, fd: ordinal, generation: at };
        let (client, server) =
            if sender_is_client { (packet.source, packet.target) } else { (packet.target, packet.source) };
        let opened = Opened {
            transport,
            role: Role::Observer,
            joined,
            client: address(client),
            server: address(server),
            process: None,
            peer: None,
        };
        desk.out.note(id, Noted::Opened(Arc::new(opened)));
        Some(Connection {
            key,
            id,
            last: at,
            transport,
            client_is_low: from_low == sender_is_client,
            closed: false,
            client: Direction::default(),
            server: Direction::default(),
            said: [0; 2],
            tls: None,
        })
    }

    /// Whether `packet` belongs to a later use of the same ports.
    #[inline]
    pub(super) fn is_reused_by(&self, packet: &Packet, from_low: bool, at: u64) -> bool {
        let tcp = match packet.tcp {
            _ if self.has_expired(at) => return true,
            Some(tcp) if tcp.is_syn() => tcp,
            Some(_) | None => return false,
        };
        let direction = match self.speaker(from_low) {
            Speaker::Client => &self.client,
            Speaker::Server => &self.server,
        };
        let again = direction.began_with(tcp.sequence);
        !again && (direction.is_known() || !tcp.is_ack())
    }

    /// Whether it may be forgotten at `now`.
    pub(super) fn has_expired(&self, now: u64) -> bool {
        let ends = self.closed || self.transport == Transport::Udp;
        ends && now.saturating_sub(self.last) > LINGER
    }

    /// The bytes that wait beyond holes.
    pub(super) fn held(&self) -> usize {
        self.client.held() + self.server.held()
    }

    /// Hears a packet of this flow, whose payload is `bytes`.
    #[inline]
    pub(super) fn hear(&mut self, packet: &Packet, from_low: bool, bytes: &[u8], desk: &mut Desk) -> Heard {
        let speaker = self.speaker(from_low);
        match packet.tcp {
            _ if self.closed => Heard { late: bytes.len() as u64, repeated: 0 },
            Some(tcp) => self.segment(speaker, packet, (tcp, bytes), desk),
            None => self.datagram(speaker, packet, desk),
        }
    }

    /// Delivers what is held beyond holes.
    pub(super) fn flush(&mut self, desk: &mut Desk) {
        for speaker in [Speaker::Client, Speaker::Server] {
            let (this, _, mut line) = self.sides(speaker, desk);
            this.flush(&mut line);
        }
    }

    /// Ends the flow, after what is held.
    pub(super) fn close(&mut self, desk: &mut Desk) {
        if !self.closed {
            self.flush(desk);
            self.closed = true;
            desk.out.note(self.id, Noted::Closed);
        }
    }

    fn speaker(&self, from_low: bool) -> Speaker {
        if from_low == self.client_is_low { Speaker::Client } else { Speaker::Server }
    }

    fn segment(
        &mut self,
        speaker: Speaker,
        packet: &Packet,
        (tcp, bytes): (Tcp, &[u8]),
        desk: &mut Desk,
    ) -> Heard {
        let (this, other, mut line) = self.sides(speaker.other(), desk);
        let sure = !bytes.is_empty() || tcp.is_fin();
        if tcp.is_ack() {
            this.acknowledge(tcp.acknowledged, sure, &mut line);
        }
        line.speaker = speaker;
        let sequence = if tcp.is_syn() { tcp.sequence.wrapping_add(1) } else { tcp.sequence };
        let mut heard = Heard::default();
        if !bytes.is_empty() || packet.missing > 0 || tcp.is_fin() || tcp.is_syn() {
            let span = Some(Span::packet(packet.payload.start, bytes.len()));
            let segment = Segment { sequence, bytes, span, missing: packet.missing, last: tcp.is_fin() };
            heard.repeated = other.hear(segment, &mut line) as u64;
        }
        if tcp.is_reset() || (self.client.is_finished() && self.server.is_finished()) {
            self.close(desk);
        }
        heard
    }

    fn datagram(&mut self, speaker: Speaker, packet: &Packet, desk: &mut Desk) -> Heard {
        let [client, server] = &mut self.said;
        let offset = if speaker == Speaker::Client { client } else { server };
        let mut line = Line { conn: self.id, speaker, tls: &mut self.tls, desk };
        let length = packet.payload.len();
        if length > 0 {
            line.said(*offset, Span::packet(packet.payload.start, length));
        }
        *offset += length as u64;
        if packet.missing > 0 {
            line.lost(*offset, packet.missing as u64, Cause::Limit);
            *offset += packet.missing as u64;
        }
        Heard::default()
    }

    /// The direction of `speaker`, the other, and the line to the events of `speaker`.
    fn sides<'a>(
        &'a mut self,
        speaker: Speaker,
        desk: &'a mut Desk,
    ) -> (&'a mut Direction, &'a mut Direction, Line<'a>) {
        let line = Line { conn: self.id, speaker, tls: &mut self.tls, desk };
        match speaker {
            Speaker::Client => (&mut self.client, &mut self.server, line),
            Speaker::Server => (&mut self.server, &mut self.client, line),
        }
    }
}

/// Whether the sender of the first segment is the client, and how the connection was joined. `None` for segments
/// that open nothing: bare acknowledgements, resets and the like of a connection that carried nothing yet.
fn opening(packet: &Packet, tcp: Tcp) -> Option<(bool, Joined)> {
    match (tcp.is_syn(), tcp.is_ack()) {
        (true, false) => Some((true, Joined::AtStart)),
        (true, true) => Some((false, Joined::AtStart)),
        (false, _) if packet.payload.is_empty() && packet.missing == 0 => None,
        (false, _) => Some((asks(packet), Joined::Midway)),
    }
}

/// Whether the sender is the client, by the ports alone: the server has the one that services use. Where they do
/// not tell, who speaks first in a datagram asks, and in a stream the lower port serves.
fn asks(packet: &Packet) -> bool {
    let (source, target) = (packet.source.port, packet.target.port);
    match service(source).cmp(&service(target)) {
        std::cmp::Ordering::Greater => false,
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Equal => packet.tcp.is_none() || source >= target,
    }
}

/// How likely a port is a service's: well-known, registered, ephemeral.
fn service(port: u16) -> u8 {
    match port {
        0..1024 => 2,
        1024..32768 => 1,
        32768.. => 0,
    }
}

fn address(end: Endpoint) -> Address {
    Address::Inet(SocketAddr::new(end.address(), end.port))
}
