//! The response under way: token after token is read, what it says is added up until the message ends.

use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Failure, Response, Text};

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::cells::Cells;
use super::parameters;
use super::shape::{self, COLMETADATA, Dialect, Shape};
use super::tokens::{Accepted, Change, Done, Message, token};
use super::wire::{name, short_text};

/// So many bytes of what comes back of output parameters are kept.
const RETURNED: usize = 4 << 10;
/// So many rows of a result are kept for inspection.
const SAMPLES: usize = 5;
/// So many bytes of a token that is not whole wait for the rest: descriptions of four thousand columns are the longest.
const HELD: usize = 512 << 10;
/// Messages that say which database and which language are in use, beside what says so.
const CHANGED: [u32; 2] = [5701, 5703];
/// Errors have a class above this; what is below are messages.
const NOTICE: u8 = 10;
/// The feature by which columns are encrypted.
const COLUMN_ENCRYPTION: u8 = 4;
/// The list of features ends so.
const END: u8 = 0xff;

/// What a token means for the session.
#[derive(Debug)]
pub(super) enum News {
    None,
    Database(Text),
    Transaction(bool),
    Accepted(Accepted),
    /// An output parameter came back; a number, if it is one.
    Returned(Option<i32>),
    /// The server proves, or wants proof of, who somebody is.
    Proof,
    Reset,
}

/// The response to what waits in this session, or in turn where a connection has but one.
#[inline]
pub(super) fn answer<'w>(session: Option<u16>, wire: &'w mut Reader<'_>) -> Option<&'w mut Response> {
    match session {
        None => wire.answer(),
        Some(session) => wire.answer_to(session.into()),
    }
}

/// What is not for the record of the response under way.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// The session that is answered, where a connection has several.
    pub(super) session: Option<u16>,
    /// The bytes of a token that is not whole.
    pub(super) held: Vec<u8>,
    /// How the sides agreed to write.
    pub(super) dialect: Dialect,
    /// The shape of the rows that come, or of those that came last: what was asked is asked again.
    pub(super) shape: Option<Arc<Shape>>,
    /// Whether the rows that come have it.
    pub(super) is_described: bool,
    /// The row that is being said.
    pub(super) cells: Cells,
    pub(super) is_in_row: bool,
    /// Whether that row is kept.
    pub(super) is_kept: bool,
    /// Bytes of a token that nobody wants.
    pub(super) left: u64,
    /// What came back of the output parameters.
    pub(super) returned: String,
    pub(super) rows: u64,
    pub(super) results: u32,
    pub(super) errors: u32,
    pub(super) failure: Option<Box<Failure>>,
    pub(super) has_failed: bool,
    pub(super) is_cancelled: bool,
    /// Whether a result ended: a message without that is no whole answer.
    pub(super) has_ended: bool,
    /// Bytes that were not understood, after which only the end of the last result is.
    pub(super) unread: Option<u64>,
}

impl Reply {
    /// Nothing answered yet in this session.
    pub(super) fn of(session: Option<u16>, dialect: Dialect) -> Reply {
        Reply { session, dialect, ..Reply::default() }
    }

    /// Reads the next token of `bytes`: how many bytes it took, and what it means; [`Stop::Short`] when it is not whole.
    #[inline]
    pub(super) fn token(&mut self, bytes: &[u8], wire: &mut Reader<'_>) -> Read<(usize, News)> {
        if bytes.is_empty() {
            return Err(Stop::Short);
        }
        if self.is_in_row {
            return self.row_on(bytes, 0, wire);
        }
        if self.left > 0 {
            let passed = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= passed as u64;
            return Ok((passed, News::None));
        }
        match bytes.first().copied() {
            None => Err(Stop::Short),
            Some(token::ROW) if self.is_described => {
                self.begin_row(None, wire);
                self.row_on(bytes, 1, wire)
            }
            Some(first) => self.other_token(first, bytes, wire),
        }
    }

    fn begin_row(&mut self, nulls: Option<&[u8]>, wire: &mut Reader<'_>) {
        self.cells.begin(nulls);
        self.rows += 1;
        self.is_in_row = true;
        self.is_kept = answer(self.session, wire).is_some_and(|response| response.samples.len() < SAMPLES);
    }

    /// Reads on in a row, of which `begun` bytes were read.
    #[inline]
    fn row_on(&mut self, bytes: &[u8], begun: usize, wire: &mut Reader<'_>) -> Read<(usize, News)> {
        let Some(shape) = &self.shape else { return Err(wire.broken("a row has no shape")) };
        let rest = bytes.get(begun..).unwrap_or_default();
        let response = if self.is_kept { answer(self.session, wire) } else { None };
        let (read, ended) = match response {
            Some(response) => {
                let told = self.cells.read(shape, rest, Some(response.samples.begin(0)));
                if told.1 {
                    response.samples.end();
                }
                told
            }
            None => self.cells.read(shape, rest, None),
        };
        self.is_in_row = !ended;
        if read + begun == 0 && !ended { Err(Stop::Short) } else { Ok((read + begun, News::None)) }
    }

    #[inline(never)]
    fn other_token(&mut self, first: u8, bytes: &[u8], wire: &mut Reader<'_>) -> Read<(usize, News)> {
        match first {
            token::NBCROW if self.is_described => {
                let columns = self.shape.as_ref().map_or(0, |shape| shape.kinds().len());
                let length = 1 + columns.div_ceil(8);
                let nulls = bytes.get(1..length).ok_or(Stop::Short)?;
                self.begin_row(Some(nulls), wire);
                self.row_on(bytes, length, wire)
            }
            COLMETADATA => self.described(bytes, wire),
            token::DONE | token::DONEPROC | token::DONEINPROC => {
                let size = Done::size(self.dialect.is_wide);
                let done = Done::read(bytes.get(..size).ok_or(Stop::Short)?, self.dialect.is_wide)?;
                self.ends(done, answer(self.session, wire));
                Ok((size, News::None))
            }
            token::OFFSET => bytes.get(..5).map(|_| (5, News::None)).ok_or(Stop::Short),
            token::RETURNSTATUS => {
                let status = i32::from_le_bytes(behind(bytes)?);
                if let (Some(response), true) = (answer(self.session, wire), status != 0) {
                    response.details.push(("return_status", Detail::Number(status.into())));
                }
                Ok((5, News::None))
            }
            token::RETURNVALUE => self.returned(bytes),
            token::FEATUREEXTACK => self.features(bytes),
            token::SESSIONSTATE | token::FEDAUTHINFO => {
                let length = u32::from_le_bytes(behind(bytes)?);
                self.left = length.into();
                Ok((5, if first == token::FEDAUTHINFO { News::Proof } else { News::None }))
            }
            token::TABNAME
            | token::COLINFO
            | token::ORDER
            | token::ERROR
            | token::INFO
            | token::LOGINACK
            | token::ENVCHANGE
            | token::SSPI => {
                let length = u16::from_le_bytes(behind(bytes)?);
                let size = 3 + usize::from(length);
                let news = self.counted(first, bytes.get(3..size).ok_or(Stop::Short)?, wire)?;
                Ok((size, news))
            }
            _ => Err(wire.broken("a token is unknown")),
        }
    }

    /// Columns are described, perhaps those of the rows that came last.
    fn described(&mut self, bytes: &[u8], wire: &mut Reader<'_>) -> Read<(usize, News)> {
        if let Some(shape) = &self.shape
            && bytes.starts_with(shape.said())
        {
            shape.show(answer(self.session, wire));
            self.is_described = true;
            return Ok((shape.said().len(), News::None));
        }
        let (length, shape) = shape::read(bytes, self.dialect, wire)?;
        self.is_described = shape.is_some();
        if let Some(shape) = shape {
            shape.show(answer(self.session, wire));
            self.shape = Some(shape);
        }
        Ok((length, News::None))
    }

    /// A token that says its length in two bytes.
    fn counted(&mut self, first: u8, body: &[u8], wire: &mut Reader<'_>) -> Read<News> {
        let is_wide = self.dialect.is_wide;
        match first {
            token::ERROR => self.failed(&Message::read(body, is_wide)?, answer(self.session, wire)),
            token::INFO => said(&Message::read(body, is_wide)?, answer(self.session, wire)),
            token::SSPI => return Ok(News::Proof),
            token::LOGINACK => {
                let accepted = Accepted::read(body)?;
                self.dialect.is_wide = accepted.is_wide;
                return Ok(News::Accepted(accepted));
            }
            token::ENVCHANGE => return Ok(changed(&Change::read(body)?, answer(self.session, wire))),
            _ => {}
        }
        Ok(News::None)
    }

    fn failed(&mut self, message: &Message<'_>, response: Option<&mut Response>) {
        if message.class <= NOTICE {
            return said(message, response);
        }
        self.errors += 1;
        self.has_failed = true;
        if self.failure.is_some() {
            return;
        }
        self.failure = Some(message.failure());
        let Some(response) = response else { return };
        let facts = [
            ("severity", i64::from(message.class)),
            ("state", i64::from(message.state)),
            ("line", i64::from(message.line)),
        ];
        response.details.extend(facts.map(|(name, number)| (name, Detail::Number(number))));
        if !message.procedure.is_empty() {
            response.details.push(("procedure", Detail::Text(name(message.procedure))));
        }
    }

    /// An output parameter comes back ([MS-TDS] 2.2.7.18): its place, its name, flags, its type, its value.
    fn returned(&mut self, bytes: &[u8]) -> Read<(usize, News)> {
        let mut from = Reader::new(bytes, 0, Ahead::Open);
        let _token = from.u8()?;
        let _place = from.le16()?;
        let _name = short_text(&mut from)?;
        let _status = from.u8()?;
        self.dialect.flags(&mut from)?;
        let value = parameters::typed(&mut from)?;
        if self.returned.len() < RETURNED {
            self.returned.push_str(if self.returned.is_empty() { "" } else { ", " });
            if value.is_null() {
                self.returned.push_str("null");
            } else {
                value.write(&mut self.returned);
            }
        }
        Ok((from.taken(), News::Returned(value.whole_number())))
    }

    /// What both sides can do besides ([MS-TDS] 2.2.7.11).
    fn features(&mut self, bytes: &[u8]) -> Read<(usize, News)> {
        let mut from = Reader::new(bytes, 0, Ahead::Open);
        let _token = from.u8()?;
        loop {
            match from.u8()? {
                END => return Ok((from.taken(), News::None)),
                feature => {
                    let length = from.le32()?;
                    from.take(usize::try_from(length).map_err(|_| Stop::Short)?)?;
                    self.dialect.has_keys |= feature == COLUMN_ENCRYPTION;
                }
            }
        }
    }

    /// The server believes the client, and says what it is.
    pub(super) fn accepted(&self, accepted: &Accepted, wire: &mut Reader<'_>) {
        let Some(response) = answer(self.session, wire) else { return };
        response.details.push(("server", Detail::Text(Text::clone(&accepted.program))));
        if let Some(protocol) = accepted.protocol {
            response.details.push(("tds", Detail::from(protocol)));
        }
    }

    /// Keeps the beginning of a token; whether there is room for it.
    pub(super) fn hold(&mut self, rest: &[u8]) -> bool {
        let fits = rest.len() <= HELD;
        if fits {
            self.held.extend_from_slice(rest);
        }
        fits
    }

    /// The rest of the message is not understood, of which `length` bytes are here.
    pub(super) fn give_up(&mut self, length: u64) {
        self.held = Vec::new();
        *self.unread.get_or_insert(0) += length;
    }

    /// Whether the rest of the message is not understood.
    pub(super) fn is_lost(&self) -> bool {
        self.unread.is_some()
    }
}

/// The bytes of a number behind a token's first byte.
fn behind<const N: usize>(bytes: &[u8]) -> Read<[u8; N]> {
    bytes.get(1..).and_then(<[u8]>::first_chunk).copied().ok_or(Stop::Short)
}

/// A message that is no error, of which the first is told.
fn said(message: &Message<'_>, response: Option<&mut Response>) {
    let Some(response) = response else { return };
    let is_told = |(name, _): &(&str, Detail)| *name == "info";
    if !CHANGED.contains(&message.number) && !response.details.iter().any(is_told) {
        response.details.push(("info", Detail::Text(message.text())));
    }
}

fn changed(change: &Change<'_>, response: Option<&mut Response>) -> News {
    match change {
        Change::Database(database) => News::Database(name(database)),
        Change::Transaction(is_open) => News::Transaction(*is_open),
        Change::Reset => News::Reset,
        Change::Routed(port, server) => {
            if let Some(response) = response {
                response
                    .details
                    .push(("routed_to", Detail::Text(Text::from(format!("{}:{port}", name(server))))));
            }
            News::None
        }
        Change::Other => News::None,
    }
}
