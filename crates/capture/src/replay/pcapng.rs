//! The pcapng file format (draft-ietf-opsawg-pcapng): typed blocks, several interfaces, TLS secrets.

use std::io;

use crate::replay::bytes::Order;
use crate::replay::feed::Feed;
use crate::replay::packets::{Ending, Packet, RECORD_MAX};
use crate::replay::tls::keylog::Keylog;

/// A block's type and length, before its body.
const HEAD: usize = 8;
/// A block's length again, after its body.
const TAIL: usize = 4;
/// More interfaces than this are an attack; packets of those beyond are counted as garbled.
const INTERFACES_MAX: usize = 4096;

const INTERFACE: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const SECRETS: u32 = 10;
/// The secrets block that is a TLS key log ("TLSK").
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Where a section stands.
#[derive(Debug)]
pub(super) struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    /// The last packet's time, for the packets that have none.
    last: u64,
}

/// What an interface's packets have in common.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u16,
    snap: usize,
    clock: Clock,
}

/// How an interface writes its time.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// Units in one second.
    resolution: u64,
    /// Seconds to be added.
    offset: i64,
}

impl Pcapng {
    /// Whether the file begins with a section; nothing is taken.
    pub(super) fn open(feed: &mut Feed) -> io::Result<Option<Pcapng>> {
        let order = section_order(feed.peek(HEAD + 4)?);
        Ok(order.map(|order| Pcapng { order, interfaces: Vec::new(), last: 0 }))
    }

    /// The next packet, or how the file ended. The TLS secrets before it are added to `keys`.
    pub(super) fn next(&mut self, feed: &mut Feed, keys: &mut Keylog) -> io::Result<Result<Packet, Ending>> {
        loop {
            let head = feed.peek(HEAD + 4)?;
            if head.len() < HEAD + 4 {
                return Ok(Err(Ending::of(head.len())));
            }
            let Some((kind, length)) = self.block(head) else { return Ok(Err(Ending::Garbled)) };
            if !matters(kind) {
                feed.skip(length as u64)?;
                continue;
            }
            if length > RECORD_MAX {
                return Ok(Err(Ending::Garbled));
            }
            let present = feed.peek(length)?.len();
            if present < length {
                return Ok(Err(Ending::of(present)));
            }
            let range = feed.take(length);
            let range = range.start + HEAD..range.end - TAIL;
            let body = feed.bytes(range.clone());
            if kind == SECRETS {
                self.key_log(body, keys);
            } else if let Some(found) = self.body(kind, body, range.start) {
                return Ok(Ok(found));
            }
        }
    }

    /// A block's type and length; a section's header sets the byte order first.
    fn block(&mut self, head: &[u8]) -> Option<(u32, usize)> {
        if let Some(order) = section_order(head) {
            self.order = order;
            self.interfaces.clear();
        }
        let kind = self.order.u32(head, 0)?;
        let length = self.order.u32(head, 4)? as usize;
        (length >= HEAD + TAIL).then(|| (kind, length.next_multiple_of(4)))
    }

    fn body(&mut self, kind: u32, body: &[u8], start: usize) -> Option<Packet> {
        match kind {
            INTERFACE => self.interface(body)?,
            ENHANCED_PACKET | OBSOLETE_PACKET => return self.timed(kind, body, start),
            SIMPLE_PACKET => return self.simple(body, start),
            _ => {}
        }
        None
    }

    fn interface(&mut self, body: &[u8]) -> Option<()> {
        let link = self.order.u16(body, 0)?;
        let snap = self.order.u32(body, 4)? as usize;
        let clock = self.clock(body.get(8..)?);
        if self.interfaces.len() < INTERFACES_MAX {
            self.interfaces.push(Interface { link, snap, clock });
        }
        Some(())
    }

    /// The clock that an interface's options tell; microseconds when they do not.
    fn clock(&self, mut options: &[u8]) -> Clock {
        let mut clock = Clock { resolution: 1_000_000, offset: 0 };
        while let (Some(code), Some(length)) = (self.order.u16(options, 0), self.order.u16(options, 2)) {
            let length = usize::from(length);
            let Some(value) = options.get(4..4 + length) else { break };
            match (code, value) {
                (0, _) => break,
                (9, [power]) => clock.resolution = resolution(*power),
                (14, _) => clock.offset = self.order.u64(value, 0).map_or(0, u64::cast_signed),
                _ => {}
            }
            options = options.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        }
        clock
    }

    fn key_log(&self, body: &[u8], keys: &mut Keylog) -> Option<()> {
        let length = self.order.u32(body, 4)? as usize;
        if self.order.u32(body, 0)? == TLS_KEY_LOG {
            let log = body.get(8..)?;
            keys.read(log.get(..length).unwrap_or(log));
        }
        Some(())
    }

    fn timed(&mut self, kind: u32, body: &[u8], start: usize) -> Option<Packet> {
        let interface = match kind {
            ENHANCED_PACKET => self.order.u32(body, 0)? as usize,
            _ => usize::from(self.order.u16(body, 0)?),
        };
        let interface = self.interfaces.get(interface)?;
        let [high, low] = [self.order.u32(body, 4)?, self.order.u32(body, 8)?];
        let captured = self.order.u32(body, 12)? as usize;
        let original = self.order.u32(body, 16)? as usize;
        let captured = captured.min(body.len() - 20);
        self.last = interface.clock.nanoseconds(u64::from(high) << 32 | u64::from(low));
        let bytes = start + 20..start + 20 + captured;
        Some(Packet { at: self.last, link: interface.link, bytes, original: original.max(captured) })
    }

    fn simple(&self, body: &[u8], start: usize) -> Option<Packet> {
        let interface = self.interfaces.first()?;
        let original = self.order.u32(body, 0)? as usize;
        let snap = if interface.snap == 0 { usize::MAX } else { interface.snap };
        let captured = original.min(snap).min(body.len() - 4);
        let bytes = start + 4..start + 4 + captured;
        Some(Packet { at: self.last, link: interface.link, bytes, original })
    }
}

impl Clock {
    fn nanoseconds(self, units: u64) -> u64 {
        let nanoseconds = match self.resolution {
            1_000_000_000 => units,
            1_000_000 => units.saturating_mul(1000),
            resolution => {
                let wide = u128::from(units) * 1_000_000_000 / u128::from(resolution.max(1));
                u64::try_from(wide).unwrap_or(u64::MAX)
            }
        };
        nanoseconds.saturating_add_signed(self.offset.saturating_mul(1_000_000_000))
    }
}

/// Units in a second by `if_tsresol`: a power of ten, or of two when the top bit is set.
fn resolution(power: u8) -> u64 {
    let base: u64 = if power & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(u32::from(power & 0x7f)).unwrap_or(u64::MAX)
}

/// The byte order of a section header, when this is one.
fn section_order(head: &[u8]) -> Option<Order> {
    let (kind, magic) = (head.first_chunk::<4>()?, head.get(8..)?.first_chunk::<4>()?);
    match (kind, magic) {
        ([0x0a, 0x0d, 0x0d, 0x0a], [0x1a, 0x2b, 0x3c, 0x4d]) => Some(Order::Big),
        ([0x0a, 0x0d, 0x0d, 0x0a], [0x4d, 0x3c, 0x2b, 0x1a]) => Some(Order::Little),
        _ => None,
    }
}

/// Whether a block's body is read; the others are passed over, however long.
fn matters(kind: u32) -> bool {
    matches!(kind, INTERFACE | OBSOLETE_PACKET | SIMPLE_PACKET | ENHANCED_PACKET | SECRETS)
}
