//! What was read of a statement before, for statements that come again with other values.

use std::sync::Arc;

use model::exchange::{Request, Text};

use crate::shapes::Shapes;
use crate::tables::{Names, read};
use crate::tokens::Gap;

/// The protocols whose statements are SQL.
const SQL: [&str; 4] = ["postgresql", "mysql", "cassandra", "clickhouse"];
/// So many gaps have room from one statement to the next.
const GAPS: usize = 1024;

/// So many texts that exchanges share are known by where they stand in memory; a newcomer takes the place of the one that it
/// meets there.
const SHARED: usize = 256;
/// A longer text is not kept there.
const LONGEST: usize = 4 << 10;

/// Remembers the tables of statements.
///
/// Programs send few statements, again and again with other values: what is read of one holds for all of its shape.
#[derive(Debug, Default)]
pub struct Memory {
    tables: Shapes<Vec<Text>>,
    names: Names,
    /// What is read of texts that exchanges share.
    shared: Vec<Option<(Text, Box<[Text]>)>>,
    /// Of the statement that was read last.
    gaps: Vec<(Gap, usize, usize)>,
    unknown: Vec<Text>,
}

impl Memory {
    /// Names the tables that a request's statement touches, where the protocol left that to the statement's text.
    #[inline]
    pub fn name_targets(&mut self, protocol: &str, request: &mut Request) {
        if !request.targets.is_empty() || !SQL.contains(&protocol) {
            return;
        }
        let Request { statement, targets, past_targets, .. } = request;
        let tables = match (statement.shared(), statement.as_deref()) {
            (Some(shared), _) => self.tables_of_shared(shared),
            (None, Some(statement)) => self.tables_of(statement),
            (None, None) => return,
        };
        past_targets.again(tables, targets);
    }

    /// The same of a text that others share: it is the same text while it is kept, and need not be looked at again.
    fn tables_of_shared(&mut self, statement: &Text) -> &[Text] {
        let address = Arc::as_ptr(statement).addr();
        let at = (address >> 4 ^ address >> 12) % SHARED;
        let is_known = matches!(self.shared.get(at), Some(Some((known, _))) if Arc::ptr_eq(known, statement));
        if !is_known {
            if statement.len() > LONGEST {
                return self.tables_of(statement);
            }
            let tables = self.tables_of(statement).into();
            self.shared.resize(SHARED, None);
            if let Some(place) = self.shared.get_mut(at) {
                *place = Some((Text::clone(statement), tables));
            }
        }
        self.shared.get(at).and_then(Option::as_ref).map_or(&[], |(_, tables)| tables)
    }

    /// The tables that a statement touches.
    #[inline]
    pub fn tables_of(&mut self, statement: &str) -> &[Text] {
        match self.tables.place(statement) {
            Some(place) => self.tables.at(place).map_or(&[], Vec::as_slice),
            None => self.tables_of_unknown(statement),
        }
    }

    #[inline(never)]
    fn tables_of_unknown(&mut self, statement: &str) -> &[Text] {
        self.unknown = read(statement, &mut self.names, &mut self.gaps);
        let elsewhere = self.unknown.iter().map(|name| size_of::<Text>() + name.len()).sum();
        self.tables.keep(statement, &self.gaps, self.unknown.clone(), elsewhere);
        self.gaps.shrink_to(GAPS);
        &self.unknown
    }
}

#[cfg(test)]
mod tests {
    use model::exchange::{Request, Text};
    use proptest::collection::vec;
    use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
    use proptest::sample::select;

    use super::{LONGEST, Memory, SHARED};
    use crate::tables::{Names, tables};

    fn targets(protocol: &str, statement: &str) -> Vec<Text> {
        let mut request = Request { statement: statement.into(), ..Request::default() };
        Memory::default().name_targets(protocol, &mut request);
        request.targets
    }

    fn told(memory: &mut Memory, statement: &str) -> Vec<Text> {
        memory.tables_of(statement).to_vec()
    }

    fn told_shared(memory: &mut Memory, statement: &Text) -> Vec<Text> {
        let mut request = Request::default();
        request.statement.share(Text::clone(statement));
        memory.name_targets("postgresql", &mut request);
        request.targets
    }

    #[test]
    fn texts_that_take_the_place_of_shared_ones_are_not_taken_for_them() {
        let mut memory = Memory::default();
        for n in 0..4 * SHARED {
            let (short, long) =
                (format!("select * from t{n}"), format!("select * from l{n}{}", " ".repeat(LONGEST)));
            for (statement, table) in [(short, format!("t{n}")), (long, format!("l{n}"))] {
                let statement = Text::from(statement);
                for _ in 0..2 {
                    assert_eq!(told_shared(&mut memory, &statement), [Text::from(table.as_str())]);
                }
            }
        }
        assert_eq!(memory.shared.len(), SHARED);
        assert!(memory.shared.iter().flatten().all(|(known, _)| known.len() <= LONGEST));
    }

    #[test]
    fn only_sql_has_tables() {
        assert_eq!(targets("postgresql", "select * from users"), ["users".into()]);
        assert!(targets("http", "GET /from/users").is_empty());
    }

    #[test]
    fn a_statement_with_other_values_is_not_read_again() {
        let mut memory = Memory::default();
        let first = told(&mut memory, "select * from a join b using (id) where c = 1");
        let again = told(&mut memory, "select * from a join b using (id) where c = 2.5e-7");
        assert_eq!(first, ["a".into(), "b".into()]);
        assert_eq!(first, again);
        assert!(memory.tables.find("select * from a join b using (id) where c = 0x1F").is_some());
    }

    /// Literals and comments, with what ends them early, late or never.
    fn value() -> impl Strategy<Value = String> {
        let inside = vec(
            select(vec![
                "a", "'", "''", "\\", "\\'", "$", "$a$", "--", "/*", "*/", "\n", "1", "é", " from x ",
            ]),
            0..4,
        );
        let framed = |begin: &'static str, end: &'static str| {
            inside.clone().prop_map(move |inside| format!("{begin}{}{end}", inside.concat()))
        };
        prop_oneof![
            any::<u32>().prop_map(|n| n.to_string()),
            select(vec![
                "1.5", "-1", "1e5", "1e-5", "1.5E+3", "0x1f", "1..2", ".5", "1.", "1a", "1_000", "$1", "$",
                "1$a"
            ])
            .prop_map(str::to_owned),
            framed("'", "'"),
            framed("e'", "'"),
            framed("x'", "'"),
            framed("$a$", "$a$"),
            framed("$$", "$$"),
            framed("/*", "*/"),
            framed("--", "\n"),
            framed("\"", "\""),
        ]
    }

    /// Statements with `?` for each value.
    fn shape() -> impl Strategy<Value = String> {
        let whole = select(vec![
            "SELECT a FROM t WHERE id = ? AND b IN (?, ?) LIMIT ?;",
            "insert into t (a, b) values (?, ?), (?, ?)",
            "update \"T?\" set a = ?::text, b = c-? from u? where d=?",
            "with w as (select ? from a) select * from w, b where ? - ?",
            "select extract(year from ?), f(?) from g(?) join s.t? on e?",
            "copy t? (a) from ?",
        ]);
        let pieces = vec(
            select(vec![
                "select", " ", "from", "a", "e", "?", ",", "(", ")", ".", "-", "/", "*", "\"", "'", "t", ";",
                "with", "as",
            ]),
            0..12,
        );
        prop_oneof![whole.prop_map(str::to_owned), pieces.prop_map(|pieces| pieces.concat())]
    }

    /// The shape with values in it, cut somewhere.
    fn statement(shape: &str, values: &[String], cut: Option<usize>) -> String {
        let mut values = values.iter().cycle();
        let mut text = String::new();
        for piece in shape.split_inclusive('?') {
            text.push_str(piece.trim_end_matches('?'));
            if piece.ends_with('?') {
                text.push_str(values.next().map_or("", String::as_str));
            }
        }
        let cut = cut.map_or(text.len(), |cut| cut % (text.len() + 1));
        text.truncate((0..=cut).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0));
        text
    }

    proptest! {
        #[test]
        fn what_is_remembered_is_what_is_read(
            shapes in vec(shape(), 1..4),
            said in vec((any::<usize>(), vec(value(), 1..5), prop_oneof![3 => Just(None), 1 => any::<usize>().prop_map(Some)]), 1..40),
        ) {
            let mut memory = Memory::default();
            for (shape, values, cut) in said {
                let statement = statement(&shapes[shape % shapes.len()], &values, cut);
                let read = tables(&statement, &mut Names::default());
                let shared = Text::from(statement.as_str());
                for _ in 0..2 {
                    prop_assert_eq!(&told(&mut memory, &statement), &read, "{}", statement);
                    prop_assert_eq!(&told_shared(&mut memory, &shared), &read, "{}", statement);
                }
            }
        }
    }
}
