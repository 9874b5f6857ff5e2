//! The bytes of MQTT: control packets, their lengths, texts; section numbers are those of MQTT 5.0.

use model::conn::Speaker;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

/// The kinds of control packets (2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    Connack,
    Publish,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Pingreq,
    Pingresp,
    Disconnect,
    Auth,
}

/// Who may say a kind of packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Client,
    Server,
    Both,
}

/// What each kind is: who says it, its flags, its shortest length; by its number from 1 on.
///
/// `None` stands for flags that differ from packet to packet.
const KINDS: [(Kind, Says, Option<u8>, u32); 15] = [
    (Kind::Connect, Says::Client, Some(0), 12),
    (Kind::Connack, Says::Server, Some(0), 2),
    (Kind::Publish, Says::Both, None, 2),
    (Kind::Puback, Says::Both, Some(0), 2),
    (Kind::Pubrec, Says::Both, Some(0), 2),
    (Kind::Pubrel, Says::Both, Some(2), 2),
    (Kind::Pubcomp, Says::Both, Some(0), 2),
    (Kind::Subscribe, Says::Client, Some(2), 6),
    (Kind::Suback, Says::Server, Some(0), 3),
    (Kind::Unsubscribe, Says::Client, Some(2), 5),
    (Kind::Unsuback, Says::Server, Some(0), 2),
    (Kind::Pingreq, Says::Client, Some(0), 0),
    (Kind::Pingresp, Says::Server, Some(0), 0),
    // From version 5 on the server says so too.
    (Kind::Disconnect, Says::Both, Some(0), 0),
    (Kind::Auth, Says::Both, Some(0), 0),
];

/// `DUP` among the flags: the packet was sent before. Version 3.1 has it in other packets than `PUBLISH` too.
const DUP: u8 = 8;
/// `RETAIN` among the flags of `PUBLISH`.
const RETAIN: u8 = 1;

/// The versions, which differ in what stands in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V31,
    V311,
    V5,
}

impl Version {
    /// By the protocol's name and level (3.1.2.2); a bridge of Mosquitto sets the highest bit of the level.
    pub(super) fn of(name: &[u8], level: u8) -> Option<Version> {
        match (name, level & 0x7f) {
            (b"MQIsdp", 3) => Some(Version::V31),
            (b"MQTT", 4) => Some(Version::V311),
            (b"MQTT", 5) => Some(Version::V5),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Version::V31 => "3.1",
            Version::V311 => "3.1.1",
            Version::V5 => "5.0",
        }
    }
}

/// The fixed header of a packet (2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    flags: u8,
    /// How many bytes follow.
    pub(super) length: u32,
}

impl Head {
    /// The quality of service of a `PUBLISH` (3.3.1.2).
    #[inline]
    pub(super) fn quality(self) -> u8 {
        self.flags >> 1 & 3
    }

    pub(super) fn is_repeated(self) -> bool {
        self.flags & DUP != 0
    }

    pub(super) fn is_retained(self) -> bool {
        self.flags & RETAIN != 0
    }
}

/// The fixed header of the next packet of `speaker`.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when `speaker` says no such packet.
#[inline]
pub(super) fn head(speaker: Speaker, wire: &mut Reader<'_>) -> Read<Head> {
    let first = wire.u8()?;
    let (number, flags) = (first >> 4, first & 0xf);
    let known = usize::from(number).checked_sub(1).and_then(|at| KINDS.get(at));
    let Some((kind, says, wanted, shortest)) = known else {
        return Err(wire.broken("no packet has this number"));
    };
    match (says, speaker) {
        (Says::Both, _) | (Says::Client, Speaker::Client) | (Says::Server, Speaker::Server) => {}
        (Says::Client, Speaker::Server) | (Says::Server, Speaker::Client) => {
            return Err(wire.broken("the other side says such packets"));
        }
    }
    let fits = match wanted {
        None => flags & 6 != 6 && flags & (DUP | 6) != DUP,
        Some(0) => flags == 0,
        Some(wanted) => flags & !DUP == *wanted,
    };
    if !fits {
        return Err(wire.broken("a packet's flags are not its own"));
    }
    let length = number_of(wire)?;
    if length < *shortest || matches!(kind, Kind::Pingreq | Kind::Pingresp) && length > 0 {
        return Err(wire.broken("a packet is shorter or longer than it can be"));
    }
    Ok(Head { kind: *kind, flags, length })
}

/// A variable byte integer (1.5.5): seven bits a byte, the lowest first, at most four bytes.
#[inline]
pub(super) fn number_of(wire: &mut Reader<'_>) -> Read<u32> {
    let mut number = 0;
    for shift in [0, 7, 14, 21] {
        let byte = wire.u8()?;
        number |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(wire.broken("a number goes on too long"))
}

/// A text or binary data (1.5.4, 1.5.6): two bytes of length before it.
#[inline]
pub(super) fn bytes<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = wire.be16()?;
    wire.take(usize::from(length))
}

/// The rest of a packet, all of it there: what is behind its end is not read.
///
/// # Errors
/// Those of `read`; what would be read behind the end is broken, and so is what is left before it.
pub(super) fn within<'a, T>(
    length: u32,
    wire: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Read<T>,
) -> Read<T> {
    let body = wire.take(usize::try_from(length).unwrap_or(usize::MAX))?;
    let mut body = Reader::new(body, wire.position(), Ahead::End);
    match read(&mut body) {
        Err(Stop::Short) => Err(body.broken("a packet ends in the middle of a field")),
        Ok(_) if !body.rest().is_empty() => Err(body.broken("a packet goes on behind its last field")),
        read => read,
    }
}

/// Whether bytes can be the topic of a message (4.7): a text without wildcards and, as no client has any, without
/// control characters.
pub(super) fn is_topic(topic: &[u8]) -> bool {
    let text = crate::kit::text::utf8(topic);
    text.is_some_and(|text| !text.chars().any(|c| c.is_control() || matches!(c, '+' | '#')))
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;

    use super::{Kind, head, number_of};
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    fn kind(speaker: Speaker, bytes: &[u8]) -> Option<Kind> {
        head(speaker, &mut Reader::new(bytes, 0, Ahead::Open)).ok().map(|head| head.kind)
    }

    #[test]
    fn a_number_has_at_most_four_bytes() {
        let read = |bytes: &[u8]| number_of(&mut Reader::new(bytes, 0, Ahead::Open));
        assert_eq!(read(b"\x7f"), Ok(127));
        assert_eq!(read(b"\x80\x01"), Ok(128));
        assert_eq!(read(b"\xff\xff\xff\x7f"), Ok(268_435_455));
        assert_eq!(read(b"\xff\xff"), Err(Stop::Short));
        assert!(matches!(read(b"\xff\xff\xff\xff\x01"), Err(Stop::Broken(_))));
    }

    #[test]
    fn each_side_says_its_own_packets_with_their_flags() {
        assert_eq!(kind(Speaker::Client, b"\x82\x06"), Some(Kind::Subscribe));
        assert_eq!(kind(Speaker::Client, b"\x8a\x06"), Some(Kind::Subscribe), "again, in version 3.1");
        assert_eq!(kind(Speaker::Server, b"\x82\x06"), None);
        assert_eq!(kind(Speaker::Client, b"\x80\x06"), None);
        assert_eq!(kind(Speaker::Client, b"\x3d\x06"), Some(Kind::Publish));
        assert_eq!(kind(Speaker::Client, b"\x36\x06"), None, "no quality of service is 3");
        assert_eq!(kind(Speaker::Client, b"\x38\x06"), None, "nobody repeats what nobody acknowledges");
        assert_eq!(kind(Speaker::Server, b"\xd0\x00"), Some(Kind::Pingresp));
        assert_eq!(kind(Speaker::Server, b"\xd0\x01"), None);
        assert_eq!(kind(Speaker::Client, b"\x00\x00"), None);
    }
}
