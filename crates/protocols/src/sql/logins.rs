//! The passwords in statements of SQL Server, which has words and procedures of its own for them.

use super::secrets::Secret;
use super::verb::word;

/// Words behind which something stands that nobody may keep: in a connection string, and of a credential.
const WORDS: [&[u8]; 2] = [b"pwd", b"secret"];
/// Procedures whose arguments are passwords, by their places.
const PROCEDURES: [&[u8]; 5] =
    [b"sp_addlogin", b"sp_password", b"sp_setapprole", b"sp_addapprole", b"sp_addlinkedsrvlogin"];

/// The password that is set, compared or passed behind a word that ends at `at`.
///
/// A literal without an end reaches to the end of the text: a cut statement shows no half of a password.
pub(super) fn secret(bytes: &[u8], at: usize) -> Option<Secret> {
    let mut at = behind_joints(bytes, at)?;
    let rest = bytes.get(at..)?;
    if let (call, [b'(', ..]) = rest.split_at(word(rest).len()) {
        at = behind_joints(bytes, at + call.len() + 1)?;
    }
    if let Some(secret) = value(bytes, at) {
        return Some(secret);
    }
    let rest = bytes.get(at..)?;
    // `Pwd=secret;` in a connection string, and `PASSWORD = 0x0200.. HASHED`.
    let is_bare = |b: &u8| !b.is_ascii_whitespace() && !b";',()\"".contains(b);
    let length = rest.iter().position(|b| !is_bare(b)).unwrap_or(rest.len());
    let is_set = bytes.get(at - 1) == Some(&b'=') || rest.starts_with(b"0x");
    (is_set && length > 0).then_some(Secret::Literal(at, at + length))
}

/// What else is no one's to keep.
pub(super) fn others(bytes: &[u8], found: &mut Vec<Secret>) {
    let mut read = 0;
    // All of them begin with one of two letters.
    let is_begin = |b: &u8| matches!(b, b'p' | b'P' | b's' | b'S');
    while let Some(at) = bytes.get(read..).and_then(|rest| rest.iter().position(is_begin)).map(|at| read + at)
    {
        let rest = bytes.get(at..).unwrap_or_default();
        let begins = |name: &[u8]| rest.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name));
        read = at + 1;
        if let Some(word) = WORDS.iter().find(|word| begins(word)) {
            found.extend(secret(bytes, at + word.len()));
        } else if let Some(name) = PROCEDURES.iter().find(|name| begins(name)) {
            read = arguments(bytes, at + name.len(), found);
        }
    }
}

/// All arguments of a call, up to the end of its statement, which comes back.
fn arguments(bytes: &[u8], mut at: usize, found: &mut Vec<Secret>) -> usize {
    while let Some(first) = bytes.get(at) {
        match (first, value(bytes, at)) {
            (b';', _) => return at,
            (_, Some(secret)) => {
                let (Secret::Literal(_, to) | Secret::Named(_, to)) = secret else { return at };
                // `@loginame = 'a'` names an argument.
                let behind = bytes.get(to..).unwrap_or_default().iter().find(|b| !b.is_ascii_whitespace());
                if !(matches!(secret, Secret::Named(..)) && behind == Some(&b'=')) {
                    found.push(secret);
                }
                at = to + 1;
            }
            (_, None) => at += 1,
        }
    }
    at
}

/// The literal or parameter that begins at `at`.
pub(super) fn value(bytes: &[u8], at: usize) -> Option<Secret> {
    match bytes.get(at..)? {
        [b'N' | b'n', b'\'', text @ ..] => Some(Secret::Literal(at + 2, at + 2 + quoted(text))),
        [b'\'', text @ ..] => Some(Secret::Literal(at + 1, at + 1 + quoted(text))),
        [b'@', rest @ ..] => Some(Secret::Named(at, at + 1 + name(rest))),
        _ => None,
    }
}

/// How long a parameter's name is behind its sign.
fn name(rest: &[u8]) -> usize {
    let is_of_name = |b: &&u8| b.is_ascii_alphanumeric() || b"_@$#".contains(b) || **b >= 0x80;
    rest.iter().take_while(is_of_name).count()
}

/// How long a text in quotes is, in which a doubled quote does not end it.
fn quoted(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| memchr::memchr(b'\'', rest)) {
        at += next;
        if text.get(at + 1) != Some(&b'\'') {
            return at;
        }
        at += 2;
    }
    text.len()
}

/// Where what is joined to the word at `at` begins.
fn behind_joints(bytes: &[u8], at: usize) -> Option<usize> {
    let is_joint = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'=' | b':' | b'>' | b'"' | b']');
    Some(at + bytes.get(at..)?.iter().position(|b| !is_joint(b))?)
}

#[cfg(test)]
mod tests {
    use crate::sql::secrets::{Dialect, End, masked};

    #[test]
    fn passwords_are_masked_wherever_sql_server_has_them() {
        let cases = [
            (
                "ALTER LOGIN a WITH PASSWORD = N'it''s' OLD_PASSWORD = 'b', DEFAULT_DATABASE = c",
                "ALTER LOGIN a WITH PASSWORD = N'***' OLD_PASSWORD = '***', DEFAULT_DATABASE = c",
            ),
            ("CREATE LOGIN a WITH PASSWORD = 0x0200af HASHED", "CREATE LOGIN a WITH PASSWORD = *** HASHED"),
            (
                "CREATE CREDENTIAL a WITH IDENTITY = 'b', SECRET = 'c'",
                "CREATE CREDENTIAL a WITH IDENTITY = 'b', SECRET = '***'",
            ),
            (
                "SELECT * FROM OPENROWSET('SQLNCLI', 'Server=a;Uid=b;Pwd=c;', 'SELECT 1')",
                "SELECT * FROM OPENROWSET('SQLNCLI', 'Server=a;Uid=b;Pwd=***;', 'SELECT 1')",
            ),
            ("EXEC sp_addlogin 'a', 'b'; SELECT 'c'", "EXEC sp_addlogin '***', '***'; SELECT 'c'"),
            ("EXEC sp_password @old = 'a', @new = N'b'", "EXEC sp_password @old = '***', @new = N'***'"),
            (
                "INSERT INTO [users] ([name], [password]) VALUES (N'a', N'b'), ('c', 'd')",
                "INSERT INTO [users] ([name], [password]) VALUES (N'a', N'***'), ('c', '***')",
            ),
            (
                "UPDATE u SET [password] = 'C:\\' WHERE a = 'b'",
                "UPDATE u SET [password] = '***' WHERE a = 'b'",
            ),
            ("SELECT PWDCOMPARE('a', hash)", "SELECT PWDCOMPARE('***', hash)"),
            ("ALTER LOGIN a WITH PASSWORD = 'cut of", "ALTER LOGIN a WITH PASSWORD = '***"),
        ];
        for (sql, wanted) in cases {
            assert_eq!(masked(sql, End::Whole, Dialect::Tsql).text, wanted);
        }
        for sql in
            ["SELECT password FROM a", "UPDATE a SET password = @p", "SELECT secretary FROM a WHERE b = 'c'"]
        {
            assert_eq!(masked(sql, End::Whole, Dialect::Tsql).text, sql);
        }
    }

    #[test]
    fn parameters_that_are_passwords_are_named() {
        let cases: [(&str, &[&str]); 3] = [
            ("UPDATE u SET name = @P1, password = @P2 WHERE id = @P3", &["@P2"]),
            ("INSERT INTO u (name, password) VALUES (@a, @b)", &["@b"]),
            ("ALTER LOGIN a WITH PASSWORD = @new", &["@new"]),
        ];
        for (sql, wanted) in cases {
            assert_eq!(masked(sql, End::Whole, Dialect::Tsql).names, wanted, "{sql}");
        }
    }

    #[test]
    fn a_text_of_nothing_but_such_words_is_read_in_time() {
        for hostile in ["sp_addlogin ", "pwd", "secret=", "password=N'", "sp_password @a"] {
            let text = hostile.repeat((64 << 10) / hostile.len());
            assert!(!masked(&text, End::Whole, Dialect::Tsql).text.is_empty());
        }
    }
}
