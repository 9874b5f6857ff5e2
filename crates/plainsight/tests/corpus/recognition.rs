//! Recognition by bytes alone: on a port that says nothing, and from the middle of each connection on.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use capture::replay::Options;
use capture::source::Source;
use model::access::Access;
use model::conn::{Address, ConnId, Inet, Layer, Speaker};
use model::event::{Event, Joined, Opened, Said, What};
use model::time::Time;
use track::tracker::Tracker;
use track::unknown::Show;

use crate::captures::Capture;

/// A port that no protocol has: discard (RFC 863).
const NOBODYS_PORT: u16 = 9;
/// So many pieces of a connection pass before it is joined in its middle: a request, and an answer.
const MISSED: u32 = 2;

/// How a capture is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    AsItIs,
    OnNobodysPort,
    FromTheMiddle,
}

/// One exchange, as far as recognition decides what it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Exchange {
    pub(crate) conn: ConnId,
    pub(crate) protocol: &'static str,
    pub(crate) asked: Time,
}

/// What is heard of a capture, and when each connection was joined, if that was in its middle.
pub(crate) struct Heard {
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) joined: HashMap<ConnId, Time>,
}

impl Heard {
    /// How many exchanges there are of each protocol.
    pub(crate) fn by_protocol(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for exchange in &self.exchanges {
            *counts.entry(exchange.protocol).or_default() += 1;
        }
        counts
    }
}

/// Hears a capture in one of the ways; nothing, if it is no capture.
pub(crate) fn hear(capture: &Capture, way: Way) -> Heard {
    let mut heard = Heard { exchanges: Vec::new(), joined: HashMap::new() };
    let options = Options { judge: Some(track::recognition::speaker), ..Options::default() };
    let Ok(mut source) = capture::replay::open(&capture.path, &options) else { return heard };
    let (mut tracker, mut accesses) = (Tracker::new(Show::Count), Vec::new());
    let (mut latecomer, mut last) = (Latecomer::default(), Time::default());
    // A capture that breaks off in the middle of a packet has said what it holds.
    while let Ok(Some(event)) = source.next() {
        last = last.max(event.at);
        match way {
            Way::AsItIs => tracker.follow(event, &mut accesses),
            Way::OnNobodysPort => tracker.follow(disguised(event), &mut accesses),
            Way::FromTheMiddle => {
                if let Some(event) = latecomer.pass(event) {
                    tracker.follow(event, &mut accesses);
                }
            }
        }
    }
    tracker.finish(last, &mut accesses);
    heard.exchanges = accesses.iter().map(exchange).collect();
    heard.exchanges.sort();
    heard.joined = latecomer.joined;
    heard
}

fn exchange(access: &Access) -> Exchange {
    Exchange { conn: access.conn, protocol: access.exchange.protocol, asked: access.exchange.asked }
}

/// The same event on [`NOBODYS_PORT`].
fn disguised(event: Event<'_>) -> Event<'_> {
    let What::Opened(opened) = &event.what else { return event };
    let server = match &opened.server {
        Address::Inet(inet) => Address::Inet(Inet { ip: inet.ip, port: NOBODYS_PORT }),
        other => other.clone(),
    };
    Event { what: What::Opened(Arc::new(Opened { server, ..(**opened).clone() })), ..event }
}

/// Joins every connection in its middle.
#[derive(Default)]
struct Latecomer {
    missed: HashMap<ConnId, u32>,
    joined: HashMap<ConnId, Time>,
    /// Where each direction stood then: positions count from there.
    stood: HashMap<(ConnId, Layer, Speaker), u64>,
}

impl Latecomer {
    /// The event as it comes to who joined late, if it comes at all.
    fn pass<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        let Event { at, conn, what } = event;
        let what = match what {
            What::Opened(opened) => {
                if opened.transport.keeps_bounds() {
                    // Datagrams have no middle.
                    self.missed.insert(conn, MISSED);
                }
                What::Opened(Arc::new(Opened { joined: Joined::Midway, ..(*opened).clone() }))
            }
            What::Said(said) => What::Said(self.hear(at, conn, said)?),
            What::Lost(mut lost) => {
                let stood = self.stood.get(&(conn, lost.layer, lost.speaker));
                lost.offset = lost.offset.saturating_sub(stood.copied().unwrap_or_default());
                What::Lost(lost)
            }
            what @ (What::Sealed { .. } | What::Secured(_) | What::Counted(_) | What::Closed) => what,
        };
        Some(Event { at, conn, what })
    }

    fn hear<'a>(&mut self, at: Time, conn: ConnId, said: Said<'a>) -> Option<Said<'a>> {
        let stood = self.stood.entry((conn, said.layer, said.speaker)).or_default();
        let missed = self.missed.entry(conn).or_default();
        if *missed < MISSED {
            *missed += 1;
            *stood = (*stood).max(said.offset + said.bytes.len() as u64);
            self.joined.insert(conn, at);
            return None;
        }
        Some(Said { offset: said.offset.checked_sub(*stood)?, ..said })
    }
}
