//! Chains: whether bytes read like packets of this protocol, for recognition and for finding the thread again.

use model::conn::Speaker;

use crate::kit::chain::Chain;
use crate::kit::reader::{Ahead, Reader};

use super::calls::called;
use super::login::{self, Introduction};
use super::shape::COLMETADATA;
use super::tokens::{Done, token};
use super::types::{self, Place};
use super::wire::{
    HEADER, HEADERS, Header, SMP, SMP_HEADER, behind_headers, header, kind, length_of_headers, session_header,
};

/// So many letters of a statement are looked at.
const LOOK: usize = 8;
/// As many columns as a table has at most, and a result.
const COLUMNS: u16 = 4096;

/// Whether `bytes` begin with a message of `speaker`.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Chain {
    let wire = Reader::new(bytes, 0, Ahead::Open);
    if bytes.first() == Some(&SMP) {
        return match session_header(&wire) {
            Ok(around) if around.length as usize == SMP_HEADER => Chain::Open,
            Ok(around) => match packet(speaker, bytes.get(SMP_HEADER..).unwrap_or_default()) {
                (Chain::Sound, Some(inside)) => {
                    Chain::from(usize::from(inside.length) + SMP_HEADER == around.length as usize)
                }
                (found, _) => found,
            },
            Err(stop) => Chain::from(Err::<(), _>(stop)),
        };
    }
    packet(speaker, bytes).0
}

fn packet(speaker: Speaker, bytes: &[u8]) -> (Chain, Option<Header>) {
    let header = match header(&Reader::new(bytes, 0, Ahead::Open)) {
        Ok(header) => header,
        Err(stop) => return (Chain::from(Err::<(), _>(stop)), None),
    };
    let length = usize::from(header.length).min(bytes.len());
    let body = bytes.get(HEADER..length).unwrap_or_default();
    // A message begins with its first packet; some clients never count, others on and on.
    let counts_on = speaker == Speaker::Client && length_of_headers(body).is_some();
    let found = if header.number > 1 && !counts_on && body.len() >= HEADERS {
        Chain::Broken
    } else if body.len() as u64 == header.body() {
        match message(speaker, header, body) {
            Chain::Open if header.ends() => Chain::Broken,
            found => found,
        }
    } else {
        message(speaker, header, body)
    };
    (found, Some(header))
}

/// Whether a body, as far as it is there, is the beginning of what its header says.
fn message(speaker: Speaker, header: Header, body: &[u8]) -> Chain {
    match (speaker, header.kind) {
        (Speaker::Client, kind::PRELOGIN) => Chain::from(login::prelogin(body)),
        (Speaker::Client, kind::LOGIN) => match Introduction::read(body) {
            Ok(introduction) if header.ends() => Chain::from(introduction.length() == header.body()),
            read => Chain::from(read),
        },
        (Speaker::Client, kind::BATCH) => behind(body, statement),
        (Speaker::Client, kind::RPC) => {
            behind(body, |body| Chain::from(called(&mut Reader::new(body, 0, Ahead::Open))))
        }
        (Speaker::Client, kind::TRANSACTION) => match length_of_headers(body) {
            Some(_) => behind(body, |body| match body {
                [0..=9, 0, ..] => Chain::Sound,
                [] | [0..=9] => Chain::Open,
                _ => Chain::Broken,
            }),
            None if body.len() < HEADERS => Chain::Open,
            None => Chain::Broken,
        },
        (Speaker::Client, kind::BULK) => first_token(body),
        (Speaker::Server, kind::RESULT) => match login::prelogin(body) {
            Ok(_) => Chain::Sound,
            Err(_) => first_token(body),
        },
        _ => Chain::Broken,
    }
}

/// What stands behind the headers of a statement or call.
fn behind(body: &[u8], is: impl Fn(&[u8]) -> Chain) -> Chain {
    let total = body.first_chunk().map(|total| u32::from_le_bytes(*total));
    match (length_of_headers(body), total) {
        (Some(length), _) if body.len() < length => Chain::Open,
        (None, None) => Chain::Open,
        (None, Some(0..=0xfff)) if body.len() < HEADERS => Chain::Open,
        _ => is(behind_headers(body)),
    }
}

/// Whether a text begins as a statement does: letters of which most have no upper byte.
fn statement(text: &[u8]) -> Chain {
    let (letters, _) = text.as_chunks::<2>();
    let look = letters.get(..LOOK).unwrap_or(letters);
    let is_text = |[low, high]: &[u8; 2]| *high == 0 && (low.is_ascii_graphic() || low.is_ascii_whitespace());
    let is_begin = |[low, high]: &[u8; 2]| {
        *high == 0 && (low.is_ascii_alphabetic() || low.is_ascii_whitespace() || b"(/-{;@[#".contains(low))
    };
    match look.first() {
        None => Chain::Open,
        Some(first) if !is_begin(first) => Chain::Broken,
        Some(_) if !look.iter().all(is_text) => Chain::Broken,
        Some(_) if look.len() < 3 => Chain::Open,
        Some(_) => Chain::Sound,
    }
}

/// Whether a body begins with a token of an answer.
fn first_token(body: &[u8]) -> Chain {
    let mut wire = Reader::new(body, 0, Ahead::Open);
    let Ok(first) = wire.u8() else { return Chain::Open };
    match first {
        COLMETADATA => {
            // The numbers before a type grew with version 7.2.
            let column = |room: usize| {
                let mut wire = Reader::new(body.get(1..).unwrap_or_default(), 0, Ahead::Open);
                match wire.le16()? {
                    u16::MAX => Ok(()),
                    1..=COLUMNS => {
                        wire.take(room)?;
                        types::read(&mut wire, Place::Column).map(drop)
                    }
                    _ => Err(wire.broken("a result has too many columns")),
                }
            };
            Chain::from(column(6).or_else(|_| column(4)))
        }
        token::DONE | token::DONEPROC | token::DONEINPROC => {
            let is_narrow = body.len() == Done::size(false);
            Chain::from(Done::read(body, !is_narrow))
        }
        token::ENVCHANGE | token::INFO | token::ERROR | token::LOGINACK | token::ORDER | token::SSPI => {
            counted(body, &mut wire)
        }
        token::RETURNSTATUS => match body {
            [_, _, _, _, _, token::DONE | token::DONEPROC | token::DONEINPROC | token::RETURNVALUE, ..] => {
                Chain::Sound
            }
            _ if body.len() < 6 => Chain::Open,
            _ => Chain::Broken,
        },
        token::RETURNVALUE => match body {
            [_, _, 0, ..] => Chain::Sound,
            _ => Chain::Broken,
        },
        _ => Chain::Broken,
    }
}

/// Whether a token with a length is followed by another one.
fn counted(body: &[u8], wire: &mut Reader<'_>) -> Chain {
    let Ok(length) = wire.le16() else { return Chain::Open };
    if length == 0 {
        return Chain::Broken;
    }
    match body.get(3 + usize::from(length)) {
        None => Chain::Open,
        Some(next) => Chain::from(matches!(
            *next,
            COLMETADATA | token::RETURNSTATUS..=token::FEATUREEXTACK | token::ENVCHANGE..=token::DONEINPROC
        )),
    }
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;

    use super::{Chain, begins};

    #[test]
    fn a_message_begins_as_its_kind_does() {
        let client = |bytes: &[u8]| begins(Speaker::Client, bytes);
        assert_eq!(client(b"\x01\x01\0\x14\0\0\x01\0S\0E\0L\0E\0C\0T\0"), Chain::Sound);
        assert_eq!(client(b"\x01\x01\0\x14\0\0\x01\0S\0E"), Chain::Open);
        assert_eq!(client(b"\x01\x01\0\x14\0\0\x02\0S\0E\0L\0E\0C\0T\0"), Chain::Broken, "it goes on");
        assert_eq!(client(b"\x01\x01\0\x14\0\0\x01\0S\x01E\0L\0E\0C\0T\0"), Chain::Broken);
        let server = |bytes: &[u8]| begins(Speaker::Server, bytes);
        assert_eq!(server(b"\x04\x01\0\x15\0\x33\x01\0\xfd\0\0\0\0\0\0\0\0\0\0\0\0"), Chain::Sound);
        assert_eq!(server(b"\x04\x01\0\x15\0\x33\x01\0\xfd\0\x40\0\0\0\0\0\0\0\0\0\0"), Chain::Broken);
    }

    #[test]
    fn neighbours_are_no_chain() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"\x16\x03\x01\x02\0\x01\0",
            b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0",
            b"\x04\0\0\x01\0\0\0\x08\0\0\0\0\0\0\0\0",
            b"\x01\0\0\x01\x01\x17\0\0\x02\x03def",
        ] {
            for speaker in [Speaker::Client, Speaker::Server] {
                assert_eq!(begins(speaker, bytes), Chain::Broken, "{bytes:?}");
            }
        }
    }
}
