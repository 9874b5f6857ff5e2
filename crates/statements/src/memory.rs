//! What was read of a statement before, for statements that are executed many times.

use std::sync::Arc;

use hashbrown::HashMap;
use model::exchange::{Request, Text};

use crate::tables::{Names, tables};

/// The protocols whose statements are SQL.
const SQL: [&str; 1] = ["postgresql"];
/// So many prepared statements are remembered; then the memory begins anew.
const STATEMENTS: usize = 4096;

/// Remembers the tables of prepared statements.
///
/// All executions of a prepared statement share one text, so that its address names it for as long as it is kept here.
#[derive(Debug, Default)]
pub struct Memory {
    tables: HashMap<usize, (Text, Vec<Text>)>,
    names: Names,
}

impl Memory {
    /// Names the tables that a request's statement touches, where the protocol left that to the statement's text.
    pub fn name_targets(&mut self, protocol: &str, request: &mut Request) {
        if !request.targets.is_empty() || !SQL.contains(&protocol) {
            return;
        }
        let Some(statement) = &request.statement else { return };
        request.targets = match Arc::strong_count(statement) {
            1 => tables(statement, &mut self.names),
            _ => self.recall(statement),
        };
    }

    fn recall(&mut self, statement: &Text) -> Vec<Text> {
        let address = statement.as_ptr().addr();
        if let Some((_, tables)) = self.tables.get(&address) {
            return tables.clone();
        }
        if self.tables.len() >= STATEMENTS {
            self.tables.clear();
        }
        let found = tables(statement, &mut self.names);
        self.tables.insert(address, (Arc::clone(statement), found.clone()));
        found
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::exchange::{Request, Text};

    use super::Memory;

    fn targets(memory: &mut Memory, protocol: &str, statement: &Text) -> Vec<Text> {
        let mut request = Request { statement: Some(Arc::clone(statement)), ..Request::default() };
        memory.name_targets(protocol, &mut request);
        request.targets
    }

    #[test]
    fn a_prepared_statement_is_read_once_and_told_each_time() {
        let mut memory = Memory::default();
        let statement: Text = "select * from a join b using (id)".into();
        for _ in 0..3 {
            assert_eq!(targets(&mut memory, "postgresql", &statement), ["a".into(), "b".into()]);
        }
        assert_eq!(memory.tables.len(), 1);
    }

    #[test]
    fn what_is_no_sql_has_no_tables() {
        assert!(targets(&mut Memory::default(), "http", &"GET /from/users".into()).is_empty());
    }

    #[test]
    fn the_memory_has_a_cap() {
        let mut memory = Memory::default();
        for n in 0..super::STATEMENTS + 10 {
            targets(&mut memory, "postgresql", &format!("select * from t{n}").into());
        }
        assert!(memory.tables.len() <= super::STATEMENTS);
    }
}
