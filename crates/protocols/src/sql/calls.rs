//! The passwords in statements of ClickHouse that stand in calls: of table functions and engines which lead to other servers.

use super::secrets::{Secret, quoted};

/// What leads to other servers, and which of its arguments are no one's to keep, counted from 0.
const CALLS: [(&[u8], &[usize]); 14] = [
    (b"mysql", &[4]),
    (b"postgresql", &[4]),
    (b"materializedpostgresql", &[4]),
    (b"mongodb", &[4]),
    (b"redis", &[4]),
    (b"remote", &[4]),
    (b"remotesecure", &[4]),
    (b"s3", &[1, 2]),
    (b"s3cluster", &[2, 3]),
    (b"gcs", &[1, 2]),
    (b"deltalake", &[1, 2]),
    (b"iceberg", &[1, 2]),
    (b"azureblobstorage", &[0, 4]),
    (b"azureblobstoragecluster", &[1, 5]),
];
/// In those of objects that have no key a format stands at its place; then the arguments are fewer.
const KEYED: usize = 3;

/// Finds them.
pub(super) fn secrets(sql: &[u8], found: &mut Vec<Secret>) {
    let mut read = 0;
    for open in memchr::memchr_iter(b'(', sql) {
        if open < read {
            continue;
        }
        let before = sql.get(..open).unwrap_or_default().trim_ascii_end();
        let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let name = before.iter().rev().take_while(is_of_name).count();
        let name = before.get(before.len() - name..).unwrap_or_default();
        let call = CALLS.iter().find(|(call, _)| call.eq_ignore_ascii_case(name));
        if let Some((call, places)) = call {
            read = arguments(sql, open + 1, (call, places), found);
        }
    }
}

/// Reads the arguments of a call from behind its parenthesis: where it ends.
fn arguments(sql: &[u8], from: usize, call: (&[u8], &[usize]), found: &mut Vec<Secret>) -> usize {
    let (name, places) = call;
    let (mut at, mut deep, mut place, mut dotted) = (from, 0_usize, 0, false);
    let mut literals = Vec::new();
    while let Some(byte) = sql.get(at) {
        match byte {
            b'\'' => {
                let length = quoted(b'\'', sql.get(at + 1..).unwrap_or_default());
                literals.push((place, at + 1, at + 1 + length));
                at += 1 + length;
            }
            b'(' => deep += 1,
            b')' if deep == 0 => break,
            b')' => deep -= 1,
            b',' if deep == 0 => place += 1,
            // `remote('host', database.table, 'user', 'password')`
            b'.' if deep == 0 && place == 1 && name.starts_with(b"remote") => dotted = true,
            _ => {}
        }
        at += 1;
    }
    let is_keyed = places.len() < 2 || place + 1 >= KEYED || sql.get(at).is_none();
    let is_secret = |place: usize| is_keyed && places.contains(&(place + usize::from(dotted)));
    let secret = literals.into_iter().filter(|(place, ..)| is_secret(*place));
    found.extend(secret.map(|(_, from, to)| Secret::Literal(from, to)));
    at
}

#[cfg(test)]
mod tests {
    use crate::sql::secrets::{Dialect, End, masked};

    #[test]
    fn passwords_of_other_servers_are_masked() {
        for (sql, wanted) in [
            (
                "SELECT * FROM mysql('h:1', 'd', 't', 'u', 'tulip')",
                "SELECT * FROM mysql('h:1', 'd', 't', 'u', '***')",
            ),
            (
                "CREATE TABLE t ENGINE = PostgreSQL ('h', 'd', 't', 'u', 'a''b', 's')",
                "CREATE TABLE t ENGINE = PostgreSQL ('h', 'd', 't', 'u', '***', 's')",
            ),
            ("SELECT 1 FROM remote('h', d.t, 'u', 'tulip')", "SELECT 1 FROM remote('h', d.t, 'u', '***')"),
            (
                "SELECT 1 FROM remote('h', 'd', 't', 'u', 'tulip')",
                "SELECT 1 FROM remote('h', 'd', 't', 'u', '***')",
            ),
            ("SELECT 1 FROM s3('u', 'k', 's', 'CSV')", "SELECT 1 FROM s3('u', '***', '***', 'CSV')"),
            (
                "SELECT 1 FROM mysql('h:1', 'd', 't', 'u', 'tul",
                "SELECT 1 FROM mysql('h:1', 'd', 't', 'u', '***",
            ),
            ("CREATE USER a IDENTIFIED BY 'tulip'", "CREATE USER a IDENTIFIED BY '***'"),
            ("SOURCE(CLICKHOUSE(USER 'a' PASSWORD 'tulip'))", "SOURCE(CLICKHOUSE(USER 'a' PASSWORD '***'))"),
        ] {
            assert_eq!(masked(sql, End::Whole, Dialect::Clickhouse).text, wanted);
        }
        for sql in [
            "SELECT s3('u', 'CSV')",
            "SELECT 1 FROM remote('h', 'd', 't', 'u')",
            "INSERT INTO mysql (a) VALUES ('a')",
        ] {
            assert_eq!(masked(sql, End::Whole, Dialect::Clickhouse).text, sql);
        }
    }
}
