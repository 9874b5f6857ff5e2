//! One reader for all protocols: it never reads past the end, and it says where it stands.

use std::any::Any;
use std::hash::Hash;
use std::sync::Arc;

use model::event::Cause;
use model::exchange::{Exchange, Request, Response};

use crate::kit::desk::Desk;
use crate::kit::eight::find;
use crate::kit::named::Named;
use crate::kit::protocol::{Broken, Read, Stop};

/// Reads the bytes of one direction, from where the last message ended.
///
/// Reading past the end is [`Stop::Short`]; nothing here panics or allocates.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The bytes that are there and unread.
    rest: &'a [u8],
    /// How many bytes there were.
    length: usize,
    begins: u64,
    ahead: Ahead,
    debt: u64,
    aside: usize,
    waiting: Waiting<'a>,
    desk: Option<&'a mut Desk>,
}

/// What comes after the bytes that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// Perhaps more bytes, later.
    Open,
    /// So many bytes were lost.
    Hole(u64),
    /// Nothing: the direction is closed.
    End,
}

/// The requests that wait for their responses.
#[derive(Debug, Default)]
pub(crate) struct Waiting<'a> {
    /// The one that is answered next where answers come in turn, if that is sure.
    pub(super) turn: Option<&'a mut Exchange>,
    /// Those that are answered by an id.
    pub(super) named: Option<&'a mut Named>,
}

/// The beginning of a long body, of which the rest is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample<'a> {
    /// The bytes that are kept.
    pub bytes: &'a [u8],
    /// How long the body truly is.
    pub length: u64,
}

impl Sample<'_> {
    /// Whether the body is longer than what is kept.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        (self.bytes.len() as u64) < self.length
    }
}

impl<'a> Reader<'a> {
    /// A reader of `window`, which begins at position `begins` behind the message before.
    #[must_use]
    pub fn new(window: &'a [u8], begins: u64, ahead: Ahead) -> Self {
        Reader {
            rest: window,
            length: window.len(),
            begins,
            ahead,
            debt: 0,
            aside: 0,
            waiting: Waiting::default(),
            desk: None,
        }
    }

    /// The same reader, in a conversation with its open requests; the desk is shared with others.
    #[inline]
    #[must_use]
    pub(crate) fn among(mut self, waiting: Waiting<'a>, desk: &'a mut Desk) -> Self {
        self.waiting = waiting;
        self.desk = Some(desk);
        self
    }

    /// A reader of what was packed in the bytes of this one, in the same conversation.
    ///
    /// What it takes is not taken of this one.
    #[must_use]
    pub fn unpacked<'b>(&'b mut self, bytes: &'b [u8]) -> Reader<'b> {
        Reader {
            rest: bytes,
            length: bytes.len(),
            begins: self.position(),
            ahead: Ahead::Open,
            debt: 0,
            aside: 0,
            waiting: Waiting {
                turn: self.waiting.turn.as_deref_mut(),
                named: self.waiting.named.as_deref_mut(),
            },
            desk: self.desk.as_deref_mut(),
        }
    }

    /// The thing that was told by `told`, kept once for all sessions: see [`Shared::recall`](crate::kit::desk::Shared::recall).
    ///
    /// # Errors
    /// Those of `make`.
    #[inline]
    pub fn recall<T: Any + Send + Sync, E>(
        &mut self,
        told: &(impl Hash + ?Sized),
        is: impl FnOnce(&T) -> bool,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        match &mut self.desk {
            Some(desk) => desk.shared.recall(told, is, make),
            None => make().map(Arc::new),
        }
    }

    /// The same of a long thing, of which nobody knows whether it will be said again.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn recall_long<T: Any + Send + Sync, E>(
        &mut self,
        told: &impl Hash,
        is: impl FnOnce(&T) -> bool,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        match &mut self.desk {
            Some(desk) => desk.long.recall(told, is, make),
            None => make().map(Arc::new),
        }
    }

    /// A thing that other sessions may have said as well, kept once for all of them.
    #[must_use]
    pub fn share<T: Any + Clone + Eq + Hash + Send + Sync>(&mut self, thing: T) -> Arc<T> {
        match &mut self.desk {
            Some(desk) => desk.shared.share(&thing),
            None => Arc::new(thing),
        }
    }

    /// The oldest open request, which the server answers next where answers come in turn; `None` where no
    /// request was seen, or where lost bytes make it doubtful which one is next.
    #[inline]
    #[must_use]
    pub fn asked(&self) -> Option<&Request> {
        self.waiting.turn.as_ref().map(|exchange| &exchange.request)
    }

    /// The response to [`Reader::asked`] as far as it was heard: it grows where it will stay.
    #[inline]
    pub fn answer(&mut self) -> Option<&mut Response> {
        self.waiting.turn.as_mut().map(|exchange| &mut exchange.response)
    }

    /// The exchange that [`Reader::asked`] is of: its request may go on after it was heard.
    #[inline]
    pub fn exchange(&mut self) -> Option<&mut Exchange> {
        self.waiting.turn.as_deref_mut()
    }

    /// The open request with this id, where responses say by an id what they answer.
    #[must_use]
    pub fn asked_as(&self, id: u64) -> Option<&Request> {
        self.waiting.named.as_ref()?.get(id).map(|exchange| &exchange.request)
    }

    /// The response to [`Reader::asked_as`] as far as it was heard: it grows where it will stay.
    pub fn answer_to(&mut self, id: u64) -> Option<&mut Response> {
        self.waiting.named.as_mut()?.get_mut(id).map(|exchange| &mut exchange.response)
    }

    /// The exchange whose request is open under this id: its request may go on after it was heard, and what it is may show
    /// only then.
    pub fn exchange_as(&mut self, id: u64) -> Option<&mut Exchange> {
        self.waiting.named.as_mut()?.get_mut(id)
    }

    /// Why bytes were lost while the request under this id was open, if some were: they may have been of its exchange, where
    /// that is said in several messages.
    #[must_use]
    pub fn missed_as(&self, id: u64) -> Option<Cause> {
        self.waiting.named.as_ref()?.missed(id)
    }

    /// An exchange to write a request into.
    #[inline]
    #[must_use]
    pub fn blank(&mut self) -> Box<Exchange> {
        self.desk.as_mut().map_or_else(Box::default, |desk| desk.blank())
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// [`Stop::Short`] when there are fewer.
    #[inline]
    pub fn take(&mut self, length: usize) -> Read<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Stop::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The next `length` bytes, which stay unread.
    ///
    /// # Errors
    /// [`Stop::Short`] when there are fewer.
    #[inline]
    pub fn peek(&self, length: usize) -> Read<&'a [u8]> {
        self.rest.get(..length).ok_or(Stop::Short)
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`Stop::Short`] at the end.
    #[inline]
    pub fn u8(&mut self) -> Read<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// The next two bytes as a number, most significant first.
    ///
    /// # Errors
    /// [`Stop::Short`] when there are fewer.
    #[inline]
    pub fn be16(&mut self) -> Read<u16> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// The next four bytes as a number, most significant first.
    ///
    /// # Errors
    /// [`Stop::Short`] when there are fewer.
    #[inline]
    pub fn be32(&mut self) -> Read<u32> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// The next eight bytes as a number, most significant first.
    ///
    /// # Errors
    /// [`Stop::Short`] when there are fewer.
    #[inline]
    pub fn be64(&mut self) -> Read<u64> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// The next two bytes as a number, least significant first.
    ///
    /// # Errors
    /// [`Stop::Short`] when there are fewer.
    #[inline]
    pub fn le16(&mut self) -> Read<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// The next four bytes as a number, least significant first.
    ///
    /// # Errors
    /// [`Stop::Short`] when there are fewer.
    #[inline]
    pub fn le32(&mut self) -> Read<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// The next eight bytes as a number, least significant first.
    ///
    /// # Errors
    /// [`Stop::Short`] when there are fewer.
    #[inline]
    pub fn le64(&mut self) -> Read<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`Stop::Short`] when there are fewer.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Stop::Short)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// The bytes up to the next `end`, which is passed over too.
    ///
    /// # Errors
    /// [`Stop::Short`] when `end` is not there yet, [`Stop::Broken`] when it is not among the next `limit` bytes.
    #[inline]
    pub fn until(&mut self, end: u8, limit: usize) -> Read<&'a [u8]> {
        match find(end, self.rest) {
            Some(length) if length <= limit => {
                let bytes = self.take(length)?;
                self.skip(1);
                Ok(bytes)
            }
            None if self.rest.len() <= limit => Err(Stop::Short),
            Some(_) | None => Err(self.broken("a text has no end within its limit")),
        }
    }

    /// The beginning of a body of `length` bytes, at most `limit` of them; the rest is passed over as it
    /// comes, even if it never does.
    ///
    /// Where bytes of the body were lost, the sample ends before them.
    ///
    /// # Errors
    /// [`Stop::Short`] while bytes of the sample may still come.
    #[inline]
    pub fn sample(&mut self, length: u64, limit: usize) -> Read<Sample<'a>> {
        let wanted = usize::try_from(length).unwrap_or(usize::MAX).min(limit);
        let kept = match self.rest.get(..wanted) {
            Some(kept) => kept,
            None => match self.ahead {
                Ahead::Hole(_) => self.rest,
                Ahead::Open | Ahead::End => return Err(Stop::Short),
            },
        };
        self.skip(length);
        Ok(Sample { bytes: kept, length })
    }

    /// Passes over `length` bytes, those that have not come yet included.
    #[inline]
    pub fn skip(&mut self, length: u64) {
        match usize::try_from(length).ok().and_then(|length| self.rest.get(length..)) {
            Some(rest) => self.rest = rest,
            None => self.debt += length - std::mem::take(&mut self.rest).len() as u64,
        }
    }

    /// Passes over `length` bytes that are there: a message behind the one that is heard, which no record counts. It is read
    /// along with it, as what surrounds a reading costs more.
    #[inline]
    pub fn skip_along(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
        self.aside += length;
    }

    /// All bytes that are there and unread.
    #[inline]
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// What comes after the bytes that are there.
    #[must_use]
    pub fn ahead(&self) -> Ahead {
        self.ahead
    }

    /// The position of the next byte behind the message before.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.begins + self.taken() as u64
    }

    /// How many bytes were taken so far.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.length - self.rest.len()
    }

    /// How many bytes that have not come yet are to be passed over.
    #[must_use]
    pub fn debt(&self) -> u64 {
        self.debt
    }

    /// How many bytes the message that was heard has, those that have not come yet included.
    #[inline]
    pub(super) fn heard(&self) -> u64 {
        (self.taken() - self.aside) as u64 + self.debt
    }

    /// The stop that says what is wrong with the bytes here.
    #[must_use]
    pub fn broken(&self, what: &'static str) -> Stop {
        Stop::Broken(Broken { what, at: self.position() })
    }
}

#[cfg(test)]
mod tests {
    use super::{Ahead, Reader};
    use crate::kit::protocol::Stop;

    #[test]
    fn a_sample_waits_for_its_bytes_and_passes_over_the_rest() {
        let mut short = Reader::new(b"abc", 0, Ahead::Open);
        assert_eq!(short.sample(10, 4), Err(Stop::Short));
        let mut wire = Reader::new(b"abcdef", 0, Ahead::Open);
        let sample = wire.sample(10, 4).unwrap();
        assert_eq!((sample.bytes, sample.length, wire.debt()), (&b"abcd"[..], 10, 4));
    }

    #[test]
    fn a_sample_ends_at_a_hole() {
        let mut wire = Reader::new(b"abc", 0, Ahead::Hole(4));
        let sample = wire.sample(10, 8).unwrap();
        assert!(sample.is_cut());
        assert_eq!((sample.bytes, wire.debt()), (&b"abc"[..], 7));
    }

    #[test]
    fn until_tells_short_from_broken() {
        assert_eq!(Reader::new(b"ab\0", 0, Ahead::Open).until(0, 2), Ok(&b"ab"[..]));
        assert_eq!(Reader::new(b"ab", 0, Ahead::Open).until(0, 2), Err(Stop::Short));
        assert!(matches!(Reader::new(b"abc", 0, Ahead::Open).until(0, 2), Err(Stop::Broken(_))));
        assert!(matches!(Reader::new(b"abc\0", 0, Ahead::Open).until(0, 2), Err(Stop::Broken(_))));
    }
}
