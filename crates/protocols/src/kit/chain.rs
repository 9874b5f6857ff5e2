//! Chains: whether bytes read like messages one behind the other, for recognition and for finding the thread again.

use crate::kit::protocol::{Guess, Read, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};

/// Whether bytes are a chain of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// They are.
    Sound,
    /// They may be: they end too early to tell.
    Open,
    /// They are not.
    Broken,
}

impl From<bool> for Chain {
    fn from(is_sound: bool) -> Self {
        if is_sound { Chain::Sound } else { Chain::Broken }
    }
}

impl<T> From<Read<T>> for Chain {
    fn from(read: Read<T>) -> Self {
        match read {
            Ok(_) => Chain::Sound,
            Err(Stop::Short) => Chain::Open,
            Err(Stop::Broken(_) | Stop::Over) => Chain::Broken,
        }
    }
}

impl From<Chain> for Guess {
    fn from(chain: Chain) -> Self {
        match chain {
            Chain::Sound => Guess::Yes,
            Chain::Open => Guess::Unsure,
            Chain::Broken => Guess::No,
        }
    }
}

/// How much a message tells of whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Others say so too, or bytes of others may look so.
    Weak,
    /// Nobody else says so.
    Strong,
}

/// How many messages in a row prove a chain.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// As many, wherever they lead.
    pub whole: usize,
    /// As many, when the next one goes on beyond the bytes that are there.
    pub open: usize,
}

impl Proof {
    /// Whether `bytes` begin with messages, of which `read` reads one: fewer are enough where they are all that is there.
    pub fn chain<'a>(self, bytes: &'a [u8], mut read: impl FnMut(&mut Reader<'a>) -> Read<()>) -> Chain {
        let mut wire = Reader::new(bytes, 0, Ahead::Open);
        for count in 0..self.whole {
            if wire.rest().is_empty() {
                return if count > 0 { Chain::Sound } else { Chain::Open };
            }
            match Chain::from(read(&mut wire)) {
                Chain::Sound => {}
                Chain::Open if count >= self.open => return Chain::Sound,
                ended => return ended,
            }
        }
        Chain::Sound
    }
}

/// Finds the first of these places, in order, from which on `wire` is a chain as `judge` has it.
pub fn seek<'a>(
    wire: &'a [u8],
    places: impl IntoIterator<Item = usize>,
    mut judge: impl FnMut(&'a [u8]) -> Chain,
) -> Sought {
    let mut open = wire.len();
    for at in places {
        match judge(wire.get(at..).unwrap_or_default()) {
            Chain::Sound => return Sought::At(at),
            Chain::Open => open = open.min(at),
            Chain::Broken => {}
        }
    }
    Sought::Behind(open)
}

#[cfg(test)]
mod tests {
    use super::{Chain, Proof, seek};
    use crate::kit::protocol::Sought;

    /// Messages of two letters `ab`; three prove a chain, and one before a beginning.
    fn chain(bytes: &[u8]) -> Chain {
        Proof { whole: 3, open: 1 }.chain(bytes, |wire| match wire.take(2)? {
            b"ab" => Ok(()),
            _ => Err(wire.broken("another word")),
        })
    }

    #[test]
    fn messages_to_the_end_are_a_chain() {
        assert_eq!([b"".as_slice(), b"ab", b"abab"].map(chain), [Chain::Open, Chain::Sound, Chain::Sound]);
    }

    #[test]
    fn a_beginning_needs_messages_before_it() {
        assert_eq!([b"a".as_slice(), b"aba"].map(chain), [Chain::Open, Chain::Sound]);
    }

    #[test]
    fn what_follows_the_proof_is_not_looked_at() {
        assert_eq!([b"ababxx".as_slice(), b"abababxx"].map(chain), [Chain::Broken, Chain::Sound]);
    }

    #[test]
    fn the_first_place_is_found_or_the_first_that_may_be_one() {
        let sought = |wire: &'static [u8]| seek(wire, 0..wire.len(), chain);
        assert_eq!(sought(b"xxab"), Sought::At(2));
        // Of the last byte alone, nobody knows.
        assert_eq!([b"axa".as_slice(), b""].map(sought), [Sought::Behind(2), Sought::Behind(0)]);
    }
}
