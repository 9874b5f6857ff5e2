//! Frames to messages: the state of one connection.

use model::conn::Speaker;
use model::exchange::Text;

use crate::kit::protocol::{Heard, Read, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::websocket::inflate::{Agreed, Inflate};
use crate::web::websocket::message::{self, Message};
use crate::web::websocket::wire::{self, Head, Kind, NoHead};

/// Of a message so many bytes are kept.
const SAMPLE: usize = 16 << 10;

/// The state of one connection.
#[derive(Debug)]
pub(in crate::web) struct Websocket {
    /// Where it was upgraded.
    path: Option<Text>,
    client: Side,
    server: Side,
}

/// One direction.
#[derive(Debug, Default)]
struct Side {
    course: Course,
    inflate: Inflate,
    /// The message that is being said, between its frames too.
    saying: Option<Saying>,
}

/// Where a direction stands.
///
/// ```text
///  Head ──a frame's──▶ Payload ──its last byte──▶ Head
/// ```
#[derive(Clone, Copy, Debug, Default)]
enum Course {
    #[default]
    Head,
    Payload {
        head: Head,
        left: u64,
    },
}

/// A message that is being said.
#[derive(Debug)]
struct Saying {
    kind: Kind,
    is_compressed: bool,
    kept: Vec<u8>,
    /// As it was sent.
    length: u64,
    frames: u64,
    /// Whether bytes of it were lost.
    sampling: Sampling,
}

/// Whether the next bytes belong to the sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sampling {
    Yes,
    No,
}

impl Websocket {
    /// A connection that was upgraded at `path`, with these extensions agreed (RFC 7692, 7.1).
    pub(in crate::web) fn new(path: Option<Text>, extensions: &str) -> Self {
        let agreed = |word| match extensions.split_once("permessage-deflate") {
            None => Agreed::No,
            Some((_, parameters)) if parameters.contains(word) => Agreed::WithoutContext,
            Some(_) => Agreed::WithContext,
        };
        let side = |word| Side { inflate: Inflate::new(agreed(word)), ..Side::default() };
        let (client, server) = (side("client_no_context_takeover"), side("server_no_context_takeover"));
        Websocket { path, client, server }
    }

    fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    /// Reads a frame, or what is there of one.
    pub(in crate::web) fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match self.side(speaker).course {
            Course::Head => self.read_head(speaker, wire),
            Course::Payload { head, left } => Ok(self.read_payload(speaker, head, left, wire)?),
        }
    }

    /// Bytes of `speaker` were lost.
    pub(in crate::web) fn lost(&mut self, speaker: Speaker) {
        let side = self.side(speaker);
        side.course = Course::Head;
        side.saying = None;
        side.inflate.lose();
    }

    /// Finds the next frame.
    pub(in crate::web) fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        wire::find(wire, speaker)
    }

    fn read_head(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let head = match wire::head(wire.rest(), speaker) {
            Ok(head) => head,
            Err(NoHead::Short) => return Err(Stop::Short),
            Err(NoHead::Broken(what)) => return Err(wire.broken(what)),
        };
        let side = self.side(speaker);
        if head.is_compressed && (side.inflate.agreed() == Agreed::No || head.kind == Kind::Continuation) {
            return Err(wire.broken("a frame is compressed, which was not agreed"));
        }
        if head.kind.is_control() {
            return self.read_control(speaker, head, wire);
        }
        match (&mut side.saying, head.kind) {
            (Some(saying), Kind::Continuation) => saying.frames += 1,
            (None, Kind::Text | Kind::Binary) => side.saying = Some(Saying::new(head)),
            _ => return Err(wire.broken("a message goes on that did not begin, or begins inside of another")),
        }
        wire.take(head.size)?;
        self.read_payload(speaker, head, head.length, wire)
    }

    /// A control frame may stand between those of a message, and is short.
    fn read_control(&mut self, speaker: Speaker, head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
        let length = usize::try_from(head.length).unwrap_or(usize::MAX);
        let frame = wire.take(head.size.saturating_add(length))?;
        let mut payload = frame.get(head.size..).unwrap_or_default().to_vec();
        unmask(&mut payload, head.mask, 0);
        let message = Message {
            kind: head.kind,
            kept: &payload,
            length: Some(head.length),
            compressed: None,
            frames: 1,
        };
        let mut exchange = wire.blank();
        message::tell(&message, speaker, self.path.as_ref(), &mut exchange);
        Ok(Heard::Oneway(exchange))
    }

    fn read_payload(
        &mut self,
        speaker: Speaker,
        head: Head,
        left: u64,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let side = self.side(speaker);
        let Some(saying) = &mut side.saying else { return Err(wire.broken("a payload is nobody's")) };
        let here = wire.rest();
        let here = here.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(here);
        if here.is_empty() && left > 0 && wire.ahead() == Ahead::Open {
            return if wire.taken() > 0 {
                side.course = Course::Payload { head, left };
                Ok(Heard::Part)
            } else {
                Err(Stop::Short)
            };
        }
        saying.hear(here, head, head.length - left, &mut side.inflate);
        wire.skip(here.len() as u64);
        let left = left - here.len() as u64;
        match wire.ahead() {
            _ if left == 0 => {}
            Ahead::Open => {
                side.course = Course::Payload { head, left };
                return Ok(Heard::Part);
            }
            Ahead::Hole(_) | Ahead::End => {
                saying.sampling = Sampling::No;
                saying.length += left;
                side.inflate.lose();
                wire.skip(left);
            }
        }
        side.course = Course::Head;
        if !head.is_last {
            return Ok(Heard::Part);
        }
        Ok(self.end(speaker, wire))
    }

    /// A message came to its end.
    fn end(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Heard {
        let side = self.side(speaker);
        let Some(mut saying) = side.saying.take() else { return Heard::Part };
        let (length, compressed) = match saying.is_compressed {
            false => (Some(saying.length), None),
            true if saying.sampling == Sampling::No => (None, Some(saying.length)),
            true => (side.inflate.end(&mut saying.kept, SAMPLE), Some(saying.length)),
        };
        let Saying { kind, kept, frames, .. } = &saying;
        let message = Message { kind: *kind, kept, length, compressed, frames: *frames };
        let mut exchange = wire.blank();
        message::tell(&message, speaker, self.path.as_ref(), &mut exchange);
        Heard::Sent(exchange)
    }
}

impl Saying {
    fn new(head: Head) -> Self {
        Saying {
            kind: head.kind,
            is_compressed: head.is_compressed,
            kept: Vec::new(),
            length: 0,
            frames: 1,
            sampling: Sampling::Yes,
        }
    }

    /// More of a frame's payload came, from the byte `at` of it on.
    fn hear(&mut self, bytes: &[u8], head: Head, at: u64, inflate: &mut Inflate) {
        self.length += bytes.len() as u64;
        if self.sampling == Sampling::No {
            return;
        }
        if self.is_compressed {
            let mut plain = bytes.to_vec();
            unmask(&mut plain, head.mask, at);
            return inflate.hear(&plain, &mut self.kept, SAMPLE);
        }
        let room = SAMPLE.saturating_sub(self.kept.len());
        let from = self.kept.len();
        self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        unmask(self.kept.get_mut(from..).unwrap_or_default(), head.mask, at);
    }
}

/// Shows what stands at `at` in a payload (RFC 6455, 5.3).
fn unmask(bytes: &mut [u8], mask: [u8; 4], at: u64) {
    if mask == [0; 4] {
        return;
    }
    let turned = usize::try_from(at % 4).unwrap_or(0);
    bytes.iter_mut().zip(mask.iter().cycle().skip(turned)).for_each(|(byte, mask)| *byte ^= mask);
}
