//! What the server says once the session has begun.

use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Identity, Request, Text};

use crate::kit::protocol::{Heard, Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::kit::text::lossy;

use super::described::COLUMN;
use super::login::{self, text};
use super::reply::{Ended, Phase, ROW, SAMPLES};
use super::reports::{self, Done, Failed};
use super::session::{Due, Ends, Meaning, Mysql, State};
use super::shape::Form;
use super::wire::{HEADER, Header, header, status, tag, until_zero, whole};

/// So many bytes of a description, error, answer or greeting are read.
const REPORT: usize = 128 << 10;

/// What a packet of the server was.
pub(super) enum Told {
    /// A piece of a response, or of nothing.
    More,
    /// It ends something.
    End(Heard),
    /// Who the session is has changed, which is told before the packet is read again.
    Changed(Identity),
}

impl Mysql {
    /// Reads the server's first packet.
    pub(super) fn greeted(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let header = header(wire)?;
        wire.skip(HEADER as u64);
        let sample = wire.sample(header.length.into(), REPORT)?;
        if let Some(&tag::ERR) = sample.bytes.first() {
            return refused(sample.bytes, wire);
        }
        let mut body = Reader::new(sample.bytes, 0, wire.ahead());
        let greeting = login::greeting(&mut body).map_err(|_| wire.broken("a greeting is none"))?;
        self.state = State::Greeted;
        // Of a greeting with a hole, nobody knows what else the server can.
        let is_whole = sample.bytes.len() as u64 == sample.length;
        self.capabilities = if is_whole { greeting.capabilities } else { 0 };
        self.identity = wire.share(Identity { version: Some(greeting.version), ..Identity::default() });
        Ok(Heard::Nothing)
    }

    /// Reads the server's next packet, or those up to the end of a response.
    ///
    /// A response has a handful of them, and what surrounds a reading costs more than most of them do.
    #[inline(never)]
    pub(super) fn answered(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let begin = wire.rest();
        let mut rest = self.described_again(begin, wire).unwrap_or(begin);
        while let Some((header, body, behind)) = whole(rest) {
            if let Some(heard) = self.rows_ended(header, body, wire) {
                wire.skip((begin.len() - behind.len()) as u64);
                return Ok(heard);
            }
            let sample = Sample { bytes: body, length: body.len() as u64 };
            let told = match self.packet(header, &sample, wire) {
                Ok(told) => told,
                Err(stop) if rest.len() == begin.len() => return Err(stop),
                Err(_) => break,
            };
            match told {
                Told::End(heard) => {
                    wire.skip((begin.len() - behind.len()) as u64);
                    return Ok(heard);
                }
                Told::Changed(_) if rest.len() < begin.len() => break,
                Told::Changed(identity) => {
                    self.identity = wire.share(identity);
                    return Ok(Heard::Identity(Arc::clone(&self.identity)));
                }
                Told::More => rest = self.columns_again(header, body, behind, wire),
            }
        }
        if rest.len() < begin.len() {
            wire.skip((begin.len() - rest.len()) as u64);
            return Ok(self.part());
        }
        self.long_packet(wire)
    }

    /// A packet that goes on behind what is there.
    #[inline(never)]
    fn long_packet(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let header = header(wire)?;
        wire.skip(HEADER as u64);
        let first = wire.peek(1)?.first().copied();
        let wants_sample = wire.answer().is_some_and(|response| response.samples.len() < SAMPLES);
        let limit = match (self.reply.phase, first) {
            _ if self.goes_on[1] || self.due.is_empty() => 0,
            (Phase::Rows | Phase::Described, Some(0..=0xfd)) if wants_sample => ROW,
            (Phase::Rows, Some(0..=0xfd)) => 1,
            _ => REPORT,
        };
        let sample = wire.sample(header.length.into(), limit)?;
        match self.packet(header, &sample, wire)? {
            Told::End(heard) => Ok(heard),
            Told::More => Ok(self.part()),
            // It says so at its end, which was lost.
            Told::Changed(_) => Err(Stop::Short),
        }
    }

    /// What follows the number of columns, if these are described as the last ones were.
    #[inline(always)]
    fn columns_again<'a>(
        &mut self,
        header: Header,
        body: &[u8],
        behind: &'a [u8],
        wire: &mut Reader<'_>,
    ) -> &'a [u8] {
        let (Phase::Columns(columns), true) = (self.reply.phase, self.reply.said.is_empty()) else {
            return behind;
        };
        // Only behind the packet that says how many there are.
        if body.len() > 3 {
            return behind;
        }
        match self.reply.again(columns, behind, wire.answer()) {
            Some(rest) => {
                let [width, _] = columns.to_le_bytes();
                self.reply.sequence = Some(header.next().wrapping_add(width));
                rest
            }
            None => behind,
        }
    }

    /// Hears one packet, of which at least the beginning is there.
    #[inline(always)]
    fn packet(&mut self, header: Header, sample: &Sample<'_>, wire: &mut Reader<'_>) -> Read<Told> {
        let first = sample.bytes.first();
        if let (Phase::Rows, Some(0..=0xfd)) = (self.reply.phase, first)
            && !self.goes_on[1]
        {
            return self.row(header, sample.bytes, wire);
        }
        self.other_packet(header, sample, wire)
    }

    #[inline(always)]
    pub(super) fn row(&mut self, header: Header, body: &[u8], wire: &mut Reader<'_>) -> Read<Told> {
        if !self.reply.is_next(header) {
            return Err(wire.broken("a packet is not the next"));
        }
        self.follow(header);
        let form = match self.due.front() {
            Some(Due::Execute(_) | Due::Fetch(_)) => Form::Binary,
            Some(_) | None => Form::Text,
        };
        self.reply.row(form, body, wire.answer());
        Ok(Told::More)
    }

    /// The next packet has the next number, and may go on with this one.
    #[inline(always)]
    fn follow(&mut self, header: Header) {
        if self.reply.sequence.is_some() {
            self.reply.sequence = Some(header.next());
        }
        self.goes_on[1] = header.goes_on();
    }

    #[inline(never)]
    fn other_packet(&mut self, header: Header, sample: &Sample<'_>, wire: &mut Reader<'_>) -> Read<Told> {
        if self.due.is_empty() {
            self.goes_on[1] = false;
            return Ok(Told::More);
        }
        if let Some(Due::Gap(_)) = self.due.front() {
            return Ok(match self.answered_at_gap() {
                Heard::Nothing => Told::More,
                heard => Told::End(heard),
            });
        }
        if !self.reply.is_next(header) {
            if self.is_stray(sample) {
                return Ok(Told::More);
            }
            return Err(wire.broken("a packet is not the next"));
        }
        if std::mem::replace(&mut self.goes_on[1], header.goes_on()) {
            self.follow(header);
            return Ok(Told::More);
        }
        let told = self.phased(header, sample, wire);
        match &told {
            Ok(Told::More) => self.follow(header),
            Ok(Told::End(_)) => {}
            Ok(Told::Changed(_)) | Err(_) => self.goes_on[1] = false,
        }
        told
    }

    /// An end of descriptions that nobody knew to wait for.
    fn is_stray(&mut self, sample: &Sample<'_>) -> bool {
        let is_stray = self.reply.phase == Phase::First
            && self.ends != Ends::Said
            && sample.bytes.first() == Some(&tag::EOF)
            && sample.length == reports::EOF as u64;
        if is_stray {
            self.ends = Ends::Said;
        }
        is_stray
    }

    fn phased(&mut self, header: Header, sample: &Sample<'_>, wire: &mut Reader<'_>) -> Read<Told> {
        let body = sample.bytes;
        if body.first() == Some(&tag::ERR) && !matches!(self.reply.phase, Phase::Columns(_)) {
            return self.failed(body, wire);
        }
        match self.reply.phase {
            Phase::First => self.first(body, wire),
            Phase::Columns(left) => self.column(left, header, body, wire),
            Phase::Described | Phase::Rows => self.behind_columns(header, sample, wire),
            Phase::Prepared(parameters, columns) => {
                self.prepared((parameters, columns), (header, body), wire)
            }
            Phase::File | Phase::Filed => self.done(body, wire),
        }
    }

    /// Something went wrong, which ends every answer.
    fn failed(&mut self, body: &[u8], wire: &mut Reader<'_>) -> Read<Told> {
        let failed = Failed::read(body).map_err(|_| wire.broken("an error is none"))?;
        if failed.is_progress() {
            return Ok(Told::More);
        }
        self.reply.fails(&failed, wire.answer());
        if let Some(Due::Login) = self.due.front() {
            self.state = State::Talking;
        }
        Ok(Told::End(self.respond(wire)))
    }

    /// The first packet of an answer, or of one of its results.
    #[inline(always)]
    fn first(&mut self, body: &[u8], wire: &mut Reader<'_>) -> Read<Told> {
        match (self.due.front(), body.first()) {
            (Some(Due::Login | Due::ChangeUser(_)), _) => self.proof(body, wire),
            (Some(Due::Prepare(_)), Some(&tag::OK)) => self.numbered(body, wire),
            (Some(Due::Statistics), Some(_)) => {
                if let Some(response) = wire.answer() {
                    response.details.push(("text", Detail::Text(text(body))));
                }
                Ok(Told::End(self.respond(wire)))
            }
            // It may go on for as long as both live: nobody waits for its end.
            (Some(Due::Stream), Some(&tag::OK)) => Ok(Told::End(self.respond(wire))),
            (Some(Due::Fields), Some(0x03)) => Ok(self.field(body)),
            (Some(Due::Fetch(statement)), Some(&tag::OK)) => {
                let shape = statement.shape.get().map(Arc::clone);
                self.reply.shaped(shape, wire.answer());
                self.reply.phase = Phase::Rows;
                self.reply.row(Form::Binary, body, wire.answer());
                Ok(Told::More)
            }
            (Some(Due::Query), Some(&tag::INFILE)) => {
                self.reply.phase = Phase::File;
                let name = text(body.get(1..).unwrap_or_default());
                if let Some(response) = wire.answer() {
                    response.details.push(("local_file", Detail::Text(name)));
                }
                Ok(Told::More)
            }
            (Some(Due::Query | Due::Execute(_)), Some(1..=0xfd)) => self.counted(body, wire),
            (Some(Due::Query | Due::Execute(_)), Some(0)) if body.len() < reports::SHORTEST => {
                self.counted(body, wire)
            }
            (_, Some(&(tag::OK | tag::EOF))) => self.done(body, wire),
            _ => Err(wire.broken("an answer begins with what is none")),
        }
    }

    /// All went well, and perhaps there is more.
    pub(super) fn done(&mut self, body: &[u8], wire: &mut Reader<'_>) -> Read<Told> {
        let done = Done::read(body).map_err(|_| wire.broken("an answer that all went well is none"))?;
        if let Some(identity) = self.changed(&done, wire.asked()) {
            return Ok(Told::Changed(identity));
        }
        let ended = self.ended(wire.asked());
        self.in_transaction = done.status & status::IN_TRANSACTION != 0;
        self.reply.ends(&done, ended, wire.answer());
        if done.has_more() && matches!(self.due.front(), Some(Due::Query | Due::Execute(_))) {
            self.reply.phase = Phase::First;
            return Ok(Told::More);
        }
        if let Some(Due::ChangeUser(_) | Due::Simple(Meaning::Reset)) = self.due.front() {
            self.forget_statements();
        }
        Ok(Told::End(self.respond(wire)))
    }

    /// What the result was that ends.
    fn ended(&self, asked: Option<&Request>) -> Ended {
        match (self.reply.phase, self.due.front()) {
            (Phase::Rows | Phase::Described, _) | (_, Some(Due::Fetch(_) | Due::Fields)) => Ended::Rows,
            _ if asked.is_some_and(is_change) => Ended::Change,
            _ => Ended::Other,
        }
    }

    /// Who the session is, if it is not any more who it was.
    fn changed(&self, done: &Done<'_>, asked: Option<&Request>) -> Option<Identity> {
        if let Some(Due::ChangeUser(identity)) = self.due.front() {
            return (*identity != self.identity).then(|| Identity::clone(identity));
        }
        let database = match (done.database(), self.due.front()) {
            (Some(database), _) => Some(database).filter(|name| !name.is_empty()),
            (None, Some(Due::Simple(Meaning::Database(database)))) => Some(Arc::clone(database)),
            (None, _) if done.status & status::DATABASE_DROPPED != 0 => None,
            (None, _) => Some(used(asked?)?),
        };
        let same = self.identity.database == database;
        (!same).then(|| Identity { database, ..Identity::clone(&self.identity) })
    }

    /// A packet of a log-in.
    fn proof(&mut self, body: &[u8], wire: &mut Reader<'_>) -> Read<Told> {
        self.reply.sequence = None;
        match body {
            [tag::OK, ..] => {
                let told = self.done(body, wire)?;
                if let (Told::End(_), State::Proving) = (&told, self.state) {
                    self.believed();
                }
                Ok(told)
            }
            [tag::EOF, rest @ ..] => {
                let mut rest = Reader::new(rest, 0, Ahead::End);
                let plugin = until_zero(&mut rest);
                let plugin = if plugin.is_empty() { b"mysql_old_password" } else { plugin };
                if let Some(response) = wire.answer() {
                    response.details.push(("authentication", Detail::Text(text(plugin))));
                }
                Ok(Told::More)
            }
            _ => Ok(Told::More),
        }
    }

    /// A column of a table that the client asked about.
    fn field(&mut self, body: &[u8]) -> Told {
        self.reply.running += u64::from(body.starts_with(COLUMN));
        Told::More
    }

    /// A piece of a response, if anybody waits for one.
    fn part(&self) -> Heard {
        match self.due.front() {
            None | Some(Due::Gap(_)) => Heard::Nothing,
            Some(_) => Heard::Part,
        }
    }
}

/// The server refuses the connection before anybody has asked for anything.
fn refused(body: &[u8], wire: &mut Reader<'_>) -> Read<Heard> {
    let failed = Failed::read(body).map_err(|_| wire.broken("an error is none"))?;
    if !failed.is_likely() {
        return Err(wire.broken("a greeting is none"));
    }
    let mut exchange = wire.blank();
    exchange.request.operation = "login".into();
    exchange.response.failure = Some(failed.failure());
    Ok(Heard::Oneway(exchange))
}

/// Whether a request changes rows, so that it means something if there was none.
fn is_change(request: &Request) -> bool {
    matches!(&*request.operation, "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "LOAD")
}

/// The database that a statement goes on with.
pub(super) fn used(request: &Request) -> Option<Text> {
    if request.operation != "USE" {
        return None;
    }
    let name = request.statement.as_deref()?.trim_start().get(3..)?.trim_start();
    let name = match name.strip_prefix('`') {
        Some(quoted) => quoted.split('`').next()?,
        None => name.split(|c: char| c == ';' || c.is_whitespace()).next()?,
    };
    (!name.is_empty()).then(|| Text::from(lossy(name.as_bytes())))
}
