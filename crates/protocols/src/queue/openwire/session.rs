//! Where a session stands.

use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::command::{CONNECTION, Command, WIRE_FORMAT, name};
use super::fields::Cache;
use super::format::{Format, Offer, Prefix};
use super::wire::{Frame, find, frame, read_in};

/// What a broker asks waits under its number and this.
const SERVER: u64 = 1 << 32;

/// One connection.
///
/// ```text
///  Unknown ──WireFormatInfo of both──▶ Agreed
///     ╰──a command that one format fits──▶ Guessed ──WireFormatInfo of both──▶ Agreed
/// ```
#[derive(Debug, Default)]
pub(super) struct OpenWire {
    client: Side,
    server: Side,
    agreement: Agreement,
    identity: Option<Arc<Identity>>,
}

/// What one side said.
#[derive(Debug, Default)]
struct Side {
    offer: Option<Offer>,
    cache: Cache,
}

/// How commands are written, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
enum Agreement {
    #[default]
    Unknown,
    Guessed(Format),
    Agreed(Format),
    /// Without lengths, which nobody reads here.
    Bare,
}

impl Session for OpenWire {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if matches!(self.agreement, Agreement::Bare) {
            return Err(Stop::Over);
        }
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let frame = frame(&mut ahead)?;
        let length = ahead.taken() as u64 + ahead.debt();
        if frame.kind == WIRE_FORMAT {
            return self.hear_offer(speaker, &frame, length, wire);
        }
        let Some(format) = self.format(&frame) else {
            wire.skip(length);
            return Ok(Heard::Nothing);
        };
        let fields = Reader::new(frame.body.bytes, 0, Ahead::End);
        let command = Command::read(frame.kind, fields, format, &mut self.side(speaker).cache);
        let command = match command {
            Ok(command) => command,
            // Lost bytes, or those that are not looked at, are missing in it.
            Err(_) if frame.body.is_cut() => {
                self.lost(speaker);
                wire.skip(length);
                return Ok(Heard::Nothing);
            }
            Err(_) => return Err(wire.broken("a command is not what its type says")),
        };
        if let Some(identity) = self.introduced(&command, wire) {
            return Ok(Heard::Identity(identity));
        }
        wire.skip(length);
        Ok(Self::hear(speaker, &command, wire))
    }

    fn lost(&mut self, speaker: Speaker) {
        // What was said in lost bytes may have taken any number.
        self.side(speaker).cache.clear();
    }

    fn resync(&mut self, _: Speaker, wire: &[u8]) -> Sought {
        let format = match self.agreement {
            Agreement::Agreed(format) => Some(format),
            // What fitted one side may not fit the other.
            Agreement::Guessed(_) | Agreement::Unknown | Agreement::Bare => None,
        };
        find(wire, format)
    }
}

impl OpenWire {
    fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    /// How this command is written.
    fn format(&mut self, frame: &Frame<'_>) -> Option<Format> {
        let (kind, body) = (frame.kind, frame.body.bytes);
        let guessed = match self.agreement {
            Agreement::Agreed(format) => return Some(format),
            Agreement::Bare => return None,
            Agreement::Guessed(format) => Some(format),
            Agreement::Unknown => None,
        };
        // What fitted so far may have fitted more than one.
        let fits = guessed.and_then(|format| read_in(kind, body, Some(format)));
        match fits.or_else(|| read_in(kind, body, None)) {
            Some(format) => {
                self.agreement = Agreement::Guessed(format);
                Some(format)
            }
            None => guessed,
        }
    }

    /// A side says what it can, and what it is.
    fn hear_offer(
        &mut self,
        speaker: Speaker,
        frame: &Frame<'_>,
        length: u64,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let offer = match Offer::read(&mut Reader::new(frame.body.bytes, 0, Ahead::End)) {
            Ok(offer) => offer,
            Err(_) if frame.body.is_cut() => {
                wire.skip(length);
                return Ok(Heard::Nothing);
            }
            Err(_) => return Err(wire.broken("a wire format is none")),
        };
        let mut who = self.identity.as_deref().cloned().unwrap_or_default();
        let program = offer.program.as_deref().map(Text::from);
        match speaker {
            Speaker::Client => who.application = program,
            Speaker::Server => who.version = program,
        }
        self.side(speaker).offer = Some(offer);
        if let (Some(client), Some(server)) = (&self.client.offer, &self.server.offer) {
            let is_bare = client.prefix == Prefix::No && server.prefix == Prefix::No;
            self.agreement = if is_bare { Agreement::Bare } else { Agreement::Agreed(client.with(server)) };
        }
        wire.skip(length);
        Ok(Heard::Identity(self.turn(who, wire)))
    }

    /// Who the session is, if a log-in makes it another one.
    fn introduced(&mut self, command: &Command<'_>, wire: &mut Reader<'_>) -> Option<Arc<Identity>> {
        let known = self.identity.as_deref();
        let user = command.user.as_deref().filter(|_| command.kind == CONNECTION)?;
        if known.and_then(|known| known.user.as_deref()) == Some(user) {
            return None;
        }
        let who = Identity { user: Some(user.into()), ..known.cloned().unwrap_or_default() };
        Some(self.turn(who, wire))
    }

    fn turn(&mut self, who: Identity, wire: &mut Reader<'_>) -> Arc<Identity> {
        let who = wire.share(who);
        self.identity = Some(Arc::clone(&who));
        who
    }

    /// What a command means.
    fn hear(speaker: Speaker, command: &Command<'_>, wire: &mut Reader<'_>) -> Heard {
        if let Some(answers) = command.answers {
            return Self::answered(key(other(speaker), answers), command, wire);
        }
        // How programs keep a connection: nothing is asked of anybody.
        if matches!(command.kind, 2 | 10 | 18 | 19) || name(command.kind).is_none() {
            return Heard::Nothing;
        }
        let exchange = Self::asked(speaker, command, wire);
        if command.wants_response {
            Heard::Request(key(speaker, command.id), exchange)
        } else {
            Heard::Oneway(exchange)
        }
    }
}

/// Under what a command of `asker` waits.
fn key(asker: Speaker, id: i32) -> Key {
    let id = u64::from(id.cast_unsigned());
    match asker {
        Speaker::Client => Key::Id(id),
        Speaker::Server => Key::Id(SERVER | id),
    }
}

fn other(speaker: Speaker) -> Speaker {
    match speaker {
        Speaker::Client => Speaker::Server,
        Speaker::Server => Speaker::Client,
    }
}
