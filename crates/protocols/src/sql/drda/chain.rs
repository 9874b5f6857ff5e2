//! Chains: whether bytes read like structures of this protocol, for recognition and for finding the thread again.

use model::conn::Speaker;

use crate::kit::chain::Chain;
use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};

use super::codes::{command, data, message};
use super::wire::{HEADER, Kind, header, object};

/// Whether `bytes` begin with a structure of `speaker`.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Chain {
    match is_structure(speaker, bytes) {
        Ok(is) => Chain::from(is),
        Err(stop) => Chain::from(Err::<(), _>(stop)),
    }
}

fn is_structure(speaker: Speaker, bytes: &[u8]) -> Read<bool> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let structure = header(&wire)?;
    wire.take(HEADER)?;
    let before = wire.taken();
    let (code, length) = object(&mut wire)?;
    let whole = length.saturating_add((wire.taken() - before) as u64);
    let fits = structure.continues || whole <= structure.body;
    let is_known = match (speaker, structure.kind) {
        (Speaker::Client, Kind::Request) => command::WORDS.iter().any(|(known, _)| *known == code),
        (Speaker::Client, Kind::Object) => data::CLIENTS.contains(&code),
        (Speaker::Server, Kind::Reply | Kind::Object) => message::is(code) || data::SERVERS.contains(&code),
        (Speaker::Client, Kind::Reply) | (Speaker::Server, Kind::Request) => false,
    };
    Ok(fits && is_known)
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;

    use super::{Chain, begins};

    #[test]
    fn a_structure_is_told_by_its_first_object() {
        let commit = b"\0\x0a\xd0\x01\0\x02\0\x04\x20\x0e";
        assert_eq!(begins(Speaker::Client, commit), Chain::Sound);
        assert_eq!(begins(Speaker::Server, commit), Chain::Broken);
        assert_eq!(begins(Speaker::Client, &commit[..9]), Chain::Open);
        assert_eq!(
            begins(Speaker::Client, b"\0\x0a\xd0\x01\0\x02\0\x05\x20\x0e"),
            Chain::Broken,
            "it is too long"
        );
        assert_eq!(begins(Speaker::Server, b"\0\x15\xd0\x52\0\x02\0\x0f\x22\x0c"), Chain::Sound);
    }
}
