//! Chains: whether bytes read like messages of protocol 3, for recognition and for finding the thread again.

use model::conn::Speaker;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::wire::{HEADER, Packet, header, packet, parameters};

/// So many messages in a row prove a chain, wherever it leads. Random bytes pass for one message once in 2^30.
const PROOF: usize = 4;
/// As many are enough when the last of them goes on beyond the bytes that are there.
const OPEN_PROOF: usize = 2;

/// Whether `bytes` begin with messages of `speaker`.
pub(super) fn chain(speaker: Speaker, bytes: &[u8]) -> Chain {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    for whole in 0..PROOF {
        if wire.rest().is_empty() {
            return if whole > 0 { Chain::Sound } else { Chain::Open };
        }
        let open = if whole >= OPEN_PROOF { Chain::Sound } else { Chain::Open };
        let Some(tag) = wire.rest().first() else { return Chain::Open };
        let Ok(header) = header(speaker, &wire) else {
            let begun = wire.rest().len() < HEADER && is_tag(speaker, *tag);
            return if begun { open } else { Chain::Broken };
        };
        wire.skip(HEADER as u64);
        let body = wire.rest();
        let whole_body = usize::try_from(header.body).ok().and_then(|length| body.get(..length));
        match whole_body {
            Some(body) if is_body(speaker, header.tag, body) => wire.skip(u64::from(header.body)),
            Some(_) => return Chain::Broken,
            None if is_beginning(speaker, header.tag, body) => return open,
            None => return Chain::Broken,
        }
    }
    Chain::Sound
}

/// Whether `bytes` begin with a start-up packet that names a user.
///
/// One that asks for encryption or a cancel names nobody and is as good.
pub(super) fn startup(bytes: &[u8]) -> Chain {
    // No such packet is so long that its length begins otherwise.
    if bytes.first() != Some(&0) {
        return Chain::Broken;
    }
    match packet(&Reader::new(bytes, 0, Ahead::Open)) {
        Ok((Packet::Startup(_, body), _)) if !parameters(body).any(|(name, _)| name == b"user") => {
            Chain::Broken
        }
        Ok(_) => Chain::Sound,
        Err(Stop::Short) => Chain::Open,
        Err(Stop::Broken(_) | Stop::Over) => Chain::Broken,
    }
}

fn is_tag(speaker: Speaker, tag: u8) -> bool {
    match speaker {
        Speaker::Client => b"QPBDECSHXFdcfp".contains(&tag),
        Speaker::Server => b"RKSTtDCZIs123ncENAGHWdVv".contains(&tag),
    }
}

/// Whether the first bytes of a body may be of a message with this tag.
fn is_beginning(speaker: Speaker, tag: u8, body: &[u8]) -> bool {
    match (speaker, tag) {
        (Speaker::Client, b'Q') => is_text(body),
        (Speaker::Server, b'E' | b'N') => body.first().is_none_or(u8::is_ascii_uppercase),
        (Speaker::Client | Speaker::Server, _) => true,
    }
}

/// Whether a whole body is one of a message with this tag.
fn is_body(speaker: Speaker, tag: u8, body: &[u8]) -> bool {
    let mut wire = Reader::new(body, 0, Ahead::End);
    let read = match speaker {
        Speaker::Client => client_body(tag, &mut wire),
        Speaker::Server => server_body(tag, &mut wire),
    };
    matches!(read, Ok(true)) && wire.rest().is_empty()
}

fn client_body(tag: u8, wire: &mut Reader<'_>) -> Read<bool> {
    Ok(match tag {
        b'Q' | b'f' => text(wire)?,
        b'P' => {
            let texts = text(wire)? && text(wire)?;
            let types = wire.be16()?;
            texts && wire.take(usize::from(types) * 4).is_ok()
        }
        b'B' => {
            let names = text(wire)? && text(wire)?;
            names && formats(wire)? && values(wire)? && formats(wire)?
        }
        b'D' | b'C' => matches!(wire.u8()?, b'S' | b'P') && text(wire)?,
        b'E' => text(wire)? && wire.be32()? <= i32::MAX.cast_unsigned(),
        b'F' => {
            wire.be32()?;
            formats(wire)? && values(wire)? && wire.be16()? <= 1
        }
        b'd' | b'p' => {
            wire.skip(wire.rest().len() as u64);
            true
        }
        _ => true,
    })
}

fn server_body(tag: u8, wire: &mut Reader<'_>) -> Read<bool> {
    Ok(match tag {
        b'T' => row_description(wire)?,
        b't' => {
            let types = wire.be16()?;
            wire.take(usize::from(types) * 4).is_ok()
        }
        b'D' => values(wire)?,
        b'C' => wire.rest().first().is_some_and(u8::is_ascii_uppercase) && text(wire)?,
        b'Z' => matches!(wire.u8()?, b'I' | b'T' | b'E'),
        b'E' | b'N' => fields(wire)?,
        b'A' => {
            wire.be32()?;
            text(wire)? && text(wire)?
        }
        b'S' => text(wire)? && text(wire)?,
        b'R' => {
            let kind = wire.be32()?;
            wire.skip(wire.rest().len() as u64);
            kind <= 12
        }
        b'G' | b'H' | b'W' => wire.u8()? <= 1 && formats(wire)?,
        b'd' | b'V' | b'K' | b'v' => {
            wire.skip(wire.rest().len() as u64);
            true
        }
        _ => true,
    })
}

fn row_description(wire: &mut Reader<'_>) -> Read<bool> {
    for _ in 0..wire.be16()? {
        if !text(wire)? {
            return Ok(false);
        }
        wire.take(16)?;
        if wire.be16()? > 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn fields(wire: &mut Reader<'_>) -> Read<bool> {
    loop {
        match wire.u8()? {
            0 => return Ok(true),
            kind if kind.is_ascii_alphabetic() => {
                if !text(wire)? {
                    return Ok(false);
                }
            }
            _ => return Ok(false),
        }
    }
}

fn formats(wire: &mut Reader<'_>) -> Read<bool> {
    for _ in 0..wire.be16()? {
        if wire.be16()? > 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn values(wire: &mut Reader<'_>) -> Read<bool> {
    for _ in 0..wire.be16()? {
        match i32::from_be_bytes(wire.array()?) {
            -1 => {}
            length => match usize::try_from(length) {
                Ok(length) => _ = wire.take(length)?,
                Err(_) => return Ok(false),
            },
        }
    }
    Ok(true)
}

/// A text that ends with a zero byte and holds no control characters.
fn text(wire: &mut Reader<'_>) -> Read<bool> {
    let text = wire.until(0, wire.rest().len())?;
    Ok(is_text(text))
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| *b >= b' ' && *b != 0x7f || matches!(b, b'\t' | b'\n' | b'\r' | 0x0c))
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker::{Client, Server};

    use super::{Chain, chain, startup};

    #[test]
    fn a_chain_must_end_where_its_lengths_say() {
        assert_eq!(chain(Client, b"Q\0\0\0\x0dSELECT 1\0"), Chain::Sound);
        assert_eq!(chain(Client, b"Q\0\0\0\x0eSELECT 1\0"), Chain::Broken);
        assert_eq!(chain(Client, b"Q\0\0\0\x0dSELECT 1"), Chain::Open);
        assert_eq!(chain(Client, b"S\0\0\0\x04S\0\0\0\x04"), Chain::Sound);
        assert_eq!(chain(Server, b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"), Chain::Sound);
        assert_eq!(chain(Server, b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05X"), Chain::Broken);
    }

    #[test]
    fn neighbours_are_no_chain() {
        // MySQL: a COM_STMT_PREPARE of 81 bytes begins like a Query of 22.
        let mut mysql = b"Q\0\0\0\x16SELECT ".to_vec();
        mysql.resize(85, b'x');
        assert_eq!(chain(Client, &mysql), Chain::Broken);
        assert_eq!(chain(Client, b"GET / HTTP/1.1\r\n\r\n"), Chain::Broken);
        assert_eq!(chain(Server, b"HTTP/1.1 200 OK\r\n\r\n"), Chain::Broken);
        assert_eq!(chain(Client, b"\x16\x03\x01\x02\0"), Chain::Broken);
    }

    #[test]
    fn a_startup_packet_names_a_user() {
        assert_eq!(startup(b"\0\0\0\x10\0\x03\0\0user\0a\0\0"), Chain::Sound);
        assert_eq!(startup(b"\0\0\0\x10\0\x03\0\0us"), Chain::Open);
        assert_eq!(startup(b"\0\0\0\x10\0\x03\0\0used\0a\0\0"), Chain::Broken);
    }
}
