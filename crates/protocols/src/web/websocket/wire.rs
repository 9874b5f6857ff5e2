//! Bytes to frames: their heads, and where they begin; pure and borrowed.

use model::conn::Speaker;

use crate::kit::chain::{Chain, seek};
use crate::kit::protocol::Sought;

/// The longest payload of a control frame (RFC 6455, 5.5).
const CONTROL: u64 = 125;

/// So many frames that follow each other are no accident.
const CERTAIN: usize = 3;

/// The head of a frame (RFC 6455, 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) is_last: bool,
    pub(super) is_compressed: bool,
    pub(super) kind: Kind,
    /// The bytes that follow.
    pub(super) length: u64,
    /// What they are hidden with.
    pub(super) mask: [u8; 4],
    /// Its own bytes.
    pub(super) size: usize,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// Why there is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoHead {
    Short,
    Broken(&'static str),
}

impl Kind {
    pub(super) fn is_control(self) -> bool {
        matches!(self, Kind::Close | Kind::Ping | Kind::Pong)
    }

    /// Its name in records.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Continuation => "continuation",
            Kind::Text => "text",
            Kind::Binary => "binary",
            Kind::Close => "close",
            Kind::Ping => "ping",
            Kind::Pong => "pong",
        }
    }
}

/// Reads the head of a frame of `speaker`.
pub(super) fn head(bytes: &[u8], speaker: Speaker) -> Result<Head, NoHead> {
    let [first, second, rest @ ..] = bytes else { return Err(NoHead::Short) };
    let kind = match first & 0x0f {
        0 => Kind::Continuation,
        1 => Kind::Text,
        2 => Kind::Binary,
        8 => Kind::Close,
        9 => Kind::Ping,
        10 => Kind::Pong,
        _ => return Err(NoHead::Broken("a frame is of no kind")),
    };
    if first & 0x30 != 0 {
        return Err(NoHead::Broken("a frame has a mark of nobody's"));
    }
    // Servers hide nothing. Clients have to (RFC 6455, 5.1), and some do not, which some servers do not mind.
    let is_masked = second & 0x80 != 0;
    if is_masked && speaker == Speaker::Server {
        return Err(NoHead::Broken("a server's frame is masked"));
    }
    let (length, extended) = match second & 0x7f {
        126 => (rest.first_chunk().map(|l| u64::from(u16::from_be_bytes(*l))), 2),
        127 => (rest.first_chunk().map(|l| u64::from_be_bytes(*l)), 8),
        short => (Some(u64::from(short)), 0),
    };
    let length = length.ok_or(NoHead::Short)?;
    if length >> 62 != 0 {
        return Err(NoHead::Broken("a frame is longer than anything"));
    }
    let mask = match is_masked {
        true => *rest.get(extended..).and_then(<[u8]>::first_chunk).ok_or(NoHead::Short)?,
        false => [0; 4],
    };
    let (is_last, is_compressed) = (first & 0x80 != 0, first & 0x40 != 0);
    if kind.is_control() && (!is_last || is_compressed || length > CONTROL) {
        return Err(NoHead::Broken("a control frame is cut, or too long"));
    }
    let size = 2 + extended + if is_masked { 4 } else { 0 };
    Ok(Head { is_last, is_compressed, kind, length, mask, size })
}

/// Where a frame of `speaker` begins: others follow it, or it ends with the bytes.
pub(super) fn find(bytes: &[u8], speaker: Speaker) -> Sought {
    seek(bytes, 0..bytes.len(), |rest| chain(rest, speaker))
}

fn chain(bytes: &[u8], speaker: Speaker) -> Chain {
    let mut rest = bytes;
    for _ in 0..CERTAIN {
        match head(rest, speaker) {
            Err(NoHead::Broken(_)) => return Chain::Broken,
            Err(NoHead::Short) => return Chain::Open,
            // Those that do not are not found again: anything looks like theirs.
            Ok(head) if speaker == Speaker::Client && head.mask == [0; 4] => return Chain::Broken,
            Ok(head) => {
                let end = usize::try_from(head.length).ok().and_then(|length| head.size.checked_add(length));
                match end.and_then(|end| rest.get(end..)) {
                    Some([]) => return Chain::Sound,
                    Some(behind) => rest = behind,
                    None => return Chain::Open,
                }
            }
        }
    }
    Chain::Sound
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;

    use super::{Head, Kind, NoHead, find, head};
    use crate::kit::protocol::Sought;

    #[test]
    fn heads_are_read() {
        let masked = head(b"\x81\x82\x01\x02\x03\x04", Speaker::Client);
        let told = Head {
            is_last: true,
            is_compressed: false,
            kind: Kind::Text,
            length: 2,
            mask: [1, 2, 3, 4],
            size: 6,
        };
        assert_eq!(masked, Ok(told));
        let long = head(b"\x42\x7f\0\0\0\0\0\x01\0\0", Speaker::Server).unwrap();
        assert_eq!((long.length, long.size, long.is_last, long.is_compressed), (1 << 16, 10, false, true));
        assert_eq!(head(b"\x82\x7e\x01", Speaker::Server), Err(NoHead::Short));
        for broken in [&b"\x83\x00"[..], b"\xa1\x00", b"\x09\x00", b"\x89\x7e\x01\x00", b"\x81\x82abcd"] {
            assert!(matches!(head(broken, Speaker::Server), Err(NoHead::Broken(_))), "{broken:?}");
        }
        assert_eq!(head(b"\x81\x02ab", Speaker::Client).map(|head| (head.size, head.mask)), Ok((2, [0; 4])));
    }

    #[test]
    fn frames_are_found_again() {
        assert_eq!(find(b"rest of it\x81\x02hi\x89\x00", Speaker::Server), Sought::At(10));
        assert_eq!(find(b"nothing at all", Speaker::Client), Sought::Behind(13));
    }
}
