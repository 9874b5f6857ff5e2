//! Bytes that nobody understands: turns of an unknown protocol, shown as hex on request.

use std::fmt::Write;

use model::conn::Speaker;
use model::details::{Detail, Details};
use model::exchange::{Completeness, Exchange, Outcome, Request, Response};
use model::time::Time;

/// Whether and how far unknown bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Only counted.
    Count,
    /// So many bytes of each side's turn as hex.
    Hex(usize),
}

/// The turn that is being said on a connection of an unknown protocol.
#[derive(Debug, Default)]
pub struct Turn {
    asked: Option<Time>,
    answered: Option<Time>,
    client: Side,
    server: Side,
}

#[derive(Debug, Default)]
struct Side {
    bytes: u64,
    head: Vec<u8>,
}

impl Turn {
    /// One more piece; a client's piece after a server's ends the turn before it.
    pub fn hear(
        &mut self,
        speaker: Speaker,
        at: Time,
        bytes: &[u8],
        limit: usize,
        out: &mut Vec<Box<Exchange>>,
    ) {
        if speaker == Speaker::Client && self.answered.is_some() {
            self.end(out);
        }
        self.asked.get_or_insert(at);
        let side = match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => {
                self.answered = Some(at);
                &mut self.server
            }
        };
        side.bytes += bytes.len() as u64;
        let room = limit.saturating_sub(side.head.len()).min(bytes.len());
        side.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
    }

    /// Gives what was said in this turn.
    pub fn end(&mut self, out: &mut Vec<Box<Exchange>>) {
        let turn = std::mem::take(self);
        let Some(asked) = turn.asked else { return };
        let outcome = if turn.answered.is_some() { Outcome::Ok } else { Outcome::Oneway };
        out.push(Box::new(Exchange {
            protocol: "unknown",
            identity: None,
            request: Request { details: turn.client.details("hex"), ..Request::default() },
            response: Response {
                outcome,
                details: turn.server.details("hex_response"),
                ..Response::default()
            },
            asked,
            answered: turn.answered,
            request_bytes: turn.client.bytes,
            response_bytes: turn.server.bytes,
            completeness: Completeness::default(),
        }));
    }
}

impl Side {
    fn details(&self, name: &'static str) -> Details {
        if self.head.is_empty() {
            return Details::new();
        }
        let mut hex = String::with_capacity(self.head.len() * 2);
        for byte in &self.head {
            let _ = write!(hex, "{byte:02x}");
        }
        [(name, Detail::Text(hex.into()))].into()
    }
}
