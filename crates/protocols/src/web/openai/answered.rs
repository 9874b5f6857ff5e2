//! Answers of OpenAI's shape, whole or in pieces.

use crate::web::answer::{Answer, failure};
use crate::web::json::Value;

/// An answer that is one document.
pub(super) fn whole(body: Value<'_>) -> Answer {
    let mut answer = Answer::default();
    join(&mut answer, body);
    answer
}

/// Adds one event's data, or one document, to an answer.
pub(super) fn join(answer: &mut Answer, value: Value<'_>) {
    for (name, member) in value.members() {
        match name {
            "choices" if member.is_array() => {
                answer.pieces += 1;
                member.items().for_each(|choice| read_choice(answer, choice));
            }
            "type" => read_event(answer, &member.text().unwrap_or_default(), value),
            "object" if member.raw() == "\"response\"" => read_response(answer, value),
            // Of embeddings, moderations and images.
            "data" | "results" if member.is_array() => {
                answer.pieces += 1;
                answer.items = Some(member.items().count() as u64);
            }
            "model" => answer.model = member.text().map(Into::into),
            "usage" => read_usage(answer, member),
            "error" if member.is_object() => {
                answer.pieces += 1;
                answer.failure = Some(failure(member, &["code", "type"]));
            }
            _ => {}
        }
    }
}

/// A choice, or a piece of one: the first one's text is told, and how many there are.
fn read_choice(answer: &mut Answer, choice: Value<'_>) {
    let index = choice.get("index").and_then(Value::count).unwrap_or_default();
    answer.choices = answer.choices.max(index + 1);
    if index > 0 {
        return;
    }
    for (name, member) in choice.members() {
        match name {
            "text" => answer.say(&member.text().unwrap_or_default()),
            "message" | "delta" => read_message(answer, member),
            "finish_reason" if !member.is_null() => answer.finish = member.text().map(Into::into),
            _ => {}
        }
    }
}

fn read_message(answer: &mut Answer, message: Value<'_>) {
    for (name, member) in message.members() {
        match name {
            "content" | "refusal" => answer.say(&member.text().unwrap_or_default()),
            "tool_calls" => member.items().for_each(|call| read_call(answer, call)),
            _ => {}
        }
    }
}

/// A call of a tool, or a piece of one: the first one has its name.
fn read_call(answer: &mut Answer, call: Value<'_>) {
    let index = call.get("index").and_then(Value::number).unwrap_or_else(|| answer.next_call());
    let part = |name| call.at(&["function", name]).and_then(Value::text);
    let arguments = part("arguments").unwrap_or_default();
    match part("name").filter(|name| !name.is_empty()) {
        Some(name) => answer.call(index, &name, &arguments),
        None => answer.give(index, &arguments),
    }
}

/// An event of `responses`.
fn read_event(answer: &mut Answer, kind: &str, event: Value<'_>) {
    let index = || event.get("output_index").and_then(Value::number).unwrap_or_default();
    let delta = || event.get("delta").and_then(Value::text).unwrap_or_default();
    match kind {
        "response.output_text.delta" | "response.refusal.delta" => answer.say(&delta()),
        "response.function_call_arguments.delta" => answer.give(index(), &delta()),
        "response.output_item.added" => {
            let name = event.at(&["item", "name"]).and_then(Value::text);
            if let Some(name) = name {
                answer.call(index(), &name, "");
            }
        }
        "response.completed" | "response.incomplete" | "response.failed" => {
            // What it said came in pieces.
            let Some(response) = event.get("response") else { return };
            read_facts(answer, response);
        }
        "error" => {
            answer.pieces += 1;
            answer.failure = Some(failure(event.get("error").unwrap_or(event), &["code", "type"]));
        }
        _ => {}
    }
    if kind.starts_with("response.") {
        answer.pieces += 1;
    }
}

/// A whole answer of `responses`.
fn read_response(answer: &mut Answer, response: Value<'_>) {
    answer.pieces += 1;
    read_facts(answer, response);
    for (at, item) in (0..).zip(response.get("output").iter().flat_map(|output| output.items())) {
        let part = |name| item.get(name).and_then(Value::text).unwrap_or_default();
        match &*part("type") {
            "message" => {
                let content = item.get("content");
                for part in content.iter().flat_map(|content| content.items()) {
                    let text = part.get("text").or(part.get("refusal"));
                    answer.say(&text.and_then(Value::text).unwrap_or_default());
                }
            }
            "function_call" => answer.call(at, &part("name"), &part("arguments")),
            _ => {}
        }
    }
}

/// What `responses` says of an answer besides its text.
fn read_facts(answer: &mut Answer, response: Value<'_>) {
    for (name, member) in response.members() {
        match name {
            "model" => answer.model = member.text().map(Into::into),
            "status" => answer.finish = member.text().map(Into::into),
            "usage" => read_usage(answer, member),
            "error" if member.is_object() => answer.failure = Some(failure(member, &["code", "type"])),
            _ => {}
        }
    }
}

fn read_usage(answer: &mut Answer, usage: Value<'_>) {
    for (name, member) in usage.members() {
        match name {
            "prompt_tokens" | "input_tokens" => answer.input = member.number(),
            "completion_tokens" | "output_tokens" => answer.output = member.number(),
            "prompt_tokens_details" | "input_tokens_details" => {
                answer.cached = member.get("cached_tokens").and_then(Value::number);
            }
            _ => {}
        }
    }
}
