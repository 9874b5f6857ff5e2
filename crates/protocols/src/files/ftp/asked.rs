//! What the client says.

use model::exchange::{Exchange, Text};

use crate::kit::lines::{line, split_word};
use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::session::{Ftp, State};
use super::wire::{Kind, command, endpoint, told};

/// So many bytes of a line are told: the longest path of Linux.
const TEXT: usize = 4 << 10;
/// What `SITE` takes passwords behind.
const PASSWORDS: [&[u8]; 3] = [b"PSWD", b"PASS", b"GPASS"];

impl Ftp {
    /// Reads the client's next command.
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let line = line(wire)?;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let Some((verb, kind, rest)) = command(line) else {
            request.operation = "unknown".into();
            return Ok(self.say(Kind::Other, exchange));
        };
        request.operation = verb.into();
        let told_rest = match kind {
            Kind::Proof => "***".into(),
            Kind::Site if PASSWORDS.iter().any(|word| word.eq_ignore_ascii_case(split_word(rest).0)) => {
                lossy(split_word(rest).0) + " ***"
            }
            _ => lossy(rest.get(..TEXT).unwrap_or(rest)),
        };
        request.statement.write_with(|out| {
            out.push_str(verb);
            if !rest.is_empty() {
                out.push(' ');
                out.push_str(&told_rest);
            }
        });
        match kind {
            Kind::User => {
                self.user = Some(Text::from(&*told_rest));
                request.targets.push(Text::from(&*told_rest));
            }
            // The words of `ls` are no path.
            Kind::Transfer | Kind::Path | Kind::Size | Kind::Modified
                if !rest.is_empty() && !rest.starts_with(b"-") =>
            {
                request.targets.push(Text::from(&*told_rest));
            }
            Kind::Active => {
                if let Some(endpoint) = endpoint(rest) {
                    request.details.push(("data", told(endpoint)));
                }
            }
            _ => {}
        }
        Ok(self.say(kind, exchange))
    }

    /// A command, or one that is said while a transfer goes on.
    fn say(&mut self, kind: Kind, exchange: Box<Exchange>) -> Heard {
        if self.state == State::Transfer && kind == Kind::Abort {
            self.state = State::Aborting;
        }
        if self.state != State::Transfer {
            return Heard::Request(Key::Turn, exchange);
        }
        self.aside.end += 1;
        Heard::Request(Key::Id(self.aside.end - 1), exchange)
    }
}
