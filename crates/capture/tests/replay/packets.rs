//! Packets and capture files made by hand, and what a replay of them says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use capture::replay::{self, Options};
use capture::source::Source;
use model::conn::{Address, ConnId, Layer, Speaker};
use model::event::{Cause, Joined, What};

pub(crate) const SYN: u8 = 0x02;
pub(crate) const FIN: u8 = 0x01;
pub(crate) const RST: u8 = 0x04;
pub(crate) const ACK: u8 = 0x10;

pub(crate) const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 40000);
pub(crate) const SERVER: ([u8; 4], u16) = ([10, 0, 0, 2], 5432);

/// An IPv4 packet around `payload`, whole.
pub(crate) fn ipv4(source: [u8; 4], target: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
    fragment(source, target, protocol, (7, 0, false), payload)
}

/// An IPv4 packet that is a piece: identification, offset in bytes, whether more follow.
pub(crate) fn fragment(
    source: [u8; 4],
    target: [u8; 4],
    protocol: u8,
    (id, offset, more): (u16, usize, bool),
    payload: &[u8],
) -> Vec<u8> {
    let total = (20 + payload.len()) as u16;
    let place = (offset / 8) as u16 | if more { 0x2000 } else { 0 };
    let mut packet = vec![0x45, 0];
    packet.extend(total.to_be_bytes());
    packet.extend(id.to_be_bytes());
    packet.extend(place.to_be_bytes());
    packet.extend([64, protocol, 0, 0]);
    packet.extend(source);
    packet.extend(target);
    packet.extend(payload);
    packet
}

/// An IPv6 packet whose first header after IPv6's own is `next`.
pub(crate) fn ipv6(source: u8, target: u8, next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([next, 64]);
    for last in [source, target] {
        packet.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    packet.extend(payload);
    packet
}

/// A TCP header with its payload.
pub(crate) fn tcp(
    ports: (u16, u16),
    (sequence, acknowledged): (u32, u32),
    flags: u8,
    payload: &[u8],
) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(ports.0.to_be_bytes());
    segment.extend(ports.1.to_be_bytes());
    segment.extend(sequence.to_be_bytes());
    segment.extend(acknowledged.to_be_bytes());
    segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(payload);
    segment
}

/// A UDP header with its payload.
pub(crate) fn udp(ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    datagram.extend(ports.0.to_be_bytes());
    datagram.extend(ports.1.to_be_bytes());
    datagram.extend(((8 + payload.len()) as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

/// An Ethernet frame.
pub(crate) fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame
}

/// What the client sends, as a raw IP packet.
pub(crate) fn client(sequence: u32, acknowledged: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let segment = tcp((CLIENT.1, SERVER.1), (sequence, acknowledged), flags, payload);
    ipv4(CLIENT.0, SERVER.0, 6, &segment)
}

/// What the server sends, as a raw IP packet.
pub(crate) fn server(sequence: u32, acknowledged: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let segment = tcp((SERVER.1, CLIENT.1), (sequence, acknowledged), flags, payload);
    ipv4(SERVER.0, CLIENT.0, 6, &segment)
}

/// The three packets that open a connection; the first bytes are `client + 1` and `server + 1`.
pub(crate) fn handshake(client_isn: u32, server_isn: u32) -> Vec<Vec<u8>> {
    vec![
        client(client_isn, 0, SYN, b""),
        server(server_isn, client_isn.wrapping_add(1), SYN | ACK, b""),
        client(client_isn.wrapping_add(1), server_isn.wrapping_add(1), ACK, b""),
    ]
}

/// A pcap file (microseconds, little-endian) of link type `link`, one packet a millisecond, cut to `snap`.
pub(crate) fn pcap(link: u32, snap: usize, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_le_bytes());
    file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend((snap as u32).to_le_bytes());
    file.extend(link.to_le_bytes());
    for (index, packet) in packets.iter().enumerate() {
        let kept = packet.len().min(snap);
        for word in [1_700_000_000, index as u32 * 1000, kept as u32, packet.len() as u32] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&packet[..kept]);
    }
    file
}

/// A pcap file of raw IP packets.
pub(crate) fn raw(packets: &[Vec<u8>]) -> Vec<u8> {
    pcap(101, 65535, packets)
}

/// One direction of one connection as it was heard: bytes, and `(offset, length, cause)` of what was lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) bytes: Vec<u8>,
    pub(crate) lost: Vec<(u64, u64, Cause)>,
    next: u64,
}

/// One connection as it was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Talk {
    pub(crate) joined: Joined,
    pub(crate) client: SocketAddr,
    pub(crate) server: SocketAddr,
    pub(crate) wire: [Side; 2],
    pub(crate) clear: [Side; 2],
    pub(crate) sealed: [u64; 2],
    pub(crate) secured: bool,
    pub(crate) closed: bool,
}

/// Everything that a replay said; offsets are checked to be contiguous, and events to follow an `Opened`.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) talks: BTreeMap<ConnId, Talk>,
    pub(crate) times: Vec<u64>,
    pub(crate) tally: replay::Tally,
}

impl Heard {
    pub(crate) fn only(&self) -> &Talk {
        assert_eq!(self.talks.len(), 1, "one connection is expected: {:?}", self.talks);
        self.talks.values().next().unwrap()
    }
}

/// Replays the bytes of a file.
pub(crate) fn hear(file: &[u8]) -> Heard {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.capture");
    std::fs::write(&path, file).unwrap();
    hear_file(&path)
}

/// Replays a file.
pub(crate) fn hear_file(path: &Path) -> Heard {
    hear_with(path, &Options::default())
}

/// Replays a file with options.
pub(crate) fn hear_with(path: &Path, options: &Options) -> Heard {
    let mut file = replay::open(path, options).unwrap();
    let mut heard = Heard::default();
    while let Some(event) = file.next().unwrap() {
        heard.times.push(event.at.0);
        if let What::Opened(opened) = &event.what {
            let talk = Talk {
                joined: opened.joined,
                client: socket(&opened.client),
                server: socket(&opened.server),
                wire: Default::default(),
                clear: Default::default(),
                sealed: [0, 0],
                secured: false,
                closed: false,
            };
            heard.talks.insert(event.conn, talk);
        }
        let talk = heard.talks.get_mut(&event.conn).expect("an event before its connection was opened");
        assert!(!talk.closed, "an event after the connection closed");
        talk.hear(&event.what);
    }
    assert!(file.is_finished());
    heard.tally = file.tally().clone();
    heard
}

impl Talk {
    fn hear(&mut self, what: &What<'_>) {
        match what {
            What::Opened(_) => {}
            What::Said(said) => {
                let side = self.side(said.layer, said.speaker);
                assert_eq!(said.offset, side.next, "a direction's offsets are contiguous");
                side.next += said.bytes.len() as u64;
                side.bytes.extend(said.bytes);
            }
            What::Lost(lost) => {
                let side = self.side(lost.layer, lost.speaker);
                assert_eq!(lost.offset, side.next, "a loss stands where the stream stood");
                side.next += lost.length;
                side.lost.push((lost.offset, lost.length, lost.cause));
            }
            What::Sealed { speaker, length } => self.sealed[index(*speaker)] += length,
            What::Secured(_) => self.secured = true,
            What::Counted(_) => {}
            What::Closed => self.closed = true,
        }
    }

    fn side(&mut self, layer: Layer, speaker: Speaker) -> &mut Side {
        match layer {
            Layer::Wire => &mut self.wire[index(speaker)],
            Layer::Clear => &mut self.clear[index(speaker)],
        }
    }
}

fn index(speaker: Speaker) -> usize {
    match speaker {
        Speaker::Client => 0,
        Speaker::Server => 1,
    }
}

fn socket(address: &Address) -> SocketAddr {
    match address {
        Address::Inet(inet) => SocketAddr::from(*inet),
        Address::Unix(_) | Address::Unknown => panic!("a packet without an internet address"),
    }
}
