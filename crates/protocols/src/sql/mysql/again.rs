//! Answers that look like the last one, as most do: their begin and their end, each read in a stride.

use crate::kit::protocol::Heard;
use crate::kit::reader::Reader;

use super::answered::used;
use super::reply::{Ended, Phase};
use super::reports::Done;
use super::session::{Due, Ends, Mysql};
use super::wire::{Header, status, tag};

impl Mysql {
    /// The rows behind descriptions that are those of the rows before, which stand behind their number: as most answers
    /// begin.
    #[inline(always)]
    pub(super) fn described_again<'a>(&mut self, begin: &'a [u8], wire: &mut Reader<'_>) -> Option<&'a [u8]> {
        let [1, 0, 0, 1, columns @ 1..=0xfa, behind @ ..] = begin else { return None };
        if self.reply.phase != Phase::First
            || self.reply.sequence != Some(1)
            || !self.reply.said.is_empty()
            || self.goes_on[1]
            || !matches!(self.due.front(), Some(Due::Query | Due::Execute(_)))
        {
            return None;
        }
        let behind = self.reply.again((*columns).into(), behind, wire.answer())?;
        let next = columns.wrapping_add(2);
        self.reply.sequence = Some(next);
        match behind {
            [5, 0, 0, number, tag::EOF, _, _, low, high, rows @ ..]
                if self.ends == Ends::Said
                    && *number == next
                    && u16::from_le_bytes([*low, *high]) & status::CURSOR_EXISTS == 0 =>
            {
                self.keep_shape();
                (self.reply.phase, self.reply.sequence) = (Phase::Rows, Some(next.wrapping_add(1)));
                Some(rows)
            }
            _ => Some(behind),
        }
    }

    /// The end of the answer, where this packet ends its rows and says nothing besides.
    #[inline(always)]
    pub(super) fn rows_ended(&mut self, header: Header, body: &[u8], wire: &mut Reader<'_>) -> Option<Heard> {
        const MORE: u16 =
            status::MORE_RESULTS | status::CURSOR_EXISTS | status::DATABASE_DROPPED | status::SESSION_CHANGED;
        let done = Done::of_rows(body)?;
        if self.reply.phase != Phase::Rows
            || !self.reply.is_next(header)
            || self.goes_on[1]
            || done.status & MORE != 0
            || !matches!(self.due.front(), Some(Due::Query | Due::Execute(_)))
            || wire.asked().is_some_and(|asked| used(asked).is_some())
        {
            return None;
        }
        self.in_transaction = done.status & status::IN_TRANSACTION != 0;
        self.reply.ends(&done, Ended::Rows, wire.answer());
        Some(self.respond(wire))
    }
}
