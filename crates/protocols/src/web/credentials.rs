//! Which names are those of credentials: of fields, of parameters, of members of a document.

/// Field names that end as if they did and do not.
const HARMLESS_FIELDS: [&str; 3] = ["sec-websocket-key", "idempotency-key", "surrogate-key"];

/// Names of parameters, members and elements that are credentials, letters and digits alone.
const NAMES: [&str; 12] = [
    "auth",
    "authorization",
    "credential",
    "credentials",
    "jwt",
    "pass",
    "passphrase",
    "pwd",
    "sas",
    "sid",
    "sig",
    "otp",
];

/// Names that end so are credentials (`access_token`, `clientSecret`, `X-Amz-Signature`).
const NAME_ENDS: [&str; 9] =
    ["password", "passwd", "secret", "token", "apikey", "accesskey", "privatekey", "signature", "sessionid"];

/// Names that are credentials only in a query: there a `key` opens a door, in a document it is a word.
const NAMES_IN_QUERIES: [&str; 3] = ["code", "key", "pin"];

/// How many names there are that a document's member may have, or end in.
const IN_DOCUMENTS: usize = NAMES.len() + NAME_ENDS.len();

/// How many there are in all.
const ALL: usize = IN_DOCUMENTS + NAMES_IN_QUERIES.len();

/// The last three letters of each of these names, those of documents first.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it: what would panic does not compile")]
const fn end(at: usize) -> [u8; 3] {
    let name = if at < NAMES.len() {
        NAMES[at]
    } else if at < IN_DOCUMENTS {
        NAME_ENDS[at - NAMES.len()]
    } else {
        NAMES_IN_QUERIES[at - IN_DOCUMENTS]
    };
    match name.as_bytes() {
        [.., a, b, c] => [*a, *b, *c],
        _ => [0; 3],
    }
}

/// Longer names are nobody's.
const NAME: usize = 64;

/// Whether the value of a field of this name is a credential (`Proxy-Authorization`, `X-Vault-Token`).
pub(crate) fn is_secret_field(name: &[u8]) -> bool {
    let ends = |end: &[u8]| ends_with(name, end);
    // The last two letters rule out nearly every field there is.
    let [.., before, last] = name else { return false };
    let secret = match (before | 0x20, last | 0x20) {
        (b'o', b'n') => ends(b"authorization"),
        (b'e', b'n') => ends(b"-token") || name.eq_ignore_ascii_case(b"token"),
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
pub(crate) enum Place {
    Query,
    Document,
}

/// Whether what is named so is a credential; escapes (of URIs, and of JSON in documents), case and punctuation hide nothing.
pub(crate) fn is_secret(name: &[u8], place: Place) -> bool {
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
    let Some(last) = plain.last() else { return false };
    let is = |names: &[&str]| names.iter().any(|n| n.as_bytes() == plain);
    let whole = is(&NAMES) || (place == Place::Query && is(&NAMES_IN_QUERIES));
    whole
        || NAME_ENDS.iter().any(|end| end.as_bytes().last() == Some(last) && plain.ends_with(end.as_bytes()))
}

/// Whether a name's last letters are a credential's.
pub(super) fn may_be_secret(name: &[u8]) -> bool {
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
    // Nearly all names end in two letters that no credential's name ends in. An escape that has the first of them begins
    // right before them, or with one byte between.
    let is_escaped = z == b'%' || matches!(a, b'%' | b'\\' | b'0'..=b'9');
    if b.is_ascii_alphabetic() && !is_escaped && !may_end_in(b, c) {
        return false;
    }
    let [a, b, c] = [a, b, c].map(|byte| LETTERS.get(usize::from(byte)).copied().unwrap_or(0));
    let ends = ENDINGS.get(a << 5 | b).copied().unwrap_or(u32::MAX);
    ends >> c & 1 == 1 || y == b'%' || matches!(z, b'%' | b'\\' | b'0'..=b'9')
}

/// Whether a credential's name may end in these two, of which the first is a letter, or at least a byte of their columns.
#[inline]
fn may_end_in(b: u8, c: u8) -> bool {
    TAILS.get(usize::from(c)).is_none_or(|tails| tails >> (b & 31) & 1 == 1)
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

/// By the last byte of a name, which letters a credential's name may have before it: a bit for each place in the
/// alphabet. What is no letter may stand before all, and behind all.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it, as above")]
static TAILS: [u32; 256] = {
    const NO_LETTERS: u32 = !((1 << 27) - 2);
    let mut tails = [u32::MAX; 256];
    let mut byte = 0;
    while byte < tails.len() {
        if LETTERS[byte] != 0 {
            tails[byte] = NO_LETTERS;
        }
        byte += 1;
    }
    let mut at = 0;
    while at < ALL {
        let [_, b, c] = end(at);
        tails[c as usize] |= 1 << LETTERS[b as usize];
        tails[c.to_ascii_uppercase() as usize] |= 1 << LETTERS[b as usize];
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
    while at < ALL {
        let [a, b, c] = end(at);
        endings[LETTERS[a as usize] << 5 | LETTERS[b as usize]] |= 1 << LETTERS[c as usize];
        at += 1;
    }
    endings
};

/// By the low half of a letter, a bit for each group of names that have such a letter second to last, and last. A name of
/// three small letters or more can be a credential's in a document only where its last two have a group in common; some
/// that are nobody's have too.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it, as above")]
pub(super) const GROUPS: [[u8; 16]; 2] = {
    let (mut groups, mut count) = ([[0_u8; 16]; 2], 0);
    let mut at = 0;
    while at < IN_DOCUMENTS {
        let [_, b, c] = end(at);
        let (b, c) = (b as usize % 16, c as usize % 16);
        // Each last letter has a group of its own, as far as there are some.
        if groups[1][c] == 0 {
            groups[1][c] = 1 << (count % u8::BITS);
            count += 1;
        }
        groups[0][b] |= groups[1][c];
        at += 1;
    }
    groups
};

fn escaped(bytes: &mut std::slice::Iter<'_, u8>) -> u8 {
    let mut digit = || bytes.next().and_then(|d| char::from(*d).to_digit(16));
    match (digit(), digit()) {
        (Some(high), Some(low)) => u8::try_from(high * 16 + low).unwrap_or(0),
        _ => 0,
    }
}

/// A letter that JSON writes as `\u` and four digits; what it writes otherwise is no letter, and beyond ASCII it writes
/// none of a credential's name.
fn escaped_in_json(bytes: &mut std::slice::Iter<'_, u8>) -> u8 {
    match bytes.next() {
        Some(b'u') => {}
        Some(_) | None => return 0,
    }
    let mut digits = [0; 4];
    digits.fill_with(|| bytes.next().and_then(|digit| char::from(*digit).to_digit(16)).unwrap_or(16));
    match digits {
        [0, 0, high @ 0..8, low @ 0..16] => u8::try_from(high * 16 + low).unwrap_or(0),
        _ => b'0',
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::{Just, Strategy, prop_oneof};
    use proptest::sample::select;
    use proptest::{prop_assert_eq, proptest};

    use super::{NAME_ENDS, NAMES, NAMES_IN_QUERIES, Place, is_credential, is_secret, is_secret_field};

    /// A letter of a name, as itself or in a way that should hide nothing.
    fn letter(letter: u8) -> impl Strategy<Value = String> {
        let plain = char::from(letter);
        prop_oneof![
            20 => Just(plain.to_string()),
            1 => Just(plain.to_ascii_uppercase().to_string()),
            1 => Just(format!("%{letter:02x}")),
            1 => Just(format!("%{letter:02X}")),
            1 => Just(format!("\\u00{letter:02x}")),
            1 => Just(format!("\\u00{letter:02X}")),
            1 => select(vec!["-", "_", ".", "%20", "%ff", "%", "é", "\\u00ff", "\\ufffd", "\\n", "\\"]).prop_map(move |hidden| format!("{plain}{hidden}")),
        ]
    }

    /// A name that is a credential's, or nearly.
    pub(in crate::web) fn name() -> impl Strategy<Value = String> {
        let known = NAMES.iter().chain(&NAME_ENDS).chain(&NAMES_IN_QUERIES).copied();
        let known = select(known.collect::<Vec<_>>());
        let spelt = known.prop_flat_map(|name| name.bytes().map(letter).collect::<Vec<_>>());
        ("([a-z_]{0,3}|id|to)", spelt, "[a-z0-9]{0,1}")
            .prop_map(|(before, spelt, behind)| before + &spelt.concat() + &behind)
    }

    proptest! {
        #[test]
        fn a_name_that_is_passed_over_is_no_credential(name in name()) {
            for place in [Place::Query, Place::Document] {
                prop_assert_eq!(is_secret(name.as_bytes(), place), is_credential(name.as_bytes(), place));
            }
        }
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
}
