//! What one side says in frames: several envelopes in one, or one in several.

use model::conn::Speaker;

use crate::kit::protocol::{Heard, Read};
use crate::kit::reader::{Ahead, Reader, Sample};

use super::frames::{Form, Frame, Holds, TRAILER, frame};
use super::packed;
use super::session::Cassandra;
use super::wire::{BODY, Body, HEADER, Header, header};

/// Where one side stands.
///
/// ```text
///            the header of a frame of envelopes            that of a packed one
///  Within ◀──────────────────────────────────── Between ────────────────────────▶ Unpacked
///    ╰──────── the frame's last envelope ────────▶ │ ▲ ◀──────── its last envelope ────╯
///                                    the first piece │ the last one
///                                                  ▼ │
///                                                 Gathering
/// ```
#[derive(Debug, Default)]
pub(super) enum Side {
    #[default]
    Between,
    /// So many bytes of envelopes are left in a frame.
    Within(u64),
    /// The envelopes of a packed frame, which are told one by one.
    Unpacked(Unpacked),
    /// An envelope that is longer than a frame.
    Gathering(Gathering),
}

#[derive(Debug, Default)]
pub(super) struct Unpacked {
    content: Vec<u8>,
    /// How much of it was told.
    at: usize,
    /// Bytes of the frame that were not passed over.
    left: u64,
}

#[derive(Debug)]
pub(super) struct Gathering {
    header: Header,
    body: Vec<u8>,
    /// Bytes of the body that were said.
    said: u64,
}

impl Side {
    /// Reads what comes next of this side.
    pub(super) fn read(
        &mut self,
        session: &mut Cassandra,
        (speaker, form): (Speaker, Form),
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        match self {
            Side::Within(left) => {
                let left = *left;
                self.within(session, speaker, (0, left), wire)
            }
            Side::Unpacked(unpacked) => {
                let heard = unpacked.tell(session, speaker, wire)?;
                if unpacked.at >= unpacked.content.len() {
                    *self = Side::Between;
                }
                Ok(heard)
            }
            Side::Between | Side::Gathering(_) => {
                let frame = frame(form, wire)?;
                match (frame.holds, frame.unpacked) {
                    (Holds::Envelopes, None) => {
                        self.within(session, speaker, (frame.header, frame.length), wire)
                    }
                    (Holds::Envelopes, Some(length)) => {
                        let content = unpacked(frame, length, wire)?;
                        let mut unpacked = Unpacked { content, at: 0, left: frame.size() };
                        let heard = unpacked.tell(session, speaker, wire)?;
                        let is_over = unpacked.at >= unpacked.content.len();
                        *self = if is_over { Side::Between } else { Side::Unpacked(unpacked) };
                        Ok(heard)
                    }
                    (Holds::Piece, _) => self.gather(session, (speaker, frame), wire),
                }
            }
        }
    }

    /// Reads an envelope behind `before` bytes, of a frame of which `left` bytes are left behind those.
    fn within(
        &mut self,
        session: &mut Cassandra,
        speaker: Speaker,
        (before, left): (u64, u64),
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
        from.skip(before);
        let header = header(speaker, &mut from)?;
        let Some(left) = left.checked_sub(header.size()) else {
            return Err(from.broken("an envelope is longer than its frame"));
        };
        let Sample { bytes, length } = from.sample(header.length.into(), BODY)?;
        let heard = session.hear(speaker, header, Body { bytes, length }, wire)?;
        let behind = if left == 0 { TRAILER } else { 0 };
        wire.skip(before + header.size() + behind);
        *self = if left == 0 { Side::Between } else { Side::Within(left) };
        Ok(heard)
    }

    /// Adds the piece in this frame to those before.
    fn gather(
        &mut self,
        session: &mut Cassandra,
        (speaker, frame): (Speaker, Frame),
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let content;
        let piece = match frame.unpacked {
            Some(length) => {
                content = unpacked(frame, length, wire)?;
                Sample { bytes: &content, length: content.len() as u64 }
            }
            None => {
                let mut from = Reader::new(wire.rest(), wire.position(), wire.ahead());
                from.skip(frame.header);
                from.sample(frame.length, BODY + usize::from(u8::MAX))?
            }
        };
        let heard = match std::mem::take(self) {
            Side::Gathering(gathering) => self.add(gathering, piece, session, speaker, wire)?,
            Side::Between | Side::Within(_) | Side::Unpacked(_) => self.begin(speaker, piece),
        };
        wire.skip(frame.size());
        Ok(heard)
    }

    /// The first piece; of one whose first was lost, nothing can be told.
    fn begin(&mut self, speaker: Speaker, piece: Sample<'_>) -> Heard {
        let mut from = Reader::new(piece.bytes, 0, Ahead::End);
        let Some(header) = header(speaker, &mut from).ok().filter(|header| header.size() > piece.length)
        else {
            return Heard::Nothing;
        };
        let body = from.rest().get(..BODY).unwrap_or(from.rest()).to_vec();
        *self = Side::Gathering(Gathering { header, body, said: piece.length - HEADER });
        Heard::Part
    }

    fn add(
        &mut self,
        mut gathering: Gathering,
        piece: Sample<'_>,
        session: &mut Cassandra,
        speaker: Speaker,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let room = BODY.saturating_sub(gathering.body.len());
        // Behind a hole, nobody knows what more says.
        if gathering.body.len() as u64 == gathering.said {
            gathering.body.extend_from_slice(piece.bytes.get(..room).unwrap_or(piece.bytes));
        }
        gathering.said += piece.length;
        let length = u64::from(gathering.header.length);
        if gathering.said < length {
            *self = Side::Gathering(gathering);
            return Ok(Heard::Part);
        }
        if gathering.said > length {
            return Err(wire.broken("pieces are more than the envelope that they are of"));
        }
        session.hear(speaker, gathering.header, Body { bytes: &gathering.body, length }, wire)
    }
}

impl Unpacked {
    /// Tells the next envelope. Each takes its share of the frame's bytes, and the last one the rest.
    fn tell(&mut self, session: &mut Cassandra, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        loop {
            let Unpacked { content, at, left } = self;
            let rest = content.get(*at..).unwrap_or_default();
            let mut from = Reader::new(rest, 0, Ahead::End);
            let told = header(speaker, &mut from)
                .and_then(|header| Ok((header, from.take(header.length as usize)?)));
            let Ok((header, body)) = told else {
                return Err(wire.broken("a frame holds something else than envelopes"));
            };
            let kept = body.get(..BODY).unwrap_or(body);
            let heard =
                session.hear(speaker, header, Body { bytes: kept, length: body.len() as u64 }, wire)?;
            let size = header.size();
            let is_last = size >= rest.len() as u64;
            let share = if is_last { *left } else { (*left * size / rest.len() as u64).min(*left - 1) };
            *at += usize::try_from(size).unwrap_or(usize::MAX);
            *left -= share;
            wire.skip(share);
            if is_last || share > 0 || !matches!(heard, Heard::Nothing | Heard::Part) {
                return Ok(heard);
            }
        }
    }
}

/// What the packed payload of a frame holds: it is read when all of it is there.
fn unpacked(frame: Frame, length: usize, wire: &Reader<'_>) -> Read<Vec<u8>> {
    let packed = wire.peek(usize::try_from(frame.header + frame.length).unwrap_or(usize::MAX))?;
    let payload = packed.get(usize::try_from(frame.header).unwrap_or(usize::MAX)..).unwrap_or_default();
    packed::payload(payload, length).ok_or_else(|| wire.broken("a payload is not packed as it says"))
}
