//! Pairing: which response answers which request, once for all protocols.

use std::sync::Arc;

use model::conn::Speaker;
use model::event::Cause;
use model::exchange::{Completeness, Exchange, Identity, Outcome, Response};
use model::time::Time;

use crate::kit::desk::Desk;
use crate::kit::named::Named;
use crate::kit::protocol::{Key, Listed, Protocol};
use crate::kit::reader;
use crate::kit::turns::{Gap, Turn, Turns};

/// More open requests than this on one connection are not waited for: the oldest is given up.
///
/// The deepest real pipelines (pgbench, Redis clients, HTTP/2) stay far below.
const OPEN_REQUESTS: usize = 4096;

/// The requests that wait for their responses, in turn or under an id.
///
/// After bytes of the asking side were lost, an unknown number of requests is missing. Their place in the
/// queue is kept by a [gap](Turn::Gap): responses that reach it answer nobody, and what was asked behind it is not
/// paired until the other side has answered and the asking side speaks again. So a gap may lose exchanges,
/// and never joins a response to a request that it does not answer.
#[derive(Debug)]
pub struct Pairing {
    protocol: Listed,
    identity: Option<Arc<Identity>>,
    /// Those that are answered in turn.
    waiting: Turns,
    /// What few protocols need.
    aside: Option<Box<Aside>>,
}

/// What does not wait its turn.
#[derive(Debug, Default)]
struct Aside {
    /// Requests that are answered by an id.
    named: Named,
    /// The answer to the request that is still being said.
    early: Option<Early>,
}

/// An answer that came before its request was said to the end.
#[derive(Debug)]
struct Early {
    response: Response,
    span: Span,
}

/// When a message passed and how many bytes it had.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// When its first byte passed.
    pub from: Time,
    /// When its last byte passed.
    pub to: Time,
    /// Its bytes, those of its earlier parts included.
    pub bytes: u64,
    /// What of it was lost.
    pub completeness: Completeness,
}

impl Pairing {
    /// Nothing asked yet, in this protocol.
    #[must_use]
    pub fn new(protocol: Listed) -> Self {
        Pairing { protocol, identity: None, waiting: Turns::default(), aside: None }
    }

    /// The protocol in which is asked and answered.
    #[must_use]
    pub fn protocol(&self) -> &'static dyn Protocol {
        *self.protocol
    }

    /// From now on the session is this.
    pub fn identify(&mut self, identity: Arc<Identity>) {
        self.identity = Some(identity);
    }

    /// A request that waits for its response.
    #[inline(always)]
    pub fn ask(&mut self, key: Key, mut exchange: Box<Exchange>, span: Span, desk: &mut Desk) {
        self.begin(&mut exchange, span);
        if let Key::Id(id) = key {
            return self.ask_by_id(id, exchange, desk);
        }
        exchange.response.outcome = Outcome::Unanswered;
        if self.waiting.is_empty() && self.aside.is_none() {
            self.waiting.ask(exchange);
        } else {
            self.ask_behind(exchange, desk);
        }
    }

    /// The same where something else waits, or came early.
    #[inline(never)]
    fn ask_behind(&mut self, exchange: Box<Exchange>, desk: &mut Desk) {
        self.make_room(desk);
        if self.aside.as_ref().is_some_and(|aside| aside.early.is_some()) {
            self.finish_early(exchange, desk);
        } else {
            self.waiting.ask(exchange);
        }
    }

    #[inline(never)]
    fn ask_by_id(&mut self, id: u64, mut exchange: Box<Exchange>, desk: &mut Desk) {
        exchange.response.outcome = Outcome::Unanswered;
        let named = &mut self.aside.get_or_insert_default().named;
        if named.len() >= OPEN_REQUESTS {
            // Half of them at once: one by one, each newcomer would look for the oldest among them all.
            let older = named.take_older_half();
            self.give_up_all(older, Some(Cause::Cap), desk);
        }
        let before = self.aside.get_or_insert_default().named.ask(id, exchange);
        if before.is_some() {
            self.give_up_all(before, None, desk);
        }
    }

    /// Makes room for one more request behind those that wait.
    fn make_room(&mut self, desk: &mut Desk) {
        if self.waiting.gap() == Some(Gap::Answered) && self.waiting.len() == 1 {
            self.waiting.clear();
        }
        if self.waiting.len() >= OPEN_REQUESTS {
            self.give_up_oldest(Some(Cause::Cap), desk);
        }
    }

    /// The answer to this request came before its end.
    fn finish_early(&mut self, mut exchange: Box<Exchange>, desk: &mut Desk) {
        if let Some(early) = self.aside.as_mut().and_then(|aside| aside.early.take()) {
            exchange.response = early.response;
            self.finish(exchange, early.span, desk);
        }
    }

    /// A response to the request that is still being said: it waits for its end.
    pub fn answer_early(&mut self, response: Response, span: Span, desk: &mut Desk) {
        if self.waiting.is_empty() {
            self.aside.get_or_insert_default().early = Some(Early { response, span });
            return;
        }
        if let Some(exchange) = self.waiting.first_mut() {
            exchange.response = response;
        }
        self.answer(Key::Turn, span, desk);
    }

    /// The exchanges whose responses may come next.
    #[inline]
    pub(super) fn waiting(&mut self) -> reader::Waiting<'_> {
        let turn = self.waiting.first_mut();
        reader::Waiting { turn, named: self.aside.as_mut().map(|aside| &mut aside.named) }
    }

    /// `speaker` said more of the request or response of an exchange that goes on.
    pub fn add(&mut self, speaker: Speaker, key: Key, span: Span) {
        let reader::Waiting { turn, named } = self.waiting();
        let exchange = match key {
            Key::Turn => turn,
            Key::Id(id) => named.and_then(|named| named.get_mut(id)),
        };
        let Some(exchange) = exchange else { return };
        match speaker {
            Speaker::Client => exchange.request_bytes += span.bytes,
            Speaker::Server => exchange.response_bytes += span.bytes,
        }
        exchange.completeness.add(span.completeness);
    }

    /// This was lost of what `speaker` said of an exchange that is answered in turn and goes on: whether there is one.
    pub(super) fn lose(&mut self, speaker: Speaker, lost: Completeness) -> bool {
        let exchange = match speaker {
            Speaker::Client => self.waiting.last_mut(),
            Speaker::Server => self.waiting.first_mut(),
        };
        exchange.map(|exchange| exchange.completeness.add(lost)).is_some()
    }

    /// A response ends, and with it the exchange that it was written into.
    #[inline(always)]
    pub fn answer(&mut self, key: Key, span: Span, desk: &mut Desk) {
        if let Key::Id(id) = key {
            return self.answer_by_id(id, Span { ..span }, desk);
        }
        match self.waiting.pop() {
            None => {}
            Some(Turn::Request(exchange)) => self.finish(exchange, span, desk),
            Some(Turn::Gap(_)) => {
                self.give_up_oldest(Some(Cause::Breach), desk);
                self.waiting.push_answered_gap();
            }
        }
    }

    #[inline(never)]
    fn answer_by_id(&mut self, id: u64, span: Span, desk: &mut Desk) {
        if let Some(exchange) = self.aside.as_mut().and_then(|aside| aside.named.take(id)) {
            self.finish(exchange, span, desk);
        }
    }

    /// The oldest request was answered, and nobody wants to know.
    pub fn dismiss(&mut self, desk: &mut Desk) {
        if self.waiting.gap().is_none()
            && let Some(Turn::Request(exchange)) = self.waiting.pop()
        {
            desk.take_back(exchange);
        }
    }

    /// A message that waits for no response.
    pub fn tell(&mut self, mut exchange: Box<Exchange>, span: Span, desk: &mut Desk) {
        self.begin(&mut exchange, span);
        exchange.response.outcome = Outcome::Oneway;
        desk.exchanges.push(exchange);
    }

    /// The `count` oldest requests that are answered in turn will not be answered.
    pub fn abandon(&mut self, count: usize, desk: &mut Desk) {
        for _ in 0..count {
            self.give_up_oldest(None, desk);
        }
    }

    /// Bytes of `speaker` were lost or not understood, and requests or responses perhaps with them.
    pub fn miss(&mut self, speaker: Speaker, cause: Cause, desk: &mut Desk) {
        match speaker {
            Speaker::Client => self.doubt(),
            Speaker::Server => self.abandon_turns(cause, desk),
        }
        if let Some(aside) = &mut self.aside {
            let doubted = aside.named.miss(speaker, cause, self.protocol.ids());
            self.give_up_all(doubted, Some(cause), desk);
        }
    }

    /// Nothing more will be said: what waits stays unanswered.
    pub fn close(&mut self, desk: &mut Desk) {
        self.abandon(self.waiting.len(), desk);
        if let Some(aside) = &mut self.aside {
            let unanswered = aside.named.take_all();
            self.give_up_all(unanswered, None, desk);
        }
    }

    /// Requests that are missing may have been asked here.
    fn doubt(&mut self) {
        if let Some(aside) = &mut self.aside {
            aside.early = None;
        }
        match self.waiting.last_gap() {
            Some(gap) => *gap = Gap::Unanswered,
            None => self.waiting.miss(),
        }
    }

    /// The answers to those that are answered in turn may be missing.
    fn abandon_turns(&mut self, cause: Cause, desk: &mut Desk) {
        let open = self.waiting.requests();
        for _ in 0..open {
            self.give_up_oldest(Some(cause), desk);
        }
        // Of several, some answers may still come, and nobody knows how many.
        if open > 1 {
            self.doubt();
        }
    }

    fn give_up_oldest(&mut self, cause: Option<Cause>, desk: &mut Desk) {
        while let Some(turn) = self.waiting.pop() {
            if let Turn::Request(exchange) = turn {
                return self.give_up_all([exchange], cause, desk);
            }
        }
    }

    /// These stay unanswered; `cause` says so when it is our loss.
    fn give_up_all(
        &self,
        exchanges: impl IntoIterator<Item = Box<Exchange>>,
        cause: Option<Cause>,
        desk: &mut Desk,
    ) {
        for mut exchange in exchanges {
            self.recognise(&mut exchange);
            // What there is of its answer was not all.
            exchange.response = Response { outcome: Outcome::Unanswered, ..Response::default() };
            exchange.completeness.cause = exchange.completeness.cause.or(cause);
            desk.exchanges.push(exchange);
        }
    }

    /// A request was said.
    #[inline]
    fn begin(&self, exchange: &mut Exchange, span: Span) {
        // A session that hears another protocol inside of its own has said so.
        if exchange.protocol.is_empty() {
            exchange.protocol = self.protocol.name();
        }
        if exchange.identity.as_ref().map(Arc::as_ptr) != self.identity.as_ref().map(Arc::as_ptr) {
            exchange.identity.clone_from(&self.identity);
        }
        exchange.asked = span.from;
        exchange.request_bytes = span.bytes;
        exchange.completeness = span.completeness;
    }

    /// Its response was said.
    #[inline(always)]
    fn finish(&self, mut exchange: Box<Exchange>, span: Span, desk: &mut Desk) {
        self.recognise(&mut exchange);
        exchange.answered = Some(span.to);
        exchange.response_bytes += span.bytes;
        exchange.completeness.add(span.completeness);
        desk.exchanges.push(exchange);
    }

    /// Who asked: the session as it was then, with the server's version if only the answer told it.
    #[inline]
    fn recognise(&self, exchange: &mut Exchange) {
        let is_older = match (&exchange.identity, &self.identity) {
            (Some(then), Some(now)) => !Arc::ptr_eq(then, now) && is_same_but_for_version(then, now),
            (then, _) => then.is_none(),
        };
        if is_older {
            exchange.identity.clone_from(&self.identity);
        }
    }
}

#[cold]
fn is_same_but_for_version(then: &Identity, now: &Identity) -> bool {
    then.version.is_none()
        && (&then.user, &then.database, &then.application) == (&now.user, &now.database, &now.application)
}
