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

use std::borrow::Cow;

use model::details::Named;
use model::exchange::{Column, Failure, Text};

use crate::web::answer::failure;
use crate::web::dialect::{Answered, Asked, Behind, Dialect, Told};
use crate::web::json::Value;
use crate::web::prompt;

/// The Model Context Protocol.
pub(in crate::web) struct Mcp;

/// The first words of its methods, whose second ones are many.
const METHODS: [&str; 12] = [
    "tools",
    "resources",
    "prompts",
    "notifications",
    "completion",
    "logging",
    "sampling",
    "elicitation",
    "roots",
    "tasks",
    "server",
    "subscriptions",
];

/// More contents than this are not told.
const SAMPLES: usize = 8;

/// Of one content so many bytes are told.
const CONTENT: usize = 4 << 10;

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
        let operation = message.operation(asked)?;
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

/// A message of JSON-RPC (<https://www.jsonrpc.org/specification>).
#[derive(Default)]
struct Message<'a> {
    method: Option<Cow<'a, str>>,
    id: Option<Value<'a>>,
    params: Option<Value<'a>>,
    /// Whether it is a response.
    responds: bool,
}

impl<'a> Message<'a> {
    fn of(value: Value<'a>) -> Self {
        let mut message = Message::default();
        for (name, value) in value.members() {
            match name {
                "method" => message.method = value.text(),
                "id" => message.id = Some(value),
                "params" => message.params = Some(value),
                "result" | "error" => message.responds = true,
                _ => {}
            }
        }
        message
    }

    /// What it asks, where that is of this protocol.
    fn operation(&self, asked: &Asked<'_>) -> Option<Cow<'a, str>> {
        let Some(method) = &self.method else {
            let is_ours = self.responds && is_in_session(asked);
            return is_ours.then_some("response".into());
        };
        let is_ours = match method.split_once('/') {
            Some((first, _)) => METHODS.contains(&first),
            // Other protocols on JSON-RPC have these too.
            None if *method == "initialize" => self.param("protocolVersion").is_some(),
            None => *method == "ping" && is_in_session(asked),
        };
        is_ours.then(|| method.clone())
    }

    fn param(&self, name: &str) -> Option<Value<'a>> {
        self.params?.get(name)
    }

    fn tell(&self, told: &mut Told) {
        let reference = self.param("ref").and_then(|of| of.get("name").or(of.get("uri")));
        let target = self.param("name").or(self.param("uri")).or(reference);
        told.targets.extend(target.and_then(Value::text).map(|text| Text::from(&*text)));
        for (name, value) in self.param("arguments").iter().flat_map(|arguments| arguments.members()) {
            prompt::set(name, value, &mut told.parameters);
        }
        told.request_details.extend(who("mcp.client", self.param("clientInfo")));
        told.request_details.extend(text("mcp.protocol_version", self.param("protocolVersion")));
    }
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

fn tell_answer(answer: Value<'_>, told: &mut Told) {
    if let Some(error) = answer.get("error") {
        told.failure = Some(failure(error, &["code"]));
    }
    let Some(result) = answer.get("result") else { return };
    told.response_details.extend(who("mcp.server", result.get("serverInfo")));
    told.response_details.extend(text("mcp.server_protocol_version", result.get("protocolVersion")));
    let mut fails = false;
    for (name, member) in result.members() {
        match name {
            "tools" | "resources" | "resourceTemplates" | "prompts" | "roots" if member.is_array() => {
                told.rows = Some(member.items().count() as u64);
                let names: Vec<_> = member.items().filter_map(|item| item.get("name")?.text()).collect();
                told.response_details.push(("mcp.listed", names.join(", ").as_str().into()));
            }
            "content" | "contents" | "messages" if member.is_array() => tell_contents(member, told),
            "isError" => fails = member.raw() == "true",
            _ => {}
        }
    }
    if fails {
        let message = told.samples.iter().next().and_then(|mut row| row.next().flatten().map(Text::from));
        told.failure = Some(Failure { code: "isError".into(), message: message.unwrap_or_default() });
    }
}

/// Contents: their texts are rows, what is none is told by its kind.
fn tell_contents(contents: Value<'_>, told: &mut Told) {
    told.columns =
        Some([Column { name: "text".into(), kind: "text".into(), table: None, origin: None }].into());
    let mut count = 0;
    for content in contents.items() {
        count += 1;
        if count > SAMPLES as u64 {
            continue;
        }
        // Those of a prompt stand in its messages.
        let content = content.get("content").unwrap_or(content);
        let text = content.get("text").or(content.at(&["resource", "text"])).and_then(Value::text);
        let kind = || content.get("type").or(content.get("mimeType")).and_then(Value::text);
        told.samples.add(64, |row| match text.or_else(kind) {
            Some(text) => row.push(&text.chars().take(CONTENT).collect::<String>()),
            None => row.push_null(),
        });
    }
    told.rows = Some(count);
    told.behind = Behind::Told;
}

/// A program with its version.
fn who(name: &'static str, value: Option<Value<'_>>) -> Option<Named> {
    let part = |name| value?.get(name)?.text();
    let version = part("version").unwrap_or_default();
    Some((name, format!("{} {version}", part("name")?).trim_end().into()))
}

fn text(name: &'static str, value: Option<Value<'_>>) -> Option<Named> {
    Some((name, value?.text()?.as_ref().into()))
}

/// Whether a request belongs to a session of the protocol, which both transports name.
fn is_in_session(asked: &Asked<'_>) -> bool {
    const FIELD: &str = "mcp-session-id";
    let is_session =
        |line: &str| line.get(..FIELD.len()).is_some_and(|name| name.eq_ignore_ascii_case(FIELD));
    asked.query.starts_with("session") || asked.fields.lines().any(is_session)
}
