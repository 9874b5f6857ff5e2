//! Bodies: where they end, and the sample that is kept of them.

use model::exchange::Text;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::content::{Coding, Kind, Last};
use crate::web::dialect::Candidates;
use crate::web::events::Events;
use crate::web::http1::wire::{self, HEAD};

/// The longest line before a chunk, its extensions included; servers take 4 KiB or less.
const CHUNK_LINE: usize = 4 << 10;

/// No body is longer: a length that says more is an attack.
pub(in crate::web) const LENGTH: u64 = 1 << 53;

/// How a message says where its body ends (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Framing {
    /// There is none.
    Empty,
    /// After so many bytes.
    Length(u64),
    /// After a chunk of no bytes and the trailers.
    Chunked,
    /// With the connection.
    Close,
}

/// A body that is being read.
#[derive(Debug)]
pub(super) struct Body {
    state: State,
    sampling: Sampling,
    kind: Kind,
    coding: Coding,
    kept: Vec<u8>,
    /// Those that it says, where it is some.
    events: Option<Box<Events>>,
    trailers: Vec<u8>,
}

/// Where a body stands.
///
/// ```text
///  Chunk ──size──▶ Data ──▶ ChunkEnd ──▶ Chunk      Length ──▶ Owed      Close
///    ╰──0──▶ Trailers
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many bytes are to come.
    Length(u64),
    /// The rest is being passed over.
    Owed,
    Close,
    Chunk,
    Data(u64),
    ChunkEnd,
    Trailers,
}

/// Whether the next bytes belong to the sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sampling {
    Yes,
    No,
}

/// How far a body came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It goes on.
    Part,
    /// It is whole.
    Whole,
    /// The connection ended before it did.
    Cut,
}

impl Body {
    /// A body that nothing was read of.
    pub(super) fn new(framing: Framing, kind: Kind, coding: Coding) -> Body {
        let state = match framing {
            Framing::Empty => State::Length(0),
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunk,
            Framing::Close => State::Close,
        };
        let sampling = match (kind, coding) {
            (Kind::Opaque, _) | (_, Coding::Other) => Sampling::No,
            _ => Sampling::Yes,
        };
        Body { state, sampling, kind, coding, kept: Vec::new(), events: None, trailers: Vec::new() }
    }

    /// Hears its events one by one, if it says some.
    pub(super) fn listen(&mut self, candidates: Candidates) {
        self.events = Events::of(self.kind, self.coding, candidates);
    }

    /// Reads what is there of it.
    pub(super) fn read(&mut self, wire: &mut Reader<'_>) -> Read<Progress> {
        let begun = wire.taken();
        loop {
            // A step that fails is taken again, alone, once those before it have counted.
            let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
            match self.step(&mut ahead) {
                Ok(progress) => {
                    wire.skip(ahead.taken() as u64 + ahead.debt());
                    if progress != Progress::Part || wire.debt() > 0 || wire.rest().is_empty() {
                        return Ok(progress);
                    }
                }
                Err(_) if wire.taken() > begun => return Ok(Progress::Part),
                Err(Stop::Short) if wire.ahead() == Ahead::End => {
                    wire.skip(wire.rest().len() as u64);
                    return Ok(Progress::Cut);
                }
                Err(stop) => {
                    wire.skip(ahead.taken() as u64);
                    return Err(stop);
                }
            }
        }
    }

    fn step(&mut self, wire: &mut Reader<'_>) -> Read<Progress> {
        match self.state {
            State::Length(left) => {
                self.state = match self.pass(left, wire)? {
                    Passed::Whole => return Ok(Progress::Whole),
                    Passed::Owed => State::Owed,
                    Passed::Left(left) => State::Length(left),
                };
            }
            State::Owed if wire.ahead() == Ahead::End => return Ok(Progress::Cut),
            State::Owed => return Ok(Progress::Whole),
            State::Close => return self.until_close(wire),
            State::Chunk => self.state = Body::chunk(wire)?,
            State::Data(left) => {
                self.state = match self.pass(left, wire)? {
                    Passed::Whole | Passed::Owed => State::ChunkEnd,
                    Passed::Left(left) => State::Data(left),
                };
            }
            State::ChunkEnd => {
                match wire.until(b'\n', 1)? {
                    b"\r" | b"" => self.state = State::Chunk,
                    _ => return Err(wire.broken("a chunk is longer than it says")),
                };
            }
            State::Trailers => return self.trailer(wire),
        }
        Ok(Progress::Part)
    }

    fn chunk(wire: &mut Reader<'_>) -> Read<State> {
        let line = wire.until(b'\n', CHUNK_LINE)?;
        match wire::chunk_size(line) {
            Ok(0) => Ok(State::Trailers),
            Ok(size) if size <= LENGTH => Ok(State::Data(size)),
            Ok(_) => Err(wire.broken("a chunk is longer than anything")),
            Err(what) => Err(wire.broken(what)),
        }
    }

    fn trailer(&mut self, wire: &mut Reader<'_>) -> Read<Progress> {
        let line = wire.until(b'\n', HEAD)?;
        match line.trim_ascii_end() {
            [] => return Ok(Progress::Whole),
            _ if self.trailers.len() + line.len() > HEAD => {
                return Err(wire.broken("the trailers are longer than a head may be"));
            }
            line => {
                self.trailers.extend_from_slice(line);
                self.trailers.extend_from_slice(b"\r\n");
            }
        }
        Ok(Progress::Part)
    }

    fn until_close(&mut self, wire: &mut Reader<'_>) -> Read<Progress> {
        let here = wire.rest();
        match (here, wire.ahead()) {
            ([], Ahead::Open) => return Err(Stop::Short),
            ([], Ahead::End) => return Ok(Progress::Whole),
            (here, Ahead::Open | Ahead::End) => {
                self.keep(here);
                wire.skip(here.len() as u64);
            }
            (here, Ahead::Hole(lost)) => {
                self.keep(here);
                self.lose();
                wire.skip(here.len() as u64 + lost);
            }
        }
        Ok(Progress::Part)
    }

    /// Passes over the bytes of `left` that are there; all of them when no more are wanted.
    fn pass(&mut self, left: u64, wire: &mut Reader<'_>) -> Read<Passed> {
        let here = wire.rest();
        if let Some(last) = usize::try_from(left).ok().and_then(|left| here.get(..left)) {
            self.keep(last);
            wire.skip(left);
            return Ok(Passed::Whole);
        }
        self.keep(here);
        match (self.sampling, wire.ahead()) {
            (Sampling::No, Ahead::Open | Ahead::End) => {}
            (_, Ahead::Hole(_)) => self.lose(),
            (Sampling::Yes, Ahead::Open | Ahead::End) => {
                if here.is_empty() {
                    return Err(Stop::Short);
                }
                wire.skip(here.len() as u64);
                return Ok(Passed::Left(left - here.len() as u64));
            }
        }
        wire.skip(left);
        Ok(Passed::Owed)
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.sampling == Sampling::No {
            return;
        }
        let room = self.kind.limit() - self.kept.len();
        self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        match &mut self.events {
            Some(events) => events.hear(bytes),
            None if bytes.len() >= room => self.sampling = Sampling::No,
            None => {}
        }
    }

    /// Bytes of it were lost: its sample ends before them.
    fn lose(&mut self) {
        self.sampling = Sampling::No;
        if let Some(events) = &mut self.events {
            events.lose();
        }
    }

    /// The text of what was kept, where `last` is the side's last body.
    pub(super) fn text(&self, last: &mut Last, wire: &mut Reader<'_>) -> Option<Text> {
        last.text(self.kind, self.coding, &self.kept, wire)
    }

    /// The events that it says, as far as they were heard.
    pub(super) fn events(&self) -> Option<&Events> {
        self.events.as_deref()
    }

    /// The field lines after the last chunk.
    pub(super) fn trailers(&self) -> &[u8] {
        &self.trailers
    }
}

/// What became of the bytes that a body or a chunk has left.
enum Passed {
    Whole,
    Owed,
    Left(u64),
}
