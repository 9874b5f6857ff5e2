//! Several statements in one request (native_protocol_v5.spec 4.1.7).

use std::borrow::Cow;
use std::sync::Arc;

use model::exchange::Request;

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;
use crate::sql::said::{Said, Words, lacks};
use crate::sql::secrets::Dialect;

use super::asked::{LETTERS, consistency, statement};
use super::parameters::{Binds, bound};
use super::statements::{Prepared, Store};
use super::wire::short_bytes;

/// How a batch of each kind begins.
const KINDS: [&str; 3] = ["BEGIN BATCH", "BEGIN UNLOGGED BATCH", "BEGIN COUNTER BATCH"];

/// Reads a batch: the statement that it would be in one, and all that is bound.
pub(super) fn batch(
    statements: &mut Store,
    body: &mut Reader<'_>,
    request: &mut Request,
    wire: &mut Reader<'_>,
) -> Read<()> {
    request.operation = Cow::Borrowed("BATCH");
    let Some(begin) = KINDS.get(usize::from(body.u8()?)) else {
        return Err(body.broken("a batch is of a kind that nobody knows"));
    };
    let count = body.be16()?;
    let mut whole = Whole { text: (*begin).to_owned(), length: begin.len() as u64, kept: Kept::All };
    let mut read = Ok(());
    for _ in 0..count {
        read = one(statements, body, request, (&mut whole, wire));
        if read.is_err() {
            break;
        }
    }
    request.details.push(("statements", i64::from(count).into()));
    whole.end(read.is_ok(), request);
    read?;
    consistency(body.be16()?, request);
    Ok(())
}

fn one(
    statements: &mut Store,
    body: &mut Reader<'_>,
    request: &mut Request,
    (whole, wire): (&mut Whole, &mut Reader<'_>),
) -> Read<()> {
    match body.u8()? {
        0 => {
            let said = Said::shared(&statement(body)?, Dialect::Cql, wire);
            whole.add(&said.words);
            bound(false, body, request, Binds::Untyped(Some(&said)))
        }
        1 => {
            let prepared: Arc<Prepared> = statements.find(short_bytes(body)?, wire);
            whole.add(&prepared.said.words);
            bound(false, body, request, Binds::Prepared(&prepared))
        }
        _ => Err(body.broken("a batch holds what is no statement")),
    }
}

/// The text of all statements.
struct Whole {
    text: String,
    /// How long it truly is.
    length: u64,
    kept: Kept,
}

/// How much is kept of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    All,
    /// Its beginning.
    Beginning,
    /// Nothing, for one of the statements was not told.
    Nothing,
}

impl Whole {
    fn add(&mut self, words: &Words) {
        let Some(text) = &words.text else {
            self.kept = Kept::Nothing;
            return;
        };
        self.length += words.cut.unwrap_or(text.len() as u64) + 2;
        if self.kept != Kept::All {
            return;
        }
        if self.text.len() + text.len() > LETTERS {
            self.kept = Kept::Beginning;
            return;
        }
        self.text.push(' ');
        self.text.push_str(text.trim_end_matches(';'));
        match words.cut {
            None => self.text.push(';'),
            Some(_) => self.kept = Kept::Beginning,
        }
    }

    fn end(mut self, is_whole: bool, request: &mut Request) {
        if self.kept == Kept::Nothing {
            return lacks(&mut request.details, &Words::default(), None);
        }
        if is_whole && self.kept == Kept::All {
            self.text.push_str(" APPLY BATCH");
        } else {
            // There are more, and nobody knows how long they are: as many bytes at least.
            request
                .details
                .push(("statement_bytes", i64::try_from(self.length + 1).unwrap_or(i64::MAX).into()));
        }
        request.statement.write(&self.text);
    }
}
