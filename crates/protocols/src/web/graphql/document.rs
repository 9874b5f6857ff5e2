//! Documents of GraphQL: their operations, what these ask for at the top, and the text without credentials.

use crate::web::credentials::{Place, is_secret};
use crate::web::mask::MASK;

/// More fields than this are not told one by one.
const FIELDS: usize = 32;

/// So many fragments are followed in all: those of fragments too, or each could stand for thousands.
const FRAGMENTS: usize = 32;

/// A lexical token (GraphQL, 2.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    /// A string, with its quotes.
    Text(&'a str),
    Punctuator(u8),
    Number,
}

/// The operation that a document runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation<'a> {
    /// `query`, `mutation` or `subscription`.
    pub(super) kind: &'static str,
    pub(super) name: Option<&'a str>,
    /// What stands behind the brace that opens its selections.
    selections: &'a str,
}

/// Whether a text is a document: it begins as one.
pub(super) fn is_document(text: &str) -> bool {
    let Some((token, behind)) = next(text) else { return false };
    let follows = next(behind).map(|(token, _)| token);
    match token {
        Token::Punctuator(b'{') => matches!(follows, Some(Token::Name(_) | Token::Punctuator(b'.'))),
        Token::Name("fragment") => matches!(follows, Some(Token::Name(_))),
        Token::Name(word) if kind(word).is_some() => {
            let is_named = matches!(follows, Some(Token::Name(_))) && opens(behind).is_some();
            is_named || matches!(follows, Some(Token::Punctuator(b'{' | b'(' | b'@')))
        }
        _ => false,
    }
}

fn kind(word: &str) -> Option<&'static str> {
    ["query", "mutation", "subscription"].into_iter().find(|kind| *kind == word)
}

/// The operation of this name, or the first one.
pub(super) fn operation<'a>(document: &'a str, wanted: Option<&str>) -> Option<Operation<'a>> {
    let mut first = None;
    let mut rest = document;
    while let Some((token, behind)) = next(rest) {
        let (kind, after) = match token {
            Token::Name(word) => (kind(word), behind),
            // The short form of a query.
            Token::Punctuator(_) | Token::Text(_) | Token::Number => (Some("query"), rest),
        };
        let name = match next(after) {
            Some((Token::Name(name), _)) => Some(name),
            _ => None,
        };
        let Some(selections) = opens(after) else { break };
        rest = past(selections, b'{', b'}');
        let Some(kind) = kind else { continue };
        let found = Operation { kind, name, selections };
        if wanted.is_none() || name == wanted {
            return Some(found);
        }
        first.get_or_insert(found);
    }
    first
}

/// The fields that an operation asks for at the top, by their own names.
pub(super) fn fields<'a>(document: &'a str, operation: &Operation<'a>) -> Vec<&'a str> {
    let (mut fields, mut left) = (Vec::new(), FRAGMENTS);
    collect(document, operation.selections, &mut left, &mut fields);
    fields
}

/// Collects the fields of selections, where `left` fragments more are followed.
fn collect<'a>(document: &'a str, selections: &'a str, left: &mut usize, fields: &mut Vec<&'a str>) {
    let mut rest = selections;
    while fields.len() < FIELDS
        && let Some((token, behind)) = next(rest)
    {
        rest = match token {
            Token::Punctuator(b'}') => return,
            Token::Punctuator(b'(') => past(behind, b'(', b')'),
            Token::Punctuator(b'{') => past(behind, b'{', b'}'),
            // A directive's name.
            Token::Punctuator(b'@') => next(behind).map_or("", |(_, behind)| behind),
            Token::Punctuator(b'.') => spread(document, behind, left, fields),
            Token::Name(name) => {
                let (name, behind) = field(name, behind);
                if !fields.contains(&name) {
                    fields.push(name);
                }
                behind
            }
            Token::Punctuator(_) | Token::Text(_) | Token::Number => behind,
        };
    }
}

/// A field, which may stand behind another name that it has in the answer.
fn field<'a>(name: &'a str, behind: &'a str) -> (&'a str, &'a str) {
    match next(behind) {
        Some((Token::Punctuator(b':'), after)) => match next(after) {
            Some((Token::Name(own), after)) => (own, after),
            _ => (name, after),
        },
        _ => (name, behind),
    }
}

/// A fragment's fields stand where it is spread (GraphQL, 2.8); gives what follows.
fn spread<'a>(document: &'a str, behind: &'a str, left: &mut usize, fields: &mut Vec<&'a str>) -> &'a str {
    let behind = behind.trim_start_matches('.');
    let follows = *left > 0;
    *left = left.saturating_sub(1);
    match next(behind) {
        Some((Token::Name(name), after)) if name != "on" => {
            if follows && let Some(selections) = fragment(document, name) {
                collect(document, selections, left, fields);
            }
            after
        }
        _ => {
            let Some(selections) = opens(behind) else { return "" };
            if follows {
                collect(document, selections, left, fields);
            }
            past(selections, b'{', b'}')
        }
    }
}

/// The selections of the fragment of this name.
fn fragment<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = document;
    while let Some((token, behind)) = next(rest) {
        let named = next(behind).map(|(token, _)| token);
        let selections = opens(rest)?;
        if token == Token::Name("fragment") && named == Some(Token::Name(name)) {
            return Some(selections);
        }
        rest = past(selections, b'{', b'}');
    }
    None
}

/// A document without the credentials that it gives as arguments.
pub(super) fn masked(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    let (mut rest, mut told) = (document, document);
    let mut named = "";
    while let Some((token, behind)) = next(rest) {
        match token {
            Token::Name(name) if matches!(next(behind), Some((Token::Punctuator(b':'), _))) => named = name,
            Token::Text(text) if is_secret(named.as_bytes(), Place::Document) => {
                let before = told.len().saturating_sub(behind.len() + text.len());
                out.push_str(told.get(..before).unwrap_or_default());
                out.push('"');
                out.push_str(MASK);
                out.push('"');
                told = behind;
            }
            Token::Name(_) | Token::Text(_) | Token::Punctuator(_) | Token::Number => {}
        }
        rest = behind;
    }
    out.push_str(told);
    out
}

/// What stands behind the next brace that opens selections.
fn opens(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((token, behind)) = next(rest) {
        rest = match token {
            Token::Punctuator(b'{') => return Some(behind),
            // Values of variables may have braces, too.
            Token::Punctuator(b'(') => past(behind, b'(', b')'),
            Token::Name(_) | Token::Text(_) | Token::Punctuator(_) | Token::Number => behind,
        };
    }
    None
}

/// What stands behind the bracket that closes one which was opened before `text`.
fn past(text: &str, open: u8, close: u8) -> &str {
    let (mut rest, mut depth) = (text, 1_usize);
    while let Some((token, behind)) = next(rest) {
        rest = behind;
        match token {
            Token::Punctuator(byte) if byte == open => depth += 1,
            Token::Punctuator(byte) if byte == close => depth -= 1,
            Token::Name(_) | Token::Text(_) | Token::Punctuator(_) | Token::Number => {}
        }
        if depth == 0 {
            return rest;
        }
    }
    ""
}

/// The first token of a text, and what follows it.
fn next(text: &str) -> Option<(Token<'_>, &str)> {
    let mut text = text;
    loop {
        text = text.trim_start_matches([' ', '\t', '\r', '\n', ',', '\u{feff}']);
        match text.strip_prefix('#') {
            Some(comment) => text = comment.get(comment.find(['\r', '\n']).unwrap_or(comment.len())..)?,
            None => break,
        }
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let split = |end: usize| text.split_at_checked(end);
    match text.as_bytes() {
        [] => None,
        [b'"', ..] => split(string_end(text)).map(|(text, behind)| (Token::Text(text), behind)),
        [b'0'..=b'9' | b'-', rest @ ..] => {
            let is_number = |byte: &&u8| is_name(byte) || matches!(byte, b'.' | b'+' | b'-');
            split(1 + rest.iter().take_while(is_number).count()).map(|(_, behind)| (Token::Number, behind))
        }
        [first, rest @ ..] if is_name(first) => {
            let name = split(1 + rest.iter().take_while(|byte| is_name(byte)).count());
            name.map(|(name, behind)| (Token::Name(name), behind))
        }
        [byte, ..] => {
            let length = text.chars().next().map_or(1, char::len_utf8);
            Some((Token::Punctuator(*byte), text.get(length..)?))
        }
    }
}

/// Where a string ends that a text begins with, a block string too (GraphQL, 2.9.4).
fn string_end(text: &str) -> usize {
    match text.strip_prefix("\"\"\"") {
        Some(block) => {
            let ends = block
                .match_indices("\"\"\"")
                .find(|(at, _)| !block.get(..*at).unwrap_or_default().ends_with('\\'));
            ends.map_or(text.len(), |(at, _)| at + 6)
        }
        None => text.len().min(2 + crate::web::mask::string_end(text.get(1..).unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::{fields, is_document, masked, operation};

    const DOCUMENT: &str = r#"
        # two of them, and a fragment
        query Orders($first: Int = 10, $by: Filter = {city: "London"}) @cached(ttl: 60) {
            mine: orders(first: $first, where: {text: "a } b", ids: [1, -2]}) { id lines { count } }
            ... on Query { users { name } }
            ...Rest @include(if: true)
        }
        fragment Rest on Query { version ...Deeper }
        fragment Deeper on Query { orders { id } stock(at: """a "block" }""") }
        mutation Buy { buy(id: 1) { id } }"#;

    fn asked(document: &str, name: Option<&str>) -> (&'static str, Option<String>, String) {
        let operation = operation(document, name).unwrap();
        (operation.kind, operation.name.map(str::to_owned), fields(document, &operation).join(" "))
    }

    #[test]
    fn operations_ask_for_fields() {
        assert_eq!(
            asked(DOCUMENT, None),
            ("query", Some("Orders".into()), "orders users version stock".into())
        );
        assert_eq!(asked(DOCUMENT, Some("Buy")), ("mutation", Some("Buy".into()), "buy".into()));
        assert_eq!(asked("{ a, b }", None), ("query", None, "a b".into()));
        assert_eq!(
            asked("subscription { news(of: \"x\") { text", None),
            ("subscription", None, "news".into())
        );
        assert_eq!(asked("{ ...a } fragment a on Q { x ...a ...a ...a }", None), ("query", None, "x".into()));
    }

    #[test]
    fn documents_are_told_from_other_texts() {
        for text in
            [DOCUMENT, "{a}", "query{a}", "mutation A{a}", "#c\n\u{feff}fragment A on B {c} {a}", "{...a}"]
        {
            assert!(is_document(text), "{text}");
        }
        for text in [
            "",
            "query",
            "query by example",
            "{\"match\":{}}",
            "from(bucket: 1)",
            "SELECT 1",
            "{1}",
            "queryA{a}",
        ] {
            assert!(!is_document(text), "{text}");
        }
    }

    #[test]
    fn arguments_lose_their_credentials() {
        let sent = r#"mutation { a: login(user: "ada", password: "hunter2") { token } b(in: {token: ["x", "y"], n: "z"}) }"#;
        let told = r#"mutation { a: login(user: "ada", password: "***") { token } b(in: {token: ["***", "***"], n: "z"}) }"#;
        assert_eq!(masked(sent), told);
        assert_eq!(
            masked(r#"query ($password: String = "hunter2") {a}"#),
            r#"query ($password: String = "***") {a}"#
        );
        assert_eq!(masked("{ a(secret: \"\"\"hun\nter2\"\"\") }"), "{ a(secret: \"***\") }");
        assert_eq!(masked("{ a(secret: \"hun"), "{ a(secret: \"***\"");
    }

    proptest! {
        #[test]
        fn no_text_is_walked_for_ever(text in "[{}()\\[\\]\".:@#a1é\n ]{0,60}", cut in 0..400_usize) {
            let text = text + DOCUMENT;
            let text = text.get(..cut).unwrap_or(&text);
            prop_assert!(masked(text).len() <= text.len() * 3 + 3);
            if let Some(operation) = operation(text, Some("none")) {
                prop_assert!(fields(text, &operation).len() <= 32);
            }
            is_document(text);
        }
    }
}
