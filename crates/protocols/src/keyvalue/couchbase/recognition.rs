//! Whether a connection is Couchbase's: memcached's binary protocol has the same packets, and fewer commands.

use model::event::Joined;

use crate::keyvalue::packet::{Head, REQUEST, RESPONSE};
use crate::kit::chain::Chain;
use crate::kit::protocol::{Guess, Opening, Read, Stop};

use super::wire::{Side, header, is_whole};

/// `HELLO`, with which every client begins, and the first of the other commands that memcached has not.
const HELLO: u8 = 0x1f;
const FIRST_OWN: u8 = 0x25;

/// Whether a connection that begins so is Couchbase's.
pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    let (asked, told) = (header(opening.client), header(opening.server));
    match (opening.joined, asked, told) {
        (Joined::AtStart, Ok((head, Side::Asks)), told) => begun(&head, opening.client, told),
        (Joined::AtStart, Err(Stop::Short), _) if opening.server.is_empty() => Guess::Unsure,
        (Joined::AtStart, _, _) => Guess::No,
        // Both sides speak it, and one of them says what memcached does not.
        (Joined::Midway, Ok((asked, _)), Ok((told, _))) if is_own(&asked) || is_own(&told) => Guess::Yes,
        (Joined::Midway, Ok((head, _)), Err(Stop::Short))
            if is_own(&head) && is_whole(&head, opening.client) =>
        {
            Guess::Yes
        }
        (Joined::Midway, Err(_), Ok((head, _))) if is_own(&head) && is_whole(&head, opening.server) => {
            Guess::Yes
        }
        (Joined::Midway, Err(Stop::Broken(_) | Stop::Over), Err(Stop::Broken(_) | Stop::Over)) => Guess::No,
        (Joined::Midway, _, _) => Guess::Unsure,
    }
}

/// A client begins.
fn begun(asked: &Head, client: &[u8], told: Read<(Head, Side)>) -> Guess {
    let is_hello = asked.code == HELLO && asked.magic == REQUEST && is_whole(asked, client);
    match told {
        Err(Stop::Short) if is_hello => Guess::Yes,
        Err(Stop::Short) if is_own(asked) => Guess::Unsure,
        Ok((told, Side::Answers)) => {
            let is_its = (told.code, told.opaque) == (asked.code, asked.opaque);
            Guess::from(Chain::from(is_its && (is_own(asked) || is_own(&told))))
        }
        Err(_) | Ok((_, Side::Asks)) => Guess::No,
    }
}

/// Whether memcached says no such thing: it has neither these commands nor partitions, datatypes and frames.
fn is_own(head: &Head) -> bool {
    let is_partition = head.magic == REQUEST && head.status != 0;
    let is_plain = matches!(head.magic, REQUEST | RESPONSE) && head.datatype == 0;
    !is_plain || is_partition || head.code == HELLO || head.code >= FIRST_OWN
}
