//! A file read from front to back through one bounded buffer, unpacked when it is compressed.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

/// What one read asks for: large enough that the system call's own cost vanishes, small enough for the cache.
const CHUNK: usize = 128 << 10;

/// A file's bytes, as a window that moves forward.
pub(super) struct Feed {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    finished: bool,
    damaged: bool,
    read: Arc<AtomicU64>,
    total: u64,
}

impl Feed {
    /// The file at `path`; a gzip file is unpacked on the way.
    pub(super) fn open(path: &Path) -> io::Result<Feed> {
        let file = File::open(path)?;
        let total = file.metadata()?.len();
        let mut feed = Feed::new(Box::new(file), total);
        if feed.peek(2)? == [0x1f, 0x8b] {
            let packed = Unread { front: feed.window().to_vec(), at: 0, rest: feed.input };
            let unpacked = Feed::new(Box::new(MultiGzDecoder::new(packed)), total);
            feed = Feed { read: feed.read, ..unpacked };
        }
        Ok(feed)
    }

    fn new(input: Box<dyn Read + Send>, total: u64) -> Feed {
        let read = Arc::new(AtomicU64::new(0));
        let input = Box::new(Counted { input, read: Arc::clone(&read) });
        Feed { input, buffer: Vec::new(), start: 0, end: 0, finished: false, damaged: false, read, total }
    }

    /// How many bytes of the file were read, and how many it has.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed), self.total)
    }

    /// Whether the compressed stream ended early or broke its format.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// The next `length` bytes, or fewer at the end of the file. Moves the buffer: earlier ranges are void.
    #[inline]
    pub(super) fn peek(&mut self, length: usize) -> io::Result<&[u8]> {
        if self.end - self.start < length {
            self.fill(length)?;
        }
        Ok(self.window().get(..length).unwrap_or_else(|| self.window()))
    }

    /// What is in the buffer and was not taken.
    #[inline]
    pub(super) fn window(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_else(nothing)
    }

    /// Takes `length` bytes that were peeked, and says where they stand until the next peek.
    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Range<usize> {
        let from = self.start;
        self.start = (from + length).min(self.end);
        from..self.start
    }

    /// The bytes of a range that [`Feed::take`] gave.
    #[inline]
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_else(nothing)
    }

    /// Passes over `length` bytes without keeping them; how many there were.
    pub(super) fn skip(&mut self, length: u64) -> io::Result<u64> {
        let mut skipped = 0;
        while skipped < length {
            let step = usize::try_from(length - skipped).unwrap_or(usize::MAX).min(CHUNK);
            let taken = self.peek(step)?.len();
            if taken == 0 {
                break;
            }
            self.take(taken);
            skipped += taken as u64;
        }
        Ok(skipped)
    }

    #[cold]
    fn fill(&mut self, length: usize) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let room = length.max(CHUNK);
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        while self.end < length && !self.finished {
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(free) {
                Ok(0) => self.finished = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_damage(&error) => {
                    self.finished = true;
                    self.damaged = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What stands beyond the buffer; out of line, so that the way to the bytes is a straight one.
#[cold]
fn nothing<'a>() -> &'a [u8] {
    &[]
}

/// Whether the decompressor, and not the disk, refused.
fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | InvalidInput | InvalidData)
}

/// Counts what passes.
struct Counted {
    input: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A stream whose front was read and put back.
struct Unread {
    front: Vec<u8>,
    at: usize,
    rest: Box<dyn Read + Send>,
}

impl Read for Unread {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut front = self.front.get(self.at..).unwrap_or_default();
        if front.is_empty() {
            return self.rest.read(into);
        }
        let count = front.read(into)?;
        self.at += count;
        Ok(count)
    }
}
