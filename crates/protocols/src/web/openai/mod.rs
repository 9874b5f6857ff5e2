//! Model APIs of OpenAI's shape, whoever serves them: <https://platform.openai.com/docs/api-reference>.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | `POST .../chat/completions`, `.../responses`, `.../embeddings`, `.../completions`, `.../moderations`, `.../images/generations` | the operation: `chat.completions` ... |
//! | `model` | the target |
//! | `messages`, `input`, `prompt`, `instructions` | the statement, `role: text` a line |
//! | other settings | parameters, each with its name |
//! | `tools` | the tools that are offered |
//! | `choices`, `output`, or their pieces in events | a row: the text, and the tools that are called |
//! | `usage`, `finish_reason` or `status` | tokens asked and answered, why it ended |
//! | `error` | an error: code (or type) and message |

mod answered;

use crate::web::answer::Answer;
use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::events::Join;
use crate::web::json::Value;
use crate::web::prompt::{self, Prompt};

/// APIs of OpenAI's shape.
pub(in crate::web) struct Openai;

/// How paths end, and what is asked there.
const OPERATIONS: [(&str, &str); 6] = [
    ("/chat/completions", "chat.completions"),
    ("/completions", "completions"),
    ("/responses", "responses"),
    ("/embeddings", "embeddings"),
    ("/moderations", "moderations"),
    ("/images/generations", "images.generations"),
];

fn operation(path: &str) -> Option<&'static str> {
    OPERATIONS.iter().find_map(|(end, operation)| path.ends_with(end).then_some(*operation))
}

impl Dialect for Openai {
    fn name(&self) -> &'static str {
        "openai"
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
    let mut model = None;
    let body = Value::of(asked.body);
    // They come first, wherever they stand.
    if let Some(instructions) = body.get("instructions") {
        prompt.say("system", &prompt::parts(instructions));
    }
    for (name, value) in body.members() {
        match name {
            "model" => model = value.text(),
            "messages" => value.items().for_each(|message| read_message(message, &mut prompt)),
            "instructions" => {}
            "input" | "prompt" => read_input(value, &mut prompt),
            "tools" => value.items().for_each(|tool| {
                let named = tool.at(&["function", "name"]).or(tool.get("name")).or(tool.get("type"));
                prompt.offer(named);
            }),
            _ if !value.is_object() && !value.is_array() => prompt::set(name, value, &mut settings),
            _ => {}
        }
    }
    let operation = operation(asked.path).unwrap_or_default();
    let mut told = prompt::told(operation, model.as_deref(), prompt, answer);
    told.parameters = settings;
    told.rows = told.rows.or(answer.items);
    told
}

/// A message, and what it says that tools were called with.
fn read_message(message: Value<'_>, prompt: &mut Prompt) {
    let role = message.get("role").and_then(Value::text).unwrap_or_default();
    if let Some(content) = message.get("content") {
        prompt.say(&role, &prompt::parts(content));
    }
    for call in message.get("tool_calls").iter().flat_map(|calls| calls.items()) {
        let part = |name| call.at(&["function", name]).and_then(Value::text).unwrap_or_default();
        prompt.say(&role, &format!("{}({})", part("name"), part("arguments")));
    }
}

/// What `responses`, `embeddings` and the older API are asked: texts, or items that may be messages.
fn read_input(value: Value<'_>, prompt: &mut Prompt) {
    if let Some(text) = value.text() {
        return prompt.say("", &text);
    }
    for item in value.items() {
        match (item.text(), item.get("type").and_then(Value::text).as_deref()) {
            (Some(text), _) => prompt.say("", &text),
            (None, Some("function_call_output")) => {
                prompt.say("tool", &item.get("output").map(prompt::parts).unwrap_or_default());
            }
            (None, Some("function_call")) => {
                let part = |name| item.get(name).and_then(Value::text).unwrap_or_default();
                prompt.say("assistant", &format!("{}({})", part("name"), part("arguments")));
            }
            (None, _) => read_message(item, prompt),
        }
    }
}
