//! Qdrant, a store of vectors: <https://api.qdrant.tech>.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | `/collections/NAME/points/query` and its like | the operation: `query`, `search`, `scroll`, `upsert`, `delete`, `count` ... |
//! | `/collections`, `/collections/NAME` | operation `create_collection`, `get_collection`, `list_collections` ... |
//! | `NAME` | the target |
//! | `limit`, `top` | how many are asked for |
//! | the document, without its vectors | the statement |
//! | `result` | rows, payloads as samples |
//! | `status.error` | an error |

use model::exchange::{Failure, Text};

use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::json::Value;
use crate::web::vectors;

/// Qdrant.
pub(in crate::web) struct Qdrant;

/// What is asked of a collection, in one word, and of its points.
fn operation(asked: &Asked<'_>) -> Option<(String, Option<Text>)> {
    let segments: Vec<_> = asked.segments().take(6).collect();
    let verb = match asked.method {
        "PUT" => "create",
        "PATCH" => "update",
        "DELETE" => "delete",
        _ => "get",
    };
    Some(match segments.as_slice() {
        ["collections"] => ("list_collections".to_owned(), None),
        ["collections", name] => (format!("{verb}_collection"), Some((*name).into())),
        ["collections", name, "exists"] => ("collection_exists".to_owned(), Some((*name).into())),
        ["collections", name, "points"] if asked.method == "PUT" => {
            ("upsert".to_owned(), Some((*name).into()))
        }
        ["collections", name, "points"] => ("retrieve".to_owned(), Some((*name).into())),
        ["collections", name, "points", operation @ ..] => (operation.join("/"), Some((*name).into())),
        ["collections", name, operation @ ("index" | "aliases" | "snapshots"), ..] => {
            ((*operation).to_owned(), Some((*name).into()))
        }
        _ => return None,
    })
}

impl Dialect for Qdrant {
    fn name(&self) -> &'static str {
        "qdrant"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        head.path.starts_with("/collections") && operation(head).is_some()
    }

    fn body(&self, said: Kind) -> Kind {
        said.longer()
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        let says = Value::of(answered.body);
        let (result, status) = (says.get("result"), says.get("status")?);
        let failure = status.get("error").and_then(Value::text);
        // All that it says, it says with the time that it took.
        if result.is_none() && failure.is_none() || says.get("time").is_none() {
            return None;
        }
        let (operation, collection) = operation(asked)?;
        let asks = Value::of(asked.body);
        let mut told = Told { operation: operation.into(), ..Told::default() };
        told.targets.extend(collection);
        told.statement = Some(vectors::statement(asked));
        let top = asks.get("limit").or(asks.get("top")).and_then(Value::number);
        told.request_details.extend(top.map(|top| ("vector.top_k", top.into())));
        told.failure = failure.map(|message| Failure { code: "".into(), message: message.as_ref().into() });
        tell_rows(asks, result, &mut told);
        Some(told)
    }
}

fn tell_rows(asks: Value<'_>, result: Option<Value<'_>>, told: &mut Told) {
    let Some(result) = result else { return };
    match told.operation.as_ref() {
        "upsert" => {
            let points = asks.get("points").or(asks.at(&["batch", "ids"]));
            told.affected = points.map(|points| points.items().count() as u64);
        }
        "count" => told.rows = result.get("count").and_then(Value::count),
        "list_collections" => told.rows = result.get("collections").map(|all| all.items().count() as u64),
        _ => {
            let points = if result.is_array() { Some(result) } else { result.get("points") };
            let Some(points) = points.filter(|points| points.is_array()) else { return };
            told.rows = Some(points.items().count() as u64);
            vectors::samples(Some(points), told);
        }
    }
}
