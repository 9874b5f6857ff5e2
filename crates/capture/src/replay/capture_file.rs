//! A capture file as a source of events.

use std::io;

use model::event::Event;
use model::time::Time;

use crate::replay::connection::Connection;
use crate::replay::decode::{self, Decoded, Fragment, Undecoded};
use crate::replay::feed::Feed;
use crate::replay::flows::{Flows, Key};
use crate::replay::fragments::Fragments;
use crate::replay::line::Desk;
use crate::replay::packets::Packets;
use crate::replay::tally::Tally;
use crate::replay::tls::keylog::Keylog;
use crate::source::Source;

/// Bytes that all connections together keep beyond holes; the one that goes beyond it gives up its holes.
const HELD_MAX: usize = 8 << 20;
/// A sweep step follows so many packets: every flow is looked at again within 16 packets for each.
const SWEEP_EVERY: u64 = 16;

/// The events of a pcap or pcapng file.
pub(super) struct CaptureFile {
    feed: Feed,
    packets: Packets,
    watch: Watch,
    /// Where the bytes of the waiting events stand.
    place: Place,
    finished: bool,
}

/// Where a packet's bytes stand.
#[derive(Clone, Debug)]
enum Place {
    Feed(std::ops::Range<usize>),
    Assembled(Vec<u8>),
}

impl CaptureFile {
    /// The events of these packets, their TLS opened with `keys` where it can be.
    pub(super) fn new(feed: Feed, packets: Packets, keys: Keylog) -> CaptureFile {
        let desk = Desk::new(keys);
        let watch = Watch { desk, ..Watch::default() };
        CaptureFile { feed, packets, watch, place: Place::Feed(0..0), finished: false }
    }

    /// How many bytes of the file were read, and how many it has.
    pub(super) fn progress(&self) -> (u64, u64) {
        self.feed.progress()
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.watch.tally
    }

    /// Reads one packet, or closes one flow after the last; false when nothing is left.
    fn step(&mut self) -> io::Result<bool> {
        if self.finished {
            return Ok(self.watch.drain());
        }
        let packet = match self.packets.next(&mut self.feed)? {
            Ok(packet) => packet,
            Err(ending) => {
                self.watch.tally.end(ending, self.feed.is_damaged());
                self.watch.end_fragments();
                self.finished = true;
                return Ok(true);
            }
        };
        if let Some(log) = self.packets.secrets() {
            self.watch.desk.keys.read(&log);
        }
        let bytes = self.feed.bytes(packet.bytes.clone());
        let whole = self.watch.frame(packet.link, packet.at, (bytes, packet.original));
        self.place = whole.map_or(Place::Feed(packet.bytes), Place::Assembled);
        Ok(true)
    }
}

impl Source for CaptureFile {
    fn next(&mut self) -> io::Result<Option<Event<'_>>> {
        loop {
            if let Some(note) = self.watch.desk.out.pop() {
                let packet = match &self.place {
                    Place::Feed(range) => self.feed.bytes(range.clone()),
                    Place::Assembled(bytes) => bytes,
                };
                return Ok(Some(self.watch.desk.out.lend(note, Time(self.watch.now), packet)));
            }
            if !self.step()? {
                return Ok(None);
            }
        }
    }

    fn is_finished(&self) -> bool {
        self.finished && self.watch.is_empty()
    }
}

/// From packets to events, whatever the file.
#[derive(Default)]
struct Watch {
    now: u64,
    flows: Flows,
    fragments: Fragments,
    desk: Desk,
    tally: Tally,
    held: usize,
}

impl Watch {
    /// Hears a frame. The bytes of its events stand in it, or in the datagram that is given back.
    fn frame(&mut self, link: u16, at: u64, (bytes, original): (&[u8], usize)) -> Option<Vec<u8>> {
        self.now = at;
        self.tally.packets += 1;
        if self.tally.packets.is_multiple_of(SWEEP_EVERY)
            && let Some(mut expired) = self.flows.sweep(at)
        {
            expired.close(&mut self.desk);
        }
        match decode::frame(link, bytes, original) {
            Ok(Decoded::Packet(packet)) => self.packet(&packet, bytes),
            Ok(Decoded::Fragment(fragment)) => return self.fragment(&fragment, bytes),
            Err(reason) => self.tally.count(reason, 1),
        }
        None
    }

    fn fragment(&mut self, fragment: &Fragment, frame: &[u8]) -> Option<Vec<u8>> {
        let bytes = frame.get(fragment.payload.clone()).unwrap_or_default();
        let whole = self.fragments.keep(fragment, bytes, self.now);
        self.tally.count(Undecoded::Fragment, self.fragments.given_up());
        let whole = whole?;
        match decode::assembled(&fragment.of, &whole) {
            Ok(Decoded::Packet(packet)) => self.packet(&packet, &whole),
            Ok(Decoded::Fragment(_)) => self.tally.count(Undecoded::TooDeep, 1),
            Err(reason) => self.tally.count(reason, 1),
        }
        Some(whole)
    }

    fn packet(&mut self, packet: &decode::Packet, frame: &[u8]) {
        let (key, from_low) = Key::of(packet);
        let found = self.flows.find(&key);
        let reused = found
            .and_then(|place| self.flows.at(place))
            .is_some_and(|connection| connection.is_reused_by(packet, from_low, self.now));
        let place = match found {
            Some(place) if !reused => place,
            _ => match self.open(packet, &key) {
                Some(place) => place,
                None => return,
            },
        };
        let Some(connection) = self.flows.at(place) else { return };
        let bytes = frame.get(packet.payload.clone()).unwrap_or_default();
        connection.last = self.now;
        let before = connection.held();
        let heard = connection.hear(packet, from_low, bytes, &mut self.desk);
        self.tally.repeated += heard.repeated;
        self.tally.late += heard.late;
        self.held = self.held + connection.held() - before;
        if self.held > HELD_MAX && connection.held() > 0 {
            self.held -= connection.held();
            connection.flush(&mut self.desk);
        }
    }

    /// Opens the flow of a packet, after closing what stood in its way.
    fn open(&mut self, packet: &decode::Packet, key: &Key) -> Option<u32> {
        if self.flows.is_full()
            && let Some(mut idle) = self.flows.remove_idle()
        {
            self.tally.evicted += 1;
            self.close(&mut idle);
        }
        let former = self.flows.find(key).and_then(|place| self.flows.at(place));
        if let Some(former) = former {
            self.held -= former.held();
            former.close(&mut self.desk);
        }
        let ordinal = u32::try_from(self.tally.connections + 1).unwrap_or(u32::MAX);
        let connection = Connection::open(packet, ordinal, self.now, &mut self.desk)?;
        self.tally.connections += 1;
        self.flows.add(connection);
        self.flows.find(key)
    }

    fn close(&mut self, connection: &mut Connection) {
        self.held -= connection.held();
        connection.close(&mut self.desk);
    }

    fn end_fragments(&mut self) {
        self.fragments.end();
        self.tally.count(Undecoded::Fragment, self.fragments.given_up());
    }

    /// After the last packet: delivers what one flow still holds. Its end was not seen, so none is told.
    fn drain(&mut self) -> bool {
        let Some(mut connection) = self.flows.drain() else { return false };
        connection.flush(&mut self.desk);
        true
    }

    fn is_empty(&self) -> bool {
        self.flows.is_empty() && self.desk.out.is_empty()
    }
}
