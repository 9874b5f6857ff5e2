//! What a model says, whole or in the pieces of a stream: the same facts, whatever the API.

use std::fmt::Write as _;

use model::details::Named;
use model::exchange::Failure;

use crate::web::json::Value;

/// The most bytes of what a model says that are kept, and of what it gives to a tool.
const TEXT: usize = 16 << 10;

/// The longest message of an error that is kept.
const MESSAGE: usize = 1 << 10;

/// More tools than this are not told one by one.
const TOOLS: usize = 64;

/// An answer, as far as it was said.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) text: String,
    /// What it calls, in order.
    pub(super) calls: Vec<Call>,
    pub(super) model: Option<String>,
    pub(super) finish: Option<String>,
    /// Tokens that were asked.
    pub(super) input: Option<i64>,
    /// Tokens that were answered.
    pub(super) output: Option<i64>,
    /// Tokens asked that the API knew already.
    pub(super) cached: Option<i64>,
    pub(super) failure: Option<Failure>,
    /// How many answers there are, of which the first one is told.
    pub(super) choices: u64,
    /// Of an answer that is no text, how many things it holds.
    pub(super) items: Option<u64>,
    /// Pieces of its own shape: none, and it is no answer of this API.
    pub(super) pieces: u64,
    /// Whether its text is longer than what is kept.
    is_cut: bool,
}

/// A tool that the model calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    /// Which of the calls (or blocks) of a stream it is.
    pub(super) index: i64,
    pub(super) name: String,
    /// As JSON.
    pub(super) arguments: String,
}

impl Answer {
    /// More of the text.
    pub(super) fn say(&mut self, text: &str) {
        self.is_cut |= keep(&mut self.text, text);
    }

    /// It calls a tool, as the one of this number.
    pub(super) fn call(&mut self, index: i64, name: &str, arguments: &str) {
        if self.calls.len() < TOOLS {
            self.calls.push(Call { index, name: name.to_owned(), arguments: String::new() });
            self.give(index, arguments);
        }
    }

    /// More of what the tool of this number is given.
    pub(super) fn give(&mut self, index: i64, arguments: &str) {
        if let Some(call) = self.calls.iter_mut().rev().find(|call| call.index == index) {
            keep(&mut call.arguments, arguments);
        }
    }

    /// The number that the next call has where the API gives none.
    pub(super) fn next_call(&self) -> i64 {
        i64::try_from(self.calls.len()).unwrap_or(i64::MAX)
    }

    /// The answer as one text: what is said, and then what is called.
    pub(super) fn told(&self) -> String {
        let mut told = self.text.clone();
        if self.is_cut {
            told.push('\u{2026}');
        }
        for call in &self.calls {
            if !told.is_empty() {
                told.push('\n');
            }
            _ = write!(told, "{}({})", call.name, call.arguments);
        }
        told
    }

    /// What else there is to tell, in the words of the semantic conventions for generative AI.
    pub(super) fn details(&self) -> impl Iterator<Item = Named> {
        let text = |name, text: Option<&String>| text.map(|text| (name, text.as_str().into()));
        let number = |name, number: Option<i64>| number.map(|number| (name, number.into()));
        let called: Vec<_> = self.calls.iter().map(|call| call.name.as_str()).collect();
        [
            text("ai.response_model", self.model.as_ref()),
            text("ai.finish_reason", self.finish.as_ref()),
            number("ai.input_tokens", self.input),
            number("ai.output_tokens", self.output),
            number("ai.cached_tokens", self.cached),
            (!called.is_empty()).then(|| ("ai.tools_called", called.join(", ").as_str().into())),
        ]
        .into_iter()
        .flatten()
    }
}

/// What an error object says, whose code is the first of these members that it has.
pub(super) fn failure(error: Value<'_>, codes: &[&str]) -> Failure {
    let text = |value: Value<'_>| match value.text() {
        Some(text) => text.into_owned(),
        None if value.is_null() => String::new(),
        None => value.raw().to_owned(),
    };
    let codes = codes.iter().filter_map(|code| error.get(code)).map(text);
    let code = codes.into_iter().find(|code| !code.is_empty()).unwrap_or_default();
    let message = error.get("message").map(text).unwrap_or_default();
    let message: String = message.chars().take(MESSAGE).collect();
    Failure { code: code.into(), message: message.into() }
}

/// Appends as much as there is room for; whether that is not all.
fn keep(to: &mut String, text: &str) -> bool {
    let room = TEXT.saturating_sub(to.len());
    if text.len() <= room {
        to.push_str(text);
        return false;
    }
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    to.push_str(text.get(..end).unwrap_or_default());
    true
}
