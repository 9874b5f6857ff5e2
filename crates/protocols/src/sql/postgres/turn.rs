//! How turns end: with an error, with a batch that fails, with the server ready for the next.

use crate::kit::protocol::{Heard, Read};
use crate::kit::reader::Reader;

use super::answer::Report;
use super::answered::REPORT;
use super::session::{Batch, Due, Postgres, State, Telling, Transaction};
use super::wire::{HEADER, Header, inside};

impl Postgres {
    pub(super) fn error(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(body, REPORT)?;
        let report = Report::read(&mut inside(&sample, wire))?;
        match self.due.front() {
            Some(Due::Query | Due::Call) if !report.is_fatal => {
                self.answer.fail(report.failure);
                Ok(Heard::Part)
            }
            Some(Due::Login | Due::Query | Due::Call) => {
                self.answer.fail(report.failure);
                Ok(self.respond(wire))
            }
            Some(
                Due::Parse { .. }
                | Due::Close { .. }
                | Due::Describe(_)
                | Due::Execute(..)
                | Due::Sync(Telling::Told),
            ) => {
                self.answer.fail(report.failure);
                Ok(self.fail_batch(wire))
            }
            None if !matches!(self.batch(), Batch::Empty) => {
                // The client will say Sync, and the error is the answer.
                self.answer.fail(report.failure);
                Ok(Heard::Part)
            }
            None | Some(Due::Sync(Telling::Silent) | Due::Gap(_)) => Ok(Heard::Nothing),
        }
    }

    /// The batch's first open `Execute` failed, even if it was its `Parse` or `Bind` that did.
    ///
    /// Without an `Execute` the error waits for the end of the batch.
    fn fail_batch(&mut self, wire: &mut Reader<'_>) -> Heard {
        self.undo_batch();
        match self.due.front() {
            Some(Due::Execute(..)) => self.respond(wire),
            _ => Heard::Part,
        }
    }

    /// What is due in this turn will not be done, and of it only what runs something is still to be told: the last name that
    /// was given or taken away is the first to mean again what it did before.
    fn undo_batch(&mut self) {
        let mut undone = Vec::new();
        while self.due.front().is_some_and(|due| !due.ends_turn()) {
            undone.extend(self.due.pop_front());
        }
        for due in undone.into_iter().rev() {
            match due {
                Due::Parse { name, before: None } => _ = self.store().statements.forget(&name),
                Due::Parse { name, before: Some(before) } | Due::Close { name, before } => {
                    self.store().keep(&name, before);
                }
                due @ Due::Execute(..) => self.due.push_front(due),
                Due::Describe(_) | Due::Login | Due::Query | Due::Call | Due::Sync(_) | Due::Gap(_) => {}
            }
        }
    }

    pub(super) fn ready(&mut self, header: Header, wire: &mut Reader<'_>) -> Read<Heard> {
        let whole = HEADER + header.body as usize;
        let message = wire.peek(whole)?;
        if self.due.front().is_some_and(|due| due.executes() || !due.ends_turn())
            && let Some(heard) = self.skipped(wire)
        {
            return Ok(heard);
        }
        wire.skip(whole as u64);
        self.is_ready(message);
        Ok(self.turn_ends(wire))
    }

    /// The server is ready for the next turn; the last byte of its message says in what transaction.
    #[inline]
    pub(super) fn is_ready(&mut self, message: &[u8]) {
        self.state = State::Talking;
        self.transaction = match message.last() {
            Some(b'T') => Transaction::Open,
            Some(b'E') => Transaction::Failed,
            _ => Transaction::Idle,
        };
    }

    /// After an error the server passed over the rest of the batch; each call tells one thing of it.
    fn skipped(&mut self, wire: &mut Reader<'_>) -> Option<Heard> {
        if !self.due.iter().any(Due::ends_turn) {
            return None;
        }
        self.undo_batch();
        let requests = self.due.iter().take_while(|due| !due.ends_turn()).count()
            + usize::from(self.due.iter().find(|due| due.ends_turn()).is_some_and(Due::executes));
        if requests > 0 && self.answer.has_failed() {
            return Some(self.respond(wire));
        }
        for _ in 0..requests {
            self.pop();
        }
        (requests > 0).then_some(Heard::Abandoned(requests))
    }

    pub(super) fn turn_ends(&mut self, wire: &mut Reader<'_>) -> Heard {
        match self.due.front() {
            Some(Due::Login | Due::Query | Due::Call) => self.respond(wire),
            Some(Due::Sync(Telling::Told)) if self.answer.has_failed() => self.respond(wire),
            Some(Due::Sync(Telling::Told)) => {
                self.pop();
                self.answer.finish(None);
                Heard::Dismissed
            }
            Some(Due::Sync(Telling::Silent)) => {
                self.pop();
                self.answer.finish(None);
                Heard::Nothing
            }
            Some(Due::Gap(_)) => self.ready_at_gap(),
            // Nobody waits for it, or not for this one.
            None | Some(Due::Parse { .. } | Due::Close { .. } | Due::Describe(_) | Due::Execute(..)) => {
                Heard::Nothing
            }
        }
    }
}
