//! What a statement's text says at a glance: its verb, its length, and the text without its passwords.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};

use model::details::{Detail, Details};
use model::exchange::Text;

use crate::kit::reader::{Reader, Sample};
use crate::kit::text::{lossy, utf8};

use super::secrets::{Dialect, End, masked, may_hold_secret};
use super::verb::verb;

/// Longer statements are not shared: they are rare, and their number is bounded where they are kept.
const SHARED: usize = 4 << 10;

/// What stands for the text of a statement that was not seen.
static UNKNOWN: LazyLock<Text> = LazyLock::new(|| Text::from("unknown (prepared before we came)"));

/// What a statement says.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// Its text, passwords masked; `None` when it was prepared before we came.
    pub(super) text: Option<Text>,
    /// Its verb.
    pub(super) verb: Cow<'static, str>,
    /// How long it truly is, when only its beginning was kept.
    pub(super) cut: Option<u64>,
}

/// What is read of a statement's text.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Its words.
    pub(super) words: Words,
    /// Which of its parameters are passwords, counted from 1.
    pub(super) secrets: Box<[u16]>,
    /// Those of them that have names.
    pub(super) names: Box<[Box<str>]>,
}

impl Said {
    /// Reads a statement.
    pub(super) fn read(sample: &Sample<'_>, dialect: Dialect) -> Said {
        let text = lossy(text(sample));
        let masked = masked(&text, if sample.is_cut() { End::Cut } else { End::Whole }, dialect);
        let words = Words {
            // Of a statement whose first byte was lost, nothing is known.
            text: (!text.is_empty() || !sample.is_cut()).then(|| Text::from(&*masked.text)),
            verb: verb(&text),
            cut: sample.is_cut().then_some(sample.length),
        };
        let names = masked.names.iter().map(|name| Box::from(*name)).collect();
        Said { words, secrets: masked.secrets.into(), names }
    }

    /// What a statement says; sessions that prepare the same one share it.
    pub(super) fn shared(sample: &Sample<'_>, dialect: Dialect, wire: &mut Reader<'_>) -> Arc<Said> {
        if sample.is_cut() || sample.bytes.len() > SHARED {
            return Arc::new(Said::read(sample, dialect));
        }
        // One with a password in it is masked, and not found again.
        let is =
            |known: &Said| known.words.text.as_deref().is_some_and(|known| known.as_bytes() == text(sample));
        let Ok(said) = wire.recall(text(sample), is, || Ok::<_, Infallible>(Said::read(sample, dialect)));
        said
    }
}

/// What of a request was not seen or is not kept.
#[cold]
pub(super) fn lacks(details: &mut Details, words: &Words, cut: Option<u64>) {
    if words.text.is_none() {
        details.push(("statement", Detail::Text(Arc::clone(&UNKNOWN))));
    }
    let mut length = |name, cut: Option<u64>| {
        if let Some(length) = cut {
            details.push((name, Detail::Number(i64::try_from(length).unwrap_or(i64::MAX))));
        }
    };
    length("statement_bytes", words.cut);
    length("parameter_count", cut);
}

/// A statement's text without the zero byte that may end it.
#[inline]
fn text<'a>(sample: &Sample<'a>) -> &'a [u8] {
    match sample.bytes {
        [text @ .., 0] => text,
        text => text,
    }
}

/// The text of a statement that is all there, and in which no password can be.
#[inline(always)]
pub(super) fn plain<'a>(sample: &Sample<'a>, dialect: Dialect) -> Option<&'a str> {
    let text = utf8(text(sample))?;
    (!sample.is_cut() && !may_hold_secret(text.as_bytes(), dialect)).then_some(text)
}
