//! The frames that envelopes of version 5 travel in once the sides have agreed (native_protocol_v5.spec 2.2): a header
//! with a checksum of its own, envelopes or a piece of one, a checksum of those.
//!
//! The header's checksum is tested: it proves where a frame begins. That of the payload is passed over, for of long payloads
//! only the beginning is looked at.

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;

/// The bytes of the payload's checksum.
pub(super) const TRAILER: u64 = 4;
/// What a header's checksum begins with, and the polynomial that it is divided by.
const BEGIN: u32 = 0x0087_5060;
const POLYNOMIAL: u32 = 0x0197_4f0b;
/// The remainders of all bytes.
static REMAINDERS: [u32; 256] = remainders();
/// The bits of a header: a length of the payload, whether it is whole envelopes.
const LENGTH: u64 = (1 << 17) - 1;

/// Whether payloads may be packed, which makes headers longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Packed,
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Bytes of the payload as it is sent.
    pub(super) length: u64,
    /// Bytes of it when it is unpacked; `None` when it is not packed.
    pub(super) unpacked: Option<usize>,
    pub(super) holds: Holds,
    /// Bytes of the header.
    pub(super) header: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Whole envelopes.
    Envelopes,
    /// A piece of one that is longer than a frame.
    Piece,
}

impl Frame {
    /// Bytes of the frame.
    pub(super) fn size(self) -> u64 {
        self.header + self.length + TRAILER
    }
}

/// The frame that begins here, which stays unread, and in which form.
///
/// # Errors
/// [`Stop::Broken`](crate::kit::protocol::Stop::Broken) when none does.
pub(super) fn any(wire: &Reader<'_>) -> Read<(Form, Frame)> {
    match frame(Form::Plain, wire) {
        Ok(frame) => Ok((Form::Plain, frame)),
        Err(_) => Ok((Form::Packed, frame(Form::Packed, wire)?)),
    }
}

/// The same in this form.
pub(super) fn frame(form: Form, wire: &Reader<'_>) -> Read<Frame> {
    let bits = match form {
        Form::Plain => checked::<3, 6>(wire)?,
        Form::Packed => checked::<5, 8>(wire)?,
    };
    let length = bits & LENGTH;
    let (unpacked, flags, header) = match form {
        Form::Plain => (0, bits >> 17, 6),
        Form::Packed => (bits >> 17 & LENGTH, bits >> 34, 8),
    };
    let holds = if flags & 1 == 0 { Holds::Piece } else { Holds::Envelopes };
    if length == 0 || flags > 1 {
        return Err(wire.broken("a frame has bits that nobody knows"));
    }
    // What would not have become shorter is sent as it is, and its other length as 0.
    let unpacked = usize::try_from(unpacked).ok().filter(|unpacked| *unpacked > 0);
    Ok(Frame { length, unpacked, holds, header })
}

/// The first `BITS` bytes of a header of `ALL`, of which the last three are their checksum.
fn checked<const BITS: usize, const ALL: usize>(wire: &Reader<'_>) -> Read<u64> {
    let header = wire.peek(ALL)?;
    let (bits, sum) = header.split_at_checked(BITS).unwrap_or_default();
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
    if number(sum) == u64::from(checksum(bits)) {
        Ok(number(bits))
    } else {
        Err(wire.broken("a frame's header differs from its checksum"))
    }
}

/// The CRC of 24 bits.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(BEGIN, |sum, byte| {
        let [_, first, ..] = sum.to_be_bytes();
        let remainder = REMAINDERS.get(usize::from(first ^ byte)).copied().unwrap_or_default();
        (sum << 8 & 0x00ff_ffff) ^ remainder
    })
}

const fn remainders() -> [u32; 256] {
    let mut all = [0; 256];
    let mut byte = 0;
    while byte < all.len() {
        #[expect(clippy::cast_possible_truncation, reason = "there are 256 bytes")]
        let mut sum = (byte as u32) << 16;
        let mut bit = 0;
        while bit < 8 {
            sum <<= 1;
            if sum & 0x0100_0000 != 0 {
                sum ^= POLYNOMIAL;
            }
            bit += 1;
        }
        #[expect(clippy::indexing_slicing, reason = "within its length")]
        {
            all[byte] = sum;
        }
        byte += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Form, Frame, Holds, any};
    use crate::kit::reader::{Ahead, Reader};

    fn read(header: &[u8]) -> Option<(Form, Frame)> {
        any(&Reader::new(header, 0, Ahead::Open)).ok()
    }

    /// As `cassandra.segment.SegmentCodec.encode_header` of the Python driver 3.30 writes them.
    #[test]
    fn headers_are_read_as_a_driver_writes_them() {
        let cases: [(&[u8], Form, Frame); 4] = [
            (
                b"\x1d\x00\x02c:,",
                Form::Plain,
                Frame { length: 29, unpacked: None, holds: Holds::Envelopes, header: 6 },
            ),
            (
                b"\xff\xff\x018\x91\xfe",
                Form::Plain,
                Frame { length: 131_071, unpacked: None, holds: Holds::Piece, header: 6 },
            ),
            (
                b"\x1d\x00\x00\x00\x04\xa8\x8d\xb8",
                Form::Packed,
                Frame { length: 29, unpacked: None, holds: Holds::Envelopes, header: 8 },
            ),
            (
                b"\x1d\x00\xc8\x00\x04\x94\xaa\x13",
                Form::Packed,
                Frame { length: 29, unpacked: Some(100), holds: Holds::Envelopes, header: 8 },
            ),
        ];
        for (header, form, frame) in cases {
            assert_eq!(read(header), Some((form, frame)));
            for at in 0..header.len() {
                let mut wrong = header.to_vec();
                wrong[at] ^= 1;
                assert_eq!(read(&wrong), None, "byte {at} of {header:?} is another");
            }
        }
    }
}
