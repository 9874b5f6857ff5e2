//! What the server says of columns and parameters, and where that ends.

use std::sync::Arc;

use model::details::Detail;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader, Sample};

use super::answered::Told;
use super::reply::Phase;
use super::reports::{self, Done};
use super::session::{Due, Ends, Mysql};
use super::shape::COLUMNS;
use super::statements::LATEST;
use super::wire::{Header, number, status, tag};

/// How the description of a column begins: it is in the catalog `def`, as all are.
pub(super) const COLUMN: &[u8] = b"\x03def";

impl Mysql {
    /// A result has so many columns, which are described unless the client knows them.
    pub(super) fn counted(&mut self, body: &[u8], wire: &mut Reader<'_>) -> Read<Told> {
        let (columns, is_described) = match *body {
            // MariaDB says it behind the number, MySQL before it.
            [columns @ 1..=0xfa, described @ 0..=1] => (u64::from(columns), described == 1),
            [described, columns] if described <= 1 => (u64::from(columns), described == 1),
            _ => {
                let mut body = Reader::new(body, 0, Ahead::End);
                let columns = number(&mut body).map_err(|_| wire.broken("a number of columns is none"))?;
                (columns, body.rest().first() != Some(&0))
            }
        };
        let count = u16::try_from(columns).ok().filter(|count| (1..=COLUMNS).contains(&usize::from(*count)));
        let count = count.ok_or_else(|| wire.broken("a result has no such number of columns"))?;
        self.reply.said.clear();
        self.reply.phase = if is_described { Phase::Columns(count) } else { Phase::Described };
        if !is_described && let Some(Due::Execute(statement)) = self.due.front() {
            let shape = statement.shape.get().map(Arc::clone);
            self.reply.shaped(shape, wire.answer());
        }
        Ok(Told::More)
    }

    pub(super) fn column(
        &mut self,
        left: u16,
        header: Header,
        body: &[u8],
        wire: &mut Reader<'_>,
    ) -> Read<Told> {
        if !body.starts_with(COLUMN) {
            return Err(wire.broken("a column is described by something else"));
        }
        self.reply.describe(header, body);
        self.reply.phase = Phase::Columns(left - 1);
        if left == 1 {
            self.reply.described(wire);
            self.reply.phase = Phase::Described;
        }
        Ok(Told::More)
    }

    /// What comes behind the descriptions: their end, rows, or the end of the rows.
    pub(super) fn behind_columns(
        &mut self,
        header: Header,
        sample: &Sample<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Told> {
        let body = sample.bytes;
        let is_end = body.first() == Some(&tag::EOF) && !header.goes_on();
        if self.reply.phase == Phase::Described {
            self.keep_shape();
            self.reply.phase = Phase::Rows;
            let is_separator = is_end && sample.length == reports::EOF as u64;
            if self.ends == Ends::Unknown {
                self.ends = if is_separator { Ends::Said } else { Ends::Unsaid };
            }
            if is_separator {
                let done = Done::read(body).map_err(|_| wire.broken("an end is none"))?;
                if done.status & status::CURSOR_EXISTS == 0 {
                    return Ok(Told::More);
                }
            }
        }
        if is_end {
            return self.done(body, wire);
        }
        self.row(header, body, wire)
    }

    /// The rows that come show what those of the statement look like.
    pub(super) fn keep_shape(&self) {
        if let (Some(Due::Execute(statement)), Some(shape)) = (self.due.front(), self.reply.shape()) {
            _ = statement.shape.set(Arc::clone(shape));
        }
    }

    /// A statement has a number, parameters and columns, which are described.
    pub(super) fn numbered(&mut self, body: &[u8], wire: &mut Reader<'_>) -> Read<Told> {
        let mut body = Reader::new(body, 0, Ahead::End);
        body.skip(1);
        let read = (body.le32(), body.le16(), body.le16());
        let (Ok(statement), Ok(columns), Ok(parameters)) = read else {
            return Err(wire.broken("a statement has no number"));
        };
        let is_described = body.rest().get(3) != Some(&0);
        if let Some(Due::Prepare(prepared)) = self.due.front() {
            _ = prepared.parameters.set(parameters);
            let prepared = Arc::clone(prepared);
            self.store().keep(statement, Arc::clone(&prepared));
            if statement != LATEST {
                self.store().keep(LATEST, prepared);
            }
        }
        if let Some(response) = wire.answer() {
            response.details.push(("statement_id", Detail::Number(statement.into())));
            response.details.push(("parameter_count", Detail::Number(parameters.into())));
        }
        if !is_described || (columns == 0 && parameters == 0) {
            return Ok(Told::End(self.respond(wire)));
        }
        self.reply.phase = Phase::Prepared(parameters, columns);
        Ok(Told::More)
    }

    /// A description of a statement's parameter or column, or the end of either.
    pub(super) fn prepared(
        &mut self,
        (parameters, columns): (u16, u16),
        (header, body): (Header, &[u8]),
        wire: &mut Reader<'_>,
    ) -> Read<Told> {
        let left = match (parameters, columns) {
            _ if body.first() == Some(&tag::EOF) && body.len() == reports::EOF => {
                self.ends = Ends::Said;
                (parameters, columns)
            }
            (0, 0) => return Err(wire.broken("a description is of nothing")),
            _ if !body.starts_with(COLUMN) => {
                return Err(wire.broken("a parameter is described by something else"));
            }
            (0, columns) => {
                self.reply.describe(header, body);
                if columns == 1 {
                    self.reply.described(wire);
                    self.keep_prepared_shape();
                }
                (0, columns - 1)
            }
            (parameters, columns) => (parameters - 1, columns),
        };
        self.reply.phase = Phase::Prepared(left.0, left.1);
        let is_last = left == (0, 0) && (self.ends != Ends::Said || body.first() == Some(&tag::EOF));
        Ok(if is_last { Told::End(self.respond(wire)) } else { Told::More })
    }

    fn keep_prepared_shape(&self) {
        if let (Some(Due::Prepare(statement)), Some(shape)) = (self.due.front(), self.reply.shape()) {
            _ = statement.shape.set(Arc::clone(shape));
        }
    }
}
