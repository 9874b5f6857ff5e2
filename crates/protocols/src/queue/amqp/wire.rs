//! The bytes of AMQP 0-9-1: frames, texts, tables; section numbers are those of its specification.

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;

/// The octet behind every frame (4.2.3).
pub(super) const END: u8 = 0xce;
/// Frames are no longer than what both sides agreed on, which is 128 KiB nearly everywhere; more is room to spare.
pub(super) const LONGEST: u32 = 16 << 20;
/// Tables in tables are read so deep.
const DEPTH: u8 = 6;

/// The kinds of frames (4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Method,
    Header,
    Body,
    Heartbeat,
}

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) channel: u16,
    /// Bytes of the payload, without the octet behind it.
    pub(super) length: u32,
}

/// Reads what stands before a frame's payload.
#[inline]
pub(super) fn head(wire: &mut Reader<'_>) -> Read<Head> {
    let kind = match wire.u8()? {
        1 => Kind::Method,
        2 => Kind::Header,
        3 => Kind::Body,
        8 => Kind::Heartbeat,
        _ => return Err(wire.broken("no frame is of this kind")),
    };
    let (channel, length) = (wire.be16()?, wire.be32()?);
    let fits = match kind {
        Kind::Method => length >= 4,
        Kind::Header => length >= 14,
        Kind::Body => true,
        Kind::Heartbeat => length == 0 && channel == 0,
    };
    if !fits || length > LONGEST {
        return Err(wire.broken("a frame is shorter or longer than it can be"));
    }
    Ok(Head { kind, channel, length })
}

/// The payload of a frame, whole, and the octet behind it.
pub(super) fn payload<'a>(head: Head, wire: &mut Reader<'a>) -> Read<Reader<'a>> {
    let bytes = wire.take(usize::try_from(head.length).unwrap_or(usize::MAX))?;
    if wire.u8()? != END {
        return Err(wire.broken("a frame does not end where it says"));
    }
    Ok(Reader::new(bytes, wire.position(), Ahead::End))
}

/// A short text (4.2.5.3): one byte of length before it.
#[inline]
pub(super) fn short<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = wire.u8()?;
    wire.take(usize::from(length))
}

/// A long text: four bytes of length before it.
pub(super) fn long<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = wire.be32()?;
    wire.take(usize::try_from(length).unwrap_or(usize::MAX))
}

/// The fields of a table (4.2.5.5) and of those in it, each with its name and its value as text, until one cannot be read.
pub(super) fn fields(table: &[u8], told: &mut dyn FnMut(&[u8], &str)) {
    each(table, DEPTH, told);
}

fn each(table: &[u8], depth: u8, told: &mut dyn FnMut(&[u8], &str)) {
    let mut wire = Reader::new(table, 0, Ahead::End);
    while !wire.rest().is_empty() {
        let Ok(name) = short(&mut wire) else { return };
        if value(name, &mut wire, depth, told).is_err() {
            return;
        }
    }
}

/// One value, told with its name.
fn value(name: &[u8], wire: &mut Reader<'_>, depth: u8, told: &mut dyn FnMut(&[u8], &str)) -> Read<()> {
    // The letters are those that RabbitMQ and its clients use; the specification has others for some.
    let number = match wire.u8()? {
        b't' => return told_as(name, if wire.u8()? == 0 { "false" } else { "true" }, told),
        b'b' => i64::from(wire.u8()?.cast_signed()),
        b'B' => i64::from(wire.u8()?),
        b's' => i64::from(wire.be16()?.cast_signed()),
        b'u' => i64::from(wire.be16()?),
        b'I' => i64::from(wire.be32()?.cast_signed()),
        b'i' => i64::from(wire.be32()?),
        b'l' | b'T' => wire.be64()?.cast_signed(),
        b'f' => return told_as(name, &f32::from_bits(wire.be32()?).to_string(), told),
        b'd' => return told_as(name, &f64::from_bits(wire.be64()?).to_string(), told),
        b'D' => {
            wire.take(5)?;
            return Ok(());
        }
        b'S' | b'x' => return told_as(name, &lossy(long(wire)?), told),
        b'V' => return told_as(name, "null", told),
        b'F' if depth > 0 => {
            let inner = long(wire)?;
            each(inner, depth - 1, told);
            return Ok(());
        }
        b'A' if depth > 0 => {
            let inner = long(wire)?;
            let mut items = Reader::new(inner, 0, Ahead::End);
            while !items.rest().is_empty() {
                value(name, &mut items, depth - 1, told)?;
            }
            return Ok(());
        }
        _ => return Err(Stop::Short),
    };
    told_as(name, &number.to_string(), told)
}

fn told_as(name: &[u8], value: &str, told: &mut dyn FnMut(&[u8], &str)) -> Read<()> {
    told(name, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Head, Kind, fields, head, payload};
    use crate::kit::protocol::Stop;
    use crate::kit::reader::{Ahead, Reader};

    #[test]
    fn a_frame_ends_with_its_octet() {
        let read = |bytes| {
            let mut wire = Reader::new(bytes, 0, Ahead::Open);
            let head = head(&mut wire)?;
            payload(head, &mut wire).map(|_| head)
        };
        let method = Head { kind: Kind::Method, channel: 1, length: 4 };
        assert_eq!(read(b"\x01\0\x01\0\0\0\x04\0\x0a\0\x0b\xce"), Ok(method));
        assert_eq!(read(b"\x01\0\x01\0\0\0\x04\0\x0a\0\x0b"), Err(Stop::Short));
        assert!(matches!(read(b"\x01\0\x01\0\0\0\x04\0\x0a\0\x0b\xcf"), Err(Stop::Broken(_))));
        assert!(matches!(read(b"\x08\0\x01\0\0\0\0\xce"), Err(Stop::Broken(_))));
        assert!(matches!(read(b"GET / HTTP/1.1"), Err(Stop::Broken(_))));
    }

    #[test]
    fn fields_are_told_up_to_what_cannot_be_read() {
        let mut told = Vec::new();
        let table = b"\x01aI\xff\xff\xff\xff\x01bF\0\0\0\x08\x01cS\0\0\0\x01x\x01dt\x01\x01e?\x01ft\0";
        fields(table, &mut |name, value| told.push(format!("{}={value}", String::from_utf8_lossy(name))));
        assert_eq!(told, ["a=-1", "c=x", "d=true"]);
    }
}
