//! The kernel's records as events, one after the other, and what waits beside the ring.

use std::io;

use model::event::{Event, Said, What};

use super::table::Heard;
use super::{Ended, Kernel, accounts};
use crate::source::Source;

impl Kernel {
    /// Hears what comes beside the ring once that is empty; whether there was anything.
    fn hear_beside(&mut self) -> io::Result<bool> {
        if !self.ring.is_empty() {
            return Ok(false);
        }
        let bid = accounts::farewells_bid(&self.skel);
        if bid != self.farewells {
            self.farewells = bid;
            accounts::take_farewells(&self.skel, &mut self.table, &mut self.waiting)?;
        }
        if self.ended == Ended::Unhooked {
            self.ended = Ended::Counted;
            accounts::count_open(&self.skel, &mut self.table, &mut self.waiting)?;
        }
        Ok(!self.waiting.is_empty())
    }
}

impl Source for Kernel {
    fn next(&mut self) -> io::Result<Option<Event<'_>>> {
        let mut waited = false;
        self.hooks.follow(&mut self.skel).map_err(io::Error::other)?;
        let (slot, event, bytes) = loop {
            if let Some(event) = self.waiting.pop_front() {
                self.gave = true;
                return Ok(Some(event));
            }
            let Some(slot) = self.ring.take() else {
                if self.hear_beside()? {
                    continue;
                }
                // What was given is dealt with before more is waited for: a trickle must not hold it back.
                if waited || std::mem::take(&mut self.gave) {
                    return Ok(None);
                }
                self.ring.wait(self.wait, &self.waker)?;
                self.hooks.follow(&mut self.skel).map_err(io::Error::other)?;
                self.costs.rest(&self.skel, &self.hooks);
                waited = true;
                continue;
            };
            match self.table.hear(self.ring.bytes(slot), &mut self.waiting) {
                Heard::Said(said, bytes) => break (slot, said, bytes),
                Heard::Other => {
                    accounts::take_left(&self.skel, &mut self.table, &mut self.waiting);
                    if self.chosen.asks_containers() {
                        self.place_processes()?;
                    }
                }
            }
        };
        self.gave = true;
        let bytes = self.ring.bytes(slot).get(bytes).unwrap_or_default();
        let said = Said { layer: event.layer, speaker: event.speaker, offset: event.offset, bytes };
        Ok(Some(Event { at: event.at, conn: event.conn, what: What::Said(said) }))
    }

    fn is_finished(&self) -> bool {
        self.ended == Ended::Counted && self.is_drained()
    }
}
