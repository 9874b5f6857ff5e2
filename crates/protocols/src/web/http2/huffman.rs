//! The code in which header fields are shortened (RFC 7541, 5.2 and appendix B).

/// How many bits the code of each byte has, and that of the end of a text, which never comes.
///
/// The codes are canonical: those of one length follow each other in the order of their bytes, and the longer ones follow
/// the shorter. So the lengths are all there is to know.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30];

/// No code is longer.
const LONGEST: usize = 30;

/// So many bits are looked at together: nearly all that is said has codes of no more.
const SHORT: usize = 9;

/// The byte and the length of the code that bits begin with; a length of 0 where the code is longer.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it: what would panic does not compile")]
#[expect(clippy::cast_possible_truncation, reason = "a byte is below 256, and a length below 31")]
static SHORT_CODES: [(u8, u8); 1 << SHORT] = {
    let mut codes = [(0, 0); 1 << SHORT];
    let (mut code, mut length) = (0, 1);
    while length <= SHORT {
        let mut byte = 0;
        while byte < 256 {
            if LENGTHS[byte] as usize == length {
                let mut behind = 0;
                while behind < 1 << (SHORT - length) {
                    codes[(code << (SHORT - length)) + behind] = (byte as u8, length as u8);
                    behind += 1;
                }
                code += 1;
            }
            byte += 1;
        }
        code <<= 1;
        length += 1;
    }
    codes
};

/// The codes of one length.
#[derive(Clone, Copy)]
struct Codes {
    /// The highest word that begins with the last of them.
    last: u64,
    /// The first of them.
    first: u32,
    /// How many codes are shorter.
    before: u16,
}

/// All symbols in the order of their codes, and the codes of each length.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it, as above")]
#[expect(clippy::cast_possible_truncation, reason = "a symbol is below 257")]
static LONG_CODES: ([u16; 257], [Codes; LONGEST + 1]) = {
    let mut symbols = [0; 257];
    let mut codes = [Codes { last: 0, first: 0, before: 0 }; LONGEST + 1];
    let (mut code, mut count, mut length) = (0_u32, 0_u16, 1);
    while length <= LONGEST {
        codes[length].first = code;
        codes[length].before = count;
        let mut symbol = 0;
        while symbol < 257 {
            if LENGTHS[symbol] as usize == length {
                symbols[count as usize] = symbol as u16;
                count += 1;
                code += 1;
            }
            symbol += 1;
        }
        codes[length].last = ((code as u64) << (64 - length)).wrapping_sub(1);
        code <<= 1;
        length += 1;
    }
    (symbols, codes)
};

/// Bits that wait to be read.
struct Bits<'a> {
    /// Those that are next, at the top.
    next: u64,
    count: usize,
    rest: &'a [u8],
}

impl Bits<'_> {
    /// Brings in more, so that a whole code is there if there is one.
    #[inline]
    fn fill(&mut self) {
        if self.count > 32 {
            return;
        }
        if let Some((four, rest)) = self.rest.split_first_chunk() {
            self.next |= u64::from(u32::from_be_bytes(*four)) << (32 - self.count);
            (self.count, self.rest) = (self.count + 32, rest);
            return;
        }
        while let Some((byte, rest)) = self.rest.split_first() {
            self.next |= u64::from(*byte) << (56 - self.count);
            (self.count, self.rest) = (self.count + 8, rest);
        }
    }

    /// The next byte, which has a long code.
    #[cold]
    fn long(&self) -> Option<(u8, usize)> {
        let (symbols, codes) = &LONG_CODES;
        let (length, codes) =
            codes.iter().enumerate().skip(SHORT + 1).find(|(_, codes)| self.next <= codes.last)?;
        let place = (self.next >> (64 - length)) - u64::from(codes.first) + u64::from(codes.before);
        let symbol = symbols.get(usize::try_from(place).ok()?)?;
        Some((u8::try_from(*symbol).ok()?, length))
    }
}

/// Adds the text that `bytes` are the code of to `text`; `None` when they are none.
///
/// A byte comes of five bits at least, so that the text is at most 8/5 as long.
pub(super) fn decode(bytes: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let mut bits = Bits { next: 0, count: 0, rest: bytes };
    loop {
        bits.fill();
        let short = usize::try_from(bits.next >> (64 - SHORT)).ok().and_then(|at| SHORT_CODES.get(at));
        let (byte, length) = match short {
            Some((byte, length @ 1..)) => (*byte, usize::from(*length)),
            Some(_) | None => match bits.long() {
                Some(long) => long,
                None => return is_padding(&bits),
            },
        };
        if length > bits.count {
            return is_padding(&bits);
        }
        text.push(byte);
        bits.next <<= length;
        bits.count -= length;
    }
}

/// Whether the bits behind the last code are what fills a byte: fewer than eight, all set.
fn is_padding(bits: &Bits<'_>) -> Option<()> {
    (bits.count < 8 && bits.next == !(u64::MAX >> bits.count)).then_some(())
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::{collection, prop_assert_eq, proptest};

    use super::{LONG_CODES, decode};

    /// The code of a text, bit by bit.
    pub(in crate::web::http2) fn encode(text: &[u8]) -> Vec<u8> {
        let (symbols, codes) = &LONG_CODES;
        let mut bits = Vec::new();
        for byte in text {
            let place = symbols.iter().position(|symbol| *symbol == u16::from(*byte)).unwrap();
            let length = codes.iter().rposition(|codes| usize::from(codes.before) <= place).unwrap();
            let code = codes[length].first as usize + place - usize::from(codes[length].before);
            bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
        }
        let byte =
            |bits: &[bool]| (0..8).fold(0, |byte, bit| byte << 1 | u8::from(*bits.get(bit).unwrap_or(&true)));
        bits.chunks(8).map(byte).collect()
    }

    fn decoded(bytes: &[u8]) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        decode(bytes, &mut text).map(|()| text)
    }

    #[test]
    fn the_examples_of_the_specification_are_read() {
        // RFC 7541, C.4 and C.6.
        for (bytes, text) in [
            (&b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"[..], &b"www.example.com"[..]),
            (b"\xa8\xeb\x10\x64\x9c\xbf", b"no-cache"),
            (b"\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf", b"custom-value"),
            (b"\x64\x02", b"302"),
            (
                b"\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff",
                b"Mon, 21 Oct 2013 20:13:21 GMT",
            ),
            (b"", b""),
        ] {
            assert_eq!(decoded(bytes).as_deref(), Some(text));
            assert_eq!(encode(text), bytes);
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        // A whole byte of padding, padding of zeros, the end of a text as a code (RFC 7541, 5.2).
        for bytes in [&b"\x64\x02\xff"[..], b"\x18", b"\xff\xff\xff\xff", b"\xff"] {
            assert_eq!(decoded(bytes), None, "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_as_it_was_written(text in collection::vec(0..=255_u8, 0..64)) {
            prop_assert_eq!(decoded(&encode(&text)), Some(text));
        }
    }
}
