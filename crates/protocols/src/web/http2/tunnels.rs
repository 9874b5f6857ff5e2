//! WebSocket on streams (RFC 8441): what `DATA` carries where an extended `CONNECT` asked for it.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;
use model::exchange::Text;

use crate::kit::protocol::{Heard, Read, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::http2::data::Data;
use crate::web::http2::session::{Course, Http2};
use crate::web::websocket::Websocket;

/// More streams of one connection than this are not read as WebSocket at a time: each of them remembers what its messages
/// are compressed with.
const TUNNELS: usize = 64;

/// A head of a frame that is cut is no longer than this, nor a whole frame that is read at once.
const CUT: usize = 160;

/// A frame of data no longer than this is read when it is there: few senders ask for more than 16 KiB.
const WHOLE: u32 = 64 << 10;

/// The streams that are WebSocket.
#[derive(Debug, Default)]
pub(super) struct Tunnels {
    open: HashMap<u32, Tunnel, RandomState>,
}

/// One of them.
#[derive(Debug)]
struct Tunnel {
    websocket: Websocket,
    client: Side,
    server: Side,
}

/// What a direction of it waits for.
#[derive(Debug, Default)]
enum Side {
    /// The rest of a frame's head, of which these bytes came.
    #[default]
    Nothing,
    Rest(Vec<u8>),
    /// A frame, anywhere: bytes were lost.
    Frame,
}

impl Tunnels {
    /// A stream was opened for WebSocket at `path`, with these extensions.
    pub(super) fn open(&mut self, stream: u32, path: Option<Text>, extensions: &str) {
        if self.open.len() < TUNNELS {
            let websocket = Websocket::new(path, extensions);
            let tunnel = Tunnel { websocket, client: Side::Nothing, server: Side::Nothing };
            self.open.insert(stream, tunnel);
        }
    }

    #[inline]
    pub(super) fn has(&self, stream: u32) -> bool {
        !self.open.is_empty() && self.open.contains_key(&stream)
    }

    pub(super) fn close(&mut self, stream: u32) {
        if !self.open.is_empty() {
            self.open.remove(&stream);
            if self.open.is_empty() {
                self.open = HashMap::default();
            }
        }
    }

    /// Bytes of `speaker` were lost, nobody knows of which streams.
    pub(super) fn lose(&mut self, speaker: Speaker) {
        self.open.values_mut().for_each(|tunnel| tunnel.lose(speaker));
    }
}

impl Tunnel {
    fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    fn lose(&mut self, speaker: Speaker) {
        self.websocket.lost(speaker);
        *self.side(speaker) = Side::Frame;
    }

    /// Reads the next message in `bytes`, or what is there of it, and how many of them that took.
    fn read(&mut self, speaker: Speaker, bytes: &[u8], wire: &mut Reader<'_>) -> (Read<Heard>, usize) {
        let before = match std::mem::take(self.side(speaker)) {
            Side::Nothing => Vec::new(),
            Side::Rest(before) => before,
            Side::Frame => return self.seek(speaker, bytes),
        };
        let have = before.len();
        let joined;
        let read = if have == 0 {
            bytes
        } else {
            joined = [&before, bytes.get(..CUT).unwrap_or(bytes)].concat();
            &joined
        };
        let mut inside = wire.unpacked(read);
        match self.websocket.read(speaker, &mut inside) {
            Err(Stop::Short) if read.len() - inside.taken() < CUT => {
                *self.side(speaker) = Side::Rest(read.get(inside.taken()..).unwrap_or_default().to_vec());
                (Ok(Heard::Part), read.len() - have)
            }
            heard => (heard, inside.taken().saturating_sub(have)),
        }
    }

    /// Looks for a frame; where there is none, what is here is passed over.
    fn seek(&mut self, speaker: Speaker, bytes: &[u8]) -> (Read<Heard>, usize) {
        match self.websocket.resync(speaker, bytes) {
            Sought::At(at) => (Ok(Heard::Nothing), at),
            Sought::Behind(_) => {
                *self.side(speaker) = Side::Frame;
                (Ok(Heard::Nothing), bytes.len())
            }
        }
    }
}

impl Http2 {
    /// Reads the next message that a frame of data carries.
    pub(super) fn read_tunnel(
        &mut self,
        speaker: Speaker,
        mut data: Data,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let here = wire.rest();
        let here = here.get(..usize::try_from(data.left).unwrap_or(usize::MAX)).unwrap_or(here);
        let Some(tunnel) = self.tunnels.open.get_mut(&data.stream) else { return Err(Stop::Short) };
        // What a message counts is what its last frame of data has of it, however that came.
        if here.len() < data.left as usize && data.left <= WHOLE && wire.ahead() == Ahead::Open {
            return Err(Stop::Short);
        }
        if here.is_empty() {
            return match wire.ahead() {
                Ahead::Open | Ahead::End => Err(Stop::Short),
                Ahead::Hole(_) => {
                    tunnel.lose(speaker);
                    wire.skip(u64::from(data.left));
                    data.left = 0;
                    self.pass_padding(speaker, data, wire, Heard::Nothing)
                }
            };
        }
        let (heard, taken) = tunnel.read(speaker, here, wire);
        let heard = match heard {
            // Other streams speak between the parts of a message.
            Ok(Heard::Sent(exchange)) => Heard::Oneway(exchange),
            Ok(Heard::Part) => Heard::Nothing,
            Ok(heard) => heard,
            Err(_) => {
                // What follows on this stream is nothing that is known; the frames around it go on.
                self.tunnels.close(data.stream);
                wire.skip(here.len() as u64);
                data.left -= u32::try_from(here.len()).unwrap_or(data.left);
                return self.leave_tunnel(speaker, data, wire, Heard::Nothing);
            }
        };
        wire.skip(taken as u64);
        data.left -= u32::try_from(taken).unwrap_or(data.left);
        self.leave_tunnel(speaker, data, wire, heard)
    }

    /// Goes on with a frame of data of which more or less was read.
    fn leave_tunnel(
        &mut self,
        speaker: Speaker,
        data: Data,
        wire: &mut Reader<'_>,
        heard: Heard,
    ) -> Read<Heard> {
        if data.left > 0 {
            self.side(speaker).course = Course::Data(data);
            return Ok(heard);
        }
        self.pass_padding(speaker, data, wire, heard)
    }
}
