//! What a web server asks about the program itself: `GET_VALUES`, its result, and that something was not understood (section 4).

use std::sync::Arc;

use model::exchange::{Column, Exchange, Failure, Outcome, Response};

use crate::kit::text::lossy;

use super::wire::pair;

/// So many bytes of names and values are looked at: there are three, of a few letters.
pub(super) const LOOKED: usize = 1 << 10;

/// Writes the question.
pub(super) fn ask(content: &[u8], exchange: &mut Exchange) {
    let request = &mut exchange.request;
    request.operation = "GET_VALUES".into();
    let mut rest = content;
    request.statement.write_with(|out| {
        out.push_str("GET_VALUES");
        while let Some((name, _)) = pair(&mut rest) {
            out.push(' ');
            out.push_str(&lossy(name));
        }
    });
}

/// Writes the result.
pub(super) fn answer(content: &[u8], response: &mut Response) {
    response.outcome = Outcome::Ok;
    let column = |name: &str| Column { name: name.into(), kind: "text".into(), table: None, origin: None };
    response.columns = Some(Arc::from(["name", "value"].map(column)));
    let (mut rest, mut rows) = (content, 0);
    while let Some((name, value)) = pair(&mut rest) {
        let row = response.samples.begin(0);
        row.push(&lossy(name));
        row.push(&lossy(value));
        response.samples.end();
        rows += 1;
    }
    response.rows = Some(rows);
}

/// Writes that the program does not know what was asked.
pub(super) fn refuse(response: &mut Response) {
    response.outcome = Outcome::Error;
    let message = "the program does not know this kind of record".into();
    response.failure = Some(Box::new(Failure { code: "FCGI_UNKNOWN_TYPE".into(), message }));
}
