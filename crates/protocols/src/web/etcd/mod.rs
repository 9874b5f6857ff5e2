//! etcd: its calls over gRPC (<https://etcd.io/docs/v3.5/dev-guide/api_reference_v3>), and its gateway from JSON to them
//! (<https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway>).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `/etcdserverpb.KV/Range` or `POST /v3/kv/range`, and their like | operation: the method, `Range` |
//! | `key`, or those of a transaction | the targets; of a `range_end`, `users/*` (a prefix), `a..c`, `a..`, `*` |
//! | the message, as JSON | the statement, keys and values decoded |
//! | `kvs`, `events`, `members`, `users` ... | rows: keys and values as samples |
//! | `deleted`, what was put | affected |
//! | `header.revision`, `count`, `succeeded` | details |
//! | `grpc-status`, or `error` and `code`; `cancel_reason` | an error: code and message |
//! | `Authenticate` | the user; its password and the token are masked |

mod messages;
mod telling;

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::exchange::Failure;

use crate::kit::text::lossy;
use crate::web::calls::{Called, Calls};
use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::grpc::schema::Service;
use crate::web::json::{self, Value};
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
        let [asks, says] = [asked.body, answered.body].map(|body| {
            let mut text = String::with_capacity(body.len());
            write(Value::of(body), 0, &mut text);
            text
        });
        let heard = Value::of(&says);
        // The messages of a stream stand in results of their own.
        let heard = heard.get("result").unwrap_or(heard);
        let says = if is_answer { &[heard][..] } else { &[] };
        let found = telling::count(heard, 0);
        let mut told = telling::tell(operation(asked.path)?, &[Value::of(&asks)], says, Some(found));
        if fails {
            let text = |name| body.get(name).and_then(Value::text).unwrap_or_default().as_ref().into();
            let code = body.get("code").map_or("", Value::raw).into();
            told.failure = Some(Failure { code, message: text("error") });
        }
        told.statement = Some(asks);
        Some(told)
    }
}

impl Calls for Etcd {
    fn calls(&self) -> &'static str {
        "etcd"
    }

    fn services(&self) -> &'static [Service] {
        messages::SERVICES
    }

    fn tell(&self, called: &Called<'_>) -> Told {
        let (asks, says) = (called.all_asked(), called.all_said());
        let mut told = telling::tell(called.method, &asks, &says, called.found);
        told.statement = called.statement();
        told
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
            json::string(&plain(member), out);
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
