//! The messages of one side of a call: found in its data, counted, and the first of them kept.

/// Flag and length before each message.
pub(in crate::web) const PREFIX: usize = 5;

/// The bytes of a message that are kept, as long as it does not come at once.
const SAMPLE: usize = 2 << 10;

/// So many messages of a side are told: a stream of them has no end.
const TOLD: u64 = 4;

/// What gRPC-Web sends as a last message: trailers.
pub(super) const TRAILERS: u8 = 0x80;

/// A message is compressed.
pub(super) const COMPRESSED: u8 = 0x01;

/// The messages of one side.
#[derive(Debug)]
pub(super) struct Messages {
    stage: Stage,
    sample: Vec<u8>,
    count: u64,
    bytes: u64,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The rest of a prefix, of which so many bytes came.
    Prefix([u8; PREFIX], usize),
    Body {
        flag: u8,
        length: u32,
        left: u32,
    },
    /// Nobody knows: the length of a message was lost, or is none.
    Lost,
}

/// A message that came to its end.
pub(super) struct Message<'a> {
    pub(super) flag: u8,
    /// What was kept of it.
    pub(super) bytes: &'a [u8],
    pub(super) length: usize,
}

/// What passes of the messages.
pub(super) enum Part<'a> {
    Begin { flag: u8 },
    Bytes(&'a [u8]),
    End,
}

impl Default for Messages {
    fn default() -> Self {
        Messages { stage: Stage::Prefix([0; PREFIX], 0), sample: Vec::new(), count: 0, bytes: 0 }
    }
}

impl Messages {
    /// How many messages there were and their bytes; `None` when some were lost.
    pub(super) fn heard(&self) -> Option<(u64, u64)> {
        match self.stage {
            Stage::Prefix(..) | Stage::Body { .. } => Some((self.count, self.bytes)),
            Stage::Lost => None,
        }
    }

    /// Hears more of them: `tell` is told the first ones, and trailers.
    pub(super) fn hear(&mut self, bytes: &[u8], mut tell: impl FnMut(&Message<'_>)) {
        let mut rest = bytes;
        loop {
            self.stage = match self.stage {
                Stage::Prefix(..) if rest.is_empty() => return,
                Stage::Prefix(prefix, have) => prefixed(prefix, have, &mut rest),
                Stage::Body { left: 1.., .. } if rest.is_empty() => return,
                Stage::Body { flag, length, left } => self.body(flag, length, left, &mut rest, &mut tell),
                Stage::Lost => return,
            };
        }
    }

    /// Hears more of them and keeps nothing: `tell` is told all, and trailers whole.
    pub(super) fn pass(
        &mut self,
        bytes: &[u8],
        mut tell: impl FnMut(Part<'_>),
        trailers: impl FnMut(&Message<'_>),
    ) {
        let (mut rest, mut trailers) = (bytes, trailers);
        loop {
            self.stage = match self.stage {
                Stage::Prefix(..) if rest.is_empty() => return,
                Stage::Prefix(prefix, have) => {
                    let stage = prefixed(prefix, have, &mut rest);
                    if let Stage::Body { flag, .. } = stage
                        && flag & TRAILERS == 0
                    {
                        tell(Part::Begin { flag });
                    }
                    stage
                }
                Stage::Body { left: 1.., .. } if rest.is_empty() => return,
                Stage::Body { flag, length, left } if flag & TRAILERS != 0 => {
                    self.body(flag, length, left, &mut rest, &mut trailers)
                }
                Stage::Body { flag, length, left } => {
                    let wanted = usize::try_from(left).unwrap_or(usize::MAX);
                    let (here, behind) = rest.split_at_checked(wanted).unwrap_or((rest, &[]));
                    rest = behind;
                    tell(Part::Bytes(here));
                    match left - u32::try_from(here.len()).unwrap_or(left) {
                        0 => {
                            self.end(flag, length);
                            tell(Part::End);
                            Stage::Prefix([0; PREFIX], 0)
                        }
                        left => Stage::Body { flag, length, left },
                    }
                }
                Stage::Lost => return,
            };
        }
    }

    fn body(
        &mut self,
        flag: u8,
        length: u32,
        left: u32,
        rest: &mut &[u8],
        tell: &mut impl FnMut(&Message<'_>),
    ) -> Stage {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX);
        let (here, behind) = rest.split_at_checked(wanted).unwrap_or((rest, &[]));
        *rest = behind;
        let left = left - u32::try_from(here.len()).unwrap_or(left);
        if left > 0 {
            let room = SAMPLE - self.sample.len();
            self.sample.extend_from_slice(here.get(..room).unwrap_or(here));
            return Stage::Body { flag, length, left };
        }
        let whole = usize::try_from(length).unwrap_or(usize::MAX);
        let is_told = self.end(flag, length);
        let mut kept = std::mem::take(&mut self.sample);
        if is_told {
            let room = SAMPLE.saturating_sub(kept.len());
            let bytes = if here.len() == whole {
                here
            } else {
                kept.extend_from_slice(here.get(..room).unwrap_or(here));
                &kept
            };
            tell(&Message { flag, bytes, length: whole });
        }
        Stage::Prefix([0; PREFIX], 0)
    }

    /// A message came to its end: whether it is told.
    fn end(&mut self, flag: u8, length: u32) -> bool {
        if flag & TRAILERS != 0 {
            return true;
        }
        self.count += 1;
        self.bytes += u64::from(length);
        self.count <= TOLD
    }

    /// So many bytes will not be heard. Inside of one message, they are that message's.
    pub(super) fn lose(&mut self, length: u64) {
        self.stage = match self.stage {
            Stage::Body { flag, length: whole, left } => match u64::from(left).checked_sub(length) {
                Some(0) => {
                    self.end(flag, whole);
                    self.sample = Vec::new();
                    Stage::Prefix([0; PREFIX], 0)
                }
                Some(left) => Stage::Body { flag, length: whole, left: u32::try_from(left).unwrap_or(0) },
                None => Stage::Lost,
            },
            Stage::Prefix(..) | Stage::Lost => Stage::Lost,
        };
    }
}

/// Whether data that begins so, and is so long, is one message: what is no call's data begins with a letter, or is no
/// longer or shorter than it says by accident.
pub(in crate::web) fn is_message(prefix: [u8; PREFIX], length: u32) -> bool {
    let [flag, said @ ..] = prefix;
    let prefixed = u32::from_be_bytes(said).checked_add(5);
    matches!(flag, 0 | COMPRESSED) && prefixed == Some(length)
}

/// Reads more of a prefix.
fn prefixed(mut prefix: [u8; PREFIX], have: usize, rest: &mut &[u8]) -> Stage {
    let (room, mut have) = (prefix.get_mut(have..).unwrap_or_default(), have);
    for (to, from) in room.iter_mut().zip(*rest) {
        *to = *from;
        have += 1;
    }
    let taken = room.len().min(rest.len());
    *rest = rest.get(taken..).unwrap_or_default();
    let [flag, length @ ..] = prefix;
    match flag {
        _ if have < PREFIX => Stage::Prefix(prefix, have),
        0 | COMPRESSED | TRAILERS => {
            let length = u32::from_be_bytes(length);
            Stage::Body { flag, length, left: length }
        }
        _ => Stage::Lost,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prop_assert_eq, proptest};

    use super::{Message, Messages};

    fn said(messages: &[Vec<u8>]) -> Vec<u8> {
        let prefixed = |message: &Vec<u8>| {
            let length = u32::try_from(message.len()).unwrap();
            [&[0][..], &length.to_be_bytes(), message].concat()
        };
        messages.iter().flat_map(prefixed).collect()
    }

    proptest! {
        #[test]
        fn messages_are_found_however_they_are_cut(
            messages in collection::vec(collection::vec(0..=255_u8, 0..40), 0..8),
            size in 1..64_usize,
        ) {
            let (mut heard, mut told) = (Messages::default(), Vec::new());
            for piece in said(&messages).chunks(size) {
                heard.hear(piece, |message: &Message<'_>| told.push(message.bytes.to_vec()));
            }
            let bytes = messages.iter().map(Vec::len).sum::<usize>() as u64;
            prop_assert_eq!(heard.heard(), Some((messages.len() as u64, bytes)));
            prop_assert_eq!(told, messages.into_iter().take(4).collect::<Vec<_>>());
        }

        #[test]
        fn what_is_lost_is_never_miscounted(
            messages in collection::vec(collection::vec(0..=255_u8, 0..40), 1..8),
            from in 0..200_usize,
            length in 1..200_usize,
        ) {
            let said = said(&messages);
            let from = from.min(said.len() - 1);
            let until = (from + length).min(said.len());
            let mut heard = Messages::default();
            heard.hear(&said[..from], |_| {});
            heard.lose((until - from) as u64);
            heard.hear(&said[until..], |_| {});
            if let Some((count, _)) = heard.heard() {
                prop_assert_eq!(count, messages.len() as u64);
            }
        }
    }
}
