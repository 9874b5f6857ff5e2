//! What ends an answer: that all went well, that something went wrong, that there is no more.

use model::exchange::{Failure, Text};

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;

use super::login::text;
use super::wire::{counted, number, status, tag};

/// So many bytes of an error's text are kept.
const MESSAGE: usize = 1 << 10;
/// An answer that ends rows in the way of old is so long.
pub(super) const EOF: usize = 5;
/// An answer without a text is at least so long.
pub(super) const SHORTEST: usize = 7;
/// The number under which MariaDB says how far a statement has come.
const PROGRESS: u16 = 0xffff;
/// A server's own numbers of errors; a client's begin at 2000, and are never sent.
const ERRORS: std::ops::RangeInclusive<u16> = 1000..=9999;

/// "OK_Packet", or an "EOF_Packet", which says less.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done<'a> {
    pub(super) affected: u64,
    pub(super) insert_id: u64,
    pub(super) status: u16,
    pub(super) warnings: u16,
    /// What a person may read of it.
    pub(super) note: &'a [u8],
    /// What changed of the session, by the server's numbers.
    changes: &'a [u8],
    /// What is behind it: nothing, where it is one.
    rest: &'a [u8],
}

impl<'a> Done<'a> {
    /// Reads a packet that says that all went well.
    ///
    /// # Errors
    /// `Broken` when it is none.
    pub(super) fn read(body: &'a [u8]) -> Read<Done<'a>> {
        let mut wire = Reader::new(body, 0, Ahead::End);
        let first = wire.u8()?;
        if first == tag::EOF && body.len() == EOF {
            let warnings = wire.le16()?;
            return Ok(Done { warnings, status: wire.le16()?, ..Done::default() });
        }
        if first == tag::EOF && body.len() == 1 {
            return Ok(Done::default());
        }
        let done = Done {
            affected: number(&mut wire)?,
            insert_id: number(&mut wire)?,
            status: wire.le16()?,
            warnings: wire.le16()?,
            ..Done::default()
        };
        Ok(done.with_rest(wire.rest()))
    }

    /// The same of one that ends rows, in the way of old or of today, and says nothing besides.
    #[inline(always)]
    pub(super) fn of_rows(body: &'a [u8]) -> Option<Done<'a>> {
        let ([tag::EOF, few, many, low, high] | [tag::EOF, 0, 0, low, high, few, many]) = body else {
            return None;
        };
        let [warnings, status] = [[*few, *many], [*low, *high]].map(u16::from_le_bytes);
        Some(Done { warnings, status, ..Done::default() })
    }

    /// With a text, whose length stands before it where the session's changes are told, and these.
    fn with_rest(mut self, rest: &'a [u8]) -> Self {
        let mut wire = Reader::new(rest, 0, Ahead::End);
        match counted(&mut wire) {
            Ok(note) if wire.rest().is_empty() || self.status & status::SESSION_CHANGED != 0 => {
                self.note = note;
                if self.status & status::SESSION_CHANGED != 0 {
                    self.changes = counted(&mut wire).unwrap_or_default();
                    self.rest = wire.rest();
                }
            }
            Ok(_) | Err(_) => self.note = rest,
        }
        self
    }

    /// Whether more is to come behind this.
    #[inline]
    pub(super) fn has_more(&self) -> bool {
        self.status & status::MORE_RESULTS != 0
    }

    /// The database that the session now has, if that changed ("SESSION_TRACK_SCHEMA").
    pub(super) fn database(&self) -> Option<Text> {
        let mut wire = Reader::new(self.changes, 0, Ahead::End);
        while let (Ok(kind), Ok(data)) = (wire.u8(), counted(&mut wire)) {
            if kind == 1 {
                return counted(&mut Reader::new(data, 0, Ahead::End)).ok().map(text);
            }
        }
        None
    }
}

/// "ERR_Packet".
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failed<'a> {
    code: u16,
    pub(super) state: Option<&'a [u8]>,
    message: &'a [u8],
}

impl<'a> Failed<'a> {
    /// Reads a packet that says that something went wrong.
    ///
    /// # Errors
    /// `Broken` when it is none.
    pub(super) fn read(body: &'a [u8]) -> Read<Failed<'a>> {
        let mut wire = Reader::new(body, 0, Ahead::End);
        wire.u8()?;
        let code = wire.le16()?;
        let (state, message) = match wire.rest() {
            [b'#', rest @ ..] => {
                rest.split_at_checked(5).map_or((None, rest), |(state, text)| (Some(state), text))
            }
            rest => (None, rest),
        };
        Ok(Failed { code, state, message })
    }

    /// Whether nothing went wrong, and it only says how far a statement has come.
    pub(super) fn is_progress(&self) -> bool {
        self.code == PROGRESS
    }

    /// Whether it reads like one, for who does not know that it is.
    pub(super) fn is_likely(&self) -> bool {
        let is_state = self.state.is_none_or(|state| state.iter().all(u8::is_ascii_alphanumeric));
        let is_text = !self.message.iter().any(|b| *b < b' ' && !b.is_ascii_whitespace());
        ERRORS.contains(&self.code) && is_state && is_text && self.message.len() >= 3
    }

    /// Its number and its message.
    pub(super) fn failure(&self) -> Box<Failure> {
        let message = self.message.get(..MESSAGE).unwrap_or(self.message);
        Box::new(Failure { code: self.code.to_string().into(), message: Text::from(lossy(message)) })
    }
}

/// Whether a body may be of an answer that says that all went well, for who does not know that it is.
pub(super) fn is_likely(body: &[u8]) -> bool {
    if body.first() != Some(&tag::OK) || body.len() < SHORTEST {
        return false;
    }
    let Ok(done) = Done::read(body) else { return false };
    let is_text = !done.note.iter().any(|b| *b < b' ' && !b.is_ascii_whitespace());
    let is_told = done.status & status::SESSION_CHANGED == 0 || done.rest.is_empty();
    is_text && is_told
}

#[cfg(test)]
mod tests {
    use super::{Done, Failed, is_likely};

    #[test]
    fn an_answer_says_what_it_changed() {
        let done = Done::read(b"\0\x05\0\x02\x40\x01\0\x00\x06\x01\x04\x03wow").unwrap();
        assert_eq!((done.affected, done.warnings, done.database().as_deref()), (5, 1, Some("wow")));
        let old = Done::read(b"\0\x01\x02\x02\0\0\0(Rows matched: 1").unwrap();
        assert_eq!((old.insert_id, old.note), (2, &b"(Rows matched: 1"[..]));
        let counted = Done::read(b"\0\x01\x02\x02\0\0\0\x04note").unwrap();
        assert_eq!(counted.note, b"note");
        assert_eq!(Done::read(b"\xfe\x01\0\x22\0").unwrap().status, 0x22);
    }

    #[test]
    fn an_error_has_a_number_a_state_and_a_text() {
        let failed = Failed::read(b"\xff\x7a\x04#42S02Table 'a.b' doesn't exist").unwrap();
        assert!(failed.is_likely());
        assert_eq!((&*failed.failure().code, failed.state), ("1146", Some(&b"42S02"[..])));
        assert!(!Failed::read(b"\xff\x01\0abc").unwrap().is_likely());
    }

    #[test]
    fn noise_is_no_answer() {
        assert!(is_likely(b"\0\0\0\x02\0\0\0"));
        assert!(!is_likely(b"\0\0\0\x02\0\0"));
        assert!(!is_likely(b"\0\0\0\x02\0\0\0\x01\x02\x03"));
        // The session changed, and in nothing that is told.
        assert!(is_likely(b"\0\0\0\0\x40\0\0\0\0"));
    }
}
