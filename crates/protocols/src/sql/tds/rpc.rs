//! Calls of procedures, and of those that prepare, run and fetch statements ([MS-TDS] 2.2.6.6).

use std::borrow::Cow;
use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Request, Text};

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::sql::said::{Said, plain};
use crate::sql::secrets::{self, MASK};
use crate::sql::utf16;
use crate::sql::verb::verb;

use super::asked::{LETTERS, word};
use super::calls::{Argument, Called, Procedure, called};
use super::parameters::{self, Parameter, Value};
use super::session::Due;
use super::shape;
use super::statements::{Of, Prepared, Store};
use super::wire::{behind_headers, name};

/// So many letters of a parameter's name are looked at.
const NAME: usize = 128;
/// So many calls of one message are read.
const CALLS: usize = 4096;

/// A message of calls, while it is read.
pub(super) struct Calls<'a, 'b> {
    from: Reader<'a>,
    dialect: shape::Dialect,
    store: &'b mut Store,
    request: &'b mut Request,
    /// What numbers the server will give, in the order in which they come back.
    promised: [Option<Of>; 2],
    prepared: Prepared,
    /// Whether not all of a call was there.
    is_cut: bool,
}

/// Reads a message of calls, most of one, and writes it as a request.
///
/// # Errors
/// `Broken` when it does not begin as a call does.
pub(super) fn read(
    message: &Sample<'_>,
    (dialect, store): (shape::Dialect, &mut Store),
    request: &mut Request,
    wire: &mut Reader<'_>,
) -> Read<Due> {
    let from = Reader::new(behind_headers(message.bytes), 0, Ahead::End);
    let (promised, prepared) = Default::default();
    let mut calls = Calls { from, dialect, store, request, promised, prepared, is_cut: false };
    let first = called(&mut calls.from).map_err(|_| wire.broken("a call is none"))?;
    calls.one(&first, wire);
    let mut count = 1;
    while calls.is_at_next() && count < CALLS {
        let _mark = calls.from.u8();
        let Ok(next) = called(&mut calls.from) else { break };
        calls.another(&next, wire);
        count += 1;
    }
    let is_cut = calls.is_cut || message.is_cut();
    let due = match calls.promised {
        [None, _] => Due::Other,
        promised => Due::Numbers { promised, prepared: calls.prepared },
    };
    if count > 1 {
        request.details.push(("calls", Detail::Number(i64::try_from(count).unwrap_or(i64::MAX))));
    }
    if is_cut {
        let length = i64::try_from(message.length).unwrap_or(i64::MAX);
        request.details.push(("parameters_cut_of_bytes", Detail::Number(length)));
    }
    Ok(due)
}

impl<'a> Calls<'a, '_> {
    /// Whether another call follows: what stands between two changed with version 7.2.
    fn is_at_next(&self) -> bool {
        match self.from.rest().first() {
            Some(0xff | 0xfe) => self.dialect.is_wide,
            Some(0x80) => !self.dialect.is_wide,
            Some(_) | None => false,
        }
    }

    fn next(&mut self) -> Option<Parameter<'a>> {
        if self.from.rest().is_empty() || self.is_at_next() {
            return None;
        }
        let read = parameters::next(&mut self.from, self.dialect);
        self.is_cut |= read.is_err();
        read.ok()
    }

    /// A call that comes behind the first: mostly of the same statement, with other parameters.
    fn another(&mut self, called: &Called<'_>, wire: &mut Reader<'_>) {
        let parameters = std::mem::take(&mut self.request.parameters);
        let first = std::mem::take(self.request);
        self.request.parameters = parameters;
        self.one(called, wire);
        let next = std::mem::replace(self.request, first);
        self.request.parameters = next.parameters;
        if let (Some(before), Some(text)) = (self.request.statement.as_deref(), next.statement.as_deref())
            && !before.ends_with(text)
        {
            let both = Text::from(format!("{before};\n{text}"));
            self.request.statement.share(both);
        }
    }

    fn one(&mut self, called: &Called<'_>, wire: &mut Reader<'_>) {
        match called {
            Called::Known(procedure) => self.known(procedure, wire),
            Called::Named(procedure) => self.named(procedure),
        }
    }

    /// A procedure of a user's or of the server's own.
    fn named(&mut self, procedure: &[u8]) {
        let procedure = name(procedure);
        self.request.operation = Cow::Borrowed("EXECUTE");
        self.request.statement.write_with(|out| {
            out.push_str("EXECUTE ");
            out.push_str(&procedure);
        });
        if !self.request.targets.contains(&procedure) {
            self.request.targets.push(procedure);
        }
        self.values(&Prepared::default());
    }

    /// A procedure that prepares, runs or fetches.
    fn known(&mut self, procedure: &Procedure, wire: &mut Reader<'_>) {
        let (mut text, mut definition, mut manner) = (None, None, None);
        let mut prepared = None;
        self.promised = [None; 2];
        for argument in procedure.arguments {
            let Some(Parameter { value, .. }) = self.next() else { break };
            match argument {
                Argument::Number(of) => {
                    let number = value.whole_number().unwrap_or_default();
                    prepared = Some(self.store.find(*of, number));
                    if matches!(procedure.operation, Some("UNPREPARE" | "CLOSE")) {
                        self.store.close(*of, number);
                    }
                }
                Argument::NewNumber(of) => {
                    let [first, second] = &mut self.promised;
                    *(if first.is_none() { first } else { second }) = Some(*of);
                }
                Argument::Definition => definition = Some(value),
                Argument::Text => text = Some(value),
                Argument::Manner => manner = value.whole_number(),
            }
        }
        let [promised, _] = self.promised;
        if promised.is_some() || prepared.is_some() || text.is_none() {
            self.prepared(text.as_ref(), definition.as_ref(), prepared, wire);
        } else if let Some(text) = &text {
            self.prepared = self.text(text, definition.as_ref());
        }
        if let Some(operation) = procedure.operation {
            self.request.operation = Cow::Borrowed(operation);
        }
        if let (Some("FETCH"), Some(rows)) = (procedure.operation, manner) {
            self.request.details.push(("fetch", Detail::Number(rows.into())));
        }
        let prepared = self.prepared.clone();
        self.values(&prepared);
    }

    /// Words the request by a statement that a number stands for, or will.
    fn prepared(
        &mut self,
        text: Option<&Value<'_>>,
        definition: Option<&Value<'_>>,
        known: Option<Prepared>,
        wire: &mut Reader<'_>,
    ) {
        self.prepared = match (text.and_then(|text| text.statement(LETTERS)), known) {
            (Some((text, letters)), _) => {
                let length = if text.len() as u64 >= letters { text.len() as u64 } else { letters };
                let sample = Sample { bytes: text.as_bytes(), length };
                let said = Said::shared(&sample, secrets::Dialect::Tsql, wire);
                let hidden = hidden(&said, definition);
                Prepared { said, hidden }
            }
            (None, Some(known)) => known,
            (None, None) => self.store.find(Of::Statement, 0),
        };
        word(self.request, &self.prepared.said.words);
    }

    /// Words the request by a statement that is said once: which of its parameters are passwords.
    fn text(&mut self, text: &Value<'_>, definition: Option<&Value<'_>>) -> Prepared {
        let Some(letters) = text.write_statement(&mut self.request.statement, LETTERS) else {
            return Prepared::default();
        };
        let written = self.request.statement.as_deref().unwrap_or_default();
        let length = if written.len() as u64 >= letters { written.len() as u64 } else { letters };
        let sample = Sample { bytes: written.as_bytes(), length };
        if let Some(text) = plain(&sample, secrets::Dialect::Tsql) {
            self.request.operation = verb(text);
            return Prepared::default();
        }
        let said = Said::read(&sample, secrets::Dialect::Tsql);
        let hidden = hidden(&said, definition);
        word(self.request, &said.words);
        Prepared { said: Arc::new(said), hidden }
    }

    /// The parameters of the statement or procedure.
    fn values(&mut self, prepared: &Prepared) {
        let mut place = 0_u16;
        while let Some(parameter) = self.next() {
            place = place.saturating_add(1);
            let row = &mut self.request.parameters;
            if parameter.is_default() || parameter.value.is_null() {
                row.push_null();
            } else if prepared.hidden.contains(&place) || is_secret(parameter.name) {
                row.push(MASK);
            } else {
                row.push_with(|text| parameter.value.write(text));
            }
        }
    }
}

/// Whether a parameter's own name says that nobody may keep it.
fn is_secret(said: &[u8]) -> bool {
    // The shortest such name is `@pwd`.
    const SHORTEST: usize = 2 * 4;
    if said.len() < SHORTEST {
        return false;
    }
    let said = utf16::text(said, NAME);
    let has = |word: &str| {
        said.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    has("password") || has("pwd") || has("secret")
}

/// The places of the parameters whose names stand where passwords do: `@P1 nvarchar(20), @P2 int` says which is where.
fn hidden(said: &Said, definition: Option<&Value<'_>>) -> Arc<[u16]> {
    if said.names.is_empty() {
        return Arc::default();
    }
    let Some((definition, _)) = definition.and_then(|definition| definition.statement(LETTERS)) else {
        return Arc::default();
    };
    let mut depth = 0;
    let parts = definition.split(|letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ',' && depth == 0
    });
    let is_hidden = |part: &str| {
        let name = part.trim_start().split_ascii_whitespace().next().unwrap_or_default();
        said.names.iter().any(|hidden| hidden.eq_ignore_ascii_case(name))
    };
    let places = parts.zip(1_u16..).filter(|(part, _)| is_hidden(part));
    places.map(|(_, place)| place).collect()
}
