//! The bytes of the protocol: packets, numbers and texts with their lengths, commands, capabilities; no state.

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::Reader;

/// A length and a sequence number stand before every packet.
pub(super) const HEADER: usize = 4;
/// A packet of this length goes on in the next one.
pub(super) const FULL: u32 = 0xff_ffff;

/// What the first byte of a server's packet says.
pub(super) mod tag {
    pub(in super::super) const OK: u8 = 0x00;
    /// More of what proves the client's identity.
    pub(in super::super) const MORE: u8 = 0x01;
    /// The server wants a file of the client.
    pub(in super::super) const INFILE: u8 = 0xfb;
    pub(in super::super) const EOF: u8 = 0xfe;
    pub(in super::super) const ERR: u8 = 0xff;
}

/// The commands, by the first byte of the client's packet.
pub(super) mod command {
    pub(in super::super) const QUIT: u8 = 0x01;
    pub(in super::super) const INIT_DB: u8 = 0x02;
    pub(in super::super) const QUERY: u8 = 0x03;
    pub(in super::super) const FIELD_LIST: u8 = 0x04;
    pub(in super::super) const CREATE_DB: u8 = 0x05;
    pub(in super::super) const DROP_DB: u8 = 0x06;
    pub(in super::super) const REFRESH: u8 = 0x07;
    pub(in super::super) const SHUTDOWN: u8 = 0x08;
    pub(in super::super) const STATISTICS: u8 = 0x09;
    pub(in super::super) const PROCESS_INFO: u8 = 0x0a;
    pub(in super::super) const PROCESS_KILL: u8 = 0x0c;
    pub(in super::super) const DEBUG: u8 = 0x0d;
    pub(in super::super) const PING: u8 = 0x0e;
    pub(in super::super) const CHANGE_USER: u8 = 0x11;
    pub(in super::super) const BINLOG_DUMP: u8 = 0x12;
    pub(in super::super) const TABLE_DUMP: u8 = 0x13;
    pub(in super::super) const REGISTER_SLAVE: u8 = 0x15;
    pub(in super::super) const STMT_PREPARE: u8 = 0x16;
    pub(in super::super) const STMT_EXECUTE: u8 = 0x17;
    pub(in super::super) const STMT_SEND_LONG_DATA: u8 = 0x18;
    pub(in super::super) const STMT_CLOSE: u8 = 0x19;
    pub(in super::super) const STMT_RESET: u8 = 0x1a;
    pub(in super::super) const SET_OPTION: u8 = 0x1b;
    pub(in super::super) const STMT_FETCH: u8 = 0x1c;
    pub(in super::super) const BINLOG_DUMP_GTID: u8 = 0x1e;
    pub(in super::super) const RESET_CONNECTION: u8 = 0x1f;
    pub(in super::super) const CLONE: u8 = 0x20;
    /// Of MariaDB alone.
    pub(in super::super) const STMT_BULK_EXECUTE: u8 = 0xfa;
}

/// What client and server can do ("Capabilities Flags"; the upper half is MariaDB's).
pub(super) mod capability {
    /// Servers and clients of MariaDB do without it, and say the upper half instead.
    pub(in super::super) const MYSQL: u64 = 1;
    pub(in super::super) const CONNECT_WITH_DB: u64 = 1 << 3;
    pub(in super::super) const COMPRESS: u64 = 1 << 5;
    pub(in super::super) const PROTOCOL_41: u64 = 1 << 9;
    pub(in super::super) const SSL: u64 = 1 << 11;
    pub(in super::super) const SECURE_CONNECTION: u64 = 1 << 15;
    pub(in super::super) const PLUGIN_AUTH: u64 = 1 << 19;
    pub(in super::super) const CONNECT_ATTRS: u64 = 1 << 20;
    pub(in super::super) const PLUGIN_AUTH_LENENC: u64 = 1 << 21;
    pub(in super::super) const DEPRECATE_EOF: u64 = 1 << 24;
    pub(in super::super) const ZSTD: u64 = 1 << 26;
}

/// What a server says of itself and the session with each answer ("SERVER_STATUS_flags_enum").
pub(super) mod status {
    pub(in super::super) const IN_TRANSACTION: u16 = 1;
    pub(in super::super) const MORE_RESULTS: u16 = 1 << 3;
    pub(in super::super) const CURSOR_EXISTS: u16 = 1 << 6;
    pub(in super::super) const DATABASE_DROPPED: u16 = 1 << 8;
    pub(in super::super) const SESSION_CHANGED: u16 = 1 << 14;
}

/// The header of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The bytes that follow the header.
    pub(super) length: u32,
    /// The packet's place in its command.
    pub(super) sequence: u8,
}

impl Header {
    #[inline(always)]
    fn of(bytes: [u8; HEADER]) -> Header {
        let [first, second, third, sequence] = bytes;
        Header { length: u32::from_le_bytes([first, second, third, 0]), sequence }
    }

    /// The sequence number of the packet behind this one.
    #[inline(always)]
    pub(super) fn next(self) -> u8 {
        self.sequence.wrapping_add(1)
    }

    /// Whether the next packet goes on with what this one says.
    #[inline(always)]
    pub(super) fn goes_on(self) -> bool {
        self.length == FULL
    }
}

/// The header at the beginning of `wire`, which stays unread.
///
/// # Errors
/// [`Stop::Short`] when it is not whole.
#[inline]
pub(super) fn header(wire: &Reader<'_>) -> Read<Header> {
    wire.rest().first_chunk().copied().map(Header::of).ok_or(Stop::Short)
}

/// The packet at the beginning of `bytes`, if all of it is there, and what is behind it.
#[inline(always)]
pub(super) fn whole(bytes: &[u8]) -> Option<(Header, &[u8], &[u8])> {
    let (begin, rest) = bytes.split_first_chunk()?;
    let header = Header::of(*begin);
    let (body, rest) = rest.split_at_checked(header.length as usize)?;
    Some((header, body, rest))
}

/// A number that says its own length ("Protocol::LengthEncodedInteger").
///
/// # Errors
/// [`Stop::Short`] when it is not whole, [`Stop::Broken`] when it is none.
#[inline]
pub(super) fn number(wire: &mut Reader<'_>) -> Read<u64> {
    match wire.u8()? {
        0xfc => wire.le16().map(u64::from),
        0xfd => {
            let [first, second, third] = wire.array()?;
            Ok(u64::from(u32::from_le_bytes([first, second, third, 0])))
        }
        0xfe => wire.le64(),
        small @ 0..=0xfa => Ok(u64::from(small)),
        0xfb | 0xff => Err(wire.broken("a number has no length")),
    }
}

/// Bytes behind their length ("Protocol::LengthEncodedString").
///
/// # Errors
/// Those of [`number`], and [`Stop::Short`] when there are fewer bytes.
#[inline]
pub(super) fn counted<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = number(wire)?;
    wire.take(usize::try_from(length).map_err(|_| Stop::Short)?)
}

/// Bytes up to a zero byte, or up to the end where there is none.
pub(super) fn until_zero<'a>(wire: &mut Reader<'a>) -> &'a [u8] {
    let rest = wire.rest();
    let length = memchr::memchr(0, rest).unwrap_or(rest.len());
    wire.skip((length + 1).min(rest.len()) as u64);
    rest.get(..length).unwrap_or(rest)
}

/// What follows the length of a number, when its first byte is known.
#[inline(always)]
pub(super) fn value(cells: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (first, rest) = cells.split_first()?;
    let (length, rest) = match first {
        0xfb => return Some((None, rest)),
        0xfc => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        0xfd => {
            let ([first, second, third], rest) = rest.split_first_chunk()?;
            (u32::from_le_bytes([*first, *second, *third, 0]) as usize, rest)
        }
        0xfe => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::try_from(u64::from_le_bytes(*length)).ok()?, rest)
        }
        0xff => return None,
        small => (usize::from(*small), rest),
    };
    let (value, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
    Some((Some(value), rest))
}

#[cfg(test)]
mod tests {
    use super::{Header, header, number, value, whole};
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    #[test]
    fn a_packet_is_as_long_as_its_header_says() {
        let (header_read, body, rest) = whole(b"\x02\0\0\x01abc").unwrap();
        assert_eq!((header_read, body, rest), (Header { length: 2, sequence: 1 }, &b"ab"[..], &b"c"[..]));
        assert!(whole(b"\x02\0\0\x01a").is_none());
        assert_eq!(header(&Reader::new(b"\x02\0\0", 0, Ahead::Open)), Err(Stop::Short));
    }

    #[test]
    fn numbers_say_how_long_they_are() {
        let cases: [(&[u8], u64); 4] = [
            (b"\xfa", 250),
            (b"\xfc\xfb\0", 251),
            (b"\xfd\0\0\x01", 65_536),
            (b"\xfe\0\0\0\x01\0\0\0\0", 16_777_216),
        ];
        for (bytes, wanted) in cases {
            assert_eq!(number(&mut Reader::new(bytes, 0, Ahead::End)), Ok(wanted));
        }
        assert!(matches!(number(&mut Reader::new(b"\xfb", 0, Ahead::End)), Err(Stop::Broken(_))));
    }

    #[test]
    fn a_value_may_be_null_and_may_be_cut() {
        assert_eq!(value(b"\x02abc"), Some((Some(&b"ab"[..]), &b"c"[..])));
        assert_eq!(value(b"\xfbc"), Some((None, &b"c"[..])));
        assert_eq!(value(b"\xfc\x03\0ab"), Some((Some(&b"ab"[..]), &b""[..])));
        assert_eq!((value(b"\xff"), value(b"")), (None, None));
    }
}
