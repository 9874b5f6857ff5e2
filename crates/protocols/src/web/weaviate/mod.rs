//! Weaviate, a store of vectors: its REST API and GraphQL (<https://docs.weaviate.io/weaviate/api>), and its calls over
//! gRPC.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `/weaviate.v1.Weaviate/Search`, `BatchObjects` ... | the operation: `search`, `batch_objects`, `batch_delete`, `aggregate` |
//! | `/v1/graphql` with `{ Get { NAME(...) { ... } } }` | operation `get`, `aggregate`, `explore`, the target |
//! | `/v1/objects`, `/v1/batch/objects`, `/v1/schema` | operation `create_object`, `batch_objects`, `create_collection` ... |
//! | `collection`, `class`, or the path's | the target |
//! | `limit`; the vectors | how many are asked for, with or of how many vectors |
//! | `filters`, `where` | the filter |
//! | the document or message, without its vectors | the statement |
//! | `results`, `objects`, what stands under the name in `data` | rows |
//! | `errors`, `error`, `grpc-status` | an error, though HTTP and gRPC may say that it went well |

mod messages;

use std::borrow::Cow;

use model::exchange::{Failure, Text};

use crate::web::calls::{Called, Calls};
use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::grpc::schema::Service;
use crate::web::json::Value;
use crate::web::vectors;

/// Weaviate.
pub(in crate::web) struct Weaviate;

/// What a query of GraphQL may begin with, and its operation.
const QUERIES: [(&str, &str); 3] = [("Get", "get"), ("Aggregate", "aggregate"), ("Explore", "explore")];

/// More collections than this are not told.
const COLLECTIONS: usize = 8;

/// The operation that a path asks for, and of which collection.
fn place<'a>(asked: &Asked<'a>) -> Option<(Cow<'static, str>, Option<&'a str>)> {
    let segments: Vec<_> = asked.segments().take(5).collect();
    let ["v1", rest @ ..] = segments.as_slice() else { return None };
    let verb = match asked.method {
        "POST" => "create",
        "PUT" => "replace",
        "PATCH" => "update",
        "DELETE" => "delete",
        _ => "get",
    };
    Some(match rest {
        ["graphql"] if asked.method == "POST" => ("graphql".into(), None),
        ["objects"] if asked.method == "GET" => ("list_objects".into(), None),
        ["objects"] => (format!("{verb}_object").into(), None),
        ["objects", _id] => (format!("{verb}_object").into(), None),
        ["objects", class, _id] => (format!("{verb}_object").into(), Some(*class)),
        ["batch", "objects"] if asked.method == "DELETE" => ("batch_delete".into(), None),
        ["batch", "objects"] => ("batch_objects".into(), None),
        ["schema"] if asked.method == "GET" => ("list_collections".into(), None),
        ["schema"] => (format!("{verb}_collection").into(), None),
        ["schema", class] => (format!("{verb}_collection").into(), Some(*class)),
        _ => return None,
    })
}

impl Dialect for Weaviate {
    fn name(&self) -> &'static str {
        "weaviate"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        head.path.starts_with("/v1/") && place(head).is_some()
    }

    fn body(&self, said: Kind) -> Kind {
        said.longer()
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        let (operation, named) = place(asked)?;
        let (asks, says) = (Value::of(asked.body), Value::of(answered.body));
        if operation == "graphql" {
            return query(asks, says);
        }
        let is_object = |value: Value<'_>| value.get("class").is_some();
        let told = match operation.as_ref() {
            _ if !answered.is_ok() => says.get("error").filter(|error| error.is_array()).is_some(),
            "create_object" | "get_object" | "update_object" | "replace_object" => {
                is_object(says) || is_object(asks)
            }
            "create_collection" | "get_collection" => is_object(says),
            "list_objects" => says.get("totalResults").is_some(),
            "list_collections" => says.get("classes").is_some(),
            "batch_objects" => says.items().next().is_some_and(is_object),
            "batch_delete" => says.get("match").is_some(),
            // They are answered with nothing.
            _ => named.is_some_and(|name| name.starts_with(|letter: char| letter.is_ascii_uppercase())),
        };
        told.then(|| tell_rest(operation, named, asked, answered))
    }
}

fn tell_rest(
    operation: Cow<'static, str>,
    named: Option<&str>,
    asked: &Asked<'_>,
    answered: &Answered<'_>,
) -> Told {
    let (asks, says) = (Value::of(asked.body), Value::of(answered.body));
    let objects = asks.get("objects").filter(|objects| objects.is_array());
    let condition = asks.at(&["match", "where"]);
    let mut told = tell(operation, asks, objects.map(|all| all.items().count() as u64), condition);
    let queried = asked.parameter("class");
    let inside = asks.at(&["match", "class"]).or(asks.get("class")).and_then(Value::text);
    told.targets
        .extend(named.map(Cow::Borrowed).or(inside).or(queried).map(|name| Text::from(name.as_ref())));
    let objects = objects.iter().flat_map(|objects| objects.items());
    objects.for_each(|object| collect(object.get("class"), &mut told));
    told.statement = Some(vectors::statement(asked));
    let message =
        says.get("error").and_then(|errors| errors.items().next()).and_then(|error| error.get("message"));
    told.failure = message.and_then(Value::text).map(|message| failure(&message));
    let list = says.get("objects").or(says.get("classes"));
    match told.operation.as_ref() {
        "list_objects" | "list_collections" => {
            told.rows = list.map(|list| list.items().count() as u64);
            vectors::samples(list, &mut told);
        }
        "batch_objects" => {
            let went = |object: &Value<'_>| object.at(&["result", "errors"]).is_none();
            told.affected = Some(says.items().filter(went).count() as u64);
            let error = says.items().find_map(|object| object.at(&["result", "errors", "error"]));
            let message = error.and_then(|errors| errors.items().next()?.get("message")?.text());
            told.failure = told.failure.or(message.map(|message| failure(&message)));
        }
        "batch_delete" => told.affected = says.at(&["results", "successful"]).and_then(Value::count),
        _ => {}
    }
    told
}

/// Tells a query of GraphQL that is one of Weaviate's: it begins with a word of its own.
fn query(asks: Value<'_>, says: Value<'_>) -> Option<Told> {
    let text = asks.get("query").and_then(Value::text)?;
    let inside = text.trim_start().trim_start_matches("query").trim_start().strip_prefix('{')?.trim_start();
    let (word, operation) = QUERIES.iter().find(|(word, _)| inside.starts_with(word))?;
    let answer = says.at(&["data", word]);
    let failed = says.get("errors").and_then(|errors| errors.items().next()?.get("message")?.text());
    if answer.is_none() && failed.is_none() {
        return None;
    }
    let mut told = Told { operation: (*operation).into(), ..Told::default() };
    let name = inside.strip_prefix(word)?.trim_start().strip_prefix('{').unwrap_or_default().trim_start();
    let end = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(name.len());
    told.targets.extend(name.get(..end).filter(|name| !name.is_empty()).map(Text::from));
    let number = |word: &str| {
        let digits = text.split_once(word)?.1.trim_start().strip_prefix(':')?.trim_start();
        let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
        digits.get(..end)?.parse().ok()
    };
    let condition = text.split_once("where").and_then(|(_, behind)| braced(behind)).map(Cow::Borrowed);
    let vectors = (text.contains("nearVector") || text.contains("vector:")).then_some(1);
    vectors::wish(number("limit"), vectors, condition, &mut told);
    told.statement = Some(text.into_owned());
    told.failure = failed.map(|message| failure(&message));
    let found = answer.and_then(|answer| answer.members().next()).map(|(_, found)| found);
    told.rows = found.map(|found| found.items().count() as u64);
    vectors::samples(found, &mut told);
    Some(told)
}

/// What stands in braces behind a `:`, with them.
fn braced(text: &str) -> Option<&str> {
    let text = text.trim_start().strip_prefix(':')?.trim_start();
    text.starts_with('{').then(|| Value::of(text).raw())
}

impl Calls for Weaviate {
    fn calls(&self) -> &'static str {
        "weaviate"
    }

    fn services(&self) -> &'static [Service] {
        messages::SERVICES
    }

    fn tell(&self, called: &Called<'_>) -> Told {
        let (asks, says) = (called.asks(), called.says());
        let mut told = tell(vectors::snake(called.method).into(), asks, called.given, asks.get("filters"));
        told.statement = called.statement();
        collect(asks.get("collection"), &mut told);
        let objects = asks.get("objects").or(asks.get("references"));
        let objects = objects.iter().flat_map(|objects| objects.items());
        objects.for_each(|object| collect(object.get("collection"), &mut told));
        if called.answered.is_empty() {
            return told;
        }
        match called.method {
            "Search" => {
                told.rows = called.found;
                vectors::samples(says.get("results"), &mut told);
            }
            "TenantsGet" => told.rows = called.found,
            "BatchObjects" | "BatchReferences" => {
                // The answer has what went wrong, one by one.
                told.affected =
                    called.given.zip(called.found).map(|(given, failed)| given.saturating_sub(failed));
                let error = says.get("errors").and_then(|errors| errors.items().next()?.get("error")?.text());
                told.failure = error.map(|message| failure(&message));
            }
            "BatchDelete" => {
                told.affected = says.get("successful").map_or(Some(0), Value::count);
            }
            _ => {}
        }
        told
    }
}

/// What is asked, whatever carried it, with or of so many vectors.
fn tell(
    operation: Cow<'static, str>,
    asks: Value<'_>,
    given: Option<u64>,
    filter: Option<Value<'_>>,
) -> Told {
    let mut told = Told { operation, ..Told::default() };
    let hybrid = asks.at(&["hybrid_search", "vector_bytes"]);
    let one = asks.get("near_vector").or(asks.get("vector")).or(hybrid).map(|_| 1);
    let top = asks.get("limit").and_then(Value::number);
    vectors::wish(top, one.or(given), vectors::filter(filter), &mut told);
    told
}

/// Adds a collection to the targets, if it is none of them.
fn collect(name: Option<Value<'_>>, told: &mut Told) {
    let Some(name) = name.and_then(Value::text) else { return };
    if told.targets.len() < COLLECTIONS && !told.targets.iter().any(|known| **known == *name) {
        told.targets.push(name.as_ref().into());
    }
}

fn failure(message: &str) -> Failure {
    Failure { code: "".into(), message: message.into() }
}
