//! IPv4 (RFC 791) and IPv6 with its extension headers (RFC 8200).

use crate::replay::bytes::{array, be8};
use crate::replay::decode::{Part, Undecoded};
use crate::replay::key::Endpoint;

/// More extension headers than this are an attack.
const EXTENSIONS: usize = 16;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
const HOST_IDENTITY: u8 = 139;
const SHIM6: u8 = 140;

/// One IP packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram {
    pub(super) source: u128,
    pub(super) target: u128,
    pub(super) protocol: u8,
    pub(super) payload: Part,
    /// Which piece of a datagram it is, when not a whole one.
    pub(super) piece: Option<Piece>,
}

impl Datagram {
    /// The two ends, given their ports.
    pub(super) fn ends(&self, source: u16, target: u16) -> (Endpoint, Endpoint) {
        (Endpoint { ip: self.source, port: source }, Endpoint { ip: self.target, port: target })
    }
}

/// A fragment's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    identification: u32,
    pub(super) offset: usize,
    pub(super) more: bool,
}

/// Names the datagram that a fragment is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::replay) struct FragmentOf {
    source: u128,
    target: u128,
    protocol: u8,
    identification: u32,
    pub(super) network: u32,
}

impl FragmentOf {
    pub(super) fn of(datagram: &Datagram, piece: Piece, network: u32) -> FragmentOf {
        let Datagram { source, target, protocol, .. } = *datagram;
        FragmentOf { source, target, protocol, identification: piece.identification, network }
    }

    /// The whole datagram, once its payload is put together.
    pub(super) fn datagram(&self, payload: Part) -> Datagram {
        let FragmentOf { source, target, protocol, .. } = *self;
        Datagram { source, target, protocol, payload, piece: None }
    }
}

/// Reads the IP header at the start of `part`.
pub(super) fn read(frame: &[u8], part: Part) -> Result<Datagram, Undecoded> {
    match be8(frame, part.start).ok_or(Undecoded::Cut)? >> 4 {
        4 => v4(frame, part),
        6 => v6(frame, part),
        _ => Err(Undecoded::Malformed),
    }
}

fn v4(frame: &[u8], part: Part) -> Result<Datagram, Undecoded> {
    let header = array::<20>(frame, part.start).ok_or(Undecoded::Cut)?;
    let length = usize::from(header[0] & 0x0f) * 4;
    let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
    // A total of zero is what a network card with segmentation offload leaves: the frame's own length holds.
    if length < 20 || (total != 0 && total < length) {
        return Err(Undecoded::Malformed);
    }
    let whole = if total == 0 { part } else { part.within(total) };
    let place = u16::from_be_bytes([header[6], header[7]]);
    let piece = (place & 0x3fff != 0).then(|| Piece {
        identification: u32::from(u16::from_be_bytes([header[4], header[5]])),
        offset: usize::from(place & 0x1fff) * 8,
        more: place & 0x2000 != 0,
    });
    Ok(Datagram {
        source: mapped(u32::from_be_bytes([header[12], header[13], header[14], header[15]])),
        target: mapped(u32::from_be_bytes([header[16], header[17], header[18], header[19]])),
        protocol: header[9],
        payload: whole.after(length),
        piece,
    })
}

fn v6(frame: &[u8], part: Part) -> Result<Datagram, Undecoded> {
    let header = array::<40>(frame, part.start).ok_or(Undecoded::Cut)?;
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let body = part.after(40);
    let mut datagram = Datagram {
        source: u128::from_be_bytes(*array(header, 8).ok_or(Undecoded::Cut)?),
        target: u128::from_be_bytes(*array(header, 24).ok_or(Undecoded::Cut)?),
        protocol: header[6],
        // Zero is a jumbogram, or segmentation offload: the frame's own length holds.
        payload: if length == 0 { body } else { body.within(length) },
        piece: None,
    };
    for _ in 0..EXTENSIONS {
        let at = datagram.payload.start;
        let words = match datagram.protocol {
            HOP_BY_HOP | ROUTING | DESTINATION | MOBILITY | HOST_IDENTITY | SHIM6 => word(frame, at)? * 8 + 8,
            AUTHENTICATION => word(frame, at)? * 4 + 8,
            FRAGMENT => {
                datagram.piece = piece(frame, at)?;
                8
            }
            _ => return Ok(datagram),
        };
        datagram.protocol = be8(frame, at).ok_or(Undecoded::Cut)?;
        datagram.payload = datagram.payload.after(words);
        if datagram.piece.is_some() {
            return Ok(datagram);
        }
    }
    Err(Undecoded::TooDeep)
}

/// The fragment header's place; `None` for an "atomic" fragment, which is a whole datagram (RFC 6946).
fn piece(frame: &[u8], at: usize) -> Result<Option<Piece>, Undecoded> {
    let header = array::<8>(frame, at).ok_or(Undecoded::Cut)?;
    let place = u16::from_be_bytes([header[2], header[3]]);
    let identification = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    let piece = Piece { identification, offset: usize::from(place & 0xfff8), more: place & 1 != 0 };
    Ok((piece.offset != 0 || piece.more).then_some(piece))
}

/// An extension header's length field.
fn word(frame: &[u8], at: usize) -> Result<usize, Undecoded> {
    be8(frame, at + 1).map(usize::from).ok_or(Undecoded::Cut)
}

/// An IPv4 address in IPv6's mapped form.
pub(super) fn mapped(address: u32) -> u128 {
    0xffff_0000_0000 | u128::from(address)
}
