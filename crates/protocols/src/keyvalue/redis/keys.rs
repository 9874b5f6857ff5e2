//! The keys (or channels) that a command touches.

use model::exchange::{Request, Text};

use crate::kit::reader::Sample;
use crate::kit::text::lossy;

use super::commands::Keys;
use super::wire::unsigned;

/// So many keys of one command are told.
const TARGETS: usize = 64;

/// Adds the keys of a command of `count` words, of which the first ones are known.
#[inline]
pub(super) fn add(keys: Keys, words: &[Sample<'_>], count: usize, request: &mut Request) {
    match (keys, words) {
        (Keys::None | Keys::Container, _) => {}
        // Nearly all have one, and it is the second word.
        (Keys::Range { first: 1, last: 1, step: 1 }, [_, key, ..]) => request.name_target(&lossy(key.bytes)),
        (keys, words) => add_all(keys, words, count, &mut request.targets),
    }
}

#[inline(never)]
fn add_all(keys: Keys, words: &[Sample<'_>], count: usize, targets: &mut Vec<Text>) {
    let word = |at: usize| words.get(at).map_or(&b""[..], |word| word.bytes);
    match keys {
        Keys::None | Keys::Container => {}
        Keys::Range { first, last, step } => {
            let last = isize::from(last);
            let last = if last < 0 { count.saturating_add_signed(last) } else { last.unsigned_abs() };
            let behind = words.get(usize::from(first)..=last.min(words.len().saturating_sub(1)));
            add_some(behind.unwrap_or_default().iter().step_by(usize::from(step)), targets);
        }
        Keys::Counted(at) => counted(usize::from(at), words, targets),
        Keys::StoreCounted => {
            targets.extend(words.get(1).map(text));
            counted(2, words, targets);
        }
        Keys::Streams => {
            let Some(at) = words.iter().position(|word| is(word, "STREAMS")) else { return };
            let half = count.saturating_sub(at + 1) / 2;
            add_some(words.iter().skip(at + 1).take(half), targets);
        }
        Keys::Migrate if word(3).is_empty() => {
            let at = words.iter().position(|word| is(word, "KEYS")).unwrap_or(words.len());
            add_some(words.iter().skip(at + 1), targets);
        }
        Keys::Migrate => targets.extend(words.get(3).map(text)),
        Keys::Store => {
            targets.extend(words.get(1).map(text));
            let stores = words.iter().skip(2).position(|word| is(word, "STORE") || is(word, "STOREDIST"));
            targets.extend(stores.and_then(|at| words.get(at + 3)).map(text));
        }
    }
}

fn counted(at: usize, words: &[Sample<'_>], targets: &mut Vec<Text>) {
    let count = words.get(at).and_then(|word| unsigned(word.bytes)).unwrap_or(0);
    add_some(words.iter().skip(at + 1).take(usize::try_from(count).unwrap_or(usize::MAX)), targets);
}

fn add_some<'a>(words: impl Iterator<Item = &'a Sample<'a>>, targets: &mut Vec<Text>) {
    targets.extend(words.take(TARGETS).map(text));
}

pub(super) fn text(word: &Sample<'_>) -> Text {
    Text::from(&*lossy(word.bytes))
}

fn is(word: &Sample<'_>, name: &str) -> bool {
    word.bytes.eq_ignore_ascii_case(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use model::exchange::Request;

    use super::add;
    use crate::keyvalue::redis::commands::command;
    use crate::kit::reader::Sample;

    #[test]
    fn keys_are_found_where_each_command_has_them() {
        for (line, keys) in [
            ("GET a", "a"),
            ("MGET a b c", "a b c"),
            ("MSET a 1 b 2", "a b"),
            ("BLPOP a b 0", "a b"),
            ("BITOP AND d a b", "d a b"),
            ("EVAL return 2 a b x", "a b"),
            ("FCALL f 0 x", ""),
            ("EVAL return -1 a", ""),
            ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", "d a b"),
            ("XREAD COUNT 2 STREAMS a b 0 0", "a b"),
            ("XREADGROUP GROUP g c STREAMS a >", "a"),
            ("MIGRATE h 1 a 0 9", "a"),
            ("MIGRATE h 1  0 9 KEYS a b", "a b"),
            ("SORT a BY w STORE d", "a d"),
            ("PUBLISH news x", "news"),
            ("GET", ""),
            ("PING", ""),
        ] {
            let words: Vec<_> =
                line.split(' ').map(|w| Sample { bytes: w.as_bytes(), length: w.len() as u64 }).collect();
            let mut request = Request::default();
            add(command(words[0].bytes).unwrap().keys, &words, words.len(), &mut request);
            assert_eq!(request.targets.join(" "), keys, "{line}");
        }
    }
}
