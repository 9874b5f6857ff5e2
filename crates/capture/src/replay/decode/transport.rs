//! TCP (RFC 9293), UDP (RFC 768), and the tunnels that ride on UDP.

use model::conn::Transport;

use crate::replay::bytes::{array, be8, be16, be32};
use crate::replay::decode::ip::Datagram;
use crate::replay::decode::{Packet, Part, Tcp, Undecoded, captured};
use crate::replay::key::Key;

const VXLAN_PORT: u16 = 4789;
const GENEVE_PORT: u16 = 6081;
/// What Geneve calls Ethernet.
const ETHERNET_IN_GENEVE: u16 = 0x6558;

/// Reads the TCP header at the start of the datagram's payload.
pub(super) fn tcp(frame: &[u8], datagram: &Datagram, network: u32) -> Result<Packet, Undecoded> {
    let h = array::<20>(frame, datagram.payload.start).ok_or(Undecoded::Cut)?;
    let length = usize::from(h[12] >> 4) * 4;
    let body = datagram.payload.after(length);
    if length < 20 || body.start > body.end {
        return Err(Undecoded::Malformed);
    }
    let ports = (u16::from_be_bytes([h[0], h[1]]), u16::from_be_bytes([h[2], h[3]]));
    let ends = datagram.ends(ports.0, ports.1);
    let (key, sender) = Key::of(ends, network, Transport::Tcp);
    let (payload, missing) = captured(frame, body);
    let tcp = Tcp {
        sequence: u32::from_be_bytes([h[4], h[5], h[6], h[7]]),
        acknowledged: u32::from_be_bytes([h[8], h[9], h[10], h[11]]),
        flags: h[13],
    };
    Ok(Packet { key, sender, payload, missing, tcp: Some(tcp) })
}

/// Reads the UDP header at the start of the datagram's payload.
pub(super) fn udp(frame: &[u8], datagram: Datagram, network: u32) -> Result<Packet, Undecoded> {
    let h = array::<8>(frame, datagram.payload.start).ok_or(Undecoded::Cut)?;
    let length = usize::from(u16::from_be_bytes([h[4], h[5]]));
    if length != 0 && length < 8 {
        return Err(Undecoded::Malformed);
    }
    let whole = if length == 0 { datagram.payload } else { datagram.payload.within(length) };
    let ports = (u16::from_be_bytes([h[0], h[1]]), u16::from_be_bytes([h[2], h[3]]));
    let ends = datagram.ends(ports.0, ports.1);
    let (key, sender) = Key::of(ends, network, Transport::Udp);
    let (payload, missing) = captured(frame, whole.after(8));
    Ok(Packet { key, sender, payload, missing, tcp: None })
}

/// Whether what goes to this port may be a tunnel.
pub(super) fn is_tunnel(port: u16) -> bool {
    matches!(port, VXLAN_PORT | GENEVE_PORT)
}

/// The Ethernet frame in a VXLAN (RFC 7348) or Geneve (RFC 8926) datagram, with its network's number.
pub(super) fn tunnel(frame: &[u8], datagram: &Datagram) -> Option<(Part, u32)> {
    let at = datagram.payload.start;
    let body = datagram.payload.after(8);
    match be16(frame, at + 2)? {
        VXLAN_PORT if be8(frame, body.start)? == 0x08 => {
            Some((body.after(8), be32(frame, body.start + 4)? >> 8))
        }
        GENEVE_PORT if be16(frame, body.start + 2)? == ETHERNET_IN_GENEVE => {
            let options = usize::from(be8(frame, body.start)? & 0x3f) * 4;
            Some((body.after(8 + options), be32(frame, body.start + 4)? >> 8))
        }
        _ => None,
    }
}
