//! Messages in wrappings of SASL (RFC 4422, 3.7): each behind its length, signed or sealed as the mechanism does it.
//!
//! What is signed alone can be read. Windows and MIT sign so, with Kerberos (RFC 4121, 4.2.4) or NTLM (MS-NLMP 2.2.2.9).

use model::conn::Speaker;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::wire;

/// The bytes of a length.
const LENGTH: u64 = 4;
/// The bytes of a signature, or of what stands before it.
const SIGNATURE: u64 = 16;
/// The flag of a Kerberos wrapping that is sealed.
const SEALED: u8 = 1 << 1;

/// What the next bytes are wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// Nobody can read so many bytes.
    Sealed(u64),
    /// What is in it can be read.
    Signed {
        /// Bytes before the messages, and behind them.
        around: [u64; 2],
        /// Bytes of the messages.
        messages: u64,
    },
}

/// The wrapping that begins at the next byte, of which nothing is passed over.
///
/// # Errors
/// `Stop::Short` while more bytes would tell, `Stop::Broken` when it is none.
pub(super) fn wrapping(wire: &Reader<'_>) -> Read<Wrapping> {
    let mut wire = Reader::new(wire.rest(), wire.position(), wire.ahead());
    let length = u64::from(wire.be32()?);
    // RFC 4422 lets a buffer have at most 2^24 - 1 bytes.
    if length == 0 || length >> 24 != 0 {
        return Err(wire.broken("a wrapping has an impossible length"));
    }
    let signed = |before: u64, behind: u64| match length.checked_sub(before + behind) {
        Some(messages @ 1..) => Wrapping::Signed { around: [LENGTH + before, behind], messages },
        Some(0) | None => Wrapping::Sealed(LENGTH + length),
    };
    if length <= SIGNATURE {
        return Ok(Wrapping::Sealed(LENGTH + length));
    }
    Ok(match wire.take(8)? {
        [5, 4, flags, 0xff, e0, e1, r0, r1] if flags & SEALED == 0 => {
            let (extra, rotated) = (u16::from_be_bytes([*e0, *e1]), u16::from_be_bytes([*r0, *r1]));
            match rotated {
                // The signature stands before what it signs, or behind it.
                _ if rotated == extra => signed(SIGNATURE + u64::from(extra), 0),
                0 => signed(SIGNATURE, extra.into()),
                _ => Wrapping::Sealed(LENGTH + length),
            }
        }
        [1, 0, 0, 0, ..] => signed(SIGNATURE, 0),
        // RFC 2831, 2.3: the signature's ten bytes, its version, its number.
        [wire::tag::SEQUENCE, ..] => signed(0, SIGNATURE),
        _ => Wrapping::Sealed(LENGTH + length),
    })
}

/// The same, where what is signed must begin with a message of `speaker`: else it is sealed.
pub(super) fn opened(speaker: Speaker, wire: &Reader<'_>) -> Read<Wrapping> {
    let found = wrapping(wire)?;
    let Wrapping::Signed { around: [before, behind], messages } = found else { return Ok(found) };
    let messages_begin = usize::try_from(before).ok().and_then(|before| wire.rest().get(before..));
    match wire::begins(speaker, messages_begin.ok_or(Stop::Short)?) {
        Ok(()) => Ok(found),
        Err(Stop::Short) if wire.ahead() == Ahead::Open => Err(Stop::Short),
        Err(_) => Ok(Wrapping::Sealed(before + messages + behind)),
    }
}

/// Whether a message of `speaker` begins here, wrapped or not.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Read<()> {
    if bytes.first() != Some(&0) {
        return wire::begins(speaker, bytes);
    }
    let wire = Reader::new(bytes, 0, Ahead::Open);
    match opened(speaker, &wire)? {
        Wrapping::Signed { .. } => Ok(()),
        Wrapping::Sealed(_) => Err(wire.broken("a sealed wrapping may be anybody's")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ahead, Reader, Wrapping, wrapping};

    fn told(bytes: &[u8]) -> Wrapping {
        wrapping(&Reader::new(bytes, 0, Ahead::Open)).unwrap()
    }

    #[test]
    fn what_is_signed_is_told_from_what_is_sealed() {
        let kerberos = |flags, rotated| [0, 0, 0, 40, 5, 4, flags, 0xff, 0, 12, 0, rotated];
        assert_eq!(told(&kerberos(1, 12)), Wrapping::Signed { around: [32, 0], messages: 12 });
        assert_eq!(told(&kerberos(1, 0)), Wrapping::Signed { around: [20, 12], messages: 12 });
        assert_eq!(told(&kerberos(1, 5)), Wrapping::Sealed(44));
        assert_eq!(told(&kerberos(3, 28)), Wrapping::Sealed(44));
        assert_eq!(told(b"\0\0\0\x28\x01\0\0\0abcd"), Wrapping::Signed { around: [20, 0], messages: 24 });
        assert_eq!(
            told(b"\0\0\0\x28\x30\x05\x02\x01\x03\x42\0\0"),
            Wrapping::Signed { around: [4, 16], messages: 24 }
        );
        assert_eq!(told(b"\0\0\0\x28noise, noise"), Wrapping::Sealed(44));
    }
}
