//! Credentials become `***` here, before anything is kept: in targets, fields and bodies.

/// What stands for a credential.
pub(super) const MASK: &str = "***";

/// Field names that end as if they did and do not.
const HARMLESS_FIELDS: [&str; 3] = ["sec-websocket-key", "idempotency-key", "surrogate-key"];

/// Names of parameters, members and elements that are credentials, letters and digits alone.
const NAMES: [&str; 15] = [
    "auth",
    "authorization",
    "code",
    "credential",
    "credentials",
    "jwt",
    "key",
    "pass",
    "passphrase",
    "pin",
    "pwd",
    "sas",
    "sid",
    "sig",
    "otp",
];

/// Names that end so are credentials (`access_token`, `clientSecret`, `X-Amz-Signature`).
const NAME_ENDS: [&str; 9] =
    ["password", "passwd", "secret", "token", "apikey", "accesskey", "privatekey", "signature", "sessionid"];

/// Names in a document that are credentials only in a query: there a `key` opens a door, here it is a word.
const HARMLESS_IN_DOCUMENTS: [&str; 3] = ["code", "key", "pin"];

/// Longer names are nobody's.
const NAME: usize = 64;

/// Whether the value of a field of this name is a credential (`Proxy-Authorization`, `X-Vault-Token`).
pub(super) fn is_secret_field(name: &[u8]) -> bool {
    let ends = |end: &[u8]| ends_with(name, end);
    // The last two letters rule out nearly every field there is.
    let [.., before, last] = name else { return false };
    let secret = match (before | 0x20, last | 0x20) {
        (b'o', b'n') => ends(b"authorization"),
        (b'e', b'n') => ends(b"-token"),
        (b'i', b'e') => ends(b"cookie"),
        (b'r', b'e') => ends(b"-signature"),
        (b'e', b'y') => ends(b"-key") || ends(b"apikey"),
        (b'e', b't') => ends(b"-secret"),
        (b'r', b'd') => ends(b"-password"),
        (b't', b'h') => ends(b"x-auth"),
        (b'e', b'2') => ends(b"cookie2"),
        _ => false,
    };
    secret && !HARMLESS_FIELDS.iter().any(|harmless| harmless.as_bytes().eq_ignore_ascii_case(name))
}

fn ends_with(name: &[u8], end: &[u8]) -> bool {
    let from = name.len().checked_sub(end.len());
    from.and_then(|from| name.get(from..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// Where a name stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Query,
    Document,
}

/// Whether what is named so is a credential; percent-escapes, case and punctuation hide nothing.
fn is_secret(name: &[u8], place: Place) -> bool {
    if !may_be_secret(name) {
        return false;
    }
    let mut plain = [0; NAME];
    let mut length = 0;
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => escaped(&mut bytes),
            byte => *byte,
        };
        if !byte.is_ascii_alphanumeric() {
            continue;
        }
        let Some(room) = plain.get_mut(length) else { return false };
        *room = byte.to_ascii_lowercase();
        length += 1;
    }
    let plain = plain.get(..length).unwrap_or_default();
    let is = |names: &[&str]| names.iter().any(|n| n.as_bytes() == plain);
    let whole = is(&NAMES) && (place == Place::Query || !is(&HARMLESS_IN_DOCUMENTS));
    whole || NAME_ENDS.iter().any(|end| plain.ends_with(end.as_bytes()))
}

/// Whether a name's last letters are a credential's; what is no letter may hide some.
fn may_be_secret(name: &[u8]) -> bool {
    let [.., a, b, c] = name else { return false };
    if !(a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && c.is_ascii_alphabetic()) {
        return true;
    }
    matches!(
        &[a | 0x20, b | 0x20, c | 0x20],
        b"uth"
            | b"ion"
            | b"ode"
            | b"ial"
            | b"als"
            | b"jwt"
            | b"key"
            | b"ass"
            | b"ase"
            | b"pin"
            | b"pwd"
            | b"sas"
            | b"sid"
            | b"sig"
            | b"otp"
            | b"ord"
            | b"swd"
            | b"ret"
            | b"ken"
            | b"ure"
            | b"nid"
    )
}

fn escaped(bytes: &mut std::slice::Iter<'_, u8>) -> u8 {
    let mut digit = || bytes.next().and_then(|d| char::from(*d).to_digit(16));
    match (digit(), digit()) {
        (Some(high), Some(low)) => u8::try_from(high * 16 + low).unwrap_or(0),
        _ => 0,
    }
}

/// Whether [`url`] may change `text`, or a line of it: most targets and field values have nothing to hide.
pub(super) fn may_hide(text: &[u8]) -> bool {
    memchr::memchr3(b'?', b'@', b'#', text).is_some()
        && (memchr::memchr(b'@', text).is_some() || has_secret_parameters(text))
}

/// Whether [`parameters`] may change `text`.
pub(super) fn has_secret_parameters(text: &[u8]) -> bool {
    let mut from = 0;
    memchr::memchr_iter(b'=', text).any(|at| {
        let before = text.get(from..at).unwrap_or_default();
        from = at + 1;
        may_be_secret(before.trim_ascii_end()) && {
            let begins = before.iter().rposition(|b| matches!(b, b'?' | b'#' | b'&' | b';' | b'\n'));
            let name = before.get(begins.map_or(0, |at| at + 1)..).unwrap_or_default();
            is_secret(name.trim_ascii(), Place::Query)
        }
    })
}

/// Whether [`json`] may change `text`.
pub(super) fn has_secret_members(text: &[u8]) -> bool {
    memchr::memchr_iter(b':', text).any(|at| {
        let before = text.get(..at).unwrap_or_default();
        let before = match before {
            [.., b'"'] => before,
            _ => before.trim_ascii_end(),
        };
        let [before @ .., b'"'] = before else { return false };
        // A name of two letters, as `id` is, is told by the quote before it.
        if matches!(before, [.., b'{' | b',' | b' ', b'"', _, _]) || !may_be_secret(before) {
            return false;
        }
        let begins = memchr::memrchr(b'"', before).map_or(0, |quote| quote + 1);
        let (outside, name) = before.split_at_checked(begins).unwrap_or_default();
        // A name may have a quote in it, behind a backslash.
        outside.ends_with(b"\\\"") || is_secret(name, Place::Document)
    })
}

/// Writes an address (or a text with an address in it) without its user's password and its secret parameters.
pub(super) fn url(text: &str, out: &mut String) {
    let (path, query) = match text.find(['?', '#']) {
        Some(at) => text.split_at_checked(at).unwrap_or((text, "")),
        None => (text, ""),
    };
    match path.find("://").and_then(|at| path.split_at_checked(at + 3)) {
        Some((scheme, rest)) => {
            out.push_str(scheme);
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
            match authority.rsplit_once('@') {
                Some((_, host)) => {
                    out.push_str(MASK);
                    out.push('@');
                    out.push_str(host);
                }
                None => out.push_str(authority),
            }
            out.push_str(rest);
        }
        None => out.push_str(path),
    }
    parameters(query, out);
}

/// Writes `name=value` pairs without the values that are secret.
pub(super) fn parameters(text: &str, out: &mut String) {
    for part in text.split_inclusive(['?', '#', '&', ';']) {
        let end = part.trim_end_matches(['?', '#', '&', ';']);
        match end.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_secret(name.trim().as_bytes(), Place::Query) => {
                out.push_str(name);
                out.push('=');
                out.push_str(MASK);
                out.push_str(part.strip_prefix(end).unwrap_or_default());
            }
            _ => out.push_str(part),
        }
    }
}

/// Writes a JSON text without the members that are secret; the text may be cut anywhere.
pub(super) fn json(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once('"') {
        out.push_str(before);
        out.push('"');
        let (name, after) = quoted.split_at_checked(string_end(quoted)).unwrap_or((quoted, ""));
        out.push_str(name);
        rest = after;
        let Some(value) = after.strip_prefix('"').and_then(|a| a.trim_ascii_start().strip_prefix(':')) else {
            // The end of a string that is no name.
            if let Some(after) = after.strip_prefix('"') {
                out.push('"');
                rest = after;
            }
            continue;
        };
        let value = value.trim_start();
        let (colon, _) = after.split_at_checked(after.len() - value.len()).unwrap_or((after, ""));
        out.push_str(colon);
        rest = value;
        if is_secret(name.as_bytes(), Place::Document) {
            rest = json_value(value, out);
        }
    }
    out.push_str(rest);
}

/// Where a string ends whose first quote is read.
fn string_end(text: &str) -> usize {
    let mut from = 0;
    while let Some(at) = memchr::memchr2(b'"', b'\\', text.as_bytes().get(from..).unwrap_or_default()) {
        match text.as_bytes().get(from + at) {
            Some(b'\\') => from += at + 2,
            _ => return from + at,
        }
    }
    text.len()
}

/// Masks a secret member's value and returns what follows it. The members of an object are read on by name.
fn json_value<'a>(value: &'a str, out: &mut String) -> &'a str {
    let end = match value.as_bytes() {
        [b'{', ..] | [] => return value,
        [b'[', ..] => array_end(value),
        [b'"', ..] => 2 + string_end(value.get(1..).unwrap_or_default()),
        _ => value.find([',', '}', ']', '\n']).unwrap_or(value.len()),
    };
    out.push('"');
    out.push_str(MASK);
    out.push('"');
    value.get(end..).unwrap_or_default()
}

/// Where an array ends whose first byte is its bracket.
fn array_end(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    while let Some(found) = memchr::memchr3(b'"', b'[', b']', text.as_bytes().get(at..).unwrap_or_default()) {
        at += found + 1;
        match text.as_bytes().get(at - 1) {
            Some(b'"') => at += 1 + string_end(text.get(at..).unwrap_or_default()),
            Some(b'[') => depth += 1,
            _ if depth == 1 => return at,
            _ => depth -= 1,
        }
    }
    text.len()
}

/// Writes an XML text without the elements that are secret.
pub(super) fn xml(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        out.push('<');
        let (tag, after) = tag.split_at_checked(tag.find('>').unwrap_or(tag.len())).unwrap_or((tag, ""));
        out.push_str(tag);
        rest = after;
        let name = tag.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or_default();
        let opens = !tag.starts_with(['/', '!', '?']) && !tag.ends_with('/');
        if opens && is_secret(name.as_bytes(), Place::Document) && after.len() > 1 {
            let value = after.get(1..).unwrap_or_default();
            out.push('>');
            out.push_str(MASK);
            rest = value.get(value.find('<').unwrap_or(value.len())..).unwrap_or_default();
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::{is_secret_field, json, url, xml};

    fn written(write: impl Fn(&str, &mut String), text: &str) -> String {
        let mut out = String::new();
        write(text, &mut out);
        out
    }

    #[test]
    fn fields_that_hold_credentials_are_known() {
        for name in [
            "Authorization",
            "COOKIE",
            "set-cookie",
            "X-Api-Key",
            "X-Vault-Token",
            "Ocp-Apim-Subscription-Key",
        ] {
            assert!(is_secret_field(name.as_bytes()), "{name}");
        }
        for name in ["Host", "Date", "Content-Type", "Sec-WebSocket-Key", "Accept", "ETag"] {
            assert!(!is_secret_field(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn addresses_lose_their_credentials_alone() {
        assert_eq!(written(url, "/a?id=1&Access_Token=abc&x=2#f"), "/a?id=1&Access_Token=***&x=2#f");
        assert_eq!(
            written(url, "http://u:p@h:80/a?X-Amz-Signature=1"),
            "http://***@h:80/a?X-Amz-Signature=***"
        );
        assert_eq!(written(url, "/a?pass%77ord=x&monkey=y"), "/a?pass%77ord=***&monkey=y");
        assert_eq!(written(url, "/a@b?sig=&key=k"), "/a@b?sig=&key=***");
    }

    #[test]
    fn documents_lose_their_credentials_alone() {
        let text =
            r#"{"user":"a","password" : "p\"q","n":{"api_key":12,"key":"k"},"token":["]",["t"]],"secret":"#;
        let masked =
            r#"{"user":"a","password" : "***","n":{"api_key":"***","key":"k"},"token":"***","secret":"#;
        assert_eq!(written(json, text), masked);
        assert_eq!(written(json, r#"{"password":"cut o"#), r#"{"password":"***""#);
        let text = "<a><wsse:Password Type='x'>p</wsse:Password><b>c</b></a>";
        assert_eq!(written(xml, text), "<a><wsse:Password Type='x'>***</wsse:Password><b>c</b></a>");
    }
}
