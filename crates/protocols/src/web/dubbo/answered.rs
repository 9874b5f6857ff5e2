//! Responses.

use model::exchange::{Failure, Outcome, Response};

use crate::kit::protocol::{Key, Read};
use crate::kit::reader::{Reader, Sample};
use crate::kit::text::shortened;
use crate::queue::message::Headers;
use crate::web::veiled::Veil;

use super::hessian::Hessian;
use super::kryo::Kryo;
use super::session::Dubbo;
use super::told::Told;
use super::wire::{Head, OK, status_name};

/// So many bytes of a value are told.
const VALUE: usize = 4 << 10;
/// So many bytes of an error's message are kept.
const MESSAGE: usize = 1 << 10;

/// What a result is (`DubboCodec`); the same with attachments behind it is three higher.
const EXCEPTION: i64 = 0;
const VALUED: i64 = 1;
const NULL: i64 = 2;

impl Dubbo {
    /// How what waits under this key ended.
    pub(super) fn answered(key: Key, head: &Head, body: &Sample<'_>, wire: &mut Reader<'_>) {
        let Key::Id(id) = key else { return };
        let veil = wire.asked_as(id).map_or(Veil::On, |asked| Veil::of(&asked.operation));
        let Some(answer) = wire.answer_to(id) else { return };
        answer.outcome = if head.status == OK { Outcome::Ok } else { Outcome::Error };
        let read = match head.form {
            _ if head.status != OK => refused(head, body.bytes, answer),
            "hessian2" => ended(body.bytes, veil, answer),
            "kryo" => ended_in_kryo(body.bytes, veil, answer),
            _ => {
                // Whether it is a value or an exception is told in it.
                answer.outcome = Outcome::Unknown;
                Ok(())
            }
        };
        if read.is_err() || body.is_cut() || answer.outcome == Outcome::Unknown {
            answer
                .details
                .push(("response_body_bytes", i64::try_from(body.length).unwrap_or(i64::MAX).into()));
        }
    }
}

/// Writes why there is no result.
fn refused(head: &Head, body: &[u8], answer: &mut Response) -> Read<()> {
    let code = status_name(head.status).map_or_else(|| head.status.to_string(), str::to_owned);
    let message = match head.form {
        "hessian2" => Hessian::of(body).text(),
        "kryo" => Kryo::of(body).text(),
        _ => Ok(None),
    };
    let told = message.as_ref().ok().cloned().flatten().unwrap_or_default();
    fail(&code, &told, answer);
    message.map(|_| ())
}

/// Writes a result.
fn ended(body: &[u8], veil: Veil, answer: &mut Response) -> Read<()> {
    let mut wire = Hessian::of(body);
    let sort = wire.integer()?;
    match sort % 3 {
        EXCEPTION => {
            let [class, message] = wire.exception()?;
            // What follows the message of an exception is long, and tells of the program alone.
            fail(&class, &message, answer);
            return Ok(());
        }
        VALUED => {
            let mut told = Told::to(VALUE);
            let read = wire.value(veil, &mut told);
            if read.is_err() {
                told.more();
            }
            answer.samples.add(told.text.len(), |row| row.push(&told.text));
            read?;
        }
        _ => {}
    }
    if sort > NULL {
        let mut attachments = Headers::default();
        for [name, value] in wire.pairs()? {
            attachments.add(name.as_bytes(), &value);
        }
        answer.details.extend(attachments.told().map(|told| ("response_attachments", told)));
    }
    Ok(())
}

/// Writes a result in Kryo: its kind, and its value where that is a text.
fn ended_in_kryo(body: &[u8], veil: Veil, answer: &mut Response) -> Read<()> {
    let mut wire = Kryo::of(body);
    match i64::from(wire.u8()?) % 3 {
        EXCEPTION => fail("exception", "", answer),
        VALUED => {
            let mut told = Told::to(VALUE);
            match wire.object()? {
                Some(text) => told.string(&text, veil),
                None => told.plain("null"),
            }
            answer.samples.add(told.text.len(), |row| row.push(&told.text));
        }
        _ => {}
    }
    Ok(())
}

fn fail(code: &str, message: &str, answer: &mut Response) {
    answer.outcome = Outcome::Error;
    let [code, message] = [code, message].map(|text| shortened(text.as_bytes(), MESSAGE).0.as_ref().into());
    answer.failure = Some(Box::new(Failure { code, message }));
}
