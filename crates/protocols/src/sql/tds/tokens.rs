//! The tokens of a server's answer, but for rows and their shape: pure, borrowed, without state ([MS-TDS] 2.2.7).

use model::exchange::{Failure, Text};

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};

use super::wire::{long_text, name, short_text};

/// What the first byte of a token says.
pub(super) mod token {
    pub(in super::super) const OFFSET: u8 = 0x78;
    pub(in super::super) const RETURNSTATUS: u8 = 0x79;
    pub(in super::super) const TABNAME: u8 = 0xa4;
    pub(in super::super) const COLINFO: u8 = 0xa5;
    pub(in super::super) const ORDER: u8 = 0xa9;
    pub(in super::super) const ERROR: u8 = 0xaa;
    pub(in super::super) const INFO: u8 = 0xab;
    pub(in super::super) const RETURNVALUE: u8 = 0xac;
    pub(in super::super) const LOGINACK: u8 = 0xad;
    pub(in super::super) const FEATUREEXTACK: u8 = 0xae;
    pub(in super::super) const ROW: u8 = 0xd1;
    pub(in super::super) const NBCROW: u8 = 0xd2;
    pub(in super::super) const ENVCHANGE: u8 = 0xe3;
    pub(in super::super) const SESSIONSTATE: u8 = 0xe4;
    pub(in super::super) const SSPI: u8 = 0xed;
    pub(in super::super) const FEDAUTHINFO: u8 = 0xee;
    pub(in super::super) const DONE: u8 = 0xfd;
    pub(in super::super) const DONEPROC: u8 = 0xfe;
    pub(in super::super) const DONEINPROC: u8 = 0xff;
}

/// What the bits of the end of a result say ([MS-TDS] 2.2.7.6).
mod done {
    pub(super) const ERROR: u16 = 0x02;
    pub(super) const COUNT: u16 = 0x10;
    pub(super) const ATTENTION: u16 = 0x20;
    pub(super) const SEVERE: u16 = 0x100;
    pub(super) const ALL: u16 = 0x01 | ERROR | 0x04 | COUNT | ATTENTION | 0x80 | SEVERE | 0x200;
}

/// The command that a result is of, where it is a `SELECT`: its count is of no change.
const SELECT: u16 = 0xc1;
/// A procedure that sets a variable counts so too.
const SET: u16 = 0xdd;

/// The end of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Done {
    status: u16,
    command: u16,
    rows: u64,
}

impl Done {
    /// How long it is.
    pub(super) fn size(is_wide: bool) -> usize {
        if is_wide { 13 } else { 9 }
    }

    /// Reads it where it begins.
    #[inline]
    pub(super) fn read(bytes: &[u8], is_wide: bool) -> Read<Done> {
        let mut wire = Reader::new(bytes, 0, Ahead::Open);
        let _ = wire.u8()?;
        let (status, command) = (wire.le16()?, wire.le16()?);
        let rows = if is_wide { wire.le64()? } else { wire.le32()?.into() };
        if status & !done::ALL != 0 {
            return Err(wire.broken("the end of a result is none"));
        }
        Ok(Done { status, command, rows })
    }

    pub(super) fn has_failed(self) -> bool {
        self.status & (done::ERROR | done::SEVERE) != 0
    }

    /// The client wanted no more, and knows now that nothing more comes.
    pub(super) fn is_attention(self) -> bool {
        self.status & done::ATTENTION != 0
    }

    /// How many rows were changed, where it says so.
    pub(super) fn affected(self) -> Option<u64> {
        (self.status & done::COUNT != 0 && !matches!(self.command, SELECT | SET)).then_some(self.rows)
    }
}

/// An error or a message ([MS-TDS] 2.2.7.10 and 2.2.7.13).
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) number: u32,
    pub(super) state: u8,
    pub(super) class: u8,
    text: &'a [u8],
    pub(super) procedure: &'a [u8],
    pub(super) line: u32,
}

impl<'a> Message<'a> {
    /// Reads the body of its token.
    pub(super) fn read(body: &'a [u8], is_wide: bool) -> Read<Message<'a>> {
        let mut wire = Reader::new(body, 0, Ahead::End);
        let (number, [state, class]) = (wire.le32()?, wire.array()?);
        let text = long_text(&mut wire)?;
        let _server = short_text(&mut wire)?;
        let procedure = short_text(&mut wire)?;
        let line = if is_wide { wire.le32()? } else { wire.le16()?.into() };
        Ok(Message { number, state, class, text, procedure, line })
    }

    pub(super) fn text(&self) -> Text {
        name(self.text)
    }

    pub(super) fn failure(&self) -> Box<Failure> {
        Box::new(Failure { code: Text::from(self.number.to_string()), message: self.text() })
    }
}

/// What of the session changes ([MS-TDS] 2.2.7.9).
#[derive(Debug)]
pub(super) enum Change<'a> {
    Database(&'a [u8]),
    /// A transaction is open from now on, or none.
    Transaction(bool),
    /// Another server is to be asked: its port and name.
    Routed(u16, &'a [u8]),
    /// The session began anew.
    Reset,
    Other,
}

impl<'a> Change<'a> {
    /// Reads the body of its token.
    pub(super) fn read(body: &'a [u8]) -> Read<Change<'a>> {
        let mut wire = Reader::new(body, 0, Ahead::End);
        Ok(match wire.u8()? {
            1 => Change::Database(short_text(&mut wire)?),
            8 | 11 => Change::Transaction(true),
            9 | 10 | 12 | 17 => Change::Transaction(false),
            18 => Change::Reset,
            20 => {
                let (_length, _protocol) = (wire.le16()?, wire.u8()?);
                Change::Routed(wire.le16()?, long_text(&mut wire)?)
            }
            _ => Change::Other,
        })
    }
}

/// What a server says of itself when it believes a client ([MS-TDS] 2.2.7.14).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// The version of the protocol, as `7.4`.
    pub(super) protocol: Option<&'static str>,
    pub(super) is_wide: bool,
    pub(super) program: Text,
    pub(super) version: Text,
}

impl Accepted {
    /// Reads the body of its token.
    pub(super) fn read(body: &[u8]) -> Read<Accepted> {
        let mut wire = Reader::new(body, 0, Ahead::End);
        let _interface = wire.u8()?;
        let tds = wire.be32()?;
        let program = short_text(&mut wire)?;
        let [major, minor, high, low] = wire.array()?;
        let build = u16::from_be_bytes([high, low]);
        let text = name(program);
        // Some say it with the zeros that end their memory for it.
        let program = Text::from(text.trim_end_matches('\0'));
        let version = Text::from(format!("{major}.{minor}.{build}"));
        Ok(Accepted { protocol: protocol(tds), is_wide: is_wide(tds), program, version })
    }
}

/// The version of the protocol that a number stands for ([MS-TDS] 2.2.7.14, "TDSVersion").
pub(super) fn protocol(number: u32) -> Option<&'static str> {
    Some(match number {
        0x0700_0000 => "7.0",
        0x0701_0000 | 0x7100_0001 => "7.1",
        0x7209_0002 => "7.2",
        0x730a_0003 | 0x730b_0003 => "7.3",
        0x7400_0004 => "7.4",
        0x0800_0000 => "8.0",
        _ => return None,
    })
}

/// Whether numbers are as wide as since version 7.2.
pub(super) fn is_wide(number: u32) -> bool {
    number >= 0x7200_0000 || number == 0x0800_0000
}

#[cfg(test)]
mod tests {
    use super::{Accepted, Done};

    #[test]
    fn an_end_says_what_changed() {
        let done = |bytes: &[u8]| Done::read(bytes, true).unwrap();
        let inserted = done(b"\xfd\x10\0\xc3\0\x02\0\0\0\0\0\0\0");
        assert_eq!((inserted.affected(), inserted.has_failed()), (Some(2), false));
        assert_eq!(done(b"\xfd\x10\0\xc1\0\x02\0\0\0\0\0\0\0").affected(), None);
        assert!(done(b"\xfd\x02\0\0\0\0\0\0\0\0\0\0\0").has_failed());
        assert!(done(b"\xfd\x20\0\0\0\0\0\0\0\0\0\0\0").is_attention());
        assert!(Done::read(b"\xfd\x00\x40\0\0\0\0\0\0", false).is_err());
    }

    #[test]
    fn a_server_says_what_it_is() {
        let body = b"\x01\x74\0\0\x04\x03S\0Q\0L\0\x0f\0\x10\x39";
        let wanted = Accepted {
            protocol: Some("7.4"),
            is_wide: true,
            program: "SQL".into(),
            version: "15.0.4153".into(),
        };
        assert_eq!(Accepted::read(body), Ok(wanted));
    }
}
