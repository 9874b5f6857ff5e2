//! The two ends of a connection: its addresses, and which of them is the client.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::conn::{Address, Inet, Role, Transport};

use super::records::{Opened, PATH};

/// Listening ports are read again at most so often; each reading costs as much as the host has sockets.
const REREAD: Duration = Duration::from_secs(1);
/// Network namespaces whose listening ports are kept; beyond it they are all read anew.
const NAMESPACES: usize = 1024;
/// The state of a listening socket in `/proc/net/tcp`.
const LISTENING: &str = "0A";
/// Ports below belong to services (the lowest port that an unprivileged process may bind).
const SERVICE_PORTS: u16 = 1024;

/// Which ports are listened to, by network namespace.
#[derive(Default)]
pub(crate) struct Listeners {
    namespaces: HashMap<u32, Ports>,
}

struct Ports {
    ports: HashSet<u16>,
    read: Instant,
}

impl Listeners {
    /// Which end of the connection the process holds: seen by the kernel, or else concluded.
    pub(crate) fn role(&mut self, opened: &Opened) -> Role {
        match (opened.role, opened.transport) {
            (1, _) => Role::Client,
            (2, _) => Role::Server,
            (_, 1) => {
                if self.listens(opened.netns, opened.head.user, opened.local_port) {
                    Role::Server
                } else {
                    Role::Client
                }
            }
            (_, 2) => by_port(opened),
            (_, 3 | 4) if opened.remote_path_length > 0 => Role::Client,
            (_, 3 | 4) if opened.local_path_length > 0 => Role::Server,
            _ => by_direction(opened),
        }
    }

    fn listens(&mut self, namespace: u32, pid: u32, port: u16) -> bool {
        if let Some(known) = self.namespaces.get(&namespace)
            && (known.ports.contains(&port) || known.read.elapsed() < REREAD)
        {
            return known.ports.contains(&port);
        }
        if self.namespaces.len() >= NAMESPACES {
            self.namespaces.clear();
        }
        // Of a process that is gone nothing is learned, and its neighbours are to be asked.
        let Some(ports) = listening(pid) else { return false };
        let listens = ports.contains(&port);
        self.namespaces.insert(namespace, Ports { ports, read: Instant::now() });
        listens
    }
}

fn by_port(opened: &Opened) -> Role {
    let (local, remote) = (opened.local_port, opened.remote_port);
    match (local < SERVICE_PORTS, remote < SERVICE_PORTS && remote != 0) {
        (true, false) => Role::Server,
        (false, true) => Role::Client,
        (true, true) | (false, false) => by_direction(opened),
    }
}

/// Who speaks first is the client.
fn by_direction(opened: &Opened) -> Role {
    if opened.head.direction == 0 { Role::Client } else { Role::Server }
}

/// The ports that are listened to where a process is; `None` when it is gone.
fn listening(pid: u32) -> Option<HashSet<u16>> {
    let tables = ["tcp", "tcp6"].map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")));
    // A host may have no IPv6.
    let tables: Vec<String> = tables.into_iter().filter_map(Result::ok).collect();
    let ports = tables.iter().flat_map(|table| table.lines().filter_map(listening_port)).collect();
    (!tables.is_empty()).then_some(ports)
}

/// `sl local_address remote_address st ...`, the address as `HEX:PORT`.
fn listening_port(line: &str) -> Option<u16> {
    let mut words = line.split_whitespace();
    let local = words.nth(1)?;
    (words.nth(1)? == LISTENING).then_some(())?;
    u16::from_str_radix(local.rsplit_once(':')?.1, 16).ok()
}

/// What carries the connection; a TLS session without its socket counts as TCP.
pub(crate) fn transport(opened: &Opened) -> Transport {
    match opened.transport {
        2 => Transport::Udp,
        3 => Transport::Unix,
        4 => Transport::UnixDatagram,
        5 => Transport::Pipe,
        _ => Transport::Tcp,
    }
}

/// The process's own address and the other one.
pub(crate) fn addresses(opened: &Opened) -> (Address, Address) {
    match opened.transport {
        // A TLS session of which no socket is known has no ports, unless it goes over another one.
        0..=2 => (
            inet(opened.local, opened.is_v6, opened.local_port),
            inet(opened.remote, opened.is_v6, opened.remote_port),
        ),
        3 | 4 => (
            unix(&opened.local_path, opened.local_path_length),
            unix(&opened.remote_path, opened.remote_path_length),
        ),
        _ => (Address::Unknown, Address::Unknown),
    }
}

fn inet(address: [u8; 16], is_v6: u8, port: u16) -> Address {
    if port == 0 {
        return Address::Unknown;
    }
    let [a, b, c, d, ..] = address;
    let address =
        if is_v6 == 0 { IpAddr::V4(Ipv4Addr::new(a, b, c, d)) } else { IpAddr::V6(Ipv6Addr::from(address)) };
    Address::Inet(Inet { ip: address.to_canonical(), port })
}

fn unix(path: &[u8; PATH], length: u8) -> Address {
    let path = path.get(..usize::from(length)).unwrap_or_default();
    let path = match path {
        [0, name @ ..] => format!("@{}", String::from_utf8_lossy(name)),
        path => String::from_utf8_lossy(path).trim_end_matches('\0').to_owned(),
    };
    Address::Unix(Arc::from(path))
}
