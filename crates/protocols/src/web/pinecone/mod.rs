//! Pinecone, a store of vectors: its REST API (<https://docs.pinecone.io/reference/api>), and the same over gRPC.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `POST /query`, `/VectorService/Query`, and their like | the operation: `query`, `upsert`, `fetch`, `list`, `update`, `delete` ... |
//! | `namespace` | the target; `__default__` where it has no name |
//! | the host, where it is Pinecone's: `movies-abc.svc.REGION.pinecone.io` | the database: the index |
//! | `/indexes`, `/indexes/NAME` | operation `create_index`, `list_indexes` ..., the index as the target |
//! | `topK`; `vector`, `vectors`, `ids` | how many are asked for, with or of how many vectors |
//! | `filter` | the filter |
//! | the document or message, without its vectors | the statement |
//! | `matches`, `vectors` | rows |
//! | `upsertedCount` | affected |
//! | `code` and `message`, `grpc-status` | an error |
//! | `Api-Key` | masked, as any credential |
//!
//! Its paths are short words that others have too: what is none by the version that its clients say, or by its host, is
//! left alone.

mod messages;

use std::borrow::Cow;

use model::exchange::{Failure, Text};

use crate::web::calls::{Called, Calls};
use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::grpc::schema::Service;
use crate::web::json::Value;
use crate::web::vectors;

/// Pinecone.
pub(in crate::web) struct Pinecone;

/// What the API calls the namespace without a name.
const UNNAMED: &str = "__default__";

/// The operations on vectors, by their paths.
const OPERATIONS: [(&str, &str, &str); 7] = [
    ("POST", "/query", "query"),
    ("POST", "/vectors/upsert", "upsert"),
    ("GET", "/vectors/fetch", "fetch"),
    ("GET", "/vectors/list", "list"),
    ("POST", "/vectors/update", "update"),
    ("POST", "/vectors/delete", "delete"),
    ("POST", "/describe_index_stats", "describe_index_stats"),
];

/// What is asked, and of which index or namespace where the path says so.
fn place<'a>(asked: &Asked<'a>) -> Option<(Cow<'static, str>, Option<&'a str>)> {
    let on_vectors =
        OPERATIONS.iter().find(|(method, path, _)| (*method, *path) == (asked.method, asked.path));
    if let Some((_, _, operation)) = on_vectors {
        return Some(((*operation).into(), None));
    }
    let segments: Vec<_> = asked.segments().take(5).collect();
    let verb = match asked.method {
        "POST" => "create",
        "PATCH" => "configure",
        "DELETE" => "delete",
        _ => "describe",
    };
    Some(match segments.as_slice() {
        ["indexes"] if asked.method == "GET" => ("list_indexes".into(), None),
        ["indexes"] => (format!("{verb}_index").into(), None),
        ["indexes", name] => (format!("{verb}_index").into(), Some(*name)),
        ["namespaces"] => ("list_namespaces".into(), None),
        ["namespaces", name] => (format!("{verb}_namespace").into(), Some(*name)),
        ["records", "namespaces", name, operation @ ("search" | "upsert")] => {
            (format!("{operation}_records").into(), Some(*name))
        }
        _ => return None,
    })
}

/// The index that a host of Pinecone's serves.
fn index(host: &str) -> Option<Text> {
    let (name, rest) = host.split_once('.')?;
    let is_index = rest.starts_with("svc.") && host.trim_end_matches(":443").ends_with(".pinecone.io");
    is_index.then(|| name.into())
}

impl Dialect for Pinecone {
    fn name(&self) -> &'static str {
        "pinecone"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        let is_theirs =
            || head.host.contains(".pinecone.io") || head.field("x-pinecone-api-version").is_some();
        place(head).is_some() && is_theirs()
    }

    fn body(&self, said: Kind) -> Kind {
        said.longer()
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        let (operation, named) = place(asked)?;
        let (asks, says) = (Value::of(asked.body), Value::of(answered.body));
        let queried = asked.parameter("namespace");
        let given = asks.get("vectors").or(asks.get("ids")).map(|list| list.items().count() as u64);
        let mut told = tell(operation, asks, given, queried.as_deref().or(named));
        told.database = index(asked.host);
        told.statement = Some(vectors::statement(asked));
        if !answered.is_ok() {
            told.failure = failure(says);
            return Some(told);
        }
        let found = ["matches", "vectors", "indexes", "namespaces"].iter().find_map(|name| says.get(name));
        let count = found.or(says.at(&["result", "hits"])).map(|found| match found.is_array() {
            true => found.items().count() as u64,
            false => found.members().count() as u64,
        });
        tell_answer(says, count, &mut told);
        Some(told)
    }
}

impl Calls for Pinecone {
    fn calls(&self) -> &'static str {
        "pinecone"
    }

    fn services(&self) -> &'static [Service] {
        messages::SERVICES
    }

    fn tell(&self, called: &Called<'_>) -> Told {
        let asks = called.asks();
        let mut told = tell(vectors::snake(called.method).into(), asks, called.given, None);
        told.database = index(called.host);
        told.statement = called.statement();
        if !called.answered.is_empty() {
            tell_answer(called.says(), called.found, &mut told);
        }
        told
    }
}

/// What is asked, whatever carried it, with or of so many vectors.
fn tell(operation: Cow<'static, str>, asks: Value<'_>, given: Option<u64>, named: Option<&str>) -> Told {
    let mut told = Told { operation, ..Told::default() };
    let said = asks.get("namespace").or(asks.get("name")).and_then(Value::text);
    let is_of_vectors = OPERATIONS.iter().any(|(_, _, operation)| *operation == told.operation);
    let unnamed = (is_of_vectors && told.operation != "describe_index_stats").then_some(UNNAMED);
    let target = named.map(Cow::Borrowed).or(said).filter(|name| !name.is_empty());
    told.targets.extend(target.as_deref().or(unnamed).map(Text::from));
    let top = asks.get("topK").or(asks.get("limit")).or(asks.at(&["query", "top_k"]));
    let one = asks.get("vector").map(|_| 1);
    let filter = asks.get("filter").or(asks.at(&["query", "filter"]));
    vectors::wish(top.and_then(Value::number), one.or(given), vectors::filter(filter), &mut told);
    told
}

/// What is answered, with so many things found.
fn tell_answer(says: Value<'_>, found: Option<u64>, told: &mut Told) {
    match told.operation.as_ref() {
        "upsert" => {
            let count = says.get("upsertedCount").and_then(Value::integer);
            told.affected = count.and_then(|count| count.try_into().ok());
        }
        "query" | "fetch" | "list" | "search_records" | "list_indexes" | "list_namespaces" => {
            told.rows = found;
        }
        _ => {}
    }
    if let "query" | "list" = told.operation.as_ref() {
        vectors::samples(says.get("matches").or(says.get("vectors")), told);
    }
}

/// What went wrong: the data plane says it at once, the control plane in an `error`.
fn failure(says: Value<'_>) -> Option<Failure> {
    let error = says.get("error").unwrap_or(says);
    let code = error.get("code").map(|code| code.text().unwrap_or(Cow::Borrowed(code.raw())))?;
    let message = error.get("message").and_then(Value::text).unwrap_or_default();
    Some(Failure { code: code.as_ref().into(), message: message.as_ref().into() })
}
