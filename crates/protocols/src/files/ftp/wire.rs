//! Lines: the client's commands, and what replies say in a form that programs read.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use model::details::Detail;

use crate::kit::chain::Weight;
use crate::kit::lines::{known, split_word};

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    /// What proves who the client is.
    Proof,
    /// TLS, or another way to speak in secret.
    Auth,
    /// A file or a listing goes over a connection of its own.
    Transfer,
    /// Another transfer is to end.
    Abort,
    /// A path.
    Path,
    Size,
    Modified,
    /// Which directory the session is in.
    Where,
    /// The client says where data go.
    Active,
    /// The server is to say where.
    Passive,
    /// What a server has of its own; some of it takes passwords.
    Site,
    /// A setting, which others do not have.
    Setting,
    Other,
}

/// The verbs, and what they are about.
const VERBS: &[(&str, Kind)] = &[
    ("USER", Kind::User),
    ("PASS", Kind::Proof),
    ("RETR", Kind::Transfer),
    ("STOR", Kind::Transfer),
    ("CWD", Kind::Path),
    ("TYPE", Kind::Setting),
    ("PASV", Kind::Passive),
    ("EPSV", Kind::Passive),
    ("PORT", Kind::Active),
    ("EPRT", Kind::Active),
    ("LIST", Kind::Transfer),
    ("NLST", Kind::Transfer),
    ("MLSD", Kind::Transfer),
    ("MLST", Kind::Path),
    ("SIZE", Kind::Size),
    ("MDTM", Kind::Modified),
    ("DELE", Kind::Path),
    ("RNFR", Kind::Path),
    ("RNTO", Kind::Path),
    ("MKD", Kind::Path),
    ("XMKD", Kind::Path),
    ("RMD", Kind::Path),
    ("XRMD", Kind::Path),
    ("XCWD", Kind::Path),
    ("APPE", Kind::Transfer),
    ("STOU", Kind::Transfer),
    ("PWD", Kind::Where),
    ("XPWD", Kind::Where),
    ("CDUP", Kind::Other),
    ("XCUP", Kind::Other),
    ("QUIT", Kind::Other),
    ("NOOP", Kind::Other),
    ("SYST", Kind::Setting),
    ("FEAT", Kind::Setting),
    ("OPTS", Kind::Setting),
    ("AUTH", Kind::Auth),
    ("PBSZ", Kind::Setting),
    ("PROT", Kind::Setting),
    ("CCC", Kind::Other),
    ("ADAT", Kind::Proof),
    ("MIC", Kind::Proof),
    ("CONF", Kind::Proof),
    ("ENC", Kind::Proof),
    ("ACCT", Kind::Proof),
    ("ABOR", Kind::Abort),
    ("REST", Kind::Setting),
    ("ALLO", Kind::Setting),
    ("MODE", Kind::Setting),
    ("STRU", Kind::Setting),
    ("STAT", Kind::Other),
    ("HELP", Kind::Other),
    ("SITE", Kind::Site),
    ("SMNT", Kind::Path),
    ("REIN", Kind::Other),
    ("LANG", Kind::Other),
    ("HOST", Kind::Other),
    ("CLNT", Kind::Setting),
    ("CSID", Kind::Setting),
    ("MFMT", Kind::Other),
    ("AVBL", Kind::Path),
    ("THMB", Kind::Path),
    ("XCRC", Kind::Path),
    ("XMD5", Kind::Path),
    ("XSHA1", Kind::Path),
    ("HASH", Kind::Path),
];

/// A command's verb, what it is about, and what stands behind it; `None` if it is none.
#[inline]
pub(super) fn command(line: &[u8]) -> Option<(&'static str, Kind, &[u8])> {
    let (word, rest) = split_word(without_telnet(line));
    let (verb, kind) = known(VERBS, word)?;
    Some((verb, kind, rest))
}

/// A line without the commands of Telnet before it: `ABOR` comes behind two of them (RFC 959, 4.1.3).
fn without_telnet(mut line: &[u8]) -> &[u8] {
    // IAC, and a command without an option (RFC 854).
    while let [0xff, 0xf0..=0xfa, rest @ ..] = line {
        line = rest;
    }
    line
}

/// How much a line of the client tells; `None` if no client of FTP says it.
pub(super) fn weight(line: &[u8]) -> Option<Weight> {
    let (verb, kind, rest) = command(line)?;
    let strong = |is_strong: bool| Some(if is_strong { Weight::Strong } else { Weight::Weak });
    match kind {
        // POP3 has these too, and reads messages by number; IRC's users have more words.
        Kind::User | Kind::Proof => strong(false),
        Kind::Transfer if verb == "RETR" => strong(!rest.iter().all(u8::is_ascii_digit)),
        Kind::Transfer if verb == "LIST" => strong(false),
        Kind::Transfer | Kind::Path | Kind::Size | Kind::Modified => strong(!rest.is_empty()),
        Kind::Active => endpoint(rest).map(|_| Weight::Strong),
        Kind::Passive | Kind::Where => strong(rest.is_empty()),
        Kind::Setting => strong(matches!(verb, "TYPE" | "SYST" | "FEAT" | "PBSZ")),
        Kind::Auth => strong(matches!(rest, b"TLS" | b"SSL" | b"TLS-C" | b"TLS-P" | b"GSSAPI")),
        Kind::Abort | Kind::Site | Kind::Other => strong(false),
    }
}

/// Where data go, as `PORT`, `EPRT` and the replies to `PASV` and `EPSV` say it; the latter names no host.
pub(super) fn endpoint(text: &[u8]) -> Option<(Option<IpAddr>, u16)> {
    let text = std::str::from_utf8(text).ok()?;
    let inner = text.split_once('(').map_or(text, |(_, inner)| inner);
    let inner = inner.split_once(')').map_or(inner, |(inner, _)| inner);
    if let Some(extended) = inner.strip_prefix('|') {
        let mut fields = extended.split('|');
        let (_, host, port) = (fields.next()?, fields.next()?, fields.next()?);
        let host = if host.is_empty() { None } else { Some(host.parse().ok()?) };
        return Some((host, port.parse().ok()?));
    }
    // Some servers say it without parentheses.
    let numbers = inner.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_end_matches(['.', ' ']);
    let mut bytes = [0; 6];
    let mut words = numbers.split(',');
    for byte in &mut bytes {
        *byte = words.next()?.trim().parse().ok()?;
    }
    let [a, b, c, d, high, low] = bytes;
    let host = Ipv4Addr::new(a, b, c, d).into();
    words.next().is_none().then_some((Some(host), u16::from_be_bytes([high, low])))
}

/// An endpoint as a record shows it.
pub(super) fn told((host, port): (Option<IpAddr>, u16)) -> Detail {
    let told = host.map_or_else(|| format!("port {port}"), |host| SocketAddr::new(host, port).to_string());
    Detail::Text(told.into())
}

/// How many bytes a server says that it sends: `... (1234 bytes).`
pub(super) fn size(text: &[u8]) -> Option<i64> {
    let at = memchr::memrchr(b'(', text)?;
    let (number, rest) = split_word(text.get(at + 1..)?);
    rest.starts_with(b"bytes").then(|| decimal(number))?
}

/// A number that stands alone.
pub(super) fn decimal(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok().filter(|number| *number >= 0)
}

/// The path in quotes that a 257 begins with; a quote in it is doubled (RFC 959, appendix II).
pub(super) fn quoted(text: &[u8]) -> Option<String> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut path = Vec::new();
    loop {
        let end = memchr::memchr(b'"', rest)?;
        path.extend_from_slice(rest.get(..end)?);
        rest = rest.get(end + 1..)?;
        match rest.strip_prefix(b"\"") {
            Some(more) => {
                path.push(b'"');
                rest = more;
            }
            None => return Some(String::from_utf8_lossy(&path).into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Detail, Weight, command, endpoint, quoted, size, told, weight};

    #[test]
    fn places_of_data_are_read() {
        let said = |text: &[u8]| match endpoint(text).map(told) {
            Some(Detail::Text(text)) => Some(text),
            _ => None,
        };
        assert_eq!(said(b"127,0,0,1,4,1").as_deref(), Some("127.0.0.1:1025"));
        assert_eq!(said(b"Entering Passive Mode (10,0,0,7,255,255).").as_deref(), Some("10.0.0.7:65535"));
        assert_eq!(said(b"Entering Passive Mode 10,0,0,7,0,21").as_deref(), Some("10.0.0.7:21"));
        assert_eq!(said(b"|2|::1|5282|").as_deref(), Some("[::1]:5282"));
        assert_eq!(said(b"Entering Extended Passive Mode (|||6446|)").as_deref(), Some("port 6446"));
        for wrong in [&b"1,2,3,4,5"[..], b"1,2,3,4,5,256", b"1,2,3,4,5,6,7", b"|1|x|1|", b"|||", b""] {
            assert_eq!(said(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_others_say_too_weighs_less() {
        assert_eq!(weight(b"RETR /etc/motd"), Some(Weight::Strong));
        assert_eq!(weight(b"RETR 1"), Some(Weight::Weak));
        assert_eq!(weight(b"USER ada"), Some(Weight::Weak));
        assert_eq!(weight(b"PORT 1"), None);
        assert_eq!(weight(b"EHLO x"), None);
    }

    #[test]
    fn telnet_stands_before_an_abort() {
        let (verb, _, rest) = command(b"\xff\xf4\xff\xf2ABOR").unwrap();
        assert_eq!((verb, rest), ("ABOR", &b""[..]));
    }

    #[test]
    fn replies_tell_sizes_and_paths() {
        assert_eq!(size(b"Opening BINARY mode data connection for a (b).txt (12 bytes)."), Some(12));
        assert_eq!(size(b"Here comes the directory listing."), None);
        assert_eq!(quoted(b"\"/a \"\"b\"\"\" is the current directory").as_deref(), Some("/a \"b\""));
        assert_eq!(quoted(b"\"/a"), None);
    }
}
