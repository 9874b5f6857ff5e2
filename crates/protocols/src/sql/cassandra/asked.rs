//! Requests (native_protocol_v5.spec 4.1).

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use model::details::{Detail, Named};
use model::exchange::{Request, Text};

use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::{Reader, Sample};
use crate::kit::sasl;
use crate::kit::text::lossy;
use crate::sql::said::{Said, Words, lacks, plain};
use crate::sql::secrets::{Dialect, MASK};
use crate::sql::verb::verb;

use super::batch::batch;
use super::packed::Way;
use super::parameters::{Binds, parameters};
use super::session::{Cassandra, Open};
use super::shape::Shape;
use super::statements::{Prepared, Told};
use super::wire::{BODY, Header, Opcode, bytes, each, settle, short_bytes, string};

/// So many bytes of a statement are kept: all that is read of a body.
pub(super) const LETTERS: usize = BODY;
/// Consistencies, by their numbers (section 3).
const CONSISTENCIES: [&str; 11] = [
    "ANY",
    "ONE",
    "TWO",
    "THREE",
    "QUORUM",
    "ALL",
    "LOCAL_QUORUM",
    "EACH_QUORUM",
    "SERIAL",
    "LOCAL_SERIAL",
    "LOCAL_ONE",
];

/// The same as most requests say them, and nothing else.
static SAID: LazyLock<[Arc<[Named]>; 11]> =
    LazyLock::new(|| CONSISTENCIES.map(|name| Arc::from([("consistency", Detail::from(name))])));

impl Cassandra {
    /// Hears a request.
    pub(super) fn asked(
        &mut self,
        header: Header,
        mut body: Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let mut open = None;
        let told = match header.opcode {
            Opcode::Startup => self.startup(header, &mut body, request),
            Opcode::Options => {
                word(request, "OPTIONS");
                Ok(())
            }
            Opcode::Query => query(header, &mut body, request),
            Opcode::Prepare => prepare(header, &mut body, request, wire).map(|said| open = said),
            Opcode::Execute => self.execute(header, &mut body, request, (&mut open, wire)),
            Opcode::Batch => batch(&mut self.statements, &mut body, request, wire),
            Opcode::Register => register(&mut body, request),
            Opcode::Response => self.response(&mut body, request),
            _ => Err(body.broken("a client says what no client says")),
        };
        settle(&body, told)?;
        self.wait(header.stream, open);
        Ok(Heard::Request(Key::Id(header.stream.into()), exchange))
    }

    /// What the client speaks, and who it says that it is.
    fn startup(&mut self, header: Header, body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
        word(request, "STARTUP");
        request.details.push(("protocol", Text::from(format!("v{}", header.version)).into()));
        let (mut application, mut driver, mut version) = (None, None, None);
        let mut way = None;
        let mut text = "STARTUP".to_owned();
        each(body, |body| {
            let (name, value) = (string(body)?, string(body)?);
            text.push(' ');
            text.push_str(&lossy(name));
            text.push('=');
            text.push_str(&lossy(value));
            match name {
                b"APPLICATION_NAME" => application = Some(Text::from(lossy(value))),
                b"DRIVER_NAME" => driver = Some(lossy(value)),
                b"DRIVER_VERSION" => version = Some(lossy(value)),
                b"COMPRESSION" => way = Way::of(value),
                _ => {}
            }
            Ok(())
        })?;
        request.statement.write(&text);
        self.way = way;
        let driver = driver.map(|driver| match version {
            Some(version) => Text::from(format!("{driver} {version}")),
            None => Text::from(driver),
        });
        if let Some(application) = application.or(driver) {
            self.turn(|identity| identity.application = Some(application));
        }
        Ok(())
    }

    /// A proof of who the client is; the user that a password is of is told.
    fn response(&mut self, body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
        word(request, "AUTH_RESPONSE");
        request.statement.write_with(|out| {
            out.push_str("AUTH_RESPONSE ");
            out.push_str(MASK);
        });
        let token = bytes(body)?.unwrap_or_default();
        // Others of the server's ways hold zeros too, but not two alone among letters.
        let is_plain = token.iter().filter(|byte| **byte == 0).count() == 2
            && token.iter().all(|byte| *byte == 0 || *byte >= b' ');
        if let Some(user) = sasl::user(b"PLAIN", token).filter(|_| is_plain) {
            request.details.push(("user", Text::clone(&user).into()));
            self.claimed = Some(user);
        }
        Ok(())
    }

    /// A statement that was prepared.
    fn execute(
        &mut self,
        header: Header,
        body: &mut Reader<'_>,
        request: &mut Request,
        (open, wire): (&mut Option<Open>, &mut Reader<'_>),
    ) -> Read<()> {
        request.operation = Cow::Borrowed("EXECUTE");
        let id = short_bytes(body)?;
        let prepared = self.statements.find(id, wire);
        *open = Some(Open::Execute(Arc::clone(&prepared)));
        tell(&prepared, request);
        if header.is_fifth() {
            short_bytes(body)?;
        }
        parameters(header, body, request, Binds::Prepared(&prepared))
    }
}

/// Words a request that is only what it is called.
fn word(request: &mut Request, name: &'static str) {
    request.operation = Cow::Borrowed(name);
    request.statement.write(name);
}

/// Words a request by the statement that it runs.
pub(super) fn tell(prepared: &Prepared, request: &mut Request) {
    let words = &prepared.said.words;
    request.operation.clone_from(&words.verb);
    if let Some(text) = &words.text {
        request.statement.share_again(text);
    }
    if words.text.is_none() || words.cut.is_some() {
        lacks(&mut request.details, words, None);
    }
    if words.text.is_none() {
        // The wire says what it is bound to, or what comes back of it.
        let of = |shape: &Option<Arc<Shape>>| shape.as_ref().and_then(|shape| shape.table.clone());
        request.targets.extend(of(&prepared.bound).or_else(|| of(&prepared.rows)));
    }
    if prepared.told == Told::Elsewhere {
        request.details.push(("prepared", Detail::from("on another connection")));
    }
}

/// A `[long string]` that is a statement.
pub(super) fn statement<'a>(body: &mut Reader<'a>) -> Read<Sample<'a>> {
    let length = body.be32()?;
    body.sample(length.into(), LETTERS)
}

/// A statement that is run once.
fn query(header: Header, body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
    request.operation = Cow::Borrowed("QUERY");
    let text = statement(body)?;
    match plain(&text, Dialect::Cql) {
        Some(text) => {
            request.operation = verb(text);
            request.statement.write(text);
            parameters(header, body, request, Binds::Untyped(None))
        }
        None => {
            let said = Said::read(&text, Dialect::Cql);
            words(&said.words, request);
            parameters(header, body, request, Binds::Untyped(Some(&said)))
        }
    }
}

/// Words a request.
fn words(words: &Words, request: &mut Request) {
    request.operation.clone_from(&words.verb);
    words.text.iter().for_each(|text| request.statement.share(Text::clone(text)));
    if words.text.is_none() || words.cut.is_some() {
        lacks(&mut request.details, words, None);
    }
}

/// A statement that will be run by an id.
fn prepare(
    header: Header,
    body: &mut Reader<'_>,
    request: &mut Request,
    wire: &mut Reader<'_>,
) -> Read<Option<Open>> {
    request.operation = Cow::Borrowed("PREPARE");
    let said = Said::shared(&statement(body)?, Dialect::Cql, wire);
    words(&said.words, request);
    request.operation = Cow::Borrowed("PREPARE");
    let open = Some(Open::Prepare(said));
    if header.is_fifth() {
        // Of a long statement, what stands behind it is not kept.
        let keyspace =
            body.be32().and_then(|flags| if flags & 1 == 0 { Ok(None) } else { string(body).map(Some) });
        if let Ok(Some(keyspace)) = keyspace {
            request.details.push(("keyspace", Text::from(lossy(keyspace)).into()));
        }
    }
    Ok(open)
}

/// The events that the client wants to be told of.
fn register(body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
    word(request, "REGISTER");
    let mut text = "REGISTER".to_owned();
    each(body, |body| {
        text.push(' ');
        text.push_str(&lossy(string(body)?));
        Ok(())
    })?;
    request.statement.write(&text);
    Ok(())
}

/// How many nodes must agree, as most requests say.
pub(super) fn consistency(number: u16, request: &mut Request) {
    if let Some(said) = SAID.get(usize::from(number)) {
        request.details.share_again(said);
    }
}
