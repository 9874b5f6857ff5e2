//! A message of the Model Context Protocol and what it says, whatever carries it.

use std::borrow::Cow;

use model::details::Named;
use model::exchange::{Column, Failure, Text};

use crate::web::answer::failure;
use crate::web::dialect::{Behind, Told};
use crate::web::json::Value;
use crate::web::prompt;

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

/// A message of JSON-RPC (<https://www.jsonrpc.org/specification>).
#[derive(Debug, Default)]
pub(in crate::web) struct Message<'a> {
    pub(in crate::web) method: Option<Cow<'a, str>>,
    pub(in crate::web) id: Option<Value<'a>>,
    params: Option<Value<'a>>,
    /// Whether it is a response.
    pub(in crate::web) responds: bool,
}

impl<'a> Message<'a> {
    /// The message that is this object.
    pub(in crate::web) fn of(value: Value<'a>) -> Self {
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

    /// Whether nobody else has its method.
    pub(in crate::web) fn is_sure(&self) -> bool {
        let Some(method) = &self.method else { return false };
        match method.split_once('/') {
            Some((first, _)) => METHODS.contains(&first),
            // Other protocols on JSON-RPC have it too.
            None => *method == "initialize" && self.param("protocolVersion").is_some(),
        }
    }

    /// A member of what it is about.
    pub(in crate::web) fn param(&self, name: &str) -> Option<Value<'a>> {
        self.params?.get(name)
    }

    /// Tells what it asks.
    pub(in crate::web) fn tell(&self, told: &mut Told) {
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

/// Tells what a response answers.
pub(in crate::web) fn tell_answer(answer: Value<'_>, told: &mut Told) {
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
pub(in crate::web) fn who(name: &'static str, value: Option<Value<'_>>) -> Option<Named> {
    let part = |name| value?.get(name)?.text();
    let version = part("version").unwrap_or_default();
    Some((name, format!("{} {version}", part("name")?).trim_end().into()))
}

fn text(name: &'static str, value: Option<Value<'_>>) -> Option<Named> {
    Some((name, value?.text()?.as_ref().into()))
}
