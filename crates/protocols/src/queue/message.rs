//! What all queues' messages have: a body, and headers that their senders made up.

use std::fmt::Write as _;

use model::details::Detail;
use model::exchange::Request;

use crate::kit::reader::Sample;
use crate::kit::text::lossy;
use crate::web::credentials::{Place, is_secret, is_secret_field};

/// So many bytes of a message's body are kept.
pub(super) const BODY: usize = 2 << 10;
/// So many bytes of a name (a topic, a subject, a routing key) are kept; servers allow far fewer but for MQTT's 64 KiB.
pub(super) const NAME: usize = 1 << 10;
/// So many bytes of all headers of a message are kept.
const HEADERS: usize = 2 << 10;
/// What stands in the place of a credential.
pub(super) const MASK: &str = "***";

/// Tells the body of a message; an empty one is told too.
#[inline]
pub(super) fn tell_body(body: &Sample<'_>, request: &mut Request) {
    request.parameters.push(&lossy(body.bytes));
    if body.is_cut() {
        request.details.push(("body_bytes", i64::try_from(body.length).unwrap_or(i64::MAX).into()));
    }
}

/// Writes a name, of which no more than [`NAME`] is kept.
#[inline]
pub(super) fn write_name(name: &[u8], out: &mut String) {
    match name.get(..NAME) {
        Some(kept) if kept.len() < name.len() => {
            out.push_str(&lossy(kept));
            out.push('…');
        }
        _ => out.push_str(&lossy(name)),
    }
}

/// The headers of one message, as one text: `name=value; name=value`, credentials masked.
#[derive(Debug, Default)]
pub(crate) struct Headers(String);

impl Headers {
    /// Adds one.
    pub(crate) fn add(&mut self, name: &[u8], value: &str) {
        let room = HEADERS.saturating_sub(self.0.len());
        if room == 0 {
            return;
        }
        if !self.0.is_empty() {
            self.0.push_str("; ");
        }
        let value = if is_credential(name) { MASK } else { value };
        _ = write!(self.0, "{}={value}", lossy(name));
        if self.0.len() > HEADERS {
            let end = (0..=HEADERS).rev().find(|end| self.0.is_char_boundary(*end));
            self.0.truncate(end.unwrap_or_default());
            self.0.push('…');
        }
    }

    /// All of them, if there are some.
    pub(crate) fn told(self) -> Option<Detail> {
        (!self.0.is_empty()).then(|| self.0.as_str().into())
    }
}

/// Whether a header of this name holds a credential.
fn is_credential(name: &[u8]) -> bool {
    is_secret(name, Place::Document) || is_secret_field(name)
}

#[cfg(test)]
mod tests {
    use super::{HEADERS, Headers};

    #[test]
    fn credentials_among_headers_are_masked() {
        let mut headers = Headers::default();
        for (name, value) in
            [("trace", "1"), ("Authorization", "Bearer x"), ("api_key", "y"), ("X-Api-Key", "z")]
        {
            headers.add(name.as_bytes(), value);
        }
        assert_eq!(headers.0, "trace=1; Authorization=***; api_key=***; X-Api-Key=***");
    }

    #[test]
    fn headers_have_a_bound() {
        let mut headers = Headers::default();
        (0..100).for_each(|_| headers.add(b"n", &"é".repeat(100)));
        assert!(headers.0.len() <= HEADERS + 8 && headers.0.ends_with('…'));
    }
}
