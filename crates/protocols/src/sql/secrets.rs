//! The passwords in a statement, which nobody may keep.

use std::borrow::Cow;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x16};
use memchr::memchr2;

use super::calls;
use super::columns;
use super::identified as mysql;
use super::logins as tsql;
use super::procedures;
use super::verb::word;

/// What stands for a password.
pub(super) const MASK: &str = "***";
const PASSWORD: &[u8] = b"password";

/// A statement without its passwords.
#[derive(Debug)]
pub(crate) struct Masked<'a> {
    /// Its text, with every literal behind the word `password` replaced.
    pub(crate) text: Cow<'a, str>,
    /// The parameters that stand behind that word, counted from 1.
    pub(super) secrets: Vec<u16>,
    /// Those of them that have names, where parameters are named.
    pub(super) names: Vec<&'a str>,
}

/// Whose SQL it is: what a literal and what a parameter looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `'..'`, `E'..'`, `$$..$$`, `$1`; `".."` is a name.
    Postgres,
    /// `'..'` and `".."`, in which a backslash escapes, and `?`; a name stands in backticks.
    Mysql,
    /// As MySQL's; other servers are called with passwords.
    Clickhouse,
    /// `'..'`, `N'..'`, in which nothing escapes, and `@name`; a name stands in `".."` or `[..]`.
    Tsql,
    /// `'..'` and `$$..$$`, in which nothing escapes, `?` and `:name`; a name stands in `".."`.
    Cql,
    /// `'..'`, in which nothing escapes, `?` and `:name`; a name stands in `".."`.
    Db2,
}

/// Whether a statement's text is all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// It goes on.
    Cut,
}

/// Finds the passwords of a statement.
pub(crate) fn masked(sql: &str, end: End, dialect: Dialect) -> Masked<'_> {
    let bytes = sql.as_bytes();
    if !may_hold_secret(bytes, dialect) {
        return Masked { text: Cow::Borrowed(sql), secrets: Vec::new(), names: Vec::new() };
    }
    let found = found(bytes, dialect);
    let (mut literals, mut secrets, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let mut names = Vec::new();
    for secret in found {
        match secret {
            Secret::Literal(from, to) => literals.push((from, to)),
            Secret::Parameter(number) => secrets.push(number),
            Secret::Place(at) => places.push(at),
            Secret::Named(from, to) => names.extend(sql.get(from..to)),
        }
    }
    literals.sort_unstable();
    secrets.extend(columns::ordinals(bytes, &places, dialect));
    secrets.sort_unstable();
    secrets.dedup();
    let text = without(sql, &literals);
    Masked { text: without_user_passwords(&text, end).map_or(text, Cow::Owned), secrets, names }
}

/// What is told with the word `password`, and in MySQL with `IDENTIFIED`, in any order.
fn found(bytes: &[u8], dialect: Dialect) -> Vec<Secret> {
    let (mut found, mut words, mut read) = (Vec::new(), 0, 0);
    // The rarest letter of the word leads to it: most statements hold few.
    for at in memchr::memchr2_iter(b'w', b'W', bytes) {
        let word = at.checked_sub(4).filter(|begin| *begin >= read);
        let Some(begin) = word.filter(|begin| is_password(bytes, *begin)) else { continue };
        words += 1;
        let secret = match dialect {
            Dialect::Postgres => secret(bytes, begin + PASSWORD.len()),
            Dialect::Mysql | Dialect::Clickhouse => mysql::secret(bytes, begin + PASSWORD.len()),
            Dialect::Tsql => tsql::secret(bytes, begin + PASSWORD.len()),
            Dialect::Cql | Dialect::Db2 => marked(bytes, begin + PASSWORD.len()),
        };
        if let Some(Secret::Literal(_, to)) = secret {
            read = to;
        }
        found.extend(secret);
    }
    if words > 0 {
        found.extend(columns::secrets(bytes, dialect));
    }
    match dialect {
        Dialect::Postgres | Dialect::Cql => {}
        Dialect::Mysql => mysql::identified(bytes, &mut found),
        Dialect::Clickhouse => {
            mysql::identified(bytes, &mut found);
            calls::secrets(bytes, &mut found);
        }
        Dialect::Tsql => tsql::others(bytes, &mut found),
        Dialect::Db2 => procedures::arguments(bytes, &mut found),
    }
    found
}

/// The text with these pieces of it, which come in order, replaced.
fn without<'a>(sql: &'a str, pieces: &[(usize, usize)]) -> Cow<'a, str> {
    let (mut kept, mut clean) = (0, String::new());
    for (from, to) in pieces {
        if let Some(before) = sql.get(kept..*from) {
            clean.push_str(before);
            clean.push_str(MASK);
        }
        kept = kept.max(*to);
    }
    match kept {
        0 => Cow::Borrowed(sql),
        _ => Cow::Owned(clean + sql.get(kept..).unwrap_or_default()),
    }
}

/// The text with the password of every `scheme://user:password@host` in it replaced, if there is one.
///
/// Where the text is cut before the host, what is there of it may be a password, and is replaced.
fn without_user_passwords(text: &str, end: End) -> Option<String> {
    let bytes = text.as_bytes();
    let (mut kept, mut clean) = (0, String::new());
    for at in memchr::memmem::find_iter(bytes, "://") {
        let begin = at + 3;
        let rest = bytes.get(begin..).unwrap_or_default();
        let is_end = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'?' | b'#' | b'\'' | b'"');
        let authority = rest.iter().position(is_end).and_then(|end| rest.get(..end));
        let user = match (authority, end) {
            (None, End::Cut) => Some(rest),
            (authority, _) => {
                let authority = authority.unwrap_or(rest);
                memchr::memrchr(b'@', authority).and_then(|end| authority.get(..end))
            }
        };
        let Some(user) = user else { continue };
        if let Some(name) = memchr::memchr(b':', user) {
            clean.push_str(text.get(kept..=begin + name)?);
            clean.push_str(MASK);
            kept = begin + user.len();
        }
    }
    clean.push_str(text.get(kept..)?);
    (kept > 0).then_some(clean)
}

/// So many pairs of letters are compared in one go.
const PAIRS: usize = 16;

/// Whether two letters that stand together in `password`, or in MySQL in `identified`, and in few other words, or the
/// slashes of a URI, stand so in a text.
#[inline]
pub(super) fn may_hold_secret(text: &[u8], dialect: Dialect) -> bool {
    let Some(last) = text.last_chunk() else {
        let is_sign = |pair: &[u8]| match pair {
            [b'S' | b's', b'W' | b'w'] | [b'/', b'/'] => true,
            [b'I' | b'i', b'F' | b'f'] => matches!(dialect, Dialect::Mysql | Dialect::Clickhouse),
            [b'C' | b'c', b'R' | b'r'] => matches!(dialect, Dialect::Tsql | Dialect::Db2),
            [b'P' | b'p', b'W' | b'w' | b'P' | b'p'] | [b'D' | b'd', b'L' | b'l'] => dialect == Dialect::Tsql,
            // `s3()`; no other call is as short as this.
            [b'S' | b's', b'3'] => dialect == Dialect::Clickhouse,
            _ => false,
        };
        return text.windows(2).any(is_sign);
    };
    let mut found = signs(last, dialect);
    let mut rest = text;
    while let Some(window) = rest.first_chunk() {
        found |= signs(window, dialect);
        rest = rest.get(PAIRS..).unwrap_or_default();
    }
    found != 0
}

/// Which pairs of letters are such signs. Many are looked at before any is asked for, for texts without one are the rule.
#[inline]
fn signs(window: &[u8; PAIRS + 1], dialect: Dialect) -> u64 {
    let ([firsts @ .., _], [_, seconds @ ..]) = (window, window);
    // Statements are too short for wider blocks than every processor has.
    dispatch!(Level::baseline(), simd => {
        let (firsts, seconds) = (u8x16::load_array_ref(simd, firsts), u8x16::load_array_ref(simd, seconds));
        let is_sw = (firsts | CASE).simd_eq(b's') & (seconds | CASE).simd_eq(b'w');
        let is_sign = is_sw | (firsts.simd_eq(b'/') & seconds.simd_eq(b'/'));
        match dialect {
            Dialect::Postgres | Dialect::Cql => is_sign.to_bitmask(),
            Dialect::Mysql => {
                let is_if = (firsts | CASE).simd_eq(b'i') & (seconds | CASE).simd_eq(b'f');
                (is_sign | is_if).to_bitmask()
            }
            // Of `identified`, of `mysql` and `postgresql`, of `remote` and `mongodb`, of `s3`, `gcs`, `iceberg`, `deltalake`,
            // `azureblobstorage` and `redis`.
            Dialect::Clickhouse => {
                let (firsts, seconds) = (firsts | CASE, seconds | CASE);
                let pair = |first: u8, second: u8| firsts.simd_eq(first) & seconds.simd_eq(second);
                let is_server = pair(b'i', b'f') | pair(b'q', b'l') | pair(b'm', b'o') | pair(b'd', b'i');
                let is_store = pair(b's', b'3') | pair(b'g', b'c') | pair(b'c', b'e') | pair(b't', b'a') | pair(b'z', b'u');
                (is_sign | is_server | is_store).to_bitmask()
            }
            // Of `encrypt` and `create_user`, of `syscs_`.
            Dialect::Db2 => {
                let is_cr = (firsts | CASE).simd_eq(b'c') & (seconds | CASE).simd_eq(b'r');
                let is_s = (firsts | CASE).simd_eq(b's') & seconds.simd_eq(b'_');
                (is_sign | is_cr | is_s).to_bitmask()
            }
            // Of `pwd` and `setapprole`, of `secret`, of `addlogin` and its kin.
            Dialect::Tsql => {
                let (firsts, seconds) = (firsts | CASE, seconds | CASE);
                let is_pw = firsts.simd_eq(b'p') & (seconds.simd_eq(b'w') | seconds.simd_eq(b'p'));
                let is_cr = firsts.simd_eq(b'c') & seconds.simd_eq(b'r');
                let is_dl = firsts.simd_eq(b'd') & seconds.simd_eq(b'l');
                (is_sign | is_pw | is_cr | is_dl).to_bitmask()
            }
        }
    })
}

/// What tells small letters from capitals.
const CASE: u8 = 0x20;

/// Whether a name has the word in it.
pub(super) fn holds_password(name: &[u8]) -> bool {
    name.windows(PASSWORD.len()).any(|word| word.eq_ignore_ascii_case(PASSWORD))
}

#[inline]
fn is_password(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..at + PASSWORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(PASSWORD))
}

/// What is set, compared or passed behind the word.
#[derive(Clone, Copy, Debug)]
pub(super) enum Secret {
    /// A literal, whose inside lies there.
    Literal(usize, usize),
    /// A parameter, by its number.
    Parameter(u16),
    /// A parameter, by where it stands.
    Place(usize),
    /// A parameter, by its name, which lies there.
    Named(usize, usize),
}

/// The password that stands at `at`, or is the first argument of a call there.
///
/// A literal without an end reaches to the end of the text: a cut statement shows no half of a password.
fn secret(bytes: &[u8], mut at: usize) -> Option<Secret> {
    let is_joint = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'=' | b':' | b'>' | b'"' | b'\\');
    at += bytes.get(at..)?.iter().position(|b| !is_joint(b))?;
    let rest = bytes.get(at..)?;
    if let (call, [b'(', ..]) = rest.split_at(word(rest).len()) {
        at += call.len() + 1;
        at += bytes.get(at..)?.iter().position(|b| !b.is_ascii_whitespace())?;
    }
    let rest = bytes.get(at..)?;
    let inside = |from: usize, text| Some(Secret::Literal(at + from, at + from + quoted(b'\'', text)));
    match rest {
        [b'\'', text @ ..] => inside(1, text),
        [b'E' | b'e', b'\'', text @ ..] => inside(2, text),
        [b'U' | b'u', b'&', b'\'', text @ ..] => inside(3, text),
        [b'$', b'0'..=b'9', ..] => parameter(rest).map(Secret::Parameter),
        [b'$', ..] => dollar_quoted(rest).map(|(from, to)| Secret::Literal(at + from, at + to)),
        // `password=secret` in a connection string.
        [first, ..] if bytes.get(at - 1) == Some(&b'=') && is_bare(*first) => {
            let length = rest.iter().position(|b| !is_bare(*b)).unwrap_or(rest.len());
            Some(Secret::Literal(at, at + length))
        }
        _ => None,
    }
}

/// The same in CQL, where a marker may stand for it: `?`, or `:name`.
fn marked(bytes: &[u8], at: usize) -> Option<Secret> {
    let is_joint = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'=' | b'"');
    let begin = at + bytes.get(at..)?.iter().position(|b| !is_joint(b))?;
    match bytes.get(begin..)? {
        [b'\'', text @ ..] => Some(Secret::Literal(begin + 1, begin + 1 + columns::plainly_quoted(text))),
        rest => marker(rest, begin).or_else(|| secret(bytes, at)),
    }
}

/// The marker of CQL that `text` begins with, which stands at `at`.
pub(super) fn marker(text: &[u8], at: usize) -> Option<Secret> {
    match text {
        [b'?', ..] => Some(Secret::Place(at)),
        [b':', name @ ..] => {
            let length = word(name).len();
            (length > 0).then_some(Secret::Named(at + 1, at + 1 + length))
        }
        _ => None,
    }
}

/// The number of the parameter that `text` begins with.
pub(super) fn parameter(text: &[u8]) -> Option<u16> {
    let digits = text.get(1..)?.iter().take_while(|b| b.is_ascii_digit());
    digits
        .copied()
        .try_fold(0_u16, |number, digit| number.checked_mul(10)?.checked_add(u16::from(digit - b'0')))
}

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"_-.!#%&*+/?@^~".contains(&byte)
}

/// How long a text in these quotes is; a doubled or escaped quote does not end it.
pub(super) fn quoted(quote: u8, inside: &[u8]) -> usize {
    let mut at = 0;
    while let Some(next) = memchr2(quote, b'\\', inside.get(at..).unwrap_or_default()) {
        at += next;
        match inside.get(at..at + 2) {
            Some([b'\\', _]) => at += 2,
            Some([first, second]) if *first == quote && *second == quote => at += 2,
            _ if inside.get(at) == Some(&b'\\') => break,
            _ => return at,
        }
    }
    inside.len()
}

/// Where the inside of `$tag$...$tag$` lies.
pub(super) fn dollar_quoted(text: &[u8]) -> Option<(usize, usize)> {
    let tag = text.get(1..)?.iter().position(|b| *b == b'$')? + 2;
    let mark = text.get(..tag)?;
    if !mark.get(1..tag - 1)?.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        || mark.get(1).is_some_and(u8::is_ascii_digit)
    {
        return None;
    }
    let inside = text.get(tag..)?;
    let length = memchr::memmem::find(inside, mark).unwrap_or(inside.len());
    Some((tag, tag + length))
}

#[cfg(test)]
mod tests {
    use super::{Dialect, End, masked};

    #[test]
    fn passwords_are_masked_however_they_are_quoted() {
        let cases = [
            ("ALTER ROLE a PASSWORD 'it''s'; SELECT 'x'", "ALTER ROLE a PASSWORD '***'; SELECT 'x'"),
            (
                "create user a encrypted password E'a\\'b' login",
                "create user a encrypted password E'***' login",
            ),
            ("ALTER ROLE a PASSWORD $q$s$ecret$q$;", "ALTER ROLE a PASSWORD $q$***$q$;"),
            ("ALTER ROLE a PASSWORD 'cut of", "ALTER ROLE a PASSWORD '***"),
            ("SELECT dblink('host=a password=s3cret user=b')", "SELECT dblink('host=a password=*** user=b')"),
            ("UPDATE u SET password = 'x' WHERE id = 1", "UPDATE u SET password = '***' WHERE id = 1"),
            ("OPTIONS (user 'a', password 'b')", "OPTIONS (user 'a', password '***')"),
            ("SET password = crypt( 'x', gen_salt('bf'))", "SET password = crypt( '***', gen_salt('bf'))"),
            ("WHERE password=md5($$x$$)", "WHERE password=md5($$***$$)"),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'postgresql://a:s3:cr@t@b:5432/c?password=d'",
                "CREATE SUBSCRIPTION s CONNECTION 'postgresql://a:***@b:5432/c?password=***'",
            ),
            ("SELECT 'a://b:c@d e://f:g@h', 'i://j:k", "SELECT 'a://b:***@d e://f:***@h', 'i://j:k"),
        ];
        for (sql, wanted) in cases {
            assert_eq!(masked(sql, End::Whole, Dialect::Postgres).text, wanted);
        }
        for sql in [
            "SELECT password FROM w",
            "SELECT passwor",
            "ALTER ROLE a PASSWORD NULL",
            "w",
            "UPDATE u SET password = $1",
            "SELECT 'https://a.b:80/c@d', 'x://y@z', 'a//b:c@d'",
        ] {
            assert_eq!(masked(sql, End::Whole, Dialect::Postgres).text, sql);
        }
    }

    #[test]
    fn parameters_that_are_passwords_are_found() {
        let cases: [(&str, &[u16]); 5] = [
            ("UPDATE u SET name = $1, password = $2::text WHERE id = $3", &[2]),
            ("SELECT 1 FROM u WHERE name = $1 AND password=crypt($12, password)", &[12]),
            ("SELECT u_password($1), \"Password\" = $2", &[1, 2]),
            ("UPDATE u SET password = $99999", &[]),
            ("SELECT $1", &[]),
        ];
        for (sql, wanted) in cases {
            let found = masked(sql, End::Whole, Dialect::Postgres);
            assert_eq!((&*found.text, &*found.secrets), (sql, wanted));
        }
    }

    #[test]
    fn markers_of_cql_are_found_by_place_and_by_name() {
        let cases: [(&str, &str, &[u16], &[&str]); 4] = [
            (
                "CREATE ROLE a WITH PASSWORD = 'x\\' AND LOGIN = true",
                "CREATE ROLE a WITH PASSWORD = '***' AND LOGIN = true",
                &[],
                &[],
            ),
            ("UPDATE u SET name = ?, password = ? WHERE id = ?", "", &[2], &[]),
            ("INSERT INTO u (id, \"Password\", t) VALUES (?, ?, ?) USING TTL ?", "", &[2], &[]),
            ("INSERT INTO u (id, password) VALUES (:id, :pw) IF NOT EXISTS", "", &[], &["pw"]),
        ];
        for (cql, wanted, secrets, names) in cases {
            let found = masked(cql, End::Whole, Dialect::Cql);
            let wanted = if wanted.is_empty() { cql } else { wanted };
            assert_eq!((&*found.text, &*found.secrets, &*found.names), (wanted, secrets, names));
        }
    }

    #[test]
    fn a_password_is_masked_wherever_it_stands() {
        for before in 0..64 {
            for behind in [0, 1, 40] {
                let around =
                    |secret| format!("{} pAsSWord '{secret}'{}", " ".repeat(before), " ".repeat(behind));
                assert_eq!(masked(&around("s3cret"), End::Whole, Dialect::Postgres).text, around("***"));
            }
        }
    }

    #[test]
    fn a_user_password_that_is_cut_is_masked_as_far_as_it_goes() {
        let cases = [
            ("SELECT 'a://b:c@d', 'postgresql://e:s3c", "SELECT 'a://b:***@d', 'postgresql://e:***"),
            ("SELECT 'a://b:s3@cr", "SELECT 'a://b:***"),
            ("SELECT 'a://b:80/", "SELECT 'a://b:80/"),
            ("SELECT 'a://b", "SELECT 'a://b"),
        ];
        for (sql, wanted) in cases {
            assert_eq!(masked(sql, End::Cut, Dialect::Postgres).text, wanted);
        }
    }
}
