//! etcd's gateway from JSON to gRPC: <https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway>.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | `POST /v3/kv/range` and its like | operation: the method, `Range` |
//! | `key`, or those of a transaction | the targets, decoded |
//! | the document | the statement, keys and values decoded |
//! | `kvs` | rows: keys and values as samples |
//! | `deleted` | affected |
//! | `error` and `code` | an error: code and message |

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::exchange::{Failure, Text};

use crate::kit::text::lossy;
use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::json::Value;
use crate::web::mask::MASK;

/// etcd.
pub(in crate::web) struct Etcd;

/// Paths behind the version, and what they ask.
const OPERATIONS: [(&str, &str); 14] = [
    ("/kv/range", "Range"),
    ("/kv/put", "Put"),
    ("/kv/deleterange", "DeleteRange"),
    ("/kv/txn", "Txn"),
    ("/kv/compaction", "Compact"),
    ("/watch", "Watch"),
    ("/lease/grant", "LeaseGrant"),
    ("/lease/revoke", "LeaseRevoke"),
    ("/lease/keepalive", "LeaseKeepAlive"),
    ("/lease/timetolive", "LeaseTimeToLive"),
    ("/cluster/member/list", "MemberList"),
    ("/maintenance/status", "Status"),
    ("/auth/authenticate", "Authenticate"),
    ("/auth/user/add", "UserAdd"),
];

/// More keys than this are not told.
const KEYS: usize = 16;

/// So many rows are samples.
const SAMPLES: usize = 8;

/// Of a value so many bytes are told.
const VALUE: usize = 512;

fn operation(path: &str) -> Option<&'static str> {
    let behind = ["/v3", "/v3beta", "/v3alpha"]
        .iter()
        .find_map(|version| path.strip_prefix(version).filter(|behind| behind.starts_with('/')))?;
    OPERATIONS.iter().find_map(|(is, operation)| (*is == behind).then_some(*operation))
}

impl Dialect for Etcd {
    fn name(&self) -> &'static str {
        "etcd"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        head.method == "POST" && operation(head.path).is_some()
    }

    fn body(&self, _: Kind) -> Kind {
        // curl calls a document a form, and the gateway does not mind.
        Kind::Json
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        let body = Value::of(answered.body);
        let is_answer = body.at(&["header", "cluster_id"]).or(body.at(&["result", "header"])).is_some();
        let fails = body.get("error").is_some() && body.get("code").is_some();
        if !is_answer && !fails {
            return None;
        }
        let mut told = Told { operation: operation(asked.path)?.into(), ..Told::default() };
        let asks = Value::of(asked.body);
        collect_keys(asks, 0, &mut told.targets);
        let mut statement = String::with_capacity(asked.body.len());
        write(asks, 0, &mut statement);
        told.statement = Some(statement);
        if fails {
            let text = |name| body.get(name).and_then(Value::text).unwrap_or_default().as_ref().into();
            let code = body.get("code").map_or("", Value::raw).into();
            told.failure = Some(Failure { code, message: text("error") });
        }
        let found = body.get("kvs");
        told.rows = match told.operation.as_ref() {
            "Range" if is_answer => Some(found.map_or(0, |found| found.items().count() as u64)),
            _ => None,
        };
        for found in found.iter().flat_map(|found| found.items()).take(SAMPLES) {
            let part = |name| found.get(name).map(plain).unwrap_or_default();
            told.samples.add(64, |row| {
                row.push(&part("key"));
                row.push(&part("value"));
            });
        }
        let deleted = body.get("deleted").and_then(Value::text).and_then(|deleted| deleted.parse().ok());
        told.affected = deleted;
        Some(told)
    }
}

/// Keys and values stand in a document as base64.
fn plain(value: Value<'_>) -> String {
    let text = value.text().unwrap_or(Cow::Borrowed(value.raw()));
    match BASE64_STANDARD.decode(text.as_bytes()) {
        Ok(bytes) => lossy(bytes.get(..VALUE).unwrap_or(&bytes)).into_owned(),
        // It is cut, or masked.
        Err(_) => text.into_owned(),
    }
}

/// Whether the value of a member is written as base64.
fn is_bytes(name: &str) -> bool {
    matches!(name, "key" | "value" | "range_end")
}

/// Deeper documents than those of transactions in transactions are none.
const DEPTH: usize = 8;

/// The keys that a document names, those of a transaction's parts too.
fn collect_keys(value: Value<'_>, depth: usize, keys: &mut Vec<Text>) {
    for (name, member) in value.members() {
        if name == "key" && keys.len() < KEYS {
            let key = plain(member);
            if !keys.iter().any(|known| **known == key) {
                keys.push(key.into());
            }
        } else if depth < DEPTH && (member.is_object() || member.is_array()) {
            collect_keys(member, depth + 1, keys);
            member.items().for_each(|item| collect_keys(item, depth + 1, keys));
        }
    }
}

/// Writes a document with its keys and values as texts.
fn write(value: Value<'_>, depth: usize, out: &mut String) {
    if depth > DEPTH || !value.is_object() && !value.is_array() {
        return out.push_str(value.raw());
    }
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    out.push(open);
    let mut comma = "";
    for (name, member) in value.members() {
        out.push_str(comma);
        comma = ",";
        out.push_str(&format!("\"{name}\":"));
        if is_bytes(name) && member.text().is_some_and(|text| text != MASK) {
            out.push_str(&format!("{:?}", plain(member)));
        } else {
            write(member, depth + 1, out);
        }
    }
    for item in value.items() {
        out.push_str(comma);
        comma = ",";
        write(item, depth + 1, out);
    }
    out.push(close);
}
