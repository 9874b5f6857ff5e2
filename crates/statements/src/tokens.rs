//! SQL text as tokens: words, names, signs; literals and comments passed over.

use memchr::{memchr, memchr2, memmem};

/// One token that says something about structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A keyword or an unquoted name.
    Word(&'a str),
    /// A name in quotes, without them; doubled quotes inside are left as they are.
    Quoted(&'a str),
    /// A sign: `,` `(` `)` `.` `;` and so on.
    Sign(u8),
    /// A string, number or parameter.
    Literal,
}

/// The tokens of one text.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// The tokens of `text`. A literal or comment that never ends goes to the end of the text.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        Tokens { text, at: 0 }
    }

    /// The next token or gap.
    #[inline]
    pub(crate) fn step(&mut self) -> Option<Step<'a>> {
        let bytes = self.text.as_bytes();
        let mut from = self.at;
        while class(*bytes.get(from)?) == Class::Blank {
            from += 1;
        }
        let rest = bytes.get(from..)?;
        if let Some(gap) = Gap::at(rest) {
            self.at = from + gap.length(rest);
            return Some(Step::Gap(gap, from, self.at));
        }
        let byte = *rest.first()?;
        let (token, length) = match class(byte) {
            Class::Word => {
                let length = word(rest);
                (Token::Word(self.slice(from, from + length)), length)
            }
            Class::Quote => {
                let (inside, length) = quoted(byte, rest);
                (Token::Quoted(self.slice(from + 1, from + inside)), length)
            }
            Class::Blank | Class::Digit | Class::Dollar | Class::Apostrophe | Class::Sign => {
                (Token::Sign(byte), 1)
            }
        };
        self.at = from + length;
        Some(Step::Token(token))
    }

    #[inline]
    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    #[inline]
    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if let Some(token) = self.step()?.token() {
                return Some(token);
            }
        }
    }
}

/// A token, or a gap with where it begins and ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    Token(Token<'a>),
    Gap(Gap, usize, usize),
}

impl<'a> Step<'a> {
    /// What it is to who reads the structure: of a comment, nothing.
    #[inline]
    pub(crate) fn token(self) -> Option<Token<'a>> {
        match self {
            Step::Token(token) => Some(token),
            Step::Gap(Gap::Line | Gap::Block, ..) => None,
            Step::Gap(Gap::Number | Gap::Quoted | Gap::Escaped | Gap::Dollar, ..) => Some(Token::Literal),
        }
    }
}

/// What may differ between statements that say the same of other values: a literal, or a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// `1`, `1.5`, `2e-7`, `0x1f`, `1_000`.
    Number,
    /// `'text'`.
    Quoted,
    /// `$tag$ text $tag$`, or a parameter `$1`.
    Dollar,
    /// `E'text'`, with backslash escapes.
    Escaped,
    /// `-- text`
    Line,
    /// `/* text */`
    Block,
}

impl Gap {
    /// The gap that begins where `text` does, if `text` begins where a token may.
    #[inline]
    pub(crate) fn at(text: &[u8]) -> Option<Gap> {
        let gap = GAPS[usize::from(*text.first()?)]?;
        match gap {
            Gap::Number | Gap::Quoted | Gap::Dollar => Some(gap),
            Gap::Escaped | Gap::Line | Gap::Block => gap.with_second(text),
        }
    }

    /// This gap, if the second byte of `text` begins it too.
    #[inline(never)]
    fn with_second(self, text: &[u8]) -> Option<Gap> {
        let second = match self {
            Gap::Number | Gap::Quoted | Gap::Dollar => return Some(self),
            Gap::Escaped => b'\'',
            Gap::Line => b'-',
            Gap::Block => b'*',
        };
        (text.get(1) == Some(&second)).then_some(self)
    }

    /// How much of `text`, which begins with this gap, is part of it; without an end, all is.
    ///
    /// Most gaps are short numbers: what the others take stays out of their way.
    #[inline]
    pub(crate) fn length(self, text: &[u8]) -> usize {
        if self == Gap::Number { number(text) } else { self.length_of_any(text) }
    }

    fn length_of_any(self, text: &[u8]) -> usize {
        match self {
            Gap::Number => number(text),
            Gap::Quoted => quoted(b'\'', text).1,
            Gap::Escaped => escaped(text),
            Gap::Dollar => dollar(text),
            Gap::Line => memchr(b'\n', text).unwrap_or(text.len()),
            Gap::Block => block(text),
        }
    }
}

/// The gap that a byte may begin where a token may begin.
const GAPS: [Option<Gap>; 256] = {
    let mut table = [None; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = match CLASSES[byte] {
            Class::Digit => Some(Gap::Number),
            Class::Dollar => Some(Gap::Dollar),
            Class::Apostrophe => Some(Gap::Quoted),
            Class::Word if byte | 0x20 == 0x65 => Some(Gap::Escaped),
            Class::Sign if byte == 0x2d => Some(Gap::Line),
            Class::Sign if byte == 0x2f => Some(Gap::Block),
            Class::Blank | Class::Word | Class::Quote | Class::Sign => None,
        };
        byte += 1;
    }
    table
};

/// How long a run of letters, digits and `$` is.
#[inline]
fn word(text: &[u8]) -> usize {
    let mut length = 0;
    while text.get(length).is_some_and(is_of_word) {
        length += 1;
    }
    length
}

#[inline]
fn is_of_word(byte: &u8) -> bool {
    matches!(class(*byte), Class::Word | Class::Digit | Class::Dollar)
}

/// A number, with its point and its exponent; of `1..2`, only what stands before the points.
#[inline]
fn number(text: &[u8]) -> usize {
    let digits = digits(text);
    match text.get(digits) {
        Some(byte) if *byte == b'.' || is_of_word(byte) => with_more_than_digits(text),
        Some(_) | None => digits,
    }
}

/// How many digits a text begins with.
#[inline]
fn digits(text: &[u8]) -> usize {
    let mut count = 0;
    while text.get(count).is_some_and(u8::is_ascii_digit) {
        count += 1;
    }
    count
}

#[inline(never)]
fn with_more_than_digits(text: &[u8]) -> usize {
    let mut end = word(text);
    loop {
        end += match text.get(end - 1..) {
            Some([_, b'.', rest @ ..]) if begins_with_digit(rest) => 1 + word(rest),
            Some([b'E' | b'e', b'+' | b'-', rest @ ..]) if begins_with_digit(rest) && !is_hex(text) => {
                1 + word(rest)
            }
            Some(_) | None => return end,
        };
    }
}

fn begins_with_digit(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_digit)
}

fn is_hex(number: &[u8]) -> bool {
    matches!(number, [b'0', b'X' | b'x', ..])
}

/// What stands between two `quote`s; doubled ones are part of it. Where the inside ends, and the whole.
#[inline(never)]
fn quoted(quote: u8, text: &[u8]) -> (usize, usize) {
    let mut end = 1;
    while let Some(inside) = text.get(end..).and_then(|rest| memchr(quote, rest)) {
        end += inside + 1;
        if text.get(end) != Some(&quote) {
            return (end - 1, end);
        }
        end += 1;
    }
    (text.len(), text.len())
}

/// A string with backslash escapes, from its `E` on.
#[inline(never)]
fn escaped(text: &[u8]) -> usize {
    let mut end = 2;
    while let Some(rest) = text.get(end..)
        && let Some(inside) = memchr2(b'\'', b'\\', rest)
    {
        match rest.get(inside..) {
            Some([b'\\', ..] | [b'\'', b'\'', ..]) => end += inside + 2,
            Some(_) | None => return end + inside + 1,
        }
    }
    text.len()
}

/// A `$tag$ ... $tag$` string or a `$1` parameter (PostgreSQL, section 4.1.2.4).
#[inline(never)]
fn dollar(text: &[u8]) -> usize {
    let is_part = |byte: &u8| matches!(class(*byte), Class::Word | Class::Digit);
    let tag = text.iter().skip(1).position(|byte| !is_part(byte)).map_or(text.len(), |length| length + 1);
    match text.split_at_checked(tag + 1) {
        Some((tag @ [.., b'$'], rest)) => {
            memmem::find(rest, tag).map_or(text.len(), |inside| inside + 2 * tag.len())
        }
        Some(_) | None => tag,
    }
}

/// A block comment; they nest (SQL:1999, PostgreSQL).
#[inline(never)]
fn block(text: &[u8]) -> usize {
    let (mut depth, mut end) = (0_usize, 0);
    while let Some(rest) = text.get(end..)
        && let Some(inside) = memchr2(b'/', b'*', rest)
    {
        end += inside;
        match rest.get(inside..) {
            Some([b'/', b'*', ..]) => depth += 1,
            Some([b'*', b'/', ..]) if depth == 1 => return end + 2,
            Some([b'*', b'/', ..]) => depth -= 1,
            Some(_) | None => {
                end += 1;
                continue;
            }
        }
        end += 2;
    }
    text.len()
}

/// What a byte can begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Blank,
    Word,
    Digit,
    Dollar,
    Apostrophe,
    Quote,
    Sign,
}

/// As a table, for every byte of every statement is looked up.
const CLASSES: [Class; 256] = {
    let mut table = [Class::Sign; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = match byte {
            0x09..0x0e | 0x20 => Class::Blank,
            0x22 | 0x60 => Class::Quote,
            0x24 => Class::Dollar,
            0x27 => Class::Apostrophe,
            0x30..0x3a => Class::Digit,
            0x41..0x5b | 0x5f | 0x61..0x7b | 0x80.. => Class::Word,
            _ => Class::Sign,
        };
        byte += 1;
    }
    table
};

#[inline]
fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

#[cfg(test)]
mod tests {
    use super::{Gap, Step, Token, Tokens};

    #[test]
    fn a_gap_ends_where_its_kind_ends() {
        let cases: [(&str, &[(Gap, &str)]); 21] = [
            ("a = 1", &[(Gap::Number, "1")]),
            ("(1.5,-2e-7,+0x1F)", &[(Gap::Number, "1.5"), (Gap::Number, "2e-7"), (Gap::Number, "0x1F")]),
            ("0xe+1", &[(Gap::Number, "0xe"), (Gap::Number, "1")]),
            ("1..2", &[(Gap::Number, "1"), (Gap::Number, "2")]),
            ("1_000e 1a$b t1", &[(Gap::Number, "1_000e"), (Gap::Number, "1a$b")]),
            ("'it''s'::text", &[(Gap::Quoted, "'it''s'")]),
            ("x'1f' 'no end", &[(Gap::Quoted, "'1f'"), (Gap::Quoted, "'no end")]),
            ("E'a\\'b''c' e'\\", &[(Gap::Escaped, "E'a\\'b''c'"), (Gap::Escaped, "e'\\")]),
            ("one'a' _e'b'", &[(Gap::Quoted, "'a'"), (Gap::Quoted, "'b'")]),
            ("$1+$2", &[(Gap::Dollar, "$1"), (Gap::Dollar, "$2")]),
            ("$$ it's $$ a$b$c", &[(Gap::Dollar, "$$ it's $$")]),
            ("$a$ $b$ $$ $a$;", &[(Gap::Dollar, "$a$ $b$ $$ $a$")]),
            ("$a$ no end $", &[(Gap::Dollar, "$a$ no end $")]),
            ("$ $", &[(Gap::Dollar, "$"), (Gap::Dollar, "$")]),
            ("a--'b\n'c'", &[(Gap::Line, "--'b"), (Gap::Quoted, "'c'")]),
            ("a - -1", &[(Gap::Number, "1")]),
            ("/* a /* b */ ' */1", &[(Gap::Block, "/* a /* b */ ' */"), (Gap::Number, "1")]),
            ("/*/ 1 */2", &[(Gap::Block, "/*/ 1 */"), (Gap::Number, "2")]),
            ("//**/*/1", &[(Gap::Block, "/**/"), (Gap::Number, "1")]),
            ("\"1 '--\" `'`", &[]),
            ("é1 '\u{1F600}'", &[(Gap::Quoted, "'\u{1F600}'")]),
        ];
        for (text, expected) in cases {
            let mut tokens = Tokens::of(text);
            let steps = std::iter::from_fn(|| tokens.step());
            let found: Vec<(Gap, &str)> = steps
                .filter_map(|step| match step {
                    Step::Gap(gap, from, to) => Some((gap, text.get(from..to).unwrap())),
                    Step::Token(_) => None,
                })
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_name_in_quotes_comes_without_them() {
        let tokens: Vec<Token<'_>> = Tokens::of("\"a\"\"b\".`c`,\"no end").collect();
        let expected = [
            Token::Quoted("a\"\"b"),
            Token::Sign(b'.'),
            Token::Quoted("c"),
            Token::Sign(b','),
            Token::Quoted("no end"),
        ];
        assert_eq!(tokens, expected);
    }
}
