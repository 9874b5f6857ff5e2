//! The blocks of a pcapng file: draft-ietf-opsawg-pcapng, section 4, in little-endian.

use model::time::Time;

/// What a block of packets describes: a packet begins with its IP header (`LINKTYPE_RAW`).
const RAW: u32 = 101;

const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;

const BYTE_ORDER: u32 = 0x1A2B_3C4D;
const VERSION: [u16; 2] = [1, 0];
/// A section says so when it does not know its length.
const UNKNOWN_LENGTH: u64 = u64::MAX;

const END_OF_OPTIONS: u16 = 0;
const COMMENT: u16 = 1;
const APPLICATION: u16 = 4;
const RESOLUTION: u16 = 9;
/// Times count units of ten to the power of minus this: nanoseconds.
const NANOSECONDS: u8 = 9;

/// A comment is cut behind so many bytes: an option's length has sixteen bits, and nobody reads as much.
const COMMENT_MAX: usize = 1024;

/// Appends what every file begins with.
pub(super) fn head(out: &mut Vec<u8>) {
    block(out, SECTION, |out| {
        out.extend(BYTE_ORDER.to_le_bytes());
        VERSION.iter().for_each(|number| out.extend(number.to_le_bytes()));
        out.extend(UNKNOWN_LENGTH.to_le_bytes());
        option(out, APPLICATION, concat!("plainsight ", env!("CARGO_PKG_VERSION")).as_bytes());
        option(out, END_OF_OPTIONS, &[]);
    });
    block(out, INTERFACE, |out| {
        // The link type has two bytes and two that are reserved; then as much of a packet as there is.
        out.extend(RAW.to_le_bytes());
        out.extend(0_u32.to_le_bytes());
        option(out, RESOLUTION, &[NANOSECONDS]);
        option(out, END_OF_OPTIONS, &[]);
    });
}

/// Appends a packet, with a comment unless that is empty.
pub(super) fn packet(out: &mut Vec<u8>, at: Time, packet: &[u8], comment: &str) {
    block(out, PACKET, |out| {
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        out.extend(0_u32.to_le_bytes());
        let [high, low] = [at.0 >> 32, at.0 & u64::from(u32::MAX)];
        for half in [high, low] {
            out.extend(u32::try_from(half).unwrap_or(u32::MAX).to_le_bytes());
        }
        out.extend(length.to_le_bytes());
        out.extend(length.to_le_bytes());
        padded(out, packet);
        if !comment.is_empty() {
            option(out, COMMENT, comment.as_bytes());
            option(out, END_OF_OPTIONS, &[]);
        }
    });
}

/// A block of this kind: its length stands before and behind what `fill` appends.
fn block(out: &mut Vec<u8>, kind: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len();
    out.extend(kind.to_le_bytes());
    out.extend(0_u32.to_le_bytes());
    fill(out);
    let length = u32::try_from(out.len() - begin + size_of::<u32>()).unwrap_or(u32::MAX).to_le_bytes();
    out.extend(length);
    out[begin + size_of::<u32>()..][..length.len()].copy_from_slice(&length);
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(COMMENT_MAX)];
    out.extend(code.to_le_bytes());
    out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    padded(out, value);
}

/// Appends bytes, and zeros up to the next multiple of four.
fn padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(bytes);
    out.resize(out.len() + bytes.len().next_multiple_of(4) - bytes.len(), 0);
}
