//! One connection: which requests wait, what is being said by each side, and who the session is.

use std::collections::VecDeque;
use std::sync::Arc;

use model::conn::Speaker;
use model::exchange::{Identity, Text};

use crate::kit::protocol::{Heard, Read, Session, Sought};
use crate::kit::reader::Reader;

use super::answered::Answering;
use super::apis::Api;
use super::asked::Asking;
use super::recognition::{Budget, Fit, answer_fits, is_frame, request_fits, request_fits_within};
use super::sasl;
use super::topics::Topics;

/// So many requests are remembered: as many as the pairing waits for.
const OPEN: usize = 4096;
/// So much memory of a statement is kept for the next one: an idle connection is to be small.
const KEPT: usize = 1 << 10;

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Kafka {
    /// The request that is being said.
    pub(super) asking: Option<Box<Asking>>,
    /// The answer that is being said.
    pub(super) answering: Option<Box<Answering>>,
    /// The requests that wait: answers do not say what they are.
    pub(super) open: VecDeque<Open>,
    pub(super) proofs: Proofs,
    pub(super) identity: Arc<Identity>,
    /// Who the session is now, which was not told yet.
    pub(super) news: Option<Identity>,
    /// The user that the client says it is, until the server believes it.
    pub(super) claimed: Option<Text>,
    pub(super) topics: Topics,
    /// The group that was named last, mostly the next one too.
    pub(super) group: Option<Text>,
    /// Memory for the next statement.
    pub(super) memory: String,
}

/// How proofs are sent.
///
/// ```text
///        SaslHandshake v0        proof
///  Asked ───────────────▶ Bare ◀───────▶ Proving
///    ▲                     │      answer
///    ╰──── any request ────╯
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Proofs {
    /// In requests.
    #[default]
    Asked,
    /// Behind their lengths, and nothing else; so are their answers.
    Bare,
    /// One was sent so, and waits for its answer.
    Proving,
}

/// A request that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) id: u32,
    /// `None` for one that nobody knows.
    pub(super) api: Option<&'static Api>,
    pub(super) version: u8,
    /// How many records it carries, if they could be counted.
    pub(super) records: Option<u64>,
}

impl Session for Kafka {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        if let Some(identity) = self.news.take() {
            self.identity = wire.share(identity);
            return Ok(Heard::Identity(Arc::clone(&self.identity)));
        }
        match speaker {
            Speaker::Client => self.asked(wire),
            Speaker::Server => self.answered(wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        match speaker {
            Speaker::Client => self.asking = None,
            Speaker::Server => {
                self.answering = None;
                if self.proofs == Proofs::Proving {
                    self.proofs = Proofs::Bare;
                }
            }
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        if is_frame(wire) && self.is_bare(speaker, wire) {
            return Sought::At(0);
        }
        let mut open = wire.len();
        let mut budget = Budget::of(wire.len());
        for at in 0..wire.len() {
            let bytes = wire.get(at..).unwrap_or_default();
            let fit = match speaker {
                Speaker::Client => request_fits_within(bytes, &mut budget),
                Speaker::Server => answer_fits(bytes, &self.open, &mut budget),
            };
            if budget.is_spent() && !matches!(fit, Fit::Whole | Fit::Likely) {
                // Too many places may be beginnings for any of them to be worth more.
                return Sought::Behind(at + 1);
            }
            match fit {
                Fit::Whole | Fit::Likely => return Sought::At(at),
                Fit::Loose if is_frame(bytes) => return Sought::At(at),
                Fit::Loose | Fit::Short => open = open.min(at),
                Fit::Not => {}
            }
        }
        Sought::Behind(open)
    }
}

impl Kafka {
    /// Whether a frame that `speaker` may begin with is a proof, or the answer to one, without a request around it.
    fn is_bare(&mut self, speaker: Speaker, frame: &[u8]) -> bool {
        match speaker {
            Speaker::Server => self.proofs == Proofs::Proving,
            Speaker::Client => {
                let is_proof = frame.get(4..).is_some_and(|proof| sasl::user(proof).is_some());
                if is_proof && request_fits(frame) == Fit::Not {
                    self.proofs = Proofs::Bare;
                }
                self.proofs == Proofs::Bare && is_proof
            }
        }
    }

    /// A request waits from now on.
    pub(super) fn wait(&mut self, open: Open) {
        if self.open.len() >= OPEN {
            self.open.pop_front();
        }
        self.open.push_back(open);
    }

    /// The request that an answer of this id is for.
    pub(super) fn waits(&self, id: u32) -> Option<Open> {
        self.open.iter().rfind(|open| open.id == id).copied()
    }

    /// The request of this id was answered.
    pub(super) fn close(&mut self, id: u32) {
        if let Some(at) = self.open.iter().rposition(|open| open.id == id) {
            self.open.remove(at);
        }
    }

    /// Keeps memory for the next request.
    pub(super) fn keep(&mut self, text: String) {
        if text.capacity() <= KEPT {
            self.memory = text;
        }
    }
}
