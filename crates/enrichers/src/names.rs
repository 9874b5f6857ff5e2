//! Names of servers: every DNS answer that is seen names an address, for as long as it says.
//!
//! Nobody is asked: an address that no answer named has no name. Of several names of one address, the one that was answered
//! last counts.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use hashbrown::HashMap;
use model::access::Access;
use model::conn::{Address, ConnId};
use model::exchange::{Exchange, Outcome, Text};
use model::time::Time;
use smallvec::SmallVec;

/// Addresses that have names at once: as many as a resolver of a large site has in its cache. Beyond, those whose names end
/// first lose them.
const ADDRESSES: usize = 64 << 10;
/// Connections of which it is remembered how their servers were called when they were met, a power of two. A newcomer takes
/// the place of the one that it meets there.
const CONNECTIONS: usize = 4096;
/// An answer that holds for no time at all is still meant for the connection that it was asked for, in nanoseconds.
const LEAST: u64 = 5_000_000_000;
/// The longest that an answer may hold: a day, as resolvers have it too (RFC 8767, section 4), in seconds.
const LONGEST: u64 = 86_400;
const SECOND: u64 = 1_000_000_000;
/// So many addresses of one answer need no memory of their own.
const RECORDS: usize = 8;

/// The names of addresses, as answers told them.
#[derive(Debug, Default)]
pub struct Names {
    /// By their bits, those of IPv4 in their mapped form.
    addresses: HashMap<u128, Named>,
    /// There once there is a name.
    connections: Vec<Option<(ConnId, Option<Text>)>>,
}

#[derive(Debug)]
struct Named {
    name: Text,
    until: Time,
    /// The process that asked.
    asker: Option<u32>,
}

impl Names {
    /// Learns from an access that is a DNS answer, and names the server of every other one whose client did not.
    #[inline]
    pub fn enrich(&mut self, access: &mut Access) {
        if access.exchange.protocol == "dns" {
            self.learn(access);
        } else if !self.addresses.is_empty() && access.server_name.is_none() {
            access.server_name = self.name_of(access);
        }
    }

    fn learn(&mut self, access: &Access) {
        let exchange = &*access.exchange;
        let (Some(at), Outcome::Ok) = (exchange.answered, exchange.response.outcome) else { return };
        let asker = access.actor.as_ref().map(|process| process.pid);
        let is_of_one = matches!(&*exchange.request.operation, "A" | "AAAA");
        let asked = exchange.request.targets.first().filter(|_| is_of_one);
        let mut aliases = LONGEST;
        let mut addresses = SmallVec::<[_; RECORDS]>::new();
        for record in records(exchange) {
            let Some(lifetime) = record.lifetime() else { continue };
            match record.kind {
                "CNAME" => aliases = aliases.min(lifetime),
                "A" | "AAAA" => {
                    addresses.extend(record.address().map(|address| (address, lifetime, record.name)));
                }
                _ => {}
            }
        }
        for (address, lifetime, owner) in addresses {
            let lives = (lifetime.min(aliases) * SECOND).max(LEAST);
            let until = Time(at.0.saturating_add(lives));
            match self.addresses.get_mut(&address) {
                // Mostly it is told again what it was called already.
                Some(known) if *known.name == *asked.map_or(owner, |asked| asked) => {
                    (known.until, known.asker) = (until, asker);
                }
                Some(_) | None => {
                    let name = asked.map_or_else(|| Text::from(owner), Text::clone);
                    self.keep(at, address, Named { name, until, asker });
                }
            }
        }
    }

    fn keep(&mut self, now: Time, address: u128, named: Named) {
        if self.addresses.len() >= ADDRESSES && !self.addresses.contains_key(&address) {
            self.make_room(now);
        }
        if self.connections.is_empty() {
            self.connections.resize(CONNECTIONS, None);
        }
        self.addresses.insert(address, named);
    }

    fn make_room(&mut self, now: Time) {
        self.addresses.retain(|_, named| named.until >= now);
        if self.addresses.len() < ADDRESSES {
            return;
        }
        let mut ends: Vec<Time> = self.addresses.values().map(|named| named.until).collect();
        let quarter = ends.len() / 4;
        let (_, first, _) = ends.select_nth_unstable(quarter);
        let first = *first;
        self.addresses.retain(|_, named| named.until > first);
    }

    /// How the server was called when its connection was met: a connection may last longer than an answer.
    fn name_of(&mut self, access: &Access) -> Option<Text> {
        let conn = access.conn;
        // As in `track::connections`: a number that few connections of a busy host share.
        let place = conn.tgid.wrapping_add(conn.fd) as usize % CONNECTIONS;
        if let Some(Some((known, name))) = self.connections.get(place)
            && *known == conn
        {
            return name.clone();
        }
        let name = self.look_up(access);
        if let Some(slot) = self.connections.get_mut(place) {
            *slot = Some((conn, name.clone()));
        }
        name
    }

    /// Names of the host itself are those of the process that asked for them: another one's server has the same address.
    fn look_up(&self, access: &Access) -> Option<Text> {
        let Address::Inet(server) = access.opened.server else { return None };
        let named = self.addresses.get(&bits(server.ip))?;
        let is_own = server.ip.is_loopback();
        let asker = access.actor.as_ref().map(|process| process.pid);
        let holds = access.exchange.asked <= named.until && (!is_own || asker == named.asker);
        holds.then(|| Text::clone(&named.name))
    }
}

/// The bits of an address, in the form that one of IPv4 has among those of IPv6: one number is found sooner than one of two
/// kinds of addresses.
#[inline]
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => four.to_ipv6_mapped().to_bits(),
        IpAddr::V6(six) => six.to_bits(),
    }
}

/// One record of an answer.
struct Record<'a> {
    name: &'a str,
    kind: &'a str,
    /// In seconds.
    lifetime: &'a str,
    data: &'a str,
}

impl Record<'_> {
    fn address(&self) -> Option<u128> {
        let address = match self.kind {
            "A" => IpAddr::V4(four(self.data)?),
            _ => IpAddr::from_str(self.data).ok()?,
        };
        Some(bits(address))
    }

    fn lifetime(&self) -> Option<u64> {
        self.lifetime.parse().ok()
    }
}

/// An address of IPv4, which most records have, as it is written there: four numbers with dots between them.
fn four(text: &str) -> Option<Ipv4Addr> {
    /// The letters of `255.255.255.255`.
    const LONGEST: usize = 15;
    if text.len() > LONGEST {
        return None;
    }
    let (mut before, mut byte, mut dots) = (0, 0, 0);
    for letter in text.bytes() {
        match letter {
            b'0'..=b'9' => byte = byte * 10 + u64::from(letter - b'0'),
            b'.' if byte < 256 => (before, byte, dots) = (before << 8 | byte, 0, dots + 1),
            _ => return None,
        }
    }
    let address = u32::try_from(before << 8 | byte).ok().filter(|_| dots == 3 && byte < 256);
    address.map(Ipv4Addr::from_bits)
}

/// The records that an answer was kept of: name, type, lifetime, data.
fn records(exchange: &Exchange) -> impl Iterator<Item = Record<'_>> {
    exchange.response.samples.iter().filter_map(|mut row| {
        let (name, kind, lifetime, data) = (row.next()??, row.next()??, row.next()??, row.next()??);
        Some(Record { name, kind, lifetime, data })
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;

    use model::conn::{Layer, Role, Transport};
    use model::event::{Joined, Opened};
    use model::process::Process;

    use super::*;

    /// An access of a process to a server, that it asked something at this second.
    fn access(pid: u32, fd: u32, server: &str, second: u64) -> Access {
        let opened = Opened {
            transport: Transport::Tcp,
            role: Role::Client,
            joined: Joined::AtStart,
            client: Address::Unknown,
            server: Address::Inet(server.parse().unwrap()),
            process: None,
            peer: None,
            weight: 1,
        };
        let exchange = Exchange { protocol: "http", asked: Time(second * SECOND), ..Exchange::default() };
        Access {
            conn: ConnId { tgid: pid, fd, generation: 0 },
            opened: Arc::new(opened),
            actor: Some(Arc::new(Process { pid, ..Process::default() })),
            peer: None,
            layer: Layer::Wire,
            paired: None,
            server_name: None,
            exchange: Box::new(exchange),
        }
    }

    /// The answer that the process got to a question at this second.
    fn answer(pid: u32, second: u64, operation: &'static str, asked: &str, rows: &[[&str; 4]]) -> Access {
        let mut answer = access(pid, 0, "192.0.2.53:53", second);
        let exchange = &mut answer.exchange;
        exchange.protocol = "dns";
        exchange.answered = Some(exchange.asked);
        exchange.request.operation = operation.into();
        exchange.request.targets.push(asked.into());
        for row in rows {
            exchange.response.samples.add(0, |cells| row.iter().for_each(|cell| cells.push(cell)));
        }
        answer
    }

    fn name(names: &mut Names, pid: u32, fd: u32, server: &str, second: u64) -> Option<String> {
        let mut access = access(pid, fd, server, second);
        names.enrich(&mut access);
        access.server_name.map(|name| name.to_string())
    }

    #[test]
    fn an_answer_names_its_address_for_as_long_as_it_says() {
        let mut names = Names::default();
        names.enrich(&mut answer(1, 100, "A", "db.example", &[["db.example", "A", "60", "192.0.2.1"]]));
        assert_eq!(name(&mut names, 1, 3, "192.0.2.1:5432", 101).as_deref(), Some("db.example"));
        assert_eq!(name(&mut names, 2, 3, "192.0.2.1:80", 160).as_deref(), Some("db.example"));
        assert_eq!(name(&mut names, 1, 4, "192.0.2.1:5432", 161), None);
        assert_eq!(name(&mut names, 1, 5, "192.0.2.2:5432", 101), None);
        // A connection that was named keeps its name.
        assert_eq!(name(&mut names, 1, 3, "192.0.2.1:5432", 999).as_deref(), Some("db.example"));
    }

    #[test]
    fn an_alias_is_what_was_asked_for_and_holds_as_long_as_its_shortest_link() {
        let mut names = Names::default();
        let rows =
            [["www.example", "CNAME", "10", "cdn.example"], ["cdn.example", "AAAA", "300", "2001:db8::1"]];
        names.enrich(&mut answer(1, 0, "AAAA", "www.example", &rows));
        assert_eq!(name(&mut names, 1, 3, "[2001:db8::1]:443", 10).as_deref(), Some("www.example"));
        assert_eq!(name(&mut names, 1, 4, "[2001:db8::1]:443", 11), None);
    }

    #[test]
    fn what_comes_along_is_named_as_it_says_itself() {
        let mut names = Names::default();
        names.enrich(&mut answer(1, 0, "MX", "example", &[["mail.example", "A", "60", "192.0.2.25"]]));
        assert_eq!(name(&mut names, 1, 3, "192.0.2.25:25", 1).as_deref(), Some("mail.example"));
    }

    #[test]
    fn a_name_of_this_host_is_its_askers_alone() {
        let mut names = Names::default();
        names.enrich(&mut answer(1, 0, "A", "web.test", &[["web.test", "A", "0", "127.0.0.7"]]));
        assert_eq!(name(&mut names, 1, 3, "127.0.0.7:80", 1).as_deref(), Some("web.test"));
        assert_eq!(name(&mut names, 2, 3, "127.0.0.7:80", 1), None);
    }

    #[test]
    fn what_the_client_said_counts_and_failures_name_nobody() {
        let mut names = Names::default();
        names.enrich(&mut answer(1, 0, "A", "a.example", &[["a.example", "A", "60", "192.0.2.1"]]));
        let mut said = access(1, 3, "192.0.2.1:443", 1);
        said.server_name = Some("b.example".into());
        names.enrich(&mut said);
        assert_eq!(said.server_name.as_deref(), Some("b.example"));
        let mut failed = answer(1, 0, "A", "c.example", &[["c.example", "A", "60", "192.0.2.3"]]);
        failed.exchange.response.outcome = Outcome::Error;
        names.enrich(&mut failed);
        assert_eq!(name(&mut names, 1, 4, "192.0.2.3:80", 1), None);
        names.enrich(&mut answer(
            1,
            0,
            "A",
            "d.example",
            &[["d.example", "A", "x", "192.0.2.4"], ["", "A", "9", "?"]],
        ));
        assert_eq!(name(&mut names, 1, 5, "192.0.2.4:80", 1), None);
    }

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for text in ["0.0.0.0", "192.0.2.1", "255.255.255.255", "10.20.30.40"] {
            assert_eq!(four(text), text.parse().ok());
        }
        for text in [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.1.1.256",
            "\\# 3 010203",
            "1.2.3.4000000000000000000000",
        ] {
            assert_eq!(four(text), None, "{text}");
        }
    }

    #[test]
    fn there_are_never_more_names_than_promised() {
        let mut names = Names::default();
        let many = u32::try_from(ADDRESSES).unwrap() + 10;
        for number in 0..many {
            let address = Ipv4Addr::from(number).to_string();
            let lifetime = (60 + number % 100).to_string();
            names.enrich(&mut answer(1, 0, "A", "a.example", &[["a.example", "A", &lifetime, &address]]));
        }
        assert!(names.addresses.len() <= ADDRESSES, "{}", names.addresses.len());
        let last = Ipv4Addr::from(many - 1);
        assert_eq!(name(&mut names, 1, 3, &format!("{last}:80"), 1).as_deref(), Some("a.example"));
    }
}
