//! Key logs in the format of NSS (`SSLKEYLOGFILE`): which secrets belong to which ClientHello.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Sessions whose secrets are kept; later ones are counted and left out.
const SESSIONS_MAX: usize = 1_000_000;
/// The longest secret: TLS 1.2's master secret, and SHA-384's traffic secrets.
const SECRET_MAX: usize = 64;

/// The random number of a ClientHello, which names its session.
pub(super) type Random = [u8; 32];

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Master,
    ClientEarly,
    ClientHandshake,
    ServerHandshake,
    ClientApplication,
    ServerApplication,
}

impl Label {
    const ALL: [(&'static str, Label); 6] = [
        ("CLIENT_RANDOM", Label::Master),
        ("CLIENT_EARLY_TRAFFIC_SECRET", Label::ClientEarly),
        ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", Label::ClientHandshake),
        ("SERVER_HANDSHAKE_TRAFFIC_SECRET", Label::ServerHandshake),
        ("CLIENT_TRAFFIC_SECRET_0", Label::ClientApplication),
        ("SERVER_TRAFFIC_SECRET_0", Label::ServerApplication),
    ];
}

/// The secrets of one session. Never shown.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    known: [Option<Arc<[u8]>>; Label::ALL.len()],
}

impl Secrets {
    /// The secret for a purpose.
    pub(super) fn find(&self, label: Label) -> Option<&[u8]> {
        self.known.get(label as usize)?.as_deref()
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Every secret that was given.
#[derive(Debug, Default)]
pub(in crate::replay) struct Keylog {
    sessions: HashMap<Random, Secrets, RandomState>,
}

impl Keylog {
    /// Adds the lines of a key log; lines that are none (comments, other labels) are passed over.
    pub(in crate::replay) fn read(&mut self, text: &[u8]) {
        for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line(line);
        }
    }

    /// The secrets of the session that a ClientHello opened.
    pub(super) fn secrets(&self, random: &Random) -> Option<&Secrets> {
        self.sessions.get(random)
    }

    fn line(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let name = words.next()?;
        let (_, label) = Label::ALL.into_iter().find(|(known, _)| known.as_bytes() == name)?;
        let random = Random::try_from(hex(words.next()?)?).ok()?;
        let secret = hex(words.next()?).filter(|secret| secret.len() <= SECRET_MAX)?;
        if self.sessions.len() < SESSIONS_MAX || self.sessions.contains_key(&random) {
            let place = self.sessions.entry(random).or_default().known.get_mut(label as usize)?;
            *place = Some(secret.into());
        }
        Some(())
    }
}

/// Bytes written as hexadecimal digits.
fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::{Keylog, Label};

    #[test]
    fn lines_are_read_and_others_passed_over() {
        let random = "ab".repeat(32);
        let text =
            format!("# comment\r\nCLIENT_RANDOM {random} 0102\nRSA x y\nCLIENT_RANDOM {random} 0\nCLIENT_");
        let mut log = Keylog::default();
        log.read(text.as_bytes());
        let secrets = log.secrets(&[0xab; 32]).unwrap();
        assert_eq!(secrets.find(Label::Master), Some(&[1, 2][..]));
        assert_eq!(secrets.find(Label::ClientEarly), None);
        assert_eq!(format!("{secrets:?}"), "***");
    }
}
