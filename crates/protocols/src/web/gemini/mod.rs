//! Model APIs of Gemini's shape, whoever serves them: <https://ai.google.dev/api/generate-content>.
//!
//! | HTTP says | the house hears |
//! |---|---|
//! | `POST .../models/MODEL:generateContent` and its like | operation `generateContent`, target `MODEL` |
//! | `systemInstruction`, `contents`, `content` | the statement, `role: text` a line |
//! | `generationConfig` | parameters, each with its name |
//! | `tools` | the tools that are offered |
//! | `candidates`, or their pieces in events or an array | a row: the text, and the tools that are called |
//! | `usageMetadata`, `finishReason` | tokens asked and answered, why it ended |
//! | `error` | an error: status and message |

mod answered;

use crate::web::answer::Answer;
use crate::web::content::Kind;
use crate::web::dialect::{Answered, Asked, Dialect, Told};
use crate::web::events::Join;
use crate::web::json::Value;
use crate::web::prompt::{self, Prompt};

/// APIs of Gemini's shape.
pub(in crate::web) struct Gemini;

const OPERATIONS: [&str; 5] =
    ["generateContent", "streamGenerateContent", "embedContent", "batchEmbedContents", "countTokens"];

/// What a path asks of which model; Google's own client writes the colon as an escape.
fn operation(path: &str) -> Option<(&'static str, &str)> {
    let last = path.rsplit('/').next()?;
    let (model, method) = [":", "%3A", "%3a"].into_iter().find_map(|colon| last.split_once(colon))?;
    let operation = OPERATIONS.into_iter().find(|operation| *operation == method)?;
    Some((operation, model))
}

impl Dialect for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn may_be(&self, head: &Asked<'_>) -> bool {
        head.method == "POST" && operation(head.path).is_some() && head.is_json()
    }

    fn read(&self, asked: &Asked<'_>, answered: &Answered<'_>) -> Option<Told> {
        let answer = answered.by_model(answered::whole)?;
        let (operation, model) = operation(asked.path)?;
        Some(read_body(operation, model, asked, &answer))
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

fn read_body(operation: &'static str, model: &str, asked: &Asked<'_>, answer: &Answer) -> Told {
    let mut prompt = Prompt::default();
    let mut settings = Told::default().parameters;
    let body = Value::of(asked.body);
    // The system speaks first, wherever it stands.
    for name in ["systemInstruction", "system_instruction"] {
        body.get(name).iter().for_each(|content| read_content("system", *content, &mut prompt));
    }
    for (name, value) in body.members() {
        match name {
            "contents" => value.items().for_each(|content| read_content("", content, &mut prompt)),
            "content" => read_content("", value, &mut prompt),
            "requests" => value.items().for_each(|request| {
                request.get("content").iter().for_each(|content| read_content("", *content, &mut prompt));
            }),
            "tools" => value.items().for_each(|tool| read_tool(tool, &mut prompt)),
            "generationConfig" => {
                value.members().for_each(|(name, value)| prompt::set(name, value, &mut settings));
            }
            _ => {}
        }
    }
    let mut told = prompt::told(operation, Some(model), prompt, answer);
    told.parameters = settings;
    told.rows = told.rows.or(answer.items);
    told
}

fn read_tool(tool: Value<'_>, prompt: &mut Prompt) {
    let declared = tool.get("functionDeclarations").or(tool.get("function_declarations"));
    match declared {
        Some(declared) => declared.items().for_each(|function| prompt.offer(function.get("name"))),
        // One of the API's own: its name is the member's.
        None => tool.members().for_each(|(name, _)| prompt.offer(Some(Value::of(&format!("\"{name}\""))))),
    }
}

/// A content: texts, calls of tools, and what these gave.
fn read_content(role: &str, content: Value<'_>, prompt: &mut Prompt) {
    let own = content.get("role").and_then(Value::text);
    let role = own.as_deref().filter(|_| role.is_empty()).unwrap_or(role);
    for part in content.get("parts").iter().flat_map(|parts| parts.items()) {
        for (name, value) in part.members() {
            match name {
                "text" => prompt.say(role, &value.text().unwrap_or_default()),
                "functionCall" => {
                    let name = value.get("name").and_then(Value::text).unwrap_or_default();
                    prompt.say(role, &format!("{name}({})", value.get("args").map_or("", Value::raw)));
                }
                "functionResponse" => prompt.say("tool", value.get("response").map_or("", Value::raw)),
                "inlineData" | "fileData" => prompt.say(role, &format!("[{name}]")),
                _ => {}
            }
        }
    }
}
