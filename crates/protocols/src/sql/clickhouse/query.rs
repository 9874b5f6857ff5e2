//! A query: its statement, and who asks, how and with what settings (`src/Client/Connection.cpp`, `src/Interpreters/ClientInfo.cpp`).

use std::borrow::Cow;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::kit::text::{lossy, utf8};
use crate::sql::secrets::{MASK, holds_password};

use super::asked;
use super::types::unescaped;
use super::wire::{sampled, since, text, varint};

/// So many bytes of a statement are kept.
const LETTERS: usize = 64 << 10;
/// More settings, or parameters, are an attack.
const SETTINGS: usize = 1024;
/// So many bytes of settings are told.
const TOLD: usize = 1 << 10;
/// The last stage to which a query may be run.
const STAGES: u64 = 7;
/// Where the words of settings may be secrets.
const SECRETS: [&str; 3] = ["secret", "token", "credential"];

/// The settings whose values are texts; all others were numbers when they were not all texts. Their types stand in
/// `Settings.h` of the servers up to 20.3.
const TEXTS: [&str; 44] = [
    "load_balancing",
    "totals_mode",
    "totals_auto_threshold",
    "max_streams_to_max_threads_ratio",
    "network_compression_method",
    "distributed_product_mode",
    "memory_tracker_fault_probability",
    "count_distinct_implementation",
    "input_format_allow_errors_ratio",
    "join_default_strictness",
    "format_schema",
    "read_overflow_mode",
    "read_overflow_mode_leaf",
    "group_by_overflow_mode",
    "sort_overflow_mode",
    "result_overflow_mode",
    "timeout_overflow_mode",
    "set_overflow_mode",
    "join_overflow_mode",
    "transfer_overflow_mode",
    "distinct_overflow_mode",
    "max_streams_multiplier_for_merge_tables",
    "format_csv_delimiter",
    "format_template_resultset",
    "format_template_row",
    "format_template_rows_between_delimiter",
    "format_custom_escaping_rule",
    "format_custom_field_delimiter",
    "format_custom_row_before_delimiter",
    "format_custom_row_after_delimiter",
    "format_custom_row_between_delimiter",
    "format_custom_result_before_delimiter",
    "format_custom_result_after_delimiter",
    "global_subqueries_method",
    "date_time_input_format",
    "send_logs_level",
    "partial_merge_join_rows_in_left_blocks",
    "input_format_avro_schema_registry_url",
    "format_avro_schema_registry_url",
    "output_format_avro_codec",
    "join_algorithm",
    "special_sort",
    "log_queries_min_type",
    "default_database_engine",
];

/// A query.
#[derive(Debug)]
pub(super) struct Query<'a> {
    pub(super) id: &'a [u8],
    pub(super) client: Client<'a>,
    /// `name=value`, with commas between.
    pub(super) settings: String,
    /// How far it is run: 2 is to its end.
    pub(super) stage: u64,
    /// Whether blocks are packed from now on.
    pub(super) packed: bool,
    pub(super) statement: Sample<'a>,
}

/// Who asks.
#[derive(Debug, Default)]
pub(super) struct Client<'a> {
    /// Whether another server asks on behalf of somebody.
    pub(super) is_secondary: bool,
    pub(super) user: &'a [u8],
    pub(super) query: &'a [u8],
    /// What the program calls itself.
    pub(super) name: &'a [u8],
    /// The revision that it speaks, where it says so.
    pub(super) speaks: Option<u64>,
    /// The trace that it is part of: its id, the span's, and flags.
    pub(super) trace: Option<(u128, u64, u8)>,
}

impl<'a> Query<'a> {
    /// Reads it, from behind the packet's number up to its statement's end.
    pub(super) fn read(wire: &mut Reader<'a>, revision: u64) -> Read<Query<'a>> {
        let id = text(wire)?;
        let client = if revision >= since::CLIENT_INFO { client(wire, revision)? } else { Client::default() };
        let settings = settings(wire, revision)?;
        if revision >= since::ROLES {
            text(wire)?;
        }
        if revision >= since::SECRET {
            text(wire)?;
        }
        let (stage, packed) = (varint(wire)?, varint(wire)?);
        if stage > STAGES || packed > 1 {
            return Err(wire.broken("a query is run to no stage"));
        }
        let statement = sampled(wire, LETTERS)?;
        Ok(Query { id, client, settings, stage, packed: packed == 1, statement })
    }
}

fn client<'a>(wire: &mut Reader<'a>, revision: u64) -> Read<Client<'a>> {
    let mut client = Client::default();
    match wire.u8()? {
        0 => return Ok(client),
        1 => {}
        2 => client.is_secondary = true,
        _ => return Err(wire.broken("a query of no kind")),
    }
    (client.user, client.query) = (text(wire)?, text(wire)?);
    text(wire)?;
    if revision >= since::START_TIME {
        wire.take(8)?;
    }
    let interface = wire.u8()?;
    match interface {
        1 => {
            // Who runs the program, and where.
            text(wire)?;
            text(wire)?;
            client.name = text(wire)?;
            varint(wire)?;
            varint(wire)?;
            client.speaks = Some(varint(wire)?);
        }
        2 => {
            wire.u8()?;
            text(wire)?;
            for from in [since::FORWARDED, since::REFERER] {
                if revision >= from {
                    text(wire)?;
                }
            }
        }
        3..=16 => {}
        _ => return Err(wire.broken("a query from no interface")),
    }
    later(wire, revision, interface, &mut client)?;
    Ok(client)
}

/// What newer clients add.
fn later<'a>(wire: &mut Reader<'a>, revision: u64, interface: u8, client: &mut Client<'a>) -> Read<()> {
    if revision >= since::QUOTA_KEY {
        text(wire)?;
    }
    if revision >= since::DEPTH {
        varint(wire)?;
    }
    if interface == 1 && revision >= since::PATCH {
        varint(wire)?;
    }
    if revision >= since::TRACE && flag(wire)? {
        let (high, low) = (wire.le64()?, wire.le64()?);
        let span = wire.le64()?;
        text(wire)?;
        client.trace = Some((u128::from(high) << 64 | u128::from(low), span, wire.u8()?));
    }
    if revision >= since::REPLICAS {
        for _ in 0..3 {
            varint(wire)?;
        }
    }
    if revision >= since::SCRIPT {
        varint(wire)?;
        varint(wire)?;
    }
    if revision >= since::TOKEN && flag(wire)? {
        text(wire)?;
    }
    if revision >= since::AGENT {
        text(wire)?;
    }
    Ok(())
}

/// A byte that is 0 or 1.
fn flag(wire: &mut Reader<'_>) -> Read<bool> {
    match wire.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(wire.broken("neither yes nor no")),
    }
}

/// Reads settings up to the empty name that ends them.
fn settings(wire: &mut Reader<'_>, revision: u64) -> Read<String> {
    let mut told = String::new();
    for _ in 0..SETTINGS {
        let name = text(wire)?;
        if name.is_empty() {
            return Ok(told);
        }
        let name = lossy(name);
        let value = if revision >= since::SETTINGS_AS_TEXT {
            varint(wire)?;
            lossy(text(wire)?).into_owned()
        } else if TEXTS.contains(&&*name) {
            lossy(text(wire)?).into_owned()
        } else {
            varint(wire)?.to_string()
        };
        if told.len() > TOLD {
            continue;
        }
        if !told.is_empty() {
            told.push_str(", ");
        }
        told.push_str(&name);
        told.push('=');
        told.push_str(if is_secret(&name) { MASK } else { &value });
    }
    Err(wire.broken("settings have no end"))
}

/// Whether nobody may keep what has this name.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    holds_password(name.as_bytes()) || SECRETS.iter().any(|word| name.contains(word))
}

/// Reads the parameters of a query (`{name:Type}` in its statement), and gives each with its value to `each`.
pub(super) fn parameters(wire: &mut Reader<'_>, mut each: impl FnMut(&str, &str)) -> Read<()> {
    for _ in 0..SETTINGS {
        let name = text(wire)?;
        if name.is_empty() {
            return Ok(());
        }
        varint(wire)?;
        let value = lossy(text(wire)?);
        let name = lossy(name);
        let value = if is_secret(&name) { Cow::Borrowed(MASK) } else { plain(&value) };
        each(&name, &value);
    }
    Err(wire.broken("parameters have no end"))
}

/// A parameter's value as it is meant: as a literal is written, and that as a cell of a file of texts with tabs between.
fn plain(value: &str) -> Cow<'_, str> {
    let inside = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')).unwrap_or(value);
    if inside.contains('\\') {
        return Cow::Owned(unescaped(&unescaped(inside)).into());
    }
    Cow::Borrowed(inside)
}

/// The revisions in which a query says other things than in the one before, the newest first: as many as told apart by a
/// query alone.
const REVISIONS: [u64; 14] = [
    since::AGENT,
    since::TOKEN,
    since::SCRIPT,
    since::ROLES,
    since::PARAMETERS,
    since::REPLICAS,
    since::START_TIME,
    since::DEPTH,
    since::TRACE,
    since::SECRET,
    since::SETTINGS_AS_TEXT,
    since::PATCH,
    since::QUOTA_KEY,
    since::CLIENT_INFO,
];

/// The revision of a query whose session began before we came: the newest in which it reads as one.
///
/// Both sides speak the lower of their two, of which the query says the client's. One that was told is the only one tried.
pub(super) fn revision(bytes: &[u8], told: u64) -> Read<u64> {
    begins(&mut Reader::new(bytes, 0, Ahead::Open))?;
    if told > 0 {
        return proven(&mut Reader::new(bytes, 0, Ahead::Open), told).map(|_| told);
    }
    let mut short = None;
    for revision in REVISIONS {
        let mut wire = Reader::new(bytes, 0, Ahead::Open);
        match proven(&mut wire, revision) {
            Ok(Some(speaks)) if speaks >= revision => {
                // All that is said of the server's is that it is not lower than this.
                let newer = REVISIONS.iter().rev().find(|newer| **newer > revision);
                return Ok(newer.map_or(speaks, |newer| speaks.min(newer - 1)));
            }
            Ok(_) => {}
            Err(Stop::Short) => short = Some(()),
            Err(_) => {}
        }
    }
    match short {
        Some(()) => Err(Stop::Short),
        None => Err(Reader::new(bytes, 0, Ahead::Open).broken("no query")),
    }
}

/// Whether bytes begin like a query of any revision: with an id that can be read, and a kind.
fn begins(wire: &mut Reader<'_>) -> Read<()> {
    let is_query = wire.u8()? == asked::QUERY && text(wire)?.iter().all(|byte| (b' '..=b'~').contains(byte));
    if is_query && wire.u8()? <= 2 { Ok(()) } else { Err(wire.broken("no query")) }
}

/// Whether a query reads as one in this revision: the revision that its client speaks.
fn proven(wire: &mut Reader<'_>, revision: u64) -> Read<Option<u64>> {
    wire.take(1)?;
    let query = Query::read(wire, revision)?;
    let bytes = query.statement.bytes;
    let is_letter = |byte: &u8| *byte >= b' ' || byte.is_ascii_whitespace();
    let is_text = utf8(bytes.get(..bytes.len().min(64)).unwrap_or_default()).is_some() || bytes.len() > 60;
    if bytes.is_empty() || !is_text || !bytes.iter().take(64).all(is_letter) {
        return Err(wire.broken("no statement"));
    }
    if revision >= since::PARAMETERS && !query.statement.is_cut() {
        parameters(wire, |_, _| {})?;
    }
    // Behind it comes a block, the empty one at least.
    if wire.debt() == 0 && !matches!(wire.rest().first(), None | Some(&(asked::DATA | asked::SCALAR))) {
        return Err(wire.broken("no block behind a query"));
    }
    Ok(query.client.speaks)
}
