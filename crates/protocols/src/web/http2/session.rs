//! Frames to requests and responses: the state of one connection.

use std::sync::Arc;

use model::conn::Speaker;
use model::event::Joined;
use model::exchange::Identity;

use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::content::Last;
use crate::web::http2::answered::Answered;
use crate::web::http2::asked::Asked;
use crate::web::http2::blocks::Gathering;
use crate::web::http2::data::Data;
use crate::web::http2::streams::Streams;
use crate::web::http2::table::{Beyond, Table};
use crate::web::http2::tunnels::Tunnels;
use crate::web::http2::wire::{self, ACK, HEAD, Head, Kind, PREFACE};

/// Of settings so many bytes are read: ten times as many as there are.
const SETTINGS: usize = 600;

/// `SETTINGS_HEADER_TABLE_SIZE` (RFC 9113, 6.5.2).
const HEADER_TABLE_SIZE: u16 = 1;

/// The state of one connection.
pub(super) struct Http2 {
    pub(super) client: Side,
    pub(super) server: Side,
    pub(super) streams: Streams,
    /// Those that are WebSocket.
    pub(super) tunnels: Tunnels,
    /// The newest stream that the client opened.
    pub(super) newest: u32,
    /// The stream of the client's last data: a header block behind it is its trailers, though its head was lost.
    pub(super) saying: u32,
    pub(super) identity: Option<Arc<Identity>>,
    pub(super) asked: Asked,
    pub(super) answered: Answered,
    pub(super) request_body: Last,
    pub(super) response_body: Last,
    pub(super) upgrade: Upgrade,
}

/// One direction.
pub(super) struct Side {
    pub(super) course: Course,
    pub(super) table: Table,
}

/// What a side is saying.
///
/// ```text
///  Preface ──24 bytes──▶ Frames ──DATA──▶ Data ──its last byte──▶ Frames
///                          ╰──HEADERS, PUSH_PROMISE without END_HEADERS──▶ Block ──END_HEADERS──▶ Frames
/// ```
pub(super) enum Course {
    Preface,
    Frames,
    Block(Box<Gathering>),
    Data(Data),
}

/// Whether the connection may have begun as HTTP/1: then stream 1 was asked there (RFC 9113, 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upgrade {
    Possible,
    No,
}

impl Session for Http2 {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if speaker == Speaker::Server && wire.rest().is_empty() && wire.ahead() == Ahead::End {
            return self.cut_short(wire);
        }
        match &self.side(speaker).course {
            Course::Preface => self.read_preface(wire),
            Course::Frames => self.read_frame(speaker, wire),
            Course::Block(_) => self.read_continuation(speaker, wire),
            Course::Data(data) => {
                let data = *data;
                self.read_data(speaker, data, wire)
            }
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        self.side(speaker).table.doubt();
        // A setting may be among what was lost.
        self.side(other(speaker)).table.widen();
        self.side(speaker).course = Course::Frames;
        self.streams.doubt(speaker);
        self.tunnels.lose(speaker);
        self.upgrade = Upgrade::No;
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        let sought = wire::find(speaker, wire);
        if let Sought::At(at) = sought
            && speaker == Speaker::Client
            && wire.get(at..).is_some_and(|rest| rest.starts_with(PREFACE))
        {
            self.client = Side::new(Course::Preface, Beyond::Nothing);
        }
        sought
    }
}

impl Side {
    fn new(course: Course, beyond: Beyond) -> Self {
        Side { course, table: Table::new(beyond) }
    }
}

impl Http2 {
    pub(super) fn new(joined: Joined) -> Self {
        let (course, beyond, upgrade) = match joined {
            Joined::AtStart => (Course::Preface, Beyond::Nothing, Upgrade::Possible),
            Joined::Midway => (Course::Frames, Beyond::Hidden, Upgrade::No),
        };
        Http2 {
            client: Side::new(course, beyond),
            server: Side::new(Course::Frames, beyond),
            streams: Streams::default(),
            tunnels: Tunnels::default(),
            newest: 0,
            saying: 0,
            identity: None,
            asked: Asked::default(),
            answered: Answered::default(),
            request_body: Last::default(),
            response_body: Last::default(),
            upgrade,
        }
    }

    pub(super) fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    fn read_preface(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let preface = wire.peek(PREFACE.len().min(wire.rest().len().max(1)))?;
        if !PREFACE.starts_with(preface) {
            return Err(wire.broken("a client begins without its preface"));
        }
        wire.take(PREFACE.len())?;
        self.client.course = Course::Frames;
        Ok(Heard::Nothing)
    }

    fn read_frame(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let Some(bytes) = wire.rest().first_chunk() else { return Err(Stop::Short) };
        let head = Head::of(*bytes);
        if let Some(what) = head.breach(speaker) {
            return Err(wire.broken(what));
        }
        match head.kind {
            Kind::Data => self.begin_data(speaker, head, wire),
            Kind::Headers
                if speaker == Speaker::Server && head.stream == 1 && self.upgrade == Upgrade::Possible =>
            {
                Ok(self.upgraded(wire))
            }
            Kind::Headers | Kind::Promise => self.read_block(speaker, head, wire),
            Kind::Reset => self.read_reset(speaker, head, wire),
            Kind::Settings if !head.has(ACK) => self.read_settings(speaker, head, wire),
            Kind::Continuation => self.read_stray(speaker, head, wire),
            Kind::Settings | Kind::Priority | Kind::Ping | Kind::GoAway | Kind::Window | Kind::Other(_) => {
                pass(head, wire);
                Ok(Heard::Nothing)
            }
        }
    }

    /// Reads how much the other side's header table may hold.
    fn read_settings(&mut self, speaker: Speaker, head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
        wire.skip(HEAD as u64);
        let sample = wire.sample(u64::from(head.length), SETTINGS)?;
        let table = &mut self.side(other(speaker)).table;
        for [a, b, value @ ..] in sample.bytes.as_chunks::<6>().0 {
            if u16::from_be_bytes([*a, *b]) == HEADER_TABLE_SIZE {
                table.allow(usize::try_from(u32::from_be_bytes(*value)).unwrap_or(usize::MAX));
            }
        }
        if sample.is_cut() {
            table.widen();
        }
        Ok(Heard::Nothing)
    }

    /// A header block goes on whose beginning was lost.
    fn read_stray(&mut self, speaker: Speaker, head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
        let table = &mut self.side(speaker).table;
        if !table.is_doubted() {
            return Err(wire.broken("a header block goes on that did not begin"));
        }
        table.doubt();
        pass(head, wire);
        Ok(Heard::Nothing)
    }

    /// The connection ended inside of a response.
    fn cut_short(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        match self.streams.any_answered() {
            Some(stream) => Ok(self.finish(stream, Some(CUT), wire)),
            None => Err(Stop::Short),
        }
    }
}

/// What is told of a body whose connection ended first.
const CUT: &str = "the connection ended before the body";

/// Passes over a frame.
pub(super) fn pass(head: Head, wire: &mut Reader<'_>) {
    wire.skip(HEAD as u64 + u64::from(head.length));
}

/// Under which the exchange of a stream waits.
pub(super) fn key(stream: u32) -> Key {
    Key::Id(stream.into())
}

pub(super) fn other(speaker: Speaker) -> Speaker {
    match speaker {
        Speaker::Client => Speaker::Server,
        Speaker::Server => Speaker::Client,
    }
}
