//! Packets: what the capture formats have in common.

use std::io;
use std::ops::Range;

use crate::replay::feed::Feed;
use crate::replay::pcap::Pcap;
use crate::replay::pcapng::Pcapng;
use crate::replay::tls::keylog::Keylog;

/// No packet and no block is longer; beyond it the file is taken for garbled (Wireshark's own limit for blocks).
pub(super) const RECORD_MAX: usize = 16 << 20;

/// One captured packet.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    /// When, in nanoseconds since the Unix epoch.
    pub(super) at: u64,
    /// The link type, as tcpdump.org numbers it.
    pub(super) link: u16,
    /// Where its captured bytes stand in the [`Feed`].
    pub(super) bytes: Range<usize>,
    /// How long it was on the wire.
    pub(super) original: usize,
}

/// How a file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// After a whole packet.
    Clean,
    /// Inside a packet: so many bytes of it are there.
    Truncated(u64),
    /// With a length that no packet has; what follows cannot be found.
    Garbled,
}

impl Ending {
    /// The ending of a file whose last packet has only `present` bytes.
    pub(super) fn of(present: usize) -> Ending {
        match present {
            0 => Ending::Clean,
            present => Ending::Truncated(present as u64),
        }
    }
}

/// A capture file of either format.
#[derive(Debug)]
pub(super) enum Packets {
    /// One link type, one clock.
    Pcap(Pcap),
    /// Blocks, interfaces, secrets.
    Pcapng(Pcapng),
}

impl Packets {
    /// Recognises the format; `None` when it is neither.
    pub(super) fn open(feed: &mut Feed) -> io::Result<Option<Packets>> {
        if let Some(pcap) = Pcap::open(feed)? {
            return Ok(Some(Packets::Pcap(pcap)));
        }
        Ok(Pcapng::open(feed)?.map(Packets::Pcapng))
    }

    /// The next packet, or how the file ended. TLS secrets that the file holds before it are added to `keys`.
    pub(super) fn next(&mut self, feed: &mut Feed, keys: &mut Keylog) -> io::Result<Result<Packet, Ending>> {
        match self {
            Packets::Pcap(pcap) => pcap.next(feed),
            Packets::Pcapng(pcapng) => pcapng.next(feed, keys),
        }
    }
}
