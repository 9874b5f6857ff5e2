//! The tables that a statement touches, read from its tokens.

use std::borrow::Cow;

use hashbrown::HashSet;
use model::exchange::Text;

use crate::tokens::{Gap, Step, Token, Tokens};

/// A statement that names more tables than this is not told in full.
const TABLES: usize = 32;
/// So often the text ahead of a parenthesis or a `WITH` is looked at; a statement made of nothing else would be read as
/// often as it has words.
const LOOKS: usize = 64;
/// So many names are kept as one text each; then the collection begins anew.
const NAMES: usize = 4096;
/// A longer name is not kept. Servers take names of some sixty bytes, and a table's has a schema and perhaps a database before it.
const NAME: usize = 256;
/// Common table expressions deeper than this are taken for tables.
const EXPRESSIONS: usize = 32;

/// The tables that `statement` names, each once, as `schema.table` where the schema stands there, in the
/// order of the text. Names that the statement itself defines (`WITH name AS`) are no tables.
///
/// Tokens tell no semantics: a name behind `FROM`, `JOIN`, `INTO`, `UPDATE`, `TABLE` or `COPY` is taken for a
/// table, a function call there is not.
#[must_use]
pub fn tables(statement: &str, names: &mut Names) -> Vec<Text> {
    read(statement, names, &mut Vec::new())
}

/// The tables of `statement`, and in `gaps` what is gap in it, each with where it begins and ends.
pub(crate) fn read(statement: &str, names: &mut Names, gaps: &mut Vec<(Gap, usize, usize)>) -> Vec<Text> {
    gaps.clear();
    let mut reading = Reading {
        tokens: Tokens::of(statement),
        back: None,
        found: Vec::new(),
        defined: Vec::new(),
        looks: LOOKS,
        names,
        gaps,
    };
    reading.read();
    reading.found
}

struct Reading<'a, 'n> {
    tokens: Tokens<'a>,
    back: Option<Token<'a>>,
    found: Vec<Text>,
    defined: Vec<&'a str>,
    /// How often the text ahead may still be looked at.
    looks: usize,
    names: &'n mut Names,
    gaps: &'n mut Vec<(Gap, usize, usize)>,
}

/// The texts of names, so that one name is one text however many statements say it.
#[derive(Debug, Default)]
pub struct Names(HashSet<Text>);

impl Names {
    /// The text of `name`.
    fn text(&mut self, name: &str) -> Text {
        if let Some(text) = self.0.get(name) {
            return Text::clone(text);
        }
        let text = Text::from(name);
        if name.len() <= NAME {
            if self.0.len() >= NAMES {
                self.0.clear();
            }
            self.0.insert(Text::clone(&text));
        }
        text
    }
}

/// The words behind which tables are named.
enum Keyword {
    With,
    From,
    Join,
    Into,
    Update,
    Table,
    Copy,
    Truncate,
    /// Any other word.
    None,
}

impl Keyword {
    /// Most words are told apart by their length and first letter, so that few are compared.
    fn of(word: &str) -> Keyword {
        let is =
            |keyword: &str, found| if word.eq_ignore_ascii_case(keyword) { found } else { Keyword::None };
        match (word.len(), word.as_bytes().first().map(u8::to_ascii_lowercase)) {
            (4, Some(b'f')) => is("FROM", Keyword::From),
            (4, Some(b'w')) => is("WITH", Keyword::With),
            (4, Some(b'j')) => is("JOIN", Keyword::Join),
            (4, Some(b'i')) => is("INTO", Keyword::Into),
            (4, Some(b'c')) => is("COPY", Keyword::Copy),
            (5, Some(b't')) => is("TABLE", Keyword::Table),
            (6, Some(b'u')) => is("UPDATE", Keyword::Update),
            (8, Some(b't')) => is("TRUNCATE", Keyword::Truncate),
            _ => Keyword::None,
        }
    }
}

/// What may follow a keyword that names tables.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// One name.
    One,
    /// Names with commas between, each perhaps with an alias.
    List,
}

/// The parentheses of `EXTRACT(year FROM created)` and its kin, whose `FROM` names no table.
#[derive(Default)]
struct FromFunction {
    depth: usize,
    opened: Option<usize>,
}

impl FromFunction {
    fn step(&mut self, before: Option<&str>, token: Token<'_>) {
        const FUNCTIONS: [&str; 4] = ["EXTRACT", "SUBSTRING", "TRIM", "OVERLAY"];
        match token {
            Token::Sign(b'(') => {
                self.depth += 1;
                let named = before.is_some_and(|b| FUNCTIONS.iter().any(|f| b.eq_ignore_ascii_case(f)));
                if named && self.opened.is_none() {
                    self.opened = Some(self.depth);
                }
            }
            Token::Sign(b')') => {
                if self.opened == Some(self.depth) {
                    self.opened = None;
                }
                self.depth = self.depth.saturating_sub(1);
            }
            Token::Word(_) | Token::Quoted(_) | Token::Sign(_) | Token::Literal => {}
        }
    }

    /// Whether the text stands directly inside such parentheses; a subquery in them has its own.
    fn is_open(&self) -> bool {
        self.opened == Some(self.depth)
    }
}

impl<'a> Reading<'a, '_> {
    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(token) = self.back.take() {
            return Some(token);
        }
        loop {
            let step = self.tokens.step()?;
            if let Step::Gap(gap, from, to) = step {
                self.gaps.push((gap, from, to));
            }
            if let Some(token) = step.token() {
                return Some(token);
            }
        }
    }

    /// The tokens that follow, or none when they were looked at too often.
    fn look_ahead(&mut self) -> Tokens<'a> {
        if self.looks == 0 {
            return Tokens::of("");
        }
        self.looks -= 1;
        self.tokens.clone()
    }

    fn read(&mut self) {
        let mut before: Option<&str> = None;
        let mut function = FromFunction::default();
        while let Some(token) = self.next() {
            function.step(before, token);
            let Token::Word(word) = token else {
                before = None;
                continue;
            };
            let after = |keyword: &str| before.is_some_and(|b: &str| b.eq_ignore_ascii_case(keyword));
            match Keyword::of(word) {
                Keyword::With => self.expressions(),
                Keyword::From if !after("DISTINCT") && !function.is_open() => self.places(Place::List),
                Keyword::Update if !after("FOR") && !after("DO") && !after("KEY") => self.places(Place::One),
                Keyword::Join | Keyword::Into => self.places(Place::One),
                Keyword::Table | Keyword::Copy => self.places(Place::List),
                Keyword::Truncate if before.is_none() => self.places(Place::List),
                Keyword::From | Keyword::Update | Keyword::Truncate | Keyword::None => {}
            }
            before = Some(word);
        }
    }

    /// `WITH [RECURSIVE] name [(columns)] AS (...), name AS (...) SELECT`: the names are defined here. Their bodies are
    /// read afterwards like any other text.
    fn expressions(&mut self) {
        let mut depth = 0_usize;
        let mut name_follows = true;
        for token in self.look_ahead() {
            match token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') => depth = depth.saturating_sub(1),
                Token::Sign(b',') if depth == 0 => name_follows = true,
                Token::Word(word) if depth == 0 && word.eq_ignore_ascii_case("RECURSIVE") => {}
                Token::Word(word) if depth == 0 && ends_with_clause(word) => return,
                Token::Word(name) | Token::Quoted(name) if depth == 0 && name_follows => {
                    name_follows = false;
                    if self.defined.len() < EXPRESSIONS {
                        self.defined.push(name);
                    }
                }
                Token::Word(_) | Token::Quoted(_) | Token::Sign(_) | Token::Literal => {}
            }
        }
    }

    fn places(&mut self, place: Place) {
        loop {
            match self.next() {
                Some(Token::Word(word)) if is_filler(word) => continue,
                Some(Token::Word(name)) if !is_keyword(name) => self.name(name),
                Some(Token::Quoted(name)) => self.name(name),
                other => {
                    self.back = other;
                    return;
                }
            }
            if place == Place::One || !self.comma_after_alias() {
                return;
            }
        }
    }

    /// Passes over an alias; whether a comma follows it.
    fn comma_after_alias(&mut self) -> bool {
        loop {
            match self.next() {
                Some(Token::Sign(b',')) => return true,
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("AS") || !is_keyword(word) => {}
                Some(Token::Quoted(_)) => {}
                other => {
                    self.back = other;
                    return false;
                }
            }
        }
    }

    /// A table's name, of which `first` is the first part.
    fn name(&mut self, first: &'a str) {
        let mut name = Cow::Borrowed(first);
        let mut next = self.next();
        while next == Some(Token::Sign(b'.')) {
            match self.next() {
                Some(Token::Word(part) | Token::Quoted(part)) => name = Cow::Owned(format!("{name}.{part}")),
                other => {
                    self.back = other;
                    return;
                }
            }
            next = self.next();
        }
        self.back = next;
        let is_call = next == Some(Token::Sign(b'(')) && !self.is_column_list();
        let is_defined = self.defined.iter().any(|d| d.eq_ignore_ascii_case(&name));
        if !is_call && !is_defined && self.found.len() < TABLES && !self.found.iter().any(|f| **f == *name) {
            self.found.push(self.names.text(&name));
        }
    }

    /// Whether the parenthesis that follows a name holds columns (`INSERT INTO t (a, b)`, `CREATE TABLE t (a int)`, `COPY t (a)`)
    /// and not arguments: arguments are read from `FROM` and `JOIN` only, where no list of columns may stand.
    fn is_column_list(&mut self) -> bool {
        let mut depth = 0_usize;
        let mut after = None;
        for token in self.look_ahead() {
            match token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') if depth == 0 => after = Some(()),
                Token::Sign(b')') => depth -= 1,
                Token::Word(word) if after.is_some() => {
                    let follows =
                        ["VALUES", "SELECT", "FROM", "TO", "DEFAULT", "OVERRIDING", "WITH", "PARTITION"];
                    return follows.iter().any(|f| word.eq_ignore_ascii_case(f));
                }
                Token::Sign(b';') if after.is_some() => return true,
                _ => {}
            }
        }
        after.is_some()
    }
}

/// Words that may stand between the keyword and the name.
fn is_filler(word: &str) -> bool {
    ["ONLY", "IF", "NOT", "EXISTS", "LATERAL", "TABLE", "INTO"].iter().any(|f| word.eq_ignore_ascii_case(f))
}

/// Words that cannot be a table's name or an alias without quotes, as far as they can stand there.
fn is_keyword(word: &str) -> bool {
    /// By their length.
    const KEYWORDS: [&[&str]; 10] = [
        &[],
        &[],
        &["ON", "TO", "AS"],
        &["SET", "FOR"],
        &["FROM", "JOIN", "LEFT", "FULL", "WITH"],
        &[
            "WHERE", "USING", "RIGHT", "INNER", "OUTER", "CROSS", "GROUP", "ORDER", "LIMIT", "FETCH",
            "UNION", "STDIN",
        ],
        &["SELECT", "HAVING", "OFFSET", "EXCEPT", "VALUES", "WINDOW", "STDOUT"],
        &["NATURAL", "DEFAULT"],
        &[],
        &["RETURNING", "INTERSECT"],
    ];
    KEYWORDS.get(word.len()).is_some_and(|keywords| keywords.iter().any(|k| word.eq_ignore_ascii_case(k)))
}

/// Words that begin the statement behind the expressions of a `WITH`.
fn ends_with_clause(word: &str) -> bool {
    ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES"].iter().any(|k| word.eq_ignore_ascii_case(k))
}

#[cfg(test)]
mod tests {
    use super::{Names, tables};

    /// A statement and the tables it touches.
    const CASES: [(&str, &[&str]); 27] = [
        ("select 1", &[]),
        ("SELECT * FROM users WHERE email = $1", &["users"]),
        ("select a.x, b.y from public.a, s.b as q, c d where 1=1", &["public.a", "s.b", "c"]),
        ("select * from a join b on a.id = b.id left outer join c using (id)", &["a", "b", "c"]),
        ("select * from (select * from inner_one) x, t2", &["inner_one"]),
        ("insert into orders (id, note) values (1, 'from nowhere')", &["orders"]),
        ("INSERT INTO archive SELECT * FROM live", &["archive", "live"]),
        ("update only accounts set balance = 1 where id in (select id from vip)", &["accounts", "vip"]),
        ("delete from t where a is distinct from b", &["t"]),
        ("select * from users for update", &["users"]),
        ("insert into t values (1) on conflict do update set a = 2", &["t"]),
        ("with w as (select * from base) select * from w join other on true", &["base", "other"]),
        ("with recursive w(n) as (select 1), v as (select * from y) select * from w, v, z", &["y", "z"]),
        ("select * from generate_series(1, 10) g", &[]),
        ("select extract(year from created) from events", &["events"]),
        ("select \"Name\" from \"My Table\" t", &["My Table"]),
        ("select `a` from `db`.`t`", &["db.t"]),
        ("create table if not exists new_one (id int primary key)", &["new_one"]),
        ("drop table a, b", &["a", "b"]),
        ("truncate table a", &["a"]),
        ("alter table only big add column x int", &["big"]),
        ("copy users (id, email) from stdin", &["users"]),
        ("select '-- from x' /* from y */ from z -- from w", &["z"]),
        ("select $$ from a $$, $tag$ from b $tag$, E'\\' from c' from d", &["d"]),
        ("select 1; select * from second", &["second"]),
        ("select * from t1, t1", &["t1"]),
        ("select * from", &[]),
    ];

    #[test]
    fn the_tables_of_a_statement() {
        for (statement, expected) in CASES {
            let found = tables(statement, &mut Names::default());
            let found: Vec<&str> = found.iter().map(|t| &**t).collect();
            assert_eq!(found, expected, "{statement}");
        }
    }

    #[test]
    fn a_text_of_nothing_but_looks_ahead_is_read_in_time() {
        for hostile in ["from f(", "with a ", "into x("] {
            let text = hostile.repeat(200_000 / hostile.len());
            assert!(tables(&text, &mut Names::default()).len() <= super::TABLES);
        }
    }

    #[test]
    fn texts_that_never_end_do() {
        for text in [
            "'",
            "\"",
            "/*",
            "$a$",
            "e'\\",
            "with",
            "with a as (",
            "from a.",
            "--",
            "from ((((",
            "\u{1F600} from ü",
        ] {
            assert!(tables(text, &mut Names::default()).len() <= 1, "{text}");
        }
    }
}
