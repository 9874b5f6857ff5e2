//! What is asked of JetStream, which has no protocol of its own: subjects that begin with `$JS`
//! (<https://docs.nats.io/reference/reference-protocols/nats_api_reference>).

use std::borrow::Cow;

use model::exchange::{Request, Text};

use crate::kit::text::lossy;

use super::json;

/// Operations whose subjects name a stream, a consumer or both behind them.
const OPERATIONS: [&str; 24] = [
    "CONSUMER.MSG.NEXT",
    "DIRECT.GET",
    "STREAM.MSG.GET",
    "STREAM.MSG.DELETE",
    "STREAM.CREATE",
    "STREAM.UPDATE",
    "STREAM.NAMES",
    "STREAM.LIST",
    "STREAM.INFO",
    "STREAM.DELETE",
    "STREAM.PURGE",
    "STREAM.SNAPSHOT",
    "STREAM.RESTORE",
    "STREAM.PEER.REMOVE",
    "STREAM.LEADER.STEPDOWN",
    "CONSUMER.DURABLE.CREATE",
    "CONSUMER.CREATE",
    "CONSUMER.NAMES",
    "CONSUMER.LIST",
    "CONSUMER.INFO",
    "CONSUMER.DELETE",
    "CONSUMER.PAUSE",
    "CONSUMER.LEADER.STEPDOWN",
    "INFO",
];

/// The operation that asks for messages.
pub(super) const NEXT: &str = "CONSUMER.MSG.NEXT";

/// What the body of an acknowledgement says first, and the operation; an empty one is `ACK`.
const ACKNOWLEDGEMENTS: [(&str, &str); 6] =
    [("+ACK", "ACK"), ("-NAK", "NAK"), ("+WPI", "WPI"), ("+TERM", "TERM"), ("+NXT", "NXT"), ("+OK", "ACK")];

/// Names a request by its subject and body: whether it is one of JetStream's.
pub(super) fn name(subject: &[u8], body: &[u8], request: &mut Request) -> bool {
    let Some(rest) = subject.strip_prefix(b"$JS.") else { return false };
    if let Some(rest) = rest.strip_prefix(b"ACK.") {
        let said = ACKNOWLEDGEMENTS.iter().find(|(begin, _)| body.starts_with(begin.as_bytes()));
        request.operation = Cow::Borrowed(said.map_or("ACK", |(_, operation)| operation));
        request.targets.extend(acknowledged(rest).into_iter().flatten().map(text));
        return true;
    }
    // `$JS.API`, or `$JS.DOMAIN.API` of another domain.
    let other = || rest.splitn(2, |byte| *byte == b'.').nth(1)?.strip_prefix(b"API.");
    let Some(rest) = rest.strip_prefix(b"API.").or_else(other) else { return false };
    let found = OPERATIONS.iter().find_map(|operation| {
        let names = rest.strip_prefix(operation.as_bytes())?;
        if names.is_empty() {
            Some((operation, names))
        } else {
            names.strip_prefix(b".").map(|n| (operation, n))
        }
    });
    let Some((operation, names)) = found else { return false };
    request.operation = Cow::Borrowed(operation);
    // A stream, and a consumer or a subject of it.
    request.targets.extend(names.splitn(3, |byte| *byte == b'.').filter(|n| !n.is_empty()).map(text));
    true
}

/// The stream and the consumer of an acknowledgement: `stream.consumer` and five numbers, or a domain and an account
/// before them and a token behind.
pub(super) fn acknowledged(rest: &[u8]) -> [Option<&[u8]>; 2] {
    let count = rest.split(|byte| *byte == b'.').count();
    let skipped = if count > 8 { 2 } else { 0 };
    let mut names = rest.split(|byte| *byte == b'.').skip(skipped);
    [names.next(), names.next()]
}

/// How many messages are asked for at most: the body is a number, or says it among other things.
pub(super) fn batch(body: &[u8]) -> u64 {
    let body = lossy(body);
    json::number(&body, "batch").or_else(|| body.trim().parse().ok()).unwrap_or(1)
}

/// The error of an answer of JetStream: its code and what it says.
pub(super) fn error(body: &[u8]) -> Option<(Text, Text)> {
    memchr::memmem::find(body, b"\"error\"")?;
    let body = lossy(body);
    let error = json::member(&body, "error")?;
    let code = json::number(error, "err_code").or_else(|| json::number(error, "code"))?;
    let message = json::text(error, "description").unwrap_or_default();
    Some((code.to_string().into(), Text::from(&*message)))
}

fn text(bytes: &[u8]) -> Text {
    Text::from(&*lossy(bytes))
}

#[cfg(test)]
mod tests {
    use model::exchange::Request;

    use super::{batch, error, name};

    fn named(subject: &str, body: &str) -> Option<(String, String)> {
        let mut request = Request::default();
        let is_ours = name(subject.as_bytes(), body.as_bytes(), &mut request);
        is_ours.then(|| (request.operation.into_owned(), request.targets.join(" ")))
    }

    #[test]
    fn a_subject_names_operation_stream_and_consumer() {
        for (subject, body, wanted) in [
            ("$JS.API.STREAM.CREATE.ORDERS", "{}", Some(("STREAM.CREATE", "ORDERS"))),
            (
                "$JS.API.CONSUMER.CREATE.ORDERS.c.orders.>",
                "{}",
                Some(("CONSUMER.CREATE", "ORDERS c orders.>")),
            ),
            ("$JS.hub.API.STREAM.INFO.INFO", "", Some(("STREAM.INFO", "INFO"))),
            ("$JS.API.INFO", "", Some(("INFO", ""))),
            ("$JS.ACK.ORDERS.c.1.2.3.4.5", "-NAK {}", Some(("NAK", "ORDERS c"))),
            ("$JS.ACK.hub.ACC.ORDERS.c.1.2.3.4.5.tok", "", Some(("ACK", "ORDERS c"))),
            ("$JS.EVENT.ADVISORY.x", "", None),
            ("orders", "", None),
        ] {
            assert_eq!(named(subject, body), wanted.map(|(a, b)| (a.to_owned(), b.to_owned())), "{subject}");
        }
    }

    #[test]
    fn an_answer_says_its_error() {
        let told = br#"{"type":"x","error":{"code":404,"err_code":10059,"description":"stream not found"}}"#;
        assert_eq!(error(told), Some(("10059".into(), "stream not found".into())));
        assert_eq!(error(br#"{"type":"x","seq":1}"#), None);
        assert_eq!((batch(b""), batch(b"5"), batch(br#"{"batch":7,"expires":1}"#)), (1, 5, 7));
    }
}
