//! What bodies of one shape have in common: an answer to the same question differs from the last one in an id or a time,
//! and what stands before that and behind it was looked through already.

use crate::web::mask;

/// With fewer bytes in common, there is little to spare.
const LEAST: usize = 64;

/// How the JSON bodies of one side are alike, of which the last one is at hand.
///
/// ```text
///  Unknown ──second body──▶ Shape ──nothing in common──▶ Nothing
///     ╰──────────────────────────────────────────────────▲
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Likeness {
    /// There was no second one.
    #[default]
    Unknown,
    /// They begin with the same bytes and end with the same, so many of them, and no name in the last one
    /// [looks like a credential's](mask::may_name_secrets).
    Shape { begin: usize, end: usize },
    /// They are not, or their names would have to be read again: nothing more is tried.
    Nothing,
}

impl Likeness {
    /// Whether nothing is to be masked in `body`, by what it has in common with `last`; what differs is looked through.
    #[inline]
    pub(super) fn has_no_secrets<'a>(self, last: &'a [u8], body: &'a [u8]) -> bool {
        let Likeness::Shape { begin, end } = self else { return false };
        let common = |bytes: &'a [u8]| {
            let (begins, rest) = bytes.split_at_checked(begin)?;
            Some((begins, rest.split_at_checked(rest.len().checked_sub(end)?)?.1))
        };
        let (Some(known), Some(common)) = (common(last), common(body)) else { return false };
        // The bytes before a colon tell whether a name may stand there: where they are in common too, it is known.
        let ends = body.len().min(body.len() - end + mask::BEFORE);
        let differs = |from: usize| body.get(from..ends).unwrap_or(body);
        known == common
            && (memchr::memchr(b':', differs(begin)).is_none()
                || !mask::may_name_secrets(differs(begin.saturating_sub(mask::BEFORE))))
    }

    /// Learns from a `body` of which that could not be told, and which is the last one from now on.
    pub(super) fn learn(&mut self, last: &[u8], body: &[u8]) {
        let (begin, end) = match *self {
            Likeness::Nothing => return,
            Likeness::Unknown => (usize::MAX, usize::MAX),
            Likeness::Shape { begin, end } => (begin, end),
        };
        let begin = last.iter().zip(body).take(begin).take_while(|(a, b)| a == b).count();
        let (last, rest) = (last.get(begin..).unwrap_or_default(), body.get(begin..).unwrap_or_default());
        let end = last.iter().rev().zip(rest.iter().rev()).take(end).take_while(|(a, b)| a == b).count();
        let is_shape = begin + end >= LEAST && !mask::may_name_secrets(body);
        *self = if is_shape { Likeness::Shape { begin, end } } else { Likeness::Nothing };
    }
}
