//! Answers of Gemini's shape, whole or in pieces.

use crate::web::answer::{Answer, failure};
use crate::web::json::Value;

/// An answer that is one document, or an array of its pieces.
pub(super) fn whole(body: Value<'_>) -> Answer {
    let mut answer = Answer::default();
    if body.is_array() {
        body.items().for_each(|piece| join(&mut answer, piece));
    } else {
        join(&mut answer, body);
    }
    answer
}

/// Adds one piece to an answer.
pub(super) fn join(answer: &mut Answer, piece: Value<'_>) {
    for (name, member) in piece.members() {
        match name {
            "candidates" => {
                answer.pieces += 1;
                member.items().for_each(|candidate| read_candidate(answer, candidate));
            }
            "promptFeedback" => answer.pieces += 1,
            "usageMetadata" => read_usage(answer, member),
            "modelVersion" => answer.model = member.text().map(Into::into),
            "totalTokens" => {
                answer.pieces += 1;
                answer.input = member.number();
            }
            "embedding" | "embeddings" => {
                answer.pieces += 1;
                answer.items = Some(if member.is_array() { member.items().count() as u64 } else { 1 });
            }
            "error" if member.is_object() => {
                answer.pieces += 1;
                answer.failure = Some(failure(member, &["status", "code"]));
            }
            _ => {}
        }
    }
}

/// A candidate, or a piece of one: the first one's text is told, and how many there are.
fn read_candidate(answer: &mut Answer, candidate: Value<'_>) {
    let index = candidate.get("index").and_then(Value::count).unwrap_or_default();
    answer.choices = answer.choices.max(index + 1);
    if index > 0 {
        return;
    }
    if let Some(finish) = candidate.get("finishReason").and_then(Value::text) {
        answer.finish = Some(finish.into());
    }
    for part in candidate.at(&["content", "parts"]).iter().flat_map(|parts| parts.items()) {
        if let Some(text) = part.get("text").and_then(Value::text) {
            answer.say(&text);
        }
        if let Some(call) = part.get("functionCall") {
            let name = call.get("name").and_then(Value::text).unwrap_or_default();
            answer.call(answer.next_call(), &name, call.get("args").map_or("", Value::raw));
        }
    }
}

fn read_usage(answer: &mut Answer, usage: Value<'_>) {
    for (name, member) in usage.members() {
        match name {
            "promptTokenCount" => answer.input = member.number(),
            "candidatesTokenCount" => answer.output = member.number(),
            "cachedContentTokenCount" => answer.cached = member.number(),
            _ => {}
        }
    }
}
