//! What the client says.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use model::details::Detail;
use model::exchange::{Request, Text};

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::sql::said::{Said, Words, lacks, plain};
use crate::sql::secrets::Dialect;
use crate::sql::verb::verb;

use super::login::{self, Answer, text};
use super::parameters::{Bulk, Run};
use super::reply::Phase;
use super::session::{Due, Ends, Meaning, Mysql, State};
use super::statements::{LATEST, Statement};
use super::wire::{HEADER, capability, command, counted, header, number, until_zero};

/// So many bytes of a statement, or of all parameters of one execution, are kept.
const TEXT: usize = 64 << 10;
/// So many bytes of another command are kept: names of users and databases, and what proves them.
const WORDS: usize = 16 << 10;
/// So many attributes of a query are passed over.
const ATTRIBUTES: u64 = 1 << 10;

static OPEN: LazyLock<Text> = LazyLock::new(|| Text::from("open"));

impl Mysql {
    /// Reads what the client says first.
    pub(super) fn introduced(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let length = HEADER + header(wire)?.length as usize;
        if length > WORDS {
            return Err(wire.broken("an introduction is too long"));
        }
        let packet = wire.peek(length)?;
        let mut body = Reader::new(packet.get(HEADER..).unwrap_or_default(), 0, Ahead::End);
        let introduction =
            match login::answer(&mut body).map_err(|_| wire.broken("an introduction is none"))? {
                Answer::Encrypt => {
                    wire.skip(length as u64);
                    return Err(Stop::Over);
                }
                Answer::Introduction(introduction) => introduction,
            };
        let identity = introduction.identity(self.identity.version.clone());
        if identity != *self.identity {
            // The same packet is read again for the request, which then bears the identity.
            self.identity = wire.share(identity);
            return Ok(Heard::Identity(Arc::clone(&self.identity)));
        }
        wire.skip(length as u64);
        self.capabilities = introduction.shared_with(self.capabilities);
        self.ends =
            if self.capabilities & capability::DEPRECATE_EOF == 0 { Ends::Said } else { Ends::Unsaid };
        self.state = State::Proving;
        let heard = self.ask(Due::Login, introduction.request("login", wire.blank()));
        self.reply.sequence = None;
        Ok(heard)
    }

    /// Reads the client's next packet.
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.overflows() {
            return Ok(self.give_up());
        }
        let header = header(wire)?;
        if self.goes_on[0] || self.is_answering() {
            wire.skip(HEADER as u64 + u64::from(header.length));
            if self.reply.phase == Phase::File && header.length == 0 {
                self.reply.phase = Phase::Filed;
                self.reply.sequence = None;
            }
            self.goes_on[0] = header.goes_on();
            return Ok(Heard::Piece(Key::Turn));
        }
        if header.length == 0 || (header.sequence != 0 && !self.is_packed()) {
            return Err(wire.broken("a command begins with what is none"));
        }
        wire.skip(HEADER as u64);
        let first = wire.u8()?;
        self.bridge();
        let heard = self.command(first, u64::from(header.length) - 1, wire)?;
        self.goes_on[0] = header.goes_on();
        Ok(heard)
    }

    /// Whether the client proves who it is, or sends a file.
    fn is_answering(&self) -> bool {
        match self.due.front() {
            Some(Due::Login | Due::ChangeUser(_)) => true,
            Some(Due::Query) => self.reply.phase == Phase::File,
            Some(_) => false,
            None => self.state == State::Proving,
        }
    }

    #[inline]
    fn command(&mut self, first: u8, length: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        match first {
            command::QUERY => self.query(length, wire),
            command::STMT_EXECUTE => self.execute(length, wire),
            command::STMT_PREPARE => self.prepare(length, wire),
            command::STMT_BULK_EXECUTE => self.execute_many(length, wire),
            _ => self.other_command(first, length, wire),
        }
    }

    #[inline(never)]
    fn other_command(&mut self, first: u8, length: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(length, WORDS)?;
        let body = Reader::new(sample.bytes, 0, Ahead::End);
        match first {
            command::STMT_CLOSE | command::STMT_SEND_LONG_DATA | command::QUIT => {
                self.told(first, body, sample.length);
                Ok(Heard::Nothing)
            }
            command::CHANGE_USER => self.change_user(body, wire),
            command::STMT_FETCH | command::STMT_RESET => self.again(first, body, wire),
            _ => self.simple(first, body, wire),
        }
    }

    /// What needs no answer.
    fn told(&mut self, first: u8, mut body: Reader<'_>, length: u64) {
        let Ok(statement) = body.le32() else { return };
        if first == command::STMT_CLOSE {
            self.store().close(statement);
        } else if let Ok(parameter) = body.le16() {
            // The statement and the parameter stand before the value.
            self.store().add(statement, parameter, body.rest(), length.saturating_sub(6));
        }
    }

    #[inline(never)]
    fn query(&mut self, length: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(length, TEXT)?;
        let sample = behind_attributes(&sample).unwrap_or(sample);
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        match plain(&sample, Dialect::Mysql) {
            Some(text) => {
                request.operation = verb(text);
                request.statement.write(text);
                self.place(request);
            }
            None => self.word(request, &Said::read(&sample, Dialect::Mysql).words, None),
        }
        Ok(self.ask(Due::Query, exchange))
    }

    fn prepare(&mut self, length: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(length, TEXT)?;
        let said = Said::shared(&sample, Dialect::Mysql, wire);
        let mut exchange = wire.blank();
        self.word(&mut exchange.request, &said.words, None);
        exchange.request.operation = Cow::Borrowed("PREPARE");
        let statement = Arc::new(Statement::of(said));
        // MariaDB's clients run it before they know its number.
        self.store().keep(LATEST, Arc::clone(&statement));
        Ok(self.ask(Due::Prepare(statement), exchange))
    }

    #[inline(never)]
    fn execute(&mut self, length: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(length, TEXT)?;
        let body = Reader::new(sample.bytes, 0, Ahead::End);
        let run = Run::read(body).map_err(|_| wire.broken("a statement is run without its number"))?;
        let number = run.number;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let mut prepared = self.store().statement(number);
        let before = Arc::clone(&prepared.kinds);
        let count = run.bind(&mut prepared, self.store(), &mut request.parameters);
        let cut = (request.parameters.len() < count).then_some(count as u64);
        let statement = Arc::clone(&prepared.statement);
        self.word(request, &statement.said.words, cut);
        if !Arc::ptr_eq(&before, &prepared.kinds) {
            self.store().bind(number, prepared);
        }
        self.store().reset(number);
        Ok(self.ask(Due::Execute(statement), exchange))
    }

    fn execute_many(&mut self, length: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(length, TEXT)?;
        let body = Reader::new(sample.bytes, 0, Ahead::End);
        let bulk = Bulk::read(body).map_err(|_| wire.broken("a statement is run without its number"))?;
        let number = bulk.number;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let mut prepared = self.store().statement(number);
        let rows = bulk.bind(&mut prepared, &mut request.parameters);
        self.word(request, &prepared.statement.said.words, None);
        let name = if sample.is_cut() { "bulk_rows_at_least" } else { "bulk_rows" };
        request.details.push((name, Detail::Number(i64::try_from(rows).unwrap_or(i64::MAX))));
        let statement = Arc::clone(&prepared.statement);
        self.store().bind(number, prepared);
        Ok(self.ask(Due::Execute(statement), exchange))
    }

    /// More rows of a statement are asked for, or none any more.
    fn again(&mut self, first: u8, mut body: Reader<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let number = body.le32().map_err(|_| wire.broken("a statement has no number"))?;
        let statement = self.store().statement(number).statement;
        let mut exchange = wire.blank();
        self.word(&mut exchange.request, &statement.said.words, None);
        if first == command::STMT_RESET {
            exchange.request.operation = Cow::Borrowed("STMT_RESET");
            self.store().reset(number);
            return Ok(self.ask(Due::Simple(Meaning::Nothing), exchange));
        }
        exchange.request.operation = Cow::Borrowed("FETCH");
        if let Ok(rows) = body.le32() {
            exchange.request.details.push(("fetch", Detail::Number(rows.into())));
        }
        Ok(self.ask(Due::Fetch(statement), exchange))
    }

    fn change_user(&mut self, mut body: Reader<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let introduction = login::change(self.capabilities, &mut body);
        let introduction = introduction.map_err(|_| wire.broken("a change of user names none"))?;
        let mut identity = introduction.identity(self.identity.version.clone());
        if identity.application.is_none() {
            identity.application.clone_from(&self.identity.application);
        }
        let mut exchange = introduction.request("CHANGE_USER", wire.blank());
        identity.user.iter().for_each(|user| exchange.request.parameters.push(user));
        let identity = wire.share(identity);
        let heard = self.ask(Due::ChangeUser(identity), exchange);
        self.reply.sequence = None;
        Ok(heard)
    }

    /// A command that is answered in a word, or in a few.
    fn simple(&mut self, first: u8, body: Reader<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let Some((_, operation)) = OPERATIONS.iter().find(|(command, _)| *command == first) else {
            return Err(wire.broken("a command is unknown"));
        };
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        request.operation = Cow::Borrowed(operation);
        self.place(request);
        let due = simple_request(first, body, request);
        Ok(self.ask(due, exchange))
    }

    /// Words a request, of whose parameters `cut` says how many there truly are when not all were kept.
    #[inline]
    fn word(&self, request: &mut Request, words: &Words, cut: Option<u64>) {
        self.place(request);
        request.operation = words.verb.clone();
        words.text.iter().for_each(|text| request.statement.share_again(text));
        if words.text.is_none() || words.cut.is_some() || cut.is_some() {
            lacks(&mut request.details, words, cut);
        }
    }

    /// Says of a request in which transaction it stands.
    #[inline]
    fn place(&self, request: &mut Request) {
        if self.in_transaction {
            request.details.push(("transaction", Detail::Text(Arc::clone(&OPEN))));
        }
    }
}

/// The commands that no statement has a word for.
pub(super) const OPERATIONS: &[(u8, &str)] = &[
    (command::INIT_DB, "INIT_DB"),
    (command::FIELD_LIST, "FIELD_LIST"),
    (command::CREATE_DB, "CREATE_DB"),
    (command::DROP_DB, "DROP_DB"),
    (command::REFRESH, "REFRESH"),
    (command::SHUTDOWN, "SHUTDOWN"),
    (command::STATISTICS, "STATISTICS"),
    (command::PROCESS_INFO, "PROCESS_INFO"),
    (command::PROCESS_KILL, "PROCESS_KILL"),
    (command::DEBUG, "DEBUG"),
    (command::PING, "PING"),
    (command::BINLOG_DUMP, "BINLOG_DUMP"),
    (command::TABLE_DUMP, "TABLE_DUMP"),
    (command::REGISTER_SLAVE, "REGISTER_SLAVE"),
    (command::SET_OPTION, "SET_OPTION"),
    (command::BINLOG_DUMP_GTID, "BINLOG_DUMP_GTID"),
    (command::RESET_CONNECTION, "RESET_CONNECTION"),
    (command::CLONE, "CLONE"),
];

/// Writes what a command is about, and says what is due for it.
fn simple_request(first: u8, mut body: Reader<'_>, request: &mut Request) -> Due {
    match first {
        command::INIT_DB => {
            let database = text(body.rest());
            request.targets.push(Arc::clone(&database));
            return Due::Simple(Meaning::Database(database));
        }
        command::CREATE_DB | command::DROP_DB => request.targets.push(text(body.rest())),
        command::FIELD_LIST => {
            request.targets.push(text(until_zero(&mut body)));
            return Due::Fields;
        }
        command::PROCESS_KILL => {
            body.le32().iter().for_each(|process| request.parameters.push(&process.to_string()));
        }
        command::SET_OPTION => {
            body.le16().iter().for_each(|option| request.parameters.push(&option.to_string()));
        }
        command::BINLOG_DUMP => dump(&mut body, request),
        command::STATISTICS => return Due::Statistics,
        command::PROCESS_INFO => return Due::Query,
        command::RESET_CONNECTION => return Due::Simple(Meaning::Reset),
        _ => {}
    }
    match first {
        command::BINLOG_DUMP | command::BINLOG_DUMP_GTID | command::TABLE_DUMP | command::CLONE => {
            Due::Stream
        }
        _ => Due::Simple(Meaning::Nothing),
    }
}

/// From where on a replica wants what changes: a position, flags, its number, a file.
fn dump(body: &mut Reader<'_>, request: &mut Request) {
    let read = (body.le32(), body.le16(), body.le32());
    if let (Ok(position), Ok(_), Ok(server)) = read {
        request.details.push(("position", Detail::Number(position.into())));
        request.details.push(("replica", Detail::Number(server.into())));
        request.targets.push(text(body.rest()));
    }
}

/// The statement behind a query's attributes, where it has some: how many, that they are said once, which are null, that
/// types follow, the types with names, the values.
fn behind_attributes<'a>(sample: &Sample<'a>) -> Option<Sample<'a>> {
    // No statement has such a byte in the second place.
    if sample.bytes.get(1) != Some(&1) {
        return None;
    }
    let mut wire = Reader::new(sample.bytes, 0, Ahead::End);
    let count = number(&mut wire).ok().filter(|count| *count <= ATTRIBUTES)?;
    wire.skip(1);
    if count > 0 {
        let count = usize::try_from(count).ok()?;
        let nulls = wire.take(count.div_ceil(8)).ok()?;
        wire.u8().ok()?;
        let mut kinds = Vec::new();
        for _ in 0..count {
            kinds.push(super::types::Kind::of_parameter(wire.le16().ok()?));
            counted(&mut wire).ok()?;
        }
        for (at, kind) in kinds.iter().enumerate() {
            if !super::shape::is_null(nulls, at) {
                super::values::binary(*kind, &mut wire).ok()?;
            }
        }
    }
    let length = sample.length - wire.taken() as u64;
    Some(Sample { bytes: wire.rest(), length })
}
