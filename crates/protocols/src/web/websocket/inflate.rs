//! Compressed messages (RFC 7692): what each side said before is what the next message is compressed with.

use flate2::{Decompress, FlushDecompress, Status};

/// More bytes than this of one message are a bomb: the context is given up.
const BOMB: u64 = 16 << 20;

/// So many bytes are unpacked at a time.
const PIECE: usize = 4 << 10;

/// What ends every message, and is not sent (RFC 7692, 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// How messages of one side are compressed, as the upgrade agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Agreed {
    /// They are not.
    #[default]
    No,
    /// With what was said before.
    WithContext,
    /// Each for itself.
    WithoutContext,
}

/// What unpacks one side's messages.
#[derive(Debug, Default)]
pub(super) struct Inflate {
    agreed: Agreed,
    context: Context,
    /// Of this message so many bytes came out.
    unpacked: u64,
}

#[derive(Debug, Default)]
enum Context {
    /// Nothing was compressed yet.
    #[default]
    Empty,
    Open(Box<Decompress>),
    /// Some of it was not heard, or cannot be: what follows is compressed with it.
    Lost,
}

impl Inflate {
    pub(super) fn new(agreed: Agreed) -> Self {
        Inflate { agreed, ..Inflate::default() }
    }

    pub(super) fn agreed(&self) -> Agreed {
        self.agreed
    }

    /// Unpacks more of a message, and keeps as much of it as there is room for.
    pub(super) fn hear(&mut self, bytes: &[u8], kept: &mut Vec<u8>, limit: usize) {
        if matches!(self.context, Context::Empty) {
            self.context = Context::Open(Box::new(Decompress::new(false)));
        }
        let Context::Open(context) = &mut self.context else { return };
        let mut rest = bytes;
        let mut piece = [0; PIECE];
        loop {
            let (read, written) = (context.total_in(), context.total_out());
            let status = context.decompress(rest, &mut piece, FlushDecompress::Sync);
            let taken = usize::try_from(context.total_in() - read).unwrap_or(0);
            let length = usize::try_from(context.total_out() - written).unwrap_or(0);
            rest = rest.get(taken..).unwrap_or_default();
            let room = limit.saturating_sub(kept.len()).min(length);
            kept.extend_from_slice(piece.get(..room).unwrap_or_default());
            self.unpacked += length as u64;
            let goes_on = match status {
                // A last block ends the stream: the next message begins another one.
                Ok(Status::StreamEnd) => {
                    context.reset(false);
                    !rest.is_empty()
                }
                Ok(Status::Ok | Status::BufError) => {
                    (taken > 0 || length > 0) && (!rest.is_empty() || length == PIECE)
                }
                Err(_) => return self.context = Context::Lost,
            };
            if self.unpacked > BOMB {
                return self.context = Context::Lost;
            }
            if !goes_on {
                return;
            }
        }
    }

    /// A message came to its end: how long it is, if that could be told.
    pub(super) fn end(&mut self, kept: &mut Vec<u8>, limit: usize) -> Option<u64> {
        self.hear(&TAIL, kept, limit);
        let length = std::mem::take(&mut self.unpacked);
        let is_known = matches!(self.context, Context::Open(_));
        if self.agreed == Agreed::WithoutContext {
            match &mut self.context {
                Context::Open(context) => context.reset(false),
                Context::Empty | Context::Lost => self.context = Context::Empty,
            }
        }
        is_known.then_some(length)
    }

    /// Bytes were lost.
    pub(super) fn lose(&mut self) {
        self.unpacked = 0;
        self.context = match self.agreed {
            Agreed::WithContext => Context::Lost,
            Agreed::No | Agreed::WithoutContext => Context::Empty,
        };
    }
}
