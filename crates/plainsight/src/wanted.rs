//! Which connections are wanted, as far as their ends tell.

use std::collections::HashMap;

use model::conn::ConnId;
use model::event::{Event, What};

use crate::filter::Ends;

/// The connections that are wanted, as their openings told.
#[derive(Debug)]
pub(crate) struct Wanted {
    ends: Ends,
    known: HashMap<ConnId, bool>,
}

impl Wanted {
    /// Those with such ends.
    pub(crate) fn new(ends: &Ends) -> Self {
        Wanted { ends: ends.clone(), known: HashMap::new() }
    }

    /// Those with such ends from now on; those that are known stay until they close.
    pub(crate) fn refilter(&mut self, ends: &Ends) {
        self.ends = ends.clone();
    }

    /// Whether an event is of one of them.
    pub(crate) fn admits(&mut self, event: &Event<'_>) -> bool {
        match &event.what {
            What::Opened(opened) => {
                let peer =
                    opened.peer.as_ref().and_then(|peer| self.known.get(peer)).copied().unwrap_or_default();
                let admitted = peer || self.ends.admit(opened, [opened.process.as_deref(), None]);
                *self.known.entry(event.conn).and_modify(|known| *known |= admitted).or_insert(admitted)
            }
            What::Closed => self.known.remove(&event.conn).unwrap_or_default(),
            What::Said(_) | What::Lost(_) | What::Sealed { .. } | What::Secured(_) | What::Counted(_) => {
                self.known.get(&event.conn).copied().unwrap_or_default()
            }
        }
    }
}
