//! The name of a flow: its two ends in order, so that both directions have the same one.

use std::hash::{Hash, Hasher};
use std::net::{Ipv4Addr, Ipv6Addr};

use model::conn::{Inet, Transport};

/// So many shortcuts there are: what is kept for each stays near the processor, and a busy host's connections find room.
pub(super) const SHORTCUTS: usize = 1 << 11;

/// One end: an address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// An IPv6 address; an IPv4 one in its mapped form (`::ffff:a.b.c.d`).
    pub(super) ip: u128,
    pub(super) port: u16,
}

impl Endpoint {
    /// The address as the rest of the house writes it.
    pub(super) fn inet(self) -> Inet {
        Inet { ip: Ipv6Addr::from_bits(self.ip).to_canonical(), port: self.port }
    }
}

/// Which of a flow's two ends, by their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Low,
    High,
}

impl End {
    /// The other end.
    pub(super) fn other(self) -> End {
        match self {
            End::Low => End::High,
            End::High => End::Low,
        }
    }
}

/// Names a flow in both directions: the addresses, then the ports, the transport and the network in one word.
///
/// Words and no fields: it is compared and hashed for every packet.
#[derive(Clone, Copy, Debug, Eq)]
pub(super) struct Key([u64; 5]);

/// The bit of a key's last word that UDP has.
const UDP: u64 = 1 << 31;

impl Key {
    /// The flow between two ends of a network (tunnels, of which 31 bits count), and which of its ends
    /// `source` is.
    #[inline]
    pub(super) fn of(
        (source, target): (Endpoint, Endpoint),
        network: u32,
        transport: Transport,
    ) -> (Key, End) {
        let is_low =
            if source.port == target.port { source.ip <= target.ip } else { source.port < target.port };
        let (low, high, sender) =
            if is_low { (source, target, End::Low) } else { (target, source, End::High) };
        let udp = if transport == Transport::Tcp { 0 } else { UDP };
        let ports = u64::from(low.port) << 48 | u64::from(high.port) << 32;
        let last = ports | udp | u64::from(network) & (UDP - 1);
        (Key([upper(low.ip), lower(low.ip), upper(high.ip), lower(high.ip), last]), sender)
    }

    /// The same in a network that only its tag tells apart.
    pub(super) fn tagged(self, tag: u32) -> Key {
        let Key([low_upper, low_lower, high_upper, high_lower, last]) = self;
        Key([low_upper, low_lower, high_upper, high_lower, last ^ u64::from(tag) & (UDP - 1)])
    }

    /// A number that few flows of a busy host share: the client's ports are what differs there.
    #[inline]
    pub(super) fn shortcut(&self) -> usize {
        let [.., ports] = self.0;
        usize::from((((ports >> 48) + (ports >> 32)) & 0xffff) as u16) % SHORTCUTS
    }

    /// Where an end is.
    pub(super) fn end(&self, end: End) -> Endpoint {
        let [low_upper, low_lower, high_upper, high_lower, ports] = self.0;
        let (ip, port) = match end {
            End::Low => (joined(low_upper, low_lower), ports >> 48),
            End::High => (joined(high_upper, high_lower), ports >> 32),
        };
        Endpoint { ip, port: (port & 0xffff) as u16 }
    }
}

impl PartialEq for Key {
    /// All words at once: keys that are compared are mostly equal, and the derived way is a call.
    #[inline]
    fn eq(&self, other: &Key) -> bool {
        self.0.iter().zip(&other.0).fold(0, |differing, (one, another)| differing | (one ^ another)) == 0
    }
}

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0 {
            state.write_u64(word);
        }
    }
}

/// The ends of a packet on IPv4 as its headers have them, the sender's first: all that is looked at to find the flow of
/// nearly every packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// The two addresses.
    pub(super) addresses: u64,
    /// The two ports.
    pub(super) ports: u32,
}

impl Ends {
    /// The same of a datagram, so that those of a segment are others: both are kept in one place, whose flow tells
    /// what it is where these are not.
    #[inline]
    pub(super) fn of_datagram(self) -> Ends {
        Ends { addresses: !self.addresses, ports: self.ports }
    }

    /// The ends of a packet that goes the other way.
    #[inline]
    pub(super) fn turned(self) -> Ends {
        Ends { addresses: self.addresses.rotate_left(32), ports: self.ports.rotate_left(16) }
    }

    /// The [`Key::shortcut`] of their flow.
    #[inline]
    pub(super) fn shortcut(self) -> usize {
        (self.ports >> 16).wrapping_add(self.ports) as usize % SHORTCUTS
    }

    /// The name of their flow, and which of its ends the sender is.
    pub(super) fn key(self, transport: Transport) -> (Key, End) {
        Key::of((self.sender(), self.turned().sender()), 0, transport)
    }

    fn sender(self) -> Endpoint {
        let ip = Ipv4Addr::from_bits((self.addresses >> 32) as u32).to_ipv6_mapped().to_bits();
        Endpoint { ip, port: (self.ports >> 16) as u16 }
    }
}

/// A key as its flow keeps it: there are as many as flows, and nearly all are IPv4's. What there is more of others, it keeps
/// apart.
#[derive(Debug)]
pub(super) struct Name {
    /// The addresses of IPv4, the low end's first.
    four: u64,
    /// The key's last word.
    last: u64,
}

/// The addresses of a key that are not IPv4's, the low end's first.
pub(super) type Six = [u64; 4];

impl Name {
    /// The name of the flow that has this key.
    pub(super) fn of(key: &Key) -> (Name, Option<Six>) {
        let [low_upper, low_lower, high_upper, high_lower, last] = key.0;
        let four = |upper, lower| Ipv6Addr::from_bits(joined(upper, lower)).to_ipv4_mapped();
        match (four(low_upper, low_lower), four(high_upper, high_lower)) {
            (Some(low), Some(high)) => {
                let four = u64::from(low.to_bits()) << 32 | u64::from(high.to_bits());
                (Name { four, last }, None)
            }
            _ => (Name { four: 0, last }, Some([low_upper, low_lower, high_upper, high_lower])),
        }
    }

    /// Whether it is a flow of UDP.
    pub(super) fn is_udp(&self) -> bool {
        self.last & UDP != 0
    }

    /// The key.
    #[inline]
    pub(super) fn key(&self, six: Option<Six>) -> Key {
        const MAPPED: u64 = 0xffff << 32;
        let [low_upper, low_lower, high_upper, high_lower] =
            six.unwrap_or([0, MAPPED | self.four >> 32, 0, MAPPED | self.four & 0xffff_ffff]);
        Key([low_upper, low_lower, high_upper, high_lower, self.last])
    }
}

fn upper(ip: u128) -> u64 {
    (ip >> 64) as u64
}

fn lower(ip: u128) -> u64 {
    u64::try_from(ip & u128::from(u64::MAX)).unwrap_or_default()
}

fn joined(upper: u64, lower: u64) -> u128 {
    u128::from(upper) << 64 | u128::from(lower)
}

#[cfg(test)]
mod tests {
    use model::conn::Transport;

    use super::Ends;

    /// The highest ports are those of no service, and of a capture that somebody made up.
    #[test]
    fn both_names_of_a_flow_have_one_shortcut() {
        for ports in [0, 1, 0x1538_ffff, 0xffff_0001, 0xffff_ffff] {
            let ends = Ends { addresses: 0x7f00_0001_7f00_0002, ports };
            let (key, _) = ends.key(Transport::Tcp);
            assert_eq!((ends.shortcut(), ends.turned().shortcut()), (key.shortcut(), key.shortcut()));
        }
    }
}
