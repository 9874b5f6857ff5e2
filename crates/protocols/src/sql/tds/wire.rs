//! The bytes of the protocol: packets, the sessions' packets around them, counted texts; no state.

use model::exchange::Text;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::Reader;
use crate::sql::utf16;

/// The header of a packet ([MS-TDS] 2.2.3.1).
pub(super) const HEADER: usize = 8;
/// The header around a packet where a connection has several sessions ([MC-SMP] 2.2.1).
pub(super) const SMP_HEADER: usize = 16;
/// What such a header begins with.
pub(super) const SMP: u8 = 0x53;
/// No packet is longer ([MS-TDS] 2.2.6.4, "PacketSize").
pub(super) const LONGEST: usize = 32_767;
/// Names have at most 128 letters; so many of a text that is about one are kept.
const NAME: usize = 1 << 10;

/// What a packet is ([MS-TDS] 2.2.3.1.1).
pub(super) mod kind {
    pub(in super::super) const BATCH: u8 = 1;
    pub(in super::super) const RPC: u8 = 3;
    pub(in super::super) const RESULT: u8 = 4;
    pub(in super::super) const ATTENTION: u8 = 6;
    pub(in super::super) const BULK: u8 = 7;
    pub(in super::super) const FEDERATED: u8 = 8;
    pub(in super::super) const TRANSACTION: u8 = 14;
    pub(in super::super) const LOGIN: u8 = 16;
    pub(in super::super) const SSPI: u8 = 17;
    pub(in super::super) const PRELOGIN: u8 = 18;
}

/// What the bits of a packet's status say ([MS-TDS] 2.2.3.1.2).
pub(super) mod status {
    /// The message ends with this packet.
    pub(in super::super) const END: u8 = 1;
    /// The client takes back what it said so far.
    pub(in super::super) const IGNORE: u8 = 2;
    /// The session begins anew before the request, but for its transaction or with it.
    pub(in super::super) const RESET: u8 = 0x08 | 0x10;
    /// Some say so too, and mean nothing that is written down.
    const EVENT: u8 = 4;
    pub(in super::super) const ALL: u8 = END | IGNORE | EVENT | RESET;
}

/// What a session's packet is ([MC-SMP] 2.2.1.1).
pub(super) mod smp {
    pub(in super::super) const FIN: u8 = 4;
    pub(in super::super) const DATA: u8 = 8;
    pub(in super::super) const KINDS: [u8; 4] = [1, 2, FIN, DATA];
}

/// The header of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) status: u8,
    /// The bytes of the packet, those of its header included.
    pub(super) length: u16,
    /// Its number in the message, from 1 where the speaker counts.
    pub(super) number: u8,
}

impl Header {
    /// Whether the message ends with this packet.
    #[inline]
    pub(super) fn ends(self) -> bool {
        self.status & status::END != 0
    }

    /// The bytes behind the header.
    #[inline]
    pub(super) fn body(self) -> u64 {
        u64::from(self.length).saturating_sub(HEADER as u64)
    }
}

/// The header at the beginning of `bytes`.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when it is none.
#[inline]
pub(super) fn header(wire: &Reader<'_>) -> Read<Header> {
    let is_kind = wire.rest().first().is_none_or(|kind| matches!(kind, 1..=4 | 6..=8 | 14 | 16..=18));
    if !is_kind {
        return Err(wire.broken("a packet is of no kind"));
    }
    let [kind, status, high, low, _, _, number, window] =
        *wire.rest().first_chunk::<HEADER>().ok_or(Stop::Short)?;
    let header = Header { kind, status, length: u16::from_be_bytes([high, low]), number };
    // Servers said so ever since, though nobody reads it.
    let is_plain = window == 0 && status & !status::ALL == 0;
    if !is_plain || !(HEADER..=LONGEST).contains(&usize::from(header.length)) {
        return Err(wire.broken("a packet's header is none"));
    }
    Ok(header)
}

/// The header around a session's packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Smp {
    pub(super) kind: u8,
    pub(super) session: u16,
    /// The bytes of the packet, those of this header included.
    pub(super) length: u32,
}

/// The header of a session's packet at the beginning of `wire`.
///
/// # Errors
/// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when it is none.
pub(super) fn session_header(wire: &Reader<'_>) -> Read<Smp> {
    let mut from = Reader::new(wire.peek(SMP_HEADER)?, 0, wire.ahead());
    let [_, kind] = from.array()?;
    let smp = Smp { kind, session: from.le16()?, length: from.le32()? };
    let is_data = smp.kind == smp::DATA;
    let rest = (smp.length as usize).checked_sub(SMP_HEADER);
    let is_sound = match rest {
        Some(0) => !is_data,
        Some(rest) => is_data && (HEADER..=LONGEST).contains(&rest),
        None => false,
    };
    if !is_sound || !smp::KINDS.contains(&smp.kind) {
        return Err(wire.broken("a session's packet is none"));
    }
    Ok(smp)
}

/// What stands before a statement or call since version 7.2 (ALL_HEADERS, [MS-TDS] 2.2.5.3): the bytes behind it.
///
/// Nothing else begins so: as text, or as a length of a name, the first four bytes would be far larger.
pub(super) fn behind_headers(body: &[u8]) -> &[u8] {
    match length_of_headers(body) {
        Some(length) => body.get(length..).unwrap_or_default(),
        None => body,
    }
}

/// So many bytes tell whether headers stand before a statement.
pub(super) const HEADERS: usize = 10;

/// How long the headers before a statement or call are, where there are some.
pub(super) fn length_of_headers(body: &[u8]) -> Option<usize> {
    let mut wire = Reader::new(body, 0, crate::kit::reader::Ahead::End);
    let total = usize::try_from(wire.le32().ok()?).ok()?;
    let (first, kind) = (usize::try_from(wire.le32().ok()?).ok()?, wire.le16().ok()?);
    (first >= 6 && first + 4 <= total && total <= 1 << 12 && matches!(kind, 1..=3)).then_some(total)
}

/// The letters behind their number, which is one byte.
///
/// # Errors
/// [`Stop::Short`] when there are fewer.
#[inline]
pub(super) fn short_text<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let letters = wire.u8()?;
    wire.take(usize::from(letters) * 2)
}

/// The letters behind their number, which has two bytes.
///
/// # Errors
/// [`Stop::Short`] when there are fewer.
#[inline]
pub(super) fn long_text<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let letters = wire.le16()?;
    wire.take(usize::from(letters) * 2)
}

/// A name.
pub(super) fn name(bytes: &[u8]) -> Text {
    Text::from(utf16::text(bytes, NAME))
}

#[cfg(test)]
mod tests {
    use super::{Header, Smp, behind_headers, header, session_header};
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    fn reader(bytes: &[u8]) -> Reader<'_> {
        Reader::new(bytes, 0, Ahead::Open)
    }

    #[test]
    fn a_header_says_what_and_how_long() {
        let whole = header(&reader(b"\x01\x01\x00\x10\0\0\x01\0"));
        assert_eq!(whole, Ok(Header { kind: 1, status: 1, length: 16, number: 1 }));
        assert_eq!(header(&reader(b"\x01\x01\x00")), Err(Stop::Short));
        for broken in
            [&b"\x05\x01\0\x10\0\0\x01\0"[..], b"\x01\x40\0\x10\0\0\x01\0", b"\x01\x01\0\x07\0\0\x01\0"]
        {
            assert!(matches!(header(&reader(broken)), Err(Stop::Broken(_))), "{broken:?}");
        }
    }

    #[test]
    fn a_sessions_packet_holds_one_packet_or_none() {
        let syn = b"S\x01\x02\0\x10\0\0\0\0\0\0\0\x04\0\0\0";
        assert_eq!(session_header(&reader(syn)), Ok(Smp { kind: 1, session: 2, length: 16 }));
        assert!(matches!(
            session_header(&reader(b"S\x08\x02\0\x10\0\0\0\0\0\0\0\x04\0\0\0")),
            Err(Stop::Broken(_))
        ));
    }

    #[test]
    fn headers_before_a_statement_are_passed_over() {
        let said = b"\x16\0\0\0\x12\0\0\0\x02\0\0\0\0\0\0\0\0\0\x01\0\0\0S\0";
        assert_eq!(behind_headers(said), b"S\0");
        assert_eq!(behind_headers(b"S\0E\0L\0E\0C\0T\0"), b"S\0E\0L\0E\0C\0T\0");
    }
}
