//! One connection: which requests and answers are being said, who the session is, and which answer goes on.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Read, Session, Sought};
use crate::kit::reader::{Ahead, Reader};

use super::answering::Answering;
use super::compressed::{GATHERED, content};
use super::saying::Saying;
use super::wire::{Code, HEADER, Header, begins};

/// So much memory of a statement is kept for the next one: an idle connection is to be small.
const KEPT: usize = 1 << 10;

/// One connection.
///
/// Each message tells by itself what it is and what it answers, so that nothing is to be known of those before it:
/// the state is what was read of the message that is being said by each side, and which answer comes in several.
#[derive(Debug, Default)]
pub(super) struct Mongodb {
    /// The request that is being said.
    pub(super) saying: Option<Box<Saying>>,
    /// The answer that is being said.
    pub(super) answering: Option<Box<Answering>>,
    /// The answer that goes on without being asked for.
    pub(super) stream: Option<Stream>,
    pub(super) identity: Arc<Identity>,
    /// What the last request touched, mostly the next one too.
    pub(super) target: Option<Text>,
    /// Memory for the next statement, and for the name of its collection.
    pub(super) memory: (String, String),
}

/// An answer that comes in several messages, each of which answers the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    /// The number of its last message.
    pub(super) last: u32,
    /// The number of the request.
    pub(super) key: u64,
}

impl Session for Mongodb {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match speaker {
            Speaker::Client => self.asked(wire),
            Speaker::Server => self.answered(wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        match speaker {
            Speaker::Client => self.saying = None,
            Speaker::Server => (self.answering, self.stream) = (None, None),
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        seek(wire, 0..wire.len(), |bytes| begins(speaker, bytes).into())
    }
}

impl Mongodb {
    /// Keeps memory for the next request.
    pub(super) fn keep(&mut self, text: String, collection: String) {
        if text.capacity() <= KEPT && collection.capacity() <= KEPT {
            self.memory = (text, collection);
        }
    }
}

/// What a compressed message holds.
pub(super) struct Inner {
    pub(super) header: Header,
    /// The name of the compressor.
    pub(super) way: &'static str,
    content: Vec<u8>,
}

impl Inner {
    /// A reader of it; behind what was cut off comes a hole.
    pub(super) fn reader(&self) -> Reader<'_> {
        let cut = self.header.rest().saturating_sub(self.content.len() as u64);
        Reader::new(&self.content, HEADER, if cut > 0 { Ahead::Hole(cut) } else { Ahead::Open })
    }
}

/// What the compressed message behind this header holds; `None` when nobody can read it.
pub(super) fn decompressed(header: Header, from: &mut Reader<'_>) -> Read<Option<Inner>> {
    let code = Code::of(from.le32()?);
    let size = from.le32()?;
    let way = from.u8()?;
    let left = header.rest().saturating_sub(9);
    let body = from.sample(left, GATHERED)?.bytes;
    let length = size.saturating_add(u32::try_from(HEADER).unwrap_or_default());
    let name = ["noop", "snappy", "zlib", "zstd"].get(usize::from(way)).copied();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let (Some(code), Some(way), Some(content)) = (code, name, content(way, body, size)) else {
        return Ok(None);
    };
    Ok(Some(Inner { header: Header { length, code, ..header }, way, content }))
}
