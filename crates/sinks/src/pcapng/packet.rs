//! Packets with their headers and checksums.

use std::net::{IpAddr, SocketAddr};

use etherparse::{IpHeaders, Ipv4Header, Ipv6Header, PacketBuilder, PacketBuilderStep, ip_number};
use model::conn::Speaker;

/// Routers that a packet may pass: it has none to pass.
const HOPS: u8 = 64;
/// The window that every segment announces; nobody waits for it.
const WINDOW: u16 = u16::MAX;

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    /// Who sends it.
    pub(super) speaker: Speaker,
    /// What it is for.
    pub(super) flags: Flags,
    /// The number of its first byte, or of the next one.
    pub(super) sequence: u32,
    /// The number of the next byte from the other side.
    pub(super) acknowledged: u32,
    /// What it carries.
    pub(super) payload: &'a [u8],
}

/// What a segment is for: the steps of a connection's life (RFC 9293, 3.5 and 3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flags {
    Syn,
    SynAck,
    Ack,
    Data,
    Fin,
    /// Of the server's end, which has a number of its own, as the client's has.
    LastAck,
}

/// A TCP packet from its IP header on.
pub(super) fn tcp(from: SocketAddr, to: SocketAddr, segment: &Segment<'_>) -> Vec<u8> {
    let Segment { flags, sequence, acknowledged, payload, .. } = *segment;
    let before = sequence.wrapping_sub(1);
    let sequence = match flags {
        Flags::Syn | Flags::SynAck => before,
        Flags::Ack | Flags::Data | Flags::Fin => sequence,
        Flags::LastAck => sequence.wrapping_add(1),
    };
    let tcp = ip(from, to).tcp(from.port(), to.port(), sequence, WINDOW);
    let tcp = match flags {
        Flags::Syn => tcp.syn(),
        Flags::SynAck => tcp.syn().ack(acknowledged),
        Flags::Ack => tcp.ack(acknowledged),
        Flags::Data => tcp.psh().ack(acknowledged),
        Flags::Fin => {
            // The server's end answers the client's.
            let ends = u32::from(segment.speaker == Speaker::Server);
            tcp.fin().ack(acknowledged.wrapping_add(ends))
        }
        Flags::LastAck => tcp.ack(acknowledged.wrapping_add(1)),
    };
    let mut packet = Vec::with_capacity(tcp.size(payload.len()));
    // It fails for what is longer than a packet only.
    _ = tcp.write(&mut packet, payload);
    packet
}

/// A UDP packet from its IP header on.
pub(super) fn datagram(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let udp = ip(from, to).udp(from.port(), to.port());
    let mut packet = Vec::with_capacity(udp.size(payload.len()));
    _ = udp.write(&mut packet, payload);
    packet
}

fn ip(from: SocketAddr, to: SocketAddr) -> PacketBuilderStep<IpHeaders> {
    PacketBuilder::ip(match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let header = Ipv4Header {
                time_to_live: HOPS,
                source: from.octets(),
                destination: to.octets(),
                ..Ipv4Header::default()
            };
            IpHeaders::Ipv4(header, Default::default())
        }
        (from, to) => {
            let octets = |ip: IpAddr| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                IpAddr::V6(ip) => ip.octets(),
            };
            let header = Ipv6Header {
                hop_limit: HOPS,
                next_header: ip_number::TCP,
                source: octets(from),
                destination: octets(to),
                ..Ipv6Header::default()
            };
            IpHeaders::Ipv6(header, Default::default())
        }
    })
}
