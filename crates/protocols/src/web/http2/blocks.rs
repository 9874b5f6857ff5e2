//! Header blocks: gathered from their frames, and given to whom they speak of.

use model::conn::Speaker;

use crate::kit::protocol::{Heard, Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::http1::wire::HEAD as LONGEST;
use crate::web::http2::data::Ends;
use crate::web::http2::hpack::{self, Effects};
use crate::web::http2::list::List;
use crate::web::http2::session::{Course, Http2, key, pass};
use crate::web::http2::wire::{END_HEADERS, HEAD, Head, Kind, PADDED, PRIORITY};

/// A header block of which more is to come.
pub(super) struct Gathering {
    of: Block,
    /// What came; `None` when some of it did not, or it is longer than any server takes.
    bytes: Option<Vec<u8>>,
}

/// What a header block belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) stream: u32,
    pub(super) ends: Ends,
    /// The stream that it promises; 0 when that was lost.
    promise: Option<u32>,
}

impl Http2 {
    pub(super) fn read_block(&mut self, speaker: Speaker, head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
        let promise = (head.kind == Kind::Promise).then_some(0);
        let of = Block { stream: head.stream, ends: Ends::with(head), promise };
        let Some(frame) = whole(head, wire)? else {
            pass(head, wire);
            self.side(speaker).table.doubt();
            return self.lost_fragment(speaker, head, Gathering { of, bytes: None }, wire);
        };
        let Some((of, fragment)) = opened(head, of, frame) else {
            return Err(wire.broken("a frame has more padding than bytes"));
        };
        if head.has(END_HEADERS) {
            return self.read_whole(speaker, of, fragment, frame.len(), wire);
        }
        wire.take(HEAD + frame.len())?;
        Ok(self.gather(speaker, Gathering { of, bytes: Some(fragment.to_vec()) }))
    }

    pub(super) fn read_continuation(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let Course::Block(gathering) = &mut self.side(speaker).course else { return Err(Stop::Short) };
        let Some(bytes) = wire.rest().first_chunk() else { return Err(Stop::Short) };
        let head = Head::of(*bytes);
        if head.kind != Kind::Continuation || head.stream != gathering.of.stream {
            return Err(wire.broken("a header block does not go on"));
        }
        let frame = whole(head, wire)?;
        let of = gathering.of;
        let (Some(frame), Some(known)) = (frame, gathering.bytes.as_mut()) else {
            pass(head, wire);
            self.side(speaker).table.doubt();
            return self.lost_fragment(speaker, head, Gathering { of, bytes: None }, wire);
        };
        if known.len() + frame.len() > LONGEST {
            return self.give_up_block(speaker, head, of, wire);
        }
        if !head.has(END_HEADERS) {
            known.extend_from_slice(frame);
            wire.take(HEAD + frame.len())?;
            return Ok(self.piece(speaker, of));
        }
        let block = [known, frame].concat();
        self.read_whole(speaker, of, &block, frame.len(), wire)
    }

    /// Reads a block whose last frame carries `last` bytes.
    fn read_whole(
        &mut self,
        speaker: Speaker,
        of: Block,
        block: &[u8],
        last: usize,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let heard = self.hear_block(speaker, of, Some(block), wire)?;
        // Who speaks is told first, and the block read once more.
        if !matches!(heard, Heard::Identity(_)) {
            wire.take(HEAD + last)?;
            self.side(speaker).course = Course::Frames;
        }
        Ok(heard)
    }

    /// A block that is longer than any server takes is read no further.
    fn give_up_block(
        &mut self,
        speaker: Speaker,
        head: Head,
        of: Block,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        pass(head, wire);
        self.side(speaker).table.doubt();
        self.lost_fragment(speaker, head, Gathering { of, bytes: None }, wire)
    }

    /// A frame of a block was lost: what the block says is hidden, and that it was said is not.
    fn lost_fragment(
        &mut self,
        speaker: Speaker,
        head: Head,
        gathering: Gathering,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        if !head.has(END_HEADERS) {
            return Ok(self.gather(speaker, gathering));
        }
        self.side(speaker).course = Course::Frames;
        self.hear_block(speaker, gathering.of, None, wire)
    }

    fn gather(&mut self, speaker: Speaker, gathering: Gathering) -> Heard {
        let of = gathering.of;
        self.side(speaker).course = Course::Block(Box::new(gathering));
        self.piece(speaker, of)
    }

    /// What a frame is that does not end its block: a piece of its exchange, or of a request that will be told.
    fn piece(&mut self, speaker: Speaker, of: Block) -> Heard {
        match (speaker, self.streams.get(of.stream)) {
            (Speaker::Client, None) => Heard::Part,
            (Speaker::Client, Some(_)) | (Speaker::Server, _) => Heard::Piece(key(of.stream)),
        }
    }

    /// Hears a block, or that one was lost.
    fn hear_block(
        &mut self,
        speaker: Speaker,
        of: Block,
        block: Option<&[u8]>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        match (speaker, of.promise) {
            (Speaker::Client, _) => self.hear_asking(of, block, wire),
            (Speaker::Server, Some(promised)) => self.hear_promise(promised, block, wire),
            (Speaker::Server, None) => self.hear_answering(of, block, wire),
        }
    }

    /// The fields of a block.
    pub(super) fn list(
        &mut self,
        speaker: Speaker,
        block: &[u8],
        wire: &Reader<'_>,
    ) -> Read<(List, Effects)> {
        let mut list = List::new();
        let table = &mut self.side(speaker).table;
        let effects =
            hpack::decode(block, table, |field| list.add(field)).map_err(|what| wire.broken(what))?;
        Ok((list.ended(), effects))
    }
}

/// What a frame carries; `None` when bytes of it were lost, or it is longer than any server takes.
fn whole<'a>(head: Head, wire: &Reader<'a>) -> Read<Option<&'a [u8]>> {
    let length = usize::try_from(head.length).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Ok(None);
    }
    match (wire.rest().get(HEAD..HEAD + length), wire.ahead()) {
        (Some(frame), _) => Ok(Some(frame)),
        (None, Ahead::Hole(_)) => Ok(None),
        (None, Ahead::Open | Ahead::End) => Err(Stop::Short),
    }
}

/// The fragment of a block that a frame carries, without its padding, priority and promise (RFC 9113, 6.2 and 6.6).
fn opened(head: Head, of: Block, frame: &[u8]) -> Option<(Block, &[u8])> {
    let (padding, mut rest) = match head.has(PADDED) {
        true => frame.split_first()?,
        false => (&0, frame),
    };
    let mut promise = of.promise;
    if head.kind == Kind::Promise {
        let (promised, behind) = rest.split_first_chunk()?;
        promise = Some(u32::from_be_bytes(*promised) & 0x7fff_ffff);
        rest = behind;
    } else if head.has(PRIORITY) {
        rest = rest.get(5..)?;
    }
    let length = rest.len().checked_sub(usize::from(*padding))?;
    Some((Block { promise, ..of }, rest.get(..length)?))
}
