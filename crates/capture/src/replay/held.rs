//! Segments that wait beyond a hole, in order and without overlap, within bounds.

use std::collections::VecDeque;
use std::ops::Range;

use crate::replay::direction::Segment;

/// Bytes that one direction keeps beyond a hole: more than a fast connection has in flight between two
/// acknowledgements (64 KiB windows, 16 of them), little enough for a thousand broken connections.
const BYTES_MAX: usize = 1 << 20;
/// Pieces that one direction keeps beyond a hole, so that one-byte segments stay cheap.
const PIECES_MAX: usize = 2048;
/// What a piece costs beside its bytes.
const PIECE_COST: usize = size_of::<Piece>();

/// Pieces in order of their offsets; no two overlap.
#[derive(Debug, Default)]
pub(super) struct Held {
    pieces: VecDeque<Piece>,
    bytes: usize,
}

/// Bytes that wait, with how many more the capture cut off behind them.
#[derive(Debug)]
pub(super) struct Piece {
    offset: u64,
    /// When they passed.
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) missing: usize,
}

impl Piece {
    fn end(&self) -> u64 {
        self.offset + (self.bytes.len() + self.missing) as u64
    }
}

impl Held {
    /// Where the first piece begins.
    pub(super) fn start(&self) -> Option<u64> {
        self.pieces.front().map(|piece| piece.offset)
    }

    /// Where the last piece ends; 0 when there is none.
    pub(super) fn end(&self) -> u64 {
        self.pieces.back().map_or(0, Piece::end)
    }

    /// What it all costs, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.bytes + self.pieces.len() * PIECE_COST
    }

    /// Whether nothing more should be kept.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > BYTES_MAX || self.pieces.len() > PIECES_MAX
    }

    /// Takes the first piece, when it begins at `offset`.
    pub(super) fn take(&mut self, offset: u64) -> Option<Piece> {
        if self.start() != Some(offset) {
            return None;
        }
        let piece = self.pieces.pop_front()?;
        self.bytes -= piece.bytes.len();
        Some(piece)
    }

    /// Keeps what is new of a segment: of bytes that came twice the first copy wins. How many came before.
    pub(super) fn keep(&mut self, offset: u64, segment: &Segment<'_>) -> usize {
        let Segment { bytes, missing, .. } = *segment;
        let end = offset + (bytes.len() + missing) as u64;
        let mut index = self.pieces.partition_point(|piece| piece.end() <= offset);
        let mut from = offset;
        let mut repeated = 0;
        while from < end {
            let next = self.pieces.get(index).map(|piece| (piece.offset, piece.end()));
            let (start, stop) = next.unwrap_or((end, end));
            if from < start {
                let to = start.min(end);
                let piece = part(offset, segment, from..to);
                self.bytes += piece.bytes.len();
                self.pieces.insert(index, piece);
                index += 1;
                from = to;
            }
            let known = stop.min(end).saturating_sub(from);
            repeated += usize::try_from(known).unwrap_or(usize::MAX);
            from += known;
            index += 1;
        }
        repeated
    }
}

/// The part `from..to` of a segment that begins at `offset`; what lies beyond its bytes is missing.
fn part(offset: u64, segment: &Segment<'_>, Range { start: from, end: to }: Range<u64>) -> Piece {
    let bytes = segment.bytes;
    let place = |position: u64| usize::try_from(position - offset).unwrap_or(usize::MAX).min(bytes.len());
    let bytes = bytes.get(place(from)..place(to)).unwrap_or_default().to_vec();
    let missing = usize::try_from(to - from).unwrap_or(usize::MAX) - bytes.len();
    Piece { offset: from, at: segment.at, bytes, missing }
}
