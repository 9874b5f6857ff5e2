//! The Model Context Protocol on HTTP: <https://modelcontextprotocol.io/specification>, its streamable transport and the
//! older one with server-sent events.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | a JSON-RPC request or notification by `POST` | operation: its method, `tools/call`; the message as the statement |
//! | `params.name`, `params.uri`, `params.ref` | the target: a tool, a prompt, a resource |
//! | `params.arguments` | parameters, each with its name |
//! | its response as JSON or in an event | rows: what lists list, contents; the texts of contents as samples |
//! | `error`, `isError` | an error: code and message; the tool's own text |
//! | `clientInfo`, `serverInfo` of `initialize` | who speaks with whom |
//! | a response by `POST`, to what the server asked | operation `response` |
//!
//! In the older transport a request is answered with `202`, and the response comes on another connection.

pub(in crate::web) mod message;

use std::borrow::Cow;

use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::json::Value;

use self::message::{Message, tell_answer};

/// The Model Context Protocol.
pub(in crate::web) struct Mcp;

impl Dialect for Mcp {
    fn name(&self) -> &'static str {
        "mcp"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        head.method == "POST" && head.is_json()
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        if !asked.body.contains("\"jsonrpc\"") {
            return None;
        }
        let body = Value::of(asked.body);
        let (message, count) = match body.is_array() {
            true => (body.items().next()?, body.items().count()),
            false => (body, 1),
        };
        let message = Message::of(message);
        let operation = operation(&message, asked)?;
        let answers = answers(answered.body);
        // What is answered at all is answered in JSON-RPC, or by HTTP alone.
        if answers.is_empty() && answered.status == 200 {
            return None;
        }
        let mut told = Told { operation: operation.into_owned().into(), ..Told::default() };
        told.statement = Some(body.raw().to_owned());
        message.tell(&mut told);
        if count > 1 {
            told.request_details.push(("mcp.batch", i64::try_from(count).unwrap_or(i64::MAX).into()));
        }
        let is_answer = |answer: &&Value<'_>| answer.get("id").map(Value::raw) == message.id.map(Value::raw);
        if let Some(answer) = answers.iter().find(is_answer) {
            tell_answer(*answer, &mut told);
        }
        Some(told)
    }
}

/// What a message asks, where that is of this protocol.
fn operation<'a>(message: &Message<'a>, asked: &Asked<'_>) -> Option<Cow<'a, str>> {
    let Some(method) = &message.method else {
        let is_ours = message.responds && is_in_session(asked);
        return is_ours.then_some("response".into());
    };
    // Other protocols on JSON-RPC have this too.
    let is_ours = message.is_sure() || (*method == "ping" && is_in_session(asked));
    is_ours.then(|| method.clone())
}

/// The messages of an answer: one or several as JSON, or one in each event.
fn answers(body: &str) -> Vec<Value<'_>> {
    let value = Value::of(body);
    let is_response = |value: &Value<'_>| value.members().any(|(name, _)| matches!(name, "result" | "error"));
    if value.is_object() {
        return [value].into_iter().filter(is_response).collect();
    }
    if value.is_array() {
        return value.items().filter(is_response).collect();
    }
    let data = body.lines().filter_map(|line| line.strip_prefix("data:"));
    data.map(Value::of).filter(is_response).collect()
}

/// Whether a request belongs to a session of the protocol, which both transports name.
fn is_in_session(asked: &Asked<'_>) -> bool {
    const FIELD: &str = "mcp-session-id";
    let is_session =
        |line: &str| line.get(..FIELD.len()).is_some_and(|name| name.eq_ignore_ascii_case(FIELD));
    asked.query.starts_with("session") || asked.fields.lines().any(is_session)
}
