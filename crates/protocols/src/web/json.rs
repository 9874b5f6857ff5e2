//! Texts of JSON (RFC 8259) that may be cut anywhere: values are found in them, and nothing is copied but what has escapes.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::web::mask;

/// A value, from its first byte to its end, or to where the text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value<'a>(&'a str);

impl<'a> Value<'a> {
    /// The value that a text begins with.
    pub(crate) fn of(text: &'a str) -> Self {
        let text = text.trim_ascii_start();
        Value(text.get(..value_end(text)).unwrap_or(text))
    }

    /// The value as it is written.
    pub(crate) fn raw(self) -> &'a str {
        self.0
    }

    /// The members of an object with their names as they are written; none of anything else.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        let mut rest = self.0.strip_prefix('{').unwrap_or_default();
        std::iter::from_fn(move || {
            let quoted =
                rest.trim_ascii_start().trim_start_matches(',').trim_ascii_start().strip_prefix('"')?;
            let (name, behind) = quoted.split_at_checked(mask::string_end(quoted))?;
            let value = Value::of(behind.strip_prefix('"')?.trim_ascii_start().strip_prefix(':')?);
            rest = behind_of(quoted, value);
            (!value.0.is_empty()).then_some((name, value))
        })
    }

    /// The items of an array; none of anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Value<'a>> {
        let mut rest = self.0.strip_prefix('[').unwrap_or_default();
        std::iter::from_fn(move || {
            let value = Value::of(rest.trim_ascii_start().trim_start_matches(','));
            let is_value = !matches!(value.0.as_bytes(), [] | [b']', ..]);
            rest = behind_of(rest, value);
            is_value.then_some(value)
        })
    }

    /// The member of this name.
    pub(crate) fn get(self, name: &str) -> Option<Value<'a>> {
        self.members().find_map(|(is, value)| (is == name).then_some(value))
    }

    /// The member at the end of these names, each inside of the one before.
    pub(crate) fn at(self, path: &[&str]) -> Option<Value<'a>> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }

    /// The text of a string, or of its beginning where it is cut.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        let quoted = self.0.strip_prefix('"')?;
        let text = quoted.get(..mask::string_end(quoted)).unwrap_or(quoted);
        Some(if text.contains('\\') { Cow::Owned(unescaped(text)) } else { Cow::Borrowed(text) })
    }

    /// A whole number.
    pub(crate) fn number(self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// A whole number, which some write as a text where it may be too long for a script.
    pub(crate) fn integer(self) -> Option<i64> {
        self.number().or_else(|| self.text()?.parse().ok())
    }

    /// A whole number that is no less than 0.
    pub(crate) fn count(self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// Whether it says nothing: `null`.
    pub(crate) fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// Whether it is an object.
    pub(crate) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// Whether it is an array.
    pub(crate) fn is_array(self) -> bool {
        self.0.starts_with('[')
    }
}

/// Writes a text as a string, without its quotes.
pub(crate) fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..' ' => _ = write!(out, "\\u{:04x}", u32::from(letter)),
            _ => out.push(letter),
        }
    }
}

/// Writes a text as a string.
pub(crate) fn string(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

/// What stands behind a value inside of a text.
fn behind_of<'a>(text: &'a str, value: Value<'a>) -> &'a str {
    let end = (value.0.as_ptr() as usize + value.0.len()).saturating_sub(text.as_ptr() as usize);
    text.get(end..).unwrap_or_default()
}

/// Where the value ends whose first byte a text begins with.
fn value_end(text: &str) -> usize {
    match text.as_bytes().first() {
        Some(b'{' | b'[') => nested_end(text).unwrap_or(text.len()),
        Some(b'"') => text.len().min(2 + mask::string_end(text.get(1..).unwrap_or_default())),
        _ => text.find([',', '}', ']', ' ', '\t', '\r', '\n']).unwrap_or(text.len()),
    }
}

/// Where an object or array ends; `None` where the text is cut before.
fn nested_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at += 1 + mask::string_end(text.get(at..).unwrap_or_default()),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// A string without its escapes (RFC 8259, 7).
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escaped)) = rest.split_once('\\') {
        out.push_str(before);
        let mut letters = escaped.chars();
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let (letter, behind) = unit(letters.as_str());
                out.push(letter);
                letters = behind.chars();
            }
            Some(letter) => out.push(letter),
            None => {}
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
    out
}

/// The letter that `\u` and what follows it are, and what stands behind; two of them may be one letter.
fn unit(digits: &str) -> (char, &str) {
    let of = |digits: &str| u32::from_str_radix(digits.get(..4)?, 16).ok();
    let behind = |digits, length: usize| str::get(digits, length..).unwrap_or_default();
    match (of(digits), behind(digits, 4).strip_prefix("\\u").and_then(of)) {
        (Some(high @ 0xd800..0xdc00), Some(low @ 0xdc00..0xe000)) => {
            let letter = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            (letter.unwrap_or(char::REPLACEMENT_CHARACTER), behind(digits, 10))
        }
        (Some(unit), _) => (char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), behind(digits, 4)),
        (None, _) => (char::REPLACEMENT_CHARACTER, ""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::Value;

    const TEXT: &str = r#" {"a": [1, {"b":"x\"y"}, [ ]], "c" :{"d":-2,"e":true}, "f":"gr\u00fcn \ud83d\ude00\n", "g":null} "#;

    #[test]
    fn values_are_found_by_their_names() {
        let value = Value::of(TEXT);
        assert_eq!(value.at(&["c", "d"]).and_then(Value::number), Some(-2));
        assert!(value.get("g").is_some_and(Value::is_null));
        assert_eq!(value.get("f").and_then(Value::text).as_deref(), Some("gr\u{fc}n \u{1f600}\n"));
        let items: Vec<_> = value.get("a").unwrap().items().collect();
        assert_eq!(items.len(), 3);
        assert_eq!(items[1].get("b").and_then(Value::text).as_deref(), Some("x\"y"));
        assert_eq!((items[2].raw(), items[2].items().count()), ("[ ]", 0));
        assert_eq!(value.members().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "c", "f", "g"]);
    }

    #[test]
    fn what_is_cut_says_so_and_tells_its_beginning() {
        let value = Value::of(r#"{"a":1,"b":{"c":"the begin"#);
        assert_eq!(value.at(&["b", "c"]).and_then(Value::text).as_deref(), Some("the begin"));
        assert_eq!(Value::of(r#"["a","b"#).items().count(), 2);
    }

    proptest! {
        #[test]
        fn no_text_is_walked_for_ever(text in "[\\[\\]{}\",:\\\\ a1é]{0,60}", cut in 0..120_usize) {
            let text = text + TEXT;
            let value = Value::of(text.get(..cut).unwrap_or(&text));
            prop_assert!(value.members().count() <= text.len());
            prop_assert!(value.items().count() <= text.len());
            prop_assert!(value.text().is_none_or(|shown| shown.len() <= 3 * text.len()));
        }
    }
}
