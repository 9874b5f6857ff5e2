//! Where a session stands: who speaks with whom, and the long line of each side that has no end yet.

use std::borrow::Cow;
use std::sync::Arc;

use memchr::memchr;
use model::conn::Speaker;
use model::details::{Detail, Named};
use model::exchange::{Exchange, Identity, Outcome, Text};

use crate::kit::chain::{Chain, seek};
use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::reader::Reader;
use crate::kit::text::{hash, lossy};
use crate::web::dialect::{Behind, Told};
use crate::web::json::Value;
use crate::web::mask;
use crate::web::mcp::message::{Message, tell_answer, who};

use super::wire::{END, LINE, chain, last_id, whole};

/// What a server asks waits under this and a hash of its `id`.
const SERVER: u64 = 1 << 63;

/// Of a result of which nothing else is told, so many bytes are.
const RESULT: usize = 4 << 10;

/// One connection.
///
/// ```text
///             a line with its end           LINE bytes without one
///  Between ◀──────────────────── Between ───────────────────────▶ Long ──╮ more of it
///     ▲                                                             │ ▲──╯
///     ╰──────────────────────── its end ────────────────────────────╯
/// ```
#[derive(Debug, Default)]
pub(super) struct Mcp {
    identity: Option<Arc<Identity>>,
    client: State,
    server: State,
}

/// What one side is saying.
#[derive(Debug, Default)]
enum State {
    /// The next line, of which nothing was taken.
    #[default]
    Between,
    /// A line that is longer than is kept.
    Long(Box<Long>),
}

/// What is kept of a long line: its beginning, and its last bytes.
#[derive(Debug)]
struct Long {
    begins: String,
    ends: Vec<u8>,
}

impl Session for Mcp {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match std::mem::take(self.side(speaker)) {
            State::Long(long) => self.go_on(speaker, long, wire),
            State::Between => self.begin(speaker, wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        *self.side(speaker) = State::Between;
    }

    fn resync(&mut self, _: Speaker, wire: &[u8]) -> Sought {
        let lines = memchr::memchr_iter(b'\n', wire).map(|end| end + 1);
        seek(wire, std::iter::once(0).chain(lines), begins)
    }
}

/// Whether a line of JSON-RPC begins here; in a conversation that is known, any will do.
fn begins(bytes: &[u8]) -> Chain {
    let Some(first) = bytes.first() else { return Chain::Open };
    if !matches!(first, b'{' | b'[') {
        return Chain::Broken;
    }
    match memchr(b'\n', bytes).and_then(|end| bytes.get(..=end)) {
        Some(line) => (chain(line) != Chain::Broken).into(),
        None if bytes.len() > END => opens(bytes).into(),
        None => Chain::Open,
    }
}

/// Whether a line without an end begins like a message.
fn opens(bytes: &[u8]) -> bool {
    let text = lossy(bytes.get(..END).unwrap_or(bytes));
    let text = text.trim_start_matches('[').trim_ascii_start();
    let name = Value::of(text).members().next().map(|(name, _)| name);
    matches!(name, Some("jsonrpc" | "method" | "id" | "result" | "error" | "params"))
}

impl Mcp {
    fn side(&mut self, speaker: Speaker) -> &mut State {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    /// The next line, or the beginning of a long one.
    fn begin(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        let rest = wire.rest();
        match memchr(b'\n', rest.get(..LINE).unwrap_or(rest)) {
            Some(end) => {
                let line = lossy(rest.get(..end).unwrap_or_default());
                let line = line.trim_ascii();
                if line.is_empty() {
                    wire.skip(end as u64 + 1);
                    return Ok(Heard::Nothing);
                }
                let value = whole(line).ok_or_else(|| wire.broken("a line is no JSON"))?;
                let text = masked(value.raw());
                let line = Line::of(speaker, &text, None);
                let line = line.ok_or_else(|| wire.broken("a line is no message of JSON-RPC"))?;
                if let Some(identity) = self.introduced(&line, wire) {
                    let identity = wire.share(identity);
                    self.identity = Some(Arc::clone(&identity));
                    return Ok(Heard::Identity(identity));
                }
                wire.skip(end as u64 + 1);
                Ok(line.hear(wire).unwrap_or_else(Heard::Oneway))
            }
            None if rest.len() >= LINE => {
                let begins = lossy(rest.get(..LINE).unwrap_or_default()).into_owned();
                if !opens(begins.as_bytes()) {
                    return Err(wire.broken("a long line is no message"));
                }
                *self.side(speaker) = State::Long(Box::new(Long { begins, ends: Vec::new() }));
                wire.skip(LINE as u64);
                Ok(Heard::Part)
            }
            None => Err(Stop::Short),
        }
    }

    /// More of a long line.
    fn go_on(&mut self, speaker: Speaker, mut long: Box<Long>, wire: &mut Reader<'_>) -> Read<Heard> {
        let rest = wire.rest();
        let Some(end) = memchr(b'\n', rest) else {
            long.keep(rest);
            wire.skip(rest.len() as u64);
            *self.side(speaker) = State::Long(long);
            return if rest.is_empty() { Err(Stop::Short) } else { Ok(Heard::Part) };
        };
        long.keep(rest.get(..end).unwrap_or_default());
        let (text, ends) = (masked(&long.begins), lossy(&long.ends));
        let line = Line::of(speaker, &text, last_id(&ends));
        let line = line.ok_or_else(|| wire.broken("a line is no message of JSON-RPC"))?;
        wire.skip(end as u64 + 1);
        Ok(line.hear(wire).unwrap_or_else(Heard::Sent))
    }

    /// Who the session is, if a line makes it another one.
    fn introduced(&self, line: &Line<'_>, wire: &Reader<'_>) -> Option<Identity> {
        let known = self.identity.as_deref().cloned().unwrap_or_default();
        let named = |(_, detail): Named| match detail {
            Detail::Text(text) => Some(Text::from(&*text)),
            Detail::Number(_) => None,
        };
        let is_initialize = line.message.method.as_deref() == Some("initialize");
        let client = line.message.param("clientInfo").filter(|_| is_initialize);
        let server = line.value.at(&["result", "serverInfo"]).filter(|_| line.answers_initialize(wire));
        let identity = match (client, server) {
            (Some(client), _) => Identity { application: who("", Some(client)).and_then(named), ..known },
            (None, Some(server)) => Identity { version: who("", Some(server)).and_then(named), ..known },
            (None, None) => return None,
        };
        (self.identity.as_deref() != Some(&identity)).then_some(identity)
    }
}

/// A line that was read.
struct Line<'a> {
    speaker: Speaker,
    text: &'a str,
    /// All of its messages.
    all: Value<'a>,
    /// The one that it is told by.
    value: Value<'a>,
    message: Message<'a>,
    id: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn of(speaker: Speaker, text: &'a str, last: Option<&'a str>) -> Option<Self> {
        let all = Value::of(text);
        let value = match all.is_array() {
            // A notification is not answered, and the batch may be.
            true => all.items().find(|item| item.get("id").is_some()).or(all.items().next())?,
            false => all,
        };
        let message = Message::of(value);
        let id = message.id.filter(|id| !id.is_null()).map(Value::raw).or(last);
        let is_ours = value.is_object() && (message.method.is_some() || message.responds);
        is_ours.then_some(Line { speaker, text, all, value, message, id })
    }

    /// What it means: a notification is the error, for who read it knows whether it came in parts.
    fn hear(&self, wire: &mut Reader<'_>) -> Result<Heard, Box<Exchange>> {
        if self.message.responds {
            return self.answer(wire);
        }
        let exchange = self.ask(wire);
        match self.id {
            Some(id) => Ok(Heard::Request(Key::Id(name(self.speaker, id)), exchange)),
            None => Err(exchange),
        }
    }

    fn answers_initialize(&self, wire: &Reader<'_>) -> bool {
        let asked = self.id.and_then(|id| wire.asked_as(name(self.speaker.other(), id)));
        // Joined midway, nobody knows what was asked.
        asked.is_none_or(|request| request.operation == "initialize")
    }

    /// The request, or notification.
    fn ask(&self, wire: &mut Reader<'_>) -> Box<Exchange> {
        let mut exchange = wire.blank();
        let method = self.message.method.as_deref().unwrap_or_default();
        let mut told = Told { operation: Cow::Owned(method.to_owned()), ..Told::default() };
        told.statement = Some(self.text.to_owned());
        self.message.tell(&mut told);
        if self.speaker == Speaker::Server {
            told.request_details.push(("from", "server".into()));
        }
        let count = self.all.items().count();
        if count > 0 {
            told.request_details.push(("mcp.batch", i64::try_from(count).unwrap_or(i64::MAX).into()));
        }
        told.write_request(&mut exchange.request);
        exchange
    }

    /// The response, to the first request of its batch that waits.
    fn answer(&self, wire: &mut Reader<'_>) -> Result<Heard, Box<Exchange>> {
        let asker = self.speaker.other();
        let answers = self.all.items().filter_map(|item| Some((item, item.get("id")?.raw())));
        let found = answers.into_iter().find(|(_, id)| wire.asked_as(name(asker, id)).is_some());
        let (value, id) = match (found, self.id) {
            (Some(found), _) => found,
            (None, Some(id)) => (self.value, id),
            (None, None) => return Err(self.complain(wire)),
        };
        let key = name(asker, id);
        if let Some(response) = wire.answer_to(key) {
            let mut told = Told::default();
            tell_answer(value, &mut told);
            if told.behind == Behind::Kept {
                told.response_details.extend(result(value));
            }
            response.outcome = Outcome::Ok;
            told.write_response(response);
        }
        Ok(Heard::Response(Key::Id(key)))
    }

    /// An error that does not say what it is about: a message could not be read.
    fn complain(&self, wire: &mut Reader<'_>) -> Box<Exchange> {
        let mut exchange = wire.blank();
        let mut told = Told { operation: "error".into(), ..Told::default() };
        told.statement = Some(self.text.to_owned());
        if self.speaker == Speaker::Server {
            told.request_details.push(("from", "server".into()));
        }
        tell_answer(self.value, &mut told);
        told.write_request(&mut exchange.request);
        told.write_response(&mut exchange.response);
        exchange
    }
}

/// What a result says of which nothing else is told.
fn result(answer: Value<'_>) -> Option<Named> {
    let result = answer.get("result").map(Value::raw).filter(|result| *result != "{}")?;
    let end = (0..=RESULT.min(result.len())).rev().find(|end| result.is_char_boundary(*end))?;
    Some(("mcp.result", result.get(..end)?.into()))
}

impl Long {
    /// Keeps the last bytes.
    fn keep(&mut self, more: &[u8]) {
        let more = more.get(more.len().saturating_sub(END)..).unwrap_or_default();
        self.ends.extend_from_slice(more);
        let over = self.ends.len().saturating_sub(END);
        self.ends.drain(..over);
    }
}

/// Under what a request waits, by who asked.
fn name(asker: Speaker, id: &str) -> u64 {
    match asker {
        Speaker::Client => hash(id.as_bytes()) & !SERVER,
        Speaker::Server => hash(id.as_bytes()) | SERVER,
    }
}

/// The text without its credentials.
fn masked(text: &str) -> Cow<'_, str> {
    if !mask::has_secret_members(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    mask::json(text, &mut out);
    Cow::Owned(out)
}
