//! From a frame to what it carries: a TCP segment, a UDP datagram, or a piece of one.
//!
//! Pure functions over slices. Each layer's own length bounds the next, so padding is never taken for payload, and
//! what the snap length cut is known as `missing`.

mod ip;
mod link;
mod transport;

use std::ops::Range;

use model::conn::Transport;

pub(super) use ip::FragmentOf;
pub(super) use link::ETHERNET;

use crate::replay::bytes::{be16, be32, be64};
use crate::replay::key::{End, Endpoint, Ends, Key};

/// Tunnels in tunnels: deeper ones are an attack.
const TUNNELS: usize = 4;

const IPIP: u8 = 4;
const TCP: u8 = 6;
const UDP: u8 = 17;
const IPV6_IN_IP: u8 = 41;
const GRE: u8 = 47;

/// Ethernet's type for IPv4, then IPv4's version and the length of its header, five words.
const IPV4_WITHOUT_OPTIONS: u32 = 0x08_0045;

/// Why a frame was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecoded {
    /// The link type is none that we read.
    LinkType,
    /// It carries something else than IP (ARP, LLDP, spanning tree).
    NotIp,
    /// It carries something else than TCP and UDP (ICMP, ESP, SCTP).
    NotTransport,
    /// A header is cut by the capture.
    Cut,
    /// A header breaks its format.
    Malformed,
    /// Tunnels within tunnels beyond the bound.
    TooDeep,
    /// A fragment whose other parts never came, or which broke the bounds.
    Fragment,
}

impl Undecoded {
    /// Every reason, in the order of reports.
    pub const ALL: [Undecoded; 7] = [
        Undecoded::LinkType,
        Undecoded::NotIp,
        Undecoded::NotTransport,
        Undecoded::Cut,
        Undecoded::Malformed,
        Undecoded::TooDeep,
        Undecoded::Fragment,
    ];

    /// The reason's name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Undecoded::LinkType => "link_type",
            Undecoded::NotIp => "not_ip",
            Undecoded::NotTransport => "not_tcp_or_udp",
            Undecoded::Cut => "cut",
            Undecoded::Malformed => "malformed",
            Undecoded::TooDeep => "too_deep",
            Undecoded::Fragment => "fragment",
        }
    }
}

/// A TCP segment or a UDP datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// The flow that it is of.
    pub(super) key: Key,
    /// The end of the flow that sent it.
    pub(super) sender: End,
    /// Where the captured payload stands.
    pub(super) payload: Range<usize>,
    /// How many more bytes of payload there were on the wire.
    pub(super) missing: usize,
    /// `None` in a UDP datagram.
    pub(super) tcp: Option<Tcp>,
}

/// A TCP segment on IPv4 of which nothing is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) ends: Ends,
    /// Where its payload stands.
    pub(super) payload: Range<usize>,
    pub(super) tcp: Tcp,
}

impl Packet {
    /// Where it comes from.
    pub(super) fn source(&self) -> Endpoint {
        self.key.end(self.sender)
    }

    /// Where it goes.
    pub(super) fn target(&self) -> Endpoint {
        self.key.end(self.sender.other())
    }

    pub(super) fn transport(&self) -> Transport {
        if self.tcp.is_some() { Transport::Tcp } else { Transport::Udp }
    }
}

/// What a TCP header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tcp {
    pub(super) sequence: u32,
    pub(super) acknowledged: u32,
    flags: u8,
}

impl Tcp {
    pub(super) fn is_fin(self) -> bool {
        self.flags & 0x01 != 0
    }
    pub(super) fn is_syn(self) -> bool {
        self.flags & 0x02 != 0
    }
    pub(super) fn is_reset(self) -> bool {
        self.flags & 0x04 != 0
    }
    pub(super) fn is_ack(self) -> bool {
        self.flags & 0x10 != 0
    }
    /// Whether it goes on with a stream: an acknowledgement that neither begins nor ends one.
    pub(super) fn goes_on(self) -> bool {
        self.flags & 0x17 == 0x10
    }
}

/// What a frame turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    Packet(Packet),
    Fragment(Fragment),
}

/// A part of an IP datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) of: FragmentOf,
    /// Where it stands in the datagram's payload.
    pub(super) offset: usize,
    /// Whether others follow.
    pub(super) more: bool,
    /// Where its bytes stand in the frame.
    pub(super) payload: Range<usize>,
    pub(super) missing: usize,
}

/// A part of a frame: where it begins, and where it ended on the wire (beyond the captured bytes, when cut).
#[derive(Clone, Copy, Debug)]
struct Part {
    start: usize,
    end: usize,
}

impl Part {
    /// This part without its first `length` bytes.
    fn after(self, length: usize) -> Part {
        Part { start: self.start + length, end: self.end }
    }

    /// This part ended after `length` bytes, when that is within.
    fn within(self, length: usize) -> Part {
        Part { start: self.start, end: self.end.min(self.start.saturating_add(length)) }
    }
}

/// Reads the frame that nearly all are, in which everything has its fixed place: TCP on IPv4 without options on
/// Ethernet, no fragment, nothing cut. `None` for any other frame, which [`frame`] reads.
#[inline]
pub(super) fn plain(link: u16, frame: &[u8]) -> Option<Plain> {
    let h = frame.first_chunk::<54>()?;
    let is_ipv4 = link == ETHERNET && be32(h, 12)? >> 8 == IPV4_WITHOUT_OPTIONS;
    if !is_ipv4 || h[23] != TCP || be16(h, 20)? & 0x3fff != 0 {
        return None;
    }
    let payload = 34 + usize::from(h[46] >> 4) * 4..14 + usize::from(be16(h, 16)?);
    if payload.start < h.len() || payload.start > payload.end || payload.end > frame.len() {
        return None;
    }
    let ends = Ends { addresses: be64(h, 26)?, ports: be32(h, 34)? };
    let tcp = Tcp { sequence: be32(h, 38)?, acknowledged: be32(h, 42)?, flags: h[47] };
    Some(Plain { ends, payload, tcp })
}

/// The same of a datagram of UDP: its ends, and where its payload stands. `None` also for those that may be tunnels.
pub(super) fn datagram(link: u16, frame: &[u8]) -> Option<(Ends, Range<usize>)> {
    let h = frame.first_chunk::<42>()?;
    let is_ipv4 = link == ETHERNET && be32(h, 12)? >> 8 == IPV4_WITHOUT_OPTIONS;
    if !is_ipv4 || h[23] != UDP || be16(h, 20)? & 0x3fff != 0 {
        return None;
    }
    let (datagram, length) = (usize::from(be16(h, 16)?), usize::from(be16(h, 38)?));
    if length < 8
        || datagram != 20 + length
        || 14 + datagram > frame.len()
        || transport::is_tunnel(be16(h, 36)?)
    {
        return None;
    }
    Some((Ends { addresses: be64(h, 26)?, ports: be32(h, 34)? }, h.len()..14 + datagram))
}

/// Decodes a frame of link type `link` that was `original` bytes long on the wire; also, the tag of its VLAN.
pub(super) fn frame(link: u16, frame: &[u8], original: usize) -> Result<(Decoded, u32), Undecoded> {
    let (ip, tag) = link::strip(link, frame, Part { start: 0, end: original })?;
    Ok((unwrap(frame, ip::read(frame, ip)?, 0)?, tag))
}

/// Decodes a datagram's payload that was put together from its fragments.
pub(super) fn assembled(of: &FragmentOf, payload: &[u8]) -> Result<Decoded, Undecoded> {
    unwrap(payload, of.datagram(Part { start: 0, end: payload.len() }), of.network)
}

/// Passes through tunnels, down to a segment, a datagram or a fragment.
fn unwrap(frame: &[u8], mut datagram: ip::Datagram, mut network: u32) -> Result<Decoded, Undecoded> {
    for _ in 0..=TUNNELS {
        if let Some(piece) = datagram.piece {
            return Ok(Decoded::Fragment(fragment(frame, datagram, piece, network)));
        }
        if datagram.protocol == TCP {
            return transport::tcp(frame, &datagram, network).map(Decoded::Packet);
        }
        let Some((ip, inner)) = tunnel(frame, datagram)? else {
            return transport::udp(frame, datagram, network).map(Decoded::Packet);
        };
        datagram = ip::read(frame, ip)?;
        network = mixed(network, inner);
    }
    Err(Undecoded::TooDeep)
}

fn fragment(frame: &[u8], datagram: ip::Datagram, piece: ip::Piece, network: u32) -> Fragment {
    let (payload, missing) = captured(frame, datagram.payload);
    let of = FragmentOf::of(&datagram, piece, network);
    Fragment { of, offset: piece.offset, more: piece.more, payload, missing }
}

/// The IP packet that a datagram carries, with its network; `None` in a UDP datagram that is no tunnel.
fn tunnel(frame: &[u8], datagram: ip::Datagram) -> Result<Option<(Part, u32)>, Undecoded> {
    Ok(Some(match datagram.protocol {
        UDP => match transport::tunnel(frame, &datagram) {
            None => return Ok(None),
            Some((ethernet, number)) => {
                let (ip, vlan) = link::strip(ETHERNET, frame, ethernet)?;
                (ip, mixed(number, vlan))
            }
        },
        IPIP | IPV6_IN_IP => (datagram.payload, 1),
        GRE => {
            let (ip, vlan) = link::gre(frame, datagram.payload)?;
            (ip, mixed(2, vlan))
        }
        _ => return Err(Undecoded::NotTransport),
    }))
}

/// One number for a network within a network; plain networks are 0.
fn mixed(outer: u32, inner: u32) -> u32 {
    outer.rotate_left(7).wrapping_mul(0x9e37_79b1) ^ inner
}

/// The captured bytes of a part, and how many are missing from it.
fn captured(frame: &[u8], part: Part) -> (Range<usize>, usize) {
    let start = part.start.min(frame.len());
    let end = part.end.clamp(start, frame.len());
    (start..end, part.end.saturating_sub(part.start.max(end)))
}
