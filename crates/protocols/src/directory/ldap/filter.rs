//! Filters as text (RFC 4515).

use super::values::{MASK, is_secret};
use super::wire::{Elements, tag};

/// Deeper filters than this are told to this depth: people's have four levels, and programs' ten.
const DEPTH: usize = 32;
/// A filter's text ends here.
const TEXT: usize = 4 << 10;

/// Writes the filter that `elements` go on with; `None` when there is none.
pub(super) fn write(out: &mut String, elements: &mut Elements<'_>) -> Option<()> {
    write_within(out, elements, out.len() + TEXT, DEPTH)
}

fn write_within(out: &mut String, elements: &mut Elements<'_>, end: usize, depth: usize) -> Option<()> {
    let mut ahead = *elements;
    let (kind, value) = ahead.next()?;
    if depth == 0 || out.len() > end {
        out.push_str("(...)");
        *elements = ahead;
        return Some(());
    }
    out.push('(');
    match kind {
        0xa0..=0xa2 => {
            out.push(match kind {
                0xa0 => '&',
                0xa1 => '|',
                _ => '!',
            });
            let mut inner = elements.within(kind)?;
            while !inner.rest().is_empty() && out.len() <= end {
                write_within(out, &mut inner, end, depth - 1)?;
            }
        }
        // Equal, at least, at most, like.
        0xa3 | 0xa5 | 0xa6 | 0xa8 => {
            let mut parts = elements.within(kind)?;
            let (name, value) = (parts.content(tag::OCTETS)?, parts.content(tag::OCTETS)?);
            name_and(
                out,
                name,
                match kind {
                    0xa3 => "=",
                    0xa5 => ">=",
                    0xa6 => "<=",
                    _ => "~=",
                },
            );
            escaped(out, name, value);
        }
        0xa4 => {
            let mut parts = elements.within(kind)?;
            let name = parts.content(tag::OCTETS)?;
            name_and(out, name, "=");
            substrings(out, name, parts.within(tag::SEQUENCE)?);
        }
        0x87 => {
            name_and(out, value, "=*");
            elements.next()?;
        }
        0xa9 => extensible(out, elements.within(kind)?)?,
        _ => return None,
    }
    out.push(')');
    Some(())
}

fn name_and(out: &mut String, name: &[u8], sign: &str) {
    plain(out, name);
    out.push_str(sign);
}

/// `ab*c*d`: what it begins with, what is in it, what it ends with.
fn substrings(out: &mut String, name: &[u8], parts: Elements<'_>) {
    let mut last = 0;
    for (place, part) in parts {
        if place != 0x80 {
            out.push('*');
        }
        escaped(out, name, part);
        last = place;
    }
    if last != 0x82 {
        out.push('*');
    }
}

/// `cn:dn:2.4.6.8:=value`.
fn extensible(out: &mut String, mut parts: Elements<'_>) -> Option<()> {
    let (rule, name) = (parts.content(0x81), parts.content(0x82));
    let value = parts.content(0x83)?;
    plain(out, name.unwrap_or_default());
    if parts.content(0x84).is_some_and(|all| all != [0]) {
        out.push_str(":dn");
    }
    if let Some(rule) = rule {
        out.push(':');
        plain(out, rule);
    }
    out.push_str(":=");
    escaped(out, name.unwrap_or_default(), value);
    Some(())
}

fn plain(out: &mut String, name: &[u8]) {
    escaped(out, b"", name);
}

/// Writes a value with what it must not hold in digits (RFC 4515, 3).
fn escaped(out: &mut String, attribute: &[u8], value: &[u8]) {
    if is_secret(attribute) {
        return out.push_str(MASK);
    }
    for chunk in value.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '*' | '(' | ')' | '\\' | '\0'..='\x1f' => digits(out, letter as u8),
                letter => out.push(letter),
            }
        }
        chunk.invalid().iter().for_each(|byte| digits(out, *byte));
    }
}

fn digits(out: &mut String, byte: u8) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |four: u8| DIGITS.get(usize::from(four & 0xf)).copied().unwrap_or_default();
    out.extend(['\\', digit(byte >> 4), digit(byte)]);
}

#[cfg(test)]
mod tests {
    use super::{Elements, write};

    fn told(bytes: &[u8]) -> Option<String> {
        let mut out = String::new();
        write(&mut out, &mut Elements::of(bytes)).map(|()| out)
    }

    #[test]
    fn filters_are_told_as_they_are_written() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told(b"\x87\x0bobjectClass"), some("(objectClass=*)"));
        assert_eq!(told(b"\xa3\x08\x04\x02cn\x04\x02a*"), some("(cn=a\\2a)"));
        assert_eq!(told(b"\xa4\x0f\x04\x02cn\x30\x09\x80\x01a\x81\x01b\x82\x01c"), some("(cn=a*b*c)"));
        assert_eq!(told(b"\xa4\x09\x04\x02cn\x30\x03\x81\x01b"), some("(cn=*b*)"));
        assert_eq!(told(b"\xa2\x0a\xa3\x08\x04\x02cn\x04\x02\xff\x00"), some("(!(cn=\\ff\\00))"));
        assert_eq!(told(b"\xa9\x0c\x81\x031.2\x82\x01x\x83\x021)"), some("(x:1.2:=1\\29)"));
        assert_eq!(told(b"\xa3\x11\x04\x0cuserPassword\x04\x01a"), some("(userPassword=***)"));
        assert_eq!(told(b"\xa0\x00"), some("(&)"));
        assert_eq!(told(b"\xa3\x08\x04\x02cn"), None);
    }

    #[test]
    fn a_deep_filter_has_an_end() {
        let mut bytes = b"\x87\x01x".to_vec();
        for _ in 0..60 {
            let length = u8::try_from(bytes.len()).unwrap();
            bytes = [&[0xa2, length][..], &bytes].concat();
        }
        assert!(told(&bytes).unwrap().contains("(!(...))"));
    }
}
