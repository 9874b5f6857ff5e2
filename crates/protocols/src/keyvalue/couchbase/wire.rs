//! Packets, what is framed in them, and the numbers before keys: "Packet Structure" of BinaryProtocol.md.

use std::borrow::Cow;

use crate::keyvalue::packet::{
    FRAMED_REQUEST, FRAMED_RESPONSE, HEADER, Head, Packet, REQUEST, RESPONSE, big_endian,
};
use crate::kit::chain::{Chain, Proof};
use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::kit::snappy;
use crate::kit::text::lossy;

use super::opcodes::{Opcode, by_code, pushed};

/// What begins a server's own request, and a client's response to it.
pub(super) const PUSHED: u8 = 0x82;
pub(super) const PUSHED_RESPONSE: u8 = 0x83;
const MAGICS: [u8; 6] = [REQUEST, RESPONSE, FRAMED_REQUEST, FRAMED_RESPONSE, PUSHED, PUSHED_RESPONSE];
/// So many bytes of a value are kept.
pub(super) const CELL: usize = 1 << 10;
/// The longest key: 250 bytes behind the number of a collection, or the name of a stream of changes.
const KEY: usize = 260;
/// More extras than this no command has.
const EXTRAS: usize = 64;
/// The longest value: a document of 20 MiB, its attributes, and what packing may add.
const VALUE: u64 = 32 << 20;
/// The bits of a datatype: what is JSON, what is packed by Snappy, what has attributes before it.
pub(super) const JSON: u8 = 1;
pub(super) const SNAPPY: u8 = 2;
pub(super) const XATTR: u8 = 4;
/// So many messages in a row prove a chain.
const PROOF: Proof = Proof { whole: 4, open: 1 };

/// Whether a packet asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Asks,
    Answers,
}

/// A packet, and what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) side: Side,
    pub(super) opcode: &'static Opcode,
    pub(super) packet: Packet<'a>,
}

/// What a header says, if it is one.
pub(super) fn judged(head: &Head) -> Option<(Side, &'static Opcode)> {
    let (side, opcode) = match head.magic {
        REQUEST | FRAMED_REQUEST => (Side::Asks, by_code(head.code)?),
        RESPONSE | FRAMED_RESPONSE => (Side::Answers, by_code(head.code)?),
        PUSHED => (Side::Asks, pushed(head.code)?),
        PUSHED_RESPONSE => (Side::Answers, pushed(head.code)?),
        _ => return None,
    };
    let is_possible = head.key <= KEY
        && head.extras <= EXTRAS
        && head.value <= VALUE
        && head.datatype <= JSON | SNAPPY | XATTR;
    let fits = match side {
        Side::Asks => opcode.kind.fits(head.extras, head.key, head.value),
        // All statuses there are, and those of proxies.
        Side::Answers => head.status <= 0xff || head.status >= 0xff00,
    };
    (is_possible && fits).then_some((side, opcode))
}

/// The next packet, passed over; of a long value its beginning.
///
/// # Errors
/// [`Stop::Short`] when what is kept of it is not there, [`Stop::Broken`] when it is none.
pub(super) fn message<'a>(wire: &mut Reader<'a>) -> Read<Message<'a>> {
    let head = Head::read(wire)?;
    let Some((side, opcode)) = judged(&head) else {
        return Err(wire.broken("a packet is of no command"));
    };
    Ok(Message { side, opcode, packet: head.packet(CELL, wire)? })
}

/// The header that bytes begin with, and what it says: as much as the whole packet tells of whose it is.
pub(super) fn header(bytes: &[u8]) -> Read<(Head, Side)> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    if !bytes.first().is_none_or(|magic| MAGICS.contains(magic)) {
        return Err(wire.broken("no packet begins so"));
    }
    let head = Head::read(&mut wire)?;
    match judged(&head) {
        Some((side, _)) => Ok((head, side)),
        None => Err(wire.broken("a packet is of no command")),
    }
}

/// Whether bytes read like packets one behind the other.
pub(super) fn chain(bytes: &[u8]) -> Chain {
    PROOF.chain(bytes, |wire| message(wire).map(drop))
}

/// Where a packet may begin.
pub(super) fn places(wire: &[u8]) -> impl Iterator<Item = usize> + '_ {
    wire.iter().enumerate().filter(|(_, byte)| MAGICS.contains(byte)).map(|(at, _)| at)
}

/// The objects in a packet's frame ("FrameInfo"): what each is, and its bytes.
pub(super) fn frames(frame: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut wire = Reader::new(frame, 0, Ahead::End);
    std::iter::from_fn(move || {
        let first = wire.u8().ok()?;
        let id = long(u16::from(first >> 4), &mut wire)?;
        let length = long(u16::from(first & 15), &mut wire)?;
        Some((id, wire.take(usize::from(length)).ok()?))
    })
}

/// A number of four bits, of which the highest says that the next byte is added.
fn long(number: u16, wire: &mut Reader<'_>) -> Option<u16> {
    if number < 15 { Some(number) } else { Some(15 + u16::from(wire.u8().ok()?)) }
}

/// For how many microseconds a server worked on a request: `(encoded ^ 1.74) / 2`.
pub(super) fn worked(frame: &[u8]) -> Option<i64> {
    let encoded = frames(frame).find_map(|(id, bytes)| (id == 0).then(|| big_endian(bytes)))?;
    let encoded = u16::try_from(encoded).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "65535 ^ 1.74 has nine digits")]
    let micros = (f64::from(encoded).powf(1.74) / 2.0) as i64;
    Some(micros)
}

/// The number of a collection and the key behind it (LEB128, no more than five bytes, none of them in vain).
pub(super) fn prefixed(key: &[u8]) -> Option<(u32, &[u8])> {
    let end = key.iter().take(5).position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = key.split_at_checked(end + 1)?;
    let is_shortest = end == 0 || number.last() != Some(&0);
    let value = number.iter().rev().fold(0_u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
    Some((u32::try_from(value).ok().filter(|_| is_shortest)?, rest))
}

/// The text of a value: unpacked, and without the attributes before it.
pub(super) fn text<'a>(datatype: u8, value: &Sample<'a>) -> Cow<'a, str> {
    let mut bytes = Cow::Borrowed(value.bytes);
    if datatype & SNAPPY != 0 {
        let mut content = Vec::new();
        snappy::read(value.bytes, CELL, &mut content);
        bytes = Cow::Owned(content);
    }
    if datatype & XATTR != 0 {
        // Their length comes first (Document.md).
        let length = usize::try_from(big_endian(bytes.get(..4).unwrap_or_default())).unwrap_or(usize::MAX);
        bytes = Cow::Owned(bytes.get(length.saturating_add(4)..).unwrap_or_default().to_vec());
    }
    match bytes {
        Cow::Borrowed(bytes) => lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(lossy(&bytes).into_owned()),
    }
}

/// What follows a header that is there in `bytes` to its end, where both are.
pub(super) fn is_whole(head: &Head, bytes: &[u8]) -> bool {
    let length = (HEADER + head.frame + head.extras + head.key) as u64 + head.value;
    length <= bytes.len() as u64
}

#[cfg(test)]
mod tests {
    use super::{frames, prefixed, worked};

    #[test]
    fn collections_are_numbers_without_vain_bytes() {
        assert_eq!(prefixed(b"\0key"), Some((0, &b"key"[..])));
        assert_eq!(prefixed(b"\xd5\x0akey"), Some((0x555, &b"key"[..])));
        assert_eq!(prefixed(b"\xff\xff\xff\xff\x0f"), Some((u32::MAX, &b""[..])));
        assert_eq!(prefixed(b"\x80\0key"), None);
        assert_eq!(prefixed(b"\x80\x80\x80\x80\x80\0"), None);
    }

    #[test]
    fn frames_have_ids_and_lengths_of_four_bits_or_more() {
        let mut long = b"\x11\x01\x4f\x01".to_vec();
        long.extend([b'a'; 16]);
        let told: Vec<_> = frames(&long).map(|(id, bytes)| (id, bytes.len())).collect();
        assert_eq!(told, [(1, 1), (4, 16)]);
        assert_eq!(frames(b"\xf0\x02").collect::<Vec<_>>(), [(17, &b""[..])]);
        assert_eq!(frames(b"\x13\x01").count(), 0);
    }

    #[test]
    fn a_server_says_how_long_it_worked() {
        assert_eq!(worked(b"\x02\x00\x09"), Some(22));
        assert_eq!(worked(b""), None);
    }
}
