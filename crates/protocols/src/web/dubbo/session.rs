//! Frames to requests and responses: the state of one connection.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought};
use crate::kit::reader::Reader;

use super::wire::{Head, Sort, chain};

/// So many bytes of a body are looked at.
const LOOKED: usize = 16 << 10;
/// What a server asks waits under its id and this; ids are counted from 0, or from a random number of 32 bits.
const SERVER: u64 = 1 << 63;

/// One connection.
///
/// Each frame tells by itself what it is and what it answers.
#[derive(Debug, Default)]
pub(super) struct Dubbo {
    identity: Option<Arc<Identity>>,
}

impl Session for Dubbo {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let head = Head::read(&mut ahead)?;
        let body = ahead.sample(head.length.into(), LOOKED)?;
        let length = ahead.taken() as u64 + ahead.debt();
        Ok(match head.sort {
            Sort::Event => {
                wire.skip(length);
                Heard::Nothing
            }
            Sort::Response => {
                wire.skip(length);
                let key = key(other(speaker), head.id);
                Self::answered(key, &head, &body, wire);
                Heard::Response(key)
            }
            Sort::Request | Sort::Oneway => {
                let asked = Self::asked(speaker, &head, &body, wire);
                if let Some(identity) = self.introduced(speaker, asked.application.as_deref(), wire) {
                    return Ok(Heard::Identity(identity));
                }
                wire.skip(length);
                match head.sort {
                    Sort::Oneway => Heard::Oneway(asked.exchange),
                    Sort::Request | Sort::Response | Sort::Event => {
                        Heard::Request(key(speaker, head.id), asked.exchange)
                    }
                }
            }
        })
    }

    fn resync(&mut self, _: Speaker, wire: &[u8]) -> Sought {
        seek(wire, memchr::memchr_iter(0xda, wire), chain)
    }
}

impl Dubbo {
    /// Who the session is, if the client's program is another one than it was.
    fn introduced(
        &mut self,
        speaker: Speaker,
        application: Option<&str>,
        wire: &mut Reader<'_>,
    ) -> Option<Arc<Identity>> {
        let application = application.filter(|_| speaker == Speaker::Client)?;
        let known = self.identity.as_ref().and_then(|known| known.application.as_deref());
        if known == Some(application) {
            return None;
        }
        let who = Identity { application: Some(Text::from(application)), ..Identity::default() };
        let who = wire.share(who);
        self.identity = Some(Arc::clone(&who));
        Some(who)
    }
}

/// Under what a request of `asker` waits.
fn key(asker: Speaker, id: u64) -> Key {
    match asker {
        Speaker::Client => Key::Id(id),
        Speaker::Server => Key::Id(SERVER ^ id),
    }
}

fn other(speaker: Speaker) -> Speaker {
    match speaker {
        Speaker::Client => Speaker::Server,
        Speaker::Server => Speaker::Client,
    }
}
