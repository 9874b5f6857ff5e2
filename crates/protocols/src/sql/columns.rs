//! The passwords among values that stand apart from the names of their columns: `(name, password) VALUES ('a', 'b')`.

use super::logins;
use super::secrets::{Dialect, Secret, dollar_quoted, holds_password, marker, parameter, quoted};
use super::verb::{after_comment, after_line, is_inner};

/// The values that are given to columns with the word `password` in their names: in every row of an `INSERT`, in what it
/// selects instead, and in an `UPDATE` of several columns at once.
pub(super) fn secrets(sql: &[u8], dialect: Dialect) -> Vec<Secret> {
    let mut reading = Reading { sql, at: 0, dialect, found: Vec::new() };
    let mut columns = Columns::default();
    while let Some(token) = reading.next() {
        match (columns.list, token) {
            (_, Token::Sign(b'(')) => columns = Columns { list: List::Open, secret: vec![false] },
            (List::Open, Token::Sign(b',')) => columns.secret.push(false),
            (List::Open, Token::Name(name)) => columns.add(name),
            (List::Open, Token::Sign(b')')) => columns.list = List::Closed,
            (List::Closed, Token::Name(name)) if dialect.is_values(name) => {
                reading.rows(&columns);
                columns.list = List::None;
            }
            (List::Closed, Token::Name(name)) if name.eq_ignore_ascii_case(b"SELECT") => {
                reading.row(&columns, 0);
                columns.list = List::None;
            }
            (List::Closed, Token::Sign(b'=')) => {
                reading.set(&columns);
                columns.list = List::None;
            }
            (List::Closed, Token::Name(name)) if is_between(name) => {}
            (List::None | List::Open | List::Closed, _) => columns.list = List::None,
        }
    }
    reading.found
}

impl Dialect {
    /// Whether the word says that rows of values follow.
    fn is_values(self, word: &[u8]) -> bool {
        word.eq_ignore_ascii_case(b"VALUES")
            || matches!(self, Dialect::Mysql | Dialect::Clickhouse) && word.eq_ignore_ascii_case(b"VALUE")
    }
}

/// The numbers of the parameters without a name that stand at these places, counted from 1.
pub(super) fn ordinals(sql: &[u8], places: &[usize], dialect: Dialect) -> Vec<u16> {
    if places.is_empty() {
        return Vec::new();
    }
    let mut reading = Reading { sql, at: 0, dialect, found: Vec::new() };
    let (mut number, mut ordinals) = (0_u16, Vec::new());
    while let Some(token) = reading.next() {
        if let Token::Value(Secret::Place(at)) = token {
            number = number.saturating_add(1);
            if places.contains(&at) {
                ordinals.push(number);
            }
        }
    }
    ordinals
}

/// The words that may stand between an `INSERT`'s columns and its values.
fn is_between(word: &[u8]) -> bool {
    ["OVERRIDING", "SYSTEM", "USER", "VALUE"].iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
}

/// The words that end a list of what is selected.
fn ends_selection(word: &[u8]) -> bool {
    ["FROM", "WHERE", "UNION", "EXCEPT", "INTERSECT", "ON", "RETURNING"]
        .iter()
        .any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
}

/// Names in parentheses, which may turn out to be columns.
#[derive(Debug, Default)]
struct Columns {
    list: List,
    /// Which of them hold passwords.
    secret: Vec<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum List {
    /// What stood last in parentheses is no list of names, or too far away.
    #[default]
    None,
    /// So far there are only names in it.
    Open,
    /// It just ended.
    Closed,
}

impl Columns {
    fn add(&mut self, name: &[u8]) {
        if let Some(last) = self.secret.last_mut() {
            *last |= holds_password(name);
        }
    }

    fn is_secret(&self, place: usize) -> bool {
        self.secret.get(place).is_some_and(|secret| *secret)
    }
}

#[derive(Debug)]
enum Token<'a> {
    /// A word, or a name in quotes.
    Name(&'a [u8]),
    /// A literal or parameter.
    Value(Secret),
    Sign(u8),
}

struct Reading<'a> {
    sql: &'a [u8],
    at: usize,
    dialect: Dialect,
    found: Vec<Secret>,
}

impl<'a> Reading<'a> {
    /// Rows of values: `('a', 'b'), ('c', 'd')`.
    fn rows(&mut self, columns: &Columns) {
        while let Some(token) = self.next() {
            match token {
                Token::Sign(b'(') => self.row(columns, 1),
                Token::Sign(b',') => {}
                Token::Name(_) | Token::Value(_) | Token::Sign(_) => return,
            }
        }
    }

    /// What several columns are set to: `('a', 'b')`, `ROW ('a', 'b')`, `(SELECT 'a', 'b')`.
    fn set(&mut self, columns: &Columns) {
        while let Some(token) = self.next() {
            match token {
                Token::Sign(b'(') => return self.row(columns, 1),
                Token::Name(name) if name.eq_ignore_ascii_case(b"ROW") => {}
                Token::Name(_) | Token::Value(_) | Token::Sign(_) => return,
            }
        }
    }

    /// Values with commas between, within so many parentheses.
    fn row(&mut self, columns: &Columns, within: usize) {
        let (mut depth, mut place) = (within, 0);
        while let Some(token) = self.next() {
            match token {
                Token::Sign(b'(' | b'[') => depth += 1,
                Token::Sign(b')' | b']') if depth == within => return,
                Token::Sign(b')' | b']') => depth -= 1,
                Token::Sign(b',') if depth == within => place += 1,
                Token::Sign(b';') => return,
                Token::Name(name) if depth == 0 && ends_selection(name) => return,
                Token::Value(value) if columns.is_secret(place) => self.found.push(value),
                Token::Name(_) | Token::Value(_) | Token::Sign(_) => {}
            }
        }
    }

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let from = self.at;
            let rest = self.sql.get(from..)?;
            let (token, length) = match self.dialect {
                Dialect::Postgres => token(rest, from)?,
                Dialect::Mysql | Dialect::Clickhouse => mysql_token(rest, from)?,
                Dialect::Tsql => tsql_token(rest, from)?,
                Dialect::Cql | Dialect::Db2 => cql_token(rest, from)?,
            };
            self.at += length.max(1);
            if token.is_some() {
                return token;
            }
        }
    }
}

/// What stands at the beginning of `rest`, which begins at `from`, and how long it is: blanks and comments are nothing.
fn token(rest: &[u8], from: usize) -> Option<(Option<Token<'_>>, usize)> {
    let literal = |begin: usize, end: usize, length: usize| {
        let value = Secret::Literal(from + begin, from + end);
        Some((Some(Token::Value(value)), length))
    };
    let behind = |rest_of: &[u8]| Some((None, rest.len() - rest_of.len()));
    match rest {
        [] => None,
        [b'-', b'-', comment @ ..] => behind(after_line(comment)),
        [b'/', b'*', comment @ ..] => behind(after_comment(comment)),
        [b'\'', text @ ..] => {
            // Whether a backslash escapes a quote is the server's setting: a secret ends where it may at the latest.
            let end = 1 + plainly_quoted(text);
            literal(1, end.max(1 + quoted(b'\'', text)), end + 1)
        }
        [b'E' | b'e', b'\'', text @ ..] => literal(2, 2 + quoted(b'\'', text), 3 + quoted(b'\'', text)),
        [b'U' | b'u', b'&', b'\'', text @ ..] => {
            literal(3, 3 + plainly_quoted(text), 4 + plainly_quoted(text))
        }
        [b'"', name @ ..] => {
            let length = memchr::memchr(b'"', name).unwrap_or(name.len());
            Some((name.get(..length).map(Token::Name), length + 2))
        }
        [b'$', b'0'..=b'9', ..] => {
            let digits = rest.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
            Some((parameter(rest).map(|number| Token::Value(Secret::Parameter(number))), 1 + digits))
        }
        [b'$', ..] if let Some((begin, end)) = dollar_quoted(rest) => literal(begin, end, end + begin),
        [b'0'..=b'9', ..] => {
            let length = rest.iter().take_while(|b| is_inner(b) || **b == b'.').count();
            literal(0, length, length)
        }
        [first, ..] if is_of_name(first) => {
            let length = rest.iter().take_while(|b| is_of_name(b)).count();
            Some((rest.get(..length).map(Token::Name), length))
        }
        [first, ..] => Some(((!first.is_ascii_whitespace()).then_some(Token::Sign(*first)), 1)),
    }
}

/// The same, as MySQL reads it.
fn mysql_token(rest: &[u8], from: usize) -> Option<(Option<Token<'_>>, usize)> {
    match rest {
        [quote @ (b'\'' | b'"'), text @ ..] => {
            let length = quoted(*quote, text);
            Some((Some(Token::Value(Secret::Literal(from + 1, from + 1 + length))), length + 2))
        }
        [b'`', name @ ..] => {
            let length = memchr::memchr(b'`', name).unwrap_or(name.len());
            Some((name.get(..length).map(Token::Name), length + 2))
        }
        [b'?', ..] => Some((Some(Token::Value(Secret::Place(from))), 1)),
        [b'#', comment @ ..] => Some((None, rest.len() - after_line(comment).len())),
        // What stands in such a comment is run.
        [b'/', b'*', b'!', ..] => Some((None, 3)),
        [b'$', ..] => Some((Some(Token::Sign(b'$')), 1)),
        [b'E' | b'e' | b'U' | b'u', ..] => {
            let length = rest.iter().take_while(|b| is_of_name(b)).count();
            Some((rest.get(..length).map(Token::Name), length))
        }
        _ => token(rest, from),
    }
}

/// The same, as SQL Server reads it.
fn tsql_token(rest: &[u8], from: usize) -> Option<(Option<Token<'_>>, usize)> {
    if let Some(value) = logins::value(rest, 0) {
        let (value, end) = match value {
            Secret::Literal(begin, end) => (Secret::Literal(from + begin, from + end), end + 1),
            Secret::Named(begin, end) => (Secret::Named(from + begin, from + end), end),
            value @ (Secret::Parameter(_) | Secret::Place(_)) => (value, 1),
        };
        return Some((Some(Token::Value(value)), end));
    }
    match rest {
        [b'[', name @ ..] => {
            let length = memchr::memchr(b']', name).unwrap_or(name.len());
            Some((name.get(..length).map(Token::Name), length + 2))
        }
        [b'$', ..] => Some((Some(Token::Sign(b'$')), 1)),
        [b'E' | b'e' | b'U' | b'u', ..] => {
            let length = rest.iter().take_while(|b| is_of_name(b)).count();
            Some((rest.get(..length).map(Token::Name), length))
        }
        _ => token(rest, from),
    }
}

/// The same, as Cassandra reads it.
fn cql_token(rest: &[u8], from: usize) -> Option<(Option<Token<'_>>, usize)> {
    match (marker(rest, from), rest) {
        (Some(Secret::Named(begin, end)), _) => {
            Some((Some(Token::Value(Secret::Named(begin, end))), end - from))
        }
        (Some(value), _) => Some((Some(Token::Value(value)), 1)),
        (None, [b'/', b'/', comment @ ..]) => Some((None, rest.len() - after_line(comment).len())),
        (None, [b'\'', text @ ..]) => {
            let length = plainly_quoted(text);
            Some((Some(Token::Value(Secret::Literal(from + 1, from + 1 + length))), length + 2))
        }
        (None, [b'E' | b'e' | b'U' | b'u', ..]) => {
            let length = rest.iter().take_while(|b| is_of_name(b)).count();
            Some((rest.get(..length).map(Token::Name), length))
        }
        (None, _) => token(rest, from),
    }
}

fn is_of_name(byte: &u8) -> bool {
    is_inner(byte) || *byte >= 0x80
}

/// How long a text in quotes is, in which nothing but a doubled quote escapes one.
pub(super) fn plainly_quoted(text: &[u8]) -> usize {
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

#[cfg(test)]
mod tests {
    use crate::sql::secrets::{Dialect, End, masked};

    #[test]
    fn passwords_are_masked_in_the_columns_that_are_named_before() {
        let cases = [
            (
                "INSERT INTO users (name, password) VALUES ('x', 'y')",
                "INSERT INTO users (name, password) VALUES ('x', '***')",
            ),
            (
                "insert into s.u (\"Password_Hash\", id) overriding system value\nvalues (E'a\\'b', 1), ($$c$$, 2) returning id",
                "insert into s.u (\"Password_Hash\", id) overriding system value\nvalues (E'***', 1), ($$***$$, 2) returning id",
            ),
            (
                "INSERT INTO u (a, user_password, b) VALUES (f('1,)', ARRAY['2', '3']), crypt('x', gen_salt('bf')), 'y')",
                "INSERT INTO u (a, user_password, b) VALUES (f('1,)', ARRAY['2', '3']), crypt('***', gen_salt('***')), 'y')",
            ),
            (
                "INSERT INTO u (a, password) SELECT 'x', 'y' FROM v WHERE b = 'z'",
                "INSERT INTO u (a, password) SELECT 'x', '***' FROM v WHERE b = 'z'",
            ),
            (
                "UPDATE u SET (password, a) = ROW ('x', 'y'), (b, password) = ('z', 4711) WHERE c = 'd'",
                "UPDATE u SET (password, a) = ROW ('***', 'y'), (b, password) = ('z', ***) WHERE c = 'd'",
            ),
            (
                "MERGE INTO u USING v ON true WHEN NOT MATCHED THEN INSERT (a, password) VALUES (v.a, 'x')",
                "MERGE INTO u USING v ON true WHEN NOT MATCHED THEN INSERT (a, password) VALUES (v.a, '***')",
            ),
            (
                "INSERT INTO u (a /* (, */, password) VALUES ('C:\\', 'x'), ('it''s', 'cut of",
                "INSERT INTO u (a /* (, */, password) VALUES ('C:\\', '***'), ('it''s', '***",
            ),
        ];
        for (sql, wanted) in cases {
            assert_eq!(masked(sql, End::Whole, Dialect::Postgres).text, wanted);
        }
        for sql in [
            "INSERT INTO u (a, b) VALUES ('x', 'no password here')",
            "INSERT INTO u (password, a) VALUES (NULL, 'x'), (DEFAULT, 'y')",
            "SELECT f(a, password), 'x' FROM u",
            "CREATE TABLE u (id int, password text DEFAULT 'x')",
            "INSERT INTO u (a, password",
        ] {
            assert_eq!(masked(sql, End::Whole, Dialect::Postgres).text, sql);
        }
    }

    #[test]
    fn parameters_of_such_columns_are_found() {
        let sql = "INSERT INTO u (name, password) VALUES ($1, $2), ($3, crypt($4, $5)) RETURNING id";
        assert_eq!(masked(sql, End::Whole, Dialect::Postgres).secrets, [2, 4, 5]);
    }

    #[test]
    fn a_text_of_nothing_but_columns_is_read_in_time() {
        for hostile in [
            "(password,",
            "(password)=(",
            "(password) values (",
            "'password",
            "$password",
            "/*password",
            "\"password",
        ] {
            let text = hostile.repeat((64 << 10) / hostile.len());
            assert!(!masked(&text, End::Whole, Dialect::Postgres).text.is_empty());
        }
    }
}
