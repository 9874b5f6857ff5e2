//! Connections: what names one, where its two ends are, and who speaks.

use std::fmt;
use std::net::{AddrParseError, IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

/// Names one connection of one process, for as long as the machine is up.
///
/// A descriptor is used again after it is closed, so `generation` (the kernel's
/// time at the opening) tells two users of one descriptor apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId {
    /// The process (thread group) that owns the descriptor; 0 in a packet capture.
    pub tgid: u32,
    /// The descriptor; in a packet capture, the ordinal of the connection.
    pub fd: u32,
    /// What tells this use of the descriptor from every other.
    pub generation: u64,
}

/// Who says something on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// The side that opened the connection.
    Client,
    /// The side that accepted it.
    Server,
}

impl Speaker {
    /// The other side.
    #[must_use]
    pub fn other(self) -> Speaker {
        match self {
            Speaker::Client => Speaker::Server,
            Speaker::Server => Speaker::Client,
        }
    }
}

/// Which end of a connection the observed process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It opened the connection.
    Client,
    /// It accepted the connection.
    Server,
    /// Both ends are on this host, and this connection stands for both.
    Both,
    /// Nobody saw: a packet capture, which belongs to no process.
    Observer,
}

/// Where on a connection the bytes were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// At the socket: what the network carries.
    Wire,
    /// Above TLS: what the program wrote or read in clear.
    Clear,
}

/// What carries a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A TCP stream.
    Tcp,
    /// UDP: each write is one datagram with its own bounds.
    Udp,
    /// A Unix-domain stream or socket pair.
    Unix,
    /// A Unix-domain datagram or sequenced-packet socket.
    UnixDatagram,
    /// A pipe, or the two streams that are a program's standard input and output.
    Pipe,
}

impl Transport {
    /// Whether each write keeps its own bounds, so that bytes of two writes never join.
    #[must_use]
    pub fn keeps_bounds(self) -> bool {
        match self {
            Transport::Udp | Transport::UnixDatagram => true,
            Transport::Tcp | Transport::Unix | Transport::Pipe => false,
        }
    }
}

/// An internet address with its port.
///
/// The flow and the scope that a socket's own address of IPv6 has beside them name nobody: every connection would hold
/// room for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Inet {
    /// The address.
    pub ip: IpAddr,
    /// The port.
    pub port: u16,
}

impl From<SocketAddr> for Inet {
    fn from(socket: SocketAddr) -> Self {
        Inet { ip: socket.ip(), port: socket.port() }
    }
}

impl From<Inet> for SocketAddr {
    fn from(Inet { ip, port }: Inet) -> Self {
        SocketAddr::new(ip, port)
    }
}

impl FromStr for Inet {
    type Err = AddrParseError;

    fn from_str(said: &str) -> Result<Self, AddrParseError> {
        said.parse::<SocketAddr>().map(Inet::from)
    }
}

impl fmt::Display for Inet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::from(*self).fmt(f)
    }
}

/// One end's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// An internet address with its port.
    Inet(Inet),
    /// A Unix socket's path (`@name` when abstract, empty when unnamed).
    Unix(Arc<str>),
    /// Not known; never guessed.
    Unknown,
}

impl Address {
    /// The port, where there is one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match self {
            Address::Inet(address) => Some(address.port),
            Address::Unix(_) | Address::Unknown => None,
        }
    }
}

/// How sure it is that a TLS session runs on the socket that it is shown with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Paired {
    /// The library was seen using this very socket.
    Certain,
    /// The thread's last TLS-shaped socket read, with nothing against it.
    Likely,
    /// The best of several candidates.
    Guessed,
}
