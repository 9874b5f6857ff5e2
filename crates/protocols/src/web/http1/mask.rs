//! Credentials become `***` here, before anything is kept: in targets, fields and bodies.

use wide::u8x16;

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

/// So many bytes are looked at together.
const PIECE: usize = 16;

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

/// Whether what is named so is a credential; escapes (of URIs, and of JSON in documents), case and punctuation hide nothing.
fn is_secret(name: &[u8], place: Place) -> bool {
    may_be_secret(name) && is_credential(name, place)
}

/// [`is_secret`], read letter by letter.
fn is_credential(name: &[u8], place: Place) -> bool {
    let mut plain = [0; NAME];
    let mut length = 0;
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => escaped(&mut bytes),
            b'\\' if place == Place::Document => escaped_in_json(&mut bytes),
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

/// Whether a name's last letters are a credential's.
fn may_be_secret(name: &[u8]) -> bool {
    match name {
        [.., y, z, a, b, c] => may_end_secret([*y, *z, *a, *b, *c]),
        [z, a, b, c] => may_end_secret([0, *z, *a, *b, *c]),
        [a, b, c] => may_end_secret([0, 0, *a, *b, *c]),
        _ => false,
    }
}

/// Whether a credential's name may end so. What is no letter may hide some, and so may an escape before the last three:
/// `%` and two digits, or `\u` and four, of which the third is no letter where it stands for one.
#[inline]
fn may_end_secret([y, z, a, b, c]: [u8; 5]) -> bool {
    // Nearly all names end in two letters that no credential's name ends in.
    let tail = usize::from(u16::from_be_bytes([b, c]));
    let is_tail = TAILS.get(tail >> 6).is_none_or(|tails| tails >> (tail & 63) & 1 == 1);
    if !is_tail && a.is_ascii_alphabetic() {
        return false;
    }
    let [a, b, c] = [a, b, c].map(|byte| LETTERS.get(usize::from(byte)).copied().unwrap_or(0));
    let ends = ENDINGS.get(a << 5 | b).copied().unwrap_or(u32::MAX);
    ends >> c & 1 == 1 || y == b'%' || z == b'%' || z.is_ascii_digit()
}

/// The place of each letter in the alphabet, from 1; 0 for what is none.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it: what would panic does not compile")]
static LETTERS: [usize; 256] = {
    let mut letters = [0; 256];
    let mut letter = 1;
    while letter <= 26 {
        letters[b'@' as usize + letter] = letter;
        letters[b'`' as usize + letter] = letter;
        letter += 1;
    }
    letters
};

/// By the last two bytes of a name, whether it may be a credential's: a bit for each pair. With what is no letter in it,
/// it may.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it, as above")]
static TAILS: [u64; 1 << 10] = {
    let mut tails = [0; 1 << 10];
    let mut pair = 0;
    while pair < 1 << 16 {
        if LETTERS[pair >> 8] == 0 || LETTERS[pair & 0xff] == 0 {
            tails[pair >> 6] |= 1 << (pair & 63);
        }
        pair += 1;
    }
    let mut at = 0;
    while at < 4 * (NAMES.len() + NAME_ENDS.len()) {
        let name = if at / 4 < NAMES.len() { NAMES[at / 4] } else { NAME_ENDS[at / 4 - NAMES.len()] };
        let (_, [b, c]) = name.as_bytes().split_last_chunk().unwrap();
        // In small letters and in capitals.
        let (b, c) = (*b as usize ^ (at & 1) << 5, *c as usize ^ (at & 2) << 4);
        tails[b << 2 | c >> 6] |= 1 << (c & 63);
        at += 1;
    }
    tails
};

/// By the last three letters of a name, whether it may be a credential's: a bit for the last one, in the word of the
/// two before it. With what is no letter among them, it may.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it, as above")]
static ENDINGS: [u32; 1 << 10] = {
    let mut endings = [0; 1 << 10];
    let mut pair = 0;
    while pair < endings.len() {
        endings[pair] = if pair < 32 || pair % 32 == 0 { u32::MAX } else { 1 };
        pair += 1;
    }
    let mut at = 0;
    while at < NAMES.len() + NAME_ENDS.len() {
        let name = if at < NAMES.len() { NAMES[at] } else { NAME_ENDS[at - NAMES.len()] };
        let (_, [a, b, c]) = name.as_bytes().split_last_chunk().unwrap();
        endings[LETTERS[*a as usize] << 5 | LETTERS[*b as usize]] |= 1 << LETTERS[*c as usize];
        at += 1;
    }
    endings
};

fn escaped(bytes: &mut std::slice::Iter<'_, u8>) -> u8 {
    let mut digit = || bytes.next().and_then(|d| char::from(*d).to_digit(16));
    match (digit(), digit()) {
        (Some(high), Some(low)) => u8::try_from(high * 16 + low).unwrap_or(0),
        _ => 0,
    }
}

/// A letter that JSON writes as `\u` and four digits; what it writes otherwise is no letter.
fn escaped_in_json(bytes: &mut std::slice::Iter<'_, u8>) -> u8 {
    match bytes.next() {
        Some(b'u') => {}
        Some(_) | None => return 0,
    }
    let mut digits = [0; 4];
    digits.fill_with(|| bytes.next().and_then(|digit| char::from(*digit).to_digit(16)).unwrap_or(16));
    match digits {
        [0, 0, high @ 0..16, low @ 0..16] => u8::try_from(high * 16 + low).unwrap_or(0),
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
            let begins = before.iter().rposition(|b| matches!(b, b'?' | b'#' | b'&' | b';'));
            let name = before.get(begins.map_or(0, |at| at + 1)..).unwrap_or_default();
            // Field lines are masked line by line, and other texts as a whole.
            let line = memchr::memrchr(b'\n', name).and_then(|at| name.get(at + 1..));
            is_secret(name, Place::Query) || line.is_some_and(|line| is_secret(line, Place::Query))
        }
    })
}

/// Whether [`json`] may change `text`.
pub(super) fn has_secret_members(text: &[u8]) -> bool {
    let mut read = 0;
    while let Some(window) = text.get(read..).and_then(<[u8]>::first_chunk::<WINDOW>) {
        let mut suspects = suspects(window);
        while suspects != 0 {
            if is_secret_member(text, read + BEFORE + suspects.trailing_zeros() as usize) {
                return true;
            }
            suspects &= suspects - 1;
        }
        read += PIECE;
    }
    // Colons that stand too near to an end for a window.
    let begins = (0..text.len().min(BEFORE)).chain(text.len().min(read + BEFORE)..text.len());
    begins.into_iter().any(|at| text.get(at) == Some(&b':') && is_secret_member(text, at))
}

/// So many bytes before a colon say most of what stands there: a quote, and how the name ends.
const BEFORE: usize = 6;

/// A piece with what stands before its first byte.
const WINDOW: usize = BEFORE + PIECE;

/// The colons of a window's piece that a secret name may stand before: a bit for each.
#[inline]
fn suspects(window: &[u8; WINDOW]) -> u32 {
    let (Some(before), Some(piece)) =
        (window.get(BEFORE - 1..).and_then(<[u8]>::first_chunk), window.last_chunk())
    else {
        return 0;
    };
    let (before, piece) = (u8x16::from(*before), u8x16::from(*piece));
    let colons = piece.simd_eq(u8x16::splat(b':'));
    let blanks = before.simd_eq(before.min(u8x16::splat(b' ')));
    let mut named = (colons & before.simd_eq(u8x16::splat(b'"'))).to_bitmask();
    // Few write a blank before the colon: those are looked at one by one.
    let mut suspects = (colons & blanks).to_bitmask();
    while named != 0 {
        let at = named.trailing_zeros() as usize % PIECE;
        let colon = named & named.wrapping_neg();
        if let Some(&[y, z, a, b, c]) = window.get(at..).and_then(<[u8]>::first_chunk) {
            // A name of two letters, as `id` is, is told by the quote before it.
            let short = a == b'"' && matches!(z, b'{' | b',' | b' ');
            suspects |= if may_end_secret([y, z, a, b, c]) && !short { colon } else { 0 };
        }
        named ^= colon;
    }
    suspects
}

/// Whether the name of a secret member may stand before this colon, by all of the name.
#[inline(never)]
fn is_secret_member(text: &[u8], colon: usize) -> bool {
    let before = text.get(..colon).unwrap_or_default().trim_ascii_end();
    let [before @ .., b'"'] = before else { return false };
    let begins = memchr::memrchr(b'"', before).map_or(0, |quote| quote + 1);
    let (outside, name) = before.split_at_checked(begins).unwrap_or_default();
    // A name may have a quote in it, behind a backslash.
    outside.ends_with(b"\\\"") || is_secret(name, Place::Document)
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
    use proptest::prelude::{Just, Strategy, prop_oneof};
    use proptest::sample::select;
    use proptest::{collection, prop_assert, prop_assert_eq, proptest};

    use super::{
        NAME_ENDS, NAMES, Place, has_secret_members, has_secret_parameters, is_credential, is_secret,
        is_secret_field, json, may_hide, parameters, url, xml,
    };

    /// A letter of a name, as itself or in a way that should hide nothing.
    fn letter(letter: u8) -> impl Strategy<Value = String> {
        let plain = char::from(letter);
        prop_oneof![
            20 => Just(plain.to_string()),
            1 => Just(plain.to_ascii_uppercase().to_string()),
            1 => Just(format!("%{letter:02x}")),
            1 => Just(format!("%{letter:02X}")),
            1 => select(vec!["-", "_", ".", "%20", "%ff", "%", "é"]).prop_map(move |hidden| format!("{plain}{hidden}")),
        ]
    }

    /// A name that is a credential's, or nearly.
    fn name() -> impl Strategy<Value = String> {
        let known = select(NAMES.iter().chain(&NAME_ENDS).copied().collect::<Vec<_>>());
        let spelt = known.prop_flat_map(|name| name.bytes().map(letter).collect::<Vec<_>>());
        ("([a-z_]{0,3}|id|to)", spelt, "[a-z0-9]{0,1}")
            .prop_map(|(before, spelt, behind)| before + &spelt.concat() + &behind)
    }

    /// What documents and queries are made of.
    fn text() -> impl Strategy<Value = String> {
        let mark = select(vec![
            "\"", "\"", "\":", "\" :", ":", "{\"", ",\"", ", \"", "\\", "\\\"", " ", "\n", "=", "=", "&",
            "?", ";", "#", "{", "[", "]", "}", "://", "@", "/", "1",
        ]);
        let piece = prop_oneof![6 => mark.prop_map(String::from), 2 => name(), 1 => "[a-z ]{1,20}"];
        collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_name_that_is_passed_over_is_no_credential(name in name()) {
            for place in [Place::Query, Place::Document] {
                prop_assert_eq!(is_secret(name.as_bytes(), place), is_credential(name.as_bytes(), place));
            }
        }

        #[test]
        fn a_text_that_is_passed_over_has_nothing_to_mask(text in text()) {
            let bytes = text.as_bytes();
            prop_assert!(has_secret_members(bytes) || written(json, &text) == text);
            prop_assert!(has_secret_parameters(bytes) || written(parameters, &text) == text);
            prop_assert!(may_hide(bytes) || written(url, &text) == text);
        }
    }

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
        for name in [r"tok\u0065n", r"to\u006Ben", r"p\u0061ss", r"acce\u0073s_key", r"\u0070wd", r"api\/key"]
        {
            let masked = written(json, &format!(r#"{{"{name}":"x"}}"#));
            assert_eq!(masked, format!(r#"{{"{name}":"***"}}"#));
        }
        let text = "<a><wsse:Password Type='x'>p</wsse:Password><b>c</b></a>";
        assert_eq!(written(xml, text), "<a><wsse:Password Type='x'>***</wsse:Password><b>c</b></a>");
    }
}
