//! What the client says.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use model::details::Detail;
use model::exchange::{Exchange, Request, Text};

use crate::kit::protocol::{Heard, Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::kit::text::lossy;
use crate::sql::said::{Said, Words, lacks, plain};
use crate::sql::secrets::Dialect;
use crate::sql::utf16;
use crate::sql::verb::verb;

use super::login::{self, Introduction};
use super::rpc;
use super::session::{Due, Lane, State, Tds};
use super::tokens;
use super::wire::{HEADERS, Header, behind_headers, kind, length_of_headers, status};

/// So many bytes of a message are kept: of a statement half as many letters.
const TEXT: usize = 128 << 10;
/// So many letters of a statement are kept.
pub(super) const LETTERS: usize = 64 << 10;

static OPEN: LazyLock<Text> = LazyLock::new(|| Text::from("open"));

/// A message of the client of which not all packets came.
#[derive(Debug, Default)]
pub(super) struct Asking {
    body: Vec<u8>,
    length: u64,
}

impl Tds {
    /// Reads a packet of the client, of which the header was read and not taken.
    pub(super) fn asked(&mut self, header: Header, lane: &mut Lane, wire: &mut Reader<'_>) -> Read<Heard> {
        wire.skip(super::wire::HEADER as u64);
        match header.kind {
            kind::PRELOGIN => self.before_login(header, wire),
            kind::ATTENTION | kind::SSPI | kind::FEDERATED => {
                wire.skip(header.body());
                Ok(if lane.due.is_some() { Heard::Piece(lane.key()) } else { Heard::Nothing })
            }
            kind::BATCH | kind::RPC | kind::BULK | kind::TRANSACTION | kind::LOGIN => {
                self.message(header, lane, wire)
            }
            _ => Err(wire.broken("a client says what no client says")),
        }
    }

    /// What the sides agree on before the log-in, and their TLS in packets of the same kind.
    fn before_login(&mut self, header: Header, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(header.body(), TEXT)?;
        if let Ok(encryption) = login::prelogin(sample.bytes) {
            self.state = State::Asked(encryption);
        }
        Ok(Heard::Nothing)
    }

    /// Gathers a message, and hears it when it is whole.
    fn message(&mut self, header: Header, lane: &mut Lane, wire: &mut Reader<'_>) -> Read<Heard> {
        let before = lane.asking.as_ref().map_or(0, |asking| asking.body.len());
        let sample = wire.sample(header.body(), TEXT.saturating_sub(before))?;
        if header.ends() && lane.asking.is_none() {
            return self.request(header, lane, &sample, wire);
        }
        let asking = lane.asking.get_or_insert_default();
        // Behind a hole, nobody knows what more says.
        if asking.body.len() as u64 == asking.length {
            asking.body.extend_from_slice(sample.bytes);
        }
        asking.length += sample.length;
        if !header.ends() {
            return Ok(Heard::Part);
        }
        let asking = lane.asking.take().unwrap_or_default();
        let sample = Sample { bytes: &asking.body, length: asking.length };
        self.request(header, lane, &sample, wire)
    }

    /// Hears a whole message.
    #[inline]
    fn request(
        &mut self,
        header: Header,
        lane: &mut Lane,
        message: &Sample<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        self.state = State::Talking;
        let mut exchange = wire.blank();
        if header.status & status::RESET != 0 {
            self.forget_statements();
            exchange.request.details.push(("session", Detail::from("reset")));
        }
        if self.in_transaction {
            exchange.request.details.push(("transaction", Detail::Text(Arc::clone(&OPEN))));
        }
        // Headers before a statement came with the wide numbers.
        if matches!(header.kind, kind::BATCH | kind::RPC) && message.bytes.len() >= HEADERS {
            lane.reply.dialect.is_wide = length_of_headers(message.bytes).is_some();
        }
        let due = match header.kind {
            kind::BATCH => self.batch(message, &mut exchange.request),
            kind::RPC => {
                let dialect = lane.reply.dialect;
                rpc::read(message, (dialect, self.store()), &mut exchange.request, wire)?
            }
            kind::BULK => self.bulk(&mut exchange.request),
            kind::TRANSACTION => transaction(message, &mut exchange.request),
            _ => self.introduced(message, lane, &mut exchange, wire)?,
        };
        Ok(lane.ask(due, exchange))
    }

    /// A "SQLBatch" ([MS-TDS] 2.2.6.7).
    fn batch(&mut self, message: &Sample<'_>, request: &mut Request) -> Due {
        let text = behind_headers(message.bytes);
        let headers = (message.bytes.len() - text.len()) as u64;
        let letters = message.length.saturating_sub(headers) / 2;
        request.statement.write_with(|out| utf16::push(out, text, LETTERS));
        write_statement(letters, request);
        let is_whole = text.len() as u64 / 2 == letters && letters <= LETTERS as u64;
        let announces = is_whole && is_bulk(request);
        self.bulk = request.statement.as_deref().filter(|_| announces).map(Text::from);
        Due::Other
    }

    /// Rows of the client's, which the statement before announced.
    fn bulk(&mut self, request: &mut Request) -> Due {
        request.operation = Cow::Borrowed("BULK_LOAD");
        self.bulk.take().iter().for_each(|text| request.statement.share(Arc::clone(text)));
        Due::Other
    }

    /// A "LOGIN7".
    fn introduced(
        &mut self,
        message: &Sample<'_>,
        lane: &mut Lane,
        exchange: &mut Exchange,
        wire: &mut Reader<'_>,
    ) -> Read<Due> {
        let introduction = Introduction::read(message.bytes).map_err(|stop| match stop {
            Stop::Short => wire.broken("an introduction is too short"),
            stop => stop,
        })?;
        introduction.write(exchange);
        lane.reply.dialect.is_wide = tokens::is_wide(introduction.version());
        self.identify(introduction.identity(), wire);
        Ok(Due::Login)
    }
}

/// Words a request by the statement that was written into it, of which there are so many letters.
fn write_statement(letters: u64, request: &mut Request) {
    let text = request.statement.as_deref().unwrap_or_default();
    let is_whole = letters <= LETTERS as u64 && text.len() as u64 >= letters;
    let length = if is_whole { text.len() as u64 } else { letters.max(text.len() as u64 + 1) };
    let sample = Sample { bytes: text.as_bytes(), length };
    match plain(&sample, Dialect::Tsql) {
        Some(text) => request.operation = verb(text),
        None => {
            let words = Said::read(&sample, Dialect::Tsql).words;
            word(request, &words);
        }
    }
}

/// Words a request.
pub(super) fn word(request: &mut Request, words: &Words) {
    request.operation = words.verb.clone();
    words.text.iter().for_each(|text| request.statement.share(Text::clone(text)));
    if words.text.is_none() || words.cut.is_some() {
        lacks(&mut request.details, words, None);
    }
}

/// Whether a statement announces rows of the client's: `INSERT BULK t (a int)`.
fn is_bulk(request: &Request) -> bool {
    const WORDS: [&str; 2] = ["INSERT", "BULK"];
    request.operation == "INSERT"
        && request.statement.as_deref().is_some_and(|text| {
            let mut words = text.split_ascii_whitespace();
            WORDS.iter().all(|word| words.next().is_some_and(|said| said.eq_ignore_ascii_case(word)))
        })
}

/// A "TransMgrReq" ([MS-TDS] 2.2.6.9): what is asked, how isolated, a name.
fn transaction(message: &Sample<'_>, request: &mut Request) -> Due {
    const OPERATIONS: [(u16, &str); 7] = [
        (0, "GET_DTC_ADDRESS"),
        (1, "PROPAGATE"),
        (5, "BEGIN"),
        (6, "PROMOTE"),
        (7, "COMMIT"),
        (8, "ROLLBACK"),
        (9, "SAVE"),
    ];
    const LEVELS: [&str; 5] =
        ["read uncommitted", "read committed", "repeatable read", "serializable", "snapshot"];
    let mut wire = Reader::new(behind_headers(message.bytes), 0, Ahead::End);
    let asked = wire.le16().unwrap_or(u16::MAX);
    let known = OPERATIONS.iter().find(|(number, _)| *number == asked);
    request.operation = Cow::Borrowed(known.map_or("TRANSACTION", |(_, operation)| operation));
    if let Some((5, _)) = known {
        let level = wire.u8().ok().and_then(|level| LEVELS.get(usize::from(level).checked_sub(1)?));
        level.iter().for_each(|level| request.details.push(("isolation", Detail::from(**level))));
    }
    if let Some((5 | 7 | 8 | 9, _)) = known {
        // How many bytes of name follow, and not how many letters.
        let length = usize::from(wire.u8().unwrap_or_default());
        if let Ok(name) = wire.take(length)
            && !name.is_empty()
        {
            let name = utf16::text(name, LETTERS);
            request.details.push(("transaction_name", Detail::Text(Text::from(lossy(name.as_bytes())))));
        }
    }
    Due::Other
}
