//! What the client says once the session has begun.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use model::conn::Speaker;
use model::details::{Detail, Named};
use model::exchange::Request;
use model::row::Row;

use crate::kit::protocol::{Heard, Read};
use crate::kit::reader::{Reader, Sample};
use crate::sql::said::{Said, Words, lacks, plain};
use crate::sql::secrets::{Dialect, MASK};
use crate::sql::verb::verb;

use super::session::{Batch, Due, Postgres, State, Step, Telling, Then, Transaction};
use super::shape::{self, Forms};
use super::statements::{Portal, Statement};
use super::values;
use super::wire::{inside, whole};

/// A `Sync`, whole.
const SYNC: &[u8] = b"S\0\0\0\x04";
/// So many bytes of a statement, or of all parameters of one execution, are kept.
const TEXT: usize = 64 << 10;
/// So many bytes of one parameter are kept.
const PARAMETER: usize = 4 << 10;
/// A longer name is no name of a statement or portal.
const NAME: usize = 1 << 10;

static OPEN: LazyLock<Arc<[Named]>> = LazyLock::new(|| [("transaction", Detail::from("open"))].into());
static FAILED: LazyLock<Arc<[Named]>> = LazyLock::new(|| [("transaction", Detail::from("failed"))].into());

impl Postgres {
    /// Reads the client's next message, and those that run what it names.
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.overflows() {
            return Ok(self.give_up());
        }
        match wire.rest().first() {
            Some(b'Q') => self.query(wire),
            Some(b'S') if matches!(self.batch(), Batch::Asked) => self.batch_ends(wire),
            _ => self.extended(wire),
        }
    }

    /// What was asked together ends here.
    #[inline(never)]
    fn batch_ends(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        self.message(Speaker::Client, wire)?;
        self.state = State::Talking;
        Ok(self.sync(wire))
    }

    #[inline(never)]
    fn query(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let header = self.message(Speaker::Client, wire)?;
        self.state = State::Talking;
        let sample = wire.sample(u64::from(header.body), TEXT)?;
        self.bridge();
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        match plain(&sample, Dialect::Postgres) {
            Some(text) => {
                request.operation = verb(text);
                request.statement.write(text);
                self.place(request);
            }
            None => self.word(request, &Said::read(&sample, Dialect::Postgres).words, None),
        }
        Ok(self.ask(Due::Query, exchange))
    }

    /// A message of the extended protocol, or of none.
    #[inline(never)]
    fn extended(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        loop {
            let header = self.message(Speaker::Client, wire)?;
            let body = u64::from(header.body);
            if header.tag != b'p' && self.state == State::Greeting {
                self.state = State::Talking;
            }
            match header.tag {
                b'P' => self.parse(wire.sample(body, TEXT)?, wire)?,
                b'B' => {
                    let sample = wire.sample(body, TEXT)?;
                    if let ([0, ..], Some(run)) = (sample.bytes, run(wire.rest())) {
                        return self.bind_and_execute(sample, run, wire);
                    }
                    self.bind(sample, wire)?;
                }
                b'D' => self.describe(wire.sample(body, NAME)?, wire)?,
                b'E' => return self.execute(wire.sample(body, NAME)?, wire),
                tag => return self.said(tag, body, wire),
            }
            if !runs_on(wire) {
                return Ok(Heard::Part);
            }
        }
    }

    /// A message that neither runs anything nor prepares what another will run.
    #[inline(never)]
    fn said(&mut self, tag: u8, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        match tag {
            b'C' => self.close(wire.sample(body, NAME)?, wire),
            b'F' => self.call(wire.sample(body, TEXT)?, wire),
            b'S' => Ok(self.sync(wire)),
            b'd' => self.copy_in(body, wire),
            // Flush, Terminate, the end of a copy, and what proves the client's identity: nothing of them is kept.
            _ => {
                wire.skip(body);
                Ok(Heard::Nothing)
            }
        }
    }

    fn parse(&mut self, sample: Sample<'_>, wire: &mut Reader<'_>) -> Read<()> {
        let mut body = inside(&sample, wire);
        let name = name(&sample, &mut body)?;
        let rest = body.rest();
        let text = memchr::memchr(0, rest).and_then(|end| rest.get(..end));
        let length = text.map_or(sample.length - name.len() as u64, |text| text.len() as u64);
        let text = Sample { bytes: text.unwrap_or(rest), length };
        body.skip(text.bytes.len() as u64 + 1);
        let count = body.be16().unwrap_or(0);
        let declared = (0..count).map_while(|_| body.be32().ok()).collect();
        let said = Said::shared(&text, Dialect::Postgres, wire);
        let statement = Arc::new(Statement::of(said, declared));
        self.bridge();
        let before = self.store().keep(name, Arc::clone(&statement));
        if !name.is_empty() {
            self.due.push_back(Due::Parse { name: name.into(), before });
        }
        self.prepared(Step::Parse, &statement);
        Ok(())
    }

    fn bind(&mut self, sample: Sample<'_>, wire: &mut Reader<'_>) -> Read<()> {
        let mut body = inside(&sample, wire);
        let name = name(&sample, &mut body)?;
        let portal = self.bound(&sample, body, wire)?;
        self.prepared(Step::Bind, &portal.statement);
        self.store().open(name, portal);
        Ok(())
    }

    /// A `Bind` of the portal without a name, and behind it the messages that run it to its end, which have `run` bytes.
    ///
    /// Most drivers send no other. Nobody asks for the portal again, so it is not remembered, and the description of its rows
    /// is waited for as part of its answer.
    fn bind_and_execute(&mut self, sample: Sample<'_>, run: usize, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut body = inside(&sample, wire);
        body.skip(1);
        let Portal { statement, mut exchange, cut, forms } = self.bound(&sample, body, wire)?;
        wire.skip(run as u64);
        self.store().portals.forget(b"");
        self.word(&mut exchange.request, &statement.said.words, cut);
        let then = if wire.rest().starts_with(SYNC) && !self.is_copying_in() {
            wire.skip_along(SYNC.len());
            self.state = State::Talking;
            self.take_batch();
            Then::Sync
        } else {
            self.store().batch = Batch::Asked;
            Then::Next
        };
        Ok(self.ask(Due::Execute(statement, forms, then), exchange))
    }

    /// The portal that a `Bind` makes, of which the name was read.
    #[inline(always)]
    fn bound(&mut self, sample: &Sample<'_>, mut body: Reader<'_>, wire: &mut Reader<'_>) -> Read<Portal> {
        let source = name(sample, &mut body)?;
        self.bridge();
        let statement = self.store().statement(source);
        let forms = shape::forms(&mut body);
        let mut exchange = wire.blank();
        let row = &mut exchange.request.parameters;
        let count = parameters(&mut body, &statement, &forms, row);
        let cut = (row.len() < count).then_some(count as u64);
        Ok(Portal { statement, exchange, cut, forms: shape::forms(&mut body) })
    }

    fn describe(&mut self, sample: Sample<'_>, wire: &Reader<'_>) -> Read<()> {
        let mut body = inside(&sample, wire);
        let kind = body.u8();
        let name = name(&sample, &mut body)?;
        self.bridge();
        let statement = match kind {
            Ok(b'P') => match self.store().portals.find(name) {
                Some(portal) => Arc::clone(&portal.statement),
                None => Arc::new(Statement::unknown()),
            },
            Ok(_) | Err(_) => self.store().statement(name),
        };
        self.prepared(Step::Describe, &statement);
        self.due.push_back(Due::Describe(statement));
        Ok(())
    }

    fn execute(&mut self, sample: Sample<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut body = inside(&sample, wire);
        let name = name(&sample, &mut body)?;
        let limit = body.be32().unwrap_or(0);
        self.bridge();
        let portals = &mut self.store().portals;
        let portal = match limit {
            // It runs to its end, and no second time.
            0 => portals.forget(name),
            _ => portals.find(name).cloned(),
        };
        // Of a portal that was not seen, nothing is known.
        let unknown = || Portal::unknown(wire.blank());
        let Portal { statement, mut exchange, cut, forms } = portal.unwrap_or_else(unknown);
        let request = &mut exchange.request;
        self.word(request, &statement.said.words, cut);
        if limit > 0 {
            request.details.push(("fetch", Detail::Number(i64::from(limit))));
        }
        self.store().batch = Batch::Asked;
        Ok(self.ask(Due::Execute(statement, forms, Then::Next), exchange))
    }

    fn close(&mut self, sample: Sample<'_>, wire: &Reader<'_>) -> Read<Heard> {
        let mut body = inside(&sample, wire);
        let kind = body.u8();
        let name = name(&sample, &mut body)?;
        self.bridge();
        match kind {
            Ok(b'P') => _ = self.store().portals.forget(name),
            Ok(_) | Err(_) => {
                if let Some(before) = self.store().statements.forget(name) {
                    self.due.push_back(Due::Close { name: name.into(), before });
                }
            }
        }
        Ok(Heard::Nothing)
    }

    fn call(&mut self, sample: Sample<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut body = inside(&sample, wire);
        let function = body.be32().unwrap_or(0);
        let forms = shape::forms(&mut body);
        self.bridge();
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        parameters(&mut body, &Statement::default(), &forms, &mut request.parameters);
        request.operation = Cow::Borrowed("FUNCTION");
        request.details.push(("function", Detail::Number(i64::from(function))));
        Ok(self.ask(Due::Call, exchange))
    }

    fn sync(&mut self, wire: &mut Reader<'_>) -> Heard {
        if self.is_copying_in() {
            // The server passes over what is not part of the copy.
            return Heard::Nothing;
        }
        self.bridge();
        match self.take_batch() {
            Batch::Prepared(step, statement) => {
                let mut exchange = wire.blank();
                self.word(&mut exchange.request, &statement.said.words, None);
                exchange.request.operation = Cow::Borrowed(step.operation());
                self.ask(Due::Sync(Telling::Told), exchange)
            }
            Batch::Empty | Batch::Asked => {
                match self.due.back_mut() {
                    Some(Due::Execute(_, _, then @ Then::Next)) => *then = Then::Sync,
                    Some(_) | None => self.due.push_back(Due::Sync(Telling::Silent)),
                }
                Heard::Nothing
            }
        }
    }

    /// The batch prepares something; the first such message names it, unless it runs something too.
    fn prepared(&mut self, step: Step, statement: &Arc<Statement>) {
        let batch = &mut self.store().batch;
        if let Batch::Empty = batch {
            *batch = Batch::Prepared(step, Arc::clone(statement));
        }
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
        match self.transaction {
            Transaction::Idle => {}
            Transaction::Open => request.details.share_again(&OPEN),
            Transaction::Failed => request.details.share_again(&FAILED),
        }
    }
}

/// How long the messages are that describe the portal without a name, perhaps, and run it to its end, if `rest` begins with them.
#[inline]
fn run(rest: &[u8]) -> Option<usize> {
    const DESCRIBE: &[u8; 7] = b"D\0\0\0\x06P\0";
    const EXECUTE: &[u8; 10] = b"E\0\0\0\x09\0\0\0\0\0";
    let described = rest.strip_prefix(DESCRIBE);
    let rest = described.unwrap_or(rest);
    let before = if described.is_some() { DESCRIBE.len() } else { 0 };
    rest.starts_with(EXECUTE).then_some(before + EXECUTE.len())
}

/// Whether the client's next message describes or runs what it has just named, without a name for it, and is there
/// with all its bytes: it can neither come short nor break the protocol.
fn runs_on(wire: &Reader<'_>) -> bool {
    let next = whole(Speaker::Client, wire.rest()).map(|(message, _)| (message.tag, message.body));
    matches!(next, Some((b'D', [_, 0, ..]) | (b'E', [0, ..])))
}

/// The next name in a body.
fn name<'a>(sample: &Sample<'_>, body: &mut Reader<'a>) -> Read<&'a [u8]> {
    let rest = body.rest();
    if let [0, ..] = rest {
        // Most names are none.
        body.skip(1);
        return Ok(&[]);
    }
    match body.until(0, NAME) {
        Ok(name) => Ok(name),
        // A loss hides the end.
        Err(_) if sample.is_cut() => {
            body.skip(rest.len() as u64);
            Ok(rest)
        }
        Err(_) => Err(body.broken("a name has no end")),
    }
}

/// Adds the values of a `Bind` or `FunctionCall` to `row` as far as they are there, and says how many there truly are.
fn parameters(body: &mut Reader<'_>, statement: &Statement, forms: &Forms, row: &mut Row) -> usize {
    let count = usize::from(body.be16().unwrap_or(0));
    for at in 0..count {
        let Ok(length) = body.array().map(i32::from_be_bytes) else { break };
        let Ok(length) = usize::try_from(length) else {
            row.push_null();
            continue;
        };
        let Ok(value) = body.take(length) else { break };
        if statement.hides(at) {
            row.push(MASK);
            continue;
        }
        let form = forms.of(at, None).unwrap_or(values::Form::Binary);
        if (form == values::Form::Text || values::is_text(statement.parameter(at)))
            && let Some(text) = values::plain(value, PARAMETER)
        {
            row.push(text);
            continue;
        }
        row.push_with(|text| values::write(text, statement.parameter(at), form, value, PARAMETER));
    }
    count
}
