//! What can be told of a statement at a glance: its verb.

use std::borrow::Cow;

use memchr::memchr2;

/// The verbs that need no memory of their own, the frequent ones first.
const VERBS: [Verb; 79] = verbs([
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "BEGIN",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SET",
    "SHOW",
    "COPY",
    "WITH",
    "MERGE",
    "FETCH",
    "MOVE",
    "DECLARE",
    "CLOSE",
    "PREPARE",
    "EXECUTE",
    "DEALLOCATE",
    "DISCARD",
    "RESET",
    "START",
    "ABORT",
    "SAVEPOINT",
    "RELEASE",
    "CREATE",
    "ALTER",
    "DROP",
    "TRUNCATE",
    "GRANT",
    "REVOKE",
    "COMMENT",
    "EXPLAIN",
    "ANALYZE",
    "VACUUM",
    "LISTEN",
    "UNLISTEN",
    "NOTIFY",
    "LOCK",
    "CALL",
    "DO",
    "VALUES",
    "TABLE",
    "REFRESH",
    "REINDEX",
    "CLUSTER",
    "CHECKPOINT",
    "IDENTIFY_SYSTEM",
    "START_REPLICATION",
    "BASE_BACKUP",
    // MySQL's own.
    "REPLACE",
    "USE",
    "LOAD",
    "DESCRIBE",
    "DESC",
    "KILL",
    "FLUSH",
    "OPTIMIZE",
    "HANDLER",
    "UNLOCK",
    "RENAME",
    "XA",
    "REPAIR",
    "CHECK",
    // SQL Server's own.
    "EXEC",
    "IF",
    "WHILE",
    "PRINT",
    "WAITFOR",
    "DBCC",
    "BACKUP",
    "RESTORE",
    "THROW",
    "RAISERROR",
    "SAVE",
    "BULK",
    "DENY",
    "RECONFIGURE",
]);

/// A longer word is no verb; of an unknown one so much is kept.
const VERB: usize = 32;

/// The first keyword of a statement in capitals, `EMPTY` when it has none.
///
/// Of a `WITH` it is the verb that the named queries serve, where that can be found.
#[inline(always)]
pub(crate) fn verb(sql: &str) -> Cow<'static, str> {
    match known(sql.as_bytes()) {
        Some(verb) if verb != WITH => Cow::Borrowed(verb),
        Some(_) | None => sought(blank(sql.as_bytes())),
    }
}

/// The verb of a statement that begins here, and perhaps not with it.
#[inline(never)]
fn sought(begin: &[u8]) -> Cow<'static, str> {
    match known(begin) {
        Some(WITH) => Cow::Borrowed(main_verb(begin).unwrap_or(WITH)),
        Some(verb) => Cow::Borrowed(verb),
        None => other(word(begin)),
    }
}

const WITH: &str = "WITH";

fn other(word: &[u8]) -> Cow<'static, str> {
    if word.is_empty() {
        return Cow::Borrowed("EMPTY");
    }
    let word = word.get(..VERB).unwrap_or(word);
    Cow::Owned(String::from_utf8_lossy(word).to_ascii_uppercase())
}

/// A verb, and how the first eight bytes of a text that begins with it look as one number.
struct Verb {
    name: &'static str,
    letters: u64,
    /// Which bits of those bytes count: not the case of a letter, and nothing behind the last.
    mask: u64,
}

/// The bits of eight letters but for their case.
const CAPITALS: u64 = 0xdfdf_dfdf_dfdf_dfdf;

#[expect(
    clippy::indexing_slicing,
    reason = "runs when the program is compiled, where a bad index is an error"
)]
const fn verbs<const N: usize>(names: [&'static str; N]) -> [Verb; N] {
    let mut verbs = [const { Verb { name: "", letters: 0, mask: 0 } }; N];
    let mut verb = 0;
    while verb < N {
        let name = names[verb].as_bytes();
        let mut eight = [0; 8];
        let mut at = 0;
        while at < name.len() && at < eight.len() {
            eight[at] = name[at];
            at += 1;
        }
        let mask = CAPITALS & (u64::MAX >> (64 - 8 * at));
        verbs[verb] = Verb { name: names[verb], letters: u64::from_le_bytes(eight) & mask, mask };
        verb += 1;
    }
    verbs
}

/// The verb that `text` begins with.
#[inline(always)]
fn known(text: &[u8]) -> Option<&'static str> {
    let eight = text.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = text.iter().copied();
        std::array::from_fn(|_| bytes.next().unwrap_or(0))
    });
    let letters = u64::from_le_bytes(eight);
    let is_whole = |name: &str| {
        let (begin, rest) = text.split_at_checked(name.len()).unwrap_or_default();
        let ends = !rest.first().is_some_and(is_inner);
        ends && (name.len() <= 8 || begin.eq_ignore_ascii_case(name.as_bytes()))
    };
    for verb in &VERBS {
        if letters & verb.mask == verb.letters && is_whole(verb.name) {
            return Some(verb.name);
        }
    }
    None
}

pub(super) fn is_inner(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// The text from its first word on: blanks, comments, semicolons and opening parentheses are passed over.
#[inline(never)]
fn blank(mut text: &[u8]) -> &[u8] {
    loop {
        text = match text {
            [b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'(' | b';', rest @ ..] => rest,
            [b'-', b'-', rest @ ..] | [b'#', rest @ ..] => after_line(rest),
            // MySQL and MariaDB run what stands in such a comment, behind the version from which on they do.
            [b'/', b'*', b'!', rest @ ..] | [b'/', b'*', b'M', b'!', rest @ ..] => after_digits(rest),
            [b'/', b'*', rest @ ..] => after_comment(rest),
            _ => return text,
        }
    }
}

fn after_digits(text: &[u8]) -> &[u8] {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    text.get(digits..).unwrap_or_default()
}

pub(super) fn after_line(text: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', text).and_then(|end| text.get(end + 1..)).unwrap_or_default()
}

/// Comments nest.
pub(super) fn after_comment(mut text: &[u8]) -> &[u8] {
    let mut depth = 1;
    while depth > 0 {
        let Some(at) = memchr2(b'*', b'/', text) else { return &[] };
        let rest = text.get(at..).unwrap_or_default();
        let step = match rest {
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            _ => 1,
        };
        text = rest.get(step..).unwrap_or_default();
    }
    text
}

pub(super) fn word(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|b| !is_inner(b)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// The verb that stands outside all parentheses behind `WITH`.
fn main_verb(mut text: &[u8]) -> Option<&'static str> {
    let mut depth = 0_i32;
    loop {
        match text {
            [] => return None,
            [b'(', rest @ ..] => (depth, text) = (depth + 1, rest),
            [b')', rest @ ..] => (depth, text) = (depth - 1, rest),
            [b'-', b'-', rest @ ..] => text = after_line(rest),
            [b'/', b'*', rest @ ..] => text = after_comment(rest),
            [quote @ (b'\'' | b'"'), rest @ ..] => text = after_quote(*quote, rest),
            [first, rest @ ..] if !first.is_ascii_alphabetic() => text = rest,
            _ => {
                let verb = known(text)
                    .filter(|v| matches!(*v, "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "VALUES"));
                if depth == 0 && verb.is_some() {
                    return verb;
                }
                text = text.get(word(text).len()..).unwrap_or_default();
            }
        }
    }
}

fn after_quote(quote: u8, text: &[u8]) -> &[u8] {
    memchr::memchr(quote, text).and_then(|end| text.get(end + 1..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::verb;

    #[test]
    fn the_verb_is_the_first_keyword() {
        let cases = [
            ("select 1", "SELECT"),
            ("  -- why\n/* a /* nested */ one */ ((Select 1))", "SELECT"),
            ("", "EMPTY"),
            (" ; ", "EMPTY"),
            ("WITH a AS (SELECT ')' FROM b) INSERT INTO c SELECT * FROM a", "INSERT"),
            ("with recursive a as (select 1) select * from a", "SELECT"),
            ("with a", "WITH"),
            ("frobnicate it", "FROBNICATE"),
            ("/* no end", "EMPTY"),
            ("/*!40101 SET NAMES utf8 */", "SET"),
            ("/*M!100100 set a = 1*/", "SET"),
            ("# why\nreplace into a values (1)", "REPLACE"),
            ("USE`shop`", "USE"),
        ];
        for (sql, wanted) in cases {
            assert_eq!(verb(sql), wanted, "{sql}");
        }
    }
}
