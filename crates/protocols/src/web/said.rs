//! What one side says of an exchange whose pieces come among those of others: how far it is, and the sample of its body.

use model::exchange::Text;

use crate::kit::reader::Reader;
use crate::web::content::{Coding, Kind, Last};
use crate::web::dialect::Candidates;
use crate::web::events::Events;
use crate::web::head::Content;

/// What one side says of an exchange among others.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) stage: Stage,
    sampling: Sampling,
    kind: Kind,
    coding: Coding,
    sample: Vec<u8>,
    /// Those that it says, where it is some.
    pub(super) events: Option<Box<Events>>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its header list has not come.
    #[default]
    Head,
    Body,
    Over,
}

/// Whether the next bytes of a body belong to its sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sampling {
    Yes,
    #[default]
    No,
}

impl Said {
    /// Its header list came, which says this of the body.
    pub(super) fn begin(&mut self, content: Content) {
        self.stage = Stage::Body;
        (self.kind, self.coding) = (content.kind, content.coding);
        self.sampling = match (content.kind, content.coding) {
            (Kind::Opaque, _) | (_, Coding::Other) => Sampling::No,
            _ => Sampling::Yes,
        };
    }

    /// Hears its events one by one, if it says some.
    pub(super) fn listen(&mut self, candidates: Candidates) {
        self.events = Events::of(self.kind, self.coding, candidates);
    }

    /// Bytes of it were lost: its sample ends before them.
    pub(super) fn lose(&mut self) {
        self.sampling = Sampling::No;
        if let Some(events) = &mut self.events {
            events.lose();
        }
    }

    /// The text of its body, where `last` is the side's last one.
    pub(super) fn text(&self, last: &mut Last, wire: &mut Reader<'_>) -> Option<Text> {
        last.text(self.kind, self.coding, &self.sample, wire)
    }

    /// Whether its next bytes are worth waiting for.
    pub(super) fn is_wanted(&self) -> bool {
        self.sampling == Sampling::Yes
    }

    /// Keeps bytes of its body, as long as there is room for so many: how many it kept.
    pub(super) fn keep(&mut self, bytes: &[u8], room: usize) -> usize {
        if self.sampling == Sampling::No {
            return 0;
        }
        let room = (self.kind.limit() - self.sample.len()).min(room);
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.sample.extend_from_slice(kept);
        match &mut self.events {
            Some(events) => events.hear(bytes),
            None if bytes.len() >= room => self.sampling = Sampling::No,
            None => {}
        }
        kept.len()
    }

    /// How many bytes of its body are kept.
    pub(super) fn kept(&self) -> usize {
        self.sample.len()
    }
}
