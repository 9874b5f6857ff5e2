//! Pairing: which response answers which request, once for all protocols.

use std::sync::Arc;

use model::event::Cause;
use model::exchange::{Completeness, Exchange, Identity, Outcome, Response};
use model::time::Time;

use crate::kit::desk::Desk;
use crate::kit::protocol::{Key, Protocol};
use crate::kit::queue::Queue;

/// More open requests than this on one connection are not waited for: the oldest is given up.
///
/// The deepest real pipelines (pgbench, Redis clients, HTTP/2) stay far below.
const OPEN_REQUESTS: usize = 4096;

/// The requests that wait for their responses.
///
/// After bytes of the asking side were lost, an unknown number of requests is missing. Their place in the
/// queue is kept by a [`Waiting::Gap`]: responses that reach it answer nobody, and what was asked behind it is not
/// paired until the other side has answered and the asking side speaks again. So a gap may lose exchanges,
/// and never joins a response to a request that it does not answer.
#[derive(Debug)]
pub struct Pairing {
    protocol: &'static dyn Protocol,
    identity: Option<Arc<Identity>>,
    waiting: Queue<Waiting>,
    /// The answer to the request that is still being said.
    early: Option<Box<Early>>,
}

/// An answer that came before its request was said to the end.
#[derive(Debug)]
struct Early {
    response: Response,
    span: Span,
}

#[derive(Debug)]
enum Waiting {
    /// The exchange as far as it went; its response comes into the same memory.
    Request(Key, Box<Exchange>),
    Gap(Gap),
}

#[derive(Debug, PartialEq, Eq)]
enum Gap {
    Unanswered,
    Answered,
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
    pub fn new(protocol: &'static dyn Protocol) -> Self {
        Pairing { protocol, identity: None, waiting: Queue::default(), early: None }
    }

    /// The protocol in which is asked and answered.
    #[must_use]
    pub fn protocol(&self) -> &'static dyn Protocol {
        self.protocol
    }

    /// From now on the session is this.
    pub fn identify(&mut self, identity: Arc<Identity>) {
        self.identity = Some(identity);
    }

    /// A request that waits for its response.
    #[inline(always)]
    pub fn ask(&mut self, key: Key, mut exchange: Box<Exchange>, span: Span, desk: &mut Desk) {
        if !self.waiting.is_empty() {
            self.make_room(desk);
        }
        self.begin(&mut exchange, span);
        if self.early.is_some() {
            return self.finish_early(exchange, desk);
        }
        exchange.response.outcome = Outcome::Unanswered;
        self.waiting.push_back(Waiting::Request(key, exchange));
    }

    /// Makes room for one more request behind those that wait.
    #[inline(never)]
    fn make_room(&mut self, desk: &mut Desk) {
        if matches!(self.waiting.front(), Some(Waiting::Gap(Gap::Answered))) && self.waiting.len() == 1 {
            self.waiting.clear();
        }
        if self.waiting.len() >= OPEN_REQUESTS {
            self.give_up_oldest(Some(Cause::Cap), desk);
        }
    }

    /// The answer to this request came before its end.
    #[inline(never)]
    fn finish_early(&mut self, mut exchange: Box<Exchange>, desk: &mut Desk) {
        if let Some(early) = self.early.take() {
            exchange.response = early.response;
            self.finish(exchange, early.span, desk);
        }
    }

    /// A response to the request that is still being said: it waits for its end.
    pub fn answer_early(&mut self, response: Response, span: Span, desk: &mut Desk) {
        match self.waiting.front_mut() {
            None => self.early = Some(Box::new(Early { response, span })),
            Some(Waiting::Request(_, exchange)) => {
                exchange.response = response;
                self.answer(Key::Turn, span, desk);
            }
            Some(Waiting::Gap(_)) => self.answer(Key::Turn, span, desk),
        }
    }

    /// The exchange whose answer comes next in turn, where that is sure.
    #[inline]
    #[must_use]
    pub fn turn(&mut self) -> Option<&mut Exchange> {
        match self.waiting.front_mut() {
            Some(Waiting::Request(_, exchange)) => Some(exchange),
            Some(Waiting::Gap(_)) | None => None,
        }
    }

    /// A response ends, and with it the exchange that it was written into.
    #[inline(always)]
    pub fn answer(&mut self, key: Key, span: Span, desk: &mut Desk) {
        let found = match key {
            Key::Turn => self.waiting.pop_front(),
            Key::Id(_) => {
                let place =
                    self.waiting.iter().position(|w| matches!(w, Waiting::Request(k, _) if *k == key));
                place.and_then(|place| self.waiting.remove(place))
            }
        };
        match found {
            None => {}
            Some(Waiting::Request(_, exchange)) => self.finish(exchange, span, desk),
            Some(Waiting::Gap(_)) => {
                self.give_up_oldest(Some(Cause::Breach), desk);
                self.waiting.push_front(Waiting::Gap(Gap::Answered));
            }
        }
    }

    /// The oldest request was answered, and nobody wants to know.
    pub fn dismiss(&mut self, desk: &mut Desk) {
        match self.waiting.front() {
            Some(Waiting::Request(..)) => {
                if let Some(Waiting::Request(_, exchange)) = self.waiting.pop_front() {
                    desk.take_back(exchange);
                }
            }
            Some(Waiting::Gap(_)) | None => {}
        }
    }

    /// A message that waits for no response.
    pub fn tell(&mut self, mut exchange: Box<Exchange>, span: Span, desk: &mut Desk) {
        self.begin(&mut exchange, span);
        exchange.response.outcome = Outcome::Oneway;
        desk.exchanges.push(exchange);
    }

    /// The `count` oldest requests will not be answered; `cause` says so when it is our loss.
    pub fn abandon(&mut self, count: usize, cause: Option<Cause>, desk: &mut Desk) {
        for _ in 0..count {
            self.give_up_oldest(cause, desk);
        }
    }

    /// Bytes of the asking side were lost, and requests perhaps with them.
    pub fn doubt(&mut self) {
        self.early = None;
        match self.waiting.back_mut() {
            Some(Waiting::Gap(gap)) => *gap = Gap::Unanswered,
            Some(Waiting::Request(..)) | None => self.waiting.push_back(Waiting::Gap(Gap::Unanswered)),
        }
    }

    /// How many requests wait.
    #[must_use]
    pub fn open(&self) -> usize {
        self.waiting.iter().filter(|w| matches!(w, Waiting::Request(..))).count()
    }

    fn give_up_oldest(&mut self, cause: Option<Cause>, desk: &mut Desk) {
        while let Some(waiting) = self.waiting.pop_front() {
            if let Waiting::Request(_, mut exchange) = waiting {
                self.recognise(&mut exchange);
                // What there is of its answer was not all.
                exchange.response = Response { outcome: Outcome::Unanswered, ..Response::default() };
                exchange.completeness.cause = exchange.completeness.cause.or(cause);
                desk.exchanges.push(exchange);
                return;
            }
        }
    }

    /// A request was said.
    #[inline]
    fn begin(&self, exchange: &mut Exchange, span: Span) {
        exchange.protocol = self.protocol.name();
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
        exchange.response_bytes = span.bytes;
        let whole = &mut exchange.completeness;
        whole.lost_bytes += span.completeness.lost_bytes;
        whole.cause = whole.cause.or(span.completeness.cause);
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
