//! The members of a small JSON object, as far as NATS says something with them.

use std::borrow::Cow;

/// The text of a member of an object that is text, without its escapes.
pub(super) fn text<'a>(object: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let raw = member(object, name)?.strip_prefix('"')?.strip_suffix('"')?;
    if !raw.contains('\\') {
        return Some(Cow::Borrowed(raw));
    }
    // What it escapes besides quotes and itself is shown as it is.
    Some(Cow::Owned(raw.replace("\\\"", "\"").replace("\\\\", "\\")))
}

/// The number of a member that is a whole number.
pub(super) fn number(object: &str, name: &str) -> Option<u64> {
    member(object, name)?.parse().ok()
}

/// The value of an object's own member, as it is written.
pub(super) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = object.trim().strip_prefix('{')?;
    loop {
        rest = rest.trim_start().strip_prefix('"')?;
        let end = string_end(rest)?;
        let key = rest.get(..end)?;
        rest = rest.get(end + 1..)?.trim_start().strip_prefix(':')?.trim_start();
        let end = value_end(rest)?;
        if key == name {
            return rest.get(..end).map(str::trim_end);
        }
        rest = rest.get(end..)?.strip_prefix(',')?;
    }
}

/// Where the text ends behind whose opening quote this begins.
fn string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

/// Where a value ends: before the comma or the bracket behind it.
fn value_end(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_u32, 0);
    loop {
        match text.as_bytes().get(at)? {
            b'"' => at += string_end(text.get(at + 1..)?)? + 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{member, number, text};

    #[test]
    fn a_member_is_found_at_its_own_depth() {
        let object = r#" {"a":{"user":"no","b":[1,"}"]}, "user" : "say \"hi\"" ,"n":12,"flag":true}"#;
        assert_eq!(text(object, "user").as_deref(), Some("say \"hi\""));
        assert_eq!((number(object, "n"), member(object, "flag")), (Some(12), Some("true")));
        assert_eq!((text(object, "b"), member("{", "a"), member("[1]", "a")), (None, None, None));
        assert_eq!(member(r#"{"a":"unfinished"#, "a"), None);
    }
}
