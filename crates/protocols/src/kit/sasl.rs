//! Who logs in by SASL (RFC 4422): the user that a client's response names, beside the proof that nobody is told.

use model::exchange::Text;

use crate::kit::text::lossy;

/// Longer names are nobody's.
const NAME: usize = 256;
/// What begins the last message of NTLM (MS-NLMP 2.2.1.3), which says who proves himself.
const NTLM_PROOF: &[u8] = b"NTLMSSP\0\x03\0\0\0";

/// The user that a client's `response` in this mechanism names.
#[must_use]
pub fn user(mechanism: &[u8], response: &[u8]) -> Option<Text> {
    let is = |name: &str| mechanism.eq_ignore_ascii_case(name.as_bytes());
    let begins =
        |name: &str| mechanism.get(..name.len()).is_some_and(|m| m.eq_ignore_ascii_case(name.as_bytes()));
    if is("PLAIN") {
        // RFC 4616: for whom, who, the password.
        return text(response.split(|byte| *byte == 0).nth(1)?);
    }
    if begins("SCRAM-") {
        // RFC 5802, 7: `n,,n=user,r=nonce`, in the first response alone.
        let named = response.split(|byte| *byte == b',').find_map(|part| part.strip_prefix(b"n="));
        return text(named?);
    }
    if is("CRAM-MD5") {
        // RFC 2195: the user, a blank, the digest.
        let end = response.iter().rposition(|byte| *byte == b' ')?;
        return text(response.get(..end)?);
    }
    if is("DIGEST-MD5") {
        return text(quoted(response, b"username=\"")?);
    }
    if is("XOAUTH2") {
        // `user=name^Aauth=Bearer token^A^A`.
        let named = response.split(|byte| *byte == 1).find_map(|part| part.strip_prefix(b"user="));
        return text(named?);
    }
    if is("OAUTHBEARER") {
        // RFC 7628, 3.1: `n,a=name,^Ahost=...`.
        let named = response.split(|byte| *byte == b',').find_map(|part| part.strip_prefix(b"a="));
        return text(named?);
    }
    if is("EXTERNAL") {
        return text(response);
    }
    if is("GSS-SPNEGO") || is("NTLM") || is("GSSAPI") {
        return ntlm(response);
    }
    None
}

fn text(name: &[u8]) -> Option<Text> {
    (!name.is_empty() && name.len() <= NAME && name.iter().all(|byte| *byte >= b' '))
        .then(|| Text::from(&*lossy(name)))
}

/// What stands in quotes behind `name`.
fn quoted<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(bytes, name)?;
    bytes.get(at + name.len()..)?.split(|byte| *byte == b'"').next()
}

/// `DOMAIN\user` of NTLM's last message, wherever it is wrapped.
fn ntlm(bytes: &[u8]) -> Option<Text> {
    let message = bytes.get(memchr::memmem::find(bytes, NTLM_PROOF)?..)?;
    let (domain, user) = (field(message, 28)?, field(message, 36)?);
    match (domain.is_empty(), user.is_empty()) {
        (_, true) => None,
        (true, false) => Some(user.into()),
        (false, false) => Some(format!("{domain}\\{user}").into()),
    }
}

/// The text that the field at `at` points to: its length, its room, and where it is.
fn field(message: &[u8], at: usize) -> Option<String> {
    let (length, place) = (message.get(at..at + 2)?, message.get(at + 4..at + 8)?);
    let length = usize::from(u16::from_le_bytes(length.try_into().ok()?));
    let place = usize::try_from(u32::from_le_bytes(place.try_into().ok()?)).ok()?;
    let bytes = message.get(place..place.checked_add(length)?).filter(|_| length <= 2 * NAME)?;
    let units = bytes.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit));
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}

#[cfg(test)]
mod tests {
    use super::user;

    fn told(mechanism: &str, response: &[u8]) -> Option<String> {
        user(mechanism.as_bytes(), response).map(|user| user.to_string())
    }

    #[test]
    fn the_user_is_told_and_nothing_else() {
        let ada = Some("ada".to_owned());
        assert_eq!(told("plain", b"\0ada\0tulip"), ada);
        assert_eq!(told("PLAIN", b"admin\0ada\0tulip"), ada);
        assert_eq!(told("SCRAM-SHA-256", b"n,,n=ada,r=fyko"), ada);
        assert_eq!(told("SCRAM-SHA-256", b"c=biws,r=fyko,p=v0X8"), None);
        assert_eq!(told("CRAM-MD5", b"ada b913a602c7eda7a495b4e6e7334d3890"), ada);
        assert_eq!(told("DIGEST-MD5", b"charset=utf-8,username=\"ada\",realm=\"x\""), ada);
        assert_eq!(told("XOAUTH2", b"user=ada\x01auth=Bearer k\x01\x01"), ada);
        assert_eq!(told("OAUTHBEARER", b"n,a=ada,\x01host=h\x01auth=Bearer k\x01\x01"), ada);
        assert_eq!(told("LOGIN", b"ada"), None);
    }

    #[test]
    fn ntlm_tells_domain_and_user() {
        let mut message = b"wrapped NTLMSSP\0\x03\0\0\0".to_vec();
        let begin = 8;
        message.resize(begin + 72, 0);
        for (at, length, place) in [(28, 4_u8, 64_u8), (36, 4, 68)] {
            message[begin + at] = length;
            message[begin + at + 4] = place;
        }
        message[begin + 64..].copy_from_slice(b"D\0M\0a\0d\0");
        assert_eq!(told("GSS-SPNEGO", &message).as_deref(), Some("DM\\ad"));
        message.truncate(begin + 40);
        assert_eq!(told("GSS-SPNEGO", &message), None);
    }
}
