//! The passwords in a statement of Cypher, and the parameters that are some.

use std::borrow::Cow;

use crate::document::mongodb::secrets::MASK;

const PASSWORD: &[u8] = b"password";

/// A statement without its passwords.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Masked<'a> {
    pub(super) text: Cow<'a, str>,
    /// The parameters that stand for some.
    pub(super) parameters: Vec<&'a str>,
}

/// Finds the passwords: of users, whatever is quoted in the statement; elsewhere, what stands behind the word.
///
/// A text without an end reaches to the end of the statement: a cut one shows no half of a password.
pub(super) fn masked(text: &str) -> Masked<'_> {
    let bytes = text.as_bytes();
    let Some(first) = find(bytes, 0) else { return Masked { text: text.into(), parameters: Vec::new() } };
    // `CREATE USER ada SET PASSWORD 'x'`, `ALTER CURRENT USER SET PASSWORD FROM 'x' TO 'y'`.
    let is_of_users = bytes.windows(4).any(|word| word.eq_ignore_ascii_case(b"user"))
        && !bytes.contains(&b'{')
        && !bytes.contains(&b'(');
    let mut found = Found::default();
    let mut at = Some(first);
    while let Some(begin) = at {
        let mut end = begin + PASSWORD.len();
        if is_of_users {
            while let Some(next) = found.read(text, end) {
                end = next;
            }
        } else {
            let is_joint = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b':' | b'=' | b'`');
            let joints =
                bytes.get(end..).unwrap_or_default().iter().take_while(|byte| is_joint(byte)).count();
            if matches!(bytes.get(end + joints), Some(b'\'' | b'"' | b'$')) {
                end = found.read(text, end + joints).unwrap_or(end);
            }
        }
        at = find(bytes, end);
    }
    let (mut clean, mut kept) = (String::new(), 0);
    for (from, to) in found.texts {
        clean.push_str(text.get(kept..from).unwrap_or_default());
        clean.push_str(MASK);
        kept = to;
    }
    let rest = text.get(kept..).unwrap_or_default();
    let text = if kept == 0 { Cow::Borrowed(text) } else { Cow::Owned(clean + rest) };
    Masked { text, parameters: found.parameters }
}

/// Where the word stands next.
fn find(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let at = rest.windows(PASSWORD.len()).position(|word| word.eq_ignore_ascii_case(PASSWORD))?;
    Some(from + at)
}

#[derive(Default)]
struct Found<'a> {
    /// Where the insides of texts lie.
    texts: Vec<(usize, usize)>,
    parameters: Vec<&'a str>,
}

impl<'a> Found<'a> {
    /// Reads the next text or parameter from `at` on: where it ends.
    fn read(&mut self, text: &'a str, at: usize) -> Option<usize> {
        let bytes = text.as_bytes();
        let begin = at + bytes.get(at..)?.iter().position(|byte| matches!(byte, b'\'' | b'"' | b'$'))?;
        let quote = *bytes.get(begin)?;
        let inside = bytes.get(begin + 1..)?;
        if quote == b'$' {
            let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80;
            let end = begin + 1 + inside.iter().take_while(is_of_name).count();
            self.parameters.extend(text.get(begin + 1..end));
            return Some(end);
        }
        let mut length = 0;
        while let Some(byte) = inside.get(length).filter(|byte| **byte != quote) {
            length += if *byte == b'\\' { 2 } else { 1 };
        }
        let end = (begin + 1 + length).min(bytes.len());
        self.texts.push((begin + 1, end));
        Some((end + 1).min(bytes.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn passwords_are_masked() {
        let cases = [
            (
                "CREATE USER ada SET PASSWORD 'x\\'y' CHANGE REQUIRED",
                "CREATE USER ada SET PASSWORD '***' CHANGE REQUIRED",
            ),
            (
                "ALTER CURRENT USER SET PASSWORD FROM 'x' TO \"y\"",
                "ALTER CURRENT USER SET PASSWORD FROM '***' TO \"***\"",
            ),
            (
                "CREATE (u:User {password: 'x', name: 'ada'})",
                "CREATE (u:User {password: '***', name: 'ada'})",
            ),
            ("MATCH (u) SET u.password = 'cut of", "MATCH (u) SET u.password = '***"),
            ("MATCH (u) RETURN u.password, 'x'", "MATCH (u) RETURN u.password, 'x'"),
            ("MATCH (u {name: 'x'}) RETURN u", "MATCH (u {name: 'x'}) RETURN u"),
        ];
        for (cypher, wanted) in cases {
            assert_eq!(masked(cypher).text, wanted);
        }
    }

    #[test]
    fn parameters_that_are_passwords_are_found() {
        assert_eq!(masked("CREATE USER ada SET PASSWORD $pw").parameters, ["pw"]);
        assert_eq!(masked("CREATE (u {name: $a, password: $b})").parameters, ["b"]);
        assert!(masked("MATCH (u {name: $a}) RETURN u").parameters.is_empty());
    }

    #[test]
    fn a_text_of_nothing_but_passwords_is_read_in_time() {
        for hostile in ["password'", "user password", "password$", "user password '", "password: "] {
            assert!(!masked(&hostile.repeat(8000)).text.is_empty());
        }
    }
}
