//! What a client says.

use std::borrow::Cow;

use model::conn::Speaker;
use model::details::Detail;
use model::exchange::{Exchange, Identity, Request, Text};

use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::{Reader, Sample};
use crate::kit::text::lossy;
use crate::sql::said::{Said, lacks, plain};
use crate::sql::secrets::Dialect;
use crate::sql::verb::verb;

use super::answered::Progress;
use super::query::{self, Query};
use super::session::{At, Certainty, Clickhouse, Of, Packing, Stand, ahead};
use super::values::brief;
use super::wire::{Hello, since, text, varint, whole};

pub(super) const HELLO: u8 = 0;
pub(super) const QUERY: u8 = 1;
pub(super) const DATA: u8 = 2;
const CANCEL: u8 = 3;
const PING: u8 = 4;
const TABLES: u8 = 5;
const KEEP_ALIVE: u8 = 6;
pub(super) const SCALAR: u8 = 7;
const IGNORED_PARTS: u8 = 8;
const CHALLENGE: u8 = 11;
const SIGNATURE: u8 = 12;

/// Packets that are asked about more tables are an attack.
const MANY: u64 = 64 << 10;
/// So many of them are told.
const TOLD: usize = 64;
/// So much of a name is told.
const NAME: usize = 256;
/// The stage of a query that is run to its end.
const COMPLETE: u64 = 2;

impl Clickhouse {
    /// Reads a packet of the client.
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let [number] = *wire.peek(1)? else { return Err(wire.broken("no packet")) };
        match number {
            HELLO => self.hello(wire),
            QUERY => self.query(wire),
            DATA | SCALAR => self.data(number, wire),
            CANCEL => {
                wire.take(1)?;
                if let Some(exchange) = wire.exchange() {
                    exchange.request.details.push(("cancelled", Detail::from("by the client")));
                }
                Ok(Heard::Piece(Key::Turn))
            }
            TABLES => self.tables(wire),
            PING | KEEP_ALIVE | CHALLENGE => wire.take(1).map(|_| Heard::Nothing),
            SIGNATURE => whole(wire, |wire| {
                wire.take(1)?;
                text(wire)
            })
            .map(|_| Heard::Nothing),
            IGNORED_PARTS => whole(wire, |wire| {
                wire.take(1)?;
                let count = varint(wire)?.min(MANY);
                wire.skip(count * 16);
                Ok(Heard::Piece(Key::Turn))
            }),
            _ => Err(wire.broken("a client says what no client says")),
        }
    }

    fn hello(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut packet = ahead(wire.rest());
        packet.take(1)?;
        let hello = Hello::read(&mut packet)?;
        let [major, minor, revision] = hello.version;
        let some = |text: &[u8]| (!text.is_empty()).then(|| Text::from(lossy(text)));
        let identity = Identity {
            user: some(hello.user).filter(|user| !user.starts_with(' ')),
            database: some(hello.database),
            application: some(hello.name),
            version: None,
        };
        if *self.identity != identity {
            self.identity = wire.share(identity);
            return Ok(Heard::Identity(self.identity.clone()));
        }
        wire.take(packet.taken())?;
        (self.stand, self.offered, self.revision) = (Stand::Greeting, revision, 0);
        (self.is_awaited, self.certainty) = (true, Certainty::Told);
        let mut exchange = wire.blank();
        exchange.request.operation = Cow::Borrowed("Hello");
        let name = lossy(hello.name);
        exchange.request.statement.write(&format!("Hello {name} {major}.{minor} revision={revision}"));
        Ok(Heard::Request(Key::Turn, exchange))
    }

    /// What a client says once it knows the revision.
    pub(super) fn addendum(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let revision = self.revision;
        let read = whole(wire, |wire| {
            text(wire)?;
            let mut chunked = false;
            if revision >= since::CHUNKS {
                chunked = [text(wire)?, text(wire)?].contains(&&b"chunked"[..]);
            }
            if revision >= since::REPLICAS_VERSION {
                varint(wire)?;
            }
            Ok(chunked)
        });
        match read {
            // What travels in chunks is not read.
            Ok(true) => Err(crate::kit::protocol::Stop::Over),
            Ok(false) => Ok(Heard::Nothing),
            Err(stop) => {
                self.client.at = At::Addendum;
                Err(stop)
            }
        }
    }

    fn query(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if matches!(self.server.at, At::Adrift) {
            // The answer before has ended in what was not read.
            self.server.at = At::Packet;
            return Ok(Heard::Abandoned(1));
        }
        if self.revision == 0 {
            self.revision = query::revision(wire.rest(), 0)?;
            (self.stand, self.certainty) = (Stand::Talking, Certainty::Guessed);
        }
        let revision = self.revision;
        let mut packet = Reader::new(wire.rest(), wire.position(), wire.ahead());
        packet.take(1)?;
        let query = Query::read(&mut packet, revision)?;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        say(&query.statement, request);
        describe(&query, request);
        wire.skip(packet.taken() as u64 + packet.debt());
        (self.packed, self.is_awaited) = (query.packed, true);
        self.inserts = request.operation == "INSERT";
        (self.progress, self.doubt) = (Progress::default(), None);
        if revision < since::PARAMETERS {
            return Ok(Heard::Request(Key::Turn, exchange));
        }
        self.client.at = At::Parameters(exchange);
        Ok(Heard::Part)
    }

    /// The parameters of a query.
    pub(super) fn parameters(&mut self, mut exchange: Box<Exchange>, wire: &mut Reader<'_>) -> Read<Heard> {
        let request = &mut exchange.request;
        request.parameters.clear();
        let read = whole(wire, |wire| {
            query::parameters(wire, |name, value| {
                request.parameters.push_with(|out| {
                    out.push_str(name);
                    out.push_str(": ");
                    out.push_str(value);
                });
            })
        });
        if let Err(stop) = read {
            self.client.at = At::Parameters(exchange);
            return Err(stop);
        }
        Ok(Heard::Request(Key::Turn, exchange))
    }

    fn data(&mut self, number: u8, wire: &mut Reader<'_>) -> Read<Heard> {
        let name = whole(wire, |wire| {
            wire.take(1)?;
            text(wire)
        })?;
        let packing = if self.packed { Packing::Frames } else { Packing::Plain };
        let is_inserted = number == DATA && name.is_empty() && self.inserts;
        if number == DATA && !name.is_empty() {
            let table = Text::from(brief(name, NAME));
            if let Some(exchange) = wire.exchange() {
                exchange.request.details.push(("external_table", Detail::Text(table)));
            }
        }
        self.begin(
            Speaker::Client,
            if is_inserted { Of::Inserted(packing) } else { Of::Aside(packing) },
            wire,
        )
    }

    fn tables(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut packet = ahead(wire.rest());
        packet.take(1)?;
        let mut targets = Vec::new();
        let count = varint(&mut packet)?;
        if count > MANY {
            return Err(wire.broken("too many tables"));
        }
        for _ in 0..count {
            let (database, table) = (text(&mut packet)?, text(&mut packet)?);
            if targets.len() < TOLD {
                targets.push(Text::from(format!("{}.{}", brief(database, NAME), brief(table, NAME))));
            }
        }
        wire.take(packet.taken())?;
        self.is_awaited = true;
        let mut exchange = wire.blank();
        exchange.request.operation = Cow::Borrowed("TablesStatus");
        exchange.request.statement.write("TablesStatus");
        exchange.request.share_targets(&targets);
        Ok(Heard::Request(Key::Turn, exchange))
    }
}

/// Words a query.
fn say(statement: &Sample<'_>, request: &mut Request) {
    if let Some(text) = plain(statement, Dialect::Clickhouse) {
        request.operation = verb(text);
        request.statement.write(text);
        return;
    }
    let words = Said::read(statement, Dialect::Clickhouse).words;
    request.operation.clone_from(&words.verb);
    words.text.iter().for_each(|text| request.statement.share(Text::clone(text)));
    if words.text.is_none() || words.cut.is_some() {
        lacks(&mut request.details, &words, None);
    }
}

/// Tells what a query says beside its statement.
fn describe(query: &Query<'_>, request: &mut Request) {
    let mut add = |name, text: String| request.details.push((name, Detail::Text(text.into())));
    if !query.id.is_empty() {
        add("query_id", brief(query.id, NAME));
    }
    if !query.settings.is_empty() {
        add("settings", query.settings.clone());
    }
    let client = &query.client;
    if client.is_secondary {
        add("initial_user", brief(client.user, NAME));
        add("initial_query_id", brief(client.query, NAME));
    }
    if let Some((trace, span, flags)) = client.trace {
        add("traceparent", format!("00-{trace:032x}-{span:016x}-{flags:02x}"));
    }
    if query.stage != COMPLETE {
        let stage = i64::try_from(query.stage).unwrap_or(i64::MAX);
        request.details.push(("stage", Detail::Number(stage)));
    }
}
