//! The client's hello, which says in clear whom the client wants: RFC 8446, section 4.1.2, and RFC 6066, section 3.

use protocols::kit::protocol::Read;
use protocols::kit::reader::{Ahead, Reader};

/// A record's header, a handshake message's header, a version and 32 random bytes.
const BEFORE_SESSION: usize = 5 + 4 + 2 + 32;
/// The kind of record that carries a handshake, and the handshake message that opens it.
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
/// The extension that names the server, and the kind of name that is a host's.
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;
/// A host's name has no more letters (RFC 1035, section 2.3.4).
const LONGEST_NAME: usize = 253;

/// The name of the server that a client says hello to, if these bytes begin with its hello and hold the name.
#[must_use]
pub(crate) fn server_name(bytes: &[u8]) -> Option<&str> {
    let [HANDSHAKE, 3, _, _, _, CLIENT_HELLO, ..] = bytes else { return None };
    let name = read(&mut Reader::new(bytes, 0, Ahead::Open)).ok()??;
    std::str::from_utf8(name).ok().filter(|name| is_host_name(name))
}

fn read<'a>(wire: &mut Reader<'a>) -> Read<Option<&'a [u8]>> {
    wire.take(BEFORE_SESSION)?;
    let session = wire.u8()?;
    wire.take(session.into())?;
    let suites = wire.be16()?;
    wire.take(suites.into())?;
    let compressions = wire.u8()?;
    wire.take(compressions.into())?;
    let mut left = usize::from(wire.be16()?);
    while left > 0 {
        let (kind, length) = (wire.be16()?, wire.be16()?);
        let body = wire.take(length.into())?;
        if kind == SERVER_NAME {
            return host_name(&mut Reader::new(body, 0, Ahead::End));
        }
        left = left.saturating_sub(2 + 2 + body.len());
    }
    Ok(None)
}

/// The first name of the list is the only one there is.
fn host_name<'a>(list: &mut Reader<'a>) -> Read<Option<&'a [u8]>> {
    list.be16()?;
    let kind = list.u8()?;
    let length = list.be16()?;
    let name = list.take(length.into())?;
    Ok(Some(name).filter(|_| kind == HOST_NAME))
}

fn is_host_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::server_name;

    /// A hello with one extension.
    fn hello(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut extension = [kind.to_be_bytes(), u16::try_from(body.len()).unwrap().to_be_bytes()].concat();
        extension.extend(body);
        let mut bytes = vec![22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3];
        bytes.extend([7; 32]);
        bytes.extend([2, 8, 8, 0, 2, 0x13, 1, 1, 0]);
        bytes.extend(u16::try_from(extension.len()).unwrap().to_be_bytes());
        bytes.extend(extension);
        bytes
    }

    fn named(name: &[u8]) -> Vec<u8> {
        let length = u16::try_from(name.len()).unwrap();
        [&(length + 3).to_be_bytes()[..], &[0], &length.to_be_bytes(), name].concat()
    }

    #[test]
    fn a_hello_names_its_server() {
        assert_eq!(server_name(&hello(0, &named(b"db.example.org"))), Some("db.example.org"));
        assert_eq!(server_name(&hello(43, &[2, 3, 4])), None);
        assert_eq!(server_name(&hello(0, &named(b"db\x1b[31m"))), None, "no host has such a name");
        assert_eq!(server_name(&hello(0, &named(&[b'a'; 254]))), None);
    }

    #[test]
    fn a_hello_that_is_cut_anywhere_names_nobody() {
        let whole = hello(0, &named(b"db.example.org"));
        for end in 0..whole.len() {
            assert_eq!(server_name(&whole[..end]), None, "{end}");
        }
    }
}
