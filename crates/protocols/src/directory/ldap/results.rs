//! Results: their codes by name, and what they say.

use model::exchange::{Failure, Outcome, Response, Text};

use crate::kit::text::lossy;

use super::wire::{Elements, tag};

/// So many bytes of a message are kept.
const MESSAGE: usize = 1 << 10;
/// So many bytes of a referral.
const URI: usize = 1 << 10;
/// Where the result refers to.
const REFERRAL: u8 = 0xa3;

pub(super) const SUCCESS: i64 = 0;
pub(super) const IN_PROGRESS: i64 = 14;

/// The codes (RFC 4511, appendix A; RFC 3909, 4533 and the registry of IANA).
const CODES: &[(i64, &str)] = &[
    (0, "success"),
    (1, "operationsError"),
    (2, "protocolError"),
    (3, "timeLimitExceeded"),
    (4, "sizeLimitExceeded"),
    (5, "compareFalse"),
    (6, "compareTrue"),
    (7, "authMethodNotSupported"),
    (8, "strongerAuthRequired"),
    (10, "referral"),
    (11, "adminLimitExceeded"),
    (12, "unavailableCriticalExtension"),
    (13, "confidentialityRequired"),
    (14, "saslBindInProgress"),
    (16, "noSuchAttribute"),
    (17, "undefinedAttributeType"),
    (18, "inappropriateMatching"),
    (19, "constraintViolation"),
    (20, "attributeOrValueExists"),
    (21, "invalidAttributeSyntax"),
    (32, "noSuchObject"),
    (33, "aliasProblem"),
    (34, "invalidDNSyntax"),
    (36, "aliasDereferencingProblem"),
    (48, "inappropriateAuthentication"),
    (49, "invalidCredentials"),
    (50, "insufficientAccessRights"),
    (51, "busy"),
    (52, "unavailable"),
    (53, "unwillingToPerform"),
    (54, "loopDetect"),
    (60, "sortControlMissing"),
    (61, "offsetRangeError"),
    (64, "namingViolation"),
    (65, "objectClassViolation"),
    (66, "notAllowedOnNonLeaf"),
    (67, "notAllowedOnRDN"),
    (68, "entryAlreadyExists"),
    (69, "objectClassModsProhibited"),
    (71, "affectsMultipleDSAs"),
    (76, "virtualListViewError"),
    (80, "other"),
    (118, "canceled"),
    (119, "noSuchOperation"),
    (120, "tooLate"),
    (121, "cannotCancel"),
    (122, "assertionFailed"),
    (123, "authorizationDenied"),
    (4096, "e-syncRefreshRequired"),
];

/// What a result says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcomes<'a> {
    pub(super) code: i64,
    matched: &'a [u8],
    message: &'a [u8],
    referral: Option<&'a [u8]>,
}

impl<'a> Outcomes<'a> {
    /// Reads the elements that every result begins with.
    pub(super) fn read(elements: &mut Elements<'a>) -> Option<Outcomes<'a>> {
        let code = elements.number(tag::ENUMERATED)?;
        let (matched, message) = (elements.content(tag::OCTETS)?, elements.content(tag::OCTETS)?);
        let referral = elements.within(REFERRAL).and_then(|mut uris| uris.content(tag::OCTETS));
        Some(Outcomes { code, matched, message, referral })
    }

    /// Whether the code is an error: these are not (RFC 4511, 4.1.9).
    pub(super) fn is_error(&self) -> bool {
        !matches!(self.code, SUCCESS | 5 | 6 | 10 | IN_PROGRESS)
    }

    /// Writes it into an answer.
    pub(super) fn write(&self, answer: &mut Response) {
        answer.outcome = if self.is_error() { Outcome::Error } else { Outcome::Ok };
        if self.is_error() {
            let message = text(self.message, MESSAGE);
            answer.failure = Some(Box::new(Failure { code: name(self.code), message }));
        } else if self.code != SUCCESS {
            answer.details.push(("result", name(self.code).into()));
        }
        if !self.matched.is_empty() {
            answer.details.push(("matched", text(self.matched, MESSAGE).into()));
        }
        if let Some(uri) = self.referral {
            answer.details.push(("referral", text(uri, URI).into()));
        }
    }
}

/// The name of a code, or its number.
fn name(code: i64) -> Text {
    match CODES.binary_search_by_key(&code, |(code, _)| *code) {
        Ok(at) => CODES.get(at).map_or("", |(_, name)| name).into(),
        Err(_) => code.to_string().into(),
    }
}

/// A text to a bound; Active Directory ends it with a zero.
pub(super) fn text(bytes: &[u8], bound: usize) -> Text {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    Text::from(&*lossy(bytes.get(..bound).unwrap_or(bytes)))
}

#[cfg(test)]
mod tests {
    use super::{CODES, name};

    #[test]
    fn codes_stand_in_order() {
        assert!(CODES.is_sorted());
        assert_eq!((&*name(32), &*name(4711)), ("noSuchObject", "4711"));
    }
}
