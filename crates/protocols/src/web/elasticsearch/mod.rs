//! Elasticsearch and OpenSearch: <https://www.elastic.co/docs/api/doc/elasticsearch>.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | the first segment of the path with an underscore | the operation: `_search`, `_bulk`, `_doc`, `_cluster/health` |
//! | the segments before it, or those that actions of a bulk name | the targets: indices |
//! | the body, or `q` | the statement |
//! | `hits.hits`, of each answer of `_msearch` | rows: what was found, the first ones as samples |
//! | `items` | affected: those of a bulk that went well; the first that did not as an error |
//! | `error` | an error: type and reason |
//! | `X-Elastic-Product`, or an answer's shape | that it is one of both |

use model::exchange::{Failure, Text};

use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Behind, Dialect, Told};
use crate::web::json::Value;

/// Elasticsearch.
pub(in crate::web) struct Elasticsearch;

/// What the first segment with an underscore may be.
const OPERATIONS: [&str; 32] = [
    "_search",
    "_bulk",
    "_msearch",
    "_doc",
    "_create",
    "_update",
    "_mget",
    "_count",
    "_delete_by_query",
    "_update_by_query",
    "_reindex",
    "_refresh",
    "_mapping",
    "_settings",
    "_alias",
    "_aliases",
    "_cat",
    "_cluster",
    "_nodes",
    "_explain",
    "_source",
    "_analyze",
    "_validate",
    "_field_caps",
    "_pit",
    "_async_search",
    "_sql",
    "_security",
    "_index_template",
    "_ingest",
    "_stats",
    "_tasks",
];

/// More indices than this are not told.
const INDICES: usize = 32;

/// So many rows are samples.
const SAMPLES: usize = 8;

fn operation<'a>(segments: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    segments.into_iter().find(|segment| OPERATIONS.contains(segment))
}

impl Dialect for Elasticsearch {
    fn name(&self) -> &'static str {
        "elasticsearch"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        operation(head.segments()).is_some()
    }

    fn answer(&self, said: Kind) -> Kind {
        said.longer()
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        let body = Value::of(answered.body);
        if !is_answer(body, answered) {
            return None;
        }
        let operation = operation(asked.segments())?;
        let mut told = Told { operation: named(operation, asked).into(), ..Told::default() };
        tell_indices(asked, operation, &mut told.targets);
        let asks = if asked.body.is_empty() { asked.parameter("q") } else { Some(asked.body.into()) };
        told.statement = Some(asks.map_or_else(|| format!("{} {}", asked.method, asked.path), Into::into));
        if let Some(error) = body.get("error") {
            told.failure = Some(failure(error));
        }
        tell_answer(body, &mut told);
        Some(told)
    }
}

/// Whether an answer is one of theirs: it says so, or has the members that all of a kind have.
fn is_answer(body: Value<'_>, answered: &Answered<'_>) -> bool {
    let is_member = |name| {
        matches!(
            name,
            "_shards" | "_index" | "took" | "_nodes" | "cluster_name" | "acknowledged" | "_scroll_id"
        )
    };
    answered.field("x-elastic-product").is_some()
        || body.members().any(|(name, _)| is_member(name))
        || body.get("error").is_some_and(|error| error.get("root_cause").is_some())
}

/// An operation, with the second word of those that have many.
fn named(operation: &str, asked: &Asked<'_>) -> String {
    let behind = asked.segments().skip_while(|segment| *segment != operation).nth(1);
    match behind.filter(|_| matches!(operation, "_cat" | "_cluster" | "_nodes" | "_security" | "_ingest")) {
        Some(second) => format!("{operation}/{second}"),
        None => operation.to_owned(),
    }
}

fn tell_indices(asked: &Asked<'_>, operation: &str, targets: &mut Vec<Text>) {
    let mut add = |index: &str| {
        if targets.len() < INDICES && !index.is_empty() && !targets.iter().any(|target| **target == *index) {
            targets.push(index.into());
        }
    };
    let mut before = asked.segments().take_while(|segment| *segment != operation);
    before.next().iter().flat_map(|indices| indices.split(',')).for_each(&mut add);
    // Each action of a bulk, and each head of a search among many, may name its own.
    if matches!(operation, "_bulk" | "_msearch") {
        for line in asked.body.lines().take(4 * INDICES) {
            let line = Value::of(line);
            let of_action = line.members().next().and_then(|(_, action)| action.get("_index"));
            let index = of_action.or(line.get("index")).and_then(Value::text);
            index.iter().for_each(|index| add(index));
        }
    }
}

fn failure(error: Value<'_>) -> Failure {
    let text = |name| error.get(name).and_then(Value::text);
    let message = text("reason").or(error.text()).unwrap_or_default();
    Failure { code: text("type").unwrap_or_default().as_ref().into(), message: message.as_ref().into() }
}

fn tell_answer(body: Value<'_>, told: &mut Told) {
    for (name, member) in body.members() {
        match name {
            "hits" => tell_hits(member, told),
            "responses" => member.items().for_each(|answer| {
                answer.get("hits").iter().for_each(|hits| tell_hits(*hits, told));
                if let (Some(error), None) = (answer.get("error"), &told.failure) {
                    told.failure = Some(failure(error));
                }
            }),
            "items" if member.is_array() => tell_items(member, told),
            "docs" => told.rows = Some(member.items().count() as u64),
            "found" => told.rows = Some(u64::from(member.raw() == "true")),
            "_source" => told.samples.add(64, |row| row.push(member.raw())),
            "deleted" | "updated" | "created" if member.count() > Some(0) => {
                told.affected = Some(told.affected.unwrap_or_default() + member.count().unwrap_or_default());
            }
            "result" if matches!(member.raw(), "\"created\"" | "\"updated\"" | "\"deleted\"") => {
                told.affected = Some(1);
            }
            "took" => {
                told.response_details.extend(member.number().map(|ms| ("elasticsearch.took_ms", ms.into())));
            }
            _ => {}
        }
    }
}

fn tell_hits(hits: Value<'_>, told: &mut Told) {
    let total = hits.get("total");
    let total = total.and_then(|total| total.get("value").or(Some(total))).and_then(Value::number);
    told.response_details.extend(total.map(|total| ("elasticsearch.total", total.into())));
    let mut count = told.rows.unwrap_or_default();
    for hit in hits.get("hits").iter().flat_map(|hits| hits.items()) {
        count += 1;
        if count <= SAMPLES as u64 {
            told.samples.add(64, |row| row.push(hit.get("_source").unwrap_or(hit).raw()));
            told.behind = Behind::Told;
        }
    }
    told.rows = Some(count);
}

/// What became of each action of a bulk.
fn tell_items(items: Value<'_>, told: &mut Told) {
    let (mut well, mut failed) = (0, 0);
    for item in items.items() {
        let Some((_, action)) = item.members().next() else { continue };
        match action.get("error") {
            // What was not there was not changed.
            None => well += u64::from(action.get("status").and_then(Value::count).is_none_or(|s| s < 300)),
            Some(error) => {
                failed += 1;
                told.failure.get_or_insert_with(|| failure(error));
            }
        }
    }
    told.affected = Some(well);
    if failed > 0 {
        told.response_details.push(("elasticsearch.failed_items", failed.into()));
    }
}
