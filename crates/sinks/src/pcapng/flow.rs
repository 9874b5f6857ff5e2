//! One connection as packets: what its ends said, as if TCP or UDP had carried it in clear.

use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use model::conn::{Address, ConnId, Layer, Paired, Role, Speaker};
use model::event::{Joined, Opened, Said};
use model::process::Process;
use model::time::Time;

use crate::pcapng::block;
use crate::pcapng::packet::{self, Flags, Segment};

/// Bytes that one packet carries at most: an IPv4 packet has a length of sixteen bits, its headers included.
const PAYLOAD: usize = 65_000;

/// Ports on which Wireshark expects TLS, each with the one on which it expects the same in clear.
const IN_CLEAR: [(u16, u16); 12] = [
    (443, 80),
    (465, 25),
    (563, 119),
    (636, 389),
    (853, 53),
    (989, 20),
    (990, 21),
    (993, 143),
    (995, 110),
    (5671, 5672),
    (8443, 8080),
    (8883, 1883),
];

/// Addresses of ends that have none (Unix sockets) or whose address nobody saw: of a network that is nobody's
/// (RFC 4193), then which end it is, then which connection.
const NOWHERE: u128 = 0xfd70_6c61_696e << 80;

/// One connection.
#[derive(Debug)]
pub(super) struct Flow {
    opened: Arc<Opened>,
    /// The process at the other end, when that is on this host too.
    peer: Option<Arc<Process>>,
    paired: Option<Paired>,
    ordinal: u32,
    /// How many of its ends on this host are open.
    ends: u8,
    wire: Option<Lane>,
    clear: Option<Lane>,
}

/// One layer of it: a stream of its own.
#[derive(Clone, Copy, Debug)]
struct Lane {
    /// The sequence number before the first byte: Wireshark tells a layer from the one before it on the same ports by
    /// that alone.
    begin: u32,
    /// In which file its packets go on.
    file: u32,
    /// How many bytes the client and the server said.
    said: [u64; 2],
}

impl Flow {
    /// A connection of which nothing was said yet, the `ordinal`-th of all.
    pub(super) fn new(opened: Arc<Opened>, ordinal: u32) -> Self {
        Flow { opened, peer: None, paired: None, ordinal, ends: 1, wire: None, clear: None }
    }

    /// More became known of it.
    pub(super) fn reopen(&mut self, opened: &Arc<Opened>) {
        self.opened = Arc::clone(opened);
    }

    /// Its other end is on this host too.
    pub(super) fn join(&mut self, other: &Opened) {
        self.ends += 1;
        self.peer.clone_from(&other.process);
    }

    /// The connection at its other end, if it named one when it was opened.
    pub(super) fn peer(&self) -> Option<ConnId> {
        self.opened.peer.as_deref().copied()
    }

    /// A TLS session above it was found.
    pub(super) fn secure(&mut self, paired: Paired) {
        self.paired = Some(paired);
    }

    /// Appends what was said, as packets of the `file`-th file.
    pub(super) fn say(&mut self, out: &mut Vec<u8>, file: u32, at: Time, said: &Said<'_>) {
        if said.layer == Layer::Wire && self.clear.is_some() {
            // The end of a hand-shake: its bytes would stand among those of the stream in clear.
            return;
        }
        if self.opened.transport.keeps_bounds() {
            return self.send(out, at, said);
        }
        let mut lane = self.begin(out, file, at, said.layer);
        let mut position = said.offset;
        for payload in said.bytes.chunks(PAYLOAD) {
            let segment = lane.segment(said.speaker, position, Flags::Data);
            self.write(out, at, said.layer, Segment { payload, ..segment }, "");
            position += payload.len() as u64;
        }
        let ours = &mut lane.said[said.speaker as usize];
        *ours = position.max(*ours);
        *self.lane(said.layer) = Some(lane);
    }

    /// One end of it was closed: whether it was the last. Then the packets that end it are appended.
    pub(super) fn close(&mut self, out: &mut Vec<u8>, at: Time) -> bool {
        self.ends -= 1;
        if self.ends > 0 {
            return false;
        }
        for (layer, lane) in [(Layer::Wire, self.wire), (Layer::Clear, self.clear)] {
            if let Some(lane) = lane {
                self.end(out, at, layer, lane);
            }
        }
        true
    }

    fn lane(&mut self, layer: Layer) -> &mut Option<Lane> {
        match layer {
            Layer::Wire => &mut self.wire,
            Layer::Clear => &mut self.clear,
        }
    }

    /// The layer's stream, after the hand-shake that begins it in this file.
    fn begin(&mut self, out: &mut Vec<u8>, file: u32, at: Time, layer: Layer) -> Lane {
        if let Some(lane) = *self.lane(layer)
            && lane.file == file
        {
            return lane;
        }
        if layer == Layer::Clear
            && let Some(wire) = self.wire.take()
        {
            self.end(out, at, Layer::Wire, wire);
        }
        let begin = match layer {
            Layer::Wire => 0,
            Layer::Clear => 1 << 28,
        };
        let said = self.lane(layer).map_or([0; 2], |lane| lane.said);
        let lane = Lane { begin, file, said };
        let comment = self.comment(layer);
        let steps = [
            (Speaker::Client, Flags::Syn, comment.as_str()),
            (Speaker::Server, Flags::SynAck, ""),
            (Speaker::Client, Flags::Ack, ""),
        ];
        for (speaker, flags, comment) in steps {
            let segment = lane.segment(speaker, said[speaker as usize], flags);
            self.write(out, at, layer, segment, comment);
        }
        lane
    }

    fn end(&self, out: &mut Vec<u8>, at: Time, layer: Layer, lane: Lane) {
        for (speaker, flags) in
            [(Speaker::Client, Flags::Fin), (Speaker::Server, Flags::Fin), (Speaker::Client, Flags::LastAck)]
        {
            let segment = lane.segment(speaker, lane.said[speaker as usize], flags);
            self.write(out, at, layer, segment, "");
        }
    }

    /// Appends a datagram, the first of all with the comment.
    fn send(&mut self, out: &mut Vec<u8>, at: Time, said: &Said<'_>) {
        let comment = if self.wire.is_none() { self.comment(said.layer) } else { String::new() };
        self.wire.get_or_insert(Lane { begin: 0, file: 0, said: [0; 2] });
        let (from, to) = self.ends(said.speaker, said.layer);
        let datagram = packet::datagram(from, to, &said.bytes[..said.bytes.len().min(PAYLOAD)]);
        block::packet(out, at, &datagram, &comment);
    }

    fn write(&self, out: &mut Vec<u8>, at: Time, layer: Layer, segment: Segment<'_>, comment: &str) {
        let (from, to) = self.ends(segment.speaker, layer);
        block::packet(out, at, &packet::tcp(from, to, &segment), comment);
    }

    /// From where to where a packet goes.
    fn ends(&self, speaker: Speaker, layer: Layer) -> (SocketAddr, SocketAddr) {
        let client = self.end_of(&self.opened.client, 1);
        let mut server = self.end_of(&self.opened.server, 2);
        if let Some(port) = shown_port(&self.opened, layer) {
            server.set_port(port);
        }
        match speaker {
            Speaker::Client => (client, server),
            Speaker::Server => (server, client),
        }
    }

    fn end_of(&self, address: &Address, which: u16) -> SocketAddr {
        match address {
            Address::Inet(inet) => SocketAddr::from(*inet),
            Address::Unix(_) | Address::Unknown => {
                let nowhere = NOWHERE | u128::from(which) << 64 | u128::from(self.ordinal);
                SocketAddr::new(IpAddr::V6(Ipv6Addr::from_bits(nowhere)), which)
            }
        }
    }

    /// What a reader should know of a layer: who talks, and what the packets hide.
    fn comment(&self, layer: Layer) -> String {
        let opened = &*self.opened;
        let ours = opened.process.as_deref();
        let (client, server) = match opened.role {
            Role::Client | Role::Both | Role::Observer => (ours, self.peer.as_deref()),
            Role::Server => (self.peer.as_deref(), ours),
        };
        let mut comment = format!("{} → {}", name(client), name(server));
        if layer == Layer::Clear {
            comment += match self.paired {
                None | Some(Paired::Certain) => "; in clear inside TLS",
                Some(Paired::Likely) => "; in clear inside TLS, likely on this socket",
                Some(Paired::Guessed) => "; in clear inside TLS, perhaps on this socket",
            };
        }
        if let (Some(_), Some(port)) = (shown_port(opened, layer), opened.server.port()) {
            _ = write!(comment, "; the server's port is {port}");
        }
        if let Address::Unix(path) = &opened.server {
            _ = write!(comment, "; Unix socket {path}");
        }
        match opened.joined {
            Joined::AtStart => {}
            Joined::Midway => comment += "; from the middle on",
        }
        comment
    }
}

impl Lane {
    /// An empty segment at this position of a speaker's.
    fn segment(&self, speaker: Speaker, position: u64, flags: Flags) -> Segment<'static> {
        let heard = self.said[speaker.other() as usize];
        Segment {
            speaker,
            flags,
            sequence: self.number(position),
            acknowledged: self.number(heard),
            payload: &[],
        }
    }

    /// The sequence number of a byte: they begin anew every 4 GiB (RFC 9293, 3.4).
    fn number(&self, position: u64) -> u32 {
        let low = u32::try_from(position & u64::from(u32::MAX)).unwrap_or_default();
        self.begin.wrapping_add(1).wrapping_add(low)
    }
}

/// The port that stands for the server's, where the plaintext of TLS would be taken for TLS.
fn shown_port(opened: &Opened, layer: Layer) -> Option<u16> {
    let port = opened.server.port().filter(|_| layer == Layer::Clear)?;
    IN_CLEAR.iter().find(|(tls, _)| *tls == port).map(|(_, clear)| *clear)
}

fn name(process: Option<&Process>) -> String {
    let Some(Process { name, pid, container, .. }) = process else { return "elsewhere".to_owned() };
    match container {
        Some(container) => format!("{name}[{pid}] in container {container}"),
        None => format!("{name}[{pid}]"),
    }
}
