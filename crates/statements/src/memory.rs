//! What was read of a statement before, for statements that come again with other values.

use model::exchange::{Request, Text};

use crate::shapes::Shapes;
use crate::tables::{Names, read};
use crate::tokens::Gap;

/// The protocols whose statements are SQL.
const SQL: [&str; 1] = ["postgresql"];
/// So many gaps have room from one statement to the next.
const GAPS: usize = 1024;

/// Remembers the tables of statements.
///
/// Programs send few statements, again and again with other values: what is read of one holds for all of its shape.
#[derive(Debug, Default)]
pub struct Memory {
    tables: Shapes<Vec<Text>>,
    names: Names,
    /// Of the statement that was read last.
    gaps: Vec<(Gap, usize, usize)>,
}

impl Memory {
    /// Names the tables that a request's statement touches, where the protocol left that to the statement's text.
    #[inline]
    pub fn name_targets(&mut self, protocol: &str, request: &mut Request) {
        if !request.targets.is_empty() || !SQL.contains(&protocol) {
            return;
        }
        if let Some(statement) = &request.statement {
            self.add_tables(statement, &mut request.targets);
        }
    }

    /// Adds the tables that a statement touches.
    #[inline]
    pub fn add_tables(&mut self, statement: &str, to: &mut Vec<Text>) {
        match self.tables.find(statement) {
            // Most touch one.
            Some(tables) => tables.iter().for_each(|table| to.push(Text::clone(table))),
            None => self.add_unknown(statement, to),
        }
    }

    #[inline(never)]
    fn add_unknown(&mut self, statement: &str, to: &mut Vec<Text>) {
        let found = read(statement, &mut self.names, &mut self.gaps);
        let elsewhere = found.iter().map(|name| size_of::<Text>() + name.len()).sum();
        to.extend_from_slice(&found);
        self.tables.keep(statement, &self.gaps, found, elsewhere);
        self.gaps.shrink_to(GAPS);
    }
}

#[cfg(test)]
mod tests {
    use model::exchange::{Request, Text};
    use proptest::collection::vec;
    use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
    use proptest::sample::select;

    use super::Memory;
    use crate::tables::{Names, tables};

    fn targets(protocol: &str, statement: &str) -> Vec<Text> {
        let mut request = Request { statement: Some(statement.into()), ..Request::default() };
        Memory::default().name_targets(protocol, &mut request);
        request.targets
    }

    fn told(memory: &mut Memory, statement: &str) -> Vec<Text> {
        let mut tables = Vec::new();
        memory.add_tables(statement, &mut tables);
        tables
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
                for _ in 0..2 {
                    prop_assert_eq!(&told(&mut memory, &statement), &read, "{}", statement);
                }
            }
        }
    }
}
