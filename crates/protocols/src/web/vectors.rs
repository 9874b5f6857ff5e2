//! What stores of vectors share: documents without their vectors, which say nothing to people.

use std::borrow::Cow;

use crate::web::dialect::{Asked, Told};
use crate::web::json::Value;

/// Longer arrays of numbers are vectors.
const VECTOR: usize = 4;

/// Deeper documents are not looked into.
const DEPTH: usize = 8;

/// So many rows are samples.
pub(super) const SAMPLES: usize = 8;

/// What is asked: the document, or the method and the path where there is none.
pub(super) fn statement(asked: &Asked<'_>) -> String {
    match asked.body.is_empty() {
        true if asked.query.is_empty() => format!("{} {}", asked.method, asked.path),
        true => format!("{} {}?{}", asked.method, asked.path, asked.query),
        false => without_vectors(Value::of(asked.body)),
    }
}

/// A document in which each vector is told by its length: `[3 numbers]`.
fn without_vectors(value: Value<'_>) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: Value<'_>, depth: usize, out: &mut String) {
    if depth > DEPTH || !value.is_object() && !value.is_array() {
        return out.push_str(value.raw());
    }
    let is_number = |value: Value<'_>| value.raw().starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let numbers = value.items().take_while(|item| is_number(*item)).count();
    if numbers >= VECTOR {
        return out.push_str(&format!("[{numbers} numbers]"));
    }
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    out.push(open);
    let mut comma = "";
    for (name, member) in value.members() {
        out.push_str(comma);
        comma = ",";
        out.push_str(&format!("\"{name}\":"));
        write(member, depth + 1, out);
    }
    for item in value.items() {
        out.push_str(comma);
        comma = ",";
        write(item, depth + 1, out);
    }
    out.push(close);
}

/// Tells what is asked in the words that all stores share: how many are wanted, with or of how many vectors, which.
pub(super) fn wish(top: Option<i64>, vectors: Option<u64>, filter: Option<Cow<'_, str>>, told: &mut Told) {
    let vectors = vectors.filter(|vectors| *vectors > 0).and_then(|vectors| i64::try_from(vectors).ok());
    let filter = filter.filter(|filter| !matches!(filter.as_ref(), "" | "null" | "{}"));
    let wishes = [
        top.map(|top| ("vector.top_k", top.into())),
        vectors.map(|vectors| ("vector.vectors", vectors.into())),
        filter.map(|filter| ("vector.filter", filter.as_ref().into())),
    ];
    told.request_details.extend(wishes.into_iter().flatten());
}

/// A filter that is a document, as a text.
pub(super) fn filter(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
    value.map(without_vectors).map(Cow::Owned)
}

/// A method's name in the words of the other stores: `create_collection` of `CreateCollection`.
pub(super) fn snake(method: &str) -> String {
    let mut words = String::with_capacity(method.len() + 4);
    for letter in method.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// The first of these texts or documents, a row each.
pub(super) fn samples(values: Option<Value<'_>>, told: &mut Told) {
    for value in values.iter().flat_map(|values| values.items()).take(SAMPLES) {
        told.samples.add(64, |row| match value.text() {
            Some(text) => row.push(&text),
            None if value.is_null() => row.push_null(),
            None => row.push(&without_vectors(value)),
        });
    }
}
