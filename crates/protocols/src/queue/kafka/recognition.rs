//! Whether bytes are requests and answers, for recognition and for finding the thread again.

use std::collections::VecDeque;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::answered;
use super::asked::lengths;
use super::record;
use super::session::Open;
use super::walk::{Pace, Walk};
use super::wire::{self, Header, LONGEST};

/// So many requests of an opening are looked at for the one that the server answers first.
const REQUESTS: usize = 16;

/// So many requests that wait are looked at for the one that is answered.
const ANSWERS: usize = 64;
/// So many bytes may stand behind the last field: librdkafka asks for the metadata of all topics with three too many.
const BEHIND: u64 = 8;

/// What may still be spent on looking whether bytes fit, in fields of messages: bytes of which each could begin one are to
/// cost no more than those of a message.
#[derive(Debug)]
pub(super) struct Budget(u64);

impl Budget {
    /// That of looking through so many bytes for a beginning: a field for each, and some messages' worth.
    pub(super) fn of(bytes: usize) -> Budget {
        /// The longest lists of topics and partitions that clients ask for at their start.
        const MESSAGES: u64 = 4096;
        Budget(bytes as u64 + MESSAGES)
    }

    /// Whether nothing is left of it.
    pub(super) fn is_spent(&self) -> bool {
        self.0 == 0
    }

    fn spend(&mut self, fields: u32) {
        self.0 = self.0.saturating_sub(fields.into());
    }
}

/// How bytes fit a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// From its first field to its last, and not a byte more.
    Whole,
    /// As far as its first records, which are some.
    Likely,
    /// As far as its fields are known, and they are not all.
    Loose,
    /// As far as they go.
    Short,
    /// They do not.
    Not,
}

/// Whether a connection that begins so is Kafka's.
pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    let (client, server) = (opening.client, opening.server);
    match (opening.joined, request_fits(client)) {
        // Servers never speak first.
        (Joined::AtStart, _) if client.is_empty() && !server.is_empty() => Guess::No,
        (_, Fit::Not) => Guess::No,
        (joined, fit) => match (fit, answers(client, server)) {
            // Somebody else's answer shows who is meant.
            (_, Some(false)) if joined == Joined::AtStart => Guess::No,
            (Fit::Whole | Fit::Likely, _) => Guess::Yes,
            (Fit::Loose | Fit::Short, Some(true)) => Guess::Yes,
            (Fit::Loose | Fit::Short | Fit::Not, _) => Guess::Unsure,
        },
    }
}

/// Whether what the server says first answers one of these requests, if that much is there.
fn answers(client: &[u8], server: &[u8]) -> Option<bool> {
    let (_, answered) = match wire::answer(&mut Reader::new(server, 0, Ahead::Open)) {
        Ok(answer) => answer,
        Err(Stop::Short) => return None,
        Err(Stop::Broken(_) | Stop::Over) => return Some(false),
    };
    let mut wire = Reader::new(client, 0, Ahead::Open);
    for _ in 0..REQUESTS {
        match wire::header(&mut wire) {
            Ok(Header { id, .. }) if id == answered => return Some(true),
            Ok(Header { left, .. }) => wire.skip(left),
            Err(_) => break,
        }
    }
    Some(false)
}

/// Whether bytes begin with a request.
pub(super) fn request_fits(bytes: &[u8]) -> Fit {
    request_fits_within(bytes, &mut Budget::of(bytes.len()))
}

/// The same, which is counted.
#[inline]
pub(super) fn request_fits_within(bytes: &[u8], budget: &mut Budget) -> Fit {
    // What is there rules out most of what is none.
    let early = match bytes {
        [a, b, c, d, rest @ ..] => {
            let length = u32::from_be_bytes([*a, *b, *c, *d]);
            (10..=LONGEST).contains(&length)
                && matches!(rest, [] | [0] | [0, 0..93] | [0, 0..93, 0] | [0, 0..93, 0, 0..=32, ..])
        }
        _ => true,
    };
    if !early {
        return Fit::Not;
    }
    let mut from = Reader::new(bytes, 0, Ahead::Open);
    fit(wire::header(&mut from).and_then(|header| fits(&header, &mut from, budget)))
}

fn fits(header: &Header<'_>, from: &mut Reader<'_>, budget: &mut Budget) -> Read<Fit> {
    let layout = header.api.and_then(|api| Some((api, api.asked(header.version)?)));
    let is_name = |name: &[u8]| name.iter().all(|byte| *byte >= b' ' && *byte != 0x7f);
    if !header.client.is_none_or(is_name) {
        return Ok(Fit::Not);
    }
    // Clients that are newer than this may begin with a version that nobody knows.
    let Some((api, layout)) = layout else { return Ok(Fit::Loose) };
    walks(Walk::new(layout, header.version, lengths(api, header.version), header.left), from, budget)
}

/// Whether bytes are one frame, from its first byte to its last.
pub(super) fn is_frame(bytes: &[u8]) -> bool {
    let frame = bytes.split_first_chunk();
    frame.is_some_and(|(length, rest)| u32::from_be_bytes(*length) as usize == rest.len())
}

/// Whether bytes begin with an answer to one of these requests, of which the last ones are looked at.
pub(super) fn answer_fits(bytes: &[u8], open: &VecDeque<Open>, budget: &mut Budget) -> Fit {
    if open.is_empty() {
        return Fit::Not;
    }
    let mut from = Reader::new(bytes, 0, Ahead::Open);
    fit(wire::answer(&mut from).and_then(|(left, id)| {
        let Some(open) = open.iter().rev().take(ANSWERS).find(|open| open.id == id) else {
            return Ok(Fit::Not);
        };
        let walk = match open.api {
            Some(api) => answered::walk(api, open.version, left, &mut from)?,
            None => None,
        };
        walk.map_or(Ok(Fit::Loose), |walk| walks(walk, &mut from, budget))
    }))
}

fn fit(read: Read<Fit>) -> Fit {
    match read {
        Ok(fit) => fit,
        Err(Stop::Short) => Fit::Short,
        Err(Stop::Broken(_) | Stop::Over) => Fit::Not,
    }
}

/// Walks as far as the bytes go.
fn walks(mut walk: Walk, from: &mut Reader<'_>, budget: &mut Budget) -> Read<Fit> {
    let pace = walk.go_on(from, &mut |_, _| {});
    budget.spend(walk.fields);
    match pace? {
        // librdkafka ends the oldest `ApiVersions` with an array of nothing.
        Pace::Done if walk.left == 4 && from.rest().starts_with(&[0; 4]) => Ok(Fit::Whole),
        Pace::Done if walk.left > BEHIND => Ok(Fit::Not),
        Pace::Done if walk.is_loose || walk.left > 0 => Ok(Fit::Loose),
        Pace::Done => Ok(Fit::Whole),
        Pace::More => Ok(Fit::Short),
        Pace::Records(length) => record::begins(length, from),
    }
}
