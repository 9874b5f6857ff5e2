//! How a call ends, as its trailers say, or its head where there is nothing else.

use model::exchange::Text;

use crate::kit::text::lossy;
use crate::web::content::Coding;
use crate::web::http2::list::{List, Word};

/// The longest message of an error that is kept.
const MESSAGE: usize = 1 << 10;

/// What a header list says of a call's answer.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct Answered {
    pub(super) ending: Ending,
    /// How its messages are compressed; `None` where that was not said.
    pub(super) coding: Option<Coding>,
}

/// How a call ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::web) enum Ending {
    /// That was not said.
    #[default]
    Unsaid,
    /// It may have been said by a field that the header table hides, or that was lost.
    Hidden,
    /// With this status, which is 0 where it went well.
    Said { status: Text, message: Text },
    /// As the stream's reset says.
    Reset,
}

impl Answered {
    pub(in crate::web) fn of(list: &List) -> Self {
        let ending = match list.word(Word::GrpcStatus) {
            Some(status) => Ending::said(status, list.word(Word::GrpcMessage).unwrap_or_default()),
            None if list.hidden > 0 => Ending::Hidden,
            None => Ending::Unsaid,
        };
        Answered { ending, coding: list.word(Word::GrpcEncoding).map(Coding::named) }
    }
}

impl Ending {
    fn said(status: &[u8], message: &[u8]) -> Self {
        Ending::Said { status: lossy(status).into(), message: decoded(message).into() }
    }

    /// What the trailers say that gRPC-Web sends as a last message.
    pub(super) fn of_lines(lines: &[u8]) -> Self {
        let value = |name: &[u8]| {
            let mut lines = lines.split(|byte| *byte == b'\n');
            lines.find_map(|line| {
                let (begin, value) = line.split_at_checked(name.len())?;
                begin.eq_ignore_ascii_case(name).then(|| value.strip_prefix(b":"))?.map(<[u8]>::trim_ascii)
            })
        };
        match value(b"grpc-status") {
            Some(status) => Ending::said(status, value(b"grpc-message").unwrap_or_default()),
            None => Ending::Unsaid,
        }
    }
}

/// A message's text, of which some bytes are written as `%` and two digits.
fn decoded(message: &[u8]) -> String {
    let mut text = Vec::with_capacity(message.len().min(MESSAGE));
    let mut rest = message.get(..MESSAGE).unwrap_or(message);
    while let Some((byte, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        let (byte, behind) = match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                (u8::try_from(high * 16 + low).unwrap_or(b'?'), behind.get(2..).unwrap_or_default())
            }
            _ => (*byte, behind),
        };
        text.push(byte);
        rest = behind;
    }
    lossy(&text).into_owned()
}

/// The names of statuses, from 0 (<https://github.com/grpc/grpc/blob/master/doc/statuscodes.md>).
pub(super) const STATUSES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

#[cfg(test)]
mod tests {
    use super::{Ending, decoded};

    #[test]
    fn messages_lose_their_escapes() {
        assert_eq!(decoded(b"no%20user%3a %C3%BC, 100%"), "no user: \u{fc}, 100%");
        assert_eq!(decoded(b"%fe%"), "\u{fffd}%");
    }

    #[test]
    fn trailers_of_the_web_are_lines() {
        let said =
            |status: &str, message: &str| Ending::Said { status: status.into(), message: message.into() };
        assert_eq!(Ending::of_lines(b"Grpc-Status: 5\r\ngrpc-message:no%21\r\n"), said("5", "no!"));
        assert_eq!(Ending::of_lines(b"grpc-status:0"), said("0", ""));
        assert_eq!(Ending::of_lines(b"grpc-statuses: 0\r\n"), Ending::Unsaid);
    }
}
