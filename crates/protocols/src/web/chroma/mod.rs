//! Chroma, a store of vectors: <https://docs.trychroma.com/reference>.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | `.../collections/ID/query` and its like | the operation: `query`, `add`, `upsert`, `get`, `update`, `delete`, `count` |
//! | `.../collections`, `.../collections/NAME` | operation `create_collection`, `get_collection`, `list_collections` ... |
//! | the collection's id or name | the target |
//! | `n_results`, or `limit` | how many are asked for |
//! | `where`, `where_document`, `query_texts`, ids | the statement: the document without its vectors |
//! | `ids` of the answer | rows; documents as samples |
//! | `error` and `message` | an error |

use model::exchange::{Failure, Text};

use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::json::Value;
use crate::web::vectors;

/// Chroma.
pub(in crate::web) struct Chroma;

/// What is asked of a collection.
const OPERATIONS: [&str; 8] = ["query", "search", "add", "upsert", "update", "get", "delete", "count"];

/// What a path is about.
struct Place<'a> {
    operation: String,
    collection: Option<&'a str>,
    database: Option<&'a str>,
}

fn place<'a>(asked: &Asked<'a>) -> Option<Place<'a>> {
    let mut segments = asked.segments();
    if !matches!((segments.next(), segments.next()), (Some("api"), Some("v1" | "v2"))) {
        return None;
    }
    let after = |word: &str| asked.segments().skip_while(move |segment| *segment != word).nth(1);
    let database = after("databases");
    let of = asked.segments().skip_while(|segment| *segment != "collections").skip(1).collect::<Vec<_>>();
    if !asked.segments().any(|segment| segment == "collections") {
        return None;
    }
    let verb = match asked.method {
        "POST" => "create",
        "PUT" | "PATCH" => "update",
        "DELETE" => "delete",
        _ => "get",
    };
    let (operation, collection) = match of.as_slice() {
        [] if asked.method == "GET" => ("list_collections".to_owned(), None),
        [] => (format!("{verb}_collection"), None),
        [name] => (format!("{verb}_collection"), Some(*name)),
        [name, operation] if OPERATIONS.contains(operation) => ((*operation).to_owned(), Some(*name)),
        _ => return None,
    };
    Some(Place { operation, collection, database })
}

impl Dialect for Chroma {
    fn name(&self) -> &'static str {
        "chroma"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        head.path.starts_with("/api/v") && place(head).is_some()
    }

    fn body(&self, said: Kind) -> Kind {
        said.longer()
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        let Place { operation, collection, database } = place(asked)?;
        let (asks, says) = (Value::of(asked.body), Value::of(answered.body));
        let fails = says.get("error").is_some() && says.get("message").is_some();
        if !fails && !is_answer(&operation, says) {
            return None;
        }
        let mut told = Told { operation: operation.into(), ..Told::default() };
        told.database = database.map(Text::from);
        let named = asks.get("name").and_then(Value::text);
        told.targets.extend(named.as_deref().or(collection).map(Text::from));
        told.statement = Some(vectors::statement(asked));
        let top = asks.get("n_results").or(asks.get("limit")).and_then(Value::number);
        told.request_details.extend(top.map(|top| ("vector.top_k", top.into())));
        if fails {
            let text = |name| says.get(name).and_then(Value::text).unwrap_or_default().as_ref().into();
            told.failure = Some(Failure { code: text("error"), message: text("message") });
        }
        tell_rows(asks, says, &mut told);
        Some(told)
    }
}

/// Whether an answer is what an operation is answered with.
fn is_answer(operation: &str, says: Value<'_>) -> bool {
    match operation {
        "query" | "search" | "get" => says.get("ids").is_some(),
        "count" => says.count().is_some(),
        "list_collections" => says.is_array(),
        "create_collection" | "get_collection" => says.get("id").is_some() && says.get("name").is_some(),
        // These are answered with an empty document, or with nothing that says more.
        _ => {
            says.is_object()
                || says.raw().is_empty()
                || says.is_null()
                || says.raw() == "true"
                || says.is_array()
        }
    }
}

fn tell_rows(asks: Value<'_>, says: Value<'_>, told: &mut Told) {
    let items = |value: Option<Value<'_>>| value.map_or(0, |value| value.items().count() as u64);
    match told.operation.as_ref() {
        "query" => {
            // A list for each vector that is asked with.
            let lists = says.get("ids");
            told.rows =
                Some(lists.iter().flat_map(|lists| lists.items()).map(|list| items(Some(list))).sum());
            let texts = says.get("documents").and_then(|lists| lists.items().next());
            vectors::samples(texts, told);
        }
        "get" => {
            told.rows = Some(items(says.get("ids")));
            vectors::samples(says.get("documents"), told);
        }
        "count" => told.rows = says.count(),
        "list_collections" => told.rows = Some(items(Some(says))),
        "add" | "upsert" | "update" if told.failure.is_none() => told.affected = Some(items(asks.get("ids"))),
        _ => {}
    }
}
