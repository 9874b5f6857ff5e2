//! Chains: whether bytes read like packets of this protocol, for recognition and for finding the thread again.

use crate::kit::chain::Chain;
use crate::kit::protocol::Stop;
use crate::kit::reader::{Ahead, Reader};

use super::login::{self, Answer};
use super::reports::{self, Failed};
use super::wire::{FULL, HEADER, Header, command, counted, header, number, tag, until_zero, whole};

/// So many commands in a row prove a chain, wherever it leads.
const PROOF: usize = 3;
/// So many bytes of a statement are looked at.
const LOOK: usize = 32;
/// A greeting, or what a client answers, is no longer than this.
const OPENING: u32 = 16 << 10;
/// A log-in takes no more packets than this: two factors, a switch of plugin, a public key.
const PROOF_STEPS: u8 = 15;
/// The shortest greeting: a version, a thread, a salt, capabilities.
const GREETING: u32 = 21;

/// The header of the first packet, what there is of its body, and what is behind it.
fn first(bytes: &[u8]) -> Option<(Header, &[u8], &[u8])> {
    let header = header(&reader(bytes)).ok()?;
    match whole(bytes) {
        Some(packet) => Some(packet),
        None => Some((header, bytes.get(HEADER..)?, &[])),
    }
}

fn reader(bytes: &[u8]) -> Reader<'_> {
    Reader::new(bytes, 0, Ahead::Open)
}

/// Whether `bytes` begin with a server's greeting, or with its refusal to greet.
pub(super) fn greeting(bytes: &[u8]) -> Chain {
    let Some((header, body, behind)) = first(bytes) else { return Chain::Open };
    if header.sequence != 0
        || !(GREETING..OPENING).contains(&header.length) && body.first() != Some(&tag::ERR)
    {
        return Chain::Broken;
    }
    let is_whole = body.len() == header.length as usize;
    match body.first() {
        None => Chain::Open,
        Some(&tag::ERR) if is_whole => {
            Chain::from(behind.is_empty() && Failed::read(body).is_ok_and(|failed| failed.is_likely()))
        }
        Some(&login::PROTOCOL) => match login::greeting(&mut reader(body)) {
            Ok(_) => Chain::Sound,
            Err(Stop::Short) if !is_whole => Chain::Open,
            Err(_) => Chain::Broken,
        },
        Some(&tag::ERR) => Chain::Open,
        Some(_) => Chain::Broken,
    }
}

/// Whether `bytes` begin with what a client says first: alone, or behind its request for TLS.
pub(super) fn introduction(bytes: &[u8]) -> Chain {
    let Some((header, body, _)) = first(bytes) else { return Chain::Open };
    if !matches!(header.sequence, 1 | 2) || !(32..OPENING).contains(&header.length) {
        return Chain::Broken;
    }
    let is_whole = body.len() == header.length as usize;
    match login::answer(&mut reader(body)) {
        Ok(Answer::Encrypt) => Chain::Sound,
        Ok(Answer::Introduction(introduction)) => Chain::from(introduction.is_likely()),
        Err(Stop::Short) if !is_whole => Chain::Open,
        Err(_) => Chain::Broken,
    }
}

/// Whether `bytes` begin with commands of a client.
pub(super) fn command(bytes: &[u8]) -> Chain {
    let mut rest = bytes;
    for _ in 0..PROOF {
        let Some((header, body, behind)) = first(rest) else { return Chain::Open };
        if header.sequence != 0 || header.length == 0 {
            return Chain::Broken;
        }
        if body.len() < header.length as usize {
            return if body.is_empty() { Chain::Open } else { begun(header, body) };
        }
        if !is_command(body) {
            return Chain::Broken;
        }
        // What follows may be a piece of a file, or the rest of a very long statement.
        if behind.is_empty() || header.length == FULL {
            return Chain::Sound;
        }
        rest = behind;
    }
    Chain::Sound
}

/// Whether a body that goes on may be a command's.
fn begun(header: Header, body: &[u8]) -> Chain {
    match body {
        [command::QUERY | command::STMT_PREPARE, text @ ..] if is_statement(text) => {
            if text.len() >= LOOK {
                Chain::Sound
            } else {
                Chain::Open
            }
        }
        [command::STMT_EXECUTE, ..] if body.len() < 10 => Chain::Open,
        [command::STMT_EXECUTE, ..] => Chain::from(is_run(body)),
        [command::CHANGE_USER | command::STMT_SEND_LONG_DATA | command::STMT_BULK_EXECUTE, ..]
            if header.length > 6 =>
        {
            Chain::Open
        }
        _ => Chain::Broken,
    }
}

/// Whether a whole body is a command's.
fn is_command(body: &[u8]) -> bool {
    let Some((command, rest)) = body.split_first() else { return false };
    match *command {
        command::QUERY | command::STMT_PREPARE => is_statement(rest),
        command::STMT_EXECUTE => is_run(body),
        command::INIT_DB | command::CREATE_DB | command::DROP_DB => !rest.is_empty() && is_text(rest),
        command::FIELD_LIST => {
            let name = until_zero(&mut reader(rest));
            !name.is_empty() && is_text(name)
        }
        command::QUIT
        | command::STATISTICS
        | command::PROCESS_INFO
        | command::DEBUG
        | command::PING
        | command::RESET_CONNECTION => rest.is_empty(),
        command::STMT_CLOSE | command::STMT_RESET | command::PROCESS_KILL => rest.len() == 4,
        command::STMT_FETCH => rest.len() == 8,
        command::SET_OPTION => matches!(rest, [0 | 1, 0]),
        command::STMT_SEND_LONG_DATA => rest.len() >= 6,
        command::STMT_BULK_EXECUTE => matches!(rest, [_, _, _, _, 0 | 64 | 128 | 192, 0, ..]),
        command::CHANGE_USER => is_change(rest),
        command::BINLOG_DUMP => rest.len() >= 10 && is_text(rest.get(10..).unwrap_or_default()),
        command::REGISTER_SLAVE => rest.len() >= 17,
        command::BINLOG_DUMP_GTID => rest.len() >= 22,
        _ => false,
    }
}

fn is_change(rest: &[u8]) -> bool {
    let mut wire = reader(rest);
    login::change(u64::MAX, &mut wire).is_ok_and(|introduction| introduction.is_likely())
}

/// Whether an execution is of one row, as all are.
fn is_run(body: &[u8]) -> bool {
    matches!(body.get(5..10), Some([0..=0x0f, 1, 0, 0, 0]))
}

/// Whether a text begins as a statement does, behind its attributes if it has some.
fn is_statement(text: &[u8]) -> bool {
    let text = match text {
        [0, 1, text @ ..] => text,
        // Attributes: their names and values are not looked through here.
        [1..=0x20, 1, ..] => return true,
        text => text,
    };
    let look = text.get(..LOOK).unwrap_or(text);
    let begin = look.iter().position(|b| !b.is_ascii_whitespace() && *b != b';').unwrap_or(look.len());
    let word = look.get(begin..).unwrap_or_default();
    let is_begin = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'(' | b'/' | b'-' | b'#' | b'{' | b'`');
    let letters = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    word.first().is_none_or(is_begin) && is_text(word.get(..letters + 1).unwrap_or(word))
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| *b >= b' ' && *b != 0x7f || b.is_ascii_whitespace())
}

/// Whether `bytes` begin with a server's answer to a command.
pub(super) fn answer(bytes: &[u8]) -> Chain {
    let Some((header, body, behind)) = first(bytes) else { return Chain::Open };
    if header.sequence != 1 || header.length == 0 {
        return Chain::Broken;
    }
    let is_whole = body.len() == header.length as usize;
    match *body {
        [] => Chain::Open,
        [tag::ERR, ..] if body.len() < 9 => Chain::Open,
        [tag::ERR, ..] => Chain::from(Failed::read(body).is_ok_and(|failed| failed.is_likely())),
        [0x03, b'd', b'e', b'f', ..] => Chain::Sound,
        [b'U', b'p', b't', b'i', b'm', b'e', ..] => Chain::Sound,
        _ if !is_whole && header.length < OPENING => Chain::Open,
        [tag::EOF, ..] => Chain::from(header.length as usize == reports::EOF || is_end(body)),
        [tag::INFILE, ref name @ ..] => Chain::from(is_text(name) && behind.is_empty()),
        [tag::OK, ..] => acknowledged(body, behind),
        _ => described(body, behind),
    }
}

fn is_end(body: &[u8]) -> bool {
    let [_, rest @ ..] = body else { return false };
    reports::is_likely(&[&[tag::OK], rest].concat())
}

/// Whether a packet says that all went well, or what number a statement has.
fn acknowledged(body: &[u8], behind: &[u8]) -> Chain {
    let follows = |bytes: &[u8]| header(&reader(bytes)).is_ok_and(|next| matches!(next.sequence, 1 | 2));
    if reports::is_likely(body) && (behind.is_empty() || follows(behind)) {
        return Chain::Sound;
    }
    match body {
        // COM_STMT_PREPARE_OK
        [_, _, _, _, _, _, _, _, _, 0, _, _] => Chain::from(behind.is_empty() || follows(behind)),
        _ => Chain::Broken,
    }
}

/// Whether a packet is the number of columns that the next ones describe.
fn described(body: &[u8], behind: &[u8]) -> Chain {
    let mut wire = reader(body);
    let columns = match *body {
        [1, columns] if columns > 1 => u64::from(columns),
        _ => number(&mut wire).unwrap_or(0),
    };
    if !(1..=super::shape::COLUMNS as u64).contains(&columns) || body.len() > 4 {
        return Chain::Broken;
    }
    match first(behind) {
        None => Chain::Open,
        Some((next, _, _)) if next.sequence != 2 => Chain::Broken,
        Some((_, column, _)) if column.len() < 4 => Chain::Open,
        Some((_, column, _)) => {
            Chain::from(counted(&mut reader(column)).is_ok_and(|catalog| catalog == b"def"))
        }
    }
}

/// Whether `bytes` begin with what a server says while a client proves who it is.
pub(super) fn proof(bytes: &[u8]) -> Chain {
    let Some((header, body, _)) = first(bytes) else { return Chain::Open };
    if !(1..=PROOF_STEPS).contains(&header.sequence) || !(1..OPENING).contains(&header.length) {
        return Chain::Broken;
    }
    if body.len() < header.length as usize {
        return Chain::Open;
    }
    match body {
        [tag::ERR, ..] => Chain::from(Failed::read(body).is_ok_and(|failed| failed.is_likely())),
        [tag::OK, ..] => Chain::from(reports::is_likely(body)),
        [tag::EOF, rest @ ..] => {
            let plugin = until_zero(&mut reader(rest));
            Chain::from(!plugin.is_empty() && plugin.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_'))
        }
        [tag::MORE, ..] => Chain::Sound,
        _ => Chain::Broken,
    }
}

/// Whether `bytes` begin with rows that need no description.
pub(super) fn rows(bytes: &[u8]) -> Chain {
    match first(bytes) {
        Some((Header { sequence: 1, .. }, [tag::OK | tag::EOF | tag::ERR, ..], _)) => Chain::Sound,
        Some((Header { sequence: 1, .. }, [], _)) => Chain::Open,
        // A result whose columns the client knows.
        Some((Header { sequence: 1, length: 2 }, [1..=0xfa, 0], _)) => Chain::Sound,
        Some(_) => Chain::Broken,
        None => Chain::Open,
    }
}

/// Whether `bytes` begin with a command that hardly anything else looks like.
pub(super) fn is_certain(bytes: &[u8]) -> bool {
    match first(bytes) {
        Some((_, [command::QUERY | command::STMT_PREPARE, text @ ..], _)) => text.len() >= 6,
        Some((_, [command::STMT_EXECUTE, ..], _)) => true,
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Chain, answer, command, greeting, introduction};

    #[test]
    fn a_command_must_end_where_its_length_says() {
        assert_eq!(command(b"\x09\0\0\0\x03SELECT 1"), Chain::Sound);
        assert_eq!(command(b"\x0a\0\0\0\x03SELECT 1"), Chain::Open);
        assert_eq!(command(b"\x05\0\0\0\x03SELECT 1"), Chain::Broken);
        assert_eq!(command(b"\x09\0\0\x01\x03SELECT 1"), Chain::Broken);
        assert_eq!(command(b"\x01\0\0\0\x0e"), Chain::Sound);
        assert_eq!(command(b"\x02\0\0\0\x0e\0"), Chain::Broken);
        assert_eq!(command(b"\x05\0\0\0\x19\x01\0\0\0\x09\0\0\0\x03SELECT 1"), Chain::Sound);
    }

    #[test]
    fn an_answer_has_the_first_number() {
        assert_eq!(answer(b"\x07\0\0\x01\0\0\0\x02\0\0\0"), Chain::Sound);
        assert_eq!(answer(b"\x07\0\0\x02\0\0\0\x02\0\0\0"), Chain::Broken);
        assert_eq!(answer(b"\x01\0\0\x01\x01\x17\0\0\x02\x03def"), Chain::Sound);
        assert_eq!(answer(b"\x01\0\0\x01\x01"), Chain::Open);
        assert_eq!(answer(b"\x01\0\0\x01\x01\x17\0\0\x02\x03dex"), Chain::Broken);
        assert_eq!(answer(b"\x0d\0\0\x01\xff\x15\x04#28000Access"), Chain::Sound);
    }

    #[test]
    fn a_header_may_come_apart_from_its_body() {
        assert_eq!([introduction(b"\xd4\0"), introduction(b"\xd4\0\0\x02")], [Chain::Open; 2]);
        assert_eq!([command(b"\x11"), command(b"\x11\0\0\0")], [Chain::Open; 2]);
        assert_eq!([answer(b"\x07"), answer(b"\x07\0\0\x01")], [Chain::Open; 2]);
        assert_eq!([greeting(b"\x4a"), greeting(b"\x4a\0\0\0")], [Chain::Open; 2]);
    }

    #[test]
    fn neighbours_are_no_chain() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"\x16\x03\x01\x02\0\x01\0",
            b"Q\0\0\0\x0dSELECT 1\0",
            b"\0\0\0\x08\x04\xd2\x16\x2f",
            b"*1\r\n$4\r\nPING\r\n",
        ] {
            let guesses = [greeting(bytes), introduction(bytes), command(bytes), answer(bytes)];
            assert_eq!(guesses, [Chain::Broken; 4], "{bytes:?}");
        }
    }
}
