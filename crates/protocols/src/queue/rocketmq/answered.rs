//! Responses.

use std::convert::Infallible;
use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Column, Failure, Outcome, Response};

use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::kit::text::{lossy, shortened, utf8};
use crate::web::mask;

use crate::queue::message::{BODY, Headers};

use super::asked::{tell_properties, text};
use super::codes;
use super::header::Header;
use super::messages::Message;
use super::session::RocketMq;

/// So many bytes of a remark are kept.
const REMARK: usize = 1 << 10;
/// So many messages of a response are told.
const ROWS: usize = 16;
/// What asks for messages as they are kept.
const ASKS: [&str; 6] = [
    "PULL_MESSAGE",
    "LITE_PULL_MESSAGE",
    "POP_MESSAGE",
    "PEEK_MESSAGE",
    "QUERY_MESSAGE",
    "VIEW_MESSAGE_BY_ID",
];

impl RocketMq {
    /// How what waits under this key ended.
    pub(super) fn answered(key: Key, header: &Header<'_>, body: &Sample<'_>, wire: &mut Reader<'_>) -> Heard {
        let Key::Id(id) = key else { return Heard::Nothing };
        let gives = wire.asked_as(id).is_some_and(|asked| ASKS.contains(&&*asked.operation));
        let columns = (gives && header.code == 0).then(|| shape(wire));
        let Some(answer) = wire.answer_to(id) else { return Heard::Nothing };
        settle(header, gives, answer);
        match columns {
            Some(columns) => {
                answer.columns = Some(columns);
                write_messages(body, answer);
            }
            None => write_body(body, answer),
        }
        Heard::Response(key)
    }
}

/// Writes how it ended, and what the header says of it.
fn settle(header: &Header<'_>, gives: bool, answer: &mut Response) {
    let name = codes::response(header.code);
    let is_nothing = gives && codes::is_nothing(header.code);
    answer.outcome = if header.code == 0 || is_nothing { Outcome::Ok } else { Outcome::Error };
    if answer.outcome == Outcome::Error {
        let (message, _) = shortened(header.remark.as_deref().unwrap_or_default().as_bytes(), REMARK);
        answer.failure =
            Some(Box::new(Failure { code: name.as_ref().into(), message: message.as_ref().into() }));
    }
    if is_nothing {
        answer.rows = Some(0);
        answer.details.push(("status", name.as_ref().into()));
    }
    let mut fields = Headers::default();
    header.fields.iter().for_each(|(name, value)| fields.add(name.as_bytes(), value));
    answer.details.extend(fields.told().map(|told| ("fields", told)));
}

/// Writes messages, the first ones as rows; how many there are is known where all of them are looked at.
fn write_messages(body: &Sample<'_>, answer: &mut Response) {
    let mut wire = Reader::new(body.bytes, 0, Ahead::End);
    let mut rows = 0;
    while let Ok(message) = Message::kept(&mut wire) {
        rows += 1;
        if rows > ROWS as u64 {
            continue;
        }
        let row = answer.samples.begin(0);
        row.push(&lossy(message.topic));
        match message.packing {
            Some(_) => row.push_null(),
            None => row.push(&text(message.body)),
        }
        match tell_properties(message.properties) {
            Some(Detail::Text(told)) => row.push(&told),
            Some(Detail::Number(_)) | None => row.push_null(),
        }
        row.push(&format!("{}:{}", message.queue, message.offset));
        row.push(message.packing.unwrap_or_default());
        answer.samples.end();
    }
    if body.is_cut() {
        answer.details.push(("body_bytes", i64::try_from(body.length).unwrap_or(i64::MAX).into()));
    } else {
        answer.rows = Some(rows);
    }
}

/// Writes a body that is no message, where it is JSON.
fn write_body(body: &Sample<'_>, answer: &mut Response) {
    let kept = body.bytes.get(..BODY).unwrap_or(body.bytes);
    let Some(told) = utf8(kept).filter(|told| told.starts_with(['{', '['])) else { return };
    let mut out = String::new();
    mask::json(told, &mut out);
    answer.samples.begin(0).push(&out);
    answer.samples.end();
    answer.rows = Some(1);
}

/// What a message has, shared by all.
fn shape(wire: &mut Reader<'_>) -> Arc<[Column]> {
    const COLUMNS: [&str; 5] = ["topic", "body", "properties", "offset", "compression"];
    let make = || {
        let column =
            |name: &str| Column { name: name.into(), kind: "bytes".into(), table: None, origin: None };
        Ok::<_, Infallible>(Arc::from(COLUMNS.map(column)))
    };
    let is = |known: &Arc<[Column]>| known.iter().map(|column| &*column.name).eq(COLUMNS);
    let Ok(shared) = wire.recall("rocketmq message", is, make);
    Arc::clone(&shared)
}
