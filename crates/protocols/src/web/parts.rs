//! The parts of `multipart/form-data` (RFC 7578): values that are credentials become `***`, what is no text is left out.

use crate::web::content::Kind;
use crate::web::credentials::{Place, is_secret};
use crate::web::mask::{self, MASK};

/// The longest boundary, with the dashes before it and behind the last one (RFC 2046, 5.1.1).
const BOUNDARY: usize = 2 + 70 + 2;

/// Writes the parts of a text that may be cut anywhere; nothing when it does not begin with one, as nobody sends it.
pub(super) fn masked(text: &str, out: &mut String) {
    let boundary = text.lines().next().unwrap_or_default().trim_ascii_end();
    if !boundary.starts_with("--") || !(3..=BOUNDARY).contains(&boundary.len()) {
        return;
    }
    let mut rest = text;
    while !rest.is_empty() {
        let (part, next) = rest.split_at_checked(part_end(rest, boundary)).unwrap_or((rest, ""));
        let (head, content) = part.split_at_checked(head_end(part)).unwrap_or((part, ""));
        out.push_str(head);
        let value = content.trim_end_matches(['\r', '\n']);
        value_of(head, value, out);
        out.push_str(content.strip_prefix(value).unwrap_or_default());
        rest = next;
    }
}

/// Where a part ends that begins with its boundary: with the line before the next one.
fn part_end(text: &str, boundary: &str) -> usize {
    let mut lines = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
    let is_next = |at: &usize| text.get(*at..).is_some_and(|line| line.starts_with(boundary));
    lines.find(is_next).unwrap_or(text.len())
}

/// Where the head of a part ends: behind the first empty line.
fn head_end(part: &str) -> usize {
    let mut end = 0;
    for line in part.split_inclusive('\n') {
        end += line.len();
        if line.trim_ascii().is_empty() {
            break;
        }
    }
    end
}

/// Writes what a part with this head holds.
fn value_of(head: &str, value: &str, out: &mut String) {
    if value.is_empty() {
        return;
    }
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let media = fields.find(|(name, _)| name.trim_ascii().eq_ignore_ascii_case("content-type"));
    let kind = match media {
        Some((_, media)) => Kind::named(media.as_bytes()),
        None if parameters(head).any(|(name, _)| is(name, "filename")) => Kind::Opaque,
        // What is sent as a value may be a document all the same.
        None => match value.trim_ascii_start().as_bytes() {
            [b'{' | b'[', ..] => Kind::Json,
            [b'<', ..] => Kind::Xml,
            _ => Kind::Plain,
        },
    };
    let mut names = parameters(head).filter(|(name, _)| is(name, "name"));
    match kind {
        _ if names.any(|(_, name)| is_secret(name.as_bytes(), Place::Query)) => out.push_str(MASK),
        _ if value.contains(char::REPLACEMENT_CHARACTER) => {}
        Kind::Opaque | Kind::Parts => {}
        Kind::Json | Kind::LongJson | Kind::Events => mask::json(value, out),
        Kind::Form => mask::parameters(value, out),
        Kind::Xml => mask::xml(value, out),
        Kind::Plain => out.push_str(value),
    }
}

/// Whether a parameter is this one, in whatever letters and coding (RFC 8187).
fn is(name: &str, known: &str) -> bool {
    name.strip_suffix('*').unwrap_or(name).eq_ignore_ascii_case(known)
}

/// The parameters of a head's fields: names and values, quoted or not.
fn parameters(head: &str) -> impl Iterator<Item = (&str, &str)> {
    head.lines().flat_map(|line| {
        let mut rest = line;
        std::iter::from_fn(move || {
            let (before, after) = rest.split_once('=')?;
            let name = before.trim_ascii_end().rsplit([';', ':', ' ', '\t', '"']).next().unwrap_or_default();
            let after = after.trim_ascii_start();
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_at_checked(mask::string_end(quoted)).unwrap_or((quoted, "")),
                None => after
                    .split_at_checked(after.find([';', ' ', '\t']).unwrap_or(after.len()))
                    .unwrap_or((after, "")),
            };
            rest = after;
            Some((name, value))
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::masked;

    fn written(text: &str) -> String {
        let mut out = String::new();
        masked(text, &mut out);
        out
    }

    fn part(head: &str, value: &str) -> String {
        format!("--x\r\n{head}\r\n\r\n{value}\r\n")
    }

    fn named(name: &str) -> String {
        format!("Content-Disposition: form-data; {name}")
    }

    #[test]
    fn values_that_are_credentials_are_masked() {
        for name in [
            r#"name="password""#,
            r#"name="pass%77ord""#,
            r#"NAME = "Client-Secret""#,
            r#"name="user\"s_token""#,
            r#"name="a;password""#,
            "name=password",
            "name*=utf-8''password",
            r#"filename="a.txt"; name="api_key""#,
            "\r\n name=\"pwd\"",
        ] {
            let head = named(name);
            assert_eq!(written(&part(&head, "hunter2\r\n\r\nor 3")), part(&head, "***"), "{name}");
        }
        let head = "content-type: text/plain; a=\"\r\nContent-Disposition: form-data; name=\"password\"";
        assert_eq!(written(&part(head, "hunter2")), part(head, "***"));
    }

    #[test]
    fn other_values_are_told_as_what_they_are() {
        let plain = named(r#"name="city""#);
        let file = named(r#"name="photo"; filename="password.png""#);
        let document = format!("{plain}\r\nContent-Type: application/json");
        for (head, sent, told) in [
            (plain.as_str(), "London --x\r\ntoken=1", "London --x\r\ntoken=1"),
            (&plain, r#"{"token":"a"}"#, r#"{"token":"***"}"#),
            (&plain, "<token>a</token>", "<token>***</token>"),
            (&plain, "no \u{fffd} text", ""),
            (&document, r#""a", {"token":"a"}"#, r#""a", {"token":"***"}"#),
            (&file, "GIF89a", ""),
            ("Content-Type: image/png", "PNG", ""),
        ] {
            assert_eq!(written(&part(head, sent)), part(head, told));
        }
    }

    #[test]
    fn parts_are_told_one_by_one() {
        let (user, password) = (named(r#"name="user""#), named(r#"name="password""#));
        let sent = part(&password, "p") + &part(&user, "ada") + &part(&password, "q") + "--x--\r\n";
        let told = part(&password, "***") + &part(&user, "ada") + &part(&password, "***") + "--x--\r\n";
        assert_eq!(written(&sent), told);
        for other in ["", "--", "--\r\n", "preamble\r\n--x\r\n", &"-".repeat(80)] {
            assert_eq!(written(other), "");
        }
    }

    proptest! {
        #[test]
        fn a_credential_is_told_nowhere_a_body_is_cut(cut in 0..200_usize) {
            let sent = part(&named("name=\"user\""), "ada") + &part(&named("name=\"token\""), "hunter2");
            prop_assert!(!written(sent.get(..cut).unwrap_or(&sent)).contains("hun"));
        }
    }
}
