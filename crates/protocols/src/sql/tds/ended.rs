//! The end of a result, of a message, and what the response to it was.

use model::details::Detail;
use model::exchange::{Outcome, Response, Text};

use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::Reader;

use super::reply::{Reply, answer};
use super::tokens::{Done, token};

/// The shape of the last rows is kept by each session, unless its description is longer.
const LAST: usize = 2 << 10;

impl Reply {
    /// A result ended.
    pub(super) fn ends(&mut self, done: Done, response: Option<&mut Response>) {
        self.has_ended = true;
        self.has_failed |= done.has_failed();
        self.is_cancelled |= done.is_attention();
        let rows = std::mem::take(&mut self.rows);
        let is_result = std::mem::take(&mut self.is_described);
        let affected = done.affected().filter(|_| !is_result);
        self.results += u32::from(is_result || affected.is_some());
        let Some(response) = response else { return };
        if is_result {
            *response.rows.get_or_insert(0) += rows;
        } else if let Some(affected) = affected {
            *response.affected.get_or_insert(0) += affected;
        }
    }

    /// The message ends with a packet of this body, of which nothing was understood: nearly all end with the end of a result.
    pub(super) fn read_tail(&mut self, body: &[u8], wire: &mut Reader<'_>) {
        let size = Done::size(self.dialect.is_wide);
        let tail = body.len().checked_sub(size).and_then(|from| body.get(from..)).unwrap_or_default();
        if matches!(tail.first(), Some(&(token::DONE | token::DONEPROC)))
            && let Ok(done) = Done::read(tail, self.dialect.is_wide)
        {
            self.ends(done, answer(self.session, wire));
        }
    }

    /// What was asked could not be read: a log-in, which is told if it failed.
    pub(super) fn finish_unasked(&mut self, wire: &mut Reader<'_>) -> Heard {
        if self.failure.is_none() {
            self.finish(wire);
            return Heard::Response(Key::Turn);
        }
        let mut exchange = wire.blank();
        exchange.request.operation = "login".into();
        exchange.request.details.push(("encrypted", Detail::from("login")));
        exchange.response.failure = self.failure.take();
        self.finish(wire);
        Heard::Oneway(exchange)
    }

    /// The response is whole; the next begins.
    pub(super) fn finish(&mut self, wire: &mut Reader<'_>) {
        let shape = self.shape.take().filter(|shape| shape.said().len() <= LAST);
        let mut held = std::mem::take(&mut self.held);
        held.clear();
        let next = Reply { shape, held, ..Reply::of(self.session, self.dialect) };
        let cells = std::mem::take(&mut self.cells);
        let before = std::mem::replace(self, Reply { cells, ..next });
        let Some(response) = answer(self.session, wire) else { return };
        if before.is_in_row && before.is_kept {
            response.samples.end();
        }
        if before.rows > 0 {
            *response.rows.get_or_insert(0) += before.rows;
        }
        let mut note = |name, number: u64| {
            response.details.push((name, Detail::Number(i64::try_from(number).unwrap_or(i64::MAX))));
        };
        if before.results > 1 {
            note("results", before.results.into());
        }
        if before.errors > 1 {
            note("errors", before.errors.into());
        }
        if let Some(unread) = before.unread {
            note("unread_bytes", unread);
        }
        if !before.returned.is_empty() {
            response.details.push(("returned", Detail::Text(Text::from(before.returned))));
        }
        if before.is_cancelled {
            response.details.push(("attention", Detail::from("acknowledged")));
        }
        let has_failed = before.has_failed || before.is_cancelled;
        response.outcome = match (has_failed, before.unread.is_some() && !before.has_ended) {
            (true, _) => Outcome::Error,
            (false, true) => Outcome::Unknown,
            (false, false) => Outcome::Ok,
        };
        response.failure = before.failure;
    }
}
