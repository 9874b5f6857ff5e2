//! Whether bytes read like STOMP's, for recognition and for finding the thread again.

use model::conn::Speaker;

use crate::kit::chain::{Chain, Proof};
use crate::kit::protocol::Stop;

use super::wire::{body, head, signs};

/// So many frames in a row prove a chain: nobody else writes one.
const PROOF: Proof = Proof { whole: 2, open: 1 };

/// Which headers a frame has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Headers {
    /// Those that no such frame goes without.
    Needed,
    Any,
}

/// Whether `bytes` begin with what `speaker` says, with the headers that such frames have.
pub(super) fn chain(speaker: Speaker, bytes: &[u8]) -> Chain {
    begin(speaker, bytes, Headers::Needed)
}

/// The same, with headers that servers refuse, as clients of a connection that is known to be STOMP may send them.
pub(super) fn frames(speaker: Speaker, bytes: &[u8]) -> Chain {
    begin(speaker, bytes, Headers::Any)
}

fn begin(speaker: Speaker, bytes: &[u8], headers: Headers) -> Chain {
    let ends = bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    PROOF.chain(bytes.get(ends..).unwrap_or_default(), |wire| {
        let head = head(speaker, wire)?;
        if headers == Headers::Needed && !head.is_sound() {
            return Err(wire.broken("a frame lacks a header that all such frames have"));
        }
        match body(&head, wire) {
            // A head with a header proves itself, whatever its body is.
            Err(Stop::Short) if !head.fields.is_empty() => wire.skip(wire.rest().len() as u64),
            body => drop(body?),
        }
        signs(wire);
        Ok(())
    })
}
