//! Reading a recording.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::Arc;

use model::conn::{Address, ConnId, Inet, Layer, Paired, Role, Speaker, Transport};
use model::event::{Cause, Counted, Event, Joined, Lost, Opened, Said, What};
use model::process::Process;
use model::time::Time;

use crate::replay::bytes::Order::Little;
use crate::replay::feed::Feed;
use crate::replay::packets::Ending;
use crate::replay::recording::{
    BODY_MAX, CLOSED, COUNTED, LOST, MAGIC, OPENED, SAID, SEALED, SECURED, VERSION,
};
use crate::replay::tally::Tally;
use crate::source::Source;

/// A frame's header: length and CRC.
const HEAD: usize = 8;

/// The events of a recording.
pub(in crate::replay) struct Recording {
    feed: Feed,
    tally: Tally,
    finished: bool,
}

impl Recording {
    /// Whether the file is a recording of this version; `Ok(Err(..))` gives the feed back when it is not.
    pub(in crate::replay) fn open(mut feed: Feed) -> io::Result<Result<Recording, Feed>> {
        let head = feed.peek(MAGIC.len() + 4)?;
        if head.strip_prefix(&MAGIC).and_then(|rest| Little.u32(rest, 0)) != Some(VERSION) {
            return Ok(Err(feed));
        }
        feed.take(MAGIC.len() + 4);
        Ok(Ok(Recording { feed, tally: Tally::default(), finished: false }))
    }

    /// How many bytes of the file were read, and how many it has.
    pub(in crate::replay) fn progress(&self) -> (u64, u64) {
        self.feed.progress()
    }

    pub(in crate::replay) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Where the next body stands, or how the file ended.
    fn body(&mut self) -> io::Result<Result<Range<usize>, Ending>> {
        let head = self.feed.peek(HEAD)?;
        let (Some(length), Some(crc)) = (Little.u32(head, 0), Little.u32(head, 4)) else {
            return Ok(Err(Ending::of(head.len())));
        };
        let length = length as usize;
        if length > BODY_MAX {
            return Ok(Err(Ending::Garbled));
        }
        let frame = self.feed.peek(HEAD + length)?;
        if frame.len() < HEAD + length {
            return Ok(Err(Ending::of(frame.len())));
        }
        if frame.get(HEAD..).map(crc32fast::hash) != Some(crc) {
            return Ok(Err(Ending::Garbled));
        }
        self.feed.take(HEAD);
        Ok(Ok(self.feed.take(length)))
    }

    fn end(&mut self, ending: Ending) {
        self.tally.end(ending, self.feed.is_damaged());
        self.finished = true;
    }
}

impl Source for Recording {
    fn next(&mut self) -> io::Result<Option<Event<'_>>> {
        if self.finished {
            return Ok(None);
        }
        let range = match self.body()? {
            Ok(range) => range,
            Err(ending) => {
                self.end(ending);
                return Ok(None);
            }
        };
        if (Body { rest: self.feed.bytes(range.clone()) }).event().is_none() {
            self.end(Ending::Garbled);
            return Ok(None);
        }
        self.tally.packets += 1;
        Ok(Body { rest: self.feed.bytes(range) }.event())
    }

    fn is_finished(&self) -> bool {
        self.finished
    }
}

/// What of a body was not read yet.
struct Body<'a> {
    rest: &'a [u8],
}

impl<'a> Body<'a> {
    fn event(mut self) -> Option<Event<'a>> {
        let at = Time(self.u64()?);
        let conn = self.conn()?;
        let what = match self.u8()? {
            OPENED => What::Opened(Arc::new(self.opened()?)),
            SAID => {
                let (layer, speaker, offset) = (self.layer()?, self.speaker()?, self.u64()?);
                What::Said(Said { layer, speaker, offset, bytes: self.rest })
            }
            LOST => {
                let (layer, speaker) = (self.layer()?, self.speaker()?);
                let cause = *Cause::ALL.get(usize::from(self.u8()?))?;
                What::Lost(Lost { layer, speaker, cause, offset: self.u64()?, length: self.u64()? })
            }
            SEALED => What::Sealed { speaker: self.speaker()?, length: self.u64()? },
            SECURED => What::Secured(self.one_of(&[Paired::Certain, Paired::Likely, Paired::Guessed])?),
            CLOSED => What::Closed,
            COUNTED => What::Counted(Box::new([self.counted()?, self.counted()?])),
            _ => return None,
        };
        Some(Event { at, conn, what })
    }

    fn opened(&mut self) -> Option<Opened> {
        Some(Opened {
            transport: self.one_of(&[
                Transport::Tcp,
                Transport::Udp,
                Transport::Unix,
                Transport::UnixDatagram,
                Transport::Pipe,
            ])?,
            role: self.one_of(&[Role::Client, Role::Server, Role::Both, Role::Observer])?,
            joined: self.one_of(&[Joined::AtStart, Joined::Midway])?,
            client: self.address()?,
            server: self.address()?,
            process: self.optional(|body| body.process().map(Arc::new))?,
            peer: self.optional(Body::conn)?.map(Box::new),
            // Recordings were made before there was one.
            weight: if self.rest.is_empty() { 1 } else { self.u32()? },
        })
    }

    fn counted(&mut self) -> Option<Counted> {
        let (is_counted, socket) = (self.u8()?, self.u64()?);
        Some(Counted {
            socket: (is_counted != 0).then_some(socket),
            before: self.u64()?,
            seen: [self.u64()?, self.u64()?],
            twice: [self.u64()?, self.u64()?],
        })
    }

    fn conn(&mut self) -> Option<ConnId> {
        Some(ConnId { tgid: self.u32()?, fd: self.u32()?, generation: self.u64()? })
    }

    fn layer(&mut self) -> Option<Layer> {
        self.one_of(&[Layer::Wire, Layer::Clear])
    }

    fn speaker(&mut self) -> Option<Speaker> {
        self.one_of(&[Speaker::Client, Speaker::Server])
    }

    fn address(&mut self) -> Option<Address> {
        Some(match self.u8()? {
            0 => Address::Unknown,
            1 => Address::Unix(self.text()?),
            4 => {
                let ip = Ipv4Addr::from(*self.take(4)?.first_chunk::<4>()?);
                Address::Inet(Inet { ip: ip.into(), port: self.u16()? })
            }
            6 => {
                let ip = Ipv6Addr::from(*self.take(16)?.first_chunk::<16>()?);
                Address::Inet(Inet { ip: ip.into(), port: self.u16()? })
            }
            _ => return None,
        })
    }

    fn process(&mut self) -> Option<Process> {
        Some(Process {
            pid: self.u32()?,
            name: self.text()?,
            exe: self.text()?,
            command: self.text()?,
            uid: self.u32()?,
            user: self.optional(Body::text)?,
            ancestors: Vec::new(),
            parents: {
                let count = self.u8()?;
                (0..count).map(|_| self.text()).collect::<Option<_>>()?
            },
            container: self.optional(Body::text)?,
        })
    }

    fn text(&mut self) -> Option<Arc<str>> {
        let length = self.u32()? as usize;
        std::str::from_utf8(self.take(length)?).ok().map(Arc::from)
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.u8()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::from(self.u8()?)).copied()
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Little.u16(self.take(2)?, 0)
    }

    fn u32(&mut self) -> Option<u32> {
        Little.u32(self.take(4)?, 0)
    }

    fn u64(&mut self) -> Option<u64> {
        Little.u64(self.take(8)?, 0)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}
