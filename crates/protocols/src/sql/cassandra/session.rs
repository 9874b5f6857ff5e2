//! One connection: how its envelopes travel, what each side is in the middle of, which statements were prepared, who it is.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::chain::{Chain, seek};
use crate::kit::protocol::{Heard, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::sql::said::Said;

use super::frames::{self, Form};
use super::packed::{self, Way};
use super::piece::Side;
use super::statements::{Prepared, Store};
use super::wire::{BODY, Body, Header, begins, bytes, each, flag, header, settle, string};

/// So many requests are remembered until they are answered: as many as the pairing waits for.
const OPEN: usize = 4096;

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Cassandra {
    manner: Manner,
    client: Side,
    server: Side,
    /// How bodies are packed; `None` when that was not told.
    pub(super) way: Option<Way>,
    pub(super) statements: Store,
    /// The requests whose answers do not say all that there is to know, by their streams.
    pub(super) open: HashMap<u16, Open, RandomState>,
    pub(super) identity: Arc<Identity>,
    /// Who the session is now, which was not told yet.
    news: Option<Identity>,
    /// The user that the client says it is, until the server believes it.
    pub(super) claimed: Option<Text>,
}

/// How envelopes travel.
///
/// ```text
///            an envelope up to version 4          a frame
///  Envelopes ◀────────────────────────── Unknown ─────────▶ Frames
///                                        │     ▲
///                                        ╰─────╯
///                         an envelope of version 5: what begins a session has no frames yet
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Manner {
    #[default]
    Unknown,
    Envelopes,
    Frames(Form),
}

/// A request that waits.
#[derive(Clone, Debug)]
pub(super) enum Open {
    Prepare(Arc<Said>),
    Execute(Arc<Prepared>),
}

impl Session for Cassandra {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if let Some(identity) = self.news.take() {
            self.identity = wire.share(identity);
            return Ok(Heard::Identity(Arc::clone(&self.identity)));
        }
        if self.manner == Manner::Unknown {
            let envelope = header(speaker, &mut Reader::new(wire.rest(), wire.position(), Ahead::Open));
            match (frames::any(wire), envelope) {
                (Ok((form, _)), _) => self.manner = Manner::Frames(form),
                (Err(_), Ok(_)) => {}
                (Err(Stop::Short), _) | (_, Err(Stop::Short)) => return Err(Stop::Short),
                (Err(_), Err(stop)) => return Err(stop),
            }
        }
        match self.manner {
            Manner::Frames(form) => {
                let mut side = std::mem::take(self.side(speaker));
                let heard = side.read(self, (speaker, form), wire);
                *self.side(speaker) = side;
                heard
            }
            Manner::Unknown | Manner::Envelopes => self.envelope(speaker, wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        *self.side(speaker) = Side::default();
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        let frame = |bytes| frames::any(&Reader::new(bytes, 0, Ahead::Open));
        seek(wire, 0..wire.len(), |bytes| match self.manner {
            Manner::Frames(form) => frames::frame(form, &Reader::new(bytes, 0, Ahead::Open)).into(),
            Manner::Envelopes => begins(speaker, bytes).into(),
            Manner::Unknown => match (Chain::from(begins(speaker, bytes)), Chain::from(frame(bytes))) {
                (Chain::Sound, _) | (_, Chain::Sound) => Chain::Sound,
                (Chain::Open, _) | (_, Chain::Open) => Chain::Open,
                (Chain::Broken, Chain::Broken) => Chain::Broken,
            },
        })
    }
}

impl Cassandra {
    fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    /// Reads an envelope that travels alone.
    fn envelope(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let header = header(speaker, &mut from)?;
        let most = if header.has(flag::COMPRESSED) { packed::GATHERED } else { BODY };
        let sample = from.sample(header.length.into(), most)?;
        let heard = self.hear(speaker, header, Body { bytes: sample.bytes, length: sample.length }, wire)?;
        if !header.is_fifth() {
            self.manner = Manner::Envelopes;
        }
        wire.skip(header.size());
        Ok(heard)
    }

    /// Hears an envelope.
    pub(super) fn hear(
        &mut self,
        speaker: Speaker,
        header: Header,
        body: Body<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        if !header.has(flag::COMPRESSED) || body.length == 0 {
            return self.told(speaker, header, body, wire);
        }
        match self.unpack(body) {
            Some((content, length)) => self.told(speaker, header, Body { bytes: &content, length }, wire),
            // Nothing of it can be read.
            None => self.told(speaker, header, Body { bytes: &[], length: u64::MAX }, wire),
        }
    }

    /// What a packed body holds; where it was not told how bodies are packed, they tell it by themselves.
    fn unpack(&mut self, body: Body<'_>) -> Option<(Vec<u8>, u64)> {
        if let Some(way) = self.way {
            return packed::body(way, body);
        }
        let found = [Way::Lz4, Way::Snappy].into_iter().find_map(|way| Some((way, packed::body(way, body)?)));
        let (way, content) = found?;
        self.way = Some(way);
        Some(content)
    }

    fn told(
        &mut self,
        speaker: Speaker,
        header: Header,
        body: Body<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let mut body = body.reader();
        let before = before(speaker, header, &mut body);
        let cut = before.is_err();
        settle(&body, before)?;
        if cut {
            // What is said behind so much was not kept.
            body.skip(body.rest().len() as u64);
        }
        match speaker {
            Speaker::Client => self.asked(header, body, wire),
            Speaker::Server => self.answered(header, body, wire),
        }
    }

    /// Remembers a request until it is answered.
    pub(super) fn wait(&mut self, stream: u16, open: Option<Open>) {
        match open {
            None => _ = self.open.remove(&stream),
            Some(open) => {
                if self.open.len() >= OPEN {
                    self.open.clear();
                }
                self.open.insert(stream, open);
            }
        }
    }

    /// The session is somebody else from now on.
    pub(super) fn turn(&mut self, change: impl FnOnce(&mut Identity)) {
        let mut identity = self.news.take().unwrap_or_else(|| Identity::clone(&self.identity));
        change(&mut identity);
        self.news = Some(identity).filter(|identity| *identity != *self.identity);
    }
}

/// What may stand before a body: the number of a trace, warnings, what a server's own extension says.
fn before(speaker: Speaker, header: Header, body: &mut Reader<'_>) -> Read<()> {
    if speaker == Speaker::Server && header.has(flag::TRACING) {
        body.take(16)?;
    }
    if speaker == Speaker::Server && header.has(flag::WARNING) {
        each(body, |body| string(body).map(drop))?;
    }
    if header.has(flag::PAYLOAD) {
        each(body, |body| {
            string(body)?;
            bytes(body).map(drop)
        })?;
    }
    Ok(())
}
