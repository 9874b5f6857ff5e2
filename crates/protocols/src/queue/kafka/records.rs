//! Batches of records (<https://kafka.apache.org/documentation/#messageformat>): counted, sampled, and passed over.

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::packed::{GATHERED, Way};
use super::record::{self, Record};

/// So many records of one request or answer are kept as samples.
pub(super) const SAMPLES: usize = 5;
/// So many bytes of a batch are looked at for them.
const LOOKED: usize = 16 << 10;
/// So many bytes of packed messages of the old formats are looked at to count them.
const COUNTED: usize = 1 << 20;

/// The offset, the size, four bytes that mean different things, and the format: so begin all formats.
pub(super) const BEGIN: usize = 17;
/// What the size does not count.
const BEFORE: usize = 12;
/// The shortest message of the oldest format, as its size counts it.
const SHORTEST: u32 = 14;
/// The bytes of a batch's head, and where its attributes and its count stand.
const HEAD: usize = 61;
const ATTRIBUTES: usize = 21;
const COUNT: usize = 57;
/// The bit of a batch's attributes that says that it marks the end of a transaction.
const CONTROL: u16 = 1 << 5;

/// The records of one partition, and of those before it.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Bytes of this partition that were not read.
    left: u64,
    /// How many there are.
    count: u64,
    /// Whether there are more than were counted.
    uncounted: bool,
    /// How many were kept.
    kept: usize,
    way: Option<Way>,
}

impl Records {
    /// So many bytes of records come.
    pub(super) fn begin(&mut self, length: u64) {
        self.left = length;
    }

    /// Whether some of them were not read.
    pub(super) fn goes_on(&self) -> bool {
        self.left > 0
    }

    /// How many there were; `None` if some could not be counted.
    pub(super) fn count(&self) -> Option<u64> {
        (!self.uncounted).then_some(self.count)
    }

    /// How the first packed ones were packed.
    pub(super) fn way(&self) -> Option<Way> {
        self.way
    }

    /// Reads what is there of them: whether that was all.
    pub(super) fn go_on(&mut self, from: &mut Reader<'_>, keep: &mut impl FnMut(&Record<'_>)) -> Read<bool> {
        while self.left > 0 {
            if from.debt() > 0 {
                return Ok(false);
            }
            let mut step = Reader::new(from.rest(), from.position(), from.ahead());
            match self.step(&mut step, keep) {
                Ok(()) => {}
                // The server cut the last one at the size that was asked for.
                Err(Stop::Short) if from.rest().len() as u64 >= self.left => step.skip(self.left),
                Err(Stop::Short) => match from.ahead() {
                    Ahead::Hole(_) => {
                        self.uncounted = true;
                        step = Reader::new(from.rest(), from.position(), from.ahead());
                        step.skip(self.left);
                    }
                    Ahead::Open | Ahead::End => return Ok(false),
                },
                Err(stop) => return Err(stop),
            }
            let passed = step.taken() as u64 + step.debt();
            self.left = self.left.saturating_sub(passed);
            from.skip(passed);
        }
        Ok(from.debt() == 0)
    }

    /// Reads one batch, or one message of the old formats.
    fn step(&mut self, step: &mut Reader<'_>, keep: &mut impl FnMut(&Record<'_>)) -> Read<()> {
        if self.left < BEGIN as u64 {
            step.skip(self.left);
            return Ok(());
        }
        let Some([_, _, _, _, _, _, _, _, a, b, c, d, _, _, _, _, format]) =
            step.peek(BEGIN)?.first_chunk::<BEGIN>()
        else {
            return Err(Stop::Short);
        };
        let size = u32::from_be_bytes([*a, *b, *c, *d]);
        if !(SHORTEST..=i32::MAX.unsigned_abs()).contains(&size) {
            return Err(step.broken("a batch of records has an impossible size"));
        }
        let length = u64::from(size) + BEFORE as u64;
        if length > self.left {
            step.skip(self.left);
            return Ok(());
        }
        match format {
            0 | 1 => self.message(length, step, keep),
            2 => self.batch(length, step, keep),
            _ => Err(step.broken("a batch of records has a format that nobody knows")),
        }
    }

    fn batch(&mut self, length: u64, step: &mut Reader<'_>, keep: &mut impl FnMut(&Record<'_>)) -> Read<()> {
        let Some(body) = length.checked_sub(HEAD as u64) else {
            return Err(step.broken("a batch of records is shorter than its head"));
        };
        let head = step.take(HEAD)?;
        let attributes = head.get(ATTRIBUTES..).and_then(<[u8]>::first_chunk);
        let attributes = u16::from_be_bytes(*attributes.unwrap_or(&[0; 2]));
        let count = head.get(COUNT..).and_then(<[u8]>::first_chunk);
        let count = u32::from_be_bytes(*count.unwrap_or(&[0; 4]));
        if attributes & CONTROL != 0 {
            step.skip(body);
            return Ok(());
        }
        let way = Way::of(attributes);
        if self.kept >= SAMPLES || count == 0 {
            step.skip(body);
        } else {
            let body = step.sample(body, if way.is_some() { GATHERED } else { LOOKED })?;
            let unpacked;
            let mut records = match way {
                None => Reader::new(body.bytes, 0, Ahead::Open),
                Some(way) => {
                    unpacked = way.unpack(body.bytes, LOOKED);
                    Reader::new(&unpacked, 0, Ahead::Open)
                }
            };
            let wanted = (SAMPLES - self.kept).min(count as usize);
            self.kept += record::read(wanted, &mut records, keep);
        }
        self.way = self.way.or(way);
        self.count += u64::from(count);
        Ok(())
    }

    /// Reads a message of the formats before 0.11: with packed ones in it, or alone.
    fn message(
        &mut self,
        length: u64,
        step: &mut Reader<'_>,
        keep: &mut impl FnMut(&Record<'_>),
    ) -> Read<()> {
        let attributes = step.peek(BEGIN + 1)?.last().copied().unwrap_or_default();
        if self.kept >= SAMPLES && Way::of(attributes.into()).is_none() {
            self.count += 1;
            step.skip(length);
            return Ok(());
        }
        let message = step.sample(length, GATHERED)?;
        let Some(message) = record::old(message.bytes) else {
            self.count += 1;
            return Ok(());
        };
        let Some(way) = message.way else {
            self.count += 1;
            if self.kept < SAMPLES {
                self.kept += 1;
                keep(&message.record);
            }
            return Ok(());
        };
        self.way = self.way.or(Some(way));
        let content = way.unpack(message.record.value.unwrap_or_default().bytes, COUNTED);
        self.count_old(&content, keep);
        Ok(())
    }

    /// Counts the messages that were packed in another.
    fn count_old(&mut self, content: &[u8], keep: &mut impl FnMut(&Record<'_>)) {
        let mut rest = content;
        self.uncounted |= rest.is_empty();
        while !rest.is_empty() {
            let size = rest.get(8..BEFORE).and_then(<[u8]>::first_chunk);
            let Some(size) = size.map(|size| u32::from_be_bytes(*size) as usize) else { break };
            let Some((message, behind)) = rest.split_at_checked(size.saturating_add(BEFORE)) else {
                break;
            };
            self.count += 1;
            if self.kept < SAMPLES
                && let Some(message) = record::old(message)
            {
                self.kept += 1;
                keep(&message.record);
            }
            rest = behind;
        }
        self.uncounted |= !rest.is_empty();
    }
}
