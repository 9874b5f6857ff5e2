//! Packed packets: frames of zlib or zstd, in which packets stand one behind the other ("Compression").
//!
//! A frame has a header of seven bytes: its length, a number, and how long what is in it truly is; zero where it was not
//! worth the packing. Packets may begin and end in any frame. A frame is opened piece by piece, and what was read of it is
//! forgotten, so that a session holds no more of it than a packet that is not whole.

use std::io::Read as _;

use flate2::{Decompress, FlushDecompress, Status};
use model::conn::Speaker;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Heard, Read, Stop};
use crate::kit::reader::Reader;

use super::chain;
use super::session::Mysql;
use super::wire::{HEADER, Header, header};

/// A length, a number and a true length stand before a frame.
const FRAME: usize = 7;
/// So many bytes of a frame are opened at once.
const PIECE: usize = 16 << 10;
/// So many bytes may come of it before they are read.
const OPENED: usize = 64 << 10;
/// A zstd frame is opened as a whole: a longer one is passed over and counted. Servers send what they gathered in
/// `net_buffer_length`, 16 KiB.
const ZSTD: usize = 128 << 10;
/// The same of what is in it, and of its window.
const ZSTD_OPENED: usize = 1 << 20;
/// More than this of an unfinished packet is never waited for: what is longer is sampled.
const HELD: usize = ZSTD_OPENED + (256 << 10);
/// So much of a frame is opened to see whether it is one.
const LOOK: usize = 256;

/// What does not pack grows by less than this, if it is as short as commands are.
const GROWTH: u64 = 64;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The frames of both directions.
#[derive(Debug, Default)]
pub(super) struct Packing {
    client: Side,
    server: Side,
}

#[derive(Debug, Default)]
struct Side {
    frame: Option<Frame>,
    /// What was opened and not read.
    opened: Vec<u8>,
    /// So many bytes of what will be opened nobody wants.
    debt: u64,
    /// What the last packet of this frame was.
    heard: Last,
}

/// What the packets of a piece were that ended no message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Nothing,
    Part,
    Piece,
}

/// A frame that is being opened.
#[derive(Debug)]
struct Frame {
    /// The bytes of the piece under way that stand before what is packed: the header, once.
    head: usize,
    /// The bytes that are packed, from the piece under way on.
    left: usize,
    /// How many bytes of the piece under way were opened.
    fed: usize,
    /// How many bytes are still to come of it.
    expected: u64,
    way: Way,
}

/// How a frame is packed.
#[derive(Debug)]
enum Way {
    Stored,
    Zlib(Box<Decompress>),
    Zstd,
}

impl Packing {
    /// Bytes of `speaker` were lost.
    pub(super) fn lost(&mut self, speaker: Speaker) {
        *self.side(speaker) = Side::default();
    }

    fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }
}

/// Reads the next packets of `speaker`, which are packed.
///
/// The bytes of a piece are taken when all that was in it is told.
pub(super) fn read(
    packing: &mut Packing,
    session: &mut Mysql,
    speaker: Speaker,
    wire: &mut Reader<'_>,
) -> Read<Heard> {
    let side = packing.side(speaker);
    if side.frame.is_none() && side.begin(wire)? {
        return Ok(side.rest());
    }
    let Some(frame) = &side.frame else { return Err(Stop::Short) };
    let length = frame.head + frame.piece();
    let piece = wire.peek(length)?.get(frame.head..).unwrap_or_default();
    loop {
        if let Some(heard) = side.tell(session, speaker, wire)? {
            if side.is_told(piece) {
                side.end(length, wire);
            }
            return Ok(heard);
        }
        if !side.open(piece, wire)? {
            side.end(length, wire);
            return Ok(side.rest());
        }
    }
}

impl Side {
    /// Begins the frame that begins at `wire`; whether nothing of it is wanted, so that it was passed over.
    fn begin(&mut self, wire: &mut Reader<'_>) -> Read<bool> {
        let (frame, content) = Frame::read(wire)?;
        self.heard = Last::Nothing;
        if content <= self.debt {
            self.debt -= content;
            wire.skip((frame.head + frame.left) as u64);
            self.heard = Last::Part;
            return Ok(true);
        }
        self.frame = Some(frame);
        Ok(false)
    }

    /// Reads what was opened up to the end of a message.
    fn tell(&mut self, session: &mut Mysql, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Option<Heard>> {
        let opened = std::mem::take(&mut self.opened);
        let mut read = usize::try_from(self.debt).unwrap_or(usize::MAX).min(opened.len());
        self.debt -= read as u64;
        let mut told = Ok(None);
        while let Some(rest) = opened.get(read..).filter(|rest| !rest.is_empty()) {
            let mut inner = wire.unpacked(rest);
            let heard = session.read_plain(speaker, &mut inner);
            (read, self.debt) = (read + inner.taken(), inner.debt());
            match heard {
                Ok(Heard::Nothing) => {}
                Ok(Heard::Part) => self.heard = Last::Part,
                Ok(Heard::Piece(_)) => self.heard = Last::Piece,
                Ok(heard) => {
                    self.heard = Last::Nothing;
                    told = Ok(Some(heard));
                    break;
                }
                Err(Stop::Short) => {
                    read -= inner.taken();
                    self.debt = 0;
                    break;
                }
                Err(stop) => {
                    told = Err(stop);
                    break;
                }
            }
        }
        self.opened = opened;
        self.opened.drain(..read);
        told
    }

    /// Opens more of the piece; whether there was more.
    fn open(&mut self, piece: &[u8], wire: &Reader<'_>) -> Read<bool> {
        if self.opened.len() > HELD {
            return Err(wire.broken("a packet in frames has no end"));
        }
        let Some(frame) = &mut self.frame else { return Ok(false) };
        let before = self.opened.len();
        let more =
            frame.open(piece, &mut self.opened).ok_or_else(|| wire.broken("a frame cannot be opened"))?;
        let came = (self.opened.len() - before) as u64;
        frame.expected =
            frame.expected.checked_sub(came).ok_or_else(|| wire.broken("a frame holds more than it says"))?;
        Ok(more)
    }

    /// Whether nothing is left to be told of the piece.
    fn is_told(&self, piece: &[u8]) -> bool {
        self.opened.is_empty()
            && self.frame.as_ref().is_none_or(|frame| frame.fed == piece.len() && frame.expected == 0)
    }

    /// The piece is over.
    fn end(&mut self, length: usize, wire: &mut Reader<'_>) {
        wire.skip(length as u64);
        if let Some(frame) = &mut self.frame {
            frame.left -= length - frame.head;
            (frame.head, frame.fed) = (0, 0);
            if frame.left == 0 {
                self.frame = None;
            }
        }
    }

    /// What the piece was that ended no message.
    fn rest(&self) -> Heard {
        match self.heard {
            _ if !self.opened.is_empty() => Heard::Part,
            Last::Nothing => Heard::Nothing,
            Last::Part => Heard::Part,
            Last::Piece => Heard::Piece(crate::kit::protocol::Key::Turn),
        }
    }
}

impl Frame {
    /// Reads a frame's header, which stays unread, and how long what is in it truly is.
    fn read(wire: &Reader<'_>) -> Read<(Frame, u64)> {
        let Header { length, .. } = header(wire)?;
        let [.., first, second, third] = *wire.peek(FRAME)?.first_chunk::<FRAME>().ok_or(Stop::Short)?;
        let packed = u64::from(u32::from_le_bytes([first, second, third, 0]));
        let content = if packed == 0 { u64::from(length) } else { packed };
        if length == 0 {
            return Err(wire.broken("a frame holds nothing"));
        }
        let magic = wire.rest().get(FRAME..FRAME + ZSTD_MAGIC.len());
        let way = match (packed, magic) {
            (0, _) => Way::Stored,
            (_, None) => return Err(Stop::Short),
            (_, Some(magic)) if magic == ZSTD_MAGIC => {
                if length as usize > ZSTD || packed > ZSTD_OPENED as u64 {
                    return Err(wire.broken("a zstd frame is too long to be opened"));
                }
                Way::Zstd
            }
            (_, Some([method, flags, ..])) if is_zlib(*method, *flags) => {
                Way::Zlib(Box::new(Decompress::new(true)))
            }
            (_, Some(_)) => return Err(wire.broken("a frame is packed in a way that nobody knows")),
        };
        Ok((Frame { head: FRAME, left: length as usize, fed: 0, expected: content, way }, content))
    }

    /// The length of the piece under way.
    fn piece(&self) -> usize {
        match self.way {
            Way::Zstd => self.left,
            Way::Stored | Way::Zlib(_) => self.left.min(PIECE),
        }
    }

    /// Opens more of `piece`; whether there was more, `None` when it is none.
    fn open(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Option<bool> {
        let rest = piece.get(self.fed..)?;
        match &mut self.way {
            Way::Stored => {
                self.fed = piece.len();
                out.extend_from_slice(rest);
                Some(!rest.is_empty())
            }
            Way::Zstd => {
                self.fed = piece.len();
                (rest.is_empty() || unzstd(rest, out)).then_some(!rest.is_empty())
            }
            Way::Zlib(stream) => {
                let (before, length) = (stream.total_in(), out.len());
                out.reserve_exact(OPENED);
                let status = stream.decompress_vec(rest, out, FlushDecompress::None).ok()?;
                self.fed += usize::try_from(stream.total_in() - before).ok()?;
                if status == Status::StreamEnd && self.expected != (out.len() - length) as u64 {
                    return None;
                }
                Some(out.len() > length)
            }
        }
    }
}

/// Whether a stream of zlib begins so (RFC 1950, 2.2): what opens one is large, and is made only where there is one.
fn is_zlib(method: u8, flags: u8) -> bool {
    method & 0xf == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31)
}

fn unzstd(packed: &[u8], out: &mut Vec<u8>) -> bool {
    let mut frames = ruzstd::decoding::FrameDecoder::new();
    frames.set_max_window_size(ZSTD_OPENED as u64);
    let stream = ruzstd::decoding::StreamingDecoder::new_with_decoder(packed, frames);
    stream.is_ok_and(|stream| stream.take(ZSTD_OPENED as u64).read_to_end(out).is_ok())
}

/// Whether `bytes` begin with a frame in which a client's command begins.
pub(super) fn command(bytes: &[u8]) -> Chain {
    look(bytes, 0, chain::command)
}

/// Whether `bytes` begin with a frame in which an answer begins.
pub(super) fn answer(bytes: &[u8]) -> Chain {
    look(bytes, 1, chain::answer)
}

fn look(bytes: &[u8], sequence: u8, judge: fn(&[u8]) -> Chain) -> Chain {
    let wire = Reader::new(bytes, 0, crate::kit::reader::Ahead::Open);
    let Ok(begin) = header(&wire) else { return Chain::Open };
    if begin.sequence != sequence || begin.length == 0 {
        return Chain::Broken;
    }
    let (mut frame, content) = match Frame::read(&wire) {
        Ok(read) => read,
        Err(Stop::Short) => return Chain::Open,
        Err(_) => return Chain::Broken,
    };
    // What is packed begins with a packet's header; some clients pack what only grows by it.
    if content < HEADER as u64 || content + GROWTH < begin.length.into() {
        return Chain::Broken;
    }
    let packed = bytes.get(FRAME..).unwrap_or_default();
    if let Way::Zstd = frame.way
        && packed.len() < frame.left
    {
        return Chain::Open;
    }
    let packed = packed.get(..frame.left).unwrap_or(packed);
    let mut opened = Vec::new();
    if let Way::Zlib(_) = frame.way
        && !matches!(packed, [0x78, flags, ..] if (0x7800 + u16::from(*flags)) % 31 == 0)
    {
        return Chain::Broken;
    }
    if frame.open(packed, &mut opened).is_none() {
        return Chain::Broken;
    }
    match judge(&opened) {
        // A packet that goes on in the next frame, or behind what is there.
        Chain::Open if opened.len() >= LOOK => Chain::Sound,
        judged => judged,
    }
}
