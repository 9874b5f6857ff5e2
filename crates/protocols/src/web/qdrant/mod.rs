//! Qdrant, a store of vectors: <https://api.qdrant.tech>, and the same over gRPC.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `/collections/NAME/points/query`, `/qdrant.Points/Query`, and their like | the operation: `query`, `search`, `scroll`, `upsert`, `delete`, `count` ... |
//! | `/collections`, `/collections/NAME` | operation `create_collection`, `get_collection`, `list_collections` ... |
//! | `NAME`, `collection_name` | the target |
//! | `limit`, `top`; `vector`, `points`, `searches` | how many are asked for, with or of how many vectors |
//! | `filter` | the filter |
//! | the document or message, without its vectors | the statement |
//! | `result` | rows, payloads as samples |
//! | `status.error`, `grpc-status` | an error |

mod filters;
mod messages;

use model::exchange::{Failure, Text};

use crate::web::calls::{Called, Calls};
use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::grpc::schema::Service;
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
        let mut told = tell(operation, collection, asks, None);
        told.statement = Some(vectors::statement(asked));
        told.failure = failure.map(|message| Failure { code: "".into(), message: message.as_ref().into() });
        tell_rows(asks, result, &mut told);
        Some(told)
    }
}

impl Calls for Qdrant {
    fn calls(&self) -> &'static str {
        "qdrant"
    }

    fn services(&self) -> &'static [Service] {
        messages::SERVICES
    }

    fn tell(&self, called: &Called<'_>) -> Told {
        let (asks, says) = (called.asks(), called.says());
        let operation = match (called.service, called.method) {
            (_, "CollectionExists") => "collection_exists".to_owned(),
            ("qdrant.Collections", "List") => "list_collections".to_owned(),
            ("qdrant.Collections", verb) => format!("{}_collection", vectors::snake(verb)),
            (_, "Get") => "retrieve".to_owned(),
            (_, method) => vectors::snake(method),
        };
        let collection = asks.get("collection_name").and_then(Value::text);
        let mut told = tell(operation, collection.map(|name| name.as_ref().into()), asks, called.given);
        told.statement = called.statement();
        // The message stands for the result where it has no other member of that name.
        let result = says.get("result").or((!called.answered.is_empty()).then_some(says));
        tell_rows(asks, result, &mut told);
        // Of the rest of a long list, the message tells how long it is.
        told.rows = told.rows.and(if told.operation == "count" { told.rows } else { called.found });
        told.affected = told.affected.and(called.given);
        told
    }
}

/// What is asked, whatever carried it, of or with so many vectors where they were counted.
fn tell(operation: String, collection: Option<Text>, asks: Value<'_>, given: Option<u64>) -> Told {
    let mut told = Told { operation: operation.into(), ..Told::default() };
    told.targets.extend(collection);
    let top = asks.get("limit").or(asks.get("top")).and_then(Value::number);
    let lists = [asks.get("points"), asks.at(&["batch", "ids"]), asks.get("searches")];
    let listed = lists.into_iter().flatten().find(|list| list.is_array());
    let one = || asks.get("vector").or(asks.get("query")).map(|_| 1);
    let given = given.filter(|given| *given > 0).or_else(|| listed.map(|list| list.items().count() as u64));
    // Points that are to be deleted are chosen by one inside of these.
    let filter = asks.get("filter").or(asks.at(&["points", "filter"]));
    vectors::wish(top, given.or_else(one), vectors::filter(filter), &mut told);
    told
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
