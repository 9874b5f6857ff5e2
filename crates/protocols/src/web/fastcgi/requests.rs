//! The requests of a connection that are not ended, and what is kept of them.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;

use crate::web::dialect::Candidates;
use crate::web::http1::wire::HEAD;
use crate::web::said::{Said, Stage};

/// More requests than this are not under way at a time: of more, all are given up. Programs take one, or some hundred.
const REQUESTS: usize = 1024;

/// What is kept of all requests together is no more: of those beyond, no text is told.
const KEPT: usize = 512 << 10;

/// Parameters, or the head of an answer, that are longer are not read.
const GATHERED: usize = HEAD;

/// So many bytes of what goes to the log are kept.
const STDERR: usize = 1 << 10;

/// The requests that are not ended, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Requests {
    open: HashMap<u16, Request, RandomState>,
    /// How many bytes are kept.
    kept: usize,
}

/// One of them.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) asked: Said,
    pub(super) answered: Said,
    /// The parameters, or the head of the answer, as far as they came.
    pub(super) gathered: Vec<u8>,
    /// So many bytes of the answer's head hold no end of it.
    pub(super) looked: usize,
    pub(super) stderr: Vec<u8>,
    pub(super) role: Role,
    pub(super) candidates: Candidates,
    pub(super) client: Heard,
    pub(super) server: Heard,
    pub(super) aborted: Aborted,
}

/// What a program is asked to be (section 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Responder,
    Authorizer,
    Filter,
    Other,
}

/// Whether all of a side's head was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Heard {
    #[default]
    All,
    NotAll,
}

/// Whether the web server gave a request up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Aborted {
    #[default]
    No,
    Yes,
}

impl Request {
    fn kept(&self) -> usize {
        self.asked.kept() + self.answered.kept() + self.gathered.len() + self.stderr.len()
    }

    /// Bytes of one side were lost, perhaps of this.
    fn lose(&mut self, speaker: Speaker) {
        let (said, heard) = match speaker {
            Speaker::Client => (&mut self.asked, &mut self.client),
            Speaker::Server => (&mut self.answered, &mut self.server),
        };
        match said.stage {
            Stage::Head => *heard = Heard::NotAll,
            Stage::Body => said.lose(),
            Stage::Over => {}
        }
    }
}

impl Requests {
    /// A new request, in the place of one of the same number that nobody will end.
    pub(super) fn open(&mut self, id: u16, role: Role) {
        self.close(id);
        if self.open.len() >= REQUESTS {
            *self = Requests::default();
        }
        self.open.insert(id, Request { role, ..Request::default() });
    }

    pub(super) fn get(&mut self, id: u16) -> Option<&mut Request> {
        self.open.get_mut(&id)
    }

    /// Takes a request that is ended.
    pub(super) fn close(&mut self, id: u16) -> Option<Request> {
        let request = self.open.remove(&id)?;
        self.kept -= request.kept();
        Some(request)
    }

    /// A request whose answer has begun.
    pub(super) fn any_answered(&self) -> Option<u16> {
        let begun = self.open.iter().filter(|(_, request)| request.answered.stage == Stage::Body);
        begun.map(|(id, _)| *id).min()
    }

    /// Keeps bytes of a body.
    pub(super) fn keep(&mut self, id: u16, speaker: Speaker, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.kept);
        let Some(request) = self.open.get_mut(&id) else { return };
        let said = match speaker {
            Speaker::Client => &mut request.asked,
            Speaker::Server => &mut request.answered,
        };
        self.kept += said.keep(bytes, room);
    }

    /// Keeps bytes of parameters, or of an answer's head, as far as these may go: how many it kept.
    pub(super) fn gather(&mut self, id: u16, bytes: &[u8]) -> usize {
        let room = KEPT.saturating_sub(self.kept);
        let Some(request) = self.open.get_mut(&id) else { return 0 };
        let room = room.min(GATHERED - request.gathered.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        request.gathered.extend_from_slice(kept);
        self.kept += kept.len();
        kept.len()
    }

    /// Takes what was gathered of a request.
    pub(super) fn take_gathered(&mut self, id: u16) -> Vec<u8> {
        let gathered = self.open.get_mut(&id).map(|request| std::mem::take(&mut request.gathered));
        let gathered = gathered.unwrap_or_default();
        self.kept -= gathered.len();
        gathered
    }

    /// Keeps bytes that go to the log.
    pub(super) fn log(&mut self, id: u16, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.kept);
        let Some(request) = self.open.get_mut(&id) else { return };
        let room = room.min(STDERR - request.stderr.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        request.stderr.extend_from_slice(kept);
        self.kept += kept.len();
    }

    /// Bytes of a side were lost, of this request.
    pub(super) fn lose(&mut self, id: u16, speaker: Speaker) {
        if let Some(request) = self.open.get_mut(&id) {
            request.lose(speaker);
        }
    }

    /// Bytes of a side were lost, nobody knows of which requests; not of this one, where there is one.
    pub(super) fn doubt(&mut self, speaker: Speaker, but: Option<u16>) {
        let doubted = self.open.iter_mut().filter(|(id, _)| but != Some(**id));
        doubted.for_each(|(_, request)| request.lose(speaker));
    }

    /// Whether nothing of a request's answer was heard, nor lost.
    pub(super) fn awaits_head(&self, id: u16) -> bool {
        self.open.get(&id).is_some_and(|request| {
            request.answered.stage == Stage::Head && request.server == Heard::All && request.looked == 0
        })
    }
}
