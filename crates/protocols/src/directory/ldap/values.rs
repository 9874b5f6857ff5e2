//! Values as text, and which attributes are credentials.

use std::fmt::Write;

use crate::kit::text::utf8;

/// What stands for a credential.
pub(super) const MASK: &str = "***";
/// So many bytes of a value are told.
const VALUE: usize = 1 << 10;
/// So many bytes of one that is no text.
const BYTES: usize = 32;

/// Attributes that are credentials or made of one, in small letters: of the standard schemas, OpenLDAP, Active Directory,
/// Samba, FreeIPA, Kerberos.
const SECRET: &[&str] = &[
    "2.5.4.35",
    "authpassword",
    "dbcspwd",
    "ipanthash",
    "krb5key",
    "krbprincipalkey",
    "krbpwdhistory",
    "lmpwdhistory",
    "ntpwdhistory",
    "olcrootpw",
    "pwdhistory",
    "sambalmpassword",
    "sambantpassword",
    "supplementalcredentials",
    "unicodepwd",
    "userpassword",
    "userpkcs12",
];
/// Names that hold one of these are credentials too.
const SECRET_PARTS: [&str; 6] = ["password", "passwd", "passphrase", "secret", "admpwd", "rootpw"];
/// Longer names are nobody's.
const NAME: usize = 64;

/// Whether the values of this attribute are credentials; `userPassword;x-old` is the same attribute (RFC 4512, 2.5).
pub(super) fn is_secret(attribute: &[u8]) -> bool {
    let name = attribute.split(|byte| *byte == b';').next().unwrap_or_default();
    let mut letters = [0; NAME];
    let Some(letters) = letters.get_mut(..name.len()) else { return true };
    letters.copy_from_slice(name);
    letters.make_ascii_lowercase();
    SECRET.iter().any(|secret| secret.as_bytes() == letters)
        || SECRET_PARTS.iter().any(|part| memchr::memmem::find(letters, part.as_bytes()).is_some())
}

/// Writes a value of this attribute.
pub(super) fn write(out: &mut String, attribute: &[u8], value: &[u8]) {
    if is_secret(attribute) {
        out.push_str(MASK);
    } else {
        write_plain(out, value);
    }
}

/// Writes a value that is no credential: text as it is, other bytes as `\x00ff`.
pub(super) fn write_plain(out: &mut String, value: &[u8]) {
    match utf8(value)
        .filter(|text| !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')))
    {
        Some(text) => push(out, text),
        None => {
            out.push_str("\\x");
            for byte in value.iter().take(BYTES) {
                let _ = write!(out, "{byte:02x}");
            }
            if value.len() > BYTES {
                out.push_str("...");
            }
        }
    }
}

/// Writes a text to a bound.
fn push(out: &mut String, text: &str) {
    let end = (0..=text.len().min(VALUE)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    out.push_str(text.get(..end).unwrap_or_default());
    if end < text.len() {
        out.push_str("...");
    }
}

/// Writes a name in quotes.
pub(super) fn write_name(out: &mut String, name: &[u8]) {
    out.push('"');
    write_plain(out, name);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::{is_secret, write};

    #[test]
    fn credentials_are_told_by_their_names() {
        for name in [
            "userPassword",
            "USERPASSWORD;x-old",
            "2.5.4.35",
            "unicodePwd",
            "ms-Mcs-AdmPwd",
            "msLAPS-Password",
        ] {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
        for name in ["mail", "uid", "pwdLastSet", "badPwdCount", "pwdChangedTime", "cn;lang-de"] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_is_no_text_is_told_in_digits() {
        let mut out = String::new();
        write(&mut out, b"objectGUID", b"\x01\xff");
        write(&mut out, b"userPassword", b"hunter2");
        assert_eq!(out, "\\x01ff***");
    }
}
