//! Packed blocks: frames of LZ4 or ZSTD, each behind a checksum and its two lengths
//! (<https://clickhouse.com/docs/en/native-protocol/basics>, `src/Compression/CompressedReadBufferBase.cpp`).
//!
//! A block begins with a frame and ends with one; how many there are nobody says. Where all was unpacked, the block tells
//! itself where it ends. Else the frames do: whoever writes them fills each but the last.

use model::conn::Speaker;

use crate::kit::lz4;
use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Reader, Sample};

use super::block::{self, Block, Stage};
use super::wire::whole;

/// A checksum stands before a frame, which is not proven.
const CHECKSUM: usize = 16;
/// How it is packed, how long it is with this and the lengths, how long when it is unpacked.
const HEAD: usize = 9;
/// So many bytes of a frame are read: it must fit into what a direction keeps of one message.
const PACKED: usize = 192 << 10;
/// So many bytes are unpacked of one: what whole frames hold.
const UNPACKED: usize = 1 << 20;
/// Of a frame that is longer than this only the beginning is unpacked where no values are wanted.
const EXACT: usize = 64 << 10;
/// That beginning: the number of rows stands in it.
const BEGINNING: usize = 256;
/// What is written before more is begun: no frame but the last is shorter.
const FULL: usize = 1 << 20;
/// So many bytes that wait for the next frame are kept: a column's name and type are the longest of them.
const CARRIED: usize = 192 << 10;
/// Frames are never longer.
const LONGEST: usize = 1 << 30;

/// How a frame is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    None,
    Lz4,
    Zstd,
}

/// The beginning of a frame.
#[derive(Clone, Copy, Debug)]
struct Head {
    method: Method,
    packed: usize,
    length: usize,
}

/// The frames of a block.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// What was unpacked and not read.
    carried: Vec<u8>,
    /// So many bytes of what comes are passed over.
    owed: u64,
    /// How long the last frame was, if it was not all unpacked: then no more is.
    passed: Option<usize>,
}

impl Head {
    fn read(wire: &mut Reader<'_>) -> Read<Head> {
        wire.take(CHECKSUM)?;
        let method = match wire.u8()? {
            0x02 => Method::None,
            0x82 => Method::Lz4,
            0x90 => Method::Zstd,
            _ => return Err(wire.broken("a frame is packed in another way")),
        };
        let (packed, length) = (wire.le32()? as usize, wire.le32()? as usize);
        let fits = match method {
            Method::None => packed == length.saturating_add(HEAD),
            // What cannot be packed grows by less than this.
            Method::Lz4 | Method::Zstd => packed > HEAD && packed - HEAD <= length + length / 128 + 64,
        };
        if !fits || length == 0 || length > LONGEST {
            return Err(wire.broken("a frame's lengths are none"));
        }
        Ok(Head { method, packed: packed - HEAD, length })
    }
}

impl Frames {
    /// Begins a block.
    pub(super) fn begin(&mut self) {
        self.carried.clear();
        (self.owed, self.passed) = (0, None);
    }

    /// Reads frames until the block ends.
    ///
    /// # Errors
    /// `Short` where its bytes end: what was taken so far was read.
    pub(super) fn read(&mut self, speaker: Speaker, block: &mut Block, wire: &mut Reader<'_>) -> Read<()> {
        loop {
            match self.passed {
                Some(length) if !goes_on(speaker, length, wire)? => return Ok(()),
                None if block.stage() == Stage::Done => return Ok(()),
                Some(_) | None => {}
            }
            let (head, sample) = whole(wire, |wire| {
                let head = Head::read(wire)?;
                Ok((head, wire.sample(head.packed as u64, PACKED)?))
            })?;
            self.passed = match self.passed {
                Some(_) => Some(head.length),
                None => self.unpack(head, &sample, block, wire)?,
            };
        }
    }

    /// Reads what a frame holds: how long it is where the block cannot be read on.
    fn unpack(
        &mut self,
        head: Head,
        sample: &Sample<'_>,
        block: &mut Block,
        wire: &mut Reader<'_>,
    ) -> Read<Option<usize>> {
        let begins = block.stage() == Stage::Opening && self.carried.is_empty();
        let most = if begins && head.length > EXACT && !block.keeps() { BEGINNING } else { UNPACKED };
        let mut content = std::mem::take(&mut self.carried);
        let before = content.len();
        unpack(head.method, sample.bytes, before + most, &mut content);
        let is_all = content.len() - before == head.length;
        let mut reader = block::unpacked(&content);
        reader.skip(self.owed);
        let read = block.read(&mut reader, wire);
        let (taken, owed) = (reader.taken(), reader.debt());
        match read {
            Ok(()) if block.stage() == Stage::Lost => return Ok(Some(head.length)),
            Ok(()) => return Ok(None),
            Err(Stop::Short) if is_all && content.len() - taken <= CARRIED => {}
            Err(Stop::Short) => return Ok(Some(head.length)),
            Err(stop) => return Err(stop),
        }
        content.drain(..taken);
        (self.carried, self.owed) = (content, owed);
        Ok(None)
    }
}

/// Whether another frame of the same block comes behind one of this length.
fn goes_on(speaker: Speaker, length: usize, wire: &Reader<'_>) -> Read<bool> {
    if length < FULL {
        return Ok(false);
    }
    if wire.debt() > 0 {
        return Err(Stop::Short);
    }
    let mut ahead = Reader::new(wire.rest(), 0, wire.ahead());
    let is_packet = match speaker {
        // The next packet is a block too, at least the empty one at the end.
        Speaker::Client => {
            wire.peek(2)? == [super::asked::DATA, 0] && {
                let mut behind = Reader::new(wire.rest().get(2..).unwrap_or_default(), 0, wire.ahead());
                Head::read(&mut behind).is_ok()
            }
        }
        Speaker::Server => false,
    };
    match Head::read(&mut ahead) {
        Ok(_) => Ok(!is_packet),
        Err(Stop::Short) => Err(Stop::Short),
        Err(_) => Ok(false),
    }
}

/// Whether a frame may begin behind the name of a table that is none.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let mut wire = block::unpacked(bytes);
    let read = wire.u8().and_then(|name| {
        if name == 0 { Head::read(&mut wire).map(drop) } else { Err(wire.broken("a name")) }
    });
    matches!(read, Ok(()) | Err(Stop::Short))
}

/// Unpacks a frame, up to `most` bytes with those that are there.
fn unpack(method: Method, packed: &[u8], most: usize, content: &mut Vec<u8>) {
    match method {
        Method::None => content.extend_from_slice(packed.get(..most - content.len()).unwrap_or(packed)),
        Method::Lz4 if content.is_empty() => lz4::read_block(packed, most, content),
        Method::Lz4 => {
            // A repetition may not reach what was unpacked before.
            let mut own = Vec::new();
            lz4::read_block(packed, most - content.len(), &mut own);
            content.append(&mut own);
        }
        Method::Zstd => {
            let mut frames = ruzstd::decoding::FrameDecoder::new();
            frames.set_max_window_size(2 * UNPACKED as u64);
            let stream = ruzstd::decoding::StreamingDecoder::new_with_decoder(packed, frames);
            if let Ok(stream) = stream {
                let left = (most - content.len()) as u64;
                // The end of a sample is cut: what came before it counts.
                _ = std::io::Read::read_to_end(&mut std::io::Read::take(stream, left), content);
            }
        }
    }
}
