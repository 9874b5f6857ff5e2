//! What a proof says of who gives it: the user alone is told.

use model::exchange::Text;

use super::topics::text;

/// The user that a proof names: `authzid NUL user NUL password` (RFC 4616), or `n,,n=user,r=...` (RFC 5802, 7).
pub(super) fn user(proof: &[u8]) -> Option<Text> {
    let mut parts = proof.split(|byte| *byte == 0);
    if let (Some(_), Some(user), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) {
        return Some(text(user));
    }
    if !matches!(proof.first(), Some(b'n' | b'y' | b'p')) {
        return None;
    }
    let name = proof.split(|byte| *byte == b',').find_map(|part| part.strip_prefix(b"n="))?;
    Some(text(name).replace("=2C", ",").replace("=3D", "=").into())
}

/// Whether this answer says that the proof is good: nothing is left to be said (RFC 4616), or the server proves in turn who
/// it is (RFC 5802, 7).
pub(super) fn is_done(answer: &[u8]) -> bool {
    answer.is_empty() || answer.starts_with(b"v=")
}

#[cfg(test)]
mod tests {
    use super::{is_done, user};

    #[test]
    fn proofs_name_their_user() {
        for (proof, name) in [
            (&b"\0ada\0hunter2"[..], Some("ada")),
            (b"admin\0ada\0hunter2", Some("ada")),
            (b"n,,n=ada=2Cb,r=abc", Some("ada,b")),
            (b"c=biws,r=abc,p=def", None),
            (b"n,,\x01auth=Bearer abc\x01\x01", None),
            (b"\x60\x82\x01\x02", None),
            (b"", None),
        ] {
            assert_eq!(user(proof).as_deref(), name);
        }
    }

    #[test]
    fn the_last_answer_shows_that_the_proof_is_good() {
        assert!(is_done(b"") && is_done(b"v=abc="));
        assert!(!is_done(b"r=abc,s=def,i=4096") && !is_done(b"e=invalid-proof"));
    }
}
