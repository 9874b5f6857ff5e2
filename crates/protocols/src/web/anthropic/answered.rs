//! Answers of Anthropic's shape, whole or in pieces.

use crate::web::answer::{Answer, failure};
use crate::web::json::Value;

/// An answer that is one document.
pub(super) fn whole(body: Value<'_>) -> Answer {
    let mut answer = Answer::default();
    match body.get("type").and_then(Value::text).as_deref() {
        Some("message") => {
            read_facts(&mut answer, body);
            for (at, block) in (0..).zip(body.get("content").iter().flat_map(|content| content.items())) {
                read_block(&mut answer, at, block);
            }
        }
        Some("error") => join(&mut answer, body),
        _ => {
            answer.input = body.get("input_tokens").and_then(Value::number);
            answer.pieces = u64::from(answer.input.is_some());
        }
    }
    answer
}

/// Adds one event's data to an answer.
pub(super) fn join(answer: &mut Answer, event: Value<'_>) {
    let index = || event.get("index").and_then(Value::number).unwrap_or_default();
    match event.get("type").and_then(Value::text).as_deref() {
        Some("message_start") => {
            if let Some(message) = event.get("message") {
                read_facts(answer, message);
            }
        }
        Some("content_block_start") => {
            if let Some(block) = event.get("content_block") {
                read_block(answer, index(), block);
            }
        }
        Some("content_block_delta") => read_delta(answer, index(), event),
        Some("message_delta") => {
            if let Some(delta) = event.get("delta") {
                read_facts(answer, delta);
            }
            if let Some(usage) = event.get("usage") {
                read_usage(answer, usage);
            }
        }
        Some("error") => {
            answer.pieces += 1;
            answer.failure = event.get("error").map(|error| failure(error, &["type"]));
        }
        _ => {}
    }
}

fn read_delta(answer: &mut Answer, index: i64, event: Value<'_>) {
    let part = |name| event.at(&["delta", name]).and_then(Value::text);
    match (part("text"), part("partial_json")) {
        (Some(text), _) => answer.say(&text),
        (None, Some(json)) => answer.give(index, &json),
        (None, None) => {}
    }
}

/// A block of the content. In a stream it is empty, and its pieces follow.
fn read_block(answer: &mut Answer, index: i64, block: Value<'_>) {
    let part = |name| block.get(name).and_then(Value::text).unwrap_or_default();
    match &*part("type") {
        "text" => answer.say(&part("text")),
        "tool_use" | "server_tool_use" => {
            let input = block.get("input").map_or("", Value::raw);
            answer.call(index, &part("name"), if input == "{}" { "" } else { input });
        }
        _ => {}
    }
}

fn read_facts(answer: &mut Answer, message: Value<'_>) {
    answer.pieces += 1;
    for (name, member) in message.members() {
        match name {
            "model" => answer.model = member.text().map(Into::into),
            "stop_reason" if !member.is_null() => answer.finish = member.text().map(Into::into),
            "usage" => read_usage(answer, member),
            _ => {}
        }
    }
}

fn read_usage(answer: &mut Answer, usage: Value<'_>) {
    for (name, member) in usage.members() {
        match name {
            "input_tokens" => answer.input = member.number().or(answer.input),
            "output_tokens" => answer.output = member.number().or(answer.output),
            "cache_read_input_tokens" => answer.cached = member.number().or(answer.cached),
            _ => {}
        }
    }
}
