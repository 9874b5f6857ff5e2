//! Why a server says no: the return codes of MQTT 3 and the reason codes of MQTT 5 (section 2.4).

use model::exchange::{Failure, Outcome, Response};

use crate::kit::text::lossy;

use super::wire::Version;

/// Codes from this one on are errors.
pub(super) const FAILED: u8 = 0x80;
/// So many bytes of an explanation are kept.
const MESSAGE: usize = 1 << 10;

/// The return codes of `CONNACK` in version 3.1.1 (3.2.2.3 there), from 1 on.
const REFUSALS: [&str; 5] = [
    "unacceptable protocol version",
    "identifier rejected",
    "server unavailable",
    "bad user name or password",
    "not authorized",
];

/// The reason codes that are errors.
const REASONS: [(u8, &str); 43] = [
    (0x80, "unspecified error"),
    (0x81, "malformed packet"),
    (0x82, "protocol error"),
    (0x83, "implementation specific error"),
    (0x84, "unsupported protocol version"),
    (0x85, "client identifier not valid"),
    (0x86, "bad user name or password"),
    (0x87, "not authorized"),
    (0x88, "server unavailable"),
    (0x89, "server busy"),
    (0x8a, "banned"),
    (0x8b, "server shutting down"),
    (0x8c, "bad authentication method"),
    (0x8d, "keep alive timeout"),
    (0x8e, "session taken over"),
    (0x8f, "topic filter invalid"),
    (0x90, "topic name invalid"),
    (0x91, "packet identifier in use"),
    (0x92, "packet identifier not found"),
    (0x93, "receive maximum exceeded"),
    (0x94, "topic alias invalid"),
    (0x95, "packet too large"),
    (0x96, "message rate too high"),
    (0x97, "quota exceeded"),
    (0x98, "administrative action"),
    (0x99, "payload format invalid"),
    (0x9a, "retain not supported"),
    (0x9b, "QoS not supported"),
    (0x9c, "use another server"),
    (0x9d, "server moved"),
    (0x9e, "shared subscriptions not supported"),
    (0x9f, "connection rate exceeded"),
    (0xa0, "maximum connect time"),
    (0xa1, "subscription identifiers not supported"),
    (0xa2, "wildcard subscriptions not supported"),
    // The codes below 128 that say what became of a packet, and are no errors.
    (0x01, "granted QoS 1"),
    (0x02, "granted QoS 2"),
    (0x04, "disconnect with will message"),
    (0x10, "no matching subscribers"),
    (0x11, "no subscription existed"),
    (0x18, "continue authentication"),
    (0x19, "re-authenticate"),
    (0x00, "success"),
];

/// What a code means.
pub(super) fn name(code: u8) -> &'static str {
    REASONS.iter().find(|(known, _)| *known == code).map_or("unknown reason", |(_, name)| *name)
}

/// What the code of a `CONNACK` means, if it is an error.
pub(super) fn refusal(code: u8, version: Version) -> Option<&'static str> {
    match version {
        Version::V5 => (code >= FAILED).then(|| name(code)),
        Version::V31 | Version::V311 => {
            let at = usize::from(code).checked_sub(1)?;
            Some(REFUSALS.get(at).copied().unwrap_or("unknown return code"))
        }
    }
}

/// Writes how a request ended: by its code, what that means if it is an error, and what the server says to explain it.
pub(super) fn end(code: u8, error: Option<&str>, explained: Option<&[u8]>, answer: &mut Response) {
    answer.outcome = Outcome::Ok;
    if let Some(error) = error {
        answer.outcome = Outcome::Error;
        answer.failure = Some(failure(code, error, explained));
    } else if code != 0 {
        answer.details.push(("reply", name(code).into()));
    }
}

/// An error.
pub(super) fn failure(code: u8, error: &str, explained: Option<&[u8]>) -> Box<Failure> {
    let message = match explained {
        Some(text) => format!("{error}: {}", lossy(text.get(..MESSAGE).unwrap_or(text))).into(),
        None => error.into(),
    };
    Box::new(Failure { code: code.to_string().into(), message })
}
