//! What the client says: commands and proofs.

use model::exchange::Text;

use crate::kit::lines::{line, split_word};
use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;
use crate::mail::auth::Auth;

use super::session::{Pop3, State};
use super::wire::{Kind, command};

/// So many bytes of a line are told.
const TEXT: usize = 512;

impl Pop3 {
    /// Reads the client's next command.
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let line = line(wire)?;
        if let Some(long) = &mut self.long {
            long.is_over = long.body.is_holed;
        }
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let Some((word, kind, rest)) = command(line) else {
            if self.auth.is_some() {
                // What asked for it was lost: it proves who the client is.
                return Ok(Heard::Nothing);
            }
            request.operation = "unknown".into();
            return Ok(Heard::Request(Key::Turn, exchange));
        };
        self.auth = None;
        request.operation = word.into();
        let (first, behind) = split_word(rest);
        let user = || Text::from(&*lossy(first.get(..TEXT).unwrap_or(first)));
        let told = match kind {
            Kind::User => {
                self.user = Some(user());
                request.targets.push(user());
                lossy(rest.get(..TEXT).unwrap_or(rest)).into_owned()
            }
            Kind::Password => {
                request.targets.extend(self.user.clone());
                "***".to_owned()
            }
            Kind::Apop => {
                self.user = Some(user());
                request.targets.push(user());
                format!("{} ***", user())
            }
            Kind::Auth if !rest.is_empty() => {
                self.auth = Auth::begin(first).map(Box::new);
                if let Some(auth) = self.auth.as_mut().filter(|_| !behind.is_empty()) {
                    auth.hear(behind);
                }
                let mechanism = self.auth.as_ref().map_or("***", |auth| auth.mechanism());
                format!("{mechanism}{}", if behind.is_empty() { "" } else { " ***" })
            }
            _ => lossy(rest.get(..TEXT).unwrap_or(rest)).into_owned(),
        };
        request.statement.write_with(|out| {
            out.push_str(word);
            if !told.is_empty() {
                out.push(' ');
                out.push_str(&told);
            }
        });
        Ok(Heard::Request(Key::Turn, exchange))
    }

    /// Reads a step of a log-in, which is never told.
    pub(super) fn prove(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let proof = match line(wire) {
            // What is lost of it nobody needs.
            Err(_) if matches!(wire.ahead(), Ahead::Hole(_)) => b"",
            proof => proof?,
        };
        self.state = State::Commands;
        if let Some(auth) = &mut self.auth {
            auth.hear(proof);
        }
        Ok(Heard::Piece(Key::Turn))
    }
}
