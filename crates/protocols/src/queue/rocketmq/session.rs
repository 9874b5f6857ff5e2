//! Where a session stands.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::chain::seek;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought};
use crate::kit::reader::Reader;

use super::codes;
use super::header::{Header, Kind};
use super::wire::{chain, frame};

/// What a server asks waits under its `opaque` and this.
const SERVER: u64 = 1 << 32;

/// One connection.
///
/// Each frame tells by itself what it is and what it answers.
#[derive(Debug, Default)]
pub(super) struct RocketMq {
    identity: Option<Arc<Identity>>,
}

impl Session for RocketMq {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let frame = frame(&mut ahead)?;
        let length = ahead.taken() as u64 + ahead.debt();
        let Some(header) = &frame.header else {
            wire.skip(length);
            return Ok(Heard::Nothing);
        };
        if let Some(identity) = self.introduced(speaker, header) {
            let identity = wire.share(identity);
            self.identity = Some(Arc::clone(&identity));
            return Ok(Heard::Identity(identity));
        }
        wire.skip(length);
        Ok(match header.kind() {
            Kind::Response => Self::answered(key(other(speaker), header.opaque), header, &frame.body, wire),
            Kind::Request => {
                let exchange = Self::asked(speaker, header, &frame.body, wire);
                Heard::Request(key(speaker, header.opaque), exchange)
            }
            Kind::Oneway => Heard::Oneway(Self::asked(speaker, header, &frame.body, wire)),
        })
    }

    fn resync(&mut self, _: Speaker, wire: &[u8]) -> Sought {
        seek(wire, 0..wire.len(), chain)
    }
}

impl RocketMq {
    /// Who the session is, if a frame makes it another one.
    fn introduced(&self, speaker: Speaker, header: &Header<'_>) -> Option<Identity> {
        let known = self.identity.as_deref().cloned().unwrap_or_default();
        let version = codes::version(header.version);
        let identity = match speaker {
            Speaker::Client => {
                let user = header.field("AccessKey").map(Text::from).or_else(|| known.user.clone());
                let version = version.unwrap_or_default();
                let application = format!("RocketMQ {} {version}", header.language).trim_end().into();
                Identity { user, application: Some(application), ..known }
            }
            Speaker::Server => Identity { version: version.map(Text::from), ..known },
        };
        (self.identity.as_deref() != Some(&identity)).then_some(identity)
    }
}

/// Under what a request of `asker` waits.
fn key(asker: Speaker, opaque: i32) -> Key {
    let opaque = u64::from(opaque.cast_unsigned());
    match asker {
        Speaker::Client => Key::Id(opaque),
        Speaker::Server => Key::Id(SERVER | opaque),
    }
}

fn other(speaker: Speaker) -> Speaker {
    match speaker {
        Speaker::Client => Speaker::Server,
        Speaker::Server => Speaker::Client,
    }
}
