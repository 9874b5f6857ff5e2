//! The bytes of protocol 3: tags, headers, start-up packets, and what a chain of messages looks like; no state.

use model::conn::Speaker;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

/// A tag and a length stand before every message but the first.
pub(super) const HEADER: usize = 5;

/// The code of a request for TLS.
pub(super) const SSL_REQUEST: u32 = 80_877_103;
/// The code of a request for GSSAPI encryption.
pub(super) const GSS_REQUEST: u32 = 80_877_104;
/// The code of a request to cancel what another connection runs.
pub(super) const CANCEL_REQUEST: u32 = 80_877_102;

/// The longest start-up packet; the server refuses a longer one.
const STARTUP: usize = 10_000;
/// The shortest packet that asks for a cancel: length, code, process, and a key of at least four bytes.
const CANCEL: usize = 16;
/// The longest cancel key has 256 bytes (protocol 3.2).
const CANCEL_LONGEST: usize = CANCEL - 4 + 256;

/// What the client sends before its first tagged message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// It asks for encryption, of either kind.
    Encrypt,
    /// It asks to cancel what the server process of this number runs.
    Cancel(u32),
    /// It begins a session: the minor version and the parameters.
    Startup(u16, &'a [u8]),
}

/// The packet at the beginning of `wire`, which stays unread, and its length.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when it is none.
pub(super) fn packet<'a>(wire: &Reader<'a>) -> Read<(Packet<'a>, usize)> {
    let mut ahead = Reader::new(wire.rest(), wire.position(), Ahead::Open);
    let length = ahead.be32()? as usize;
    if !(8..=STARTUP).contains(&length) {
        return Err(wire.broken("a start-up packet has an impossible length"));
    }
    let code = ahead.be32()?;
    let packet = match (code, code >> 16) {
        (SSL_REQUEST | GSS_REQUEST, _) if length == 8 => Packet::Encrypt,
        (CANCEL_REQUEST, _) if (CANCEL..=CANCEL_LONGEST).contains(&length) => Packet::Cancel(ahead.be32()?),
        (_, 3) => Packet::Startup((code & 0xffff) as u16, wire.peek(length)?.get(8..).unwrap_or_default()),
        _ => return Err(wire.broken("a start-up packet has an unknown version")),
    };
    wire.peek(length)?;
    Ok((packet, length))
}

/// The parameters of a start-up packet: names and values.
pub(super) fn parameters(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut words = body.split(|b| *b == 0);
    std::iter::from_fn(move || {
        let name = words.next().filter(|n| !n.is_empty())?;
        Some((name, words.next()?))
    })
}

/// The header of a tagged message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// What kind of message it is; each side has its own kinds.
    pub(super) tag: u8,
    /// The bytes that follow the header.
    pub(super) body: u32,
}

/// The header at the beginning of `wire`, which stays unread.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when `speaker` has no such message.
#[inline]
pub(super) fn header(speaker: Speaker, wire: &Reader<'_>) -> Read<Header> {
    let begin = wire.rest().first_chunk().ok_or(Stop::Short)?;
    sound(speaker, begin).ok_or_else(|| wire.broken("no message has this tag and length"))
}

/// The message at the beginning of `bytes`, if all of it is there, and what is behind it.
#[inline]
pub(super) fn whole(speaker: Speaker, bytes: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let (begin, rest) = bytes.split_first_chunk()?;
    let header = sound(speaker, begin)?;
    let (body, rest) = rest.split_at_checked(header.body as usize)?;
    Some((Message { tag: header.tag, body }, rest))
}

/// As [`whole`], of a message of the server, for who knows its tag only when it looks: whether its length is one of that tag
/// is asked of [`Message::fits`].
#[inline(always)]
pub(super) fn next(bytes: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let ([tag, length @ ..], rest) = bytes.split_first_chunk::<HEADER>()?;
    let length = u32::from_be_bytes(*length).checked_sub(4)?;
    let (body, rest) = rest.split_at_checked(length as usize)?;
    Some((Message { tag: *tag, body }, rest))
}

impl Message<'_> {
    /// Whether the server's messages with this tag may be so long.
    #[inline(always)]
    pub(super) fn fits(&self, tag: u8) -> bool {
        let bounds = bounds(Speaker::Server, tag);
        (bounds.least as usize..=bounds.most as usize).contains(&self.body.len())
    }
}

/// A tagged message that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// What kind of message it is.
    pub(super) tag: u8,
    /// What follows the header.
    pub(super) body: &'a [u8],
}

#[inline]
fn sound(speaker: Speaker, begin: &[u8; HEADER]) -> Option<Header> {
    let [tag, length @ ..] = *begin;
    let body = u32::from_be_bytes(length).checked_sub(4)?;
    let bounds = bounds(speaker, tag);
    (bounds.least <= body && body <= bounds.most).then_some(Header { tag, body })
}

/// A reader of a message's body, or of as much of it as is kept.
pub(super) fn inside<'a>(sample: &Sample<'a>, wire: &Reader<'_>) -> Reader<'a> {
    Reader::new(sample.bytes, wire.position(), Ahead::End)
}

/// The least and the most bytes that a message's body may have.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: u32,
    most: u32,
}

/// No length is within these.
const NEVER: Bounds = Bounds { least: 1, most: 0 };
/// Servers refuse messages of a gigabyte.
const HUGE: u32 = (1 << 30) - 1;
/// Texts of errors quote statements; more than this nobody sends.
const LONG: u32 = 1 << 24;
/// Descriptions: 65,535 fields of a name of 64 bytes and 18 more.
const WIDE: u32 = 65_535 * 82;
/// The most that a server takes in messages which hold names only (`PQ_SMALL_MESSAGE_LIMIT`), and passwords.
const SMALL: u32 = 65_535;

/// The messages of the client: "Message Formats" in the PostgreSQL documentation.
const CLIENT: &[(u8, u32, u32)] = &[
    (b'Q', 1, HUGE),
    (b'P', 4, HUGE),
    (b'B', 8, HUGE),
    (b'D', 2, SMALL),
    (b'E', 5, SMALL),
    (b'C', 2, SMALL),
    (b'S', 0, 0),
    (b'H', 0, 0),
    (b'X', 0, 0),
    (b'F', 10, HUGE),
    (b'd', 0, HUGE),
    (b'c', 0, 0),
    (b'f', 1, LONG),
    (b'p', 0, SMALL),
];

/// The messages of the server.
const SERVER: &[(u8, u32, u32)] = &[
    (b'R', 4, SMALL),
    (b'K', 8, 260),
    (b'S', 2, LONG),
    (b'T', 2, WIDE),
    (b't', 2, WIDE),
    (b'D', 2, HUGE),
    (b'C', 1, 256),
    (b'Z', 1, 1),
    (b'I', 0, 0),
    (b's', 0, 0),
    (b'1', 0, 0),
    (b'2', 0, 0),
    (b'3', 0, 0),
    (b'n', 0, 0),
    (b'c', 0, 0),
    (b'E', 1, LONG),
    (b'N', 1, LONG),
    (b'A', 6, SMALL),
    (b'G', 3, 3 + 2 * 65_535),
    (b'H', 3, 3 + 2 * 65_535),
    (b'W', 3, 3 + 2 * 65_535),
    (b'd', 0, HUGE),
    (b'V', 4, HUGE),
    (b'v', 8, SMALL),
];

static CLIENT_BOUNDS: [Bounds; 128] = table(CLIENT);
static SERVER_BOUNDS: [Bounds; 128] = table(SERVER);

#[expect(
    clippy::indexing_slicing,
    reason = "runs when the program is compiled, where a bad index is an error"
)]
const fn table(messages: &[(u8, u32, u32)]) -> [Bounds; 128] {
    let mut bounds = [NEVER; 128];
    let mut at = 0;
    while at < messages.len() {
        let (tag, least, most) = messages[at];
        bounds[tag as usize] = Bounds { least, most };
        at += 1;
    }
    bounds
}

#[inline]
fn bounds(speaker: Speaker, tag: u8) -> Bounds {
    let table = match speaker {
        Speaker::Client => &CLIENT_BOUNDS,
        Speaker::Server => &SERVER_BOUNDS,
    };
    table.get(usize::from(tag)).copied().unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;

    use super::{Header, Packet, header, packet, parameters};
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    fn reader(bytes: &[u8]) -> Reader<'_> {
        Reader::new(bytes, 0, Ahead::Open)
    }

    #[test]
    fn a_tag_belongs_to_a_side() {
        let ready = b"Z\0\0\0\x05I";
        assert_eq!(header(Speaker::Server, &reader(ready)), Ok(Header { tag: b'Z', body: 1 }));
        assert!(matches!(header(Speaker::Client, &reader(ready)), Err(Stop::Broken(_))));
        assert!(matches!(header(Speaker::Server, &reader(b"Z\0\0\0\x06I")), Err(Stop::Broken(_))));
        assert_eq!(header(Speaker::Server, &reader(b"Z\0\0\0")), Err(Stop::Short));
    }

    #[test]
    fn a_startup_packet_waits_until_it_is_whole() {
        let bytes = b"\0\0\0\x10\0\x03\0\0user\0a\0\0";
        assert_eq!(packet(&reader(&bytes[..15])), Err(Stop::Short));
        let Ok((Packet::Startup(0, body), 16)) = packet(&reader(bytes)) else { panic!("no start-up packet") };
        assert_eq!(parameters(body).collect::<Vec<_>>(), [(&b"user"[..], &b"a"[..])]);
        assert!(matches!(packet(&reader(b"\x16\x03\x01\x02\0\x01\0\x01")), Err(Stop::Broken(_))));
    }
}
