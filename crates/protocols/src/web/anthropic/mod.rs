//! Model APIs of Anthropic's shape, whoever serves them: <https://docs.anthropic.com/en/api/messages>.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | `POST .../messages`, `.../messages/count_tokens` | the operation: `messages`, `messages.count_tokens` |
//! | `model` | the target |
//! | `system`, `messages` | the statement, `role: text` a line |
//! | other settings | parameters, each with its name |
//! | `tools` | the tools that are offered |
//! | `content`, or its pieces in events | a row: the text, and the tools that are called |
//! | `usage`, `stop_reason` | tokens asked and answered, why it ended |
//! | `error` | an error: type and message |

mod answered;

use crate::web::answer::Answer;
use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::events::Join;
use crate::web::json::Value;
use crate::web::prompt::{self, Prompt};

/// APIs of Anthropic's shape.
pub(in crate::web) struct Anthropic;

fn operation(path: &str) -> Option<&'static str> {
    if path.ends_with("/messages") {
        Some("messages")
    } else if path.ends_with("/messages/count_tokens") {
        Some("messages.count_tokens")
    } else {
        None
    }
}

impl Dialect for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        head.method == "POST" && operation(head.path).is_some() && head.is_json()
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        answered.by_model(answered::whole).map(|answer| read_body(asked, &answer))
    }

    fn body(&self, said: Kind) -> Kind {
        said.longer()
    }

    fn answer(&self, said: Kind) -> Kind {
        said.longer()
    }

    fn join(&self) -> Option<Join> {
        Some(answered::join)
    }
}

fn read_body(asked: &Asked<'_>, answer: &Answer) -> Told {
    let mut prompt = Prompt::default();
    let mut settings = Told::default().parameters;
    let (mut model, mut messages) = (None, None);
    for (name, value) in Value::of(asked.body).members() {
        match name {
            "model" => model = value.text(),
            "system" => prompt.say("system", &prompt::parts(value)),
            "messages" => messages = Some(value),
            "tools" => value.items().for_each(|tool| prompt.offer(tool.get("name"))),
            _ if !value.is_object() && !value.is_array() => prompt::set(name, value, &mut settings),
            _ => {}
        }
    }
    // The system speaks first, wherever it stands.
    messages
        .iter()
        .flat_map(|messages| messages.items())
        .for_each(|message| read_message(message, &mut prompt));
    let mut told = prompt::told(operation(asked.path).unwrap_or_default(), model.as_deref(), prompt, answer);
    told.parameters = settings;
    told
}

/// A message: a text, or blocks of texts, calls of tools, and what these gave.
fn read_message(message: Value<'_>, prompt: &mut Prompt) {
    let role = message.get("role").and_then(Value::text).unwrap_or_default();
    let Some(content) = message.get("content") else { return };
    if let Some(text) = content.text() {
        return prompt.say(&role, &text);
    }
    for block in content.items() {
        let part = |name| block.get(name).and_then(Value::text).unwrap_or_default();
        match &*part("type") {
            "text" => prompt.say(&role, &part("text")),
            "tool_use" => {
                let input = block.get("input").map_or("", Value::raw);
                prompt.say(&role, &format!("{}({input})", part("name")));
            }
            "tool_result" => prompt.say("tool", &block.get("content").map(prompt::parts).unwrap_or_default()),
            kind => prompt.say(&role, &format!("[{kind}]")),
        }
    }
}
