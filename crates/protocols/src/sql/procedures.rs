//! The passwords that Db2 and Derby take as arguments, which no word beside them tells.

use super::columns::plainly_quoted;
use super::secrets::{Secret, marker};

/// Procedures and functions of which an argument is a password.
const NAMES: [&[u8]; 7] = [
    b"syscs_create_user",
    b"syscs_reset_password",
    b"syscs_modify_password",
    b"syscs_set_database_property",
    b"encrypt",
    b"decrypt_char",
    b"decrypt_bin",
];

/// All arguments of such calls.
pub(super) fn arguments(bytes: &[u8], found: &mut Vec<Secret>) {
    let mut read = 0;
    while let Some(at) = memchr::memchr(b'(', bytes.get(read..).unwrap_or_default()).map(|at| read + at) {
        read = at + 1;
        let before = bytes.get(..at).unwrap_or_default().trim_ascii_end();
        let name = |name: &&[u8]| before.len().checked_sub(name.len()).and_then(|from| before.get(from..));
        if NAMES.iter().any(|known| name(known).is_some_and(|said| said.eq_ignore_ascii_case(known))) {
            read = call(bytes, read, found);
        }
    }
}

/// The arguments of a call that begins behind its parenthesis: where it ends.
///
/// A literal without an end reaches to the end of the text: a cut statement shows no half of a password.
fn call(bytes: &[u8], mut at: usize, found: &mut Vec<Secret>) -> usize {
    let mut depth = 1;
    while depth > 0 {
        let Some(rest @ [first, ..]) = bytes.get(at..) else { return bytes.len() };
        at += 1;
        match (first, rest) {
            (b'(', _) => depth += 1,
            (b')', _) => depth -= 1,
            (_, [b'\'', text @ ..]) => {
                let length = plainly_quoted(text);
                found.push(Secret::Literal(at, at + length));
                at += length + 1;
            }
            (_, rest) => found.extend(marker(rest, at - 1)),
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use crate::sql::secrets::{Dialect, End, masked};

    #[test]
    fn passwords_are_masked_among_arguments() {
        for (sql, wanted) in [
            (
                "CALL SYSCS_UTIL.SYSCS_CREATE_USER('ada', 'it''s')",
                "CALL SYSCS_UTIL.SYSCS_CREATE_USER('***', '***')",
            ),
            (
                "call syscs_util.syscs_set_database_property ( 'derby.user.ada', 'x'); values 'y'",
                "call syscs_util.syscs_set_database_property ( '***', '***'); values 'y'",
            ),
            (
                "CALL SYSCS_UTIL.SYSCS_RESET_PASSWORD('ada', 'x')",
                "CALL SYSCS_UTIL.SYSCS_RESET_PASSWORD('***', '***')",
            ),
            (
                "UPDATE u SET a = ENCRYPT(UPPER('x'), 'y') WHERE b = 'z'",
                "UPDATE u SET a = ENCRYPT(UPPER('***'), '***') WHERE b = 'z'",
            ),
            ("SET ENCRYPTION PASSWORD = 'x'", "SET ENCRYPTION PASSWORD = '***'"),
            (
                "CALL SYSCS_UTIL.SYSCS_CREATE_USER('ada', 'cut of",
                "CALL SYSCS_UTIL.SYSCS_CREATE_USER('***', '***",
            ),
            (
                "INSERT INTO u (name, password) VALUES ('a', 'b')",
                "INSERT INTO u (name, password) VALUES ('a', '***')",
            ),
        ] {
            assert_eq!(masked(sql, End::Whole, Dialect::Db2).text, wanted);
        }
        let bound = masked("CALL SYSCS_UTIL.SYSCS_CREATE_USER(?, ?)", End::Whole, Dialect::Db2);
        assert_eq!(bound.secrets, [1, 2]);
    }

    #[test]
    fn what_is_no_such_call_stays() {
        for sql in [
            "CREATE TABLE orders (s_name VARCHAR(9))",
            "SELECT encrypted('a'), 'b' FROM t",
            "VALUES 'ENCRYPT'",
        ] {
            assert_eq!(masked(sql, End::Whole, Dialect::Db2).text, sql);
        }
    }

    #[test]
    fn a_text_of_nothing_but_such_calls_is_read_in_time() {
        for hostile in ["encrypt(", "encrypt('", "syscs_create_user(?", "(("] {
            let text = hostile.repeat((64 << 10) / hostile.len());
            assert!(!masked(&text, End::Whole, Dialect::Db2).text.is_empty());
        }
    }
}
