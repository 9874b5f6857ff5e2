//! The streams whose exchanges go on, and what is kept of their bodies.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;

use crate::web::dialect::Candidates;
use crate::web::grpc::asked::Asked;
use crate::web::grpc::call::Call;
use crate::web::said::{Said, Stage};

/// More streams than this do not wait at a time: of more, the older half is given up, as the pairing does it.
const STREAMS: usize = 4096;

/// Room for so many streams stays when none is open.
const ROOM: usize = 14;

/// All bodies of a connection together keep no more: of those beyond, no text is told.
const KEPT: usize = 512 << 10;

/// The streams whose exchanges go on.
#[derive(Debug, Default)]
pub(super) struct Streams {
    open: HashMap<u32, Stream, RandomState>,
    /// How many bytes of bodies are kept.
    kept: usize,
}

/// One stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) asked: Said,
    pub(super) answered: Said,
    /// What only matters to an answer.
    pub(super) question: Question,
    /// Which dialects it may be in.
    pub(super) candidates: Candidates,
    /// The call, where it is one of gRPC.
    pub(super) call: Option<Box<Call>>,
    /// What the call would be, where the header table hides whether it is one: its first message tells.
    pub(super) suspect: Option<Box<Asked>>,
}

/// What was asked, as far as its answer depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Question {
    #[default]
    Other,
    Connect,
    /// A connection of WebSocket (RFC 8441, 4).
    Websocket,
}

impl Stream {
    /// What `speaker` says on it.
    pub(super) fn said(&mut self, speaker: Speaker) -> &mut Said {
        match speaker {
            Speaker::Client => &mut self.asked,
            Speaker::Server => &mut self.answered,
        }
    }
}

impl Streams {
    /// A new stream, in the place of one of the same number that nobody will finish.
    pub(super) fn open(&mut self, id: u32) -> &mut Stream {
        if self.open.len() >= STREAMS {
            let newer = id.saturating_sub(u32::try_from(STREAMS).unwrap_or(u32::MAX));
            self.open.retain(|open, _| *open > newer);
            self.kept = self.open.values().map(Stream::kept).sum();
        }
        self.close(id);
        self.open.entry(id).or_default()
    }

    /// An open stream.
    pub(super) fn get(&mut self, id: u32) -> Option<&mut Stream> {
        self.open.get_mut(&id)
    }

    /// Takes a stream whose exchange is over.
    pub(super) fn close(&mut self, id: u32) -> Option<Stream> {
        let stream = self.open.remove(&id)?;
        self.kept -= stream.kept();
        if self.open.is_empty() && self.open.capacity() > ROOM {
            self.open = HashMap::default();
        }
        Some(stream)
    }

    /// A stream whose response has begun and will not go on.
    pub(super) fn any_answered(&self) -> Option<u32> {
        let begun = self.open.iter().filter(|(_, stream)| stream.answered.stage == Stage::Body);
        begun.map(|(id, _)| *id).min()
    }

    /// Whether bytes of a body are worth waiting for.
    pub(super) fn wants(&mut self, id: u32, speaker: Speaker) -> bool {
        let Some(stream) = self.open.get_mut(&id) else { return false };
        stream.call.is_some() || stream.said(speaker).is_wanted()
    }

    /// Keeps bytes of a body, as long as there is room; those of a call's messages are for the call that comes back.
    pub(super) fn keep(&mut self, id: u32, speaker: Speaker, bytes: &[u8]) -> Option<&mut Call> {
        let stream = self.open.get_mut(&id)?;
        if stream.call.is_some() {
            return stream.call.as_deref_mut();
        }
        let room = KEPT.saturating_sub(self.kept);
        self.kept += stream.said(speaker).keep(bytes, room);
        None
    }

    /// Bytes of `speaker` were lost, nobody knows of which streams.
    pub(super) fn doubt(&mut self, speaker: Speaker) {
        for stream in self.open.values_mut() {
            stream.suspect = None;
            let said = stream.said(speaker);
            if said.stage == Stage::Over {
                continue;
            }
            said.lose();
            if let Some(call) = &mut stream.call {
                call.lose(speaker, u64::MAX);
            }
        }
    }

    /// Bytes of a body were lost: its sample ends before them.
    pub(super) fn lose(&mut self, id: u32, speaker: Speaker) {
        if let Some(stream) = self.open.get_mut(&id) {
            stream.said(speaker).lose();
        }
    }
}

impl Stream {
    fn kept(&self) -> usize {
        self.asked.kept() + self.answered.kept()
    }
}
