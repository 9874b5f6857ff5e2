//! The pcap file format (draft-ietf-opsawg-pcap): a header, then packets behind their lengths.
//!
//! Read by our own few lines, because the `pcap-file` crate refuses packets longer than the snap length that the
//! header names (real files have them) and reads a packet's nanoseconds through two owned copies.

use std::io;

use crate::replay::bytes::Order;
use crate::replay::decode::ETHERNET;
use crate::replay::feed::Feed;
use crate::replay::packets::{Ending, Packet, RECORD_MAX};

/// The file header's length.
const HEADER: usize = 24;

/// How the packets of this file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pcap {
    order: Order,
    /// Nanoseconds in one unit of a packet's fraction of a second.
    fraction: u64,
    /// A packet header's length: 16, or 24 in the files of a long-gone patched libpcap.
    record: u8,
    link: u16,
}

impl Pcap {
    /// Reads the file header; `None` when this is no pcap file.
    pub(super) fn open(feed: &mut Feed) -> io::Result<Option<Pcap>> {
        let pcap = Pcap::header(feed.peek(HEADER)?);
        if pcap.is_some() {
            feed.take(HEADER);
        }
        Ok(pcap)
    }

    fn header(bytes: &[u8]) -> Option<Pcap> {
        let (order, fraction, record) = match bytes.first_chunk::<4>()? {
            [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, 1000, 16),
            [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, 1000, 16),
            [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, 1, 16),
            [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, 1, 16),
            [0xa1, 0xb2, 0xcd, 0x34] => (Order::Big, 1000, 24),
            [0x34, 0xcd, 0xb2, 0xa1] => (Order::Little, 1000, 24),
            _ => return None,
        };
        // The upper half of the link type's word says how long a frame check sequence is; IP's own length trims it.
        let link = (order.u32(bytes, 20)? & 0xffff) as u16;
        Some(Pcap { order, fraction, record, link })
    }

    /// The next packet, or how the file ended.
    pub(super) fn next(&mut self, feed: &mut Feed) -> io::Result<Result<Packet, Ending>> {
        loop {
            let wanted = match self.first(feed.window()) {
                Ok(packet) => {
                    let whole = feed.take(packet.bytes.end);
                    let bytes = whole.start + packet.bytes.start..whole.end;
                    return Ok(Ok(Packet { bytes, ..packet }));
                }
                Err(wanted) => wanted,
            };
            if wanted > usize::from(self.record) + RECORD_MAX {
                return Ok(Err(Ending::Garbled));
            }
            let present = feed.peek(wanted)?.len();
            if present < wanted {
                return Ok(Err(Ending::of(present)));
            }
        }
    }

    /// The same, if it is laid out like nearly every file: where this was asked, nothing else is thought of.
    #[inline]
    pub(super) fn usual(&self) -> Option<Pcap> {
        let usual = Pcap { order: Order::Little, record: 16, link: ETHERNET, fraction: self.fraction };
        (usual == *self).then_some(usual)
    }

    /// The packet that a window begins with, its bytes by their place there; or how many bytes would tell.
    #[inline]
    pub(super) fn first(&self, window: &[u8]) -> Result<Packet, usize> {
        let record = usize::from(self.record);
        let header = window.first_chunk().ok_or(record)?;
        let [seconds, fraction, captured, original] = self.order.words(header);
        let whole = record + captured as usize;
        if whole > window.len() {
            return Err(whole);
        }
        let at = u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * self.fraction;
        let original = original.max(captured) as usize;
        Ok(Packet { at, link: self.link, bytes: record..whole, original })
    }
}
