//! Credentials become `***` here, before anything is kept: in targets, fields and bodies.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x16, u8x32};

use crate::web::credentials::{GROUPS, Place, is_secret, may_be_secret};

/// What stands for a credential.
pub(super) const MASK: &str = "***";

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
    has_secret_members_by(Level::new(), text)
}

/// [`has_secret_members`], by what a processor of this level can.
fn has_secret_members_by(level: Level, text: &[u8]) -> bool {
    let mut read = 0;
    while let Some(rest) = text.get(read..)
        && let Some(at) = dispatch!(level, simd => named(simd, rest))
    {
        if is_secret_member(text, read + BEFORE + at) {
            return true;
        }
        read += at + 1;
    }
    false
}

/// Whether a colon stands in `text` that the name of a secret member may stand before, by the [`BEFORE`] bytes before it.
pub(super) fn may_name_secrets(text: &[u8]) -> bool {
    dispatch!(Level::new(), simd => named(simd, text)).is_some()
}

/// So many bytes are looked at together.
const BLOCK: usize = 32;

/// So many bytes before a colon say most of what stands there: four that end the name, and a quote. No secret name is so
/// short that its colon stands nearer to the beginning of a text.
pub(super) const BEFORE: usize = 5;

/// A block with what stands before its first byte.
const WINDOW: usize = BEFORE + BLOCK;

/// Where the first colon stands that the name of a secret member may stand before, counted from behind [`BEFORE`].
///
/// Nothing is called on the way, so that the constants stay in their registers.
#[inline(always)]
fn named<S: Simd>(simd: S, text: &[u8]) -> Option<usize> {
    let mut rest = text;
    while let Some(window) = rest.first_chunk() {
        let named = named_in(simd, window);
        if named != 0 {
            return Some(text.len() - rest.len() + named.trailing_zeros() as usize);
        }
        rest = rest.get(BLOCK..).unwrap_or_default();
    }
    // The last block has the rest, and bytes that were looked at before.
    let mut short = [0; WINDOW];
    let window = text.last_chunk().unwrap_or_else(
        #[inline(always)]
        || {
            short.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
            &short
        },
    );
    let named = named_in(simd, window);
    (named != 0).then(|| text.len().saturating_sub(WINDOW) + named.trailing_zeros() as usize)
}

/// The colons of a window's block that the name of a secret member may stand before: a bit for each.
///
/// Nearly all names end in three small letters and a quote, and two of the letters as no credential's name does. Behind a
/// blank or an escape, anything may.
#[inline(always)]
fn named_in<S: Simd>(simd: S, window: &[u8; WINDOW]) -> u64 {
    let [z, a, b, c, quote, colon] = std::array::from_fn(
        #[inline(always)]
        |at| {
            let bytes = window.get(at..).and_then(<[u8]>::first_chunk).unwrap_or(&[0; BLOCK]);
            u8x32::load_array_ref(simd, bytes)
        },
    );
    let [second_last, last] = GROUPS.map(
        #[inline(always)]
        |groups| u8x32::block_splat(u8x16::load_array(simd, groups)),
    );
    let groups = second_last.swizzle_dyn_within_blocks(b & 15) & last.swizzle_dyn_within_blocks(c & 15);
    // No bit is set where there are three letters, or a quote.
    let letters = (a - b'a').max(b - b'a').max(c - b'a').saturating_sub(b'z' - b'a');
    let plain = (groups | letters | (quote ^ b'"')).simd_eq(0) & z.simd_ne(b'%');
    let behind = quote.saturating_sub(b'"') | (colon ^ b':');
    let named = (behind.simd_eq(0) & !plain).to_bitmask();
    if named == 0 {
        return 0;
    }
    // Names of two letters, as `id` is, are many, and nobody's; a quote behind a backslash begins none.
    let short = a.simd_eq(b'"') & quote.simd_eq(b'"') & z.simd_ne(b'\\');
    named & !short.to_bitmask()
}

/// Whether the name of a secret member may stand before this colon, by all of the name.
#[inline(never)]
fn is_secret_member(text: &[u8], colon: usize) -> bool {
    let [before @ .., b'"'] = text.get(..colon).unwrap_or_default().trim_ascii_end() else { return false };
    // Names of two letters may stand before a blank, too.
    let is_short = matches!(before, [.., z, b'"', _, _] if *z != b'\\');
    if is_short || !may_be_secret(before) {
        return false;
    }
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
pub(crate) fn json(text: &str, out: &mut String) {
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
pub(super) fn string_end(text: &str) -> usize {
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
    use proptest::prelude::{Strategy, prop_oneof};
    use proptest::sample::select;
    use proptest::{collection, prop_assert, proptest};

    use fearless_simd::Level;

    use super::{WINDOW, has_secret_members_by, has_secret_parameters, json, may_hide, parameters, url, xml};
    use crate::web::credentials::tests::name;

    /// What documents and queries are made of.
    fn text() -> impl Strategy<Value = String> {
        let mark = select(vec![
            "\"", "\"", "\":", "\" :", ":", "{\"", ",\"", ", \"", "\\", "\\\"", " ", "\n", "=", "=", "&",
            "?", ";", "#", "{", "[", "]", "}", "://", "@", "/", "1",
        ]);
        let member = (name(), select(vec!["", "", " ", "\r\n\t"]));
        let piece = prop_oneof![
            6 => mark.prop_map(String::from),
            2 => name(),
            2 => member.prop_map(|(name, blank)| format!("\"{name}\"{blank}:")),
            1 => "[a-z ]{1,20}",
            1 => "\"[a-zA-Z_0-9]{0,9}\":",
        ];
        collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    /// The best that this processor can, and what each can.
    const LEVELS: [fn() -> Level; 2] = [Level::new, Level::baseline];

    #[test]
    fn a_secret_member_is_seen_wherever_it_stands() {
        let secret = [
            r#""sas":"#,
            r#""Token":"#,
            r#""TOKEN" :"#,
            "\"api_key\"\r\n\t:",
            r#""to-ken}":"#,
            r#""tok\u0065n":"#,
            r#""\u0073\u0061\u0073":"#,
            r#""secre%74":"#,
            r#""sig%aa":"#,
            "\"sig\u{e9}\":",
        ];
        let harmless =
            [r#""count":"#, r#""id":"#, r#""key":"#, r#""state":"#, r#""sa":"#, "token:", r#""token","#];
        for (level, before) in
            LEVELS.into_iter().flat_map(|level| (0..2 * WINDOW).map(move |at| (level(), at)))
        {
            for behind in [0, 1, WINDOW] {
                let seen = |member: &str| {
                    let text = "x".repeat(before) + member + &"1".repeat(behind);
                    has_secret_members_by(level, text.as_bytes())
                };
                assert_eq!(secret.into_iter().find(|member| !seen(member)), None, "{before} {behind}");
                assert_eq!(harmless.into_iter().find(|member| seen(member)), None, "{before} {behind}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_text_that_is_passed_over_has_nothing_to_mask(text in text()) {
            let bytes = text.as_bytes();
            for level in LEVELS {
                prop_assert!(has_secret_members_by(level(), bytes) || written(json, &text) == text);
            }
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
