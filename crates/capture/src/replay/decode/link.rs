//! Link layers: what stands before IP, by the numbers of tcpdump.org/linktypes.

use crate::replay::bytes::{be8, be16, be32};
use crate::replay::decode::{Part, Undecoded};

pub(in crate::replay) const ETHERNET: u16 = 1;
const NULL: u16 = 0;
const RAW_BSD: u16 = 12;
const RAW_OPENBSD: u16 = 14;
const RAW: u16 = 101;
const LOOP: u16 = 108;
const COOKED_1: u16 = 113;
const IPV4: u16 = 228;
const IPV6: u16 = 229;
const COOKED_2: u16 = 276;

const TYPE_IPV4: u16 = 0x0800;
const TYPE_VLAN: u16 = 0x8100;
const TYPE_BRIDGED: u16 = 0x6558;
const TYPE_IPV6: u16 = 0x86dd;
const TYPE_MPLS: u16 = 0x8847;
const TYPE_MPLS_MULTICAST: u16 = 0x8848;
const TYPE_PPPOE: u16 = 0x8864;
const TYPE_QINQ: u16 = 0x88a8;
const TYPE_QINQ_OLD: u16 = 0x9100;

/// More tags or labels than this on one frame are an attack.
const TAGS: usize = 8;

/// Where IP begins, and the frame's tags of VLANs as one number: 0 without any.
pub(super) fn strip(link: u16, frame: &[u8], part: Part) -> Result<(Part, u32), Undecoded> {
    match link {
        ETHERNET => ethernet(frame, part),
        COOKED_1 => typed(frame, part.after(16), short(frame, part.start + 14)?),
        COOKED_2 => typed(frame, part.after(20), short(frame, part.start)?),
        NULL | LOOP => Ok((part.after(4), 0)),
        RAW | RAW_BSD | RAW_OPENBSD | IPV4 | IPV6 => Ok((part, 0)),
        _ => Err(Undecoded::LinkType),
    }
}

/// What stands in a GRE tunnel (RFC 2784, 2890): IP, or Ethernet.
pub(super) fn gre(frame: &[u8], part: Part) -> Result<(Part, u32), Undecoded> {
    let flags = short(frame, part.start)?;
    if flags & 0x4007 != 0 {
        return Err(Undecoded::Malformed);
    }
    let options = [0x8000, 0x2000, 0x1000].iter().filter(|&&option| flags & option != 0).count();
    let inner = part.after(4 + 4 * options);
    match short(frame, part.start + 2)? {
        TYPE_BRIDGED => ethernet(frame, inner),
        kind => typed(frame, inner, kind),
    }
}

fn ethernet(frame: &[u8], part: Part) -> Result<(Part, u32), Undecoded> {
    typed(frame, part.after(14), short(frame, part.start + 12)?)
}

/// Passes VLAN tags, MPLS labels and PPPoE, down to IP.
fn typed(frame: &[u8], mut part: Part, mut kind: u16) -> Result<(Part, u32), Undecoded> {
    let mut tag = 0;
    for _ in 0..TAGS {
        match kind {
            TYPE_IPV4 | TYPE_IPV6 => return Ok((part, tag)),
            TYPE_VLAN | TYPE_QINQ | TYPE_QINQ_OLD => {
                tag = tag << 12 | u32::from(short(frame, part.start)? & 0xfff);
                kind = short(frame, part.start + 2)?;
                part = part.after(4);
            }
            TYPE_MPLS | TYPE_MPLS_MULTICAST => return labels(frame, part, tag),
            TYPE_PPPOE => return pppoe(frame, part, tag),
            _ => return Err(Undecoded::NotIp),
        }
    }
    Err(Undecoded::TooDeep)
}

/// MPLS (RFC 3032): labels up to the one that says it is the last, then IP.
fn labels(frame: &[u8], mut part: Part, tag: u32) -> Result<(Part, u32), Undecoded> {
    for _ in 0..TAGS {
        let label = be32(frame, part.start).ok_or(Undecoded::Cut)?;
        part = part.after(4);
        if label & 0x100 != 0 {
            // A label says nothing of what it carries: IP's version, or a pseudowire's control word before Ethernet.
            return match be8(frame, part.start).ok_or(Undecoded::Cut)? >> 4 {
                4 | 6 => Ok((part, tag)),
                0 => ethernet(frame, part.after(4)),
                _ => Err(Undecoded::NotIp),
            };
        }
    }
    Err(Undecoded::TooDeep)
}

/// PPPoE (RFC 2516): a session header, then PPP's protocol number.
fn pppoe(frame: &[u8], part: Part, tag: u32) -> Result<(Part, u32), Undecoded> {
    match short(frame, part.start + 6)? {
        0x0021 | 0x0057 => Ok((part.after(8), tag)),
        _ => Err(Undecoded::NotIp),
    }
}

fn short(frame: &[u8], at: usize) -> Result<u16, Undecoded> {
    be16(frame, at).ok_or(Undecoded::Cut)
}
