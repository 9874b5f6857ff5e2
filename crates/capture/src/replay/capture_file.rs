//! A capture file as a source of events.

use std::io;
use std::ops::{ControlFlow, Range};

use model::conn::{ConnId, Layer, Speaker};
use model::event::{Event, Said, What};
use model::time::Time;

use crate::replay::connection::Connection;
use crate::replay::decode::{self, Decoded, Fragment, Undecoded};
use crate::replay::feed::Feed;
use crate::replay::flows::Flows;
use crate::replay::fragments::Fragments;
use crate::replay::line::Desk;
use crate::replay::outbox::Span;
use crate::replay::packets::{Packet, Packets};
use crate::replay::tags::Tags;
use crate::replay::tally::Tally;
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
    finished: bool,
}

impl CaptureFile {
    /// The events of these packets, their TLS opened with the desk's keys where it can be.
    pub(super) fn new(feed: Feed, packets: Packets, desk: Desk) -> CaptureFile {
        let watch = Watch { desk, ..Watch::default() };
        CaptureFile { feed, packets, watch, finished: false }
    }

    /// How many bytes of the file were read, and how many it has.
    pub(super) fn progress(&self) -> (u64, u64) {
        self.feed.progress()
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.watch.tally
    }

    /// Reads one packet, or closes one flow after the last.
    fn step(&mut self) -> io::Result<Step> {
        if self.finished {
            return Ok(if self.watch.drain() { Step::Noted } else { Step::Done });
        }
        let packet = match self.packets.next(&mut self.feed, &mut self.watch.desk.keys)? {
            Ok(packet) => packet,
            Err(ending) => {
                self.watch.tally.end(ending, self.feed.is_damaged());
                self.watch.end_fragments();
                self.finished = true;
                return Ok(Step::Noted);
            }
        };
        let bytes = self.feed.bytes(packet.bytes.clone());
        Ok(self.watch.hear(packet, bytes))
    }
}

impl Source for CaptureFile {
    #[inline(never)]
    fn next(&mut self) -> io::Result<Option<Event<'_>>> {
        loop {
            if let Some(note) = self.watch.desk.out.pop() {
                return Ok(Some(self.watch.desk.out.lend(note, &self.feed)));
            }
            match self.step()? {
                Step::Said(Followed { conn, speaker, offset, payload }) => {
                    let said = Said { layer: Layer::Wire, speaker, offset, bytes: self.feed.bytes(payload) };
                    return Ok(Some(Event { at: Time(self.watch.now), conn, what: What::Said(said) }));
                }
                Step::Noted => {}
                Step::Done => return Ok(None),
            }
        }
    }

    /// Reads packets that only go on with a stream in clear, while nothing else is due: the short way of nearly all. Before
    /// the first that must go the [long](Self::step) way, it ends.
    #[inline]
    fn said(&mut self, mut hear: impl FnMut(Time, ConnId, Said<'_>) -> ControlFlow<()>) {
        let Packets::Pcap(pcap) = &self.packets else { return };
        let Some(pcap) = pcap.usual().filter(|_| !self.finished) else { return };
        let window = self.feed.window();
        let mut rest = window;
        while self.watch.desk.out.is_empty()
            && let Ok(packet) = pcap.first(rest)
            && let Some((record, behind)) = rest.split_at_checked(packet.bytes.end)
            && let Some(frame) = record.get(packet.bytes.start..)
            && let Some(Followed { conn, speaker, offset, payload }) = self.watch.follow(&packet, frame)
        {
            rest = behind;
            let bytes = frame.get(payload).unwrap_or_default();
            let said = Said { layer: Layer::Wire, speaker, offset, bytes };
            if !bytes.is_empty() && hear(Time(packet.at), conn, said).is_break() {
                break;
            }
        }
        let taken = window.len() - rest.len();
        self.feed.take(taken);
    }

    fn is_finished(&self) -> bool {
        self.finished && self.watch.is_empty()
    }
}

/// What came of a step.
enum Step {
    /// These bytes of the feed were said in clear; a flow that expired meanwhile is in the outbox.
    Said(Followed),
    /// What is to be told is in the outbox.
    Noted,
    /// Nothing is left.
    Done,
}

/// A packet that only went on with what its flow says in clear.
struct Followed {
    conn: ConnId,
    speaker: Speaker,
    offset: u64,
    /// Where its payload stands, which may be empty.
    payload: Range<usize>,
}

/// From packets to events, whatever the file.
#[derive(Default)]
struct Watch {
    now: u64,
    flows: Flows,
    tags: Tags,
    fragments: Fragments,
    desk: Desk,
    tally: Tally,
    held: usize,
}

impl Watch {
    /// Hears a frame.
    fn hear(&mut self, frame: Packet, bytes: &[u8]) -> Step {
        let followed = self.follow(&frame, bytes).or_else(|| self.follow_datagram(&frame, bytes));
        let Some(followed) = followed else {
            self.count(frame.at);
            self.frame(frame, bytes);
            return Step::Noted;
        };
        if followed.payload.is_empty() {
            return Step::Noted;
        }
        let Range { start, end } = followed.payload;
        Step::Said(Followed { payload: frame.bytes.start + start..frame.bytes.start + end, ..followed })
    }

    /// Counts a packet, and looks at one flow from time to time whether it has expired.
    #[inline]
    fn count(&mut self, at: u64) {
        self.now = at;
        self.desk.out.at = at;
        self.tally.packets += 1;
        if self.tally.packets.is_multiple_of(SWEEP_EVERY) {
            self.sweep();
        }
    }

    #[inline(never)]
    fn sweep(&mut self) {
        if let Some(mut expired) = self.flows.sweep(self.now) {
            expired.close(&mut self.desk);
        }
    }

    /// Hears a frame that holds the next segment of a stream in clear. `None`, and nothing was changed, for any other.
    #[inline(always)]
    fn follow(&mut self, frame: &Packet, bytes: &[u8]) -> Option<Followed> {
        let decode::Plain { ends, payload, tcp } = decode::plain(frame.link, bytes)?;
        let (connection, speaker) = self.flows.between(ends)?;
        let offset = connection.follow(speaker, tcp, bytes.get(payload.clone())?, frame.at)?;
        let conn = connection.id();
        self.count(frame.at);
        Some(Followed { conn, speaker, offset, payload })
    }

    /// The same of a datagram of a flow that goes on.
    fn follow_datagram(&mut self, frame: &Packet, bytes: &[u8]) -> Option<Followed> {
        let (ends, payload) = decode::datagram(frame.link, bytes)?;
        let (connection, speaker) = self.flows.between_datagrams(ends)?;
        let offset = connection.follow_datagram(speaker, payload.len(), frame.at)?;
        let conn = connection.id();
        self.count(frame.at);
        Some(Followed { conn, speaker, offset, payload })
    }

    /// Hears a frame of any kind: out of line, so that the short way stays short.
    #[inline(never)]
    fn frame(&mut self, frame: Packet, bytes: &[u8]) {
        match decode::frame(frame.link, bytes, frame.original) {
            Ok((Decoded::Packet(mut packet), tag)) => {
                if tag != 0 {
                    packet.key = self.tags.settle(&packet, tag, &mut self.flows);
                }
                self.packet(&packet, bytes, Span::feed(&frame.bytes));
            }
            Ok((Decoded::Fragment(fragment), _)) => self.fragment(&fragment, bytes),
            Err(reason) => self.tally.count(reason, 1),
        }
    }

    #[cold]
    fn fragment(&mut self, fragment: &Fragment, frame: &[u8]) {
        let bytes = frame.get(fragment.payload.clone()).unwrap_or_default();
        let whole = self.fragments.keep(fragment, bytes, self.now);
        self.tally.count(Undecoded::Fragment, self.fragments.given_up());
        let Some(whole) = whole else { return };
        match decode::assembled(&fragment.of, &whole) {
            Ok(Decoded::Packet(packet)) => {
                let span = self.desk.out.keep(&whole);
                self.packet(&packet, &whole, span);
            }
            Ok(Decoded::Fragment(_)) => self.tally.count(Undecoded::TooDeep, 1),
            Err(reason) => self.tally.count(reason, 1),
        }
    }

    /// Hears a packet of a frame, or of a datagram, that stands at `span`.
    fn packet(&mut self, packet: &decode::Packet, frame: &[u8], span: Span) {
        let known = self.flows.find(&packet.key);
        if known.is_none_or(|known| known.is_reused_by(packet, self.now)) && !self.open(packet, frame) {
            return;
        }
        let Some(connection) = self.flows.find(&packet.key) else { return };
        let bytes = frame.get(packet.payload.clone()).unwrap_or_default();
        connection.last = self.now;
        let before = connection.held();
        let heard = connection.hear(packet, (bytes, span.part(&packet.payload)), &mut self.desk);
        self.tally.repeated += heard.repeated;
        self.tally.late += heard.late;
        self.held = self.held + connection.held() - before;
        if self.held > HELD_MAX && connection.held() > 0 {
            self.held -= connection.held();
            connection.flush(&mut self.desk);
        }
    }

    /// Opens the flow of a packet, after closing what stood in its way. Whether it opens one.
    #[cold]
    fn open(&mut self, packet: &decode::Packet, frame: &[u8]) -> bool {
        if self.flows.is_full()
            && let Some(mut idle) = self.flows.remove_idle()
        {
            self.tally.evicted += 1;
            self.close(&mut idle);
        }
        if let Some(former) = self.flows.find(&packet.key) {
            self.held -= former.held();
            former.close(&mut self.desk);
        }
        let ordinal = u32::try_from(self.tally.connections + 1).unwrap_or(u32::MAX);
        let said = (packet, frame.get(packet.payload.clone()).unwrap_or_default());
        let Some(connection) = Connection::open(said, ordinal, self.now, &mut self.desk) else {
            return false;
        };
        self.tally.connections += 1;
        self.flows.add(connection);
        true
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
