//! What a model is asked: who said what, and which tools it is offered, whatever the API.

use model::exchange::{Column, Text};
use model::row::Row;

use crate::web::answer::Answer;
use crate::web::dialect::{Behind, Told};
use crate::web::json::Value;

/// The most bytes of a prompt that are told.
const PROMPT: usize = 32 << 10;

/// More settings or tools than this are not told.
const MANY: usize = 64;

/// A prompt, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Prompt {
    /// `role: text`, a line each.
    text: String,
    tools: Vec<String>,
}

impl Prompt {
    /// Somebody says something: nothing where that has no text.
    pub(super) fn say(&mut self, role: &str, text: &str) {
        if text.is_empty() || self.text.len() >= PROMPT {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        if !role.is_empty() {
            self.text.push_str(role);
            self.text.push_str(": ");
        }
        let room = PROMPT.saturating_sub(self.text.len());
        let end = (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        self.text.push_str(text.get(..end.unwrap_or_default()).unwrap_or_default());
        if text.len() > room {
            self.text.push('\u{2026}');
        }
    }

    /// A tool is offered.
    pub(super) fn offer(&mut self, name: Option<Value<'_>>) {
        if let Some(name) = name.and_then(Value::text).filter(|_| self.tools.len() < MANY) {
            self.tools.push(name.into_owned());
        }
    }
}

/// A setting of the request, with its name.
pub(super) fn set(name: &str, value: Value<'_>, row: &mut Row) {
    if row.len() < MANY {
        row.push_with(|out| {
            out.push_str(name);
            out.push_str(": ");
            out.push_str(value.raw());
        });
    }
}

/// An exchange with a model: what it was asked, and what it answered.
pub(super) fn told(operation: &'static str, model: Option<&str>, prompt: Prompt, answer: &Answer) -> Told {
    let mut told = Told { operation: operation.into(), failure: answer.failure.clone(), ..Told::default() };
    told.targets.extend(model.or(answer.model.as_deref()).map(Text::from));
    told.statement = (!prompt.text.is_empty()).then_some(prompt.text);
    if !prompt.tools.is_empty() {
        told.request_details.push(("ai.tools", prompt.tools.join(", ").as_str().into()));
    }
    told.response_details.extend(answer.details());
    let said = answer.told();
    if !said.is_empty() {
        told.columns =
            Some([Column { name: "text".into(), kind: "text".into(), table: None, origin: None }].into());
        told.samples.add(said.len(), |row| row.push(&said));
        told.rows = Some(answer.choices.max(1));
        told.behind = Behind::Told;
    }
    told
}

/// The texts of the parts of a message, each in a line: a part that is none is told by its kind.
pub(super) fn parts(content: Value<'_>) -> String {
    if let Some(text) = content.text() {
        return text.into_owned();
    }
    let mut texts = Vec::new();
    for part in content.items().take(MANY) {
        match (part.text(), part.get("text").and_then(Value::text)) {
            (Some(text), _) | (None, Some(text)) => texts.push(text.into_owned()),
            (None, None) => {
                texts.extend(part.get("type").and_then(Value::text).map(|kind| format!("[{kind}]")));
            }
        }
    }
    texts.join("\n")
}
