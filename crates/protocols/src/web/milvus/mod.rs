//! Milvus, a store of vectors: its calls over gRPC (<https://github.com/milvus-io/milvus-proto>) and its REST API
//! (<https://milvus.io/api-reference/restful/v2.6.x/About.md>).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `/milvus.proto.milvus.MilvusService/Search`, `POST /v2/vectordb/entities/search` | the operation: `search`, `insert`, `create_collection` ... |
//! | `collectionName`, `dbName` | the target, the database |
//! | `limit`, or `topk` of the parameters; `nq`, `numRows`, or how long `data` is | how many are asked for, with or of how many vectors |
//! | `dsl`, `expr`, `filter` | the filter |
//! | the message or document, without its vectors | the statement |
//! | ids, columns, or `data` | rows |
//! | `insertCnt`, `deleteCnt`, `upsertCnt` | affected |
//! | `status.code` and `reason`, or `code` and `message` | an error, though HTTP and gRPC say that it went well |
//! | `clientInfo`, `username` | the user; passwords are masked |

mod messages;

use model::exchange::{Failure, Text};

use crate::web::calls::{Called, Calls};
use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::grpc::schema::Service;
use crate::web::json::Value;
use crate::web::vectors;

/// Milvus.
pub(in crate::web) struct Milvus;

/// What is asked of in REST, by the word in the path.
const THINGS: [(&str, &str); 8] = [
    ("entities", ""),
    ("collections", "_collection"),
    ("partitions", "_partition"),
    ("indexes", "_index"),
    ("aliases", "_alias"),
    ("databases", "_database"),
    ("users", "_user"),
    ("roles", "_role"),
];

/// The operation that a path asks for.
fn operation(asked: &Asked<'_>) -> Option<String> {
    let mut segments = asked.segments();
    let ("v2", "vectordb") = (segments.next()?, segments.next()?) else { return None };
    let (things, verb) = (segments.next()?, segments.next()?);
    let (_, thing) = THINGS.iter().find(|(is, _)| *is == things)?;
    segments.next().is_none().then(|| match verb {
        "list" => format!("list_{things}"),
        verb => format!("{verb}{thing}"),
    })
}

impl Dialect for Milvus {
    fn name(&self) -> &'static str {
        "milvus"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        head.method == "POST" && operation(head).is_some()
    }

    fn body(&self, said: Kind) -> Kind {
        said.longer()
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        let says = Value::of(answered.body);
        // All that it says, it says with a code, of which 0 is the good one.
        let code = says.get("code").and_then(Value::number)?;
        let asks = Value::of(asked.body);
        let data = asks.get("data").filter(|data| data.is_array());
        let mut told = tell(operation(asked)?, asks, data.map(|data| data.items().count() as u64));
        told.statement = Some(vectors::statement(asked));
        if code != 0 {
            let message = says.get("message").and_then(Value::text).unwrap_or_default();
            told.failure = Some(Failure { code: code.to_string().into(), message: message.as_ref().into() });
            return Some(told);
        }
        let found = says.get("data")?;
        told.affected = changed(found);
        if found.is_array() {
            told.rows = Some(found.items().count() as u64);
            vectors::samples(Some(found), &mut told);
        }
        Some(told)
    }
}

impl Calls for Milvus {
    fn calls(&self) -> &'static str {
        "milvus"
    }

    fn services(&self) -> &'static [Service] {
        messages::SERVICES
    }

    fn tell(&self, called: &Called<'_>) -> Told {
        let (asks, says) = (called.asks(), called.says());
        let inserted = asks.get("numRows").and_then(Value::count);
        let mut told = tell(vectors::snake(called.method), asks, inserted.or(called.given));
        told.statement = called.statement();
        let status = says.get("status").unwrap_or(says);
        told.failure = failure(status);
        if told.failure.is_some() || called.answered.is_empty() {
            return told;
        }
        told.affected = changed(says);
        told.rows = match called.method {
            "Search" | "HybridSearch" | "Query" => called.found,
            "ShowCollections" | "ShowPartitions" | "ListDatabases" | "ListCredUsers" => called.found,
            _ => None,
        };
        told.samples = columns(says.at(&["results", "fieldsData"]).or(says.get("fieldsData")));
        told
    }
}

/// What is asked, whatever carried it, of which so many vectors are.
fn tell(operation: String, asks: Value<'_>, count: Option<u64>) -> Told {
    let mut told = Told { operation: operation.into(), ..Told::default() };
    let text = |name| asks.get(name).and_then(Value::text).filter(|text| !text.is_empty());
    let collections = asks.get("collectionNames").into_iter().flat_map(Value::items).filter_map(Value::text);
    let collection = text("collectionName").or_else(|| text("oldName"));
    told.targets = collection.into_iter().chain(collections).map(|name| Text::from(name.as_ref())).collect();
    told.database = text("dbName").map(|name| name.as_ref().into());
    let user = text("username").or_else(|| text("userName"));
    let user = user.or_else(|| asks.at(&["clientInfo", "user"]).and_then(Value::text));
    told.user = user.filter(|user| !user.is_empty()).map(|user| user.as_ref().into());
    let parameter = |of, name| asks.at(&[of, name]).and_then(Value::integer);
    let top = asks.get("limit").and_then(Value::integer).or_else(|| parameter("searchParams", "topk"));
    let top = top.or_else(|| parameter("queryParams", "limit")).or_else(|| parameter("rankParams", "limit"));
    let filter = text("dsl").or_else(|| text("expr")).or_else(|| text("filter"));
    vectors::wish(top, count, filter, &mut told);
    told
}

/// How many entities an operation changed.
fn changed(says: Value<'_>) -> Option<u64> {
    let counts = ["insertCnt", "deleteCnt", "upsertCnt", "insertCount", "deleteCount", "upsertCount"];
    counts
        .iter()
        .filter_map(|name| says.get(name))
        .filter_map(Value::integer)
        .find_map(|count| u64::try_from(count).ok())
}

/// What went wrong, as a status says.
fn failure(status: Value<'_>) -> Option<Failure> {
    let code = |name| status.get(name).and_then(Value::number).filter(|code| *code != 0);
    let code = code("code").or_else(|| code("errorCode"))?;
    let reason = status.get("reason").and_then(Value::text).unwrap_or_default();
    Some(Failure { code: code.to_string().into(), message: reason.as_ref().into() })
}

/// The first rows of columns that stand side by side; those of vectors are told by their length.
fn columns(columns: Option<Value<'_>>) -> model::row::Rows {
    let columns: Vec<Vec<Value<'_>>> = columns
        .into_iter()
        .flat_map(Value::items)
        .filter_map(|column| column.get("scalars"))
        .map(|values| values.items().collect())
        .collect();
    let mut rows = model::row::Rows::default();
    for at in 0..columns.first().map_or(0, Vec::len).min(vectors::SAMPLES) {
        rows.add(64, |row| {
            for column in &columns {
                match column.get(at).map(|value| (value, value.text())) {
                    Some((_, Some(text))) => row.push(&text),
                    Some((value, None)) => row.push(value.raw()),
                    None => row.push_null(),
                }
            }
        });
    }
    rows
}
