//! Where a session stands, and the state that its two sides share.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::Identity;

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Read, Session, Sought};
use crate::kit::reader::Reader;

use crate::queue::greeting::LENGTH;

use super::links::Links;
use super::performatives::{Performative, Verb};
use super::recognition::chain;
use super::wire::frame;

/// One connection.
///
/// ```text
///  AMQP 3 1 0 0 ──▶ sasl-init ──▶ sasl-outcome ──▶ AMQP 0 1 0 0 ──▶ open ──▶ begin ──▶ attach ──▶ transfers
/// ```
#[derive(Debug, Default)]
pub(super) struct Amqp {
    pub(super) identity: Option<Arc<Identity>>,
    pub(super) links: Links,
}

impl Session for Amqp {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if wire.rest().first() == Some(&b'A') {
            return match wire.take(LENGTH)? {
                [b'A', b'M', b'Q', b'P', ..] => Ok(Heard::Nothing),
                _ => Err(wire.broken("no frame begins so")),
            };
        }
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let frame = frame(&mut ahead)?;
        let length = ahead.taken() as u64 + ahead.debt();
        let Some(said) = Performative::of(&frame)? else {
            wire.skip(length);
            if !frame.is_whole {
                self.links.lose(speaker);
            }
            return Ok(Heard::Nothing);
        };
        if let Some(identity) = self.introduced(speaker, &said) {
            let identity = wire.share(identity);
            self.identity = Some(Arc::clone(&identity));
            return Ok(Heard::Identity(identity));
        }
        let (heard, left) = match speaker {
            Speaker::Client => (self.asked(frame.channel, &said, wire), Left::Nothing),
            Speaker::Server => self.heard(frame.channel, &said, wire),
        };
        // A frame may answer several: it is passed over with the last of them.
        if left == Left::Nothing {
            wire.skip(length);
            self.forget(speaker, frame.channel, &said);
        }
        Ok(heard)
    }

    fn lost(&mut self, speaker: Speaker) {
        self.links.lose(speaker);
    }

    fn resync(&mut self, _: Speaker, wire: &[u8]) -> Sought {
        seek(wire, 0..wire.len(), chain)
    }
}

/// Whether a frame says more than was heard of it yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    Something,
}

impl Amqp {
    /// What a frame ends is known no more.
    fn forget(&mut self, speaker: Speaker, channel: u16, said: &Performative<'_>) {
        match said.verb {
            Verb::Detach => {
                if let Some(handle) = said.number(0) {
                    self.links.detach(speaker, channel, handle);
                }
            }
            Verb::End => self.links.end(speaker, channel),
            _ => {}
        }
    }
}
