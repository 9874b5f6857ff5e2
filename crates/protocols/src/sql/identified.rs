//! The passwords in statements of MySQL and MariaDB, which stand behind other words and in other quotes.

use super::secrets::{Secret, quoted};
use super::verb::word;

const IDENTIFIED: &[u8] = b"identified";

/// The words behind which nothing more is a password of the same user.
const BEYOND: [&[u8]; 4] = [b"REQUIRE", b"COMMENT", b"ATTRIBUTE", b"DEFAULT"];

/// The password that is set, compared or passed behind the word `password`, which ends at `at`.
///
/// A literal without an end reaches to the end of the text: a cut statement shows no half of a password.
pub(super) fn secret(bytes: &[u8], mut at: usize) -> Option<Secret> {
    // The end of a name in quotes.
    at += usize::from(matches!(bytes.get(at), Some(b'"' | b'`')));
    at = behind_joints(bytes, at)?;
    let first = word(bytes.get(at..)?);
    if first.eq_ignore_ascii_case(b"FOR") {
        // SET PASSWORD FOR 'user'@'host' = 'secret'
        at = behind_account(bytes, at + first.len())?;
    }
    let rest = bytes.get(at..)?;
    if let (call, [b'(', ..]) = rest.split_at(word(rest).len()) {
        at = behind_joints(bytes, at + call.len() + 1)?;
    }
    quoted_literal(bytes, at)
}

/// What is set behind each `IDENTIFIED`: a password, or what a server keeps of it.
pub(super) fn identified(bytes: &[u8], found: &mut Vec<Secret>) {
    let mut read = 0;
    // The rarest letter of the word leads to it.
    for at in memchr::memchr2_iter(b'f', b'F', bytes) {
        let Some(begin) = at.checked_sub(6).filter(|begin| *begin >= read) else { continue };
        let end = begin + IDENTIFIED.len();
        if bytes.get(begin..end).is_some_and(|word| word.eq_ignore_ascii_case(IDENTIFIED)) {
            read = clause(bytes, end, found);
        }
    }
}

/// Reads the clause whose first word ends at `at`: where it ends.
fn clause(bytes: &[u8], mut at: usize, found: &mut Vec<Secret>) -> usize {
    let mut is_plugin = false;
    while let Some(rest @ [first, ..]) = bytes.get(at..) {
        if matches!(first, b',' | b';') {
            return at;
        }
        if let Some(secret) = literal(bytes, at) {
            at = match secret {
                Secret::Literal(_, to) => to + 1,
                Secret::Place(place) => place + 1,
                Secret::Parameter(_) | Secret::Named(..) => at + 1,
            };
            if !std::mem::take(&mut is_plugin) {
                found.push(secret);
            }
            continue;
        }
        let word = word(rest);
        if BEYOND.iter().any(|beyond| word.eq_ignore_ascii_case(beyond)) {
            return at;
        }
        if !word.is_empty() {
            is_plugin = [&b"WITH"[..], b"VIA", b"OR"].iter().any(|w| word.eq_ignore_ascii_case(w));
        }
        at += word.len().max(1);
    }
    bytes.len()
}

/// The literal or parameter that begins at `at`; a number too, which behind `IDENTIFIED` is what a server keeps.
fn literal(bytes: &[u8], at: usize) -> Option<Secret> {
    let rest = bytes.get(at..)?;
    match rest {
        // 0x24412430..
        [b'0'..=b'9', ..] => Some(Secret::Literal(at, at + word(rest).len())),
        _ => quoted_literal(bytes, at),
    }
}

/// The literal in quotes, or the parameter, that begins at `at`.
fn quoted_literal(bytes: &[u8], at: usize) -> Option<Secret> {
    let rest = bytes.get(at..)?;
    match rest {
        [quote @ (b'\'' | b'"'), text @ ..] => Some(Secret::Literal(at + 1, at + 1 + quoted(*quote, text))),
        [b'?', ..] => Some(Secret::Place(at)),
        _ => None,
    }
}

fn behind_joints(bytes: &[u8], at: usize) -> Option<usize> {
    let is_joint = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'=' | b':' | b'>' | b'\\');
    Some(at + bytes.get(at..)?.iter().position(|b| !is_joint(b))?)
}

/// Where what an account's password is set to begins.
fn behind_account(bytes: &[u8], at: usize) -> Option<usize> {
    let mut from = at;
    loop {
        let next = memchr::memchr3(b'=', b'\'', b'"', bytes.get(from..)?)?;
        from += next + 1;
        match bytes.get(from - 1)? {
            b'=' => return behind_joints(bytes, from),
            quote => from += quoted(*quote, bytes.get(from..)?) + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::sql::secrets::{Dialect, End, masked};

    #[test]
    fn passwords_are_masked_wherever_mysql_has_them() {
        let cases = [
            (
                "CREATE USER 'a'@'h' IDENTIFIED BY 'x', b IDENTIFIED BY \"y\"",
                "CREATE USER 'a'@'h' IDENTIFIED BY '***', b IDENTIFIED BY \"***\"",
            ),
            (
                "ALTER USER a IDENTIFIED WITH 'sha' BY 'x' REPLACE 'it\\'s' REQUIRE SUBJECT '/CN=b'",
                "ALTER USER a IDENTIFIED WITH 'sha' BY '***' REPLACE '***' REQUIRE SUBJECT '/CN=b'",
            ),
            (
                "create user a identified via ed25519 using 'hash' or unix_socket",
                "create user a identified via ed25519 using '***' or unix_socket",
            ),
            (
                "CREATE USER a IDENTIFIED WITH caching_sha2_password AS 0x2441 COMMENT 'why'",
                "CREATE USER a IDENTIFIED WITH caching_sha2_password AS *** COMMENT 'why'",
            ),
            (
                "GRANT ALL ON *.* TO a IDENTIFIED BY PASSWORD '*94BD'",
                "GRANT ALL ON *.* TO a IDENTIFIED BY PASSWORD '***'",
            ),
            ("SET PASSWORD FOR 'a=b'@'%' = PASSWORD('x')", "SET PASSWORD FOR 'a=b'@'%' = PASSWORD('***')"),
            ("SET PASSWORD FOR a = 'x'", "SET PASSWORD FOR a = '***'"),
            ("SET PASSWORD = \"cut of", "SET PASSWORD = \"***"),
            (
                "CHANGE MASTER TO MASTER_USER='a', MASTER_PASSWORD='x', MASTER_PORT=1",
                "CHANGE MASTER TO MASTER_USER='a', MASTER_PASSWORD='***', MASTER_PORT=1",
            ),
            (
                "UPDATE u SET `password` = \"x\" WHERE id = 1",
                "UPDATE u SET `password` = \"***\" WHERE id = 1",
            ),
            (
                "INSERT INTO u (`name`, `password`) VALUE (\"a\", 'b'), (?, 'c\\'d')",
                "INSERT INTO u (`name`, `password`) VALUE (\"a\", '***'), (?, '***')",
            ),
            (
                "CREATE SERVER s OPTIONS (USER 'a', PASSWORD 'b', HOST 'c')",
                "CREATE SERVER s OPTIONS (USER 'a', PASSWORD '***', HOST 'c')",
            ),
        ];
        for (sql, wanted) in cases {
            assert_eq!(masked(sql, End::Whole, Dialect::Mysql).text, wanted);
        }
        for sql in [
            "SELECT IF(password IS NULL, 'a', 'b')",
            "ALTER USER a PASSWORD EXPIRE",
            "CREATE TABLE u (password VARCHAR(20) DEFAULT NULL, note INT)",
            "SELECT IFNULL(a, 'b') FROM modified",
        ] {
            assert_eq!(masked(sql, End::Whole, Dialect::Mysql).text, sql);
        }
    }

    #[test]
    fn parameters_that_are_passwords_are_counted() {
        let cases: [(&str, &[u16]); 4] = [
            ("UPDATE u SET name = ?, password = ? WHERE id = ?", &[2]),
            ("INSERT INTO u (name, password) VALUES (?, ?), ('?', ?)", &[2, 3]),
            ("/* ? */ CREATE USER ? IDENTIFIED BY ?", &[2]),
            ("SELECT ? -- password\n, ?", &[]),
        ];
        for (sql, wanted) in cases {
            assert_eq!(masked(sql, End::Whole, Dialect::Mysql).secrets, wanted, "{sql}");
        }
    }

    #[test]
    fn a_text_of_nothing_but_such_words_is_read_in_time() {
        for hostile in
            ["identified ", "password for ", "password=?", "identified by ?", "identified'", "password'"]
        {
            let text = hostile.repeat((64 << 10) / hostile.len());
            assert!(!masked(&text, End::Whole, Dialect::Mysql).text.is_empty());
        }
    }
}
