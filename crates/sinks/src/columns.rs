//! The columns of a line of JSON, and a memory of those before: all answers of one statement share theirs.

use std::sync::Arc;

use model::exchange::Column;

use crate::json::Json;

/// The columns that were told last.
#[derive(Debug)]
pub(crate) struct Told(Box<[Option<Written>; PLACES]>);

/// Columns, and how they were written. What is remembered is held, so that its address is nobody else's.
#[derive(Debug)]
struct Written {
    columns: Arc<[Column]>,
    json: Json,
}

/// So many are remembered, each in the place that its address gives it. A power of two.
const PLACES: usize = 256;

/// What comes behind the columns.
const BEHIND: &str = r#"],"samples":["#;

/// No longer JSON is remembered.
const KEPT: usize = 4 << 10;

impl Default for Told {
    fn default() -> Self {
        Told(Box::new(std::array::from_fn(|_| None)))
    }
}

impl Told {
    /// Adds the columns, each behind the other, and what comes before the samples.
    pub(crate) fn write(&mut self, json: &mut Json, columns: Option<&Arc<[Column]>>) {
        let Some(columns) = columns else {
            json.raw(BEHIND);
            return;
        };
        let address = columns.as_ptr().addr() / size_of::<Column>();
        let known = &mut self.0[address % PLACES];
        match known {
            Some(written) if Arc::ptr_eq(&written.columns, columns) => json.append(written.json.bytes()),
            Some(_) | None => {
                let mut written = Written { columns: Arc::clone(columns), json: Json::default() };
                written.json.items(columns.iter(), column);
                written.json.raw(BEHIND);
                json.append(written.json.bytes());
                *known = (written.json.len() <= KEPT).then_some(written);
            }
        }
    }
}

fn column(json: &mut Json, column: &Column) {
    json.raw(r#"{"name":"#).text(&column.name).raw(r#","type":"#).text(&column.kind);
    json.raw(r#","table":"#).text_or_null(column.table.as_deref());
    if let Some(origin) = column.origin {
        json.raw(r#","origin":["#).number(origin.table.into());
        json.raw(",").number(origin.column.into()).raw("]");
    }
    json.raw("}");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::exchange::Column;
    use serde_json::{Value, json};

    use super::{PLACES, Told};
    use crate::json::Json;

    #[test]
    fn columns_are_told_as_they_are_whatever_was_told_in_their_place() {
        let mut told = Told::default();
        let mut held = Vec::new();
        for round in 0..4 * PLACES {
            let column = |at: usize| Column {
                name: format!("{round} {at}").into(),
                kind: "text".into(),
                table: None,
                origin: None,
            };
            let columns: Arc<[Column]> = (0..round % 4).map(column).collect();
            let names: Vec<_> = columns.iter().map(|column| json!(&*column.name)).collect();
            for _ in 0..2 {
                let mut json = Json::default();
                json.raw(r#"{"columns":["#);
                told.write(&mut json, Some(&columns));
                json.raw("]}");
                let written: Value = serde_json::from_slice(json.bytes()).unwrap();
                let columns = written["columns"].as_array().unwrap();
                assert_eq!(columns.iter().map(|column| column["name"].clone()).collect::<Vec<_>>(), names);
            }
            // Every other one frees its address for the next.
            held.extend((round % 2 == 0).then_some(columns));
        }
    }
}
