//! What an answer says besides its documents.

use model::details::Detail;
use model::exchange::{Failure, Outcome, Response, Text};

use crate::kit::text::shortened;

use super::answering::Manner;
use super::bson::{ARRAY, DOCUMENT, Value, elements};

/// The longest message of an error that is kept.
const MESSAGE: usize = 1 << 10;
/// The code of an answer that names none.
const UNKNOWN: i64 = 8;
/// `CursorNotFound`, which an old answer says by a flag.
const NO_CURSOR: i64 = 43;

/// What an answer says besides its documents.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The cursor that has more.
    pub(super) cursor: i64,
    rows: Rows,
    /// Documents of this message that were offered as samples.
    pub(super) samples: usize,
    has_failed: bool,
    code: Option<i64>,
    code_name: Option<Text>,
    message: Option<Text>,
    /// Documents that were found, or changed.
    count: Option<i64>,
    modified: Option<i64>,
    upserted: i64,
    /// What a `bulkWrite` did beside modifying.
    written: Option<i64>,
    matched: Option<i64>,
    /// Documents that could not be written.
    errors: i64,
}

/// The documents of a message.
#[derive(Clone, Copy, Debug, Default)]
enum Rows {
    #[default]
    None,
    /// So many so far.
    Open(u64),
    /// So many.
    Counted(u64),
    /// Their end was lost.
    Lost,
}

impl Facts {
    /// Documents follow.
    pub(super) fn begin_rows(&mut self) {
        self.rows = Rows::Open(0);
    }

    /// One of them.
    #[inline]
    pub(super) fn count_row(&mut self) {
        if let Rows::Open(count) = &mut self.rows {
            *count += 1;
        }
    }

    /// That was all of them.
    pub(super) fn end_rows(&mut self) {
        if let Rows::Open(count) = self.rows {
            self.rows = Rows::Counted(count);
        }
    }

    /// Nobody knows how many there are.
    pub(super) fn lose_rows(&mut self) {
        if let Rows::Open(_) = self.rows {
            self.rows = Rows::Lost;
        }
    }

    /// The cursor that was asked for is not there.
    pub(super) fn miss_cursor(&mut self) {
        self.has_failed = true;
        self.code = Some(NO_CURSOR);
        self.code_name = Some("CursorNotFound".into());
    }

    /// A member of the answer's document.
    pub(super) fn hear(&mut self, name: &[u8], value: Value<'_>) {
        match name {
            b"ok" => self.has_failed |= value.number() == Some(0),
            b"code" => self.code = value.number().or(self.code),
            b"codeName" => self.code_name = value.string().map(message).or(self.code_name.take()),
            b"errmsg" => self.message = value.string().map(message).or(self.message.take()),
            b"$err" | b"err" if value.string().is_some() => {
                self.has_failed = true;
                self.message = value.string().map(message);
            }
            b"n" => self.count = value.number(),
            b"nModified" => self.modified = value.number(),
            b"upserted" if value.kind == ARRAY => {
                self.upserted = i64::try_from(elements(value.bytes).count()).unwrap_or_default();
            }
            b"lastErrorObject" => self.count = value.get(b"n").and_then(Value::number),
            b"writeErrors" if value.kind == ARRAY => self.write_errors(value),
            b"writeConcernError" if value.kind == DOCUMENT => self.fail(value),
            b"nInserted" | b"nUpserted" | b"nDeleted" => {
                let more = value.number().unwrap_or_default();
                self.written = Some(self.written.unwrap_or_default().saturating_add(more));
            }
            b"nMatched" => self.matched = value.number(),
            b"nErrors" => self.bulk_errors(value.number().unwrap_or_default()),
            _ => {}
        }
    }

    fn write_errors(&mut self, errors: Value<'_>) {
        let mut each = elements(errors.bytes).map(|(_, error)| error);
        if let Some(first) = each.next() {
            self.fail(first);
            self.errors = i64::try_from(each.count()).unwrap_or_default() + 1;
        }
    }

    fn bulk_errors(&mut self, count: i64) {
        if count > 0 {
            (self.has_failed, self.errors) = (true, count);
        }
    }

    /// An error within an answer that went well otherwise; the first one is told.
    fn fail(&mut self, error: Value<'_>) {
        if std::mem::replace(&mut self.has_failed, true) {
            return;
        }
        self.code = error.get(b"code").and_then(Value::number);
        self.code_name = error.get(b"codeName").and_then(Value::string).map(message);
        self.message = error.get(b"errmsg").and_then(Value::string).map(message);
    }

    /// How many documents were changed, and how many were found for that.
    fn changed(&self) -> (Option<i64>, Option<i64>) {
        match (self.written, self.modified) {
            (Some(written), modified) => {
                (Some(written.saturating_add(modified.unwrap_or_default())), self.matched)
            }
            (None, Some(modified)) => (Some(modified.saturating_add(self.upserted)), self.count),
            (None, None) => (self.count, None),
        }
    }

    /// Writes them into the answer.
    pub(super) fn write(self, manner: Manner, answer: &mut Response) {
        if let Rows::Counted(count) = self.rows {
            answer.rows = Some(answer.rows.unwrap_or_default() + count);
        }
        let details = &mut answer.details;
        if self.cursor != 0 {
            details.push(("cursor", Detail::Number(self.cursor)));
        }
        match manner {
            Manner::Write | Manner::Modify => {
                let (affected, matched) = self.changed();
                answer.affected = affected.and_then(|affected| u64::try_from(affected).ok());
                let matched = matched.filter(|matched| Some(*matched) != affected);
                details.extend(matched.map(|count| ("matched", Detail::Number(count))));
            }
            _ => details.extend(self.count.map(|count| ("n", Detail::Number(count)))),
        }
        if self.errors > 1 {
            details.push(("write_errors", Detail::Number(self.errors)));
        }
        if self.has_failed {
            details.extend(self.code_name.map(|name| ("code_name", Detail::Text(name))));
            answer.outcome = Outcome::Error;
            answer.failure = Some(Box::new(Failure {
                code: self.code.unwrap_or(UNKNOWN).to_string().into(),
                message: self.message.unwrap_or_else(|| "".into()),
            }));
        } else {
            answer.outcome = Outcome::Ok;
        }
    }
}

fn message(text: &[u8]) -> Text {
    shortened(text, MESSAGE).0.into()
}
